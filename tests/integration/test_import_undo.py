"""Undoing an import: who came in by it and has not confirmed is taken back, and everybody else stays."""

from __future__ import annotations

import importlib
import io
import json
from typing import Any

import pytest

from services.signup import access_links, importing, people, program, rate
from services.signup.importing import undoing
from services.signup.rules import Refused
from shared import access, clock, db, tokens
from shared.cli import Refused as Line
from tests.conftest import Baton

FILE = "Email,Name,Stream\n" + "".join(f"{name}@example.org,{name.title()},stream1\n" for name in ("ada", "bo", "cy"))


@pytest.fixture(autouse=True)
def fresh_rate() -> None:
    rate.forget()


def do(command: Any, *args: Any) -> Any:
    with db.write("signup") as tx:
        return command(tx, "system", *args)


def imported(content: str = FILE) -> str:
    id = importing.give("system", "people.csv", io.BytesIO(content.encode()))
    with db.read("signup") as tx:
        made = importing.columns(tx, importing.one(tx, id) or {})
    do(importing.check, id, made)
    importing.work(id)
    do(importing.start, id)
    importing.work(id)
    return id


def undone(id: str) -> dict[str, Any]:
    do(importing.undo, id)
    while importing.work(id):
        pass
    with db.read("signup") as tx:
        return dict(importing.one(tx, id) or {})


def preview(id: str) -> tuple[int, int, int]:
    with db.read("signup") as tx:
        found = importing.preview(tx, id)
    return found.back, found.confirmed, found.applied


def person(baton: Baton, name: str) -> str:
    [row] = baton.rows("signup", "person", email=f"{name}@example.org")
    return str(row["id"])


def confirm(baton: Baton, name: str) -> None:
    with db.write("signup") as tx:
        version = program.load(tx).charter.version
        assert people.confirm(tx, person(baton, name), version) == "confirmed"


def apply(name: str) -> None:
    with db.write("signup") as tx:
        typed = {"name": name.title(), "email": f"{name}@example.org", "stream": "stream2", "timezone": "UTC"}
        people.apply(tx, {**typed, "charter": program.load(tx).charter.version, "answers": {}})


def here(baton: Baton) -> set[str]:
    return {(each["email"] or "").partition("@")[0] for each in baton.rows("signup", "person")}


def test_who_has_not_confirmed_is_taken_back_and_the_others_stay(baton: Baton) -> None:
    apply("dee")  # here before
    id = imported(FILE + "dee@example.org,Dee,stream1\nel@example.org,El,stream1\n")
    confirm(baton, "ada")
    apply("bo")  # signs up by themselves meanwhile
    confirm(baton, "cy")
    with db.write("signup") as tx:
        people.leave(tx, "system", person(baton, "cy"))
    baton.drain()
    gone = person(baton, "el")
    assert preview(id) == (1, 2, 1)
    row = undone(id)
    assert (row["state"], row["withdrawn"], row["fresh"]) == ("undone", 1, 4)
    assert here(baton) == {"ada", "bo", "cy", "dee"}
    baton.drain()
    [copy] = baton.rows("notifications", "person", id=gone)
    assert (copy["state"], copy["name"], copy["email"]) == ("erased", "", "")
    told = [json.dumps(each["data"]) for each in baton.rows("signup", "event", subject=f"person/{gone}")]
    assert told and not any("el@example.org" in each or "El" in each for each in told)
    assert "el@example.org" not in json.dumps(baton.dump(), default=str)


def test_mails_that_have_not_gone_out_are_dropped(baton: Baton, change_settings: Any) -> None:
    change_settings(smtp_url="smtp://localhost:9")  # nobody listens there: mails wait
    id = imported()
    baton.drain()
    assert {each["state"] for each in baton.rows("notifications", "mail", kind="imported")} == {"queued"}
    undone(id)
    baton.drain()
    mails = baton.rows("notifications", "mail", kind="imported")
    assert [(each["state"], each["address"], each["text"]) for each in mails] == [("dropped", "", "")] * 3


