"""Every event of Baton, once: its type, version, data, owner, subscribers and meaning.

Adding a field keeps the version; a breaking change is a new one. Fields marked personal are blanked when the person is
erased. docs/events.md and docs/asyncapi.json are generated from this module.
"""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import RAISE, Schema, fields, validate

PERSONAL = {"personal": True}
PERSON = {"description": "id of the person"}
ALL = ("sessions", "notifications", "blog")


class Data(Schema):
    """What an event carries, and nothing else: of a field that stands here nowhere erasure could not know.

    A subscriber takes the fields it needs and does not check the rest, so that publishers can add some.
    """

    class Meta:
        unknown = RAISE


class Member(Data):
    """The whole of what others may know about a person: each event replaces the copy of its subscriber."""

    person = fields.String(required=True, metadata=PERSON)
    name = fields.String(required=True, metadata=PERSONAL)
    email = fields.String(required=True, metadata=PERSONAL)
    timezone = fields.String(required=True, metadata={"description": "IANA name"})
    stream = fields.String(required=True, allow_none=True, metadata={"description": "slug of the stream"})
    state = fields.String(required=True, metadata={"description": "confirmed, waiting, active, paused, left and so on"})
    roles = fields.List(
        fields.String(validate=validate.OneOf(["member", "organizer"])),
        required=True,
        metadata={"description": "what they may open: member, organizer, both or nothing"},
    )
    github = fields.String(required=True, allow_none=True, metadata={**PERSONAL, "description": "user name on GitHub"})
    blog = fields.String(required=True, allow_none=True, metadata={**PERSONAL, "description": "address of their blog"})
    joined_at = fields.String(required=True, allow_none=True, metadata={"description": "RFC 3339, program time"})
    erase_after = fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "when they are erased, as they asked; RFC 3339, program time"},
    )
    mentors = fields.List(
        fields.String(),
        load_default=list,
        metadata={"description": "slugs of streams in which they may be asked to mentor from the pool, as they said"},
    )


class Readdressed(Member):
    former = fields.String(required=True, metadata={**PERSONAL, "description": "the address before"})


class Organizer(Member):
    invited = fields.Boolean(load_default=False, metadata={"description": "another organizer added them"})


class Person(Data):
    person = fields.String(required=True, metadata=PERSON)


class StreamName(Data):
    slug = fields.String(required=True)
    name = fields.String(required=True)
    position = fields.Integer(required=True)


class Program(Data):
    name = fields.String(required=True)
    timezone = fields.String(required=True)
    chat_invite = fields.String(required=True, allow_none=True)
    charter_version = fields.String(required=True)
    streams = fields.List(fields.Nested(StreamName), required=True)


class Applicant(Data):
    person = fields.String(required=True, metadata=PERSON)
    name = fields.String(required=True, metadata=PERSONAL)
    email = fields.String(required=True, metadata=PERSONAL)
    timezone = fields.String(required=True)
    stream = fields.String(required=True, allow_none=True)
    again = fields.Boolean(load_default=False, metadata={"description": "the same address applied before"})


class Imported(Data):
    person = fields.String(required=True, metadata=PERSON)
    name = fields.String(required=True, metadata=PERSONAL)
    email = fields.String(required=True, metadata=PERSONAL)
    timezone = fields.String(required=True)
    stream = fields.String(required=True, allow_none=True)
    by = fields.String(required=True, allow_none=True, metadata={"description": "id of the organizer, if one did it"})
    reminder = fields.Boolean(required=True, metadata={"description": "they were asked before, and asked no more"})


class Recipient(Data):
    person = fields.String(required=True, metadata=PERSON)
    name = fields.String(required=True, metadata=PERSONAL)
    email = fields.String(required=True, metadata=PERSONAL)


class Listed(Data):
    person = fields.String(required=True, metadata=PERSON)
    name = fields.String(required=True, metadata=PERSONAL)
    stream = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)


class Applications(Data):
    day = fields.String(required=True, metadata={"description": "the last local date in the program's zone, ISO 8601"})
    since = fields.String(load_default=None, metadata={"description": "the first one, when there are several days"})
    organizers = fields.List(fields.Nested(Recipient), required=True)
    applications = fields.List(fields.Nested(Listed), required=True, metadata={"description": "the first 200"})
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class GuestAsked(Recipient):
    timezone = fields.String(required=True)
    streams = fields.List(fields.String(), required=True, metadata={"description": "slugs of where they would mentor"})
    known = fields.Boolean(required=True, metadata={"description": "they are of this program, or were"})
    by = fields.String(required=True, allow_none=True, metadata={"description": "id of the organizer who asks"})


