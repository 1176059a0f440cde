"""What happens by time: at every tick, mails of dead senders are taken back, and the doorbell rings if any is due. Each
night, mails grow old; when organizers arranged it, the digest comes, and once a month letters of streams, both after a
gap in ticks only once the others have caught up; chat hears of tomorrow's sessions.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.engine import Connection

from shared import config, db, worker
from shared.schedule import daily, every, job, never
from shared.worker import on_tick

from . import waking
from .chat import channels, invites, messages, posting, telling
from .digest import arranging, projection, writing
from .inbound import mailbox, taking
from .mail import ledger, quiet, sending, server
from .models import SERVICE
from .monthly import writing as letters
from .tasks import ring


@job(SERVICE, "mails.prune", daily(3, lambda _tx: "UTC", never))
def prune_mails(tx: Connection, _period: str) -> bool:
    """Old mails lose their text, very old ones their line; what digests are made of goes as they do."""
    mails, facts, came = ledger.prune(tx), projection.prune(tx), taking.prune(tx)
    said = messages.prune(tx)
    return mails or facts or came or said


@job(SERVICE, "digest.write", arranging.periods, ready=arranging.ready)
def write_digest(tx: Connection, period: str) -> None:
    """One letter to each organizer, once a period."""
    writing.write(tx, period)


@job(SERVICE, "stream.write", every(timedelta(hours=1), letters.next_due), ready=waking.over)
def write_letters(tx: Connection, _period: str) -> bool:
    """On the first of a month, where they live, members who asked for it hear what their stream did."""
    return letters.write(tx)


@job(SERVICE, "mails.wake", every(timedelta(minutes=15), quiet.next_morning))
def wake_mails(tx: Connection, _period: str) -> bool:
    """Whose quiet hours are over gets what rested, also when the program's clock was set."""
    return quiet.wake(tx)


@job(SERVICE, "chat.tomorrow", every(timedelta(minutes=15), telling.next_tomorrow))
def tell_of_tomorrow(tx: Connection, _period: str) -> None:
    """Channels of a chat hear of sessions that begin within a day."""
    telling.tomorrow(tx)


@job(SERVICE, "chat.invite", daily(9, lambda tx: arranging.read(tx).zone, invites.next_look))
def watch_the_invite(tx: Connection, _period: str) -> None:
    """Organizers hear that the link into the chat is about to run out."""
    invites.watch(tx)


@on_tick(SERVICE)
def look_after_chat() -> None:
    """Ask for what is to be posted; a task of its own, so that no chat's server keeps anything else waiting."""
    with db.read(SERVICE) as tx:
        differs, due = channels.setting_differs(tx), posting.due(tx)
    if differs:
        with db.write(SERVICE) as tx:
            channels.keep_setting(tx)
    if due:
        worker.send("slow.chat")


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
    sending.take_back()
    if config.current().smtp_url:
        ring()
