"""API tokens and the audit log."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared import bearer
from shared.api import Given, instant, machine


class TokenGiven(Given):
    """What a token is for."""

    name = fields.String(required=True, metadata={"description": "what it is for; no two living ones share a name"})
    scope = fields.String(required=True, metadata={"description": f"one of {', '.join(bearer.SCOPES)}"})
    days = fields.Integer(
        load_default=bearer.DAYS,
        strict=True,
        metadata={"description": f"how long it lives, 1 to {bearer.DAYS_MOST}; never longer than what made it"},
    )


class TokenMade(Schema):
    """The token, shown this once."""

    id = fields.String()
    token = fields.String(metadata={"description": "send it as `Authorization: Bearer …`"})
    until = machine(description="when it ends")


class Token(Schema):
    """What is known of a token; never the token."""

    id = fields.String()
    name = fields.String()
    scope = fields.String()
    state = fields.String(metadata={"enum": ["active", "ended", "revoked"]})
    person = fields.String(metadata={"description": "id of the organizer it acts for"})
    organizer = fields.String(allow_none=True)
    made_at = instant()
    until = machine(description="when it ends")
    used = machine(description="when it was last used anywhere")
    uses = fields.Dict(
        keys=fields.String(),
        values=machine(),
        metadata={"description": "the same by service; of others than signup up to an hour late"},
    )
    revoked_at = instant()
    revoked_by = fields.String(allow_none=True)


class Tokens(Schema):
    """All of them, living ones first; not paged."""

    tokens = fields.List(fields.Nested(Token))


class Entry(Schema):
    """Something done. What it says holds nobody's own words."""

    at = instant()
    what = fields.String(metadata={"description": "as in person.paused, stream.saved"})
    words = fields.String()
    by = fields.String(metadata={"description": "person/<id>, organizer/<id> or system"})
    by_name = fields.String()
    through = fields.String(allow_none=True, metadata={"description": "name of the API token it was done by"})
    subject = fields.String()
    subject_name = fields.String()
    detail = fields.Dict()


class AuditQuery(Given):
    """Which page of the log."""

    before = fields.Integer(
        load_default=0, validate=validate.Range(0, 2**63 - 1), metadata={"description": "`next` of the page before"}
    )


class Audit(Schema):
    """A page of the log, the latest first."""

    entries = fields.List(fields.Nested(Entry))
    next = fields.Integer(allow_none=True, metadata={"description": "`before` of the next page; null at the end"})