class Goal(Person):
    stream = fields.String(required=True, metadata={"description": "slug of the stream they were in"})
    next_stream = fields.String(required=True, allow_none=True, metadata={"description": "slug of the one above"})


class SignIn(Recipient):
    next = fields.String(required=True, allow_none=True, metadata={"description": "path to go to afterwards"})
    request = fields.String(required=True, metadata={"description": "id that makes the link usable once"})


class NewAddress(Recipient):
    request = fields.String(required=True, metadata={"description": "id of the one link that counts"})


class Revocation(Person):
    before = fields.Float(required=True, metadata={"description": "seconds since the epoch, machine time"})


class TokenRevocation(Data):
    token = fields.String(required=True, metadata={"description": "id of the API token, never its text"})
    until = fields.Float(required=True, metadata={"description": "when it ends anyway; seconds, machine time"})


class TokenUse(Data):
    token = fields.String(required=True, metadata={"description": "id of the API token"})
    at = fields.Float(required=True, metadata={"description": "seconds since the epoch, machine time"})
    until = fields.Float(required=True, metadata={"description": "when it ends; seconds, machine time"})


class DownloadRequest(Person):
    request = fields.String(required=True, metadata={"description": "id of the request; parts of older ones are late"})


class Gathered(DownloadRequest):
    number = fields.Integer(required=True, metadata={"description": "0, 1, 2 … among the answers to this request"})
    part = fields.String(required=True, metadata={"description": "which table these are of; empty in the last"})
    rows = fields.List(fields.Dict(keys=fields.String()), required=True, metadata=PERSONAL)
    last = fields.Boolean(required=True, metadata={"description": "nothing follows"})
    cut = fields.List(
        fields.String(), required=True, metadata={"description": "in the last: parts that were too large to be whole"}
    )


class Joined(Data):
    person = fields.String(required=True, metadata=PERSON)
    circle = fields.String(required=True, metadata={"description": "id of the circle"})
    name = fields.String(required=True, metadata={"description": "what the circle is called"})
    stream = fields.String(required=True, metadata={"description": "slug of the stream"})
    how = fields.String(
        required=True,
        validate=validate.OneOf(["placed", "returned", "moved", "merged", "split"]),
        metadata={"description": "placed, returned, moved, merged or split"},
    )
    former = fields.String(required=True, allow_none=True, metadata={"description": "circle they were in until now"})
    members = fields.List(fields.String(), required=True, metadata={"description": "ids of all who are in it now"})
    session = fields.String(required=True, allow_none=True, metadata={"description": "the next one, if it has dates"})
    starts_at = fields.String(required=True, allow_none=True, metadata={"description": "RFC 3339, program time"})
    minutes = fields.Integer(required=True, allow_none=True)
    link = fields.String(required=True, allow_none=True, metadata={"description": "where it meets: an address"})
    location = fields.String(required=True, allow_none=True, metadata={"description": "where it meets: a place"})


class Left(Data):
    person = fields.String(required=True, metadata=PERSON)
    circle = fields.String(required=True, metadata={"description": "id of the circle"})
    name = fields.String(required=True, metadata={"description": "what the circle is called"})
    stream = fields.String(required=True, metadata={"description": "slug of the stream"})
    why = fields.String(required=True, metadata={"description": "the person's state: paused, left or erased"})


class Waiting(Data):
    person = fields.String(required=True, metadata=PERSON)
    stream = fields.String(required=True, metadata={"description": "slug of the stream"})
    position = fields.Integer(required=True, metadata={"description": "in line, counted from 1"})
    why = fields.String(
        required=True,
        validate=validate.OneOf(["full", "lapsed"]),
        metadata={"description": "full: all places are taken; lapsed: they did not answer an offer"},
    )


class Offered(Data):
    person = fields.String(required=True, metadata=PERSON)
    stream = fields.String(required=True, metadata={"description": "slug of the stream"})
    offer = fields.String(required=True, metadata={"description": "id of the one link that counts"})
    until = fields.String(required=True, metadata={"description": "RFC 3339, program time"})


