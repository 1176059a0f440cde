"""Publishing minutes, once; correcting them for 48 hours, with history; and closing the session after that.

Nothing is published, and no session closed, with a gap that has no recorded reason. To publish, the next coordinator
must have been asked; to close, they must have said yes, or that session's own minutes are out and say who led it, if
anybody did: that is written down as the reason. The circle is mailed once for the
publishing, and once more for each correction whose writer asks for it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from shared import clock, face
from shared.events import emit

from .. import attendance, items, people, resources
from ..models import minutes, revision, session
from ..rules import agenda as agendas
from ..rules import markup, states, text
from ..rules.refusals import Refused
from ..rules.rotation import Role
from ..rules.states import SESSION, Gap, Left, SessionState
from ..turns import answering, checkins, seats
from . import gaps, reading, saving
from .reading import Row
from .saving import Saved

NOBODY = "nobody"
NOBODY_LED = "The next session is over, and nobody had said yes to coordinate it."
_WRITTEN = (SessionState.MINUTED, SessionState.CLOSED)
TOLD_MOST = 20_000  # bytes of minutes that an event and a mail carry


def absent_coordinator(tx: Connection, of: Row) -> str | None:
    """Who was to coordinate the session and is noted as not there; the turn does not count for them."""
    leads = people.duties(tx, of["id"]).get("coordinator")
    return next(
        (mark.person for mark in attendance.sheet(tx, of) if mark.person == leads and mark.present is False), None
    )


def to_publish(tx: Connection, of: Row) -> Left:
    """What the session has left behind, as publishing sees it: whoever is asked to coordinate the next one is named.

    Their yes may take a week, in which nobody would read what was said. Closing waits for it.
    """
    left, then = reading.left(tx, of), reading.following(tx, of)
    asked = then is not None and seats.holder(seats.turns(tx, then["id"], Role.COORDINATOR)) is not None
    return replace(left, next_coordinator=left.next_coordinator or asked)


def publish(tx: Connection, id: str, by: str, served: str = "") -> bool:
    """Publish the minutes as they are; False when they were published before.

    :param served: who coordinated, where `absent_coordinator` says that somebody did not; or NOBODY.
    :raises Refused: with every gap that has no reason in `all`; or the session has not begun, or is cancelled.
    """
    seats.lock(tx)  # before the session's, as everywhere
    of = reading.taken(tx, id)
    now = reading.texts(tx, of)
    if now.published_at:
        return False
    if clock.now() < of["starts_at"]:
        raise Refused("state", "This session has not begun.", "Publish its minutes when it is over.")
    state = SessionState(of["state"])
    if state in (SessionState.PLANNED, SessionState.CONFIRMED):
        state = SESSION.after(state, "hold")
    after = SESSION.after(state, "minute")
    _refuse_gaps(to_publish(tx, of), of["gaps"] or {})
    _credit(tx, of, by, served)
    if not now.version:  # a reason stands in for them: what everybody saw so far were headings
        saving.put(tx, of, now, "text", 0, "", by, "draft")
        now = reading.texts(tx, of)
    published = {"published_at": clock.now(), "published_by": by}
    tx.execute(minutes.update().where(minutes.c.session == id).values(**published))
    where = (revision.c.session == id, revision.c.part == "text", revision.c.version == now.version)
    tx.execute(revision.update().where(*where).values(kind="published", by=by, at=clock.now()))
    tx.execute(session.update().where(session.c.id == id).values(state=after.value))
    _tell(tx, id, "session.minuted", by)
    checkins.ask(tx, of)
    return True


def _credit(tx: Connection, of: Row, by: str, served: str) -> None:
    """Let the turn count for who really served."""
    absent = absent_coordinator(tx, of)
    if absent is None:
        return
    there = {mark.person for mark in attendance.sheet(tx, of) if mark.present}
    if served != NOBODY and served not in there:
        name = people.names(tx, [absent])[absent]
        raise Refused("served", f"{name} was to coordinate, and was not there.", "Say who did, or that nobody did.")
    answering.served_by(tx, of["id"], None if served == NOBODY else served, by)


def correct(tx: Connection, id: str, based_on: int, typed: str, by: str, tell: bool) -> Saved:
    """Correct published minutes; with `tell` the circle gets them once more.

    :raises Refused: they are not published, or longer ago than 48 hours; or the text cannot be taken.
    """
    taken = text.paragraphs("text", typed, saving.MOST["text"])
    of = reading.taken(tx, id)
    now = reading.texts(tx, of)
    if now.correct_until is None:
        raise Refused("text", "These minutes are not published yet.", "Save them as a draft.")
    if clock.now() >= now.correct_until:
        raise Refused("text", "These minutes can no longer be corrected.", "Note it in the next session's minutes.")
    if agendas.says_nothing(taken) and not (of["gaps"] or {}).get("minutes"):
        raise Refused("text", "Nothing would be left of the minutes.", "Leave something, or say why there is nothing.")
    saved = saving.put(tx, of, now, "text", based_on, taken, by, "corrected")
    if saved.state in ("saved", "merged") and saved.version > now.version:
        if tell:
            _tell(tx, id, "minutes.corrected", by)
        else:
            _keep_resources(tx, of)
    return saved


def close_if_done(tx: Connection, id: str) -> bool:
    """Close a session whose minutes can no longer be corrected, if it lacks nothing without a reason."""
    of = reading.taken(tx, id)
    now = reading.texts(tx, of)
    if of["state"] != SessionState.MINUTED or now.correct_until is None or clock.now() < now.correct_until:
        return False
    left, reasons = reading.left(tx, of), dict(of["gaps"] or {})
    then = reading.following(tx, of)
    if (
        not left.next_coordinator
        and then is not None
        and then["state"] in _WRITTEN
        and Gap.NEXT_COORDINATOR not in reasons
    ):
        # Nobody can say yes to that one any more: who led it, if anybody did, its own minutes say.
        gaps.record(tx, id, Gap.NEXT_COORDINATOR, NOBODY_LED, "system")
        reasons[Gap.NEXT_COORDINATOR] = NOBODY_LED
    try:
        after = states.close(SessionState(of["state"]), left, reasons)
    except Refused:
        return False
    tx.execute(session.update().where(session.c.id == id).values(state=after.value))
    return True


def _refuse_gaps(left: Left, reasons: dict[str, str]) -> None:
    found = []
    for gap in states.gaps(left):
        alone = Left(gap != Gap.MINUTES, gap != Gap.ATTENDANCE, gap != Gap.NEXT_COORDINATOR)
        try:
            states.close(SessionState.HELD, alone, reasons)
        except Refused as refused:
            found.append(refused)
    Refused.raise_any(found)


def _keep_resources(tx: Connection, of: Row) -> None:
    found = markup.resources(face.links(reading.texts(tx, of).text))
    resources.keep(tx, of["stream"], of["id"], found)


def _tell(tx: Connection, id: str, type: str, by: str) -> None:
    of = reading.one(tx, id)
    if of is None:
        raise LookupError(f"session {id} went away")
    _keep_resources(tx, of)
    emit(tx, type, reading.subject(id), _told(tx, of, by))


def _told(tx: Connection, of: Row, by: str) -> dict[str, Any]:
    """What others are told of it; names they know themselves, by id."""
    now, then = reading.texts(tx, of), reading.following(tx, of)
    duties, later = people.duties(tx, of["id"]), people.duties(tx, then["id"]) if then else {}
    said, missing = markup.cut(now.text, TOLD_MOST)
    sheet = attendance.sheet(tx, of)
    mentor = duties.get("mentor")
    circle = people.members(tx, of["circle"])
    return {
        **reading.meeting(tx, of),
        "mentor": mentor,
        "by": by,
        "text": "" if agendas.says_nothing(now.text) else said,
        "cut": missing,
        "reasons": [{"gap": gap, "why": why} for gap, why in sorted((of["gaps"] or {}).items())],
        "items": items.as_told(items.open_ones(tx, of)),
        "present": [each.person for each in sheet if each.present],
        "members": [each.person for each in sheet],
        "to": [*circle, *([mentor] if mentor and mentor not in circle else [])],
        "organizers": people.organizers(tx) if reading.at_once(tx) else [],
        "next": {"session": then["id"], "starts_at": _iso(then["starts_at"]), "coordinator": later.get("coordinator")}
        if then
        else None,
        "correct_until": _iso(now.correct_until or clock.now() + reading.CORRECTION),
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat()
