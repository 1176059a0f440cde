"""Shortcuts for tests of moving in: a file that is given, mapped, checked, imported."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from services.signup import importing
from services.signup.rules import Refused
from shared import db
from tests.conftest import Baton

FILES = Path(__file__).resolve().parent / "fixtures" / "csv"
BY = "system"


def do(command: Any, *args: Any) -> Any:
    with db.write("signup") as tx:
        return command(tx, BY, *args)


def row(id: str) -> Any:
    with db.read("signup") as tx:
        return importing.one(tx, id)


def refused_rows(id: str) -> list[Any]:
    with db.read("signup") as tx:
        return importing.refused_rows(tx, id, 1000)


def given_file(content: bytes | str, name: str = "responses.csv") -> str:
    content = content.encode() if isinstance(content, str) else content
    return importing.give(BY, name, io.BytesIO(content))


def mapped(id: str, **changed: Any) -> Any:
    from dataclasses import replace

    with db.read("signup") as tx:
        return replace(importing.columns(tx, row(id)), **changed)


def checked(content: bytes | str, **changed: Any) -> str:
    id = given_file(content)
    do(importing.check, id, mapped(id, **changed))
    assert not importing.work(id)
    return id


def imported(content: bytes | str, **changed: Any) -> str:
    id = checked(content, **changed)
    do(importing.start, id)
    assert not importing.work(id)
    return id


def file(name: str) -> bytes:
    return (FILES / name).read_bytes()


def counts(id: str) -> tuple[int, int, int, int]:
    found = row(id)
    return found["fresh"], found["known"], found["repeated"], found["refused"]


def refusal(command: Any, *args: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        do(command, *args)
    return caught.value


def persons(baton: Baton) -> dict[str, dict[str, Any]]:
    return {each["email"]: each for each in baton.rows("signup", "person")}
