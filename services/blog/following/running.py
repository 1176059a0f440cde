"""The work on one blog, and who is called for it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, die, log, worker

from .. import repos
from ..blogs import finding
from ..models import SERVICE, blog, person, post
from ..repos import Mirror, Unreachable
from . import feeding, taking

WORK = "slow.blog"
LEASE = 45.0  # seconds after which somebody else is called for a blog whose worker says nothing
LONGEST = 400.0  # seconds for which one task takes changes in; its hard limit is 630
PATIENCE = timedelta(days=7)  # program time for which nothing public may be found before a blog counts as gone
MOST_CALLED = 50
CALLED = 20.0  # seconds for which a worker that was called may take to come
logger = log.get()


class Overtaken(Exception):
    """Somebody else works on this blog, or its author took it out."""


def ring(tx: Connection, id: str) -> None:
    """A blog is to be looked at now, or, while somebody does, once more when they are done."""
    tx.execute(sa.update(blog).where(blog.c.id == id).values(due=clock.machine(), rung=blog.c.rung + 1))
    db.after_commit(tx, lambda: call(id), once=False)


def call(id: str) -> None:
    """Call a worker; should the broker be away, a tick does."""
    with contextlib.suppress(Exception):
        worker.send(WORK, id)


def waiting(tx: Connection) -> list[str]:
    """Blogs that are due and on which nobody works."""
    now = clock.machine()
    due = sa.select(blog.c.id).where(blog.c.due <= now, blog.c.touched <= now)
    return list(tx.execute(due.order_by(blog.c.due).limit(MOST_CALLED)).scalars())


def call_all(ids: list[str]) -> None:
    """Call a worker for each of these; until one has had time to come, they are not due again."""
    with db.write(SERVICE) as tx:
        tx.execute(sa.update(blog).where(blog.c.id.in_(ids)).values(due=clock.machine() + CALLED))
    for id in ids:
        call(id)


def poll(tx: Connection, gone_too: bool) -> None:
    """Have every blog looked at: what a lost webhook would have told, posts whose day has come, those that were away.

    :param gone_too: also those where nothing was for long.
    """
    states = ("asked", "active", "unreachable", *(("gone",) if gone_too else ()))
    here = sa.select(person.c.id).where(person.c.state.not_in(("left", "erased")))
    # Who took theirs out, or was erased, has no secret any more.
    followed = sa.and_(blog.c.state.in_(states), blog.c.hook_secret.is_not(None), blog.c.person.in_(here))
    wanted = sa.and_(followed, blog.c.due.is_(None))
    tx.execute(sa.update(blog).where(wanted).values(due=clock.machine(), rung=blog.c.rung + 1))


def work(id: str, longest: float = LONGEST) -> bool:
    """Look at a blog's source and take in what is new; True when something is left for another task."""
    end = clock.machine() + longest
    with db.write(SERVICE) as tx:
        row = _taken(tx, id)
    if row is None:
        return False
    try:
        with _held(id):
            try:
                return _look(row, end)
            except Unreachable as why:
                with db.write(SERVICE) as tx:
                    _fail(tx, row, why)
            except (repos.Failed, ValueError) as error:
                # What git or a parser says may quote what members wrote: the log says which blog, and that is enough.
                logger.warning("blog.unreadable", blog=id, error=type(error).__name__)
                with db.write(SERVICE) as tx:
                    _fail(tx, row, Unreachable("What is there cannot be read: it is broken, or far too large."))
    except Overtaken:
        pass
    return False


def _taken(tx: Connection, id: str) -> Mapping[Any, Any] | None:
    row = tx.execute(sa.select(blog).where(blog.c.id == id).with_for_update()).mappings().first()
    now = clock.machine()
    if row is None or row["due"] is None or row["touched"] > now or row["state"] == "left":
        return None
    tx.execute(sa.update(blog).where(blog.c.id == id).values(touched=now + LEASE))
    return row


