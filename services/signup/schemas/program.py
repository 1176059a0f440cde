"""The program's page, streams, questions and charter, as organizers edit them."""

from __future__ import annotations

from marshmallow import Schema, fields

from shared.api import Given, instant

from .signup import Question, Stream


class SettingsGiven(Given):
    """What is to change; what is left out stays. An empty address takes it away."""

    name = fields.String()
    timezone = fields.String(metadata={"description": "IANA name", "example": "America/Toronto"})
    video_url = fields.String()
    chat_invite = fields.String()


class Settings(Schema):
    """The program's name, zone and links."""

    name = fields.String()
    timezone = fields.String()
    video_url = fields.String(allow_none=True)
    chat_invite = fields.String(allow_none=True, metadata={"description": "members alone see it"})
    chat_invite_at = instant(description="when it was last changed")


class SectionGiven(Given):
    """A part of the program's page."""

    title = fields.String(required=True)
    markdown = fields.String(required=True)


class Section(Schema):
    """A part of the program's page, in its order."""

    slug = fields.String()
    title = fields.String()
    markdown = fields.String()


class SectionMade(Schema):
    """Where it is from now on."""

    slug = fields.String()


class Sections(Schema):
    """The whole page; `removed` can be restored. Not paged."""

    sections = fields.List(fields.Nested(Section))
    removed = fields.List(fields.Nested(Section))


class StreamGiven(Given):
    """A new stream, above the others."""

    name = fields.String(required=True)
    summary = fields.String(load_default="")
    slug = fields.String(load_default=None, allow_none=True, metadata={"description": "its address; else of its name"})
    open = fields.Boolean(load_default=True, metadata={"description": "whether it takes sign-ups"})


class StreamEdited(Given):
    """What is to change; what is left out stays."""

    name = fields.String()
    summary = fields.String()
    open = fields.Boolean()


class StreamMade(Schema):
    """Where it is from now on."""

    slug = fields.String()


class StreamWhole(Stream):
    """A level of the program, with what it once asked."""

    position = fields.Integer()
    retired = fields.List(fields.Nested(Question), metadata={"description": "questions that can be asked again"})


class Streams(Schema):
    """All streams in their order; `removed` can be restored. Not paged."""

    streams = fields.List(fields.Nested(StreamWhole))
    removed = fields.List(fields.Nested(StreamWhole))


class QuestionGiven(Given):
    """A question, whole: what is left out is empty."""

    label = fields.String(required=True)
    help = fields.String(load_default="")
    kind = fields.String(required=True, metadata={"description": "one of short, long, choice, several, checkbox, url"})
    options = fields.List(fields.String(), load_default=list, metadata={"description": "for choice and several"})
    required = fields.Boolean(load_default=False)


class QuestionMade(Schema):
    """Its key in `answers`."""

    id = fields.String()


class Answers(Given):
    """Answers as a sign-up would bring them."""

    answers = fields.Dict(keys=fields.String(), required=True)


class Checked(Schema):
    """They would have been taken."""

    status = fields.String(metadata={"example": "accepted"})


class CharterGiven(Given):
    """The text that people accept from now on."""

    text = fields.String(required=True, metadata={"description": "Markdown"})


class CharterMade(Schema):
    """The version that holds."""

    version = fields.String()
    published = fields.Boolean(metadata={"description": "false: this was the text already"})


class CharterLine(Schema):
    """One version."""

    version = fields.String()
    published_at = instant()


class CharterText(CharterLine):
    """One version, as it was published; none is ever changed."""

    text = fields.String(metadata={"description": "Markdown"})


class Charters(Schema):
    """All versions, the latest first; not paged."""

    charters = fields.List(fields.Nested(CharterLine))


class Snippets(Schema):
    """The sign-up form for one's own site."""

    stream = fields.String()
    frame = fields.String(metadata={"description": "HTML of an iframe"})
    form = fields.String(metadata={"description": "HTML of a plain form"})
