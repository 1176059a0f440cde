"""A short run of chaos is green, and the same with the inbox row taken out is red: the promise's own test."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from shared.cli.settings import ROOT
from tests.deploy.layout import missing
from tests.postgres import absent

from .mischief import plan

SEED = "133"


def chaos(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Run it as a person would; (exit code, report)."""
    command = [sys.executable, "-m", "tests.chaos", "--json", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_nothing_is_lost_or_doubled_while_parts_die(database: str) -> None:
    code, report = chaos("--seed", "5", "--minutes", "0.4", "--signups", "50", "--kills", "5", "--database", database)

    assert report["green"] and code == 0, report["notes"]
    assert report["accepted"] >= 100 and sum(sum(victims.values()) for victims in report["done"].values()) >= 5


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_nothing_is_lost_or_doubled_as_on_a_server(broker: str) -> None:
    if lacking := missing(rabbitmq=True):
        absent(f"install these packages to run this: {', '.join(lacking)}")
    # This seed freezes, kills and wipes the broker.
    short = ("--seed", SEED, "--minutes", "0.4", "--signups", "40", "--kills", "5")
    code, report = chaos(*short, "--layout", "compose", "--broker", broker)

    assert report["green"] and code == 0, report["notes"]
    assert report["accepted"] >= 80 and report["done"]["wipe"] == {"broker": 1}


def test_without_the_inbox_row_it_goes_red() -> None:
    # The walk of this one gap makes an event come again surely: handled and committed, and no receipt.
    code, report = chaos("--walk", "--only", "inbox.committed", "--without", "inbox")

    assert report["gaps"] == {"inbox.committed (worker)": 1}
    assert report["doubled"] > 0 and not report["green"] and code == 1


def test_a_seed_is_one_plan() -> None:
    assert plan(7, 60, 10) == plan(7, 60, 10)
    assert plan(7, 60, 10) != plan(8, 60, 10)
