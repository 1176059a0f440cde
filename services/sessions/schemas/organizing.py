"""What the API of organizing takes and answers. Whether content is taken is decided by the nouns, for every door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from shared.api import Given

from ..circles.health import ONLY, Health
from ..deciding import DEEDS
from ..meetings.listing import STATES


class Page(Given):
    page = fields.Integer(load_default=1, validate=validate.Range(1, 100_000))


class CirclesPage(Page):
    stream = fields.String(load_default="", metadata={"description": "slug; empty: all"})
    show = fields.String(load_default="", validate=validate.OneOf(list(ONLY)))


class SessionsPage(Page):
    stream = fields.String(load_default="", metadata={"description": "slug; empty: all"})
    state = fields.String(load_default=STATES[0], validate=validate.OneOf(STATES))


class CircleHealth(Schema):
    """How a circle is."""

    id = fields.String()
    name = fields.String()
    stream = fields.String()
    state = fields.String()
    count = fields.Integer(metadata={"description": "present members"})
    limit = fields.Integer(metadata={"description": "how many it takes"})
    next = fields.AwareDateTime(allow_none=True)
    session = fields.String(allow_none=True, metadata={"description": "id of the next one"})
    coordinator = fields.String(allow_none=True, metadata={"description": "name of who said yes"})
    mentor = fields.String(allow_none=True, metadata={"description": "name of who said yes"})
    late = fields.Integer(metadata={"description": "sessions whose minutes are late"})
    late_since = fields.AwareDateTime(allow_none=True)
    unclosed = fields.Integer(metadata={"description": "sessions that should be closed by now"})
    open = fields.Boolean(metadata={"description": "anyone may lead the next one"})


class Overview(Schema):
    circles = fields.List(fields.Nested(CircleHealth))
    total = fields.Integer()


def health(each: Health) -> dict[str, Any]:
    """A circle of the list, flat."""
    then = each.next or {}
    own = {name: each.circle[name] for name in ("id", "name", "stream", "count")}
    return {**vars(each), **own, "next": then.get("starts_at"), "session": then.get("id")}


class SessionState(Schema):
    """A session among all."""

    id = fields.String()
    circle = fields.String(allow_none=True)
    circle_name = fields.String(allow_none=True)
    stream = fields.String(allow_none=True)
    starts_at = fields.AwareDateTime()
    state = fields.String()
    coordinator = fields.String(allow_none=True, metadata={"description": "name"})
    mentor = fields.String(allow_none=True, metadata={"description": "name"})
    late = fields.AwareDateTime(allow_none=True, metadata={"description": "since when something about it is late"})
    gaps = fields.Dict(keys=fields.String(), values=fields.String())


class Sessions(Schema):
    sessions = fields.List(fields.Nested(SessionState))
    total = fields.Integer(metadata={"description": "in this state"})
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata={"description": "by state"})


class Happened(Schema):
    """Something that happened in a circle."""

    at = fields.AwareDateTime()
    kind = fields.String(metadata={"description": "made, closed, joined, left, session or change"})
    id = fields.String(metadata={"description": "of the circle, the place, the session or the entry of the journal"})
    person = fields.String(allow_none=True, metadata={"description": "of joined and left"})
    name = fields.String(allow_none=True)
    state = fields.String(allow_none=True, metadata={"description": "of a session"})
    coordinator = fields.String(allow_none=True)
    mentor = fields.String(allow_none=True)
    present = fields.Integer()
    marked = fields.Integer()
    words = fields.String(allow_none=True, metadata={"description": "of a change"})
    detail = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    by = fields.String(allow_none=True)
    undone_at = fields.AwareDateTime(allow_none=True)
    can_undo = fields.Boolean()


class Timeline(Schema):
    moments = fields.List(fields.Nested(Happened))
    more = fields.Boolean()


def moment(each: Mapping[str, Any]) -> dict[str, Any]:
    """A moment of the timeline, flat."""
    row, entry = each["row"], each["entry"] or {}
    words = {name: entry.get(name) for name in ("words", "detail", "reason", "by", "undone_at")}
    plain = {name: each[name] for name in ("at", "kind", "name", "present", "marked")}
    state = row["state"] if each["kind"] == "session" else None
    own = {"id": row["id"], "person": row.get("person"), "state": state, "can_undo": bool(entry.get("can_undo"))}
    return {**plain, **words, **own, **{role: each["duties"].get(role) for role in ("coordinator", "mentor")}}


class Decision(Given):
    """Something decided about a session, in somebody's place."""

    deed = fields.String(required=True, validate=validate.OneOf(DEEDS))
    reason = fields.String(required=True)
    person = fields.String(load_default="", metadata={"description": "of lead, mentor, answer"})
    agreed = fields.Boolean(load_default=False, metadata={"description": "of lead, mentor: they have said yes"})
    answer = fields.String(load_default="", metadata={"description": "of answer: coming or cannot"})
    marks = fields.Dict(keys=fields.String(), values=fields.Boolean(), load_default=dict)
    people = fields.List(fields.String(), load_default=list, metadata={"description": "of resend; none: all"})
    preview = fields.Boolean(load_default=False)
    seen = fields.String(load_default=None, allow_none=True, metadata={"description": "what the preview answered"})


class Decided(Schema):
    effects = fields.List(fields.String())
    seen = fields.String()
