"""Deliveries of webhooks: who sent one, whether it can be believed, whether it was here before.

A delivery is a doorbell. What it says is capped, lacks renames, and may come late or never: nothing of it is believed
but that it was sent by whoever holds the blog's secret. The address says which forge speaks, since Gitea sends
GitHub's headers, too.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from .models import blog, hook
from .models import target as of_target

Headers = Any  # of a request, in any of the classes that servers have for them: what has `get`
MOST = 25_000_000  # bytes, GitHub's own cap
KEPT = timedelta(days=30)
# Nothing that these tell can have changed what is in the repository.
SILENT = {
    "ping",
    "issues",
    "issue_comment",
    "star",
    "watch",
    "fork",
    "workflow_run",
    "workflow_job",
    "check_run",
    "check_suite",
}


class Forge(NamedTuple):
    """How a forge shows what it sends: names of headers, by what each is known.

    :param mark: before the signature's hexadecimal digits.
    """

    signature: tuple[str, ...]
    mark: str
    delivery: tuple[str, ...]
    event: tuple[str, ...]


FORGES = {
    "github": Forge(("X-Hub-Signature-256",), "sha256=", ("X-GitHub-Delivery",), ("X-GitHub-Event",)),
    "gitea": Forge(
        ("X-Forgejo-Signature", "X-Gitea-Signature"), "",
        ("X-Forgejo-Delivery", "X-Gitea-Delivery"), ("X-Forgejo-Event", "X-Gitea-Event"),
    ),
    "gitlab": Forge(("X-Gitlab-Token",), "", ("Idempotency-Key", "X-Gitlab-Event-UUID"), ("X-Gitlab-Event",)),
}  # fmt: skip
NAMES = {"github": "GitHub", "gitea": "Gitea or Forgejo", "gitlab": "GitLab"}


def likely(clone_url: str) -> list[str]:
    """Which forges a repository may be at, as keys of FORGES: one where its host's name tells, else all."""
    host = urlsplit(clone_url).hostname or ""
    parts = set(host.split("."))
    if host == "github.com" or "github" in parts:
        return ["github"]
    if host == "gitlab.com" or "gitlab" in parts:
        return ["gitlab"]
    return ["gitea"] if host == "codeberg.org" or {"gitea", "forgejo"} & parts else list(FORGES)


def forge(clone_url: str) -> str:
    """Which forge a repository is most likely at: a key of FORGES."""
    return likely(clone_url)[0]


def shown(name: str, headers: Headers) -> str:
    """The signature, or GitLab's token, that a request shows; empty when it shows none."""
    return _header(FORGES[name].signature, headers)


def _header(names: tuple[str, ...], headers: Headers) -> str:
    return next((value for name in names if (value := (headers.get(name) or "").strip())), "")


def shows_any(headers: Headers) -> bool:
    """Whether a request shows any signature at all: asked before its body is read."""
    return any(headers.get(name.lower()) for each in FORGES.values() for name in each.signature)


def is_signed(name: str, headers: Headers, raw: bytes, secret: str) -> bool:
    """Whether who sent these bytes knows the secret; in constant time."""
    said = shown(name, headers)
    if not secret or not said:
        return False
    if name == "gitlab":
        return hmac.compare_digest(said.encode(), secret.encode())
    wanted = FORGES[name].mark + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(said.encode(), wanted.encode())


def event(name: str, headers: Headers) -> str:
    """What happened, in the forge's word; `push` for GitLab's Push Hook, likewise."""
    said = _header(FORGES[name].event, headers).lower()
    return said.removesuffix(" hook").replace(" ", "_")[:40]


def take(tx: Connection, name: str, headers: Headers, raw: bytes, whose: str | None) -> bool:
    """Note a delivery; False when it was here before.

    :param whose: the blog that it is for; None: for the program.
    """
    said = _header(FORGES[name].delivery, headers)
    # Whatever it is called by, in a length of ours; where a forge calls it nothing, it is what it says.
    key = hashlib.sha256(f"{whose or ''}\n{said}".encode() if said else raw).hexdigest()
    fresh = {"forge": name, "delivery": key, "blog": whose, "event": event(name, headers), "at": clock.now()}
    made = db.insert(tx, hook).values(id=db.new_id(), **fresh)
    return bool(tx.execute(made.on_conflict_do_nothing(index_elements=["forge", "delivery"])).rowcount)


def seen(tx: Connection, whose: str) -> None:
    """A blog's webhook works."""
    first = sa.and_(blog.c.id == whose, blog.c.hook_seen_at.is_(None))
    tx.execute(sa.update(blog).where(first).values(hook_seen_at=clock.now()))


def secret(tx: Connection, whose: str) -> str:
    """The secret of a blog's webhook; empty when there is no such blog, or it was taken out."""
    found = tx.execute(sa.select(blog.c.hook_secret).where(blog.c.id == whose, blog.c.state != "left")).scalar()
    return found or ""


def named(tx: Connection, addresses: set[str]) -> list[str]:
    """Blogs whose repository has one of these addresses."""
    wanted = {address.lower().removesuffix(".git").rstrip("/") for address in addresses}
    query = sa.select(blog.c.id, blog.c.clone_url).where(blog.c.state != "left", blog.c.clone_url.is_not(None))
    listed = tx.execute(query)
    return [id for id, url in listed if url and url.lower().removesuffix(".git").rstrip("/") in wanted]


def target(tx: Connection, place: str) -> dict[str, Any]:
    """When the webhook of the program's blog delivered first and last; None where it never did."""
    row = tx.execute(sa.select(of_target).where(of_target.c.place == place)).mappings().first()
    return {name: row[name] if row else None for name in ("hook_seen_at", "hook_last_at")}


def target_seen(tx: Connection, place: str) -> None:
    """The webhook of the program's blog works."""
    now = clock.now()
    made = db.insert(tx, of_target).values(place=place, hook_seen_at=now, hook_last_at=now)
    tx.execute(made.on_conflict_do_update(index_elements=["place"], set_={"hook_last_at": now}))


def forget(tx: Connection) -> None:
    """Deliveries that nobody sends again any more."""
    tx.execute(sa.delete(hook).where(hook.c.at < clock.now() - KEPT))
