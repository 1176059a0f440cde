"""What the API of members' blogs takes and answers."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.api import Given, Listed, instant

STATES = "asked, active, unreachable, gone"
POST_STATES = "listed (its author has not chosen), skipped, wanted, declined"


class Address(Given):
    """A blog to be followed."""

    address = fields.String(required=True, validate=validate.Length(1, 2000))


class Consent(Given):
    """How posts may be offered."""

    consent = fields.String(
        required=True,
        validate=validate.OneOf(["full", "excerpt", "link", ""]),
        metadata={"description": "empty: not at all; what was offered is taken back"},
    )


class Choice(Given):
    """Posts to be offered, or never."""

    do = fields.String(required=True, validate=validate.OneOf(["offer", "decline"]))
    posts = fields.List(fields.String(), required=True, validate=validate.Length(1, 200))


class Chosen(Schema):
    """How many posts that was said of."""

    posts = fields.Integer(required=True)


class Blog(Schema):
    """A blog that is followed."""

    id = fields.String(required=True)
    person = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": ["repo", "feed"]})
    address = fields.String(required=True, metadata={"description": "as it was pasted"})
    clone_url = fields.String(required=True, allow_none=True)
    site = fields.String(required=True, allow_none=True)
    dialect = fields.String(required=True, allow_none=True)
    roots = fields.List(fields.String(), required=True)
    branch = fields.String(required=True, allow_none=True)
    consent = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, metadata={"description": STATES})
    head = fields.String(required=True, allow_none=True, metadata={"description": "the commit that is known"})
    error = fields.String(required=True, allow_none=True)
    missing = fields.List(fields.String(), required=True)
    hook_seen_at = instant(description="the first delivery of its webhook")
    seen_at = instant(description="when it was last looked at")


class Blogs(Schema):
    """Somebody's blogs."""

    blogs = fields.List(fields.Nested(Blog), required=True)


class AllBlogs(Listed):
    """A page of all blogs."""

    blogs = fields.List(fields.Nested(Blog), required=True)


class Post(Schema):
    """A post of a blog."""

    id = fields.String(required=True)
    blog = fields.String(required=True)
    path = fields.String(required=True)
    title = fields.String(required=True)
    day = fields.String(required=True, allow_none=True)
    url = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, metadata={"description": POST_STATES})
    reason = fields.String(required=True)
    choice = fields.String(required=True, allow_none=True)
    rev = fields.Integer(required=True)


class Posts(Listed):
    """A page of the posts of a blog, the latest first."""

    posts = fields.List(fields.Nested(Post), required=True)
