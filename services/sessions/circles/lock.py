"""One lock for everything that changes who is in which circle.

Two placings at once would each see the last free seat. One lock for all streams, not one for each: a person who changes
streams needs two, and two batches of events could take them in opposite order. A placing takes a few milliseconds.
"""

from __future__ import annotations

from sqlalchemy.engine import Connection

from shared import db


def hold(tx: Connection) -> None:
    """Wait until nobody else places or moves anybody; held until `tx` ends."""
    db.lock(tx, "placing")
