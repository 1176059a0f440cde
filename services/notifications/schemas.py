"""The shapes of the API: what is asked, what is answered."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from shared.api import Given, instant, machine

from .rules import State


class MailQuery(Given):
    """Which mails."""

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


class HeldMail(Schema):
    """A held mail."""

    id = fields.String()
    address = fields.String()
    name = fields.String()
    kind = fields.String()
    subject = fields.String()
    error = fields.String(allow_none=True, metadata={"description": "why nobody can know"})
    attempts = fields.Integer()
    created_at = instant()
    data_at = machine(description="since when its server may have it")


class Held(Schema):
    """The first 50; not paged."""

    mails = fields.List(fields.Nested(HeldMail))


class MailWhole(Mail):
    """One mail; its text is empty once it was deleted by age, or with its person."""

    person = fields.String()
    cause = fields.String(metadata={"description": "id of the event that caused it"})
    text = fields.String()
    html = fields.String()
    headers = fields.List(fields.List(fields.String()))
    sent_at = instant()
    error = fields.String(allow_none=True)
    decided = fields.String(allow_none=True)
    decided_by = fields.String(allow_none=True)
    decided_at = machine()


class PageQuery(Given):
    """Which page."""

    before = fields.String(load_default="", metadata={"description": "`next` of the page before"})


class CameInMail(Schema):
    """A mail that came in."""

    id = fields.String()
    came_at = fields.AwareDateTime(format="iso")
    via = fields.String(metadata={"description": "webhook or mailbox"})
    what = fields.String(metadata={"description": "answer (to an invite), bounce, reply (passed on), or left"})
    why = fields.String(metadata={"description": "why it was left"})
    person = fields.String(allow_none=True, metadata={"description": "whose it is"})
    address = fields.String(metadata={"description": "who wrote it, as the mail has it"})
    subject = fields.String()
    mail = fields.String(allow_none=True, metadata={"description": "the mail that it answers, or that came back"})


class CameIn(Schema):
    """A page, newest first."""

    mails = fields.List(fields.Nested(CameInMail))
    next = fields.String(allow_none=True, metadata={"description": "`before` of the next page; null at the end"})


class Address(Given):
    """Which address."""

    address = fields.String(required=True, validate=validate.Length(min=3, max=320))


class Suppressed(Schema):
    """An address that gets no mail."""

    address = fields.String()
    person = fields.String(allow_none=True, metadata={"description": "whose address it is"})
    name = fields.String()
    duty = fields.Boolean(metadata={"description": "true: not even mail that is owed, as a link to sign in"})
    reason = fields.String(metadata={"description": "what the server said"})
    since = fields.AwareDateTime(format="iso")
    until = machine(description="when it ends by itself; null: not before somebody lifts it")
    mail = fields.String(allow_none=True, metadata={"description": "the last mail that was refused, or came back"})
    lifted = fields.Boolean(metadata={"description": "somebody lifted it, and can take that back"})


class Suppressions(Schema):
    """At most 500; not paged."""

    suppressions = fields.List(fields.Nested(Suppressed))


class Decided(Schema):
    """What became of it."""

    done = fields.String()


class Choice(Schema):
    """One thing that can be chosen of a list."""

    choice = fields.String()
    words = fields.String()


class Preference(Schema):
    """What somebody gets of one list of mail."""

    list = fields.String()
    title = fields.String()
    about = fields.String()
    owed = fields.Boolean(metadata={"description": "duty mail, of which none is no choice"})
    choice = fields.String()
    silent = fields.Boolean(metadata={"description": "the chat was chosen and does not tell of it now: it is mailed"})
    choices = fields.List(
        fields.Nested(Choice), metadata={"description": "from most to least; the last one is none, if not owed"}
    )


class Preferences(Schema):
    """All that concern the reader. Duty mail comes in any case; of some the way can be chosen."""

    preferences = fields.List(fields.Nested(Preference))


class Wanted(Given):
    """What the reader wants from now on, of the lists named."""

    choices = fields.Dict(
        keys=fields.String(validate=validate.Length(max=40)),
        values=fields.String(validate=validate.Length(max=10)),
        required=True,
        validate=validate.Length(min=1, max=50),
        metadata={"description": "{list: choice}", "example": {"minutes": "none"}},
    )


class MailKind(Schema):
    """A kind of mail."""

    kind = fields.String(attribute="kind.name")
    title = fields.String(attribute="kind.title")
    duty = fields.Boolean(attribute="kind.duty", metadata={"description": "it comes in any case"})
    purpose = fields.String()
    when = fields.String()
    to = fields.String()
    list = fields.String(allow_none=True, metadata={"description": "by which its readers get less of it"})


class MailKinds(Schema):
    """All that Baton ever mails."""

    kinds = fields.List(fields.Nested(MailKind))


class MailKindWhole(MailKind):
    """A kind of mail with its words."""

    version = fields.Integer(metadata={"description": "of the words that are in use; 0: the original ones"})
    words = fields.Dict(metadata={"description": "{part: Jinja}, as they are in use"})
    original = fields.Dict(metadata={"description": "{part: Jinja}, as they come with Baton"})
    names = fields.List(fields.String(), metadata={"description": "that can stand in braces"})
    failed = fields.String(allow_none=True, metadata={"description": "why a mail got the original words"})


_PARTS = fields.Dict(
    keys=fields.String(validate=validate.Length(max=20)),
    values=fields.String(validate=validate.Length(max=30_000)),
    required=True,
    validate=validate.Length(max=5),
    metadata={"description": "{part: Jinja}; a part that is not named is as in the original"},
)


class WordsTried(Given):
    """Words to see first."""

    words = _PARTS


class WordsGiven(Given):
    """Words to use from now on."""

    version = fields.Integer(required=True, metadata={"description": "of the words that these are made of"})
    words = _PARTS


class MailSeen(Schema):
    """How a mail looks."""

    subject = fields.String()
    text = fields.String()
    html = fields.String()


class TestSent(Schema):
    """The test that was sent."""

    mail = fields.String(metadata={"description": "its id"})


class Channel(Schema):
    """A channel of a chat; its address is said to nobody."""

    id = fields.String()
    name = fields.String()
    host = fields.String(metadata={"description": "where it is: a host, or a service of apprise"})
    stream = fields.String(allow_none=True, metadata={"description": "of which it hears; null: of all"})
    wants = fields.List(fields.String(), metadata={"description": "joined, session, minutes, post, turn"})
    posted_at = machine(description="the last time")
    failures = fields.Integer(metadata={"description": "running"})
    failing_since = machine()
    said = fields.String(allow_none=True, metadata={"description": "how the last failure is told"})
    off_at = instant(description="nothing is posted from then on")
    off_why = fields.String(allow_none=True, metadata={"description": "null with off_at: an organizer turned it off"})


class ChannelGiven(Given):
    """A channel as it shall be."""

    name = fields.String(required=True, validate=validate.Length(max=200))
    address = fields.String(
        load_default="", validate=validate.Length(max=1000), metadata={"description": "of its webhook: a secret"}
    )
    stream = fields.String(load_default="", allow_none=True, validate=validate.Length(max=64))
    wants = fields.List(fields.String(), required=True, validate=validate.Length(max=20))


class ChatMessage(Schema):
    """One message."""

    id = fields.String()
    channel = fields.String(metadata={"description": "id of the channel"})
    name = fields.String(metadata={"description": "what the channel is called"})
    what = fields.String()
    text = fields.String()
    state = fields.String()
    error = fields.String(allow_none=True)
    created_at = instant()


class Chat(Schema):
    """Channels, the newest 20 messages, and those of which nobody knows whether they are there."""

    channels = fields.List(fields.Nested(Channel))
    lately = fields.List(fields.Nested(ChatMessage))
    held = fields.List(fields.Nested(ChatMessage))


class QuietHours(Schema):
    """When mail that nobody waits for rests, by each reader's own clock; the same hour twice: never."""

    begins = fields.Integer()
    ends = fields.Integer()


class QuietHoursGiven(Given):
    """Quiet hours as they shall be."""

    begins = fields.Integer(required=True, strict=True, validate=validate.Range(0, 23))
    ends = fields.Integer(required=True, strict=True, validate=validate.Range(0, 23))
