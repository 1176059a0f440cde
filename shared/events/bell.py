"""The bell: the committing process sends at once what it committed, in a thread of its own.

It gives the latency; the tick gives the guarantee. Of rings that come while it is at work one more delivery is made.
"""

from __future__ import annotations

import os
import threading
import time

from .. import log
from . import relay

REST, MOST_REST = 9, 0.2  # a bell rests that many times as long as it worked, so many seconds at most

logger = log.get()


class _Bell(threading.Thread):
    """Sends what is due whenever it is rung; rings during a delivery make one more delivery, not many.

    It shares its process with requests: at least nine tenths of the time are theirs. While something is in flight it
    leaves the rest to the worker, whose receipts claim it. Under load a message then carries what many commits left.
    """

    def __init__(self, service: str) -> None:
        super().__init__(name=f"outbox-{service}", daemon=True)
        self.service = service
        self.rung = threading.Event()

    def run(self) -> None:
        while True:
            self.rung.wait()
            self.rung.clear()
            began = time.monotonic()
            try:
                relay.deliver_idle(self.service)
            except Exception:
                # What was not sent stays due: the tick brings it.
                logger.exception("outbox.delivery_failed", service=self.service)
            time.sleep(min(REST * (time.monotonic() - began), MOST_REST))


_bells: dict[tuple[int, str], _Bell] = {}
_bells_lock = threading.Lock()


_hushed = False


def hush() -> None:
    """Ring no more in this process: it looks by itself, as a rehearsal does, where everything happens in order."""
    global _hushed
    _hushed = True


def ring(service: str) -> None:
    """Deliver soon, without making the caller wait: a frozen broker can block a publish for half a minute."""
    if _hushed:
        return
    key = (os.getpid(), service)
    bell = _bells.get(key)
    if bell is None or not bell.is_alive():
        with _bells_lock:
            bell = _bells.get(key)
            if bell is None or not bell.is_alive():
                bell = _bells[key] = _Bell(service)
                bell.start()
    bell.rung.set()
