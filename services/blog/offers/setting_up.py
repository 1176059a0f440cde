"""What the program's blog lacks for members' posts, offered once as a proposal: an `offer` that is of nobody."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from .. import forges, targets
from ..models import aim, offer
from ..rules import offers as rules
from ..rules.refusals import Refused
from .touching import ask

TITLE = "What the blog lacks for members' posts"


def standing(tx: Connection) -> dict[str, Any]:
    """{offer: its id or None, state: of it or empty, dismissed} of the blog where it lives now."""
    here = forges.spot()
    row = tx.execute(sa.select(offer.c.id, offer.c.state).where(offer.c.setup == here)).first()
    dismissed = tx.execute(sa.select(aim.c.dismissed).where(aim.c.place == here)).scalar()
    return {"offer": row.id if row else None, "state": row.state if row else "", "dismissed": bool(dismissed)}


def propose(tx: Connection, _by: str) -> str:
    """Propose what mends it, once more if that was declined, or if it lacks something again; the id of the offer.

    :raises Refused: it is in review.
    """
    here = forges.spot()
    values: dict[str, Any] = {"id": db.new_id(), "setup": here, "person": "", "state": "waiting", "kind": "post"}
    values |= {"rev": 0, "looked": 0, "round": 0, "moved": False, "files": [], "live": [], "notes": []}
    values |= {"title": TITLE, "reason": "", "original": "", "text": "", "body": "", "changed_at": clock.now()}
    made = db.insert(tx, offer).values(**values, due=0.0, leased=0.0, asked=0)
    tx.execute(made.on_conflict_do_nothing(index_elements=["setup"]))
    row = tx.execute(sa.select(offer).where(offer.c.setup == here).with_for_update()).mappings().one()
    if row["state"] == "open":
        raise Refused("setup", "It is in review.", "Accept or decline it on its page.")
    again: dict[str, Any] = {"looked": row["looked"] + 1}
    if row["state"] != "waiting":
        again |= {"state": rules.after("wait", row["state"]), "reason": "", "changed_at": clock.now()}
    tx.execute(sa.update(offer).where(offer.c.id == row["id"]).values(**again))
    _dismissed(tx, False)
    ask(tx, row["id"])
    return str(row["id"])


def dismiss(tx: Connection, _by: str) -> None:
    """Do not offer it any more."""
    _dismissed(tx, True)


def restore(tx: Connection, _by: str) -> None:
    """Offer it after all."""
    _dismissed(tx, False)


def _dismissed(tx: Connection, is_so: bool) -> None:
    made = db.insert(tx, aim).values(place=forges.spot(), shape="", folder="", dismissed=is_so)
    tx.execute(made.on_conflict_do_update(index_elements=["place"], set_={"dismissed": is_so}))


def looked(forge: forges.Forge, choice: targets.Choice) -> tuple[targets.Seen, targets.Setup, str]:
    """What the blog's files say now, what they lack, and what would be changed, as `git diff` says it."""
    base = forge.base()
    there, read = forge.paths(base), cache(partial(forge.read, base))  # a forge may be far away: each file once
    found = targets.lacks(there, read, choice)
    return targets.look(there, read, choice=choice), found, targets.diff(found, read)
