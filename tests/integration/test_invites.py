"""Invites, updates and ends of a session: who is told what, once, and what calendars make of it."""

from __future__ import annotations

import email
import os
import re
import threading
from datetime import UTC, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.notifications.mail import ledger, sending, smtp
from services.notifications.models import mail
from services.sessions.circles import journal, moving
from services.sessions.invites import answering, due, telling
from services.sessions.meetings import asking, changing
from services.sessions.rules.states import TurnState
from services.sessions.turns import seats
from services.signup import people
from shared import clock, config, db
from tests import calendars
from tests.circles import do, join, settled, signup
from tests.integration.test_meetings import SERIES, days
from tests.inviting import GOLDEN, Met, calendar_in, kinds, link, mails, move, pass_to, told
from tests.smtp import Server

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
        assert not [row for row in baton.rows("sessions", "unannounced") if row["due"] <= clock.now()]
        baton.tick()
    assert len(mails(baton, met.ada)) == len(mails(baton, met.bo)) == 3
    # Something was changed without a word: within the hour it is told
    with db.write("sessions") as tx:
        tx.execute(sa.text("UPDATE session SET location = 'Room 9' WHERE id = :id"), {"id": first})
    baton.pass_time(hours=1)
    baton.tick()
    assert kinds(baton, met.ada) == kinds(baton, met.bo) == ["invite"] * 3 + ["invite-update"]
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
    pass_to(met.sessions()[0]["starts_at"] - timedelta(hours=70))
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
    return re.sub(r"(/rsvp/|/enter/|/lead/|/item/|/preferences/)[\w.-]+", r"\1TOKEN", whole).encode()


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
    monkeypatch.setattr(due, "FREED", timedelta(hours=1))

    def seat(person: str, state: TurnState, of: str = "") -> None:
        with db.write("sessions") as tx:
            held = seats.hold(tx, of or met.first)
            seats.put(tx, held, "coordinator", person, state, "system")
            seats.settle(tx, held)  # planned again, or confirmed: no news of its own

    move(met.first, reason="Half of us travel")
    baton.pass_time(minutes=2)
    baton.tick()
    seat(met.ada, TurnState.ACCEPTED)
    baton.tick()
    assert kinds(baton, met.bo, met.first) == ["invite"]
    baton.pass_time(minutes=3)
    baton.tick()
    assert kinds(baton, met.bo, met.first) == ["invite", "invite-update"]
    assert "has changed: time, coordinator." in mails(baton, met.bo, met.first)[-1]["text"]
    # A seat that becomes free waits for who takes it: one update.
    before = mails(baton, met.bo, met.first)
    seat(met.ada, TurnState.RELEASED)
    second = met.sessions()[1]["id"]
    seat(met.ada, TurnState.ACCEPTED, second)  # as when two dates are swapped: this one is told
    baton.pass_time(minutes=40)
    with db.write("sessions") as tx:
        telling.overlooked(tx)  # which this is not
    baton.tick()
    assert len(mails(baton, met.bo, met.first)) == len(before)
    assert kinds(baton, met.bo, second) == ["invite", "invite-update"]
    seat(met.bo, TurnState.ACCEPTED)
    baton.pass_time(minutes=5)
    baton.tick()
    after = mails(baton, met.bo, met.first)
    assert len(after) == len(before) + 1 and "Coordinator: you" in after[-1]["text"]
    assert "Half of us travel" in before[-1]["text"] and "Half of us travel" not in after[-1]["text"], "why it moved"
    assert after[-1]["rank"] > before[-1]["rank"]
    seat(met.bo, TurnState.RELEASED)  # and nobody takes it
    baton.pass_time(hours=1)
    baton.tick()
    assert len(mails(baton, met.bo, met.first)) == len(after) + 1
    # Changed and changed back: nobody hears of it. A day before, everybody hears at once.
    was = met.sessions()[0]
    move(met.first, day="2027-01-15")
    move(met.first, day=was["day"], time=was["time"])
    baton.pass_time(minutes=5)
    baton.tick()
    assert len(mails(baton, met.bo, met.first)) == len(after) + 1
    baton.pass_time(days=(was["starts_at"] - clock.now()).days, hours=-1)
    move(met.first, day=was["day"], time="19:30")
    baton.tick()
    assert (
        kinds(baton, met.bo, met.first)[-1] == "invite-update"
        and "19:30" in mails(baton, met.ada, met.first)[-1]["text"]
    )
    # In its last hour a free seat is told at once, though the circle is to be looked at again when it begins.
    seat(met.bo, TurnState.ACCEPTED)
    baton.tick()
    baton.pass_time(seconds=(met.sessions()[0]["starts_at"] - clock.now()).total_seconds() - 2400)
    baton.tick()
    told = len(mails(baton, met.ada, met.first))
    seat(met.bo, TurnState.RELEASED)
    baton.tick()
    assert len(mails(baton, met.ada, met.first)) == told + 1
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
