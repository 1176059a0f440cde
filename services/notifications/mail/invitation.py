"""Mails about a session: its invite, what changed, its end, a reminder; each with what the reader's calendar needs.

What all readers are told alike is made once; what differs is the one ATTENDEE, the zone and the link. Which state of
the session a mail tells is its rank, so that none goes out after a later one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Connection

from shared import config
from shared.calendar.event import Answer, Attendee, Invite, Mailbox
from shared.calendar.session import event as session_event
from shared.calendar.session import page

from .. import people
from ..rules import lists
from . import compose, letter
from .compose import Reader, Told

if TYPE_CHECKING:
    from shared.calendar.invite import Prepared

FIRST = {"organizers": "meeting", "talk": "talk"}  # the first mail about what is no session of a circle
THINGS = {"circle": "session", **FIRST}  # what mails call it
KINDS = {"request": "invite", "update": "invite-update", "cancel": "invite-cancel", "drop": "invite-cancel"}
SOON = 2  # hours before, of the second reminder
ROLES = ("coordinator", "mentor")
_ANSWERS = {"coming": Answer.YES, "cannot": Answer.NO, None: Answer.NONE}


def announce(tx: Connection, cause: str, data: Mapping[str, Any]) -> None:
    """A mail to each attendee of session.announced."""
    over = data["state"] == "cancelled"
    names: Mapping[str, str | None] = dict.fromkeys(ROLES) if over else _names(tx, data)
    from shared.calendar.invite import prepare  # here: what writes calendars is large

    prepared = prepare(
        session_event(
            data,
            datetime.fromisoformat(data["stamp"]),
            Mailbox(compose.the_program(tx).name, parseaddr(config.current().mail_from)[1]),
            config.current().base_url,
            names["coordinator"] or "",
            names["mentor"] or "",
        )
    )
    context = {
        **_context(data, names),
        "changed": data["changed"],
        "was": datetime.fromisoformat(data["was"]) if data["was"] else None,
        # It says why a date was moved or is off, not why somebody else leads it.
        "note": "" if data["changed"] and set(data["changed"]) <= set(ROLES) else letter.line(data["note"] or "", 500),
        "cancelled": data["what"] == "cancel",
    }
    kind = FIRST.get(data["kind"], "invite") if data["what"] == "request" else KINDS[data["what"]]
    with compose.Round(tx, kind, cause) as mails:
        here = _here(tx, data)
        for each in data["attendees"]:
            to = reader(tx, data, each["person"], here)
            if to:
                _write(mails, to, data, context, _invite(prepared, to, each["answer"]))


def remind(tx: Connection, cause: str, data: Mapping[str, Any], in_chat: Collection[str] = ()) -> None:
    """A mail to each attendee of session.reminded; without a calendar part, since nothing changes.

    :param in_chat: ids of the messages by which the chat was told that it is near.
    """
    names, soon = _names(tx, data), data["hours"] == SOON
    of = lists.Of(data.get("stream"), in_chat, ahead=not soon, extra=not soon)
    with compose.Round(tx, "reminder", cause) as mails:
        here = _here(tx, data)
        for each in data["attendees"]:
            to = reader(tx, data, each["person"], here)
            if to:
                open_ones = [one for one in data.get("items", ()) if one["person"] == each["person"]]
                mine = [{**one, "text": letter.line(one["text"], 500)} for one in open_ones]
                context = {**_context(data, names), "hours": data["hours"], "answer": each["answer"], "items": mine}
                # What people wrote freely may name anybody of the circle.
                _write(mails, to, data, context, None, data["members"] if mine else (), of)


def _here(tx: Connection, data: Mapping[str, Any]) -> dict[str, Reader | None]:
    guest = (data.get("guest") or {}).get("person")
    return people.all_of(tx, [each["person"] for each in data["attendees"] if each["person"] != guest])


def reader(
    tx: Connection, data: Mapping[str, Any], person: str, here: Mapping[str, Reader | None] | None = None
) -> Reader | None:
    """Whom a mail is for: somebody of the program, or the guest that the event names; None if they were erased.

    None, too, for who is the guest by their address: one address gets one invite, that of who speaks. Only here are
    addresses known.
    """
    guest = data.get("guest")
    if not guest or guest["person"] != person:
        found = people.reader(tx, person) if here is None else here[person]
        return None if found and guest and _same(found.email, guest["guest_email"]) else found
    if not guest["guest_email"] or people.forgotten(tx, [person]):
        return None
    return Reader(person, guest["guest_name"], guest["guest_email"], data.get("zone", ""))


def _same(one: str | None, other: str | None) -> bool:
    try:
        return bool(one and other) and letter.wire(str(one)).casefold() == letter.wire(str(other)).casefold()
    except ValueError:
        return False  # as above: the letter says so


def _write(
    mails: compose.Round,
    to: Reader,
    data: Mapping[str, Any],
    context: dict[str, Any],
    invite: Invite | None,
    others: Iterable[str] = (),
    of: lists.Of | None = None,
) -> None:
    # A mail that says it is over names nobody, and has no page to lead to.
    over = mails.kind == "invite-cancel"
    guest = (data.get("guest") or {}).get("person")
    named = () if over else (data["coordinator"], data["mentor"], guest, *others)
    mine = {**context, "leads": data["coordinator"] == to.person, "mentors": data["mentor"] == to.person}
    mine["speaks"] = guest == to.person
    links = {} if over else duty(data["session"], mine["leads"], mine["mentors"])
    if mine.get("items"):
        links["tick"] = ("item", {})
    mails.write(
        to, mine, {"session": data["session"], "at": data["starts_at"]},
        links=links,
        mentions=[id for id in named if id],
        deadline=datetime.fromisoformat(data["starts_at"]),
        told=Told(topic(data["session"]), data["sequence"], invite),
        of=None if mine["leads"] or mine["mentors"] or mine["speaks"] else of,
    )  # fmt: skip


def duty(session: str, leads: bool, mentors: bool) -> dict[str, tuple[str, dict[str, Any]]]:
    """The links of who leads that session, or mentors it, to their page about it; both need no password."""
    links: dict[str, tuple[str, dict[str, Any]]] = {}
    if leads:
        links["lead"] = ("lead", {"session": session})
    if mentors:
        links["mentor"] = ("enter", {"next": f"/sessions/s/{session}"})
    return links


def topic(session: str) -> str:
    """What mails about the state of a session share."""
    return f"session/{session}"


def _invite(prepared: Prepared, to: Reader, answer: str | None) -> Invite | None:
    try:
        # As the envelope has it: what the calendar sends back is compared with that.
        return prepared.to(Attendee(to.name, letter.wire(to.email), _ANSWERS[answer]))
    except ValueError:
        return None  # the letter itself says that this can be no address


def posted(form: Mapping[str, str]) -> dict[str, Any]:
    """What an invite to a meeting or talk says, of a form that is not sent yet.

    :raises ValueError: its moment or its length are none.
    """
    return {
        "title": letter.line(form.get("title", "")) or THINGS["circle"],
        "starts_at": datetime.fromisoformat(form.get("starts_at", "")),
        "minutes": int(form.get("minutes", "")),
        "meets": compose.web(form.get("link") or None),
        "location": letter.line(form.get("location", ""), 400),
        "speaker": letter.line(form.get("speaker", "")),
        "abstract": form.get("abstract", ""),
    }


def _names(tx: Connection, data: Mapping[str, Any]) -> dict[str, str | None]:
    """What coordinator and mentor are called; None where there is none, or who was erased."""
    known = dict(people.names(tx, [id for id in (data["coordinator"], data["mentor"]) if id]))
    return {role: letter.line(known.get(data[role], "")) or None for role in ROLES}


def _context(data: Mapping[str, Any], names: Mapping[str, str | None]) -> dict[str, Any]:
    return {
        **names,
        "circle": letter.line(data["name"]),
        "title": letter.line(data["title"] or data["name"]),
        "starts_at": datetime.fromisoformat(data["starts_at"]),
        "minutes": data["minutes"],
        "meets": compose.web(data["link"]),
        "location": letter.line(data["location"] or "", 400),
        "note": letter.line(data["note"] or "", 500),
        "kind": data["kind"],
        "thing": THINGS[data["kind"]],
        "speaker": letter.line(data.get("speaker") or ""),
        "abstract": data.get("abstract") or "",
        "agenda": page(config.current().base_url, data["session"]),
    }