def test_mails_that_are_not_even_written_never_will_be(baton: Baton) -> None:
    """The undo overtakes the request: its delivery comes later, and carries nobody."""
    undone(imported())
    baton.drain()
    assert [each for each in baton.rows("notifications", "mail", kind="imported") if each["address"]] == []
    assert baton.rows("signup", "delivery", confirmed_at=None) == []


def test_a_link_that_was_sent_says_what_happened(baton: Baton) -> None:
    id = imported()
    token = tokens.sign("confirm", {"person": person(baton, "ada")})
    client = baton.client("signup")
    assert "accept the charter" in client.get(f"/signup/confirm/{token}").text
    undone(id)
    for method in ("get", "post"):
        answer = getattr(client, method)(f"/signup/confirm/{token}")
        assert answer.status_code == 410 and "took back the list that your name was on" in answer.text
    other = tokens.sign("confirm", {"person": db.new_id()})
    assert "leads nowhere" in client.post(f"/signup/confirm/{other}").text


def test_a_second_undo_changes_nothing(baton: Baton) -> None:
    id = imported()
    undone(id)
    baton.drain()
    before = baton.dump()
    with pytest.raises(Refused, match="undone cannot be undone"):
        do(importing.undo, id)
    assert not importing.work(id)
    assert baton.dump() == before


def test_an_import_of_which_all_confirmed_is_not_undone(baton: Baton) -> None:
    id = imported()
    for name in ("ada", "bo", "cy"):
        confirm(baton, name)
    with pytest.raises(Refused, match="Nobody is left"):
        do(importing.undo, id)
    assert here(baton) == {"ada", "bo", "cy"}


def test_the_file_can_be_imported_again(baton: Baton) -> None:
    first = imported()
    baton.drain()
    undone(first)
    baton.drain()
    again = imported()
    baton.drain()
    assert preview(again) == (3, 0, 0) and preview(first) == (0, 0, 0)
    asked = [each["address"] for each in baton.rows("notifications", "mail", kind="imported") if each["address"]]
    assert sorted(asked) == ["ada@example.org", "bo@example.org", "cy@example.org"]
    confirm(baton, "ada")
    baton.drain()
    assert [each["state"] for each in baton.rows("notifications", "person", id=person(baton, "ada"))] == ["active"]


def test_another_import_is_not_touched(baton: Baton) -> None:
    first = imported()
    imported(FILE + "el@example.org,El,stream1\n")
    undone(first)
    assert here(baton) == {"el"}


def test_one_that_is_under_way_goes_no_further(baton: Baton, monkeypatch: Any) -> None:
    monkeypatch.setattr("services.signup.importing.running.STEP", 1)
    id = importing.give("system", "people.csv", io.BytesIO(FILE.encode()))
    with db.read("signup") as tx:
        made = importing.columns(tx, importing.one(tx, id) or {})
    do(importing.check, id, made)
    importing.work(id)
    do(importing.start, id)

    def press(_row: Any) -> None:
        if here(baton):
            do(importing.undo, id)

    assert not importing.work(id, press)
    assert len(here(baton)) == 1, "the step in which the button was pressed"
    assert not importing.work(id)
    assert here(baton) == set()
    with db.read("signup") as tx:
        row = importing.one(tx, id) or {}
    assert (row["state"], row["withdrawn"]) == ("undone", 1)


def test_whoever_goes_on_after_a_crash_takes_the_rest_back(baton: Baton, monkeypatch: Any) -> None:
    monkeypatch.setattr(undoing, "STEP", 1)
    id = imported()
    do(importing.undo, id)

    class Crash(Exception):
        pass

    def crash(_row: Any) -> None:
        raise Crash

    with pytest.raises(Crash):
        importing.work(id, crash)
    assert len(here(baton)) == 2
    baton.pass_machine_time(importing.PATIENCE + 1)
    baton.tick()
    assert here(baton) == set()
    [row] = baton.rows("signup", "import", id=id)
    assert (row["state"], row["withdrawn"]) == ("undone", 3)


