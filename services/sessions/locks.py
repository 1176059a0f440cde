"""The two locks of sessions, and the one order in which everything here waits for anything.

    1. placing    who is in which circle
    2. sessions   when sessions are, who leads and mentors them, who was told of them and what they answered
    3. rows       of sessions, by id where there are several
    4. subjects   of events (shared.events.emit takes them by itself)

Whoever needs something further up takes it first, before anything further down. Whoever changes more than one
session, or publishes about more than one, holds `sessions`: two who took rows or subjects in different orders would
wait for each other for ever. So a handler that may be one of many in a transaction takes both locks at its beginning:
the first of a batch must not hold what the second comes after. tests/conftest.py watches the order in every test.

One lock each for all circles, not one per circle: a person changes streams, a mentor has turns in several circles, and
"no two duties within a week" looks at all of them. What is done under them takes milliseconds.
"""

from __future__ import annotations

from sqlalchemy.engine import Connection

from shared import db

ORDER = ("placing", "sessions")


def placing(tx: Connection) -> None:
    """Nobody else changes who is in which circle until `tx` ends."""
    db.lock(tx, "placing")


def sessions(tx: Connection) -> None:
    """Nobody else changes, or tells of, sessions and turns until `tx` ends."""
    db.lock(tx, "sessions")
