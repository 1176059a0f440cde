"""The tasks of blog beside events and ticks. Only doorbells: how far each thing is, is in SQL."""

from __future__ import annotations

from shared import log, worker

from . import offers

logger = log.get()


@worker.task("slow.offer")
def offer(id: str) -> None:
    """Bring one post closer to the program's blog."""
    log.bind(offer=id)
    state = offers.work(id)
    if state is not None:
        logger.info("offer.worked", state=state)