class Session(Data):
    """The whole of what others may know about a session: each event replaces the copy of its subscriber."""

    session = fields.String(required=True, metadata={"description": "id of the session"})
    kind = fields.String(required=True, metadata={"description": "circle, organizers or talk"})
    circle = fields.String(required=True, allow_none=True, metadata={"description": "id of the circle"})
    name = fields.String(required=True, metadata={"description": "what the circle is called"})
    stream = fields.String(required=True, metadata={"description": "slug of the stream"})
    title = fields.String(required=True, allow_none=True)
    day = fields.String(required=True, metadata={"description": "local date in its zone, ISO 8601"})
    time = fields.String(required=True, metadata={"description": "wall time in its zone, HH:MM"})
    zone = fields.String(required=True, metadata={"description": "IANA name"})
    minutes = fields.Integer(required=True)
    starts_at = fields.String(required=True, metadata={"description": "RFC 3339, program time"})
    ends_at = fields.String(required=True, metadata={"description": "RFC 3339, program time"})
    link = fields.String(required=True, allow_none=True, metadata={"description": "where it meets: an address"})
    location = fields.String(required=True, allow_none=True, metadata={"description": "where it meets: a place"})
    state = fields.String(required=True, metadata={"description": "planned, confirmed, cancelled and so on"})
    sequence = fields.Integer(required=True, metadata={"description": "rises with time, place and state (RFC 5545)"})
    note = fields.String(required=True, allow_none=True, metadata={"description": "why it changed, if somebody said"})


class Agreed(Data):
    person = fields.String(required=True, metadata={"description": "id of its owner"})
    text = fields.String(required=True, metadata=PERSONAL)
    due = fields.String(required=True, allow_none=True, metadata={"description": "local date, ISO 8601"})
    id = fields.String(load_default=None, allow_none=True, metadata={"description": "id of the item"})
    since = fields.String(
        load_default=None, allow_none=True, metadata={"description": "when it was written down; RFC 3339, program time"}
    )


class Reason(Data):
    gap = fields.String(required=True, metadata={"description": "what is missing: minutes, attendance, next"})
    why = fields.String(required=True, metadata=PERSONAL)


class Following(Data):
    session = fields.String(required=True)
    starts_at = fields.String(required=True, metadata={"description": "RFC 3339, program time"})
    coordinator = fields.String(required=True, allow_none=True, metadata={"description": "id of who said yes"})


class Meeting(Data):
    """A session, in every event about what it leaves behind."""

    session = fields.String(required=True, metadata={"description": "id of the session"})
    circle = fields.String(required=True, allow_none=True)
    stream = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    day = fields.String(required=True, metadata={"description": "local date, ISO 8601"})
    starts_at = fields.String(required=True, metadata={"description": "RFC 3339, program time"})
    coordinator = fields.String(required=True, allow_none=True, metadata=PERSON)


class Minutes(Meeting):
    """Persons are ids. What people wrote freely may name anybody: it is personal of everybody in `members`."""

    mentor = fields.String(required=True, allow_none=True, metadata=PERSON)
    by = fields.String(required=True, metadata={"description": "who published or corrected: person/… or organizer/…"})
    text = fields.String(
        required=True, metadata={**PERSONAL, "description": "Markdown, its first 20,000 bytes; private to the circle"}
    )
    cut = fields.Boolean(required=True, metadata={"description": "there is more on the session's page"})
    reasons = fields.List(fields.Nested(Reason), required=True)
    items = fields.List(fields.Nested(Agreed), required=True, metadata={"description": "all open ones of the circle"})
    present = fields.List(fields.String(), required=True, metadata={"description": "ids of who was there"})
    members = fields.List(fields.String(), required=True, metadata={"description": "ids of who was in the circle then"})
    to = fields.List(
        fields.String(), required=True, metadata={"description": "ids of who is in it now, and the mentor"}
    )
    organizers = fields.List(fields.String(), required=True, metadata={"description": "those who want it at once"})
    next = fields.Nested(Following, required=True, allow_none=True)
    correct_until = fields.String(required=True, metadata={"description": "RFC 3339, program time"})


class MeetingSnapshot(Meeting):
    """All that a session has left behind, as it is now."""

    ends_at = fields.String(required=True, metadata={"description": "RFC 3339, program time"})
    cancelled = fields.Boolean(required=True)
    mentor = fields.String(required=True, allow_none=True, metadata=PERSON)
    opened_at = fields.String(
        required=True, allow_none=True, metadata={"description": "since when anyone may lead it; null: somebody does"}
    )
    late_at = fields.String(
        required=True, allow_none=True, metadata={"description": "when organizers were asked for its minutes"}
    )
    minuted_at = fields.String(required=True, allow_none=True, metadata={"description": "when they were published"})
    text = fields.String(
        required=True, metadata={**PERSONAL, "description": "as in session.minuted; empty where somebody was erased"}
    )
    present = fields.List(fields.String(), required=True, metadata={"description": "ids of who was there"})
    members = fields.List(
        fields.String(), required=True, metadata={"description": "ids of who was in it then; none: it is not known"}
    )


