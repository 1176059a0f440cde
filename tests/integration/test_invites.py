"""Invites: everybody is told what is true, once, in order; answers by link, page and calendar; reminders; feeds."""

from __future__ import annotations

import email
import hashlib
import hmac
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from icalendar import Calendar

from services.notifications.mail import ledger, sending, smtp
from services.notifications.models import mail
from services.sessions import items, locks, minutes
from services.sessions.circles import journal, moving
from services.sessions.invites import answering, due, reminding, telling
from services.sessions.meetings import asking, changing
from services.sessions.models import standing, turn
from services.sessions.rules.refusals import Refused
from services.sessions.rules.states import TurnState
from services.sessions.turns import answering as turns_answering
from services.sessions.turns import seats
from services.signup import people
from shared import access, clock, config, db, tokens
from tests import calendars
from tests.circles import circle, circles, do, join, settled, signup
from tests.integration.test_meetings import SERIES, begin, days
from tests.smtp import Server

GOLDEN = Path(__file__).resolve().parent.parent / "contracts" / "golden" / "invited"
WEEKLY = {"weeks": "1"}
SECRET = "a-webhook-secret-of-tests"


class Met:
    """A circle of Ada (Toronto) and Bo (Kolkata) that meets fortnightly, everybody told of its next sessions."""

    def __init__(self, baton: Any) -> None:
        self.baton = baton
        self.ada = join(baton, "Ada", "America/Toronto")
        self.bo = join(baton, "Bo", "Asia/Kolkata")
        [self.circle] = map(circle, circles())
        begin(self.circle)
        baton.tick()

    def sessions(self) -> list[dict[str, Any]]:
        """In order of their days."""
        return sorted(self.baton.rows("sessions", "session", circle=self.circle), key=lambda row: row["starts_at"])

    @property
    def first(self) -> str:
        """The id of the first one."""
        return str(self.sessions()[0]["id"])

    def lead(self, person: str | None, role: str = "coordinator", session: str | None = None) -> None:
        """Write who said yes, as turns would, and ask for a look."""
        of = session or self.first
        with db.write("sessions") as tx:
            tx.execute(sa.delete(turn).where(turn.c.session == of, turn.c.role == role))
            if person:
                row = {"id": db.new_id(), "session": of, "circle": self.circle, "role": role, "person": person}
                tx.execute(turn.insert().values(**row, state="accepted", why={}, created_at=clock.now()))
            due.touch(tx, [self.circle])


@pytest.fixture
def met(baton: Any) -> Met:
    return Met(baton)


def mails(baton: Any, person: str, session: str | None = None) -> list[dict[str, Any]]:
    """Mails about sessions to a person, in order of their writing."""
    rows = [row for row in baton.rows("notifications", "mail", person=person) if row["topic"]]
    rows = [row for row in rows if session is None or row["topic"] == f"session/{session}"]
    return sorted(rows, key=lambda row: (row["created_at"], row["due"], row["rank"]))


def kinds(baton: Any, person: str, session: str | None = None) -> list[str]:
    return [row["kind"] for row in mails(baton, person, session)]


def calendar_in(mail: dict[str, Any]) -> Any:
    """The VEVENT of a mail, and the method of its part."""
    parsed = email.message_from_bytes(mail["raw"], policy=default)
    part = next(part for part in parsed.walk() if part.get_content_type() == "text/calendar")
    data: Any = part.get_payload(decode=True)
    whole = Calendar.from_ical(data)
    assert whole["METHOD"] == part["Content-Type"].params["method"]
    return whole.walk("VEVENT")[0], str(whole["METHOD"])


def told(baton: Any, person: str, session: str) -> list[tuple[str, int]]:
    """(method, sequence) of what a calendar gets."""
    found = [calendar_in(mail) for mail in mails(baton, person, session) if mail["kind"] != "reminder"]
    return [(method, int(event["SEQUENCE"])) for event, method in found]


def move(session: str, day: str = "2027-01-14", time: str = "19:00", reason: str = "") -> None:
    do(changing.move, session, day, time, reason)


def link(mail: dict[str, Any]) -> str:
    found = re.search(r"/sessions/rsvp/[\w.-]+", mail["text"])
    assert found
    return found[0]


def answers(baton: Any) -> dict[tuple[str, str], tuple[str, str]]:
    return {(row["session"], row["person"]): (row["answer"], row["source"]) for row in baton.rows("sessions", "rsvp")}


# ---- telling ----


def test_the_next_three_within_six_weeks_are_told_once(baton: Any, met: Met) -> None:
    first, second, third = (row["id"] for row in met.sessions()[:3])
    assert kinds(baton, met.ada) == ["invite"] * 3
    assert {row["topic"] for row in mails(baton, met.ada)} == {f"session/{id}" for id in (first, second, third)}
    assert len(baton.rows("sessions", "event", type="session.announced")) == 3
    # Nothing is different: nobody is told, whoever asks
    for _ in range(3):
        with db.write("sessions") as tx:
            telling.overlooked(tx)
        baton.tick()
    assert len(mails(baton, met.ada)) == len(mails(baton, met.bo)) == 3
    # The first one is over: the fourth comes near, and is told without anybody's doing
    baton.pass_time(days=9)
    baton.tick()
    assert kinds(baton, met.ada).count("invite") == 4
    settled(baton)


