"""The one task of signup beside events and ticks: work on an import. Only a doorbell; how far it is, is in SQL."""

from __future__ import annotations

from shared import db, log, worker

from . import importing

logger = log.get()


@worker.task("slow.import")
def work(id: str) -> None:
    """Check or import; what does not fit in one task's time goes on in the next."""
    log.bind(imported=id)
    more = importing.work(id)
    with db.read("signup") as tx:
        row = importing.one(tx, id)
    if row is not None:
        counts = {name: row[name] for name in ("done", "fresh", "known", "repeated", "refused")}
        logger.info("import.worked", state=row["state"], more=more, **counts)
