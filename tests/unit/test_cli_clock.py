"""Steps of time on the command line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.cli import Refused
from shared.cli.clock import parse


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("+3d", timedelta(days=3)),
        ("1d12h", timedelta(hours=36)),
        ("+2w", timedelta(weeks=2)),
        ("90m", timedelta(hours=1.5)),
    ],
)
def test_steps(text: str, step: timedelta) -> None:
    assert parse(text) == step


@pytest.mark.parametrize("text", ["", "+", "3", "-3d", "d3", "3 days", "1h1d"])
def test_what_is_no_step(text: str) -> None:
    with pytest.raises(Refused, match=r"write \+3d"):
        parse(text)
