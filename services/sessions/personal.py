"""What sessions holds about one person, for their download."""

from __future__ import annotations

from shared import personal

from .models import (
    SERVICE,
    absence,
    attendance,
    checkin,
    item,
    no_talks,
    person,
    place,
    pool,
    remark,
    rsvp,
    standing,
    turn,
    waiting,
)  # fmt: skip

personal.table(SERVICE, "person", person.c.id)
personal.table(SERVICE, "pool", pool.c.person)
personal.table(SERVICE, "places", place.c.person, latest=place.c.since)
personal.table(SERVICE, "waiting", waiting.c.person)
personal.table(SERVICE, "turns", turn.c.person, without=["why"], latest=turn.c.created_at)  # why weighs others, too
personal.table(SERVICE, "standings", standing.c.person)
personal.table(SERVICE, "absences", absence.c.person, latest=absence.c.created_at)
personal.table(SERVICE, "answers", rsvp.c.person, latest=rsvp.c.at)
personal.table(SERVICE, "remarks", remark.c.person, latest=remark.c.at)
personal.table(SERVICE, "attendance", attendance.c.person, latest=attendance.c.at)
personal.table(SERVICE, "check-ins", checkin.c.person, latest=checkin.c.asked_at)
personal.table(SERVICE, "items", item.c.owner, latest=item.c.created_at)
personal.table(SERVICE, "no talks", no_talks.c.person, latest=no_talks.c.at)