class PlaceSnapshot(Data):
    person = fields.String(required=True, metadata=PERSON)
    since = fields.String(required=True, metadata={"description": "of their first place; RFC 3339, program time"})
    circle = fields.String(
        load_default=None, allow_none=True, metadata={"description": "id of the circle that they are in now, if any"}
    )


class Silent(Person):
    """Somebody who neither answered for three sessions of their circle in a row nor came."""

    checkin = fields.String(required=True, metadata={"description": "id of the question, which its link names"})
    circle = fields.String(required=True, metadata={"description": "id of the circle"})
    name = fields.String(required=True, metadata={"description": "what the circle is called"})
    stream = fields.String(required=True, metadata={"description": "slug of the stream"})
    missed = fields.List(
        fields.String(), required=True, metadata={"description": "when these sessions began; RFC 3339, program time"}
    )
    asked_at = fields.String(required=True, metadata={"description": "RFC 3339, program time"})
    answer_by = fields.String(required=True, metadata={"description": "RFC 3339, program time"})


class CheckedIn(Person):
    asked_at = fields.String(required=True, metadata={"description": "RFC 3339, program time"})
    answer = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(["yes", "pause", "leave", "seen", "lapsed", "gone", "back"]),
        metadata={
            "description": "yes, pause, leave; seen: they were heard of meanwhile; lapsed: no answer came, so nobody "
            "asks them for turns; gone: they take part no more; back: they did not answer, and now did; null: none yet"
        },
    )
    at = fields.String(
        required=True, allow_none=True, metadata={"description": "of the answer; RFC 3339, program time"}
    )


class Missed(Meeting):
    who = fields.String(required=True, validate=validate.OneOf(["coordinator", "organizers"]))
    to = fields.List(fields.String(), required=True, metadata={"description": "ids of who is asked for them"})


class Items(Data):
    """The open action items of a circle, all of them: each event replaces what was told before."""

    circle = fields.String(required=True, metadata={"description": "id of the circle"})
    items = fields.List(fields.Nested(Agreed), required=True, metadata={"description": "all open ones of the circle"})
    members = fields.List(fields.String(), required=True, metadata={"description": "ids of who is in the circle"})


class Arranged(Data):
    """What an organizer arranged, for the audit log."""

    words = fields.String(required=True, metadata={"description": "a sentence that says it"})
    by = fields.String(required=True, metadata={"description": "organizer/…"})
    through = fields.String(required=True, allow_none=True, metadata={"description": "token/…, if a program did it"})


class Seat(Data):
    """A coordinator's or mentor's seat at one session, in every event about turns."""

    session = fields.String(required=True, metadata={"description": "id of the session"})
    circle = fields.String(required=True, metadata={"description": "id of the circle"})
    name = fields.String(required=True, metadata={"description": "what the circle is called"})
    stream = fields.String(required=True, metadata={"description": "slug of the stream"})
    role = fields.String(required=True, metadata={"description": "coordinator or mentor"})
    day = fields.String(required=True, metadata={"description": "local date, ISO 8601"})
    starts_at = fields.String(required=True, metadata={"description": "RFC 3339, program time"})
    minutes = fields.Integer(required=True)


class Turn(Seat):
    turn = fields.String(required=True, metadata={"description": "id of the turn"})
    person = fields.String(required=True, metadata=PERSON)


class Asked(Turn):
    answer_by = fields.String(required=True, metadata={"description": "RFC 3339, program time"})
    why = fields.String(required=True, metadata={"description": "why this person, in words that name nobody"})
    handed_by = fields.String(
        required=True, allow_none=True, metadata={"description": "id of the person who has it and would hand it over"}
    )
    changed_by = fields.String(
        allow_none=True, metadata={"description": "id of the person who changed the plan so that this one is asked"}
    )
    last = fields.Boolean(metadata={"description": "nobody is asked after them: then anyone may take it"})


class Taken(Turn):
    by = fields.String(required=True, metadata={"description": "who said so: person/…, organizer/…"})
    told = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "ids of organizers who had been told that anyone may take it"},
    )


