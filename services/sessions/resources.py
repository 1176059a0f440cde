"""Links that circles shared in published minutes, for everybody of the program, by stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from .models import resource, session
from .rules.refusals import Missing

Row = Mapping[Any, Any]


def keep(tx: Connection, stream: str | None, session_id: str, found: Mapping[str, str]) -> None:
    """Let the links of a session be these: {address: title}. What was hidden stays hidden."""
    mine = resource.c.session == session_id
    tx.execute(resource.delete().where(mine, resource.c.url.not_in(list(found))))
    if not stream:
        return
    for url, title in found.items():
        row = {"id": db.new_id(), "stream": stream, "session": session_id, "url": url, "title": title}
        insert = db.insert(tx, resource).values(**row, at=clock.now(), hidden_at=_hidden(tx, stream, url))
        tx.execute(insert.on_conflict_do_update(index_elements=["session", "url"], set_={"title": title}))


def _hidden(tx: Connection, stream: str, url: str) -> Any:
    """Since when this address is hidden in the stream; a new mention does not bring it back."""
    same = (resource.c.stream == stream, resource.c.url == url, resource.c.hidden_at.is_not(None))
    return tx.execute(sa.select(sa.func.max(resource.c.hidden_at)).where(*same)).scalar()


def shown(tx: Connection, stream: str, hidden: bool = False, page: int = 1, size: int = 50) -> tuple[list[Row], int]:
    """A stream's links, each address once as it was last shared, newest first; and how many there are."""
    wanted = (
        resource.c.stream == stream,
        resource.c.hidden_at.is_not(None) if hidden else resource.c.hidden_at.is_(None),
    )
    rank = sa.func.row_number().over(partition_by=resource.c.url, order_by=(resource.c.at.desc(), resource.c.id))
    ranked = sa.select(resource, session.c.circle, rank.label("rank")).join(session, session.c.id == resource.c.session)
    ranked_rows = ranked.where(*wanted).subquery()
    last = sa.select(ranked_rows).where(ranked_rows.c.rank == 1)
    total = tx.execute(sa.select(sa.func.count()).select_from(last.subquery())).scalar_one()
    query = last.order_by(ranked_rows.c.at.desc(), ranked_rows.c.id).limit(size).offset((page - 1) * size)
    return list(tx.execute(query).mappings()), total


def one(tx: Connection, id: str) -> Row | None:
    """That link with the circle that shared it, or None."""
    query = sa.select(resource, session.c.circle).join(session, session.c.id == resource.c.session)
    return tx.execute(query.where(resource.c.id == id)).mappings().first()


def hide(tx: Connection, id: str, hidden: bool) -> Row:
    """Hide an address from its stream's page, or show it again.

    :raises Refused: there is no such link.
    """
    row = one(tx, id)
    if row is None:
        raise Missing("resource", "There is no such link.", "It was taken out of the minutes; load the page again.")
    same = (resource.c.stream == row["stream"], resource.c.url == row["url"])
    tx.execute(resource.update().where(*same).values(hidden_at=clock.now() if hidden else None))
    return row
