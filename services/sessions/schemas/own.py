"""What the API of a member's own sessions takes and answers."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.api import Given


class OwnTurn(Schema):
    session = fields.String(required=True)
    circle = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, metadata={"description": "of the circle, or of the session"})
    role = fields.String(required=True, metadata={"description": "coordinator or mentor"})
    state = fields.String(required=True, metadata={"description": "proposed: a forecast; offered; accepted; served"})
    day = fields.String(required=True, metadata={"description": "local date of the session, ISO 8601"})
    starts_at = fields.AwareDateTime(required=True)
    minutes = fields.Integer(required=True)
    why = fields.String(required=True)
    turn = fields.String(required=True, allow_none=True, metadata={"description": "id, to answer it; null: a forecast"})
    answer_by = fields.AwareDateTime(required=True, allow_none=True)
    owes = fields.Boolean(required=True, metadata={"description": "its minutes are not published so far"})


class OwnTurns(Schema):
    turns = fields.List(fields.Nested(OwnTurn), required=True)
    next = fields.Nested(OwnTurn, required=True, allow_none=True, metadata={"description": "as it stands"})
    served = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class OwnItem(Schema):
    id = fields.String(required=True)
    session = fields.String(required=True)
    circle = fields.String(required=True, allow_none=True)
    text = fields.String(required=True)
    due = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, metadata={"enum": ["open", "done", "dropped"]})
    moves = fields.Integer(required=True)


class OwnItems(Schema):
    items = fields.List(
        fields.Nested(OwnItem), required=True, metadata={"description": "open ones, then those of the last fortnight"}
    )


class Visit(Schema):
    session = fields.String(required=True)
    name = fields.String(required=True)
    starts_at = fields.AwareDateTime(required=True)
    present = fields.Boolean(required=True, allow_none=True, metadata={"description": "null: nobody noted it"})


class Attendance(Schema):
    visits = fields.List(fields.Nested(Visit), required=True, metadata={"description": "the last 24, newest first"})
    there = fields.Integer(required=True)
    known = fields.Integer(required=True, metadata={"description": "of how many it was noted"})


class Feed(Schema):
    address = fields.String(
        required=True, allow_none=True, metadata={"description": "secret: whoever has it can read it; null: none"}
    )


class Rsvp(Given):
    answer = fields.String(required=True, validate=validate.OneOf(["coming", "cannot"]))
    until = fields.String(
        load_default="",
        metadata={
            "description": "with cannot: the last day on which one cannot, for all sessions until then; ISO 8601"
        },
    )


class AnswerTaken(Schema):
    answer = fields.String(required=True)
    sessions = fields.Integer(required=True, metadata={"description": "how many were answered"})


class Question(Schema):
    id = fields.String(required=True)
    asked_at = fields.AwareDateTime(required=True)
    answer_by = fields.AwareDateTime(required=True)
    paused = fields.Boolean(required=True, metadata={"description": "no answer came, so nobody asks them for turns"})


class Checkin(Schema):
    checkin = fields.Nested(Question, required=True, allow_none=True, metadata={"description": "null: nothing to say"})


class CheckinAnswer(Given):
    answer = fields.String(required=True, validate=validate.OneOf(["yes", "pause", "leave"]))
