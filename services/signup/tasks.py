"""The one task of signup beside events and ticks: work on an import. Only a doorbell; how far it is, is in SQL."""

from __future__ import annotations

from shared import worker

from . import importing


@worker.task("slow.import")
def work(id: str) -> None:
    """Check or import; what does not fit in one task's time goes on in the next."""
    importing.work(id)
