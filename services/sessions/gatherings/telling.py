"""Who is invited to a gathering follows who it is for: what everybody was told is compared with what is true.

The same as for circles (invites.telling), but for who the people are. A note that it is to be looked at stands where
those of circles stand, under the gathering's id.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from shared import clock

from .. import locks
from ..invites import due
from ..invites import reading as invited
from ..invites import telling as invites
from ..models import gathering, session, unannounced
from . import reading, recipients

NOBODY = {"coordinator": None, "mentor": None}


def is_one(tx: Connection, id: str) -> bool:
    """Whether a note is about a gathering, not a circle."""
    return tx.execute(sa.select(gathering.c.id).where(gathering.c.id == id)).first() is not None


def settle(tx: Connection, id: str, without: str | None = None) -> None:
    """Tell people what they do not know yet of this gathering. What has begun is left as it was.

    :param without: somebody it is not for any more, whatever else is written.
    """
    locks.sessions(tx)
    tx.execute(sa.delete(unannounced).where(unannounced.c.circle == id))
    row = reading.one(tx, id)
    if row["sequence"] is None or row["starts_at"] <= clock.now():
        return
    people = [person for person in recipients.of(tx, row).people if person != without]
    invites.settle_one(tx, _held(tx, id), reading.about(row), people, NOBODY)


def _held(tx: Connection, id: str) -> RowMapping:
    return tx.execute(sa.select(session).where(session.c.id == id)).mappings().one()


def overlooked(tx: Connection) -> None:
    """Ask to look at those to come of which somebody does not know: who joined, left, or leads a circle since then is
    told within the hour. It only reads where nobody did.
    """
    due.touch(tx, [id for id in reading.ahead(tx) if _is_untold(tx, id)])


def _is_untold(tx: Connection, id: str) -> bool:
    row = reading.one(tx, id)
    if row["sequence"] is None or row["starts_at"] <= clock.now():
        return False
    return invites.differs(tx, _held(tx, id), recipients.of(tx, row).people, NOBODY)


def follow(tx: Connection, circle: str) -> None:
    """A circle was looked at: if somebody leads it who is not invited, ask to look at the meetings of coordinators."""
    ids = reading.ahead(tx, reading.ORGANIZERS)
    leader = recipients.coordinators(tx, [circle]).get(circle) if ids else None
    due.touch(tx, [id for id in ids if leader and invited.invited(tx, id, leader) is None])
