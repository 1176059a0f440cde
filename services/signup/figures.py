"""What Prometheus is told about people: how many are in each state."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.engine import Connection

from shared import metrics

# By an index each: applicants are not in the one by state, so that no signup pays for it, and are what is left.
_TOLD = sa.text("SELECT state, count(*) AS people FROM person WHERE state <> 'applied' GROUP BY state")
_ALL = sa.text("SELECT count(*) FROM person")

_FIGURES = {
    "baton_goals_reached": ("Goals that members reached.", "SELECT count(*) FROM goal WHERE withdrawn_at IS NULL"),
    "baton_mentor_pool": (
        "Guests, alumni and organizers who may be asked to mentor.",
        "SELECT count(*) FROM person WHERE pool IS NOT NULL AND pool = 'agreed'",
    ),
}


@metrics.source("signup")
def members(tx: Connection) -> Iterable[metrics.Family]:
    found = GaugeMetricFamily("baton_members", "People by state.", labels=["state"])
    told = {row.state: row.people for row in tx.execute(_TOLD)}
    told["applied"] = (tx.execute(_ALL).scalar() or 0) - sum(told.values())
    for state, people in sorted(told.items()):
        found.add_metric([state], people)
    yield found
    for name, (meaning, query) in _FIGURES.items():
        one = GaugeMetricFamily(name, meaning)
        one.add_metric([], int(tx.execute(sa.text(query)).scalar_one()))
        yield one
