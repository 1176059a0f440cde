"""The agenda of a monthly meeting: what circles wrote in the month's published minutes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from ..models import circle, minutes, session
from ..rules import gatherings as rules

MONTH = timedelta(days=31)


def make(tx: Connection, streams: Iterable[str]) -> str:
    """Where help is needed, and open problems, of circles of these streams (none named: of all), as Markdown."""
    query = sa.select(circle.c.name, session.c.day, minutes.c.text)
    query = query.join(session, session.c.id == minutes.c.session).join(circle, circle.c.id == session.c.circle)
    query = query.where(minutes.c.published_at.is_not(None), session.c.starts_at > clock.now() - MONTH)
    if wanted := list(streams):
        query = query.where(circle.c.stream.in_(wanted))
    rows = tx.execute(query.order_by(circle.c.stream, circle.c.name, session.c.starts_at, session.c.id))
    return rules.made(rules.Said(row.name, date.fromisoformat(row.day), row.text) for row in rows)
