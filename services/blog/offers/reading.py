"""The queue of offers, and one of them, as organizers see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from ..models import blog, offer, person, post, profile
from ..rules import offers as rules

PAGE = 50
_SHOWN = (
    "id",
    "post",
    "profile",
    "setup",
    "person",
    "state",
    "kind",
    "reason",
    "title",
    "path",
    "original",
    "url",
    "moved",
    "verdict",
)
_TIMES = ("opened_at", "published_at", "changed_at")


def _query(*more: Any) -> Any:
    columns = [offer.c[name] for name in (*_SHOWN, *_TIMES)]
    name = sa.func.coalesce(person.c.name, "").label("author")
    return (
        sa.select(
            *columns, post.c.title.label("post_title"), name, blog.c.consent, profile.c.agreed_at.label("agreed"), *more
        )
        .outerjoin(post, post.c.id == offer.c.post)
        .outerjoin(blog, blog.c.id == post.c.blog)
        .outerjoin(profile, profile.c.id == offer.c.profile)
        .outerjoin(person, person.c.id == offer.c.person)
    )


def counts(tx: Connection) -> dict[str, int]:
    """How many offers there are in each state."""
    query = sa.select(offer.c.state, sa.func.count().label("many")).group_by(offer.c.state)
    found = {row.state: row.many for row in tx.execute(query)}
    return {state: found.get(state, 0) for state, _ in rules.QUEUE}


def listed(tx: Connection, state: str, page: int = 1) -> list[dict[str, Any]]:
    """The offers of that state, those that wait longest first; what needs nobody any more: the latest first."""
    waits = state in {"open", "held", "failed", "waiting", "handed"}
    order = (offer.c.changed_at, offer.c.id) if waits else (offer.c.changed_at.desc(), offer.c.id.desc())
    rows = tx.execute(_query().where(offer.c.state == state).order_by(*order).limit(PAGE).offset((page - 1) * PAGE))
    return [_with_days(dict(row)) for row in rows.mappings()]


def one(tx: Connection, id: str) -> dict[str, Any] | None:
    """One offer with what it says, or None."""
    more = (offer.c.text, offer.c.notes, offer.c.body, offer.c.branch, offer.c.commit, offer.c.files, offer.c.live)
    row = tx.execute(_query(*more).where(offer.c.id == id)).mappings().first()
    return _with_days(dict(row)) if row else None


def paths(tx: Connection, row: Mapping[Any, Any]) -> tuple[set[str], set[str]]:
    """(paths in the program's blog that are this offer's own, paths of others that are proposed and not there yet)."""
    others = (offer.c.id != row["id"], offer.c.path.is_not(None), offer.c.branch.is_not(None))
    taken = set(tx.execute(sa.select(offer.c.path).where(*others)).scalars())
    return set(row["live"]) | ({row["path"]} if row["branch"] else set()), taken


def _with_days(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its title as far as it is known, and the days for which it has been in its state."""
    row["title"] = row["title"] or row["post_title"] or ("A place on the mentees page" if row["profile"] else "A post")
    row["days"] = max(0, (clock.now() - row["changed_at"]).days)
    return row
