"""Nothing that is due by program time is jumped over by who asks when that is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.sessions import models
from shared import clock, config, db, schedule
from tests import turns

SERVICES = config.SERVICES


def step(baton: Any) -> datetime:
    """Go to the next moment that any service names, and do what is due there."""
    moments = [schedule.upcoming(service) for service in SERVICES]
    at = min(moment for moment in moments if moment is not None)
    assert at > clock.now()
    clock.advance(at - clock.now())
    baton.tick()
    assert not [service for service in SERVICES if schedule.behind(service)], "a tick does all that is due"
    return at


def when(baton: Any) -> dict[tuple[str, str], datetime]:
    """When each thing was told."""
    days = {row["id"]: row["day"] for row in baton.rows("sessions", "session")}
    return {(days[row["session"]], row["what"]): row["at"] for row in baton.rows("sessions", "told")}


def test_steps_from_moment_to_moment_come_in_time_for_everything(baton: Any) -> None:
    """GIVEN a circle nobody of which answers WHEN a fortnight passes by steps THEN everything came in its time"""
    turns.circle(baton, "Ada", "Bo", sessions=2, first=timedelta(days=8, hours=3))
    first, second = turns.sessions(baton, baton.rows("sessions", "circle", name="Circle of stream1")[0]["id"])
    end, stops = first["ends_at"] + timedelta(days=4), []
    while clock.now() < end:
        stops.append(step(baton))

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
    assert len(stops) < 14 * 12, "few stops: not one for each look"


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
