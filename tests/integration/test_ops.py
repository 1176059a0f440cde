"""The pages of operation: what is shown, what can be done about it and taken back, and odd and hostile requests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Response

from services.notifications.mail import server
from shared import access, db, ops, pulse
from shared.cli import Refused, events
from shared.config import SERVICES
from shared.events import inbox, keeping, replay
from tests.conftest import Baton
from tests.told import PROGRAM, mails, member, tell

HUGE = 10**30


def sign_in(client: Any, *roles: str) -> Any:
    answer = access.sign_in(Response(), "o1", list(roles))
    client.set_cookie("baton", answer.headers["Set-Cookie"].split(";")[0].partition("=")[2])
    return client


def runs(baton: Baton, service: str) -> Any:
    return sign_in(baton.client(service), "member", "organizer")


@pytest.fixture
def dead(baton: Baton, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """program.changed could not be handled by sessions eight times; a later change waits behind it."""
    real = inbox._handlers["sessions", "program.changed"]

    def fails(tx: Any, event: Any) -> None:
        raise RuntimeError("<b>cannot</b>")

    monkeypatch.setitem(inbox._handlers, ("sessions", "program.changed"), fails)
    _rename("First")
    for _ in range(9):
        baton.drain()
        baton.pass_machine_time(700)
    _rename("Second")
    baton.drain()
    monkeypatch.setitem(inbox._handlers, ("sessions", "program.changed"), real)
    with db.read("signup") as tx:
        [row] = keeping.dead(tx)
    return row


def _rename(name: str) -> None:
    from services.signup import program

    with db.write("signup") as tx:
        program.save_program(tx, "system", {"name": name})


def path(row: dict[str, Any], end: str) -> str:
    return f"/signup/ops/deliveries/{row['position']}/{row['subscriber']}/{end}"


@pytest.mark.parametrize("service", SERVICES)
def test_every_part_has_its_page_for_organizers_only(baton: Baton, service: str) -> None:
    client = baton.client(service)
    assert client.get(f"/{service}/ops").status_code == 303
    assert sign_in(client, "member").get(f"/{service}/ops").status_code == 403
    before = baton.dump()
    baton.pass_machine_time(pulse.SILENT)  # since its database was made
    answer = runs(baton, service).get(f"/{service}/ops")
    assert answer.status_code == 200 and baton.dump() == before
    for each in SERVICES:
        assert f'href="/{each}/ops"' in answer.text
    assert "None is dead" in answer.text and "SQLite" in answer.text or "PostgreSQL" in answer.text
    assert "No tick was ever noted" in answer.text
    baton.tick()
    answer = runs(baton, service).get(f"/{service}/ops")
    assert "Without ticks" not in answer.text and ">prune<" in answer.text


def test_a_dead_delivery_is_retried(baton: Baton, dead: dict[str, Any]) -> None:
    client = runs(baton, "signup")
    page = client.get("/signup/ops").text
    assert "program.changed" in page and "&lt;b&gt;cannot" in page and "One delivery is" in page
    answer = client.post(path(dead, "retry"))
    assert answer.status_code == 303 and answer.location == "/signup/ops?said=retried"
    baton.drain()
    assert baton.rows("sessions", "program")[0]["name"] == "Second"
    assert client.post(path(dead, "retry")).status_code == 409, "it is done"
    [entry] = baton.rows("signup", "audit", what="delivery.retried")
    assert entry["by"] == "organizer/o1" and entry["detail"] == {"type": "program.changed", "to": "sessions"}
    assert "A delivery was tried again" in client.get("/signup/organizer/audit").text


def test_a_skip_asks_first_is_recorded_and_can_be_undone(baton: Baton, dead: dict[str, Any]) -> None:
    client = runs(baton, "signup")
    before = baton.dump()
    assert "Skip it" in client.get(path(dead, "skip")).text
    assert baton.dump() == before, "asking changes nothing"
    typed = "x" * 501
    for why, words in (("", "Say why"), ("  ", "Say why"), (typed, "longer than 500"), ("a\x00b", "could not be read")):
        answer = client.post(path(dead, "skip"), data={"why": why})
        assert answer.status_code == 422 and words in answer.text
    assert typed in client.post(path(dead, "skip"), data={"why": typed}).text, "nothing typed is lost"
    assert baton.dump() == before
    assert client.post(path(dead, "skip"), data={"why": "<i>hopeless</i> 🙈"}).location == "/signup/ops?said=skipped"
    baton.drain()
    assert baton.rows("sessions", "program")[0]["name"] == "Second", "what waited behind it goes on"
    row = keep(dead)
    assert (row["skipped_by"], row["skipped_why"]) == ("organizer/o1", "<i>hopeless</i> 🙈")
    page = client.get("/signup/ops").text
    assert "&lt;i&gt;hopeless" in page and "Undo" in page
    assert client.post(path(dead, "skip"), data={"why": "again"}).status_code == 409
    assert client.post(path(dead, "retry")).location == "/signup/ops?said=undone"
    baton.drain()
    row = keep(dead)
    assert row["skipped_at"] is None and row["confirmed_at"] is not None, "it was delivered after all"
    assert baton.rows("sessions", "program")[0]["name"] == "Second", "what came late did not undo what came later"
    assert [e["what"] for e in baton.rows("signup", "audit") if e["what"].startswith("delivery.")] == [
        "delivery.skipped",
        "delivery.retried",
    ]


def keep(row: dict[str, Any]) -> dict[str, Any]:
    with db.read("signup") as tx:
        found = keeping.one(tx, row["position"], row["subscriber"])
    assert found
    return found


def test_erasing_takes_a_persons_words_out_of_reasons(baton: Baton, dead: dict[str, Any]) -> None:
    with db.write("signup") as tx:
        keeping.skip(tx, dead["position"], "sessions", "organizer/o1", "Ada asked")
        from shared.events import erase

        erase(tx, dead["subject"])
    assert keep(dead)["skipped_why"] == "blanked with the person"


@pytest.mark.parametrize(
    ("position", "subscriber", "status"),
    [
        (1, "nobody", 404),
        (1, "%00", 400),
        (1, "sessions'--", 404),
        (1, "signup", 404),
        (HUGE, "sessions", 404),
        (0, "sessions", 404),
        ("-1", "sessions", 404),
        ("1e3", "sessions", 404),
        ("1;DROP TABLE event", "sessions", 404),
    ],
)
def test_hostile_addresses_find_nothing(baton: Baton, position: Any, subscriber: str, status: int) -> None:
    client = runs(baton, "signup")
    before = baton.dump()
    for end, method in (("skip", client.get), ("skip", client.post), ("retry", client.post)):
        answer = method(f"/signup/ops/deliveries/{position}/{subscriber}/{end}")
        assert answer.status_code in {status, 409}, end
    assert client.post(f"/signup/ops/replay/{subscriber}").status_code in {status, 303}
    if subscriber != "sessions":
        assert baton.dump() == before


def test_what_is_not_dead_can_be_neither(baton: Baton) -> None:
    client = runs(baton, "signup")
    [first, *_] = baton.rows("signup", "delivery", subscriber="sessions")
    row = {"position": first["event"], "subscriber": "sessions"}
    assert client.get(path(row, "skip")).status_code == 409
    assert client.post(path(row, "skip"), data={"why": "x"}).status_code == 409
    assert client.post(path(row, "retry")).status_code == 409


def test_another_site_cannot_press_the_buttons(baton: Baton, dead: dict[str, Any]) -> None:
    client = runs(baton, "signup")
    answer = client.post(path(dead, "retry"), headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403 and keep(dead)["dead_at"]


# ---- replay ----


def test_a_replay_is_asked_for_on_the_page_and_done_by_the_tick(baton: Baton) -> None:
    client = runs(baton, "signup")
    assert client.post("/signup/ops/replay/blog").location == "/signup/ops?said=replay"
    assert "asked for" in client.get("/signup/ops").text
    assert client.post("/signup/ops/replay/blog").location == "/signup/ops?said=replaying"
    events_before = len(baton.rows("signup", "event"))
    baton.tick()
    [row] = baton.rows("signup", "replay")
    assert row["finished"] and row["told"] == len(baton.rows("signup", "event")) - events_before == 1
    assert "1 event, " in client.get("/signup/ops").text
    assert baton.rows("signup", "audit", what="replay.asked")[0]["detail"] == {"to": "blog"}


def test_two_replays_at_once_are_one(baton: Baton, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given one under way, When another begins, Then that is refused, and the first goes on."""
    [listing] = replay._snapshots["signup"]
    refused: list[str] = []

    def meanwhile(tx: Any) -> Any:
        try:
            replay.replay("signup", "blog")
        except replay.Running as error:
            refused.append(str(error))
        yield from listing(tx)

    monkeypatch.setitem(replay._snapshots, "signup", [meanwhile])
    assert replay.replay("signup", "blog") == 1
    assert len(refused) == 1 and "under way" in refused[0]


