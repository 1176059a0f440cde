"""What the API of members' blogs takes and answers."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.api import Given, Listed, instant

from ..rules.posts import CONSENTS
from ..rules.standing import STANDINGS
from .offers import Noted

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


class OwnPost(Post):
    """A post of the reader's, with where it stands."""

    standing = fields.String(required=True, validate=validate.OneOf(sorted(STANDINGS)))
    why = fields.String(required=True, metadata={"description": "in words; often empty"})
    live = fields.Boolean(required=True, metadata={"description": "it is on the program's blog"})
    pull_request = fields.String(
        allow_none=True,
        attribute="offer.url",
        metadata={"description": "its address, where it is a page elsewhere"},
    )


class OwnPosts(Listed):
    """A page of the posts of a blog of the reader's, the latest first."""

    posts = fields.List(fields.Nested(OwnPost), required=True)


class As(Given):
    """As what a post is tried."""

    as_ = fields.String(
        data_key="as",
        load_default="full",
        validate=validate.OneOf(list(CONSENTS)),
        metadata={"description": "the whole post, its beginning, or a link"},
    )


class Tried(Schema):
    """A post as it would be proposed now. Nothing was written."""

    path = fields.String(required=True, metadata={"description": "of its file there; empty when there is none"})
    text = fields.String(required=True, metadata={"description": "the file"})
    images = fields.List(fields.String(), required=True, metadata={"description": "paths of files that come along"})
    notes = fields.List(fields.Nested(Noted), required=True)
    held = fields.Boolean(required=True, metadata={"description": "a person would look at it first"})
    skipped = fields.String(required=True, metadata={"description": "why there is nothing to offer, or empty"})


class Own(Given):
    """Who opens the pull request."""

    own = fields.Boolean(required=True, metadata={"description": "its author does"})


class Patch(Schema):
    """A post as its author brings it to the program's blog."""

    patch = fields.String(required=True, metadata={"description": "for `git am`; empty while it is not yours to open"})
    branch = fields.String(required=True, metadata={"description": "what to call the branch; empty likewise"})


class Posts(Listed):
    """A page of the posts of a blog, the latest first."""

    posts = fields.List(fields.Nested(Post), required=True)


class FirstPost(Schema):
    due_at = fields.AwareDateTime(required=True, metadata={"description": "when it is hoped for"})
    days = fields.Integer(required=True, metadata={"description": "by which its author moved that"})
