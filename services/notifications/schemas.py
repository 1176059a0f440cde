"""The shapes of the API: what is asked, what is answered."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields, validate

from .rules import State


class MailQuery(Schema):
    """Which mails."""

    class Meta:
        unknown = EXCLUDE

    recipient = fields.String(load_default="", validate=validate.Length(max=200))
    state = fields.String(load_default="", validate=validate.OneOf(["", *(state.value for state in State)]))
    kind = fields.String(load_default="", validate=validate.Length(max=40))
    before = fields.String(load_default="", metadata={"description": "`next` of the page before"})


class Mail(Schema):
    """One mail's line in the ledger."""

    id = fields.String()
    address = fields.String()
    name = fields.String()
    kind = fields.String()
    subject = fields.String()
    state = fields.String()
    attempts = fields.Integer()
    created_at = fields.AwareDateTime(format="iso")


class MailPage(Schema):
    """A page of mails, newest first."""

    mails = fields.List(fields.Nested(Mail), attribute="rows")
    next = fields.String(allow_none=True, metadata={"description": "`before` of the next page; null at the end"})
