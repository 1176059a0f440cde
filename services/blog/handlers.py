"""Reactions. Most of them keep copies of what signup tells:

program.changed                  the program is replaced
member.*, organizer.*            the person is replaced; who left reviews nothing, and goes from the mentees page
member.erased                    the person is blanked with their blogs, pieces and profile, also in what was published
download.requested               (shared/personal.py) what is held about them is told
access.revoked                   (shared/revocation.py) older cookies are void
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import copies
from shared.events import Event, erase, on, snapshot
from shared.events.erasure import erase_mentions

from . import blogs, firsts, offers, pieces, profiles
from .models import SERVICE, person, program
from .offers import telling

snapshot(SERVICE)(telling.present)


@on(SERVICE, "program.changed")
def program_changed(tx: Connection, event: Event) -> None:
    copies.replace(tx, program, 1, event.data)


@on(SERVICE, *copies.MEMBER)
def member_told(tx: Connection, event: Event) -> None:
    before = tx.execute(sa.select(person.c.state).where(person.c.id == event.data["person"])).scalar()
    copies.replace(tx, person, event.data["person"], event.data)
    if event.data["state"] == "left" and before != "left":  # who says yes afterwards, says it anew
        profiles.left(tx, event.data["person"])
        if "organizer" not in event.data["roles"]:
            pieces.left(tx, event.data["person"])


@on(SERVICE, "member.erased")
def member_erased(tx: Connection, event: Event) -> None:
    copies.blank(tx, person, event.data["person"])
    blogs.blank(tx, event.data["person"])
    profiles.blank(tx, event.data["person"])
    offers.forget(tx, event.data["person"])
    firsts.forget(tx, event.data["person"])
    pieces.blank(tx, event.data["person"])
    for type in ("post.published", "offer.moved", "offer.snapshot"):
        erase_mentions(tx, type, event.data["person"])
    erase(tx, event.subject)
