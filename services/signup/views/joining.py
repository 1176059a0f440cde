"""Where the link leads that somebody got whom a file named: no charter was accepted so far, so it is read here."""

from __future__ import annotations

from flask import Response

from shared import db

from .. import people, program
from .pages import page


def joining(person: str, again: bool = False) -> Response | None:
    """The page with the charter and the button; None for somebody who signed up themselves and read it then.

    :param again: the charter changed while they read it.
    """
    with db.read("signup") as tx:
        row, now = people.one(tx, person), program.load(tx)
    if row is None or row["state"] != "imported" or row["reapplied"]:
        return None
    stream = now.stream(row["stream"])
    return page("joining.html", 409 if again else 200, program=now, stream=stream, person=row, again=again)
