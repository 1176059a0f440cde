"""Reminders of a session, and the feeds of calendars."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

from services.sessions import items, minutes
from services.sessions.invites import answering, reminding
from services.sessions.meetings import changing
from services.signup import people
from shared import db, tokens
from tests import calendars
from tests.circles import do, join, settled
from tests.integration.test_meetings import days
from tests.inviting import Met, calendar_in, kinds, mails, move, pass_to, signed_in

# ---- reminders ----


def test_reminders_go_out_once_and_not_to_who_cannot(baton: Any, met: Met) -> None:
    first, starts = met.first, met.sessions()[0]["starts_at"]
    with db.write("sessions") as tx:
        answering.answer(tx, first, met.bo, "cannot", "page")
        answering.answer(tx, first, met.ada, "coming", "page")
    for before, expected in ((73, 0), (71, 1), (50, 1), (3, 1), (1, 2)):
        pass_to(starts - timedelta(hours=before))
        baton.tick()
        baton.tick()
        assert kinds(baton, met.ada, first).count("reminder") == expected, before
    assert "reminder" not in kinds(baton, met.bo, first)
    early, late = (row for row in mails(baton, met.ada, first) if row["kind"] == "reminder")
    assert "in three days" in early["text"] and "You said that you are coming" in early["text"]
    assert late["subject"].startswith("In two hours") and late["deadline"] == starts
    settled(baton)


def test_a_newcomer_who_was_just_invited_is_not_reminded_the_same_day(baton: Any, met: Met) -> None:
    """GIVEN somebody who joins three days and an hour before a session THEN their invite is enough; who was invited
    before is reminded, and both two hours before
    """
    starts = met.sessions()[0]["starts_at"]
    pass_to(starts - timedelta(hours=73))
    baton.tick()
    cy = join(baton, "Cy")
    baton.tick()
    assert kinds(baton, cy, met.first)[:1] == ["invite"]
    pass_to(starts - timedelta(hours=71))
    baton.tick()
    assert "reminder" not in kinds(baton, cy, met.first) and kinds(baton, met.ada, met.first)[-1] == "reminder"
    pass_to(starts - timedelta(hours=1))
    baton.tick()
    assert kinds(baton, cy, met.first)[-1] == "reminder"
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
    pass_to(met.sessions()[0]["starts_at"] - timedelta(hours=71))
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
    pass_to(met.sessions()[0]["starts_at"] - timedelta(hours=1))
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
    pass_to(met.sessions()[0]["starts_at"] - timedelta(hours=71))
    baton.tick()
    assert "/sessions/lead/" in mails(baton, met.ada, met.first)[-1]["html"]
    assert "/sessions/lead/" not in mails(baton, met.bo, met.first)[-1]["html"]


def test_a_session_that_moves_is_reminded_of_again_but_not_at_once(baton: Any, met: Met) -> None:
    first, starts = met.first, met.sessions()[0]["starts_at"]
    pass_to(starts - timedelta(hours=60))
    baton.tick()
    assert kinds(baton, met.ada, first) == ["invite", "reminder"]
    move(first, "2027-01-13")
    baton.tick()
    assert kinds(baton, met.ada, first) == ["invite", "reminder", "invite-update"]
    pass_to(met.sessions()[0]["starts_at"] - timedelta(hours=71))
    baton.tick()
    assert kinds(baton, met.ada, first) == ["invite", "reminder", "invite-update", "reminder"]
    move(first, "2027-01-12", "12:00")
    baton.tick()
    baton.pass_time(minutes=11)
    baton.tick()
    assert kinds(baton, met.ada, first)[4:] == ["invite-update"], "the mail of the change is reminder enough"


def test_reminders_at_once_are_one(baton: Any, met: Met) -> None:
    pass_to(met.sessions()[0]["starts_at"] - timedelta(hours=1))
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
