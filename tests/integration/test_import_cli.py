"""`./baton import` and `./baton export`: what is said, what is refused in one line, and the files that come out."""

from __future__ import annotations

import importlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from shared.cli import Refused
from tests.conftest import Baton

FILES = Path(__file__).resolve().parent.parent / "fixtures" / "csv"


@pytest.fixture(autouse=True)
def here(baton: Baton, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BATON_CALLED_FROM", str(tmp_path))
    monkeypatch.setenv("BATON_DATA", str(tmp_path))
    monkeypatch.setenv("BATON_SECRET", baton.config.secret)
    return tmp_path


def run(command: str, *args: str) -> int:
    return int(importlib.import_module(f"shared.cli.{command}").main(list(args)))


def refused(*args: str) -> str:
    with pytest.raises(Refused) as caught:
        run("import", *args)
    said = str(caught.value)
    assert "\n" not in said
    return said


def emails(baton: Baton) -> set[str]:
    return {each["email"] for each in baton.rows("signup", "person")}


def test_a_file_comes_in(baton: Baton, capsys: Any) -> None:
    assert run("import", str(FILES / "google-forms.csv"), "--yes") == 0
    said = capsys.readouterr().out
    assert "What is your name?  ->  name" in said
    assert "3 came in, 0 known already, 0 repeated, 0 refused" in said
    assert emails(baton) == {"ada@example.org", "grace@example.org", "zoe@example.org"}
    assert run("import", str(FILES / "google-forms.csv"), "--yes", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "imported": False, "import": None, "rows": 4, "fresh": 0, "known": 3, "repeated": 0, "refused": 0, "errors": [],
    }  # fmt: skip


def test_a_dry_run_says_what_would_happen(baton: Baton, here: Path, capsys: Any) -> None:
    (here / "bad.csv").write_text("Email,Name,Stream\nada@example.org,Ada,stream1\nbad,,stream1\n")
    assert run("import", "bad.csv", "--dry-run", "--refused", "refused.csv") == 0
    said = capsys.readouterr().out
    assert "row 3, Email: " in said and "1 would come in" in said
    assert emails(baton) == set() and baton.rows("signup", "import") == []
    assert "What to mend" in (here / "refused.csv").read_text("utf-8-sig")


def test_columns_and_meanings_by_option(baton: Baton, here: Path) -> None:
    (here / "odd.csv").write_text("Where to write,Who,Which?,Who\nada@example.org,Ada,the red one,Lovelace\n")
    args = ["--map", "Where to write=email", "--map", "2=name", "--map", "4=name", "--map", "Which?=stream"]
    assert run("import", "odd.csv", "--yes", *args, "--meaning", "the red one=stream3", "--timezone", "UTC") == 0
    [ada] = baton.rows("signup", "person")
    assert (ada["name"], ada["stream"], ada["timezone"]) == ("Ada Lovelace", "stream3", "UTC")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["missing.csv"], "cannot read missing.csv: no such file"),
        (["."], "is a folder"),
        (["empty.csv"], "This file is empty."),
        (["workbook.xlsx.csv"], "Excel"),
        (["unclosed-quote.csv", "--yes"], "never closed"),
        (["google-forms.csv"], "add --yes"),
        (["google-forms.csv", "--map", "nothing"], "write COLUMN=FIELD"),
        (["google-forms.csv", "--map", "Horse=name"], "there is no column 'Horse'"),
        (["google-forms.csv", "--map", "99=name"], "there is no column '99'"),
        (["google-forms.csv", "--map", "2=horse"], "There is no such field."),
        (["google-forms.csv", "--map", "2="], "No column is the e-mail address."),
        (["google-forms.csv", "--meaning", "x"], "write ANSWER=VALUE"),
        (["google-forms.csv", "--meaning", "x=horse"], "no stream “horse”"),
        (["google-forms.csv", "--timezone", "Mars/X"], "no such time zone"),
        (["duplicate-headers.csv", "--map", "Email=email"], "several columns"),
    ],
)
def test_what_cannot_be_is_one_line_and_leaves_nothing(
    baton: Baton, here: Path, args: list[str], says: str, monkeypatch: Any
) -> None:
    if (FILES / args[0]).is_file():
        args = [str(FILES / args[0]), *args[1:]]
    assert says in refused(*args)
    assert emails(baton) == set()


def test_a_file_of_two_gigabytes_is_refused_by_its_size(baton: Baton, here: Path) -> None:
    with open(here / "huge.csv", "wb") as file:
        os.truncate(file.fileno(), 2 << 30)
    said = refused("huge.csv", "--yes")
    assert "2,048 MiB" in said and "BATON_IMPORT_MIB" in said


def test_everything_is_written_to_a_folder(baton: Baton, here: Path, capsys: Any) -> None:
    run("import", str(FILES / "formulas.csv"), "--yes", "--stream", "stream1")
    baton.drain()
    capsys.readouterr()
    assert run("export", "out", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["files"]) >= {f"signup-{part}.{form}" for part in ("members", "audit") for form in ("csv", "json")}
    assert "notifications-mails.csv" in told["files"]
    for name, size in told["files"].items():
        found = (here / "out" / name).stat()
        assert found.st_size == size and stat.S_IMODE(found.st_mode) == 0o600
    assert "'-Ann" in (here / "out" / "signup-members.csv").read_text()
    names = [each["name"] for each in json.loads((here / "out" / "signup-members.json").read_text())]
    assert "-Ann" in names


def test_a_folder_that_cannot_be_written_is_said_so(baton: Baton, here: Path) -> None:
    (here / "file").write_text("x")
    with pytest.raises(Refused) as caught:
        run("export", "file/out")
    assert "cannot write" in str(caught.value)