class Freed(Turn):
    why = fields.String(
        required=True,
        validate=validate.OneOf(
            ["covered", "changed", "own", "calendar", "cancelled", "away", "gone", "undone", "organizer"]
        ),
        metadata={
            "description": "covered (somebody else said yes), changed (by another's change of turns), own (by theirs), "
            "calendar (theirs answered that they cannot come), cancelled, away, gone, undone or organizer"
        },
    )


class Lapsed(Turn):
    pause = fields.Boolean(required=True, metadata={"description": "twice running: offer them a pause"})
    asked = fields.Boolean(metadata={"description": "somebody else is asked now"})
    open = fields.Boolean(metadata={"description": "anyone of the circle may take it now, and is told so"})


class Opened(Seat):
    to = fields.List(fields.String(), required=True, metadata={"description": "ids of the circle's members"})
    organizers = fields.List(fields.String(), required=True, metadata={"description": "ids of all organizers"})


class Attendee(Data):
    person = fields.String(required=True, metadata={"description": "id of the person"})
    answer = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(["coming", "cannot"]),
        metadata={"description": "coming, cannot, or null: none"},
    )


class Guest(Data):
    """Somebody from outside who speaks: nobody that signup knows, so that an event has to say how to reach them."""

    person = fields.String(required=True, metadata={"description": "id that stands for them, in `attendees` too"})
    guest_name = fields.String(required=True, metadata=PERSONAL)
    guest_email = fields.String(required=True, metadata=PERSONAL)


class Invited(Session):
    """A session as it is told to those who are named in `attendees`, and to nobody else."""

    coordinator = fields.String(required=True, allow_none=True, metadata={"description": "id of who said yes"})
    mentor = fields.String(required=True, allow_none=True, metadata={"description": "id of who said yes"})
    attendees = fields.List(fields.Nested(Attendee), required=True)
    guest = fields.Nested(Guest, load_default=None, allow_none=True)
    speaker = fields.String(load_default="", metadata={**PERSONAL, "description": "of a talk: the guest's name"})
    abstract = fields.String(load_default="", metadata={**PERSONAL, "description": "of a talk: Markdown"})


class Announced(Invited):
    what = fields.String(
        required=True,
        validate=validate.OneOf(["request", "update", "cancel", "drop"]),
        metadata={
            "description": "request, update, cancel, or drop: it takes place without them, and `state` is what their "
            "calendar shall show; `sequence` is higher than what they were told before"
        },
    )
    changed = fields.List(
        fields.String(validate=validate.OneOf(["time", "length", "place", "title", "coordinator", "mentor"])),
        required=True,
        metadata={"description": "in an update: what is different from what they were told"},
    )
    was = fields.String(
        required=True, allow_none=True, metadata={"description": "the start they were told before, if it changed"}
    )
    stamp = fields.String(required=True, metadata={"description": "when this is said; RFC 3339, program time"})


class Reminded(Invited):
    items = fields.List(
        fields.Nested(Agreed),
        load_default=list,
        metadata={"description": "open ones of this circle that attendees own; personal of everybody in `members`"},
    )
    members = fields.List(fields.String(), load_default=list, metadata={"description": "ids of who is in the circle"})
    hours = fields.Integer(required=True, metadata={"description": "before it begins: 72 or 2"})


class Noted(Data):
    """Something that an organizer did by hand, for the audit log. It holds nobody's own words."""

    change = fields.String(required=True, metadata={"description": "id of the entry in the journal"})
    verb = fields.String(required=True, metadata={"description": "as in move, merge, assign, close"})
    words = fields.String(required=True, metadata={"description": "what the verb says in a list"})
    circle = fields.String(required=True, allow_none=True, metadata={"description": "id; null: all of them"})
    name = fields.String(required=True, allow_none=True, metadata={"description": "what the circle is called"})
    session = fields.String(required=True, allow_none=True, metadata={"description": "id, if it was about one"})
    by = fields.String(required=True, metadata={"description": "organizer/…"})
    through = fields.String(required=True, allow_none=True, metadata={"description": "token/…, if a program did it"})
    undone = fields.Boolean(required=True, metadata={"description": "it was taken back"})


class Talks(Data):
    person = fields.String(required=True, metadata=PERSON)
    wanted = fields.Boolean(required=True)


