"""Time zones: which are taken. One check for people and for the program."""

from __future__ import annotations

from shared import clock

from .rules import Refused


def checked(field: str, typed: str) -> str:
    """A time zone's name that the pinned tzdata knows; for an older name the present one.

    :raises Refused: there is none of that name.
    """
    if typed not in clock.zones():
        what = "There is no such time zone." if typed else "The time zone is missing."
        raise Refused(field, what, "Choose one by continent and city, as in America/Toronto.")
    return clock.renamed().get(typed, typed)