def test_one_of_long_ago_can_be_undone(baton: Baton) -> None:
    id = imported()
    baton.pass_machine_time(importing.files.KEEP + 1)
    with db.write("signup") as tx:
        importing.purge(tx)
    assert baton.rows("signup", "import", id=id)[0]["state"] == "old"
    assert undone(id)["withdrawn"] == 3
    baton.pass_machine_time(importing.files.KEEP + 1)
    with db.write("signup") as tx:
        importing.purge(tx)
    assert baton.rows("signup", "import", id=id)[0]["state"] == "undone", "it stays, as history"


def test_it_is_in_the_log(baton: Baton) -> None:
    undone(imported())
    done = [(each["what"], each["detail"].get("counts")) for each in baton.rows("signup", "audit")]
    assert done[-2:] == [("import.undo_started", None), ("import.undone", ["3 taken back"])]


# ---- by page ----


@pytest.fixture
def olga(baton: Baton) -> Any:
    """An organizer's browser."""
    with db.write("signup") as tx:
        id = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
    found = baton.client("signup")
    found.set_cookie(
        access.COOKIE, tokens.sign("cookie", {"person": id, "roles": ["organizer"], "at": clock.machine()})
    )
    return found


def test_the_page_counts_first_and_then_asks(baton: Baton, olga: Any) -> None:
    id = imported()
    confirm(baton, "ada")
    url = f"/signup/organizer/import/{id}"
    assert "Undo this import" in olga.get(url).text
    before = baton.dump()
    asked = olga.get(f"{url}/undo").text
    assert baton.dump() == before
    assert "Take 2 people back" in asked and "Staying: 1, who have confirmed since." in asked
    assert olga.post(f"{url}/undo").status_code == 303
    assert "Taking people back" in olga.get(url).text
    baton.tick()
    assert here(baton) == {"ada", "olga"}
    done = olga.get(url).text
    assert "taken back" in done and "Undo this import" not in done
    assert "taken back" in olga.get("/signup/organizer/import").text
    refused = olga.post(f"{url}/undo")
    assert refused.status_code == 422 and "cannot be undone" in refused.text
    assert "An import was undone" in olga.get("/signup/organizer/audit").text


# ---- from the terminal ----


@pytest.fixture
def terminal(baton: Baton, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("BATON_DATA", str(tmp_path))
    monkeypatch.setenv("BATON_SECRET", baton.config.secret)
    return importlib.import_module("shared.cli.import").main


def test_in_a_terminal(baton: Baton, terminal: Any, capsys: Any) -> None:
    id = imported()
    confirm(baton, "ada")
    assert terminal(["--undo", "--dry-run"]) == 0
    assert "2 would be taken back, 1 stay who confirmed" in capsys.readouterr().out
    with pytest.raises(Line, match="add --yes"):
        terminal(["--undo", id])
    assert len(here(baton)) == 3
    assert terminal(["--undo", id, "--yes"]) == 0
    assert "2 taken back" in capsys.readouterr().out
    assert here(baton) == {"ada"}
    with pytest.raises(Line, match="no import to undo"):
        terminal(["--undo", "--yes"])
    with pytest.raises(Line, match="cannot be undone"):
        terminal(["--undo", id, "--yes"])
    with pytest.raises(Line, match="no import 'x'"):
        terminal(["--undo", "x"])


def test_in_json(baton: Baton, terminal: Any, capsys: Any) -> None:
    id = imported()
    assert terminal(["--undo", "--yes", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"import": id, "undone": True, "back": 3, "confirmed": 0, "applied": 0, "withdrawn": 3}


@pytest.mark.parametrize("args", [[], ["people.csv", "--undo", "x"]])
def test_a_file_or_an_undo(terminal: Any, args: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit):
        terminal(args)
    assert "--undo" in capsys.readouterr().err
