"""What Prometheus is told about mail: how many are in each state, how long the oldest has waited, the server."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.engine import Connection

from shared import clock, metrics

from . import outbox
from .chat import channels
from .inbound import mailbox
from .mail import server
from .models import SERVICE, mail

DAY = timedelta(days=1)
_OPEN = sa.text(
    "SELECT 'queued' AS state, kind, count(*) AS mails FROM mail WHERE state = 'queued' GROUP BY kind"
    " UNION ALL SELECT 'sending', kind, count(*) FROM mail WHERE state = 'sending' GROUP BY kind"
    " UNION ALL SELECT state, kind, count(*) FROM mail WHERE state IN ('held', 'failed') GROUP BY state, kind"
)
_QUEUED = sa.text("state = 'queued'")


@metrics.source(SERVICE)
def mails(tx: Connection) -> Iterable[metrics.Family]:
    """What is open is counted whole, each state by its partial index; what is over, for a day."""
    states = GaugeMetricFamily("baton_mails", "Mails that are not done, by state and kind.", labels=["state", "kind"])
    for row in tx.execute(_OPEN):
        states.add_metric([row.state, row.kind], row.mails)
    recent = GaugeMetricFamily(
        "baton_mails_day", "Mails written within a day of program time, by state and kind.", labels=["state", "kind"]
    )
    counted = sa.select(mail.c.state, mail.c.kind, sa.func.count().label("mails"))
    for row in tx.execute(counted.where(mail.c.created_at > clock.now() - DAY).group_by(mail.c.state, mail.c.kind)):
        recent.add_metric([row.state, row.kind], row.mails)
    waited = GaugeMetricFamily("baton_mail_oldest_due_seconds", "How long the oldest due mail has waited.")
    oldest = tx.execute(sa.select(sa.func.min(mail.c.due)).where(_QUEUED)).scalar()
    waited.add_metric([], max(0.0, clock.machine() - oldest) if oldest is not None else 0.0)
    held = GaugeMetricFamily("baton_mails_held", "Mails that wait for a person to say whether they arrived.")
    held.add_metric([], outbox.counts(tx).get("held", 0))
    away = GaugeMetricFamily("baton_mail_server_away_seconds", "For how long the mail server has been out of reach.")
    since = server.state(tx).down_since
    away.add_metric([], max(0.0, clock.machine() - since) if since is not None else 0.0)
    unread = GaugeMetricFamily("baton_mailbox_away_seconds", "For how long the mailbox of answers cannot be read.")
    since = mailbox.state(tx).down_since
    unread.add_metric([], max(0.0, clock.machine() - since) if since is not None else 0.0)
    silent = GaugeMetricFamily(
        "baton_chat_channels_off", "Channels of a chat that turned off since nobody answers there."
    )
    silent.add_metric([], len(channels.off(tx)))
    yield from (states, recent, waited, held, away, unread, silent)