@contextlib.contextmanager
def _held(id: str) -> Iterator[None]:
    """Say again and again that somebody works on it, since a fetch may take minutes; whoever dies says it no more."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(LEASE / 3):
            with contextlib.suppress(Exception), db.write(SERVICE) as tx:
                tx.execute(sa.update(blog).where(blog.c.id == id).values(touched=clock.machine() + LEASE))

    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()
        with contextlib.suppress(sa.exc.SQLAlchemyError), db.write(SERVICE) as tx:
            tx.execute(sa.update(blog).where(blog.c.id == id).values(touched=0.0))


def _look(row: Mapping[Any, Any], end: float) -> bool:
    if row["clone_url"] is None:
        found = finding.find(row["address"])
        row = _noted(row, kind=found.kind, clone_url=found.url, site=found.site or None, branch=found.branch)
    if row["kind"] == "feed":
        brought = feeding.bring(row["clone_url"])
        with db.write(SERVICE) as tx:
            feeding.take(tx, _hold(tx, row), brought)
            _end(tx, row, head=brought.print)
        return False
    mirror = Mirror(row["id"])
    at = repos.remote(row["clone_url"])
    seen = repos.branch(at, row["branch"])
    same = (row["head"], row["next_head"], row["branch"], row["clone_url"]) == (seen.head, None, seen.branch, at.url)
    if same and row["dialect"] and mirror.holds(seen.head) and not taking.due(row["id"]):
        with db.write(SERVICE) as tx:
            _hold(tx, row)
            _end(tx, row, head=seen.head)
        return False
    if row["next_head"] is None or not mirror.holds(row["next_head"]):
        if not mirror.holds(seen.head):
            repos.fetch(mirror, at, seen)
        values: dict[str, Any] = {"clone_url": at.url, "branch": seen.branch, "next_head": seen.head, "done": 0}
        if taking.reshapes(mirror, row, seen.head):
            values |= taking.shape(mirror, seen.head, row)
        row = _noted(row, **values)
    for step in taking.steps(mirror, row):
        with db.write(SERVICE) as tx:
            held = _hold(tx, row)
            taking.write(tx, held, step)
            row = {**row, "done": step.upto}
            tx.execute(sa.update(blog).where(blog.c.id == row["id"]).values(done=step.upto))
        die.at("blog.step")
        if clock.machine() > end:
            return True
    with db.write(SERVICE) as tx:
        _hold(tx, row)
        if row["head"] and not mirror.is_below(row["head"], row["next_head"]):
            # History was rewritten: what posts were read from will be forgotten by git, what they are is in the new
            # one.
            taking.move(tx, row["id"], row["next_head"])
        _end(tx, row, head=row["next_head"])
    repos.tidy(mirror)
    return False


def _noted(row: Mapping[Any, Any], **values: Any) -> Mapping[Any, Any]:
    with db.write(SERVICE) as tx:
        _hold(tx, row)
        tx.execute(sa.update(blog).where(blog.c.id == row["id"]).values(**values))
    return {**row, **values}


def _hold(tx: Connection, row: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """The blog's row, held until `tx` ends, if it is as far as this work believes."""
    found = tx.execute(sa.select(blog).where(blog.c.id == row["id"]).with_for_update()).mappings().first()
    same = ("head", "next_head", "done", "clone_url", "roots")
    if found is None or found["state"] == "left" or any(found[name] != row[name] for name in same):
        raise Overtaken
    return found


def _end(tx: Connection, row: Mapping[Any, Any], head: str) -> None:
    """All is taken in. Who rang meanwhile is heard: then it is due again."""
    now = clock.now()
    values = {"head": head, "next_head": None, "done": 0, "state": "active", "error": None, "failing_since": None}
    rung = tx.execute(sa.select(blog.c.rung).where(blog.c.id == row["id"])).scalar()
    due = None if rung == row["rung"] else clock.machine()
    tx.execute(sa.update(blog).where(blog.c.id == row["id"]).values(**values, seen_at=now, due=due))


def _fail(tx: Connection, row: Mapping[Any, Any], why: Unreachable) -> None:
    """It could not be read; the hourly look tries again."""
    found = tx.execute(sa.select(blog).where(blog.c.id == row["id"]).with_for_update()).mappings().first()
    if found is None or found["state"] == "left":
        return
    since = found["failing_since"] or clock.now()
    state = "gone" if why.gone and clock.now() - since >= PATIENCE else "unreachable"
    state = "asked" if found["state"] == "asked" else state
    due = None if found["rung"] == row["rung"] else clock.machine()
    values = {"state": state, "error": why.words, "failing_since": since, "due": due}
    tx.execute(sa.update(blog).where(blog.c.id == row["id"]).values(**values))
    logger.info("blog.unreachable", blog=row["id"], gone=why.gone)


def counts(tx: Connection, id: str) -> dict[str, int]:
    """How many posts of a blog are in which state."""
    query = sa.select(post.c.state, sa.func.count()).where(post.c.blog == id).group_by(post.c.state)
    return {state: count for state, count in tx.execute(query)}
