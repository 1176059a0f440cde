"""The floor of the hop: one bare Celery task that says when it ran. `python -m tests.bench.floors.hop` is its worker.

FLOOR_BROKER is the broker's URL, FLOOR_PORT the UDP port that hears of each run.
"""

from __future__ import annotations

import os
import socket
import time
from typing import Any

from celery import Celery

app = Celery("floor", broker=os.environ["FLOOR_BROKER"], set_as_current=False)
app.conf.task_ignore_result = True
_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
_to = ("127.0.0.1", int(os.environ["FLOOR_PORT"]))


@app.task(name="ran")
def ran(data: dict[str, Any]) -> None:
    _socket.sendto(repr(time.perf_counter()).encode(), _to)


if __name__ == "__main__":
    app.worker_main(["worker", "--concurrency=2", "--without-mingle", "--without-gossip", "--loglevel=ERROR"])
