"""What the API of pieces and the editorial queue takes and answers."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.api import Given, PageQuery, instant

from ..rules.pieces import QUEUE, STATES

STAGES = [state for state, _ in QUEUE]


class Words(Given):
    """What a piece is about."""

    title = fields.String(required=True, validate=validate.Length(0, 1000))
    about = fields.String(load_default="", validate=validate.Length(0, 10_000))
    link = fields.String(load_default="", metadata={"description": "to the draft"}, validate=validate.Length(0, 1000))


class PieceState(Given):
    """Where its author says that it stands."""

    state = fields.String(required=True, validate=validate.OneOf(STATES))


class Became(Given):
    """The post that it became."""

    post = fields.String(required=True, metadata={"description": "id; empty: none"}, validate=validate.Length(0, 36))


class Reviewer(Given):
    """Who reviews it."""

    reviewer = fields.String(
        required=True, metadata={"description": "id of a person; empty: nobody"}, validate=validate.Length(0, 36)
    )


class Comment(Given):
    """Something to say."""

    text = fields.String(required=True, validate=validate.Length(1, 10_000))
    press = fields.UUID(metadata={"description": "an id of yours: sent twice, it is one comment"})


class Corrected(Given):
    """Other words for it."""

    text = fields.String(required=True, validate=validate.Length(1, 10_000))


class Remark(Schema):
    """What somebody said."""

    id = fields.String(required=True)
    person = fields.String(required=True)
    name = fields.String(required=True)
    text = fields.String(required=True, metadata={"description": "empty where it is deleted"})
    at = instant(description="when")
    edited_at = instant(description="when its writer changed it last")
    deleted = fields.Boolean(required=True, metadata={"description": "its writer took it back"})


class Piece(Schema):
    """What somebody writes; all but its id is empty for who spoke of it once and does not see it any more."""

    id = fields.String(required=True)
    person = fields.String(required=True, metadata={"description": "id of its author"})
    author = fields.String(required=True)
    title = fields.String(required=True)
    about = fields.String(required=True)
    link = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["", *STATES]))
    stage = fields.String(required=True, metadata={"description": "its state, or where its post stands: pr and so on"})
    since = instant(description="when its state began")
    reviewer = fields.String(required=True, allow_none=True, metadata={"description": "id of a person"})
    post = fields.String(required=True, allow_none=True, metadata={"description": "id of the post that it became"})


class Pieces(Schema):
    """What the reader writes, and what they review."""

    mine = fields.List(fields.Nested(Piece), required=True)
    reviewing = fields.List(fields.Nested(Piece), required=True)


class WholePiece(Piece):
    """The same with all that was said about it."""

    comments = fields.List(fields.Nested(Remark), required=True)


class QueuePage(PageQuery):
    state = fields.String(load_default="", validate=validate.OneOf(["", *STAGES]))


class Queued(Schema):
    """One line of the editorial queue: a piece, a post, or both."""

    piece = fields.String(required=True, allow_none=True, metadata={"description": "id"})
    post = fields.String(required=True, allow_none=True, metadata={"description": "id"})
    offer = fields.String(required=True, allow_none=True, metadata={"description": "id"})
    person = fields.String(required=True, metadata={"description": "id of its author"})
    author = fields.String(required=True)
    title = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STAGES))
    since = instant(description="when it came to that state")
    days = fields.Integer(required=True, metadata={"description": "since then"})
    reviewer = fields.String(required=True, allow_none=True)
    reviewer_name = fields.String(required=True)


class Queue(Schema):
    queue = fields.List(fields.Nested(Queued), required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
