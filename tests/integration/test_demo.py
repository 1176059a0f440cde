"""The demo, small: real processes, a few people, a month; and what it leaves alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.cli import Refused, demo

from ..postgres import absent

ROOT = Path(__file__).resolve().parents[2]


def test_a_month_of_six_people(tmp_path: Path) -> None:
    """GIVEN nothing WHEN a small demo is made THEN people met, a post is live, every promise held, and pages did what
    they offered
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
    # What the live system says of itself is none of the demo's: nothing listens there, and it must not matter.
    environ |= {"BATON_DATABASE_URL": "postgresql://nobody@127.0.0.1:1", "BATON_BROKER_URL": "redis://127.0.0.1:1/0"}
    environ |= {"BATON_SMTP_URL": "smtp://127.0.0.1:1", "BATON_SECRET": "of the live system, and never used here"}
    folder = tmp_path / "a demo"
    args = ["--people", "6", "--months", "0.8", "--seed", "3", "--data", str(folder), "--json"]
    command = [sys.executable, "-m", "shared.cli", "demo", *args]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["done"]["signs up"] == 6 and report["done"]["says that they come"] > 3
    assert report["sessions"] and set(report["turns"]) == {"coordinator", "mentor"}
    assert {"confirm", "placed", "invite", "turn", "reminder"} <= set(report["mails"])
    assert [each["promise"] for each in report["promises"] if each["wrong"]] == [] and report["astray"] == []
    assert report["pages"] > 150, "the organizer and members opened what they can reach, and all of it opens"
    assert sum(deed["usual"] == "dates" for deed in report["organizer"]) == 3, "dates of each circle, set once"
    # who writes has registered a blog and pushed; the organizer read it; it is live, built, and told once
    assert {"registers a blog", "publishes a post on their own blog", "reads posts in review"} <= set(report["done"])
    assert report["posts"]["live"] == report["mails"]["published"] >= 1 and report["dead"] == 0
    if shutil.which("jekyll"):
        built = Path(report["site"])
        pages = [page for page in built.rglob("index.html") if page.parent != built]
        assert len(pages) == report["posts"]["live"] and "Originally published at" in pages[0].read_text()
    else:
        absent("Jekyll is not installed here: apt-get install jekyll")
    assert "of the live system" not in (folder / "secret").read_text()


def options(folder: Path, *more: str) -> Any:
    return demo.parse(["--data", str(folder), *more])


def test_live_data_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "signup.db").write_text("live")
    for more in ((), ("--again",)):
        with pytest.raises(Refused, match="no demo made"):
            demo.claim(tmp_path, options(tmp_path, *more))
    assert [path.name for path in tmp_path.iterdir()] == ["signup.db"]
    with pytest.raises(Refused, match="is no folder"):
        demo.claim(tmp_path / "signup.db", options(tmp_path))


def test_a_demo_is_made_again_only_when_asked(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    demo.claim(folder, options(folder))
    (folder / "signup.db").write_text("a demo's")
    with pytest.raises(Refused, match="--again"):
        demo.claim(folder, options(folder))
    demo.claim(folder, options(folder, "--again"))
    assert [path.name for path in folder.iterdir()] == [demo.MARK]


def test_a_demo_at_which_somebody_looks_is_not_removed(tmp_path: Path) -> None:
    from shared.cli.up import only_one

    folder = tmp_path / "new"
    demo.claim(folder, options(folder))
    with open(folder / "up.lock", "a+") as lock:
        only_one(lock, folder)
        with pytest.raises(Refused, match="already runs"):
            demo.claim(folder, options(folder, "--again"))
    assert (folder / demo.MARK).exists()


@pytest.mark.parametrize("typed", [["--people", "0"], ["--people", "2001"], ["--months", "0"], ["--months", "x"]])
def test_odd_numbers_are_refused(typed: list[str], capsys: Any) -> None:
    with pytest.raises((Refused, SystemExit)) as refused:
        demo.parse(typed)
    assert typed[0] in str(refused.value) + capsys.readouterr().err
