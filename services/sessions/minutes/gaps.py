"""What a session lacks, and the reason why it stays so; and the agenda that a stream's sessions begin with."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import db

from ..circles import journal
from ..circles.policy import DEFAULTS
from ..models import policy, session, stream_policy
from ..rules import agenda as agendas
from ..rules import text
from ..rules.refusals import Refused
from ..rules.states import Gap, SessionState
from . import reading

REASON_MOST = 500


def record(tx: Connection, id: str, gap: str, reason: str, by: str) -> None:
    """Record why something stays missing; an empty reason takes an earlier one back. It stands in the journal.

    :raises Refused: there is no such gap, the session is closed, or the reason cannot be taken.
    """
    said = text.line(f"reason-{gap}", reason, REASON_MOST)
    of = reading.taken(tx, id)
    if gap not in set(Gap):
        raise Refused("gap", "A session cannot lack that.", f"Choose one of {', '.join(Gap)}.")
    if of["state"] in (SessionState.CLOSED, SessionState.CANCELLED):
        raise Refused(f"reason-{gap}", f"This session is {of['state']}.", "Nothing is left to explain.")
    before = dict(of["gaps"] or {})
    after = {**before, gap: said} if said else {name: why for name, why in before.items() if name != gap}
    if after == before:
        return
    tx.execute(session.update().where(session.c.id == id).values(gaps=after))
    journal.note(tx, by, "gap", of["circle"], before, after, said, id)


def set_agenda(tx: Connection, stream: str, agenda: str) -> None:
    """Let the stream's sessions begin with this agenda, where nobody changed theirs already; empty: the usual one.

    :raises Refused: it cannot be taken.
    """
    said = text.paragraphs("agenda", agenda, agendas.AGENDA_MOST)
    kept = None if not said.strip() or said == agendas.USUAL.rstrip() else said
    row = {"stream": stream, "places": None, "agenda": kept, "mentors": True}
    insert = db.insert(tx, stream_policy).values(row)
    tx.execute(insert.on_conflict_do_update(index_elements=["stream"], set_={"agenda": kept}))


def reset_agenda(tx: Connection, stream: str) -> None:
    """Back to the usual agenda."""
    tx.execute(sa.update(stream_policy).where(stream_policy.c.stream == stream).values(agenda=None))


def set_at_once(tx: Connection, wanted: bool) -> None:
    """Whether organizers get every circle's minutes at once, beside the digest."""
    insert = db.insert(tx, policy).values({"id": 1, **DEFAULTS, "minutes_at_once": wanted})
    tx.execute(insert.on_conflict_do_update(index_elements=["id"], set_={"minutes_at_once": wanted}))
