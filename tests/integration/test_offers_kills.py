"""Whoever works on an offer dies as by `kill -9`, at every gap: one proposal in the end, none lost, none doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.blog.offers import deciding
from services.blog.offers.visiting import LEASE
from shared import config, db
from tests.conftest import Baton
from tests.offering import Ada, branches, files, git, target

POST = "_posts/2026-10-01-on-engines.md"
WORK = "import sys\nfrom services.blog import offers\noffers.work(sys.argv[1])"


def works(id: str, die_at: str) -> int:
    """A process of its own works on an offer; how it ended."""
    settings = config.current()
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("BATON_")},
        "BATON_SECRET": settings.secret,
        "BATON_DATA": str(settings.data),
        "BATON_CLOCK": settings.clock,
        "BATON_BLOG_DATABASE_URL": settings.database_url("blog"),
        "BATON_DIE_AT": die_at,
    }
    command = [sys.executable, "-c", WORK, id]
    return subprocess.run(command, env=env, stderr=subprocess.DEVNULL, timeout=120).returncode


def made(baton: Baton, post: str) -> str:
    return str(baton.rows("blog", "offer", post=post)[0]["id"])


@pytest.mark.parametrize("point", ["offer.built", "offer.placed", "offer.noted", "offer.opened"])
def test_it_dies_on_the_way_to_a_proposal(baton: Baton, tmp_path: Path, point: str) -> None:
    # Given a new post, whose worker dies
    ada = Ada(baton, tmp_path)
    baton.queue.clear()
    post = ada.writes()
    baton.queue.clear()
    assert works(made(baton, post), point) == -signal.SIGKILL
    # When another one takes over, once nobody holds it any more
    baton.pass_machine_time(LEASE + 1)
    row = ada.offer(post)
    # Then there is one proposal, of one commit
    assert row["state"] == "open" and row["round"] == 1 and row["pushing"] is None
    assert branches() == [row["branch"]]
    assert git(target(), "rev-list", "--count", f"main..{row['branch']}") == "1"
    # and the same holds for a change of it (a process of its own knows the real time only)
    baton.pass_machine_time(-LEASE - 1)
    ada.writes(text="Other words.")
    baton.queue.clear()
    if point in {"offer.built", "offer.placed", "offer.noted"}:
        assert works(row["id"], point) == -signal.SIGKILL
        baton.pass_machine_time(LEASE + 1)
    row = ada.offer(post)
    assert row["state"] == "open" and branches() == [row["branch"]] and not row["moved"]
    assert git(target(), "rev-list", "--count", f"main..{row['branch']}") == "2"
    assert "Other words." in git(target(), "show", f"{row['branch']}:{POST}")


def test_it_dies_when_it_has_merged(baton: Baton, tmp_path: Path) -> None:
    ada = Ada(baton, tmp_path)
    post = ada.writes()
    row: dict[str, Any] = ada.offer(post)
    with db.write("blog") as tx:
        deciding.decide(tx, "", row["id"], "accept")
    baton.queue.clear()
    assert works(row["id"], "offer.accepted") == -signal.SIGKILL
    assert POST in files() and baton.rows("blog", "event", type="post.published") == []
    baton.pass_machine_time(LEASE + 1)
    assert ada.offer(post)["state"] == "merged"
    assert len(baton.rows("blog", "event", type="post.published")) == 1
    assert branches() == []
