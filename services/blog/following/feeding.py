"""A blog without a repository: its feed is read again and again, and its entries are posts that are offered as links.

An entry that is no longer in the feed is not gone: feeds show the latest only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from .. import repos
from ..blogs import feeds, marking
from ..models import post
from ..repos import Unreachable
from ..rules.posts import becomes, is_many


class Brought(NamedTuple):
    """A feed as it was just read; `print` is the hash of its bytes."""

    feed: feeds.Feed
    print: str


def bring(url: str) -> Brought:
    """The feed at an address.

    :raises Unreachable: there is none, or it cannot be read.
    """
    answer = repos.get(url, feeds.MOST, "application/atom+xml,application/rss+xml,*/*")
    if answer.status in {401, 403, 404, 410, 451}:
        raise Unreachable(f"The feed is not there any more, or not public ({answer.status}).", gone=True)
    if answer.status != 200:
        raise Unreachable(f"The server of this feed answers with an error ({answer.status}).")
    try:
        found = feeds.read(answer.body, answer.url)
    except ValueError as error:
        raise Unreachable(f"This feed cannot be read: {error}.") from None
    return Brought(found, hashlib.sha256(answer.body).hexdigest())


def take(tx: Connection, of: Mapping[Any, Any], brought: Brought) -> None:
    """Compare its entries with what is known of them."""
    if brought.print == of["head"]:
        return
    query = sa.select(post).where(post.c.blog == of["id"])
    rows = {row["path"]: row for row in tx.execute(query).mappings()}
    entries = brought.feed.entries
    ask = of["head"] is None or is_many(entry.id not in rows for entry in entries)
    for entry in entries:
        row = rows.get(entry.id)
        values = {"blob": entry.print, "title": entry.title, "url": entry.url}
        values |= {
            "day": entry.day.isoformat() if entry.day else (row["day"] if row else clock.now().date().isoformat())
        }
        state = becomes(row["state"] if row else None, row["choice"] if row else None, False, of["consent"], ask)
        if row is not None:
            marking.mark(tx, row, state, row["reason"], **values)
            continue
        marking.put(tx, state, blog=of["id"], path=entry.id, commit="", first_day=None, reason="", **values)
