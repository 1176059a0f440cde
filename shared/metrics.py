"""Prometheus metrics, read from SQL at scrape time: nothing is counted in a process that may die or have siblings.

A scrape must stay cheap however much has happened: what is counted is what is open, and days, by partial indexes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from sqlalchemy.engine import Connection

from . import clock, db, ops, pulse, schedule, versions, worker

Family = GaugeMetricFamily | InfoMetricFamily
Source = Callable[[Connection], Iterable[Family]]
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
            for function in (_deliveries, _time, _build, *_sources.get(self.service, [])):
                yield from function(tx)


def _deliveries(tx: Connection) -> Iterable[Family]:
    waiting = GaugeMetricFamily("baton_deliveries_unconfirmed", "Events owed to a subscriber.", labels=["subscriber"])
    dead = GaugeMetricFamily("baton_deliveries_dead", "Deliveries that need a person.", labels=["subscriber"])
    oldest = GaugeMetricFamily(
        "baton_delivery_oldest_seconds", "Age of the oldest event that is owed and not dead.", labels=["subscriber"]
    )
    for each in ops.subscribers(tx):
        waiting.add_metric([each.name], each.waiting)
        dead.add_metric([each.name], each.dead)
        oldest.add_metric([each.name], each.oldest or 0.0)
    yield from (waiting, dead, oldest)


def _time(tx: Connection) -> Iterable[Family]:
    """Ages in machine time; of jobs in program time, by which they run."""
    ticked = pulse.ticked(tx)
    tick = GaugeMetricFamily("baton_tick_age_seconds", "Since a tick of the worker was last noted (each half minute).")
    if ticked is not None:
        tick.add_metric([], max(0.0, clock.machine() - ticked))
    worker.carry(db.service_of(tx))  # so that its jobs are known
    last = GaugeMetricFamily("baton_job_age_seconds", "Since a job last began, in program time.", labels=["job"])
    open_ = GaugeMetricFamily("baton_job_unfinished", "1 when the last run of a job has not ended.", labels=["job"])
    late = GaugeMetricFamily(
        "baton_job_late", "1 when a job has not begun for much longer than its period.", labels=["job"]
    )
    for each in schedule.times(tx):
        if each.last is not None:
            last.add_metric([each.job], max(0.0, (clock.now() - each.last).total_seconds()))
            open_.add_metric([each.job], 0.0 if each.finished else 1.0)
        late.add_metric([each.job], 1.0 if each.late else 0.0)
    yield from (tick, last, open_, late)


def _build(tx: Connection) -> Iterable[Family]:
    found = versions.of(db.service_of(tx), tx)
    info = {"version": found.baton, "python": found.python, "revision": found.revision or "", "tzdata": found.tzdata}
    yield InfoMetricFamily("baton_build", "What runs here.", value=info)
    yield GaugeMetricFamily("baton_tzdata_age_seconds", "Age of the time zones' data.", value=found.tzdata_age)
