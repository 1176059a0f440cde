"""What the JSON API of meetings and talks takes and answers."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from shared.api import Given


def _text(description: str, **given: Any) -> fields.String:
    return fields.String(metadata={"description": description}, **given)


class Gathering(Schema):
    """A monthly meeting or a talk. The wall time and the zone are the truth, the instants follow."""

    id = _text("once it is sent, that of its session too")
    kind = _text("organizers: the monthly meeting; talk")
    state = _text("proposed, dropped, planned, closed or cancelled")
    title = fields.String(allow_none=True)
    text = _text("Markdown: the agenda, or what the talk is about")
    day = _text("local date in its zone")
    time = _text("wall time in its zone, HH:MM")
    zone = fields.String()
    minutes = fields.Integer()
    link = fields.String(allow_none=True)
    location = fields.String(allow_none=True)
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    streams = fields.List(fields.String(), metadata={"description": "whose coordinators; empty: of all"})
    guest_name = fields.String(allow_none=True)
    guest_email = fields.String(allow_none=True)
    note = _text("why it was cancelled", allow_none=True)
    notes = _text("Markdown")
    recording = fields.String(allow_none=True)
    shared_at = fields.AwareDateTime(allow_none=True)
    version = fields.Integer(metadata={"description": "send it back as `seen` with a change"})


class Gatherings(Schema):
    """All of them, the latest first."""

    gatherings = fields.List(fields.Nested(Gathering))


class Invited(Schema):
    """Somebody who is invited, or would be."""

    person = fields.String()
    name = fields.String()
    answer = _text("coming or cannot; null: none", allow_none=True)


class Whole(Gathering):
    """One with whom it is for: once it is sent, who is invited."""

    recipients = fields.List(fields.Nested(Invited))
    recipients_token = _text("names exactly these people: `seen` of sending")
    without = fields.List(fields.String(), metadata={"description": "ids of circles that nobody coordinates"})


class Propose(Given):
    """Which kind."""

    kind = _text("organizers or talk", required=True)


class Proposed(Schema):
    """What was proposed."""

    id = fields.String()


class Made(Schema):
    """Proposals that were made."""

    ids = fields.List(fields.String())


class Edit(Given):
    """All of it, as it is to be."""

    title = fields.String(load_default="")
    text = fields.String(load_default="")
    day = fields.String(required=True)
    time = fields.String(required=True)
    zone = fields.String(required=True)
    minutes = fields.Integer(required=True)
    link = fields.String(load_default="", allow_none=True)
    location = fields.String(load_default="", allow_none=True)
    streams = fields.List(fields.String(), load_default=list)
    guest_name = fields.String(load_default="", allow_none=True)
    guest_email = fields.String(load_default="", allow_none=True)
    seen = fields.Integer(load_default=None, allow_none=True, metadata={"description": "its `version`"})
    agenda_anew = fields.Boolean(load_default=False, metadata={"description": "make the agenda of the month's minutes"})


class Send(Given):
    """To exactly whom."""

    seen = _text("`recipients_token`; without it: to whoever it is for", load_default=None, allow_none=True)


class Cancel(Given):
    """Why."""

    reason = fields.String(load_default="", validate=validate.Length(max=1000))


class Notes(Given):
    """What comes after it."""

    notes = fields.String(load_default="")
    recording = fields.String(load_default="", allow_none=True)
    share = fields.Boolean(load_default=False, metadata={"description": "mail who was invited, once"})
    seen = fields.Integer(load_default=None, allow_none=True, metadata={"description": "its `version`"})


class MonthPlan(Given):
    """On which day of the month it is, and how long before it is proposed by itself."""

    active = fields.Boolean(load_default=True)
    week = fields.Integer(required=True, metadata={"description": "1 to 4, or -1: the last"})
    weekday = fields.Integer(required=True, metadata={"description": "0 is Monday"})
    time = _text("wall time, HH:MM", required=True)
    zone = _text("IANA name", required=True)
    minutes = fields.Integer(required=True)
    link = fields.String(load_default="", allow_none=True)
    location = fields.String(load_default="", allow_none=True)
    ahead = fields.Integer(required=True, metadata={"description": "days before, 1 to 28"})


class Talks(Given):
    """Whether one wants invites to talks."""

    wanted = fields.Boolean(required=True)
