"""Reactions.

program.changed                  the program is replaced
member.*, organizer.*            the person is replaced, and placed, put in line or let go (circles.placing.settle);
                                 who may be asked to mentor from the pool (turns.mentoring); turns that they can no
                                 longer have become free (turns.asking.forgo); who takes part no more need not say
                                 if they are still with us (turns.checkins.follow)
member.erased                    the same, and the person is blanked, also in what was published about them and of their
                                 circles
talks.chosen                     whether they are invited to talks
reply.received                   an answer to an invite, from somebody's calendar (invites.answering)
download.requested               (shared/personal.py) what is held about them is told
access.revoked                   (shared/revocation.py) older cookies are void
"""

from __future__ import annotations

from sqlalchemy.engine import Connection

from shared import copies
from shared.events import Event, erase, on, snapshot

from . import locks, minutes, retelling
from .circles import placing
from .gatherings import notes
from .invites import answering
from .models import SERVICE, person, program
from .turns import asking, checkins, journal, mentoring

snapshot(SERVICE)(retelling.present)


@on(SERVICE, "program.changed")
def program_changed(tx: Connection, event: Event) -> None:
    copies.replace(tx, program, 1, event.data)


def _hold(tx: Connection) -> None:
    """Both locks, before anything else: the next event in this transaction may need the one that comes first."""
    locks.placing(tx)
    locks.sessions(tx)


@on(SERVICE, *copies.MEMBER)
def member_told(tx: Connection, event: Event) -> None:
    _hold(tx)
    copies.replace(tx, person, event.data["person"], event.data)
    placing.settle(tx, event.data["person"])
    mentoring.pooled(tx, event.data)
    mentoring.settle(tx, event.data["person"])
    asking.forgo(tx, event.data["person"])
    checkins.follow(tx, event.data["person"])


@on(SERVICE, "member.erased")
def member_erased(tx: Connection, event: Event) -> None:
    _hold(tx)
    copies.blank(tx, person, event.data["person"])
    placing.settle(tx, event.data["person"])
    mentoring.unpool(tx, event.data["person"])
    mentoring.settle(tx, event.data["person"])
    asking.forgo(tx, event.data["person"])
    checkins.follow(tx, event.data["person"])
    journal.forget(tx, event.data["person"])
    erase(tx, event.subject)
    minutes.forget(tx, event.data["person"])


@on(SERVICE, "talks.chosen")
def talks_chosen(tx: Connection, event: Event) -> None:
    locks.sessions(tx)
    notes.want_talks(tx, event.data["person"], event.data["wanted"], tell=False)


@on(SERVICE, "reply.received")
def reply_received(tx: Connection, event: Event) -> None:
    locks.sessions(tx)
    data = event.data
    answering.by_calendar(tx, data["session"], data["person"], data["answer"], data["sequence"], data.get("proposed"))
