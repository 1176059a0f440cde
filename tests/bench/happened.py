"""An event for benches alone: signup publishes it, sessions handles it by saying when its transaction is committed.

`python -m tests.bench.happened` is the worker that knows it, else exactly `shared.work`. BENCH_PORT is the UDP port
that hears of each batch of commits.
"""

from __future__ import annotations

import os
import socket
import sys
import time

from sqlalchemy.engine import Connection

from shared import db, work
from shared.events import Event, catalog, on

TYPE = "bench.happened"
catalog.register(catalog.Entry(TYPE, "signup", ("sessions",), catalog.Member, "Something happened in a bench."))


def data(number: int) -> dict[str, object]:
    """As much as an event about a member carries."""
    return {
        "person": f"00000000-0000-4000-8000-{number:012d}",
        "name": f"Ada Lovelace {number}",
        "email": f"ada{number}@bench.test",
        "timezone": "America/Toronto",
        "stream": "stream1",
        "state": "active",
        "roles": ["member"],
        "github": None,
        "blog": None,
        "joined_at": "2027-01-04T12:00:00+00:00",
    }


def listen() -> None:
    """Register the handler; the worker does it before it forks."""
    to = ("127.0.0.1", int(os.environ["BENCH_PORT"]))
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def committed() -> None:
        sender.sendto(repr(time.perf_counter()).encode(), to)

    @on("sessions", TYPE)
    def happened(tx: Connection, event: Event) -> None:
        db.after_commit(tx, committed)


if __name__ == "__main__":
    listen()
    sys.exit(work.main(sys.argv[1:]))
