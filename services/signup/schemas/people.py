"""People, as organizers see them and as they see themselves."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.api import Given, Listed, PageQuery, instant

from .. import rules


class MemberQuery(PageQuery):
    """Which people, in which order."""

    q = fields.String(
        load_default="", validate=validate.Length(max=400), metadata={"description": "words in name and address"}
    )
    stream = fields.String(load_default="", validate=validate.Length(max=64), metadata={"description": "slug"})
    state = fields.String(
        load_default="",
        validate=validate.OneOf(["", *rules.STATES]),
        metadata={"description": "the erased are only listed when asked for"},
    )
    sort = fields.String(
        load_default="name",
        validate=validate.OneOf([sign + key for key in ("name", "applied", "stream", "state") for sign in ("", "-")]),
        metadata={"description": "a leading - turns it round"},
    )


class MemberLine(Schema):
    """One person in the list."""

    id = fields.String()
    name = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    state = fields.String(metadata={"enum": list(rules.STATES)})
    stream = fields.String(allow_none=True)
    timezone = fields.String()
    is_organizer = fields.Boolean()
    created_at = instant()
    confirmed_at = instant()


class Members(Listed):
    """A page of people."""

    members = fields.List(fields.Nested(MemberLine), attribute="rows")


class Member(MemberLine):
    """One person."""

    github = fields.String(allow_none=True)
    blog = fields.String(allow_none=True)
    applied_at = instant()
    imported_at = instant()
    charter_version = fields.Integer(allow_none=True)
    left_at = instant()
    leave_reason = fields.String(allow_none=True)
    erase_after = instant(description="when they are erased, as was asked")
    answers = fields.Dict(metadata={"description": "question id to answer"})
    can = fields.List(
        fields.String(), metadata={"description": "what can be done now: the last part of the addresses below"}
    )


class Moment(Schema):
    """Something in a person's history."""

    at = instant()
    what = fields.String(metadata={"description": "as in person.paused"})
    words = fields.String()
    by = fields.String(allow_none=True, metadata={"description": "person/<id>, organizer/<id> or system"})
    by_name = fields.String(allow_none=True)
    through = fields.String(allow_none=True, metadata={"description": "name of the API token it was done by"})
    detail = fields.Dict()


class History(Schema):
    """All of it, the latest first; not paged."""

    history = fields.List(fields.Nested(Moment))


class Move(Given):
    """Where to."""

    stream = fields.String(required=True, metadata={"description": "slug"})


class Leave(Given):
    """A reason is welcome and not needed."""

    reason = fields.String(load_default="")


class Address(Given):
    """Another address."""

    email = fields.String(required=True, metadata={"format": "email"})


class AddressAsked(Schema):
    """The same whether or not somebody else is known by that address."""

    status = fields.String(metadata={"example": "asked"})
    next = fields.String()


class OrganizerGiven(Given):
    """Who is to be an organizer."""

    email = fields.String(required=True, metadata={"format": "email"})
    name = fields.String(load_default=None, allow_none=True, metadata={"description": "not needed for members"})


class Organizer(Schema):
    """Somebody who runs the program."""

    id = fields.String()
    name = fields.String()
    email = fields.String()


class Organizers(Schema):
    """All of them; not paged."""

    organizers = fields.List(fields.Nested(Organizer))


class Me(Member):
    """One's own page."""

    checklist = fields.Dict(metadata={"description": "what is ticked off, and when"})

    class Meta:
        exclude = ("can", "is_organizer")


class Correction(Given):
    """What is to change; what is left out stays."""

    name = fields.String()
    timezone = fields.String()
    github = fields.String(allow_none=True)
    blog = fields.String(allow_none=True)
    answers = fields.Dict(keys=fields.String(), metadata={"description": "all answers of one's stream"})


class Tick(Given):
    """Whether it is done."""

    done = fields.Boolean(required=True)


class Gathering(Schema):
    """How far it is to gather everything that is held about a person."""

    asked = fields.AwareDateTime(format="iso")
    ready = instant(description="when every service had told its last")
    missing = fields.List(fields.String(), metadata={"description": "services that have not told all yet"})
    cut = fields.List(fields.String(), metadata={"description": "parts that are too large to be whole"})
    until = instant(description="when it is thrown away")
    again = instant(description="when it can be asked for anew; null: now")
