"""A person is erased: of their blogs and posts only ids are left, to which offers refer."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from ..models import blog, post
from ..repos import Mirror


def blank(tx: Connection, person: str) -> None:
    """Take everything out that says what somebody wrote, and where; their mirrors go once that is committed."""
    ids = list(tx.execute(sa.select(blog.c.id).where(blog.c.person == person)).scalars())
    if not ids:
        return
    now = clock.now()
    nothing = {name: None for name in ("clone_url", "site", "dialect", "permalink", "branch", "consent", "consent_at")}
    nothing |= {name: None for name in ("head", "hook_secret", "hook_seen_at", "error", "next_head", "due", "seen_at")}
    of_blog: dict[str, Any] = {**nothing, "address": blog.c.id, "roots": [], "missing": [], "state": "left", "done": 0}
    tx.execute(sa.update(blog).where(blog.c.id.in_(ids)).values(**of_blog))
    of_post = {"path": post.c.id, "title": "", "url": None, "day": None, "first_day": None, "commit": "", "blob": ""}
    gone = {**of_post, "state": "gone", "reason": "", "rev": post.c.rev + 1, "changed_at": now}
    tx.execute(sa.update(post).where(post.c.blog.in_(ids)).values(**gone))

    def throw_away() -> None:
        for id in ids:
            Mirror(id).thrown_away()

    db.after_commit(tx, throw_away)
