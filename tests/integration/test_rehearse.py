"""A rehearsal: months ahead by the real rules, on a copy; what was copied stays as it was, and nobody hears of it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared import config
from shared.cli import Refused, rehearse
from tests import turns
from tests.conftest import SECRET, START

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def doorbell() -> Iterator[tuple[str, list[Any]]]:
    """Something that listens where the broker and the mail server are said to be, and who came."""
    came: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def wait() -> None:
            while True:
                try:
                    came.append(server.accept()[1])
                except OSError:
                    return

        threading.Thread(target=wait, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}", came
        server.shutdown(socket.SHUT_RDWR)


def command(*args: str, **more: str) -> subprocess.CompletedProcess[str]:
    found = config.current()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
    environ |= {"BATON_SECRET": SECRET, "BATON_DATA": str(found.data), "BATON_CLOCK": START, **more}
    for service, url in found.database_urls:
        environ[f"BATON_{service.upper()}_DATABASE_URL"] = url.replace("+psycopg", "", 1)
    return subprocess.run(
        [sys.executable, "-m", "shared.cli", "rehearse", *args], cwd=ROOT, env=environ, capture_output=True, text=True
    )


def test_a_rehearsal_leaves_everything_as_it_was_and_says_what_would_happen(
    baton: Any, doorbell: tuple[str, list[Any]], tmp_path: Path
) -> None:
    """GIVEN a circle with dates, and mails waiting WHEN the next weeks are rehearsed THEN no row of it is another"""
    circle = turns.circle(baton, "Ada & Eve", "Bo", "Chidi", sessions=3, apart=7, first=timedelta(days=4))
    baton.pass_time(hours=1)
    before, anchor = baton.dump(), (tmp_path / "clock.json").read_text()
    address, came = doorbell
    told = {"BATON_BROKER_URL": f"redis://{address}/0", "BATON_SMTP_URL": f"smtp://{address}"}

    done = command("--months", "0.4", "--json", "--html", str(tmp_path / "r.html"), **told)

    assert done.returncode == 0, done.stderr
    assert baton.dump() == before and (tmp_path / "clock.json").read_text() == anchor
    assert came == [], "no broker was rung, no mail server spoken to"
    report = json.loads(done.stdout)
    assert report["from"] == "2027-01-04T10:00:00+00:00", "it begins when the program's clock says"
    [one] = report["circles"]
    dates = [row["day"] for row in turns.sessions(baton, circle)]
    assert [each["day"] for each in one["sessions"]] == dates[:2] and one["members"] == 3
    assert sum(each["turns"] for each in one["spread"]) == sum(bool(each["coordinator"]) for each in one["sessions"])
    assert {"invite", "turn"} <= set(report["mails"]) and "placed" not in report["mails"], "what was mailed is not"
    assert sum(each["mails"] for each in report["people"]) == sum(report["mails"].values())
    assert report["astray"] == []
    page = (tmp_path / "r.html").read_text()
    assert "Ada &amp; Eve" in page and "Ada & Eve" not in page and "<script" not in page and "src=" not in page
    assert "invite&nbsp;" in page, "what each would receive, by kind"
    assert "0 % (0 of 12 days)" in done.stderr, "it says how far it is"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_seed_repeats_what_people_do(baton: Any) -> None:
    turns.circle(baton, "Ada", "Bo", "Chidi", sessions=2, apart=7, first=timedelta(days=4))
    said = [json.loads(command("--months", "0.3", "--json", "--seed", seed).stdout) for seed in ("7", "7")]
    assert said[0] == said[1]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_anybody_there_is_little_to_say(baton: Any) -> None:
    done = command("--months", "0.1")
    assert done.returncode == 0 and "set dates on a circle's page" in done.stdout, done.stderr


def test_an_empty_folder_has_nothing_to_rehearse(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
    args = [sys.executable, "-m", "shared.cli", "rehearse", "--data", str(tmp_path)]
    done = subprocess.run(args, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 1 and "there is no program here yet" in done.stderr
    assert not list(tmp_path.glob("*.db")), "none was made by looking"


@pytest.mark.parametrize(
    "typed",
    [["--months", "0"], ["--months", "-1"], ["--months", "nan"], ["--months", "37"], ["--months", "six"],
     ["--decline", "1.1"], ["--silent", "-0.1"], ["--away", "x"], ["--seed", "x"]],
    ids=" ".join,
)  # fmt: skip
def test_odd_numbers_are_refused_by_name(typed: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit):
        rehearse.parse(typed)
    assert typed[0] in capsys.readouterr().err


def test_what_cannot_be_is_refused_before_anything_is_copied(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="--decline and --silent"):
        rehearse.parse(["--decline", "0.6", "--silent", "0.5"])
    with pytest.raises(Refused, match="is a folder"):
        rehearse.parse(["--html", str(tmp_path)])
