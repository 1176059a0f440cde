"""The program's blog, as the API shows it."""

from __future__ import annotations

from marshmallow import Schema, fields

from shared.api import instant


class Target(Schema):
    """Where members' posts are proposed to."""

    name = fields.String(required=True)
    decides = fields.Boolean(required=True, metadata={"description": "accepted and declined here, not at the forge"})
    forge = fields.String(required=True, metadata={"description": "github, gitlab or gitea; empty: on this machine"})
    webhook = fields.String(required=True, metadata={"description": "the address to add there; empty: none is needed"})
    secret = fields.Boolean(required=True, metadata={"description": "BATON_WEBHOOK_SECRET is set"})
    hook_seen_at = instant(description="its first delivery that could be believed")
    hook_last_at = instant(description="its last one")
