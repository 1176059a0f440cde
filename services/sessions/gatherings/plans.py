"""Plans: on which day of the month a meeting or talk is to be, and how long before it is proposed by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from .. import people
from ..models import gathering_plan
from ..rules.gatherings import Rhythm
from ..rules.refusals import Missing
from . import asking, reading

Row = Mapping[Any, Any]
USUAL = {"week": 1, "weekday": 1, "time": "18:00", "minutes": 60, "link": None, "location": None, "ahead": 7}


def one(tx: Connection, kind: str) -> dict[str, Any]:
    """The plan of a kind; before anybody set it, the usual one, which is not active."""
    row = tx.execute(_ONE, {"kind": kind}).mappings().first()
    return dict(row) if row else {"kind": kind, "active": False, "zone": people.program_zone(tx), **USUAL}


_ONE = sa.select(gathering_plan).where(gathering_plan.c.kind == sa.bindparam("kind"))


def save(tx: Connection, kind: str, typed: Row, active: bool) -> None:
    """Set the plan of a kind, or end it.

    :raises Refused: with every wrong field in `all`; there is no such kind.
    """
    if kind not in reading.KINDS:
        raise Missing("kind", "There is no such plan.", f"Choose one of {', '.join(reading.KINDS)}.")
    values = {**asking.plan(typed), "active": active}
    insert = db.insert(tx, gathering_plan).values(kind=kind, **values)
    tx.execute(insert.on_conflict_do_update(index_elements=["kind"], set_=values))


def following(plan: Row) -> tuple[date, datetime]:
    """The next day of a plan, and the instant."""
    rhythm = Rhythm(plan["week"], plan["weekday"], time.fromisoformat(plan["time"]), clock.zone(plan["zone"]))
    return rhythm.following(clock.now())


def draft(tx: Connection, kind: str, day: date | None = None) -> dict[str, Any]:
    """When and where the next one is to be, by the plan."""
    plan = one(tx, kind)
    chosen = day or following(plan)[0]
    return {"title": "", "day": chosen.isoformat(), **{name: plan[name] for name in asking.WHEN if name != "day"}}


def due(tx: Connection, kind: str) -> date | None:
    """The day of the next one, if it is time to propose it."""
    plan = one(tx, kind)
    if not plan["active"]:
        return None
    day, begins = following(plan)
    return day if clock.now() >= begins - timedelta(days=plan["ahead"]) else None


def asked_again(tx: Connection, kind: str) -> datetime:
    """When the next one is proposed; without a plan, when it is looked at again."""
    plan = one(tx, kind)
    if not plan["active"]:
        return clock.now() + timedelta(days=1)
    at = following(plan)[1] - timedelta(days=plan["ahead"])
    return at if at > clock.now() else at + timedelta(days=28)
