"""Ids for rows: UUIDs of version 7 (RFC 9562), which begin with the time, so that new rows lie together in every index.

Random ones lie anywhere: each row then rewrites a page of its own of each index, and a commit waits for all of them.
They are hard to guess, yet no secrets: whoever shall hold a secret gets a signed token.
"""

from __future__ import annotations

import os
import threading

from . import clock

_POOL = 4096  # bytes asked of the system at a time: asking for a few may cost more than all else a row needs


def new_id() -> str:
    """A fresh id."""
    start, head = _beginning()
    return _text(start, head)


def new_ids(count: int) -> list[str]:
    """Fresh ids for many rows at once, in order."""
    start, head = _beginning()
    return [_text(number, head) for number in range(start, start + count)]


def token(size: int) -> str:
    """`size` random bytes in hexadecimal, for what has to be unique and is soon forgotten: a request, a nonce."""
    return _dice.take(size).hex()


def _beginning() -> tuple[int, str]:
    """Where ids of this moment begin: the number that is counted up, and what stands before it."""
    at = f"{int(clock.machine() * 1000):012x}"
    dice = int.from_bytes(_dice.take(10))
    # 62 bits, which are counted up; the first is left free, so that they never run over.
    return dice >> 12 & (1 << 61) - 1, f"{at[:8]}-{at[8:]}-7{dice & 0xFFF:03x}-"


def _text(number: int, head: str) -> str:
    last = f"{number | 1 << 63:016x}"
    return f"{head}{last[:4]}-{last[4:]}"


class _Dice:
    """The system's random bytes, fetched many at a time; a forked process never uses its parent's."""

    def __init__(self) -> None:
        self.forget()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        self.lock, self.pool, self.used = threading.Lock(), b"", 0

    def take(self, count: int) -> bytes:
        with self.lock:
            if len(self.pool) - self.used < count:
                self.pool, self.used = os.urandom(max(_POOL, count)), 0
            self.used += count
            return self.pool[self.used - count : self.used]


_dice = _Dice()
