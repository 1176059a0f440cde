"""What the API of a member's profile takes and answers."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.api import Given, instant

from ..rules.profiles import LINKS_MOST
from ..rules.standing import STANDINGS


class Link(Given):
    """A link beside a member's words."""

    label = fields.String(required=True, validate=validate.Length(0, 200))
    url = fields.String(required=True, validate=validate.Length(1, 500))


class Said(Given):
    """What a member says of themselves."""

    name = fields.String(required=True, validate=validate.Length(0, 1000))
    bio = fields.String(required=True, validate=validate.Length(0, 10_000))
    site = fields.String(load_default="", validate=validate.Length(0, 1000))
    links = fields.List(fields.Nested(Link), load_default=list, validate=validate.Length(0, LINKS_MOST))
    alt = fields.String(load_default="", validate=validate.Length(0, 1000))
    shown = fields.Boolean(
        load_default=False, metadata={"description": "an explicit yes to showing all of it to everybody"}
    )


class Profile(Schema):
    """What is kept, and where it stands."""

    name = fields.String(required=True)
    bio = fields.String(required=True)
    site = fields.String(required=True)
    links = fields.List(fields.Nested(Link), required=True)
    alt = fields.String(required=True)
    headshot = fields.Boolean(required=True, metadata={"description": "there is a picture"})
    shown = fields.Boolean(required=True)
    agreed_at = instant(description="when its owner agreed to have it shown")
    standing = fields.String(required=True, validate=validate.OneOf(["", *sorted(STANDINGS)]))
    why = fields.String(required=True, metadata={"description": "in words; often empty"})
    live = fields.Boolean(required=True, metadata={"description": "it is on the program's blog"})