class Replied(Data):
    person = fields.String(required=True, metadata=PERSON)
    session = fields.String(required=True, metadata={"description": "id of the session"})
    sequence = fields.Integer(
        required=True, allow_none=True, metadata={"description": "of the invite that is answered, if the reply says so"}
    )
    answer = fields.String(
        required=True,
        validate=validate.OneOf(["coming", "cannot", "maybe", "counter"]),
        metadata={"description": "maybe is no answer; counter proposes another time"},
    )
    proposed = fields.String(
        load_default=None, allow_none=True, metadata={"description": "of a counter, the time, if it can be read"}
    )


class Proposed(Data):
    session = fields.String(required=True, metadata={"description": "id that it has as a session, once it is sent"})
    kind = fields.String(required=True, metadata={"description": "organizers or talk"})
    starts_at = fields.String(required=True, metadata={"description": "RFC 3339, program time"})
    to = fields.List(fields.String(), required=True, metadata={"description": "ids of all organizers"})


class GatheringNoted(Proposed):
    title = fields.String(required=True)
    to = fields.List(fields.String(), required=True, metadata={"description": "ids of some who were invited"})
    notes = fields.Boolean(required=True, metadata={"description": "there are notes to read"})
    recording = fields.String(required=True, allow_none=True, metadata={"description": "its address"})
    guest = fields.Nested(Guest, required=True, allow_none=True)


Shape = type[Data]  # named here, since Entry has a field called type


class Published(Data):
    person = fields.String(required=True, metadata={"description": "id of its author"})
    post = fields.String(required=True, metadata={"description": "id of the post"})
    title = fields.String(required=True, metadata=PERSONAL)
    original = fields.String(
        required=True, metadata={**PERSONAL, "description": "where it was first published, or empty"}
    )
    pull_request = fields.String(
        required=True,
        allow_none=True,
        metadata={**PERSONAL, "description": "where it was reviewed, if that is a page elsewhere"},
    )


class Moved(Data):
    """The whole of where something offered to the program's blog is: each event replaces the copy before."""

    offer = fields.String(required=True, metadata={"description": "id of the offer"})
    person = fields.String(required=True, metadata={"description": "id of its author"})
    what = fields.String(required=True, metadata={"description": "post, or profile: a place on the mentees page"})
    kind = fields.String(required=True, metadata={"description": "what is proposed: post, update or removal"})
    state = fields.String(
        required=True,
        metadata={
            "description": "open (in review), held, handed (its author opens it), failed, closed (declined), merged, "
            "skipped or withdrawn"
        },
    )
    title = fields.String(required=True, metadata=PERSONAL)
    original = fields.String(
        required=True, metadata={**PERSONAL, "description": "where it was first published, or empty"}
    )
    since = fields.String(required=True, metadata={"description": "it is in this state; RFC 3339, program time"})
    opened_at = fields.String(required=True, allow_none=True, metadata={"description": "it was proposed last"})
    published_at = fields.String(required=True, allow_none=True, metadata={"description": "it was first live"})


class Awaited(Person):
    step = fields.Integer(required=True, metadata={"description": "days from when it is hoped for: -14, -3, 3, 10"})
    due_at = fields.String(required=True, metadata={"description": "when it is hoped for; RFC 3339, program time"})
    pushed = fields.Integer(required=True, metadata={"description": "days by which they moved that"})
    blog = fields.Boolean(required=True, metadata={"description": "they have a blog that is followed"})
    posts = fields.Integer(required=True, metadata={"description": "posts of theirs that wait for their yes"})
    first = fields.Boolean(
        load_default=True, metadata={"description": "of those before that day, or of those after it"}
    )


class Said(Data):
    """About a piece: all of it is blanked when its author is erased, by the subject."""

    piece = fields.String(required=True, metadata={"description": "id of the piece"})
    author = fields.String(required=True, metadata={"description": "id of whoever writes it"})
    title = fields.String(required=True, metadata=PERSONAL)
    reviewer = fields.String(required=True, allow_none=True, metadata={"description": "id of who looks after it"})
    to = fields.List(fields.String(), required=True, metadata={"description": "ids of who is told"})


class Commented(Said):
    person = fields.String(required=True, metadata={"description": "id of whoever said it"})
    text = fields.String(required=True, metadata={**PERSONAL, "description": "plain text"})


class ReviewAsked(Said):
    state = fields.String(required=True, metadata={"description": "of the piece: idea, draft, feedback, pr and so on"})


@dataclass(frozen=True)
class Entry:
    """One event: who publishes it, who is owed it, and what it means."""

    type: str
    owner: str
    subscribers: tuple[str, ...]
    schema: Shape
    meaning: str
    version: int = 1


