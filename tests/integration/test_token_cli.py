"""`./baton token`: what it prints, what it refuses in one line."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from services.signup import access_links
from shared import bearer, db
from shared.cli import Refused, token
from tests.conftest import Baton


@pytest.fixture(autouse=True)
def here(baton: Baton, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATON_DATA", str(tmp_path))
    monkeypatch.setenv("BATON_SECRET", baton.config.secret)


@pytest.fixture
def olga(baton: Baton) -> str:
    return organizer("olga@example.org")


def organizer(email: str) -> str:
    with db.write("signup") as tx:
        return access_links.add_organizer(tx, "system", email, email.partition("@")[0].title())


def run(capsys: Any, *args: str) -> str:
    assert token.main(list(args)) == 0
    return str(capsys.readouterr().out)


def refused(*args: str) -> str:
    with pytest.raises(Refused) as caught:
        token.main(list(args))
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_it_prints_the_token_alone_and_it_works(baton: Baton, olga: str, capsys: Any) -> None:
    text = run(capsys, "create", "--name", "CI", "--scope", "organizer").removesuffix("\n")
    assert "\n" not in text and bearer.read(text).person == olga
    headers = {"Authorization": f"Bearer {text}"}
    assert baton.client("blog").get("/blog/api/operation", headers=headers).status_code == 200
    assert baton.rows("signup", "audit", what="token.made")[0]["by"] == "terminal"


def test_list_and_revoke(baton: Baton, olga: str, capsys: Any) -> None:
    assert "./baton token create" in run(capsys, "list")
    assert json.loads(run(capsys, "list", "--json")) == {"tokens": []}
    made = json.loads(run(capsys, "--json", "create", "--name", "CI", "--scope", "read", "--days", "3"))
    assert set(made) == {"id", "token", "until"} and datetime.fromisoformat(made["until"]).tzinfo
    run(capsys, "create", "--name", "Another", "--scope", "operate")
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert baton.client("signup").get("/signup/api/members", headers=headers).status_code == 200
    lines = sorted(run(capsys, "list").splitlines(), key=lambda line: line[-20:])
    assert len(lines) == 2 and "baton_" not in "".join(lines)
    assert {" never used " in line for line in lines} == {True, False}
    assert json.loads(run(capsys, "revoke", "CI", "--json")) == {"revoked": made["id"], "before": False}
    assert baton.client("signup").get("/signup/api/members", headers=headers).status_code == 401
    assert "was revoked before" in run(capsys, "revoke", made["id"])
    rows = json.loads(run(capsys, "list", "--json"))["tokens"]
    assert [(row["name"], row["state"]) for row in rows] == [("Another", "active"), ("CI", "revoked")]
    assert rows[1]["uses"] == {"signup": rows[1]["used"]} and "token" not in rows[1]


def test_a_name_means_the_living_one(baton: Baton, olga: str, capsys: Any) -> None:
    for _ in range(2):
        run(capsys, "create", "--name", "CI", "--scope", "read")
        run(capsys, "revoke", "CI")
    assert all(row["revoked_at"] for row in baton.rows("signup", "api_token"))


def test_whom_it_acts_for(baton: Baton, olga: str, change_settings: Any, capsys: Any) -> None:
    other = organizer("other@example.org")

    def acts_for(*more: str) -> str:
        name = f"{more}{baton.config.organizer}{len(baton.rows('signup', 'api_token'))}"
        return bearer.read(run(capsys, "create", "--name", name, "--scope", "read", *more).strip()).person

    said = refused("create", "--name", "x", "--scope", "read")
    assert "--for" in said and "olga@example.org, other@example.org" in said
    assert acts_for("--for", "OTHER@example.org") == other
    change_settings(organizer="Olga <olga@example.org>")
    assert acts_for() == olga
    assert "nobody@example.org is no organizer" in refused(
        "create", "--name", "x", "--scope", "read", "--for", "nobody@example.org"
    )


def test_nobody_to_act_for(baton: Baton) -> None:
    assert "no organizer yet" in refused("create", "--name", "x", "--scope", "read")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("create", "--name", "", "--scope", "read"), "has no name"),
        (("create", "--name", "x", "--scope", "root"), "Choose from read, operate, organizer"),
        (("create", "--name", "x", "--scope", "read", "--days", "0"), "Choose 1 to 3650"),
        (("create", "--name", "x\x00", "--scope", "read"), ""),
        (("revoke", "nobody"), "no such token"),
        (("revoke", ""), "no such token"),
        (("revoke", "%"), "no such token"),
    ],
)
def test_odd_wishes_are_refused_in_one_line(baton: Baton, olga: str, args: tuple[str, ...], words: str) -> None:
    assert words in refused(*args)
    assert baton.rows("signup", "api_token") == []


def test_the_help_names_the_scopes(capsys: Any) -> None:
    with pytest.raises(SystemExit):
        token.main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    for name, meaning in bearer.SCOPES.items():
        assert f"{name}: {meaning}" in said
