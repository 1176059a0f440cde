"""What happens by time: at every tick, mails of dead senders are taken back, and the doorbell rings if any is due. Each
night, mails grow old; when organizers arranged it, the digest comes.
"""

from __future__ import annotations

from sqlalchemy.engine import Connection

from shared import config, db, log, worker
from shared.schedule import daily, job
from shared.worker import on_tick

from .digest import arranging, projection, writing
from .inbound import mailbox, taking
from .mail import ledger, server
from .models import SERVICE
from .rules import Step
from .tasks import ring

_log = log.get("notifications.schedule")


@job(SERVICE, "mails.prune", daily(3, lambda _tx: "UTC"))
def prune_mails(tx: Connection, _period: str) -> bool:
    """Old mails lose their text, very old ones their line; what digests are made of goes as they do."""
    mails, facts, came = ledger.prune(tx), projection.prune(tx), taking.prune(tx)
    return mails or facts or came


@job(SERVICE, "digest.write", arranging.periods)
def write_digest(tx: Connection, period: str) -> None:
    """One letter to each organizer, once a period."""
    writing.write(tx, period)


@on_tick(SERVICE)
def look_into_the_mailbox() -> None:
    """Ask for it when it is time; whoever gets there first reads, and nobody else meanwhile."""
    if mailbox.due():
        worker.send("notifications.fetch")


@on_tick(SERVICE)
def look_after_mail() -> None:
    """The guarantee behind the doorbell; cheap when there is nothing to do."""
    if config.current().smtp_url:
        server.remind()
    with db.read(SERVICE) as tx:
        if not ledger.waiting(tx):
            return
    with db.write(SERVICE) as tx:
        swept = ledger.sweep(tx)
    for id, step in swept:
        _log.warning("mail.held" if step is Step.LOSE else "mail.taken_back", mail=id)
    if config.current().smtp_url:
        ring()
