"""What Prometheus is told about circles: how many there are, who is in them, who waits, what is planned."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.engine import Connection

from shared import metrics

_FIGURES = {
    "baton_circles": ("Open circles.", "SELECT count(*) FROM circle WHERE closed_at IS NULL"),
    "baton_places": ("Members with a place in a circle.", "SELECT count(*) FROM place WHERE until IS NULL"),
    "baton_waiting": ("Members who wait for a place.", "SELECT count(*) FROM waiting"),
    "baton_sessions_planned": (
        "Sessions that lie ahead.",
        "SELECT count(*) FROM session WHERE state IN ('planned', 'confirmed')",
    ),
}


@metrics.source("sessions")
def circles(tx: Connection) -> Iterable[metrics.Family]:
    for name, (meaning, query) in _FIGURES.items():
        found = GaugeMetricFamily(name, meaning)
        found.add_metric([], int(tx.execute(sa.text(query)).scalar_one()))
        yield found