def test_a_doubled_event_and_ticks_at_once_double_nothing(baton: Any, met: Met) -> None:
    move(met.first)
    threads = [threading.Thread(target=_settle, args=(met.circle,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    baton.drain()
    with db.write("sessions") as tx:
        tx.execute(sa.text("UPDATE delivery SET confirmed_at = NULL, due = 0"))
    baton.drain()
    assert kinds(baton, met.ada, met.first) == ["invite", "invite-update"]


def _settle(of: str) -> None:
    with db.write("sessions") as tx:
        telling.settle(tx, of)


def test_sequence_rises_and_the_uid_stays(baton: Any, met: Met) -> None:
    first = met.first
    move(first)
    baton.tick()
    met.lead(met.bo)
    baton.tick()
    do(changing.skip, first, "A holiday")
    baton.tick()
    entry = baton.rows("sessions", "change", verb="skip-date")[0]
    do(journal.undo, entry["id"])
    baton.tick()
    assert kinds(baton, met.ada, first) == ["invite", "invite-update", "invite-update", "invite-cancel", "invite"]
    said = told(baton, met.ada, first)
    assert [method for method, _ in said] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL", "REQUEST"]
    numbers = [number for _, number in said]
    assert numbers == sorted(set(numbers)), "each is higher than the one before"
    events = [calendar_in(mail)[0] for mail in mails(baton, met.ada, first)]
    assert len({str(event["UID"]) for event in events}) == 1
    assert [str(event["STATUS"]) for event in events] == ["CONFIRMED"] * 3 + ["CANCELLED", "CONFIRMED"]
    settled(baton)


def test_coordinator_and_mentor_are_named_and_a_change_is_told(baton: Any, met: Met) -> None:
    carol = join(baton, "Carol", stream="stream2")
    before = len(mails(baton, carol))
    met.lead(met.bo)
    met.lead(carol, "mentor")
    baton.tick()
    update = mails(baton, met.ada, met.first)[-1]
    assert update["kind"] == "invite-update" and "has changed: coordinator, mentor." in update["text"]
    assert "Coordinator: Bo" in update["text"] and "Mentor: Carol" in update["text"]
    assert "Coordinator: you" in mails(baton, met.bo, met.first)[-1]["text"]
    event, _ = calendar_in(update)
    assert str(event["DESCRIPTION"]).startswith("Coordinator: Bo\nMentor: Carol")
    # Who mentors is invited to that session alone, and let go with it
    assert kinds(baton, carol) == ["invite"] and before == 0
    met.lead(None, "mentor")
    baton.tick()
    assert kinds(baton, carol) == ["invite", "invite-cancel"]
    assert "Mentor" not in mails(baton, met.ada, met.first)[-1]["text"]


def test_a_change_that_is_taken_back_before_anybody_looked_is_told_to_nobody(baton: Any, met: Met) -> None:
    do(changing.skip, met.first, "")
    do(journal.undo, baton.rows("sessions", "change", verb="skip-date")[0]["id"])
    baton.tick()
    assert kinds(baton, met.ada, met.first) == ["invite"]


def test_who_joins_is_invited_and_who_pauses_is_let_go(baton: Any, met: Met) -> None:
    cy = join(baton, "Cy")
    baton.tick()
    assert kinds(baton, cy) == ["invite"] * 3 and len(mails(baton, met.ada)) == 3, "the others know"
    signup(people.pause, cy)
    baton.drain()
    baton.tick()
    assert kinds(baton, cy) == ["invite"] * 3 + ["invite-cancel"] * 3
    assert "You are no longer invited" in mails(baton, cy)[-1]["text"]
    signup(people.come_back, cy)
    baton.drain()
    baton.tick()
    assert [method for method, _ in told(baton, cy, met.first)] == ["REQUEST", "CANCEL", "REQUEST"]
    numbers = [number for _, number in told(baton, cy, met.first)]
    assert numbers == sorted(set(numbers))
    settled(baton)


def test_who_is_moved_is_told_of_the_one_circle_and_the_other(baton: Any, met: Met) -> None:
    do(changing.save, met.circle, asking.read({**SERIES, "first": "2027-01-13"}))
    baton.tick()
    assert kinds(baton, met.bo, met.first) == ["invite", "invite-update"], "its new day"
    assert moving and days(met.circle)[0] == "2027-01-13 18:30"


def test_erasing_leaves_no_name_behind(baton: Any, met: Met) -> None:
    met.lead(met.bo)
    baton.tick()
    assert "Bo" in mails(baton, met.ada, met.first)[-1]["text"]
    with db.write("signup") as tx:
        people.leave(tx, "system", met.bo)
        people.erase_now(tx, "system", met.bo)
    baton.drain()
    baton.tick()
    for row in baton.rows("notifications", "mail"):
        assert "Coordinator: Bo" not in row["text"] and b"Coordinator: Bo" not in row["raw"]
    assert not [row for row in baton.rows("sessions", "invite", person=met.bo) if not row["cancelled"]]


@pytest.mark.parametrize("claimed", [False, True])
def test_no_older_state_is_sent_after_a_newer(
    baton: Any, met: Met, claimed: bool, change_settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unsent mail that a later one has overtaken is dropped: while it waits, and from a sender's hands."""
    monkeypatch.setattr(smtp._own, "relay", None, raising=False)
    with db.write("notifications") as tx:
        tx.execute(sa.update(mail).where(mail.c.person == met.ada, mail.c.kind == "invite").values(state="queued"))
        held = {row.id: row for row in ledger.claim(tx, 10)} if claimed else {}
    move(met.first)
    _settle(met.circle)
    with Server() as server:
        change_settings(smtp_url=server.url)
        baton.drain()
        old, new = mails(baton, met.ada, met.first)
        if claimed:
            with db.write("notifications") as tx:
                assert not ledger.mark_data(tx, held.pop(old["id"])), "its text is not sent"
                assert all(ledger.mark_data(tx, row) for row in held.values()), "the others are"
            baton.pass_machine_time(200)
            with db.write("notifications") as tx:
                ledger.sweep(tx)
        sending.send_due()
        taken = server.ids
    states = {row["id"]: row["state"] for row in mails(baton, met.ada, met.first)}
    assert states == {old["id"]: "dropped", new["id"]: "sent"}
    assert "no longer so" in mails(baton, met.ada, met.first)[0]["error"]
    assert new["id"] in taken and old["id"] not in taken


def test_a_mail_is_not_sent_once_its_session_has_begun(baton: Any, met: Met, change_settings: Any) -> None:
    [mail] = [row for row in mails(baton, met.ada) if row["topic"] == f"session/{met.first}"]
    assert mail["deadline"] == met.sessions()[0]["starts_at"]


@pytest.mark.parametrize("kind", ["invite", "invite-update", "invite-cancel", "reminder"])
def test_golden_source_with_its_calendar(baton: Any, met: Met, kind: str, change_settings: Any) -> None:
    """Raw MIME of every kind, as it goes over the wire; ids, and the token of the link, differ each time."""
    first = met.first
    met.lead(met.bo)
    baton.tick()
    move(first, reason="Half of us travel")
    baton.tick()
    _pass_to(met.sessions()[0]["starts_at"] - timedelta(hours=70))
    baton.tick()
    do(changing.skip, first, "The room is closed")
    baton.tick()
    found = [row for row in mails(baton, met.ada, first) if row["kind"] == kind][-1]
    raw = _steady(found["raw"], found["id"], first)
    golden = GOLDEN / f"{kind}.eml"
    if os.environ.get("BATON_GOLDEN") == "write":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_bytes(raw)
    assert raw == golden.read_bytes(), "changed on purpose? BATON_GOLDEN=write pytest tests/integration/test_invites.py"
    parts = [part.get_content_type() for part in email.message_from_bytes(found["raw"]).walk()]
    shown = ["multipart/alternative", "text/plain", "text/html"]
    whole = ["multipart/mixed", *shown, "text/calendar", "application/ics"]
    assert parts == (shown if kind == "reminder" else whole)
    if kind != "reminder":
        data = next(p for p in email.message_from_bytes(found["raw"]).walk() if p.get_content_type() == "text/calendar")
        calendar: Any = data.get_payload(decode=True)
        assert not calendars.objections(calendar)


def _pass_to(moment: datetime) -> None:
    clock.advance(moment - clock.now())


def _steady(raw: bytes, mail: str, session: str) -> bytes:
    """The decoded parts of a letter, with what differs each time in its place."""
    parsed = email.message_from_bytes(raw)
    lines = [f"{name}: {value}" for name, value in parsed.items()]
    for part in parsed.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            text = content.decode()
            if text.startswith("BEGIN:VCALENDAR"):
                text = text.replace("\r\n ", "")
            lines += ["", *(f"{name}: {value}" for name, value in part.items()), "", text.replace("\r\n", "\n")]
    whole = "\n".join(lines).replace(mail, "MAIL").replace(session, "SESSION")
    whole = whole.replace("Content-Transfer-Encoding: quoted-printable\n", "")
    whole = re.sub(r"(?m)^(X-Baton-Mail: )[a-z2-7]{42}$", r"\1PROOF", whole)
    return re.sub(r"(/rsvp/|/enter/|/lead/|/item/)[\w.-]+", r"\1TOKEN", whole).encode()


# ---- answers ----


def test_an_answer_by_the_link_of_the_mail(baton: Any, met: Met) -> None:
    client = baton.client("sessions")
    path = link(mails(baton, met.ada, met.first)[0])
    page = client.get(f"{path}?answer=cannot").text
    assert "Are you coming?" in page and "Tue 12 Jan 2027, 18:30 (Toronto)" in page and not answers(baton)
    assert client.post(path, data={"answer": "coming"}).status_code == 303
    assert answers(baton) == {(met.first, met.ada): ("coming", "link")}
    page = client.get(path).text
    assert "You are coming" in page and "Can&#39;t this time" in page
    client.post(path, data={"answer": "cannot"})
    assert answers(baton) == {(met.first, met.ada): ("cannot", "link")}
    for broken in ({}, {"answer": "perhaps"}, {"answer": "coming\0"}):
        assert client.post(path, data=broken).status_code == 422
    assert answers(baton) == {(met.first, met.ada): ("cannot", "link")}


def test_a_hundred_gets_of_every_mailed_link_change_nothing(baton: Any, met: Met) -> None:
    paths = {link(mail) + more for mail in mails(baton, met.ada) for more in ("", "?answer=coming", "?answer=cannot")}
    client, before = baton.client("sessions"), baton.dump()
    for _ in range(100):
        for path in sorted(paths):
            assert client.get(path).status_code == client.head(path).status_code == 200
    assert baton.dump() == before


def test_links_that_lead_nowhere(baton: Any, met: Met) -> None:
    client = baton.client("sessions")
    path = link(mails(baton, met.ada, met.first)[0])
    forged = tokens.sign("place", {"person": met.ada, "session": met.first})
    for bad in ("x", path.rpartition("/")[2][:-1], forged, tokens.sign("rsvp", {"person": met.ada})):
        assert client.get(f"/sessions/rsvp/{bad}").status_code == 410
        assert client.post(f"/sessions/rsvp/{bad}", data={"answer": "coming"}).status_code == 410
    stranger = tokens.sign("rsvp", {"person": "nobody", "session": met.first})
    assert client.post(f"/sessions/rsvp/{stranger}", data={"answer": "coming"}).status_code == 410
    do(changing.skip, met.first, "")
    baton.tick()
    assert "will not take place" in client.get(path).text
    assert client.post(path, data={"answer": "coming"}).status_code == 410
    second = mails(baton, met.ada, met.sessions()[1]["id"])[0]
    baton.pass_time(days=30)
    late = client.post(link(second), data={"answer": "coming"})
    assert late.status_code == 410 and "has begun or is over" in late.text and not answers(baton)


def test_cannot_until_a_date(baton: Any, met: Met) -> None:
    path = link(mails(baton, met.ada, met.first)[0])
    client = baton.client("sessions")
    for wrong in ("", "2027-01-1", "yesterday", "2027-01-11", "2029-01-01", "2027-02-30", "２027-01-20"):
        answer = client.post(path, data={"answer": "until", "until": wrong})
        assert (
            answer.status_code == 422
            and f'value="{wrong}"' in answer.text
            and "Nothing you typed is lost" in answer.text
        )
    assert not answers(baton) and not baton.rows("sessions", "absence")
    assert client.post(path, data={"answer": "until", "until": "2027-02-09"}).status_code == 303
    ids = [row["id"] for row in met.sessions()]
    assert answers(baton) == {
        (ids[0], met.ada): ("cannot", "link"), (ids[1], met.ada): ("cannot", "absence"),
        (ids[2], met.ada): ("cannot", "absence"),
    }  # fmt: skip
    [noted] = baton.rows("sessions", "absence")
    assert (noted["first"], noted["last"], noted["role"], noted["by"]) == (
        "2027-01-04", "2027-02-09", None, f"person/{met.ada}"
    )  # fmt: skip
    # A session that moves into these days asks in vain; one that moves out of them asks anew
    move(ids[0], "2027-01-18")
    move(ids[2], "2027-02-11")
    baton.tick()
    assert (ids[2], met.ada) not in answers(baton) and answers(baton)[ids[0], met.ada] == ("cannot", "absence")
    event, _ = calendar_in(mails(baton, met.ada, ids[0])[-1])
    assert event["ATTENDEE"].params["PARTSTAT"] == "DECLINED"


def test_turns_of_days_on_which_one_cannot_are_free(baton: Any, met: Met) -> None:
    ids = [row["id"] for row in met.sessions()]
    for session in ids[:4]:
        met.lead(met.ada, session=session)
    client = baton.client("sessions")
    path = link(mails(baton, met.ada, met.first)[0])
    assert client.post(path, data={"answer": "until", "until": met.sessions()[2]["day"]}).status_code == 303
    held = {row["session"]: row["state"] for row in baton.rows("sessions", "turn", person=met.ada)}
    assert [held[id] for id in ids[:4]] == ["released", "released", "released", "accepted"]
    assert {row["session"] for row in baton.rows("sessions", "turn", state="offered")} <= {ids[0]}
    settled(baton)


def test_days_away_answer_for_the_sessions_on_them_and_taken_back_do_not(baton: Any, met: Met) -> None:
    client = signed_in(baton, met.ada)
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    one, two, *_ = met.sessions()
    first = {"first": one["day"], "last": one["day"]}
    assert client.post("/sessions/absences", data={**first, "role": "coordinator"}).status_code == 303
    assert not answers(baton), "who cannot lead may come all the same"
    for typed in (first, {"first": one["day"], "last": two["day"]}):
        assert client.post("/sessions/absences", data=typed).status_code == 303
    assert {id for id, _ in answers(baton)} == {one["id"], two["id"]}
    long = next(row["id"] for row in baton.rows("sessions", "absence") if row["last"] == two["day"])
    assert client.post(f"/sessions/absences/{long}/withdraw").status_code == 303
    assert answers(baton) == {(one["id"], met.ada): ("cannot", "absence")}, "the other one stands"
    client.post(f"/sessions/answers/{one['id']}", data={"answer": "coming"})
    for row in baton.rows("sessions", "absence"):
        client.post(f"/sessions/absences/{row['id']}/withdraw")
    assert answers(baton) == {(one["id"], met.ada): ("coming", "page")}, "what they said themselves stays"


def test_days_away_that_are_taken_back_give_the_answers_before_them_back(baton: Any, met: Met) -> None:
    client = signed_in(baton, met.ada)
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    one, two, three, *_ = met.sessions()
    for row, said in ((one, "coming"), (two, "cannot")):
        client.post(f"/sessions/answers/{row['id']}", data={"answer": said})
    before = baton.rows("sessions", "rsvp")
    for last in (two, three):  # twice: the second finds what the first has answered
        typed = {"first": one["day"], "last": last["day"]}
        assert client.post("/sessions/absences", data=typed).status_code == 303
    assert answers(baton) == {
        (one["id"], met.ada): ("cannot", "absence"), (two["id"], met.ada): ("cannot", "page"),
        (three["id"], met.ada): ("cannot", "absence"),
    }  # fmt: skip
    for row in baton.rows("sessions", "absence"):
        client.post(f"/sessions/absences/{row['id']}/withdraw")
    assert baton.rows("sessions", "rsvp") == before


def test_no_answer_lands_after_the_session_was_cancelled(baton: Any, met: Met) -> None:
    def coming() -> None:
        with db.write("sessions") as tx:
            answering.answer(tx, met.first, met.ada, "coming", "link")

    table = db.metadata("sessions").tables["session"]
    with ThreadPoolExecutor(1) as pool:
        with db.write("sessions") as tx:
            locks.sessions(tx)
            other = pool.submit(coming)
            wait([other], timeout=0.5)  # for the other to come as far as it can
            tx.execute(table.update().where(table.c.id == met.sessions()[0]["id"]).values(state="cancelled"))
        with pytest.raises(Refused, match="will not take place"):
            other.result()
    assert not answers(baton)


def test_another_time_asks_anew_and_another_coordinator_does_not(baton: Any, met: Met) -> None:
    with db.write("sessions") as tx:
        answering.answer(tx, met.first, met.ada, "coming", "page")
    met.lead(met.bo)
    baton.tick()
    event, _ = calendar_in(mails(baton, met.ada, met.first)[-1])
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED" and len(answers(baton)) == 1
    move(met.first)
    baton.tick()
    event, _ = calendar_in(mails(baton, met.ada, met.first)[-1])
    assert event["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION" and not answers(baton)
    assert "please answer again" in mails(baton, met.ada, met.first)[-1]["text"]


def test_answers_on_ones_own_page(baton: Any, met: Met) -> None:
    client, stranger = signed_in(baton, met.ada), baton.client("sessions")
    page = client.get("/sessions/").text
    assert page.count('value="coming"') == 3 and page.count(">Can't<") == 3
    path = f"/sessions/answers/{met.first}"
    assert stranger.post(path, data={"answer": "coming"}).status_code == 303 and not answers(baton), "sign in first"
    assert client.post(path, data={"answer": "coming"}).location.endswith(f"{path}?said=coming")
    assert answers(baton) == {(met.first, met.ada): ("coming", "page")}
    assert "coming" in client.get("/sessions/").text
    assert client.post("/sessions/answers/none", data={"answer": "coming"}).status_code == 410
    fourth = met.sessions()[3]["id"]
    assert client.post(f"/sessions/answers/{fourth}", data={"answer": "coming"}).status_code == 410, "not told of it"


def test_who_cannot_gives_their_turn_back(baton: Any, met: Met) -> None:
    """Given Ada coordinates, When she says that she cannot come, Then the next in line is asked."""
    met.lead(met.ada)
    with db.write("sessions") as tx:
        answering.answer(tx, met.first, met.ada, "coming", "page")
        answering.answer(tx, met.first, met.ada, "cannot", "page")
    turns = {row["person"]: row["state"] for row in baton.rows("sessions", "turn", session=met.first)}
    assert turns == {met.ada: "declined", met.bo: "offered"}
    baton.drain()
    assert "turn" in [mail["kind"] for mail in baton.rows("notifications", "mail", person=met.bo)]


def test_a_mentors_yes_is_told_at_the_next_tick(baton: Any, met: Met) -> None:
    """The state of the session stays as it was, so nothing but the turn itself can ask for a look."""
    with db.write("sessions") as tx:
        row = {"id": db.new_id(), "session": met.first, "circle": met.circle, "role": "mentor", "person": met.ada}
        tx.execute(turn.insert().values(**row, state="offered", why={}, created_at=clock.now()))
        begins = {"joined_at": clock.now(), "credit": 0}
        tx.execute(standing.insert().values(circle=met.circle, role="mentor", person=met.ada, **begins))
    before = kinds(baton, met.bo, met.first)
    with db.write("sessions") as tx:
        turns_answering.accept(tx, row["id"], f"person/{met.ada}")
    baton.tick()
    assert kinds(baton, met.bo, met.first) == [*before, "invite-update"]


def signed_in(baton: Any, person: str, role: str = "member") -> Any:
    client = baton.client("sessions")
    client.set_cookie(
        access.COOKIE,
        tokens.sign("cookie", {"person": person, "roles": [role], "at": clock.machine()}),
        domain="localhost",
    )
    return client


# ---- reminders ----


def test_reminders_go_out_once_and_not_to_who_cannot(baton: Any, met: Met) -> None:
    first, starts = met.first, met.sessions()[0]["starts_at"]
    with db.write("sessions") as tx:
        answering.answer(tx, first, met.bo, "cannot", "page")
        answering.answer(tx, first, met.ada, "coming", "page")
    for before, expected in ((73, 0), (71, 1), (50, 1), (3, 1), (1, 2)):
        _pass_to(starts - timedelta(hours=before))
        baton.tick()
        baton.tick()
        assert kinds(baton, met.ada, first).count("reminder") == expected, before
    assert "reminder" not in kinds(baton, met.bo, first)
    early, late = (row for row in mails(baton, met.ada, first) if row["kind"] == "reminder")
    assert "in three days" in early["text"] and "You said that you are coming" in early["text"]
    assert late["subject"].startswith("In two hours") and late["deadline"] == starts
    settled(baton)


def test_a_reminder_carries_ones_own_open_items_and_the_link_that_ticks_them(baton: Any, met: Met) -> None:
    cy = join(baton, "Cy")
    baton.tick()
    with db.write("sessions") as tx:
        of = minutes.taken(tx, met.first)
        mine, *_ = (
            items.add(tx, of, {"text": text, "owner": owner, "due": ""}, "person/x")
            for text, owner in (("Write to the *library*", met.ada), ("Thank Ada for the cake", met.bo))
        )
    _pass_to(met.sessions()[0]["starts_at"] - timedelta(hours=71))
    baton.tick()
    told = {who: mails(baton, who, met.first)[-1] for who in (met.ada, met.bo, cy)}
    assert {mail["kind"] for mail in told.values()} == {"reminder"}
    assert "Write to the *library*, due" in told[met.ada]["text"] and "library" in told[met.ada]["html"]
    assert "cake" not in told[met.ada]["text"] and "action items" not in told[cy]["text"].lower()
    path = re.search(r"/sessions/item/[\w.-]+", told[met.ada]["text"])[0]  # type: ignore[index]
    anybody, before = baton.client("sessions"), baton.dump()
    assert "library" in anybody.get(path).text and baton.dump() == before
    assert anybody.post(f"{path}/{mine}", data={"do": "done"}).status_code == 303
    assert baton.rows("sessions", "item", id=mine)[0]["state"] == "done"
    baton.tick()
    _pass_to(met.sessions()[0]["starts_at"] - timedelta(hours=1))
    baton.tick()
    assert "library" not in mails(baton, met.ada, met.first)[-1]["text"], "what is done is not reminded of"
    assert "cake" in mails(baton, met.bo, met.first)[-1]["text"]
    with db.write("signup") as tx:
        people.leave(tx, "system", met.ada)
        people.erase_now(tx, "system", met.ada)
    baton.drain()
    kept = repr(baton.rows("sessions", "event")) + repr(baton.rows("notifications", "mail"))
    assert "cake" not in kept and "library" not in kept, "free words may name anybody: they go with whoever goes"
    settled(baton)


def test_who_leads_or_mentors_has_their_page_before_the_session(baton: Any, met: Met) -> None:
    met.lead(met.ada)
    baton.tick()
    invite = mails(baton, met.ada, met.first)[-1]
    path = re.search(r"/sessions/lead/[\w.-]+", invite["text"])[0]  # type: ignore[index]
    page = baton.client("sessions").get(path).text
    assert "Who comes" in page and invite["kind"] == "invite-update"
    assert "/sessions/lead/" not in mails(baton, met.bo, met.first)[-1]["text"]
    _pass_to(met.sessions()[0]["starts_at"] - timedelta(hours=71))
    baton.tick()
    assert "/sessions/lead/" in mails(baton, met.ada, met.first)[-1]["html"]
    assert "/sessions/lead/" not in mails(baton, met.bo, met.first)[-1]["html"]


def test_a_session_that_moves_is_reminded_of_again_but_not_at_once(baton: Any, met: Met) -> None:
    first, starts = met.first, met.sessions()[0]["starts_at"]
    _pass_to(starts - timedelta(hours=60))
    baton.tick()
    assert kinds(baton, met.ada, first) == ["invite", "reminder"]
    move(first, "2027-01-13")
    baton.tick()
    assert kinds(baton, met.ada, first) == ["invite", "reminder", "invite-update"]
    _pass_to(met.sessions()[0]["starts_at"] - timedelta(hours=71))
    baton.tick()
    assert kinds(baton, met.ada, first) == ["invite", "reminder", "invite-update", "reminder"]
    move(first, "2027-01-12", "12:00")
    baton.tick()
    baton.pass_time(minutes=11)
    baton.tick()
    assert kinds(baton, met.ada, first)[4:] == ["invite-update"], "the mail of the change is reminder enough"


def test_reminders_at_once_are_one(baton: Any, met: Met) -> None:
    _pass_to(met.sessions()[0]["starts_at"] - timedelta(hours=1))
    threads = [threading.Thread(target=_remind) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    baton.drain()
    assert kinds(baton, met.ada, met.first).count("reminder") == 1


def _remind() -> None:
    with db.write("sessions") as tx:
        reminding.remind(tx, 2)


# ---- feeds ----


def feed_of(page: str) -> str:
    found = re.search(r"/sessions/feed/[\w.-]+\.ics", page)
    assert found
    return found[0]


def test_a_members_feed(baton: Any, met: Met) -> None:
    client = signed_in(baton, met.ada)
    path = feed_of(client.get("/sessions/calendar").text)
    calendar = baton.client("sessions")
    first = calendar.get(path)
    assert first.status_code == 200 and first.content_type == "text/calendar; charset=utf-8"
    assert first.data == calendar.get(path).data and not calendars.objections(first.data)
    assert calendar.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    seen = calendars.seen_by_libical(first.data)
    assert [each.wall for each in seen] == [f"{day[:10]}T18:30" for day in days(met.circle)]
    assert [each.uid for each in seen][0] == str(calendar_in(mails(baton, met.ada, met.first)[0])[0]["UID"])
    do(changing.skip, met.first, "")
    later = calendar.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert later.status_code == 200 and b"STATUS:CANCELLED" in later.data
    # A new address, and the old one is dead
    assert client.post("/sessions/feed").status_code == 303
    assert calendar.get(path).status_code == 404
    fresh = feed_of(client.get("/sessions/calendar").text)
    assert calendar.get(fresh).data == later.data
    for bad in ("x", fresh[15:-5], tokens.sign("rsvp", {"person": met.ada, "key": "first"})):
        assert calendar.get(f"/sessions/feed/{bad}.ics").status_code == 404
    with db.write("signup") as tx:
        people.leave(tx, f"person/{met.ada}", met.ada)
    baton.drain()
    assert calendar.get(fresh).status_code == 404


def test_a_circles_feed_is_for_organizers(baton: Any, met: Met) -> None:
    organizer, page = signed_in(baton, "olga", "organizer"), f"/sessions/circles/{met.circle}"
    path = feed_of(organizer.get(page).text)
    assert baton.client("sessions").get(path).data.count(b"BEGIN:VEVENT") == 6
    assert signed_in(baton, met.ada).post(f"{page}/feed").status_code == 403
    assert organizer.post(f"{page}/feed").status_code == 303
    assert baton.client("sessions").get(path).status_code == 404
    assert baton.client("sessions").get(feed_of(organizer.get(page).text)).status_code == 200


# ---- replies ----


def reply_to(mail: dict[str, Any], answer: str = "ACCEPTED", **change: Any) -> bytes:
    """What a calendar sends back to an invite."""
    event, _ = calendar_in(mail)
    given = {"attendee": mail["address"], "sender": mail["address"], "uid": event["UID"], "headers": "",
             "sequence": event["SEQUENCE"], "method": "REPLY", **change}  # fmt: skip
    lines = [
        "BEGIN:VCALENDAR", "PRODID:-//Google Inc//Google Calendar 70.9054//EN", "VERSION:2.0",
        f"METHOD:{given['method']}", "BEGIN:VEVENT", f"UID:{given['uid']}", f"SEQUENCE:{given['sequence']}",
        "DTSTAMP:20270104T100000Z", f"ATTENDEE;PARTSTAT={answer}:mailto:{given['attendee']}", "END:VEVENT",
        "END:VCALENDAR", "",
    ]  # fmt: skip
    head = f"From: Somebody <{given['sender']}>\r\nTo: x@example.org\r\nSubject: Re\r\n{given['headers']}"
    kind = f"MIME-Version: 1.0\r\nContent-Type: text/calendar; charset=utf-8; method={given['method']}\r\n\r\n"
    return (head + kind + "\r\n".join(lines)).encode()


def post(baton: Any, raw: bytes, secret: str = SECRET, **headers: str) -> Any:
    given = headers or {"Authorization": f"Bearer {secret}"}
    return baton.client("notifications").post("/notifications/webhooks/mail", data=raw, headers=given)


@pytest.fixture
def secret(change_settings: Any) -> None:
    change_settings(webhook_secret=SECRET)


def test_a_calendars_reply_is_an_answer(baton: Any, met: Met, secret: None) -> None:
    [mail] = mails(baton, met.ada, met.first)
    for answer, kept in (("ACCEPTED", "coming"), ("DECLINED", "cannot"), ("accepted", "coming")):
        for _ in range(2):
            assert post(baton, reply_to(mail, answer)).json == {"taken": True, "why": ""}
        baton.drain()
        assert answers(baton) == {(met.first, met.ada): (kept, "calendar")}
    assert post(baton, reply_to(mail, "DECLINED", attendee=mail["address"].upper())).json["taken"]
    baton.drain()
    assert answers(baton) == {(met.first, met.ada): ("cannot", "calendar")}
    settled(baton)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"attendee": "bo@example.org"}, "forged-attendee"),
        ({"sender": "mallory@example.org"}, "forged-attendee"),
        ({"attendee": "mallory@example.org", "sender": "mallory@example.org"}, "not-invited"),
        ({"uid": "somebody-elses@example.com"}, "unknown-uid"),
        ({"uid": "00000000-0000-7000-8000-000000000000@sessions.baton"}, "not-invited"),
        ({"headers": "Auto-Submitted: auto-replied\r\n"}, "auto-reply"),
        ({"answer": "NEEDS-ACTION"}, "no-answer"),
        ({"method": "DECLINECOUNTER"}, "decline-counter"),
        ({"method": "CANCEL"}, "other-method"),
    ],
)
def test_replies_that_are_none(baton: Any, met: Met, secret: None, change: dict[str, Any], why: str) -> None:
    [mail] = mails(baton, met.ada, met.first)
    answer = post(baton, reply_to(mail, **{"answer": "ACCEPTED", **change}))
    assert (answer.status_code, answer.json) == (200, {"taken": False, "why": why})
    baton.drain()
    assert not answers(baton) and not baton.rows("notifications", "event", type="reply.received")


def test_a_maybe_is_no_answer_and_the_coordinator_sees_it(baton: Any, met: Met, secret: None) -> None:
    met.lead(met.bo)
    lead = tokens.path("lead", tokens.sign("lead", {"person": met.bo, "session": met.first}))
    [mail] = mails(baton, met.ada, met.first)
    page = baton.client("sessions")
    for answer in ("ACCEPTED", "TENTATIVE", "TENTATIVE"):
        assert post(baton, reply_to(mail, answer)).json["taken"]
        baton.drain()
    assert not answers(baton), "neither a yes nor a no"
    assert "has not answered: their calendar says maybe" in page.get(lead).text
    _pass_to(met.sessions()[0]["starts_at"] - timedelta(hours=71))
    baton.tick()
    assert "reminder" in kinds(baton, met.ada, met.first), "no answer is reminded"
    newest = next(row for row in reversed(mails(baton, met.ada, met.first)) if row["kind"] == "invite-update")
    assert post(baton, reply_to(newest, "ACCEPTED")).json["taken"]
    baton.drain()
    assert "maybe" not in page.get(lead).text and not baton.rows("sessions", "remark")
    settled(baton)


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        ("DTSTART:20270113T000000Z", "Wed 13 Jan 2027, 05:30 (Kolkata)"),
        ("DTSTART;TZID=America/Toronto:20270112T190000", "Wed 13 Jan 2027, 05:30 (Kolkata)"),
        ("DTSTART;TZID=Eastern Standard Time:20270112T190000", "another time"),
        ("DTSTART;VALUE=DATE:20270113", "another time"),
        ("DTSTART:99991399T999999Z", "another time"),
        ("SUMMARY:No time at all", "another time"),
    ],
)
def test_another_time_is_shown_and_moves_nothing(baton: Any, met: Met, secret: None, start: str, shown: str) -> None:
    met.lead(met.bo)
    [mail] = mails(baton, met.ada, met.first)
    before = days(met.circle)
    assert post(baton, reply_to(mail, "ACCEPTED")).json["taken"]
    baton.drain()
    raw = reply_to(mail, "NEEDS-ACTION", method="COUNTER").replace(b"DTSTAMP:", start.encode() + b"\r\nDTSTAMP:")
    assert post(baton, raw).json == {"taken": True, "why": ""}
    baton.drain()
    lead = tokens.path("lead", tokens.sign("lead", {"person": met.bo, "session": met.first}))
    page = re.sub(r"<[^>]+>", "", baton.client("sessions").get(lead).text)
    assert f"comes; their calendar proposes {shown}" in page and "Nothing moves by itself" in page
    assert days(met.circle) == before and answers(baton) == {(met.first, met.ada): ("coming", "calendar")}
    move(met.first)
    baton.tick()
    assert not baton.rows("sessions", "remark"), "another time: what was said of the former one is over"
    settled(baton)


