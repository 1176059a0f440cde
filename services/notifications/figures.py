"""What Prometheus is told about mail: how many are in each state, and how long the oldest due one has waited."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.engine import Connection

from shared import clock, metrics

from .models import SERVICE, mail

_QUEUED = sa.text("state = 'queued'")


@metrics.source(SERVICE)
def mails(tx: Connection) -> Iterable[GaugeMetricFamily]:
    states = GaugeMetricFamily("baton_mails", "Mails by state and kind.", labels=["state", "kind"])
    counted = sa.select(mail.c.state, mail.c.kind, sa.func.count().label("mails")).group_by(mail.c.state, mail.c.kind)
    for row in tx.execute(counted):
        states.add_metric([row.state, row.kind], row.mails)
    waited = GaugeMetricFamily("baton_mail_oldest_due_seconds", "How long the oldest due mail has waited.")
    oldest = tx.execute(sa.select(sa.func.min(mail.c.due)).where(_QUEUED)).scalar()
    waited.add_metric([], max(0.0, clock.machine() - oldest) if oldest is not None else 0.0)
    yield from (states, waited)
