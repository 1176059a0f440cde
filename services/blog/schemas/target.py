"""The program's blog, as the API shows it."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.api import instant

from ..targets import NAMES


class Target(Schema):
    """Where members' posts are proposed to."""

    name = fields.String(required=True)
    decides = fields.Boolean(required=True, metadata={"description": "accepted and declined here, not at the forge"})
    forge = fields.String(required=True, metadata={"description": "github, gitlab or gitea; empty: on this machine"})
    webhook = fields.String(required=True, metadata={"description": "the address to add there; empty: none is needed"})
    secret = fields.Boolean(required=True, metadata={"description": "BATON_WEBHOOK_SECRET is set"})
    hook_seen_at = instant(description="its first delivery that could be believed")
    hook_last_at = instant(description="its last one")
    chosen = fields.Nested(lambda: Aim(), required=True)


class Aim(Schema):
    """What organizers say of it; empty: as its files say."""

    shape = fields.String(load_default="", validate=validate.OneOf(["", *NAMES]))
    folder = fields.String(load_default="", validate=validate.Length(max=200))


class Look(Schema):
    """What the files of the program's blog say of it now."""

    shape = fields.String(required=True, validate=validate.OneOf(list(NAMES)))
    detected = fields.String(required=True, metadata={"description": "its shape, had nobody chosen one"})
    folder = fields.String(required=True, metadata={"description": "where posts go"})
    html = fields.Boolean(required=True, metadata={"description": "HTML within posts is shown"})
    authors = fields.Boolean(required=True, metadata={"description": "it has author data"})
    notes = fields.List(fields.String(), required=True, metadata={"description": "what people should know"})
    mends = fields.List(
        fields.String(), required=True, metadata={"description": "what it lacks that a proposal of ours would bring"}
    )
    left = fields.List(fields.String(), required=True, metadata={"description": "what it lacks that people have to"})
    diff = fields.String(required=True, metadata={"description": "what that proposal would change"})
    setup = fields.Nested(lambda: Setup(), required=True)


class Setup(Schema):
    """Where the proposal stands that brings what the blog lacks."""

    offer = fields.String(required=True, allow_none=True, metadata={"description": "its id"})
    state = fields.String(required=True, metadata={"description": "of the offer; empty: there is none"})
    dismissed = fields.Boolean(required=True, metadata={"description": "somebody said that it is not to be offered"})
