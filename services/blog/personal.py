"""What blog holds about one person, for their download."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import personal

from .models import SERVICE, blog, comment, nudge, offer, piece, post, profile, pushed
from .models import person as people

personal.table(SERVICE, "person", people.c.id)
personal.table(SERVICE, "reminders of a first post", nudge.c.person, latest=nudge.c.at)
personal.table(SERVICE, "first post moved", pushed.c.person)
# The secret of its webhook is left out: it stands at the forge, and a file is easily passed on.
_WORK = ("hook_secret", "due", "rung", "touched", "next_head", "done")
personal.table(SERVICE, "blogs", blog.c.person, without=_WORK, latest=blog.c.created_at)


@personal.part(SERVICE, "posts")
def posts(tx: Connection, person: str) -> Iterator[Mapping[Any, Any]]:
    query = sa.select(post).join(blog, blog.c.id == post.c.blog).where(blog.c.person == person)
    yield from tx.execute(query.order_by(post.c.id.desc()).execution_options(yield_per=100)).mappings()


personal.table(SERVICE, "profile", profile.c.person)
personal.table(SERVICE, "pieces", piece.c.person, latest=piece.c.created_at)
personal.table(SERVICE, "comments", comment.c.person, latest=comment.c.at)
# Of where it is on its way; what the work keeps for itself is left out.
personal.table(
    SERVICE,
    "offers",
    offer.c.person,
    without=("commit", "pushing", "round", "number", "due", "leased", "asked", "looked", "verdict"),
    latest=offer.c.changed_at,
)
