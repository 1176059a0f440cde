"""What an attendee's calendar sends back, read as calendars are reported to write it, not only as they should.

`read` takes whole mails and bare calendar parts, believes nothing, and ends in a `Reply` or in an `Unread` that names
its reason; nothing else is raised, whatever the bytes. It decides nothing that needs memory: an unknown UID, an older
SEQUENCE, and an attendee that is not the sender (both are told) are the caller's to judge.

Written by hand, not with the library: that takes apart zones, alarms and dates too, and here six properties matter.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from enum import StrEnum
from urllib.parse import unquote

from .. import clock
from . import text
from .event import Answer

MOST = 2_000_000  # octets of a mail; replies have some thousand
_CALENDARS = frozenset({"text/calendar", "application/ics", "text/x-vcalendar"})
_DEPTH = 30  # parts within parts, components within components
# Others are UTF-8, as RFC 5545 has it, or nobody's: Python also knows codecs that only an attacker would name.
_CHARSETS = re.compile(
    r"utf-?8|utf-?16(-?[bl]e)?|ascii|iso8859-\d+|cp125\d|gb2312|gbk|gb18030|big5|shift_jis|euc_(jp|kr)"
)
# Content-Type of this mail and of the parts in it. Python reads a long one in quadratic time, some minutes for 1 MB.
_KINDS = re.compile(rb"(?:\A|[\r\n])content-type:[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*", re.IGNORECASE)
_KIND_MOST = 2000
_ANSWERS = {each.value: each for each in (Answer.YES, Answer.NO, Answer.MAYBE)}


class Why(StrEnum):
    """Why something is no reply."""

    TOO_LARGE = "too-large"
    AUTO_REPLY = "auto-reply"
    NO_CALENDAR = "no-calendar"
    UNREADABLE = "unreadable"
    OTHER_METHOD = "other-method"
    DECLINE_COUNTER = "decline-counter"
    NO_EVENT = "no-event"
    SEVERAL_EVENTS = "several-events"
    NO_UID = "no-uid"
    NO_ATTENDEE = "no-attendee"
    SEVERAL_ATTENDEES = "several-attendees"
    NO_ANSWER = "no-answer"


SAID = {
    Why.TOO_LARGE: f"It is larger than {MOST} octets.",
    Why.AUTO_REPLY: "It was sent by a machine, as one that says somebody is away.",
    Why.NO_CALENDAR: "It has no calendar part.",
    Why.UNREADABLE: "It can be read neither as a mail nor as a calendar.",
    Why.OTHER_METHOD: "Its calendar part is no reply.",
    Why.DECLINE_COUNTER: "It turns down another time, which nobody here proposed.",
    Why.NO_EVENT: "Its calendar part has no event.",
    Why.SEVERAL_EVENTS: "It answers for several events at once.",
    Why.NO_UID: "It does not say which event it answers.",
    Why.NO_ATTENDEE: "It does not say who answers.",
    Why.SEVERAL_ATTENDEES: "It names several attendees, none of them its sender.",
    Why.NO_ANSWER: "It says neither yes, nor no, nor maybe.",
}


class Unread(Exception):
    """There is no reply in it; `why` is the reason."""

    def __init__(self, why: Why) -> None:
        super().__init__(SAID[why])
        self.why = why


@dataclass(frozen=True)
class Reply:
    """An answer, as it came; nothing in it is proven.

    `attendee` is who answers by the calendar part, `sender` by the mail's From (None for a bare calendar part): when
    they differ it may be forged. Both are as written, compare them as addresses are compared. `sequence` is None when
    it was not told, `stamp` when it was not told or cannot be one. With `proposes` it is a COUNTER: another time is
    proposed, `start` unless that cannot be read, and `answer` may be NONE.
    """

    uid: str
    sequence: int | None
    attendee: str
    sender: str | None
    answer: Answer
    comment: str
    stamp: datetime | None
    proposes: bool = False
    start: datetime | None = None


@dataclass(frozen=True)
class _Line:
    name: str
    params: dict[str, str]
    value: str


def read(raw: bytes) -> Reply:
    """The reply in a mail, or in the calendar part of one.

    :raises Unread: there is none.
    """
    if len(raw) > MOST:
        raise Unread(Why.TOO_LARGE)
    head = raw[:200].lstrip(codecs.BOM_UTF8 + b" \t\r\n")[:15].upper()
    if head == b"BEGIN:VCALENDAR":
        return _calendar(raw.decode("utf-8", "replace"), "", None)
    mail = opened(raw)
    try:
        kind, sender = automatic(mail), parseaddr(str(mail.get("From", "")))[1]
        parts = list(_parts(mail))
    except Exception:
        # The standard library's reader of mails raises what comes to hand on hostile input (RecursionError,
        # AttributeError, UnicodeError, …); none of it is ours.
        raise Unread(Why.UNREADABLE) from None
    if kind == "replied":
        raise Unread(Why.AUTO_REPLY)
    refusals = []
    for content, method in parts:
        try:
            return _calendar(content, method, sender)
        except Unread as unread:
            refusals.append(unread)
    # Several parts: a reply and, beside it, what it answers. The first one speaks for the mail.
    raise refusals[0] if refusals else Unread(Why.AUTO_REPLY if kind else Why.NO_CALENDAR)


def opened(raw: bytes) -> Message:
    """The mail as the standard library takes it apart; its parts and headers may still be anything.

    :raises Unread: it is too large, or cannot be taken apart in due time.
    """
    if len(raw) > MOST:
        raise Unread(Why.TOO_LARGE)
    if any(len(found[0]) > _KIND_MOST for found in _KINDS.finditer(raw)):
        raise Unread(Why.UNREADABLE)
    try:
        return message_from_bytes(raw)
    except Exception:
        raise Unread(Why.UNREADABLE) from None


def automatic(mail: Message) -> str:
    """`replied`: surely a machine's answer. `generated`: sent by a machine, which may carry a person's answer all the
    same, as Google Calendar does when somebody presses Yes. '': neither. Only the first speaks against a reply.
    """
    submitted = str(mail.get("Auto-Submitted", "")).strip().lower()
    precedence = str(mail.get("Precedence", "")).strip().lower()
    if submitted.startswith("auto-replied") or precedence in {"auto_reply", "auto-reply"}:
        return "replied"
    if "X-Autoreply" in mail or "X-Autorespond" in mail:
        return "replied"
    marked = submitted not in {"", "no"} or precedence in {"bulk", "junk", "list"}
    return "generated" if marked or "X-Auto-Response-Suppress" in mail else ""


def _parts(mail: Message, depth: int = 0) -> Iterator[tuple[str, str]]:
    """(text, MIME method) of the calendar parts; not of mails inside this one: what is forwarded is no answer."""
    kind = mail.get_content_type()
    if mail.is_multipart():
        if mail.get_content_maintype() == "multipart" and depth < _DEPTH:
            for part in mail.get_payload():
                if isinstance(part, Message):
                    yield from _parts(part, depth + 1)
    elif kind in _CALENDARS:
        content = mail.get_payload(decode=True)
        charset = str(mail.get_content_charset("utf-8"))
        method = mail.get_param("method", "")
        if isinstance(content, bytes):
            yield decoded(content, charset), method if isinstance(method, str) else ""


def decoded(content: bytes, charset: str) -> str:
    """Text in that charset, when it is one that people use and it can be; else as UTF-8, else as Windows writes it.

    Its last character may be cut in two, where others before it are whole. What fits nowhere is replaced.
    """
    try:
        said = codecs.lookup(charset).name
    except (LookupError, ValueError):
        said = "utf-8"
    for name in (said, "utf-8"):
        if _CHARSETS.fullmatch(name):
            try:
                return content.decode(name)
            except UnicodeDecodeError as error:
                before = content[: error.start]
                if error.end == len(content) and not before.isascii():
                    return before.decode(name)
            except UnicodeError:
                continue
    return content.decode("cp1252", "replace")


def _calendar(content: str, method: str, sender: str | None) -> Reply:
    methods, events = _properties(content)
    if methods is None:
        raise Unread(Why.UNREADABLE)
    said = (methods[0] if methods else method).strip().upper()
    if said not in {"REPLY", "COUNTER"}:
        raise Unread(Why.DECLINE_COUNTER if said == "DECLINECOUNTER" else Why.OTHER_METHOD)
    proposes = said == "COUNTER"
    if not events:
        raise Unread(Why.NO_EVENT)
    uids = {text.line(_plain(_first(event, "UID")), 1000) for event in events}
    if len(uids) > 1:
        raise Unread(Why.SEVERAL_EVENTS)
    event, uid = events[0], uids.pop()
    if not uid:
        raise Unread(Why.NO_UID)
    who = _attendee(event, sender)
    answer = _ANSWERS.get(who.params.get("PARTSTAT", "").strip().upper(), Answer.NONE)
    if answer is Answer.NONE and not proposes:
        raise Unread(Why.NO_ANSWER)
    sequence = _first(event, "SEQUENCE").strip()
    comments = [_plain(each.value) for each in event if each.name == "COMMENT"]
    return Reply(
        uid=uid,
        sequence=int(sequence) if re.fullmatch(r"[0-9]{1,9}", sequence) else None,
        attendee=_address(who.value),
        sender=None if sender is None else text.line(sender, 1000),
        answer=answer,
        comment=text.paragraphs("\n".join(comments), 2000),
        stamp=_instant(_first(event, "DTSTAMP").strip()),
        proposes=proposes,
        start=_start(event) if proposes else None,
    )


def _properties(content: str) -> tuple[list[str] | None, list[list[_Line]]]:
    """METHODs of the calendar, None when it is no calendar, and the properties of each event, not of alarms in it."""
    methods: list[str] | None = None
    events: list[list[_Line]] = []
    path: list[str] = []
    rows = content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for row in re.sub(r"\n[ \t]", "", rows).split("\n"):
        line = _line(row)
        if line is None:
            continue
        inner = line.value.strip().upper()
        if line.name == "BEGIN":
            path.append(inner)
            if len(path) > _DEPTH:
                return None, []
            if path == ["VCALENDAR"]:
                methods = methods or []
            elif path == ["VCALENDAR", "VEVENT"]:
                events.append([])
        elif line.name == "END":
            if inner in path:
                while path.pop() != inner:
                    pass
        elif path == ["VCALENDAR"] and line.name == "METHOD" and methods is not None:
            methods.append(line.value)
        elif path == ["VCALENDAR", "VEVENT"]:
            events[-1].append(line)
    return methods, events


_TOKENS = re.compile(r'"[^"]*"|[;:]')


def _line(row: str) -> _Line | None:
    """`NAME;PARAM=value;…:value`; None when it is nothing like that."""
    cuts = []
    for found in _TOKENS.finditer(row):
        if found[0] in ";:":
            cuts.append(found.start())
            if found[0] == ":":
                break
    if not cuts or row[cuts[-1]] != ":":
        return None
    head = [row[begin:end] for begin, end in zip([0, *(cut + 1 for cut in cuts)], cuts, strict=False)]
    params: dict[str, str] = {}
    for each in head[1:]:
        key, _, value = each.partition("=")
        params.setdefault(key.strip().upper(), value.strip().strip('"'))
    return _Line(head[0].strip().upper(), params, row[cuts[-1] + 1 :])


def _first(event: list[_Line], name: str) -> str:
    return next((each.value for each in event if each.name == name), "")


def _attendee(event: list[_Line], sender: str | None) -> _Line:
    """Who answers: the only one named, or, among several, the one whose mail it is."""
    named = [each for each in event if each.name == "ATTENDEE" and "@" in _address(each.value)]
    if not named:
        raise Unread(Why.NO_ATTENDEE)
    if len(named) > 1:
        named = [each for each in named if sender and _address(each.value).casefold() == sender.casefold()]
        if len(named) != 1:
            raise Unread(Why.SEVERAL_ATTENDEES)
    return named[0]


def _address(value: str) -> str:
    written = value.strip()
    if written[:7].lower() == "mailto:":
        written = unquote(written[7:])
    return text.line(written, 1000).strip("<>")


def _plain(value: str) -> str:
    """TEXT without its escapes (RFC 5545, 3.3.11)."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


def _start(event: list[_Line]) -> datetime | None:
    """The instant of DTSTART; None where it is a date, or in a zone that nobody knows."""
    line = next((each for each in event if each.name == "DTSTART"), None)
    wall = _instant(line.value.strip()) if line else None
    if line is None or wall is None or line.value.strip().endswith("Z"):
        return wall
    try:
        return wall.replace(tzinfo=clock.zone(line.params.get("TZID", ""))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _instant(value: str) -> datetime | None:
    found = re.fullmatch(r"([0-9]{8}T[0-9]{6})Z?", value)
    if not found:
        return None
    try:
        return datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
