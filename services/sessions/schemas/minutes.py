"""What the API of minutes takes and answers. Whether content is taken is decided by the nouns, for every door."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.api import Given


class VersionedText(Given):
    """A text, and the version that it was made of."""

    version = fields.Integer(required=True, metadata={"description": "the version of the text that was changed"})
    text = fields.String(required=True, metadata={"description": "Markdown"})


class Correction(VersionedText):
    tell = fields.Boolean(load_default=False, metadata={"description": "mail the circle once more"})


class SavedText(Schema):
    """What became of a text."""

    state = fields.String(required=True, metadata={"enum": ["saved", "same", "merged"]})
    version = fields.Integer(required=True)
    text = fields.String(required=True, metadata={"description": "the text as it is now"})


class Marks(Given):
    """Who was there: true or false for each person."""

    marks = fields.Dict(keys=fields.String(), values=fields.Boolean(), required=True)


class Gap(Given):
    """Why something stays missing; an empty reason takes an earlier one back."""

    reason = fields.String(required=True)


class NewItem(Given):
    text = fields.String(required=True)
    owner = fields.String(load_default="", metadata={"description": "id of a member of the circle"})
    due = fields.String(load_default="", metadata={"description": "ISO 8601; empty: the day of the next session"})


class Owner(Given):
    owner = fields.String(required=True, metadata={"description": "id of a member of the circle"})


class Hidden(Given):
    hidden = fields.Boolean(required=True)


class ActionItem(Schema):
    id = fields.String(required=True)
    session = fields.String(required=True)
    owner = fields.String(required=True)
    name = fields.String(required=True, metadata={"description": "of the owner"})
    left = fields.Boolean(required=True, metadata={"description": "the owner is in the circle no more"})
    text = fields.String(required=True)
    due = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, metadata={"enum": ["open", "done", "dropped"]})
    moves = fields.Integer(required=True)


class Mark(Schema):
    person = fields.String(required=True)
    name = fields.String(required=True)
    answer = fields.String(required=True, allow_none=True, metadata={"description": "what they said themselves before"})
    present = fields.Boolean(required=True, allow_none=True, metadata={"description": "null: nobody marked it so far"})


class MinutedSession(Schema):
    """A session, for those who may see it."""

    id = fields.String(required=True)
    circle = fields.String(required=True, allow_none=True)
    stream = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    day = fields.String(required=True)
    starts_at = fields.DateTime(required=True)
    ends_at = fields.DateTime(required=True)
    state = fields.String(required=True)
    coordinator = fields.String(required=True, allow_none=True)
    mentor = fields.String(required=True, allow_none=True)
    agenda = fields.String(required=True)
    agenda_version = fields.Integer(required=True)
    text = fields.String(
        required=True, allow_none=True, metadata={"description": "the minutes; a draft only for who leads"}
    )
    version = fields.Integer(required=True, allow_none=True)
    published_at = fields.DateTime(required=True, allow_none=True)
    missing = fields.List(fields.String(), required=True, metadata={"description": "what it lacks, reason or not"})
    gaps = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    attendance = fields.List(fields.Nested(Mark), required=True)
    items = fields.List(
        fields.Nested(ActionItem), required=True, metadata={"description": "all open ones of the circle"}
    )


class Publish(Given):
    served = fields.String(
        load_default="",
        metadata={"description": "who coordinated, where whoever said yes is marked absent: an id, or nobody"},
    )


class Ask(Given):
    role = fields.String(
        required=True,
        validate=validate.OneOf(["mentor", "coordinator"]),
        metadata={"description": "mentor of this session, or coordinator of the next one"},
    )
    person = fields.String(required=True)


class Published(Schema):
    published = fields.Boolean(required=True, metadata={"description": "false: it was published before"})


class ResourcesPage(Given):
    page = fields.Integer(load_default=1, validate=validate.Range(1, 100_000))


class Resource(Schema):
    id = fields.String(required=True)
    url = fields.String(required=True)
    title = fields.String(required=True)
    at = fields.DateTime(required=True)


class Resources(Schema):
    resources = fields.List(fields.Nested(Resource), required=True)
    total = fields.Integer(required=True)
