"""Nothing that is due by program time is jumped over by who asks when that is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.sessions import minutes, models
from services.sessions.circles import placing
from services.signup import people
from services.signup import schedule as signup_schedule
from services.signup.models import person as people_table
from shared import clock, config, db, schedule, worker
from tests import turns

SERVICES = config.SERVICES


Looked = dict[str, dict[str, datetime]]


def step(baton: Any, looked: Looked | None = None) -> datetime:
    """Go to the next moment that any service names, and do what is due there; in a hurry, only where something is."""
    moments = [schedule.upcoming(service) for service in SERVICES]
    at = min(moment for moment in moments if moment is not None)
    assert at > clock.now()
    clock.advance(at - clock.now())
    if looked is not None:
        while late := {name: found for name in SERVICES if (found := schedule.survey(name, looked[name]).late)}:
            for service, jobs in late.items():
                worker.app.tasks[f"{service}.tick"].run(jobs)
            baton.drain()
        return at
    baton.tick()
    assert not [job for service in SERVICES for job in schedule.behind(service)], "a tick does all that is due"
    return at


def when(baton: Any) -> dict[tuple[str, str], datetime]:
    """When each thing was told."""
    days = {row["id"]: row["day"] for row in baton.rows("sessions", "session")}
    return {(days[row["session"]], row["what"]): row["at"] for row in baton.rows("sessions", "told")}


@pytest.mark.parametrize("hurried", [False, True])
def test_steps_from_moment_to_moment_come_in_time_for_everything(baton: Any, hurried: bool) -> None:
    """GIVEN a circle nobody of which answers WHEN a fortnight passes by steps THEN everything came in its time, also
    where no tick is waited for that has nothing to do
    """
    looked: Looked | None = {service: {} for service in SERVICES} if hurried else None
    turns.circle(baton, "Ada", "Bo", sessions=2, first=timedelta(days=8, hours=3))
    first, second = turns.sessions(baton, baton.rows("sessions", "circle", name="Circle of stream1")[0]["id"])
    end, stops = first["ends_at"] + timedelta(days=4), []
    while clock.now() < end:
        stops.append(step(baton, looked))

    told = when(baton)
    begins = first["starts_at"]
    assert told[first["day"], "open-coordinator"] - (begins - timedelta(days=2)) < timedelta(minutes=5)
    assert told[first["day"], "reminder-72"] - (begins - timedelta(hours=72)) < timedelta(minutes=10)
    assert told[first["day"], "reminder-2"] - (begins - timedelta(hours=2)) < timedelta(minutes=5)
    assert told[first["day"], "late-organizers"] - (first["ends_at"] + timedelta(hours=72)) < timedelta(minutes=10)
    rows = baton.rows("sessions", "turn", session=first["id"], role="coordinator")
    assert {row["state"] for row in rows} == {"lapsed"} and len(rows) == 2
    [later] = [row for row in rows if row["offered_at"] > min(each["offered_at"] for each in rows)]
    before = min(row["answer_by"] for row in rows)
    assert timedelta(0) <= later["offered_at"] - before < timedelta(minutes=5), "asked when the first had lapsed"
    again = baton.rows("sessions", "turn", session=second["id"], role="coordinator")
    assert timedelta(0) <= again[0]["offered_at"] - first["ends_at"] < timedelta(minutes=5)
    assert len(stops) < 14 * 2, "few stops: none for a look that finds nothing to do"
    idle = len(baton.rows("signup", "run", job="people.erase"))
    assert (idle == 1) is hurried, "nobody was to be erased: one look tells"


def test_a_moment_is_rounded_up_to_the_look_that_sees_it(baton: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(schedule, "_jobs", {})
    monkeypatch.setattr(schedule, "_at_ticks", {})
    now = clock.now()
    due: list[datetime | None] = [now + timedelta(minutes=61, seconds=1)]
    seen: list[datetime] = []

    def asked(_tx: Any, since: datetime) -> datetime | None:
        seen.append(since)
        return due[0]

    schedule.job("sessions", "one", schedule.every(timedelta(minutes=10), asked))(lambda tx, period: None)
    assert schedule.upcoming("sessions") == now + timedelta(minutes=70)
    assert seen == [now], "asked from the beginning of the present period on"
    due[0] = now
    assert schedule.upcoming("sessions") == now + timedelta(minutes=10), "at once is at the next look"
    due[0] = now + timedelta(minutes=20)
    assert schedule.upcoming("sessions") == now + timedelta(minutes=20), "what is due as a period begins is seen then"
    due[0] = None
    assert schedule.upcoming("sessions") is None
    schedule.at_tick("sessions", lambda _tx, since: now + timedelta(seconds=7))
    assert schedule.upcoming("sessions") == now + timedelta(seconds=7), "ticks are not rounded"
    schedule.job("sessions", "two", schedule.daily(8, lambda tx: "UTC"))(lambda tx, period: None)
    assert schedule.behind("sessions"), "nothing has run so far"
    schedule.tick("sessions")
    assert not schedule.behind("sessions")
    baton.pass_time(seconds=7)
    assert schedule.behind("sessions"), "the tick's own moment has come"


@pytest.mark.parametrize("service", SERVICES)
def test_asking_changes_nothing(baton: Any, service: str) -> None:
    turns.circle(baton, "Ada", "Bo")
    with db.write("sessions") as tx:
        tx.execute(
            sa.insert(models.unannounced).values(id=db.new_id(), circle="c", due=datetime(2030, 1, 1, tzinfo=UTC))
        )
    before = baton.dump()
    schedule.upcoming(service)
    schedule.behind(service)
    assert baton.dump() == before


def test_an_application_is_reminded_and_purged_in_its_hour(baton: Any) -> None:
    """GIVEN somebody who never confirms WHEN time is stepped THEN the reminder and the end come within their hour"""
    applied = clock.now()
    typed = {"name": "Ada", "email": "ada@example.org", "stream": "stream1", "timezone": "UTC", "charter": "1"}
    with db.write("signup") as tx:
        people.apply(tx, {**typed, "answers": {}})
    baton.drain()
    baton.tick()  # the first of all, at which digests begin
    seen: dict[str, datetime] = {}
    while clock.now() < applied + timedelta(days=15):
        step(baton)
        for row in baton.rows("notifications", "mail", kind="confirm-reminder"):
            seen.setdefault("reminded", row["created_at"])
        if not baton.rows("signup", "person", email="ada@example.org"):
            seen.setdefault("expired", clock.now())
    assert timedelta(0) <= seen["reminded"] - applied - timedelta(days=3) < timedelta(hours=1)
    assert timedelta(0) <= seen["expired"] - applied - timedelta(days=14) < timedelta(hours=1)
    with db.read("signup") as tx:
        assert signup_schedule.next_summary(tx, applied) is None, "nobody is there any more to tell of"


def test_organizers_hear_of_an_application_on_the_morning_after(baton: Any) -> None:
    """GIVEN somebody applied WHEN time is stepped THEN the summary has its moment, once, and days without have none"""
    applied = clock.now()
    typed = {"name": "Ada", "email": "ada@example.org", "stream": "stream1", "timezone": "UTC", "charter": "1"}
    with db.write("signup") as tx:
        people.apply(tx, {**typed, "answers": {}})
    zone = signup_schedule._zone
    with db.read("signup") as tx:
        due = signup_schedule.next_summary(tx, applied)
        assert due is not None and applied < due <= applied + timedelta(days=1)
        assert due.astimezone(clock.zone(zone(tx))).hour == 0, "the day on which they applied is over"
        period = schedule.daily(8, zone, signup_schedule.next_summary)
        assert period.upcoming(tx, applied) == due + timedelta(hours=8)
        assert period.begun(tx, due + timedelta(hours=7)) < due < period.begun(tx, due + timedelta(hours=9))
        assert period.upcoming(tx, due + timedelta(hours=9)) is None, "it was told of"
        assert schedule.daily(3, zone, schedule.never).upcoming(tx, applied) is None


def test_each_service_knows_its_own_moments(baton: Any) -> None:
    """What else is due by program time: an erasure, an offered place, a rest that is over, minutes that are final."""
    now = clock.now()
    later = [now + timedelta(days=days, minutes=1) for days in range(1, 9)]
    where = turns.circle(baton, "Ada", "Bo", sessions=2, first=timedelta(days=60))
    first, second = (row["id"] for row in turns.sessions(baton, where))
    with db.write("signup") as tx:
        tx.execute(sa.update(people_table).values(erase_after=later[0]))
    with db.write("sessions") as tx:
        line = {"stream": "stream1", "since": now}
        tx.execute(sa.insert(models.waiting).values(person="a", number=1, offered_until=later[1], **line))
        tx.execute(sa.insert(models.waiting).values(person="b", number=2, rests_until=later[2], **line))
        text = {"agenda": "", "agenda_version": 1, "text": "x", "version": 1, "saved_at": now, "saved_by": "system"}
        published = {"published_at": now + timedelta(days=2), "published_by": "system"}
        published["reopened_until"] = later[6]
        tx.execute(sa.insert(models.minutes).values(session=first, **text, **published))
        tx.execute(sa.update(models.session).where(models.session.c.id == first).values(state="minuted"))
        tx.execute(
            sa.update(models.session).where(models.session.c.id == second).values(state="held", ends_at=later[5])
        )
    with db.read("signup") as tx:
        assert signup_schedule.next_erasure(tx, now) == later[0]
        assert signup_schedule.next_erasure(tx, later[0]) is None, "what is over is not due"
    with db.read("sessions") as tx:
        assert placing.next_lapse(tx, now) == later[1] and placing.next_lapse(tx, later[1]) == later[2]
        assert minutes.next_overdue(tx, now) == now + timedelta(days=4)
        assert minutes.next_overdue(tx, now + timedelta(days=4)) == later[6], "an organizer opened them again"
        assert minutes.next_late(tx, now) == later[5] + timedelta(hours=24)
        assert minutes.next_late(tx, later[5] + timedelta(hours=24)) == later[5] + timedelta(hours=72)
        assert minutes.next_end(tx, now) is None, "none of them lies ahead"
