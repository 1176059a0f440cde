"""After a restore: mails that may have gone out between the backup and now are held, and shown to a person."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config

from .chat import messages
from .models import doubt, mail

DAY = 86_400.0
_UNSENT = sa.text("state IN ('queued', 'sending')")


def hold(tx: Connection, made: datetime, owed: list[str]) -> int:
    """Hold what was not sent at the time of the backup, and doubt what is about to be written anew.

    :param made: the instant of the backup.
    :param owed: ids of events that were on their way here, and correlations of all that were on their way anywhere: the
        mails that they, or what follows from them, cause may have been written and sent after it.
    :returns: how many mails are held now.
    """
    when = made.strftime("%d %b %Y, %H:%M UTC")
    words = f"It was not sent when the backup of {when} was made, and may have been since, before the restore."
    values = {"state": "held", "error": words, "claim": None, "claimed_at": None, "data_at": None}
    messages.hold(tx, words)
    held = tx.execute(mail.update().where(_UNSENT).values(**values)).rowcount
    now = clock.machine()
    kept = now + (config.current().keep_events + 30) * DAY
    caused = f"Its cause is older than the backup of {when}: it may have been sent already, before the restore."
    timely = (
        f"Written within a day of restoring the backup of {when}: it may have been sent already, before the restore."
    )
    rows = [{"cause": cause, "until": kept, "words": caused} for cause in dict.fromkeys(owed)]
    tx.execute(doubt.delete())
    tx.execute(doubt.insert(), [*rows, {"cause": "*", "until": now + DAY, "words": timely}])
    return int(held)