def test_a_reply_to_an_older_invite_or_a_session_that_is_over_is_left(baton: Any, met: Met, secret: None) -> None:
    [old] = mails(baton, met.ada, met.first)
    move(met.first)
    baton.tick()
    assert post(baton, reply_to(old)).json["taken"]
    baton.drain()
    assert not answers(baton), "an older SEQUENCE"
    baton.pass_time(days=11)
    assert post(baton, reply_to(mails(baton, met.ada, met.first)[-1])).json["taken"]
    baton.drain()
    assert not answers(baton), "it is over"
    settled(baton)


def test_nobody_is_believed_without_the_secret(baton: Any, met: Met, change_settings: Any) -> None:
    raw = reply_to(mails(baton, met.ada, met.first)[0])
    sign = "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    empty = "sha256=" + hmac.new(b"", raw, hashlib.sha256).hexdigest()
    for given in ({"Authorization": "Bearer "}, {"Authorization": "Bearer"}, {"X-Baton-Signature": empty}, {"X": "y"}):
        assert post(baton, raw, **given).status_code == 401, "none is set"
    change_settings(webhook_secret=SECRET)
    for given in (
        {"X": "y"}, {"Authorization": ""}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {SECRET}x"},
        {"Authorization": SECRET}, {"Authorization": "Bearer é"}, {"X-Baton-Signature": ""},
        {"X-Baton-Signature": "sha256="}, {"X-Baton-Signature": sign[:-1]}, {"X-Baton-Signature": empty},
        {"Authorization": "Bearer x", "X-Baton-Signature": sign},
    ):  # fmt: skip
        answer = post(baton, raw, **given)
        assert answer.status_code == 401 and answer.content_type == "application/problem+json", given
    assert post(baton, raw + b" ", **{"X-Baton-Signature": sign}).status_code == 401
    assert not baton.rows("notifications", "event", type="reply.received")
    assert post(baton, raw, **{"X-Baton-Signature": sign}).json["taken"]


