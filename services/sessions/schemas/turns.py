"""What the API of turns takes and answers. Whether content is taken is decided by the nouns, for every door."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.api import Given


class NextTurn(Schema):
    session = fields.String(required=True)
    day = fields.String(required=True, metadata={"description": "local date of the session, ISO 8601"})
    starts_at = fields.DateTime(required=True)
    person = fields.String(required=True, allow_none=True, metadata={"description": "null: nobody can"})
    name = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, metadata={"description": "proposed: a forecast; offered; accepted"})
    why = fields.String(required=True, metadata={"description": "why this person, or why nobody"})
    answer_by = fields.DateTime(required=True, allow_none=True)
    open = fields.Boolean(required=True, metadata={"description": "anyone of the circle may take it"})
    turn = fields.String(required=True, allow_none=True, metadata={"description": "id, of a turn that is held"})


class Turns(Schema):
    turns = fields.List(fields.Nested(NextTurn), required=True)


class NewAbsence(Given):
    first = fields.String(required=True, metadata={"description": "ISO 8601"})
    last = fields.String(required=True, metadata={"description": "ISO 8601, this day included"})
    role = fields.String(load_default="", metadata={"description": "coordinator or mentor; empty: both"})


class Answer(Given):
    answer = fields.String(required=True, validate=validate.OneOf(["accept", "decline"]))
    reason = fields.String(load_default="", metadata={"description": "of a no; for the organizers"})
    away = fields.Nested(NewAbsence, load_default=None, allow_none=True)


class Answered(Schema):
    state = fields.String(required=True, metadata={"description": "accepted, declined, or already"})


class Verb(Given):
    verb = fields.String(required=True, metadata={"description": "swap, substitute, skip-me or skip-date"})
    session = fields.String(required=True)
    other = fields.String(load_default="", metadata={"description": "of a swap: the session to swap with"})
    person = fields.String(load_default="", metadata={"description": "of a substitute: who covers"})
    agreed = fields.Boolean(load_default=False, metadata={"description": "all have said yes (organizers)"})
    reason = fields.String(load_default="")
    save = fields.Boolean(load_default=False)
    seen = fields.String(load_default="", metadata={"description": "what the preview answered as `seen`"})


class Changed(Schema):
    effects = fields.List(fields.String(), required=True)
    seen = fields.String(required=True)
    change = fields.String(required=True, allow_none=True, metadata={"description": "id, for /changes/<id>/undo"})


class Absence(Schema):
    id = fields.String(required=True)
    first = fields.String(required=True)
    last = fields.String(required=True)
    role = fields.String(required=True, allow_none=True)


class Absences(Schema):
    absences = fields.List(fields.Nested(Absence), required=True)


class Freed(Schema):
    freed = fields.List(fields.String(), required=True, metadata={"description": "sessions whose turns became free"})


class PastMinutes(Schema):
    id = fields.String(required=True)
    day = fields.String(required=True, metadata={"description": "local date of the session, ISO 8601"})
    text = fields.String(required=True, metadata={"description": "Markdown"})


class Mentored(Schema):
    """A session, and its circle as who is asked to mentor it sees it."""

    turn = fields.String(required=True, metadata={"description": "id; answer it as any other turn"})
    state = fields.String(required=True, metadata={"description": "offered, accepted"})
    session = fields.String(required=True)
    agenda = fields.String(required=True, metadata={"description": "Markdown"})
    items = fields.List(fields.String(), required=True, metadata={"description": "open action items; once accepted"})
    past = fields.List(
        fields.Nested(PastMinutes), required=True, metadata={"description": "once accepted; the latest first"}
    )


class Mentoring(Schema):
    mentoring = fields.List(fields.Nested(Mentored), required=True)
