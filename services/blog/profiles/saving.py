"""What somebody says of themselves is written here and nowhere else; offers are told in the same transaction."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from .. import offers
from ..models import blog, person, profile

_NONE: dict[str, Any] = {"id": None, "bio": "", "links": [], "headshot": None, "alt": "", "state": "draft"}
KEPT = ("name", "bio", "site", "links", "headshot", "alt")


def of_person(tx: Connection, whose: str) -> dict[str, Any]:
    """Somebody's profile; where there is none, what is known of them already, as a draft."""
    row = tx.execute(sa.select(profile).where(profile.c.person == whose)).mappings().first()
    if row is not None:
        return dict(row)
    name = tx.execute(sa.select(person.c.name).where(person.c.id == whose)).scalar() or ""
    here = (blog.c.person == whose, blog.c.state != "left", blog.c.site.is_not(None))
    site = tx.execute(sa.select(blog.c.site).where(*here).order_by(blog.c.created_at)).scalar() or ""
    return {**_NONE, "person": whose, "name": name[:100], "site": site, "agreed_at": None, "rev": 0}


def save(tx: Connection, whose: str, said: Mapping[str, Any], shown: bool) -> None:
    """Keep what somebody says of themselves, and whether it may be shown to everybody.

    :param said: those of KEPT that are to be different; the picture as bytes of ours, or None.
    :param shown: their explicit yes. Without it nothing is proposed, and what is there is asked to be removed.
    """
    db.lock(tx, f"profile:{whose}")
    was = of_person(tx, whose)
    fresh = {name: said.get(name, was[name]) for name in KEPT}
    if isinstance(fresh["headshot"], bytes):
        fresh["headshot"] = base64.b64encode(fresh["headshot"]).decode()
    state = "wanted" if shown else "declined" if was["state"] in {"wanted", "declined"} else "draft"
    moved = state != was["state"] or any(fresh[name] != was[name] for name in KEPT)
    agreed = (was["agreed_at"] if was["state"] == "wanted" else clock.now()) if shown else None
    values = {**fresh, "state": state, "agreed_at": agreed, "rev": was["rev"] + moved, "changed_at": clock.now()}
    id = was["id"] or db.new_id()
    if was["id"] is None:
        tx.execute(sa.insert(profile).values(id=id, person=whose, **values))
    elif moved:
        tx.execute(sa.update(profile).where(profile.c.id == id).values(**values))
    if moved and "wanted" in {state, was["state"]}:
        offers.touch_profile(tx, id)


def picture(row: Mapping[str, Any]) -> bytes | None:
    """The picture of a profile."""
    return base64.b64decode(row["headshot"]) if row["headshot"] else None


def left(tx: Connection, whose: str) -> None:
    """Their consent ends with leaving: what is shown is asked to be removed. An alumna or alumnus has not left."""
    row = of_person(tx, whose)
    if row["state"] == "wanted":
        save(tx, whose, {}, shown=False)


def blank(tx: Connection, whose: str) -> None:
    """Its owner is erased: only ids are left, to which its offer refers."""
    nothing: dict[str, Any] = {name: "" for name in ("name", "bio", "site", "alt")}
    nothing |= {"links": [], "headshot": None, "agreed_at": None, "state": "gone", "changed_at": clock.now()}
    tx.execute(sa.update(profile).where(profile.c.person == whose).values(**nothing, rev=profile.c.rev + 1))
