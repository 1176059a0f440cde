"""Prometheus metrics, read from SQL at scrape time: nothing is counted in a process that may die or have siblings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.engine import Connection

from . import clock, db

Source = Callable[[Connection], Iterable[GaugeMetricFamily]]
_sources: dict[str, list[Source]] = {}


def source(service: str) -> Callable[[Source], Source]:
    """Register a function of `service` that yields metric families from its database."""

    def register(function: Source) -> Source:
        _sources.setdefault(service, []).append(function)
        return function

    return register


def exposition(service: str) -> bytes:
    """The text that Prometheus scrapes."""
    registry = CollectorRegistry()
    registry.register(_Collector(service))  # type: ignore[arg-type]
    return generate_latest(registry)


class _Collector:
    def __init__(self, service: str) -> None:
        self.service = service

    def collect(self) -> Iterable[Any]:
        with db.read(self.service) as tx:
            yield from _deliveries(tx)
            for function in _sources.get(self.service, []):
                yield from function(tx)


def _deliveries(tx: Connection) -> Iterable[GaugeMetricFamily]:
    waiting = GaugeMetricFamily("baton_deliveries_unconfirmed", "Events owed to a subscriber.", labels=["subscriber"])
    dead = GaugeMetricFamily("baton_deliveries_dead", "Deliveries that need a person.", labels=["subscriber"])
    oldest = GaugeMetricFamily(
        "baton_delivery_oldest_seconds", "Age of the oldest event that is owed.", labels=["subscriber"]
    )
    for row in tx.execute(_WAITING):
        waiting.add_metric([row.subscriber], row.waiting)
        dead.add_metric([row.subscriber], row.dead or 0)
        oldest.add_metric([row.subscriber], clock.machine() - row.oldest)
    yield from (waiting, dead, oldest)


_WAITING = sa.text(
    "SELECT d.subscriber, count(*) AS waiting, sum(CASE WHEN d.dead_at IS NULL THEN 0 ELSE 1 END) AS dead,"
    " min(e.recorded) AS oldest FROM delivery d JOIN event e ON e.position = d.event"
    " WHERE d.confirmed_at IS NULL GROUP BY d.subscriber"
)
