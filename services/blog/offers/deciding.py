"""What people decide on an offer. It is carried out by the work, where the program's blog lives."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from .. import forges
from ..models import offer
from ..rules import offers as rules
from ..rules.refusals import Missing, Refused
from .touching import ask

Row = Any


def _held(tx: Connection, id: str) -> Row:
    row = tx.execute(sa.select(offer).where(offer.c.id == id).with_for_update()).mappings().first()
    if row is None:
        raise Missing("offer", "There is no such offer.", "Choose one from the list.")
    return row


def decide(tx: Connection, _by: str, id: str, verdict: str) -> None:
    """Accept (merge) or decline (close) what is proposed.

    :raises Refused: nothing is proposed now, or it is decided at the forge.
    """
    row = _held(tx, id)
    if verdict not in rules.VERDICTS:
        raise Refused("verdict", "There is no such decision.", "Say accept or decline.")
    if row["state"] != "open":
        raise Refused(
            "offer", f"This is {row['state']}: nothing is in review.", "Look at its page for what can be done."
        )
    if not forges.decides():
        raise Refused("offer", "This is decided on GitHub.", "Merge or close its pull request there.")
    tx.execute(sa.update(offer).where(offer.c.id == id).values(verdict=verdict))
    ask(tx, id)


def again(tx: Connection, _by: str, id: str) -> None:
    """Offer what was declined once more, or try what failed again.

    :raises Refused: it is in review, live or withdrawn already.
    """
    row = _held(tx, id)
    try:
        state = rules.after("ask", row["state"])
    except rules.Impossible:
        raise Refused("offer", f"This is {row['state']}: there is nothing to try again.", "Look at its page.") from None
    if row["state"] == "held":
        raise Refused("offer", "Somebody has to look first.", "Say on its page that there is no secret in it.")
    values: dict[str, Any] = {"state": state, "reason": "", "changed_at": clock.now()}
    if row["kind"] == "removal":
        values["kind"] = "update"  # which of them it is, the work says
    tx.execute(sa.update(offer).where(offer.c.id == id).values(**values))
    ask(tx, id)


def release(tx: Connection, _by: str, id: str) -> None:
    """Say that what seemed to be a secret is none: for the post as it is now, not for what comes later.

    :raises Refused: it is not held.
    """
    row = _held(tx, id)
    if row["state"] != "held":
        raise Refused("offer", f"This is {row['state']}, not held.", "There is nothing to release.")
    tx.execute(
        sa.update(offer).where(offer.c.id == id).values(looked=row["rev"], state=rules.after("ask", row["state"]))
    )
    ask(tx, id)


def ask_again(tx: Connection, post_id: str) -> None:
    """Its author says anew that a post is to be offered: whoever declined it is asked again; else nothing."""
    row = tx.execute(sa.select(offer.c.id, offer.c.state).where(offer.c.post == post_id).with_for_update()).first()
    if row is not None and row.state == "closed":
        again(tx, "", row.id)
