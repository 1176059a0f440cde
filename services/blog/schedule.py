"""What happens by time: whatever is due is worked on, and once an hour the forge is asked what was decided there."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.engine import Connection

from shared import db, worker
from shared.schedule import every, job, never
from shared.worker import on_tick

from . import offers
from .models import SERVICE


@job(SERVICE, "offers.look", every(timedelta(hours=1), never))
def look_at_offers(tx: Connection, _period: str) -> None:
    """The guarantee behind the doorbells: nobody has to tell us that a proposal was merged or declined."""
    offers.look_again(tx)


@on_tick(SERVICE)
def look_after_offers() -> None:
    """Call a worker for each offer that is due and that nobody works on: new, or its worker has died."""
    with db.read(SERVICE) as tx:
        ids = offers.due(tx)
    for id in ids:
        worker.send(offers.WORK, id)
