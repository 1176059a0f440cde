"""Named gaps: places where a process could die between two steps that belong together.

`BATON_DIE_AT=<point>` makes the process kill itself there, as `kill -9` would, so that chaos runs and tests can walk
every gap. `BATON_DIE_AT=<point>@<file>` does so once: the file marks that it happened.
"""

from __future__ import annotations

import os
import signal

POINTS = {
    "web.committed": "the request's transaction is committed, nothing rung, nothing answered",
    "outbox.claimed": "deliveries are claimed and committed, nothing published",
    "outbox.published": "the task message is with the broker",
    "inbox.handled": "all handlers ran, their transaction not yet committed",
    "inbox.committed": "handlers committed, no receipt sent",
    "inbox.receipted": "the receipt is with the broker",
    "confirm.received": "a receipt was taken from the queue, not yet written",
    "confirm.committed": "deliveries are confirmed, the next ones claimed but not published",
    "schedule.ran": "a scheduled job did its work, its transaction not yet committed",
    "blog.step": "some changes of a member's blog are taken in and committed, more are left",
    "mail.claimed": "a mail is claimed, its server not yet spoken to",
    "mail.data_at": "the envelope is accepted and data_at committed, DATA not sent",
    "mail.dot": "the final dot is sent and answered, `sent` not committed",
    "mail.sent": "`sent` is committed",
    "chat.claimed": "a message is marked as ours, its chat's server not yet spoken to",
    "chat.posted": "a chat's server has answered, which is not noted",
    "offer.built": "the commit of a proposal is made and noted, no branch holds it",
    "offer.placed": "the branch of a proposal is at its commit, which is not noted",
    "offer.noted": "that is noted, no pull request is open",
    "offer.opened": "the pull request is open, which is not noted",
    "offer.accepted": "a proposal is merged as an organizer asked, which is not noted",
}

_point, _, _once = os.environ.get("BATON_DIE_AT", "").partition("@")


def at(point: str) -> None:
    """Die here if BATON_DIE_AT names this point."""
    assert point in POINTS, point
    if point != _point:
        return
    if _once:
        try:
            os.close(os.open(_once, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return
    os.kill(os.getpid(), signal.SIGKILL)
