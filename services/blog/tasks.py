"""The tasks of blog beside events and ticks. Only doorbells: how far each thing is, is in SQL."""

from __future__ import annotations

from shared import log, worker

from . import following, offers

logger = log.get()


@worker.task("slow.offer")
def offer(id: str) -> None:
    """Bring one post closer to the program's blog."""
    log.bind(offer=id)
    state = offers.work(id)
    if state is not None:
        logger.info("offer.worked", state=state)


@worker.task(following.WORK)
def look(id: str) -> None:
    """Take in what is new in a blog; what does not fit in one task's time goes on in the next."""
    log.bind(blog=id)
    if following.work(id):
        following.call(id)
