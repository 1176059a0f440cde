"""What holds in the program and its streams; organizers set it (settings). Defaults need no row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..models import policy, stream_policy

MOST = 12
DEFAULTS: dict[str, Any] = {"most": MOST, "gap_days": 7, "mentor_cap": 2, "minutes_at_once": False}


@dataclass(frozen=True)
class Policy:
    """`most`: members of a circle; `places`: by stream, for those with a cap."""

    most: int
    places: dict[str, int]


def read(tx: Connection) -> Policy:
    """What holds now."""
    most = tx.execute(sa.select(policy.c.most)).scalar()
    capped = sa.select(stream_policy.c.stream, stream_policy.c.places).where(stream_policy.c.places.is_not(None))
    return Policy(MOST if most is None else most, {row.stream: row.places for row in tx.execute(capped)})
