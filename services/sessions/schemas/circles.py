"""What sessions' JSON API takes and answers."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from shared.api import Given

REASON: dict[str, Any] = {"load_default": "", "validate": validate.Length(max=1000)}


def _text(description: str, **given: Any) -> fields.String:
    return fields.String(metadata={"description": description}, **given)


class Named(Schema):
    """A circle, by name."""

    id = fields.String()
    name = fields.String()
    stream = _text("slug of the stream")


class Circle(Named):
    """A circle in a list."""

    state = _text("meets, needs dates, nobody in it, closed")
    count = fields.Integer(metadata={"description": "present members"})
    most = fields.Integer(allow_none=True, metadata={"description": "members at most; null: as the policy says"})
    next = fields.AwareDateTime(allow_none=True, metadata={"description": "its next session"})


class Circles(Schema):
    """All open circles."""

    circles = fields.List(fields.Nested(Circle))


class Fellow(Schema):
    """Somebody in the same circle."""

    id = fields.String()
    name = fields.String()
    timezone = fields.String()


class Member(Fellow):
    """A present member of a circle."""

    since = fields.AwareDateTime()


class Session(Schema):
    """One session. The wall time and the zone are the truth, the instants follow."""

    id = fields.String()
    day = _text("local date in its zone")
    time = _text("wall time in its zone, HH:MM")
    zone = fields.String()
    minutes = fields.Integer()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    link = fields.String(allow_none=True)
    location = fields.String(allow_none=True)
    state = fields.String()
    sequence = fields.Integer(metadata={"description": "send it back as `seen` with a change"})
    warning = _text("what a clock change does to it; mostly empty")


class Series(Given):
    """When a circle meets."""

    first = _text("local date of the first session, from which on it holds", required=True)
    time = _text("wall time, HH:MM", required=True)
    other_time = _text("of every second session", load_default="", allow_none=True)
    zone = _text("IANA name", required=True)
    weeks = fields.Integer(required=True, metadata={"description": "1 to 52"})
    minutes = fields.Integer(required=True, metadata={"description": "at most 90"})
    link = _text("http or https", load_default="", allow_none=True)
    location = fields.String(load_default="", allow_none=True)


class Wanted(Series):
    """A series to be; with `preview` nothing is saved."""

    reason = fields.String(**REASON)
    seen = _text("`series_id` as you know it, so that nobody's change is lost", load_default=None, allow_none=True)
    preview = fields.Boolean(load_default=False)


class Moment(Schema):
    """An entry of a circle's journal."""

    id = fields.String()
    verb = fields.String()
    words = fields.String()
    detail = fields.String()
    reason = fields.String()
    by = fields.String()
    at = fields.AwareDateTime()
    undone_at = fields.AwareDateTime(allow_none=True)
    can_undo = fields.Boolean()


class CircleWhole(Circle):
    """One circle with everything."""

    members = fields.List(fields.Nested(Member))
    series = fields.Nested(Series, allow_none=True)
    series_id = _text("names the present series, `none` without one")
    sessions = fields.List(fields.Nested(Session))
    journal = fields.List(fields.Nested(Moment))


class Becomes(Schema):
    """A session that a change of series takes along."""

    id = fields.String()
    was = fields.AwareDateTime()
    starts_at = fields.AwareDateTime()


class Clash(Schema):
    """Another session, and the names of those who have it at that time."""

    name = fields.String()
    starts_at = fields.AwareDateTime()
    people = fields.List(fields.String())


class Plan(Schema):
    """What a change of series does, or did."""

    series = _text("id of the new series; null in a preview", allow_none=True)
    changes = fields.List(fields.Nested(Becomes))
    cancels = fields.List(fields.String())
    stays = fields.List(fields.String(), metadata={"description": "sessions that stay skipped"})
    adds = fields.List(fields.AwareDateTime())
    warnings = fields.List(fields.String())
    clashes = fields.List(fields.Nested(Clash))


class Skip(Given):
    """Leave out one date."""

    reason = fields.String(**REASON)
    seen = fields.Integer(load_default=None, allow_none=True, metadata={"description": "its `sequence`"})


class MoveDate(Skip):
    """Another date or hour for one session."""

    day = fields.String(required=True)
    time = fields.String(required=True)
    preview = fields.Boolean(load_default=False)


class Split(Given):
    """Groups of persons; the first keeps the circle. Without groups: as proposed."""

    groups = fields.List(fields.List(fields.String()), load_default=None)
    count = fields.Integer(load_default=2, validate=validate.Range(2, 9))
    reason = fields.String(**REASON)
    preview = fields.Boolean(load_default=False)


class Groups(Schema):
    """How a circle is, or would be, split."""

    groups = fields.List(fields.List(fields.String()))
    circles = fields.List(fields.String(), metadata={"description": "ids of the new ones; empty in a preview"})


class Merge(Given):
    """Everybody into another circle."""

    into = fields.String(required=True)
    reason = fields.String(**REASON)


class Place(Given):
    """One person into a circle."""

    person = fields.String(required=True)
    reason = fields.String(**REASON)


class Settings(Given):
    """Name and size of a circle."""

    name = fields.String(required=True)
    most = fields.Integer(load_default=None, allow_none=True)


class Policy(Given):
    """Sizes and places: by stream, null where there is no cap."""

    most = fields.Integer(required=True)
    places = fields.Dict(keys=fields.String(), values=fields.Integer(allow_none=True), load_default=dict)


class InLine(Schema):
    """Somebody who waits."""

    position = fields.Integer()
    person = fields.String()
    name = fields.String()
    stream = fields.String()
    since = fields.AwareDateTime()
    offered_until = fields.AwareDateTime(allow_none=True)


class Line(Schema):
    """Who waits for a place, in order."""

    line = fields.List(fields.Nested(InLine))


class OwnSession(Session):
    """A session of the reader's."""

    circle = fields.String(allow_none=True)
    coordinator = fields.String(allow_none=True)
    mentor = fields.String(allow_none=True)
    answer = _text("coming, cannot; null: none", allow_none=True)
    can_answer = fields.Boolean(metadata={"description": "at /sessions/<id>/answer"})


class Mine(Schema):
    """Where the reader is: in a circle, in line, or neither."""

    circle = fields.Nested(Named, allow_none=True)
    position = fields.Integer(allow_none=True)
    members = fields.List(fields.Nested(Fellow))
    sessions = fields.List(fields.Nested(OwnSession))


class Said(Schema):
    """What was done."""

    done = fields.String()


class Moved(Said):
    """What became of a session, and who has something else at its new time."""

    clashes = fields.List(fields.Nested(Clash))