def test_what_comes_in_may_be_anything(baton: Any, met: Met, secret: None) -> None:
    for raw in (b"", b"\0" * 1000, b"\xff\xfe" * 500, b"From: x\r\n\r\nhello", os.urandom(5000), b"BEGIN:VCALENDAR"):
        assert post(baton, raw).json["taken"] is False
    assert post(baton, b"x" * 2_000_001).status_code == 413
    assert baton.client("notifications").get("/notifications/webhooks/mail").status_code == 405


def test_times_are_those_of_the_reader(baton: Any, met: Met) -> None:
    [ada], [bo] = mails(baton, met.ada, met.first), mails(baton, met.bo, met.first)
    assert "Tue 12 Jan 2027, 18:30 (Toronto)" in ada["subject"] and "Wed 13 Jan 2027, 05:00 (Kolkata)" in bo["subject"]
    assert calendar_in(ada)[0]["DTSTART"].dt.astimezone(UTC) == calendar_in(bo)[0]["DTSTART"].dt.astimezone(UTC)
    assert config.current().base_url in ada["text"]


def test_who_does_not_come_is_not_told_who_leads(baton: Any, met: Met) -> None:
    with db.write("sessions") as tx:
        answering.answer(tx, met.first, met.bo, "cannot", "link")
    met.lead(met.ada)
    baton.tick()
    assert kinds(baton, met.ada, met.first) == ["invite", "invite-update"]
    assert kinds(baton, met.bo, met.first) == ["invite"]
    # Once they come after all, they are told; and another time is told to everybody.
    with db.write("sessions") as tx:
        answering.answer(tx, met.first, met.bo, "coming", "link")
    baton.tick()
    assert kinds(baton, met.bo, met.first) == ["invite", "invite-update"]
    with db.write("sessions") as tx:
        answering.answer(tx, met.first, met.bo, "cannot", "link")
    move(met.first)
    baton.tick()
    assert kinds(baton, met.bo, met.first) == ["invite", "invite-update", "invite-update"]
    settled(baton)


