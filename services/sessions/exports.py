"""What sessions owns, for taking along: circles, who is and was in them, who waits, series, sessions, the journal,
minutes, attendance, action items, links."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import export
from shared.export import Row, part

from .models import (
    SERVICE,
    absence,
    attendance,
    change,
    checkin,
    circle,
    gathering,
    item,
    minutes,
    person,
    place,
    resource,
    rsvp,
    series,
    session,
    turn,
    waiting,
)  # fmt: skip


@part(SERVICE, "circles", "All circles, closed ones too.", [c.name for c in circle.c if c.name != "feed"])
def circles(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(circle).order_by(circle.c.created_at, circle.c.id))


@part(
    SERVICE, "places", "Who is, and was, in which circle.", ["person", "name", "circle", "since", "until", "how", "by"]
)
def places(tx: Connection) -> Iterator[Row]:
    query = sa.select(place, person.c.name).outerjoin(person, person.c.id == place.c.person)
    yield from export.table(tx, query.order_by(place.c.since, place.c.id))


@part(SERVICE, "waiting", "Who waits for a place, in order.", ["person", "name", "stream", "since", "offered_until"])
def line(tx: Connection) -> Iterator[Row]:
    query = sa.select(waiting, person.c.name).outerjoin(person, person.c.id == waiting.c.person)
    yield from export.table(tx, query.order_by(waiting.c.stream, waiting.c.number))


@part(SERVICE, "series", "When circles meet, and met.", [c.name for c in series.c])
def rhythms(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(series).order_by(series.c.first, series.c.id))


@part(SERVICE, "sessions", "All sessions, held, planned and skipped.", [c.name for c in session.c])
def meetings(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(session).order_by(session.c.starts_at, session.c.id))


@part(SERVICE, "answers", "Who said that they come to which session, or cannot.", [c.name for c in rsvp.c])
def answers(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(rsvp).order_by(rsvp.c.session, rsvp.c.person))


@part(SERVICE, "gatherings", "Monthly meetings and talks, and their notes.", [c.name for c in gathering.c])
def gatherings(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(gathering).order_by(gathering.c.created_at, gathering.c.id))


@part(SERVICE, "changes", "What organizers changed in circles, and why.", [c.name for c in change.c])
def changes(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(change).order_by(change.c.at, change.c.id))


_WHEN = [session.c.id.label("session"), session.c.day, circle.c.name.label("circle"), circle.c.stream]
_MINUTES = "session day circle stream state text agenda published_at published_by gaps".split()
_ATTENDANCE = "session day circle stream person name present by at".split()
_ITEMS = "id session day circle stream owner name text due state moves created_at changed_at by".split()
_RESOURCES = "stream url title session day at hidden_at".split()


@part(SERVICE, "minutes", "What sessions left behind: agenda and minutes as Markdown.", _MINUTES)
def the_minutes(tx: Connection) -> Iterator[Row]:
    whole = sa.join(session, minutes, minutes.c.session == session.c.id).outerjoin(circle)
    query = sa.select(*_WHEN, session.c.state, session.c.gaps, minutes.c.text, minutes.c.agenda,
                      minutes.c.published_at, minutes.c.published_by).select_from(whole)  # fmt: skip
    yield from export.table(tx, query.order_by(session.c.starts_at, session.c.id))


@part(SERVICE, "attendance", "Who was at which session.", _ATTENDANCE)
def who_was_there(tx: Connection) -> Iterator[Row]:
    whole = sa.join(attendance, session, attendance.c.session == session.c.id).outerjoin(circle)
    whole = whole.outerjoin(person, person.c.id == attendance.c.person)
    own = [attendance.c[name] for name in "person present by at".split()]
    query = sa.select(*_WHEN, *own, person.c.name).select_from(whole)
    yield from export.table(tx, query.order_by(session.c.starts_at, session.c.id, attendance.c.person))


@part(SERVICE, "items", "Action items, whatever became of them.", _ITEMS)
def action_items(tx: Connection) -> Iterator[Row]:
    own = [item.c[name] for name in "id owner text due state moves created_at changed_at by".split()]
    whole = sa.join(item, session, item.c.session == session.c.id).outerjoin(circle, circle.c.id == item.c.circle)
    whole = whole.outerjoin(person, person.c.id == item.c.owner)
    query = sa.select(*_WHEN, *own, person.c.name).select_from(whole)
    yield from export.table(tx, query.order_by(item.c.created_at, item.c.id))


@part(SERVICE, "resources", "Links that were shared in minutes.", _RESOURCES)
def shared_links(tx: Connection) -> Iterator[Row]:
    own = [resource.c[name] for name in "stream url title session at hidden_at".split()]
    whole = sa.join(resource, session, resource.c.session == session.c.id)
    query = sa.select(session.c.day, *own).select_from(whole)
    yield from export.table(tx, query.order_by(resource.c.stream, resource.c.at, resource.c.id))


_TURNS = "id session day circle stream role person name state created_at offered_at answer_by answered_at by".split()
_ABSENCES = "id person name role first last by created_at withdrawn_at".split()


@part(SERVICE, "turns", "Who was asked to coordinate or mentor which session, and what became of it.", _TURNS)
def all_turns(tx: Connection) -> Iterator[Row]:
    whole = sa.join(turn, session, turn.c.session == session.c.id).outerjoin(circle, circle.c.id == turn.c.circle)
    whole = whole.outerjoin(person, person.c.id == turn.c.person)
    own = [turn.c[name] for name in "id role person state created_at offered_at answer_by answered_at by".split()]
    named = [
        session.c.id.label("session"),
        session.c.day,
        circle.c.name.label("circle"),
        circle.c.stream,
        person.c.name,
    ]
    query = sa.select(*named, *own).select_from(whole).where(turn.c.state != "proposed")
    yield from export.table(tx, query.order_by(session.c.starts_at, turn.c.created_at, turn.c.id))


@part(SERVICE, "absences", "Days on which people said that they cannot.", _ABSENCES)
def all_absences(tx: Connection) -> Iterator[Row]:
    whole = sa.outerjoin(absence, person, person.c.id == absence.c.person)
    own = [absence.c[name] for name in "id person role first last by created_at withdrawn_at".split()]
    yield from export.table(
        tx, sa.select(*own, person.c.name).select_from(whole).order_by(absence.c.first, absence.c.id)
    )


_CHECKINS = "id person name circle session asked_at answer_by answer answered_at".split()


@part(SERVICE, "checkins", "Who fell silent and was asked if they are still with us.", _CHECKINS)
def all_checkins(tx: Connection) -> Iterator[Row]:
    whole = sa.outerjoin(checkin, person, person.c.id == checkin.c.person)
    own = [checkin.c[name] for name in _CHECKINS if name != "name"]
    query = sa.select(*own, person.c.name).select_from(whole)
    yield from export.table(tx, query.order_by(checkin.c.asked_at, checkin.c.id))