def _members() -> list[Entry]:
    meanings = {
        "confirmed": "A person confirmed their address and joins the program.",
        "changed": "A member corrected what is known about them.",
        "paused": "A member takes a break: no turns, no invites.",
        "returned": "A paused or departed member is back.",
        "moved": "A member changed to another stream.",
        "left": "A member left the program.",
        "erasing": "A person asked to be erased; 30 days remain to change their mind.",
        "kept": "A person changed their mind: they are not erased.",
        "placed": "A member has a place in a circle.",
        "waiting": "A member waits for a place: their stream is full.",
        "graduated": "A member is an alumna or alumnus from now on: no circle, no turns.",
        "pooled": "A guest, an alumna or alumnus, or an organizer may be asked to mentor, in the streams they say.",
        "unpooled": "They are asked from the pool no more.",
    }
    return [Entry(f"member.{name}", "signup", ALL, Member, meaning) for name, meaning in meanings.items()]


ENTRIES = [
    Entry("program.changed", "signup", ALL, Program, "The program's name, zone, streams, charter or chat changed."),
    Entry("application.received", "signup", ("notifications",), Applicant, "Somebody applied and has to confirm."),
    Entry("application.repeated", "signup", ("notifications",), Applicant, "A member's address applied once more."),
    Entry("application.reminded", "signup", ("notifications",), Applicant, "An application waits for confirmation."),
    Entry("application.imported", "signup", ("notifications",), Imported, "A file named somebody, who has to confirm."),
    Entry("application.expired", "signup", ("notifications",), Person, "An unconfirmed application was purged."),
    Entry("application.withdrawn", "signup", ("notifications",), Person, "The import that named somebody was undone."),
    Entry(
        "applications.summarized",
        "signup",
        ("notifications",),
        Applications,
        "New applications since the summary before, most often of one day.",
    ),
    *_members(),
    Entry("member.snapshot", "signup", ALL, Member, "A member as they are now, told to a subscriber that replays."),
    Entry("member.readdressed", "signup", ALL, Readdressed, "A person's mail goes to another address from now on."),
    Entry("member.erased", "signup", ALL, Person, "A person was erased: blank every copy of theirs."),
    Entry("organizer.added", "signup", ALL, Organizer, "A person became an organizer."),
    Entry("organizer.removed", "signup", ALL, Member, "A person is an organizer no more."),
    Entry("address.requested", "signup", ("notifications",), NewAddress, "A person wants their mail at a new address."),
    Entry("signin.requested", "signup", ("notifications",), SignIn, "Somebody asked for a link to sign in."),
    Entry("guest.asked", "signup", ("notifications",), GuestAsked, "Somebody is asked whether they would mentor."),
    Entry("goal.reached", "signup", ("notifications",), Goal, "A member reached the goal of their stream."),
    Entry("download.requested", "signup", ALL, DownloadRequest, "A person wants all that is held about them."),
    *(
        Entry(f"{name}.gathered", name, ("signup",), Gathered, f"Some of what {name} holds about a person.")
        for name in ALL
    ),
    Entry("session.minuted", "sessions", ("notifications",), Minutes, "A session's minutes were published, once."),
    Entry(
        "minutes.corrected",
        "sessions",
        ("notifications",),
        Minutes,
        "Published minutes were corrected, and the circle is to be told.",
    ),
    Entry(
        "session.snapshot",
        "sessions",
        ("notifications",),
        MeetingSnapshot,
        "A session as it is now, told to a subscriber that replays.",
    ),
    Entry(
        "place.snapshot",
        "sessions",
        ("notifications",),
        PlaceSnapshot,
        "Since when somebody has had a place, told to a subscriber that replays.",
    ),
    Entry("checkin.asked", "sessions", ("notifications",), Silent, "A member fell silent and is asked about it."),
    Entry(
        "checkin.ended",
        "sessions",
        ("signup", "notifications"),
        CheckedIn,
        "They said if they are still with us, or did not in time. Who says pause or leave does so by that.",
    ),
    Entry(
        "checkin.snapshot",
        "sessions",
        ("notifications",),
        CheckedIn,
        "What became of the last such question to somebody, told to a subscriber that replays.",
    ),
    Entry("minutes.missed", "sessions", ("notifications",), Missed, "A session is over and its minutes are late."),
    Entry("items.changed", "sessions", ("notifications",), Items, "An action item was settled, moved or given away."),
    Entry("digest.arranged", "notifications", ("signup",), Arranged, "An organizer changed when the digest comes."),
    Entry("access.revoked", "signup", ALL, Revocation, "Cookies and tokens of this person made before then are void."),
    Entry("token.revoked", "signup", ALL, TokenRevocation, "An API token is void, whatever its signature says."),
    *(
        Entry(f"token.used_in_{name}", name, ("signup",), TokenUse, "An API token was used here within the last hour.")
        for name in ALL
    ),
    Entry("circle.joined", "sessions", ("signup", "notifications"), Joined, "A member has their place in a circle."),
    Entry("circle.left", "sessions", ("notifications",), Left, "A place ended: its member paused, left or was erased."),
    Entry("place.waiting", "sessions", ("signup", "notifications"), Waiting, "A member waits for a place."),
    Entry("place.offered", "sessions", ("notifications",), Offered, "A place is kept for a member for 72 hours."),
    Entry("session.planned", "sessions", (), Session, "A session has a date: the next 12 weeks are always planned."),
    Entry("session.changed", "sessions", (), Session, "A session has another time or place, or takes place after all."),
    Entry("session.cancelled", "sessions", (), Session, "A session will not take place."),
    Entry("turn.offered", "sessions", ("notifications",), Asked, "A person is asked to lead or mentor a session."),
    Entry("turn.accepted", "sessions", ("notifications",), Taken, "A person said yes to a turn."),
    Entry("turn.declined", "sessions", (), Turn, "A person said no to a turn."),
    Entry("turn.lapsed", "sessions", ("notifications",), Lapsed, "The time to answer an offer is over."),
    Entry("turn.released", "sessions", ("notifications",), Freed, "A person is freed of a turn."),
    Entry("turn.opened", "sessions", ("notifications",), Opened, "Nobody was found: anyone of the circle may take it."),
    Entry("session.announced", "sessions", ("notifications",), Announced, "People are told of a session near at hand."),
    Entry("session.reminded", "sessions", ("notifications",), Reminded, "A session comes near: whoever may come."),
    Entry("change.noted", "sessions", ("signup",), Noted, "An organizer changed something by hand, or took it back."),
    Entry("gathering.proposed", "sessions", ("notifications",), Proposed, "A plan proposed a meeting or a talk."),
    Entry(
        "gathering.noted", "sessions", ("notifications",), GatheringNoted, "Notes or a recording of one can be read."
    ),
    Entry(
        "post.published", "blog", ("notifications",), Published, "A member's post is live on the program's blog, once."
    ),
    Entry("offer.moved", "blog", ("notifications",), Moved, "What is offered to the program's blog is somewhere else."),
    Entry(
        "offer.snapshot",
        "blog",
        ("notifications",),
        Moved,
        "Where it is now, told to a subscriber that replays.",
    ),
    Entry("post.awaited", "blog", ("notifications",), Awaited, "A member without a post is reminded of a first one."),
    Entry("piece.commented", "blog", ("notifications",), Commented, "Somebody commented on what a member writes."),
    Entry(
        "review.asked", "blog", ("notifications",), ReviewAsked, "Somebody is asked to look at what a member writes."
    ),
    Entry("guest.forgotten", "sessions", ("notifications",), Person, "A guest's name and address were taken out."),
    Entry(
        "talks.wanted", "sessions", ("notifications",), Talks, "Somebody said on a page of talks if they want invites."
    ),
    Entry(
        "talks.chosen", "notifications", ("sessions",), Talks, "Somebody said by a mail if they want invites to talks."
    ),
    Entry("quiet.arranged", "notifications", ("signup",), Arranged, "An organizer changed the quiet hours."),
    Entry("mail.reworded", "notifications", ("signup",), Arranged, "An organizer changed the words of a kind of mail."),
    Entry("chat.arranged", "notifications", ("signup",), Arranged, "An organizer changed what is posted in chat."),
    Entry("reply.received", "notifications", ("sessions",), Replied, "Somebody's calendar answered an invite."),
]

BY_TYPE = {entry.type: entry for entry in ENTRIES}


def register(entry: Entry) -> None:
    """Add an event that is not Baton's own (benches and tests of the machinery itself)."""
    BY_TYPE[entry.type] = entry


def personal(schema: type[Schema]) -> set[str]:
    """Names of the fields that erasure blanks, nested ones included."""
    found = set()
    for name, field in schema().fields.items():
        if field.metadata.get("personal"):
            found.add(name)
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            found |= personal(type(inner.schema))
    return found
