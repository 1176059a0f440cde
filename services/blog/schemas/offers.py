"""Offers, as the API shows them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.api import PageQuery

from ..rules.offers import KINDS, STATES


class OffersPage(PageQuery):
    state = fields.String(load_default="open", validate=validate.OneOf(STATES))


class Offer(Schema):
    """A member's post on its way into the program's blog."""

    id = fields.String(required=True)
    post = fields.String(required=True, allow_none=True, metadata={"description": "id of the post"})
    profile = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "id of the profile, where it is a place on the mentees page"},
    )
    setup = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "where the program's blog lives, where it is what that lacks"},
    )
    person = fields.String(required=True, metadata={"description": "id of its author"})
    author = fields.String(required=True)
    title = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    reason = fields.String(required=True, metadata={"description": "why it is in this state, in words; often empty"})
    days = fields.Integer(required=True, metadata={"description": "for so many it is in this state"})
    original = fields.String(required=True, metadata={"description": "where it was first published, or empty"})
    url = fields.String(allow_none=True, metadata={"description": "of the pull request, where it is a page elsewhere"})
    moved = fields.Boolean(required=True, metadata={"description": "a person has committed to its branch"})
    verdict = fields.String(allow_none=True, metadata={"description": "asked for and not carried out yet"})
    opened_at = fields.AwareDateTime(allow_none=True)
    published_at = fields.AwareDateTime(allow_none=True)


class Noted(Schema):
    kind = fields.String()
    text = fields.String()


class WholeOffer(Offer):
    """The same with what it says."""

    path = fields.String(allow_none=True, metadata={"description": "of the file in the program's blog"})
    text = fields.String(metadata={"description": "the file"})
    body = fields.String(metadata={"description": "of the pull request, Markdown"})
    notes = fields.List(fields.Nested(Noted))


class Offers(Schema):
    offers = fields.List(fields.Nested(Offer), required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
