"""The pool of mentors, and goals that members reached."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.api import Given, instant


class GuestGiven(Given):
    """Whom to ask."""

    name = fields.String(required=True)
    email = fields.String(required=True, metadata={"format": "email"})
    streams = fields.List(fields.String(), required=True, metadata={"description": "slugs of where they would mentor"})


class Mentor(Schema):
    """Somebody who is, was or shall be in the pool."""

    id = fields.String()
    name = fields.String()
    email = fields.String()
    kind = fields.String(metadata={"enum": ["guest", "alumni", "organizer"]})
    state = fields.String(attribute="pool", metadata={"enum": ["asked", "agreed", "declined", "left", "removed"]})
    streams = fields.List(fields.String(), attribute="mentors")
    since = instant(attribute="pool_at")


class Mentors(Schema):
    """All of them by name; not paged."""

    mentors = fields.List(fields.Nested(Mentor))


class Mentoring(Schema):
    """Whether the reader may be asked to mentor from the pool."""

    state = fields.String(attribute="pool", allow_none=True, metadata={"description": "null: nothing was ever said"})
    streams = fields.List(fields.String(), attribute="pool_streams", allow_none=True)


class MentoringGiven(Given):
    """Where they may be asked."""

    streams = fields.List(fields.String(), required=True, metadata={"description": "slugs"})


class GoalGiven(Given):
    """That a goal was reached, in words if they like."""

    words = fields.String(load_default="", validate=validate.Length(max=10_000))
    shared = fields.Boolean(load_default=False, metadata={"description": "others may be told, with words and name"})


class Goal(Schema):
    """A goal that was reached."""

    id = fields.String()
    stream = fields.String()
    words = fields.String()
    shared = fields.Boolean()
    at = instant()


class Goals(Schema):
    """One's own; not paged."""

    goals = fields.List(fields.Nested(Goal))


class Reached(Goal):
    """The same as organizers see it: words where they are shared."""

    person = fields.String()
    name = fields.String()


class AllReached(Schema):
    """Every goal that was reached, the latest first, and how many in each stream; not paged."""

    goals = fields.List(fields.Nested(Reached))
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())


class AlumniGiven(Given):
    """In which streams they may be asked to mentor, if in any."""

    mentors = fields.List(fields.String(), load_default=list, metadata={"description": "slugs"})