def test_a_claimed_replay_refuses_a_second_until_its_lease_is_over(baton: Baton) -> None:
    with db.write("signup") as tx:
        replay.ask(tx, "blog", "organizer/o1")
        claim, _ = replay._claim(tx, "blog")
    with pytest.raises(replay.Running):
        replay.replay("signup", "blog")
    baton.pass_machine_time(replay.LEASE + 1)
    assert replay.waiting("signup") == ["blog"], "its process died"
    assert replay.replay("signup", "blog") == 1
    with db.write("signup") as tx, pytest.raises(replay.Running, match="took this replay over"):
        replay._renew(tx, claim, "x", 1)


def test_a_replay_goes_on_where_it_was_broken_off(baton: Baton, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.backups import join

    for n in range(5):
        join(f"P{n}", f"p{n}@example.org")
    baton.drain()
    monkeypatch.setattr(replay, "STEP", 2)
    told = [replay.replay("signup", "blog", seconds=-1)]
    real = replay._tell

    def slow(tx: Any, subscriber: str, entry: Any) -> int:
        baton.pass_machine_time(10)
        return real(tx, subscriber, entry)

    monkeypatch.setattr(replay, "_tell", slow)
    while replay.waiting("signup"):
        told.append(replay.replay("signup", "blog", seconds=15))
    assert told == [0, 2, 2, 2]
    subjects = [
        row["subject"] for row in baton.rows("signup", "event") if row["type"] in {"member.snapshot", "program.changed"}
    ]
    assert len([s for s in subjects if s.startswith("person/")]) == 5, "nobody is told of twice"


# ---- mails ----


@pytest.fixture
def held(baton: Baton, change_settings: Any) -> Any:
    change_settings(smtp_url="smtp://127.0.0.1:9")
    tell("program.changed", PROGRAM)
    tell("member.confirmed", member(name="Ann <b>"))
    [mail] = mails()
    table = db.metadata("notifications").tables["mail"]
    with db.write("notifications") as tx:
        tx.execute(table.update().values(state="held", claim=db.new_id(), claimed_at=1.0, data_at=1.0, error="died"))
    return mail


def test_a_held_mail_arrived_and_that_can_be_taken_back(baton: Baton, held: Any) -> None:
    client = runs(baton, "notifications")
    page = client.get("/notifications/ops").text
    assert "It arrived" in page and "Send again" in page and "Ann &lt;b&gt;" in page
    assert client.post(f"/notifications/ops/mails/{held.id}/arrived").location == "/notifications/ops?said=arrived"
    [row] = mails()
    assert (row.state, row.decided, row.decided_by) == ("sent", "arrived", "organizer/o1")
    assert client.post(f"/notifications/ops/mails/{held.id}/again").status_code == 409, "it is sent"
    assert "No, hold it again" in client.get(f"/notifications/outbox/{held.id}").text
    assert client.post(f"/notifications/ops/mails/{held.id}/hold").status_code == 303
    assert mails()[0].state == "held"
    assert client.post(f"/notifications/ops/mails/{held.id}/hold").status_code == 409


def test_a_held_mail_is_sent_again(baton: Baton, held: Any) -> None:
    client = runs(baton, "notifications")
    assert client.post(f"/notifications/ops/mails/{held.id}/again").location == "/notifications/ops?said=again"
    [row] = mails()
    assert (row.state, row.decided, row.claim, row.data_at) == ("queued", "again", None, None)
    assert "No mail is held" in client.get("/notifications/ops").text


def test_why_a_held_mail_cannot_go_again(baton: Baton, held: Any, change_settings: Any) -> None:
    client = runs(baton, "notifications")
    again = f"/notifications/ops/mails/{held.id}/again"
    table = db.metadata("notifications").tables["mail"]

    def change(**values: Any) -> None:
        with db.write("notifications") as tx:
            tx.execute(table.update().values(**values))

    change(expires=1.0)
    assert "link ran out" in client.post(again).text
    change(expires=None, address="")
    assert "Nothing of this mail is left" in client.post(again).text
    change_settings(smtp_url="")
    assert "No mail server is set" in client.post(again).text
    assert mails()[0].state == "held"
    for id in ("nope", "%00", "x" * 500, "../../etc"):
        for what in ("arrived", "again", "hold"):
            assert client.post(f"/notifications/ops/mails/{id}/{what}").status_code in {404, 409}


def test_a_server_out_of_reach_is_said_in_words_and_when_it_is_back(baton: Baton, change_settings: Any) -> None:
    change_settings(smtp_url="smtp://127.0.0.1:9")
    server.away("connecting: <127.0.0.1:9> cannot be reached")
    server.away("connecting: still not")
    client = runs(baton, "notifications")
    for page in ("/notifications/ops", "/notifications/outbox"):
        assert "out of reach for" in client.get(page).text and "still not" in client.get(page).text
    with db.read("notifications") as tx:
        since = server.state(tx).down_since
    assert since is not None
    server.back()
    server.back()
    for page in ("/notifications/ops", "/notifications/outbox"):
        assert "out of reach" not in client.get(page).text


# ---- the command line does the same ----


def test_the_command_line(baton: Baton, dead: dict[str, Any], capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    where = ["signup", str(dead["position"]), "sessions"]
    assert events.main(["dead"]) == 0 and "signup " + " ".join(where[1:]) in capsys.readouterr().out
    assert events.main(["list"]) == 0
    assert "signup → sessions" in capsys.readouterr().out
    for args in (["retry", "signup", str(HUGE), "sessions"], ["skip", "signup", "0", "sessions", "--why", "x"]):
        with pytest.raises(Refused, match="not dead"):
            events.main(args)
    with pytest.raises(Refused, match="no service 'nobody'"):
        events.main(["retry", "nobody", "1", "sessions"])
    assert events.main(["skip", *where, "--why", "hopeless"]) == 0
    capsys.readouterr()
    assert events.main(["--json", "skipped"]) == 0
    assert '"skipped_why": "hopeless"' in capsys.readouterr().out
    assert events.main(["retry", *where]) == 0
    baton.drain()
    assert events.main(["replay", "signup", "blog"]) == 0
    capsys.readouterr()
    assert events.main(["list", "--json"]) == 0, "options where people type them"
    assert json.loads(capsys.readouterr().out)[0]["service"] == "signup"


def test_ages_in_words() -> None:
    assert [ops.span(n) for n in (None, 0, 59, 120, 7200, 200_000)] == ["", "0 s", "59 s", "2 min", "2 h", "2 days"]


def test_what_is_done_by_command_is_in_the_log_too(
    baton: Baton, dead: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a dead delivery, when it is retried, skipped or everything told again by command, the log says so."""
    from shared.cli import events

    monkeypatch.setattr(events.settings, "apply", lambda data: None)
    which = ["signup", str(dead["position"]), dead["subscriber"]]
    assert events.main(["skip", *which, "--why", "hopeless"]) == 0
    assert events.main(["retry", *which]) == 0
    assert events.main(["replay", "signup", "blog"]) == 0
    assert keep(dead)["skipped_by"] is None
    noted = [(e["what"], e["by"]) for e in baton.rows("signup", "audit", subject="operation")]
    assert noted == [(what, "terminal") for what in ("delivery.skipped", "delivery.retried", "replay.asked")]
    assert "somebody at the command line" in runs(baton, "signup").get("/signup/organizer/audit").text
    assert "skip: done" in capsys.readouterr().out
