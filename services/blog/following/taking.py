"""What a repository's commits change about its posts, taken in by steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from .. import convert, posts, repos
from ..blogs import detecting, marking
from ..convert import Kitchen, Limits, Looked, Skipped, Tree, When
from ..models import SERVICE, post
from ..repos import Change, Mirror
from ..rules.posts import becomes, is_many

STEP = 100  # posts in one transaction
MOST = 20_000  # posts of one blog
CONFIG_MOST = 200_000  # bytes of a settings file
_LIMITS = Limits()
_GONE = "It was deleted in the repository."


class Found(NamedTuple):
    """A change, and what was found at its end (None: nothing, it is gone)."""

    change: Change
    looked: Looked | Skipped | None
    first_day: str


class Step(NamedTuple):
    """What one transaction will write: `upto` changes are done then, of all."""

    found: list[Found]
    upto: int
    commit: str
    ask: bool


def shape(mirror: Mirror, commit: str, row: Mapping[Any, Any]) -> dict[str, Any]:
    """What a repository's files tell of the blog, as columns. What its author said of it stays; where posts lie now in
    other folders, or another generator makes it, all is compared anew, and asked about as at the beginning."""
    site, roots = row["site"] or "", row["roots"]
    if row["dialect"] and row["head"] and mirror.holds(row["head"]):
        was = _shape(mirror, row["head"], row["clone_url"], "")
        site, roots = "" if site == was.site else site, [] if roots == was.roots else roots
    found = _shape(mirror, commit, row["clone_url"], site)
    roots = roots if roots and row["dialect"] in {None, found.dialect} else found.roots
    told = {
        "dialect": found.dialect, "site": found.site or None, "permalink": found.permalink or None,
        "roots": roots, "missing": found.missing,
    }  # fmt: skip
    wider = row["roots"] and not all(root.startswith(tuple(row["roots"])) for root in roots or [""])
    is_new = row["dialect"] and (row["dialect"] != found.dialect or wider)
    return told | ({"head": None} if is_new else {})


def _shape(mirror: Mirror, commit: str, clone_url: str, site: str) -> detecting.Shape:
    files = mirror.tree(commit)

    def read(path: str) -> str:
        try:
            return mirror.blob(files[path].blob, CONFIG_MOST).decode("utf-8", "replace").replace("\0", "")
        except repos.Failed:
            return ""

    return detecting.shape(files, read, clone_url, site)


def reshapes(mirror: Mirror, row: Mapping[Any, Any], commit: str) -> bool:
    """Whether a commit may tell something else of the blog: its settings changed, a post lies where none was looked
    for, or something was missing."""
    if row["dialect"] is None or row["missing"]:
        return True
    if not row["head"] or not mirror.holds(row["head"]):
        return False
    dialect, roots = row["dialect"], row["roots"]
    changes = mirror.changes(row["head"], commit) if row["head"] != commit else []
    return any(
        detecting.tells(each.path)
        or (each.new and detecting.is_post(each.path, dialect, []) and not detecting.is_post(each.path, dialect, roots))
        for each in changes
    )


def steps(mirror: Mirror, row: Mapping[Any, Any]) -> Iterator[Step]:
    """The changes from `head` to `next_head`, without those that are done."""
    changes = list(_changes(mirror, row))
    first = row["head"] is None
    ask = first or is_many(change.new for change in changes)
    days = _first_days(mirror, row["next_head"]) if first else {}
    day = mirror.day(row["next_head"])
    with Kitchen() as kitchen:
        for start in range(row["done"], len(changes), STEP):
            some = changes[start : start + STEP]
            known = {change.path: days.get(change.path) or day for change in some} | _known_days(row["id"], some)
            looked = _looked(mirror, some, row, known, kitchen)
            found = [Found(change, seen, known[change.path]) for change, seen in looked]
            yield Step(found, start + len(some), row["next_head"], ask)


def _first_days(mirror: Mirror, commit: str) -> dict[str, str]:
    try:
        return mirror.first_days(commit)
    except repos.Failed:  # a history that takes minutes to read: days are then what posts say
        return {}


def _known_days(id: str, changes: list[Change]) -> dict[str, str]:
    """The first days of posts that are known, by the paths that they have now."""
    now = {change.was or change.path: change.path for change in changes}
    with db.read(SERVICE) as tx:
        query = sa.select(post.c.path, post.c.first_day).where(post.c.blog == id, post.c.path.in_(now))
        return {now[path]: day for path, day in tx.execute(query) if day}


def _changes(mirror: Mirror, row: Mapping[Any, Any]) -> Iterable[Change]:
    """What is different, of posts alone, in an order that is the same each time."""
    commit, dialect, roots = row["next_head"], row["dialect"], row["roots"]

    def concerns(path: str) -> bool:
        return detecting.is_post(path, dialect, roots)

    if row["head"] is None:
        tree = mirror.tree(commit)
        listed = [Change(path, tree[path].blob, new=True) for path in sorted(tree) if concerns(path)][:MOST]
        # Posts are known already where its author said that other folders count, or has the blog back.
        known = sorted(_known(row["id"]))
        return [*listed, *(Change(path, "") for path in known if path not in tree or not concerns(path))]
    again = due(row["id"])
    if mirror.holds(row["head"]):
        found = mirror.changes(row["head"], commit) if row["head"] != commit else []
        found = [change for change in found if concerns(change.path) or (change.was and concerns(change.was))]
    else:
        found = _compared(mirror, row["id"], commit, concerns)
    seen = {change.path for change in found}
    if again - seen:
        tree = mirror.tree(commit)
        found += [Change(path, tree[path].blob) for path in sorted(again - seen) if path in tree]
    return found[:MOST]


def due(id: str) -> set[str]:
    """Posts that were of tomorrow, and whose day has come."""
    today = clock.now().astimezone(UTC).date().isoformat()
    with db.read(SERVICE) as tx:
        query = sa.select(post.c.path).where(post.c.blog == id, post.c.state == "skipped", post.c.day <= today)
        return set(tx.execute(query).scalars())


def _compared(mirror: Mirror, id: str, commit: str, concerns: Any) -> list[Change]:
    """The difference between what is known of posts and a commit, where the last known commit cannot be had any
    more."""
    known = _known(id)
    there = {path: entry.blob for path, entry in mirror.tree(commit).items() if concerns(path)}
    lost = {blob: path for path, blob in known.items() if path not in there}
    found = []
    for path, blob in sorted(there.items()):
        if path not in known:
            was = lost.pop(blob, "")
            found.append(Change(path, blob, was, not was))
        elif known[path] != blob:
            found.append(Change(path, blob))
    return [*found, *(Change(path, "") for path in sorted(lost.values()))]


def _known(id: str) -> dict[str, str]:
    """{path: blob} of the posts of a blog that are not gone."""
    with db.read(SERVICE) as tx:
        query = sa.select(post.c.path, post.c.blob).where(post.c.blog == id, post.c.state != "gone")
        return {path: blob for path, blob in tx.execute(query)}


def _looked(
    mirror: Mirror, changes: list[Change], row: Mapping[Any, Any], days: dict[str, str], kitchen: Kitchen
) -> Iterator[tuple[Change, Looked | Skipped | None]]:
    raws = mirror.blobs((change.blob for change in changes if change.blob), _LIMITS.notebook)
    of = posts.source(row, "", Tree({}, lambda path: b""))
    for change in changes:
        if not change.blob or not detecting.is_post(change.path, row["dialect"], row["roots"]):
            yield change, None
            continue
        raw = raws[change.blob]
        if raw is None:
            yield change, Skipped("too-large", f"It is larger than {_LIMITS.notebook // 1_000_000} MB.")
            continue
        when = When(clock.now(), ZoneInfo("UTC"), date.fromisoformat(days[change.path]))
        yield change, convert.look(change.path, raw, of, when, kitchen)


def write(tx: Connection, of: Mapping[Any, Any], step: Step) -> None:
    """Write one step, and say what became of each post."""
    paths = {path for each in step.found for path in (each.change.path, each.change.was) if path}
    query = sa.select(post).where(post.c.blog == of["id"], post.c.path.in_(paths))
    rows = {row["path"]: row for row in tx.execute(query).mappings()}
    for found in step.found:
        change = found.change
        row = rows.get(change.path)
        if change.was and change.was in rows:
            if row is not None and row["id"] != rows[change.was]["id"]:
                # A file of that name was here once: its row is history, and leaves the name to this one.
                marking.mark(tx, row, "gone", _GONE, path=f"{row['id']}")
            row = rows.pop(change.was)
        _write(tx, of, row, found, step)


def _write(tx: Connection, of: Mapping[Any, Any], row: Mapping[Any, Any] | None, found: Found, step: Step) -> None:
    change, looked = found.change, found.looked
    if looked is None:
        if row is not None and row["state"] != "gone":
            marking.mark(tx, row, "gone", _GONE if not change.blob else "It was moved to where no posts are.")
        return
    skipped = isinstance(looked, Skipped)
    if skipped and looked.reason == "not-a-post" and row is None:  # type: ignore[union-attr]
        return
    state = becomes(row["state"] if row else None, row["choice"] if row else None, skipped, of["consent"], step.ask)
    values: dict[str, Any] = {"path": change.path, "commit": step.commit, "blob": change.blob}
    if isinstance(looked, Skipped):
        reason = looked.text
        values |= {"day": looked.day.isoformat() if looked.day else None}
    else:
        reason = ""
        url = looked.url if len(looked.url) <= 2000 else ""
        values |= {"title": looked.title[:500], "day": looked.day.isoformat(), "url": url or None}
    if row is not None:
        marking.mark(tx, row, state, reason, **values)
        return
    fresh = {"title": "", "url": None, **values, "first_day": found.first_day, "reason": reason}
    marking.put(tx, state, blog=of["id"], **fresh)


def move(tx: Connection, id: str, commit: str) -> None:
    """Read all posts of a blog from another commit, which has them all."""
    tx.execute(sa.update(post).where(post.c.blog == id, post.c.state != "gone").values(commit=commit))