def test_what_changes_within_a_few_minutes_is_one_mail(baton: Any, met: Met, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "FOLD", timedelta(minutes=5))

    move(met.first)
    baton.pass_time(minutes=2)
    baton.tick()
    with db.write("sessions") as tx:
        seats.put(tx, seats.hold(tx, met.first), "coordinator", met.ada, TurnState.ACCEPTED, "system")
    baton.tick()
    assert kinds(baton, met.bo, met.first) == ["invite"]
    baton.pass_time(minutes=3)
    baton.tick()
    assert kinds(baton, met.bo, met.first) == ["invite", "invite-update"]
    assert "has changed: time, coordinator." in mails(baton, met.bo, met.first)[-1]["text"]
    # Changed and changed back: nobody hears of it. A day before, everybody hears at once.
    was = met.sessions()[0]
    move(met.first, day="2027-01-15")
    move(met.first, day=was["day"], time=was["time"])
    baton.pass_time(minutes=5)
    baton.tick()
    assert len(mails(baton, met.bo, met.first)) == 2
    baton.pass_time(days=(was["starts_at"] - clock.now()).days, hours=-1)
    move(met.first, day=was["day"], time="19:30")
    baton.tick()
    assert (
        kinds(baton, met.bo, met.first)[-1] == "invite-update"
        and "19:30" in mails(baton, met.ada, met.first)[-1]["text"]
    )
    settled(baton)


def test_the_link_of_an_older_mail_says_that_the_session_was_moved(baton: Any, met: Met) -> None:
    former = link(mails(baton, met.ada, met.first)[0])
    client = baton.client("sessions")
    assert "It was moved" not in client.get(former).text
    move(met.first, day="2027-01-14", time="19:00")
    baton.tick()
    shown = client.get(former).text
    assert "It was moved since that mail was written" in shown and "Tue 12 Jan 2027, 18:30" in shown
    assert "Thu 14 Jan 2027, 19:00" in shown
    assert "It was moved" not in client.get(link(mails(baton, met.ada, met.first)[-1])).text
    settled(baton)
