"""Keeps the parts of `./baton up` running and ends them together. Standard library only: it lives as long as they do,
so it must be small, and nothing in it may block for long.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from types import FrameType

from .news import News
from .parts import Part

LOOK_EVERY = 0.5
LINES_AT_ONCE = 5


class Supervisor:
    """Parts in the order in which they start; they end in the opposite order, those of one rank together."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.news = News()
        self.stops = 0
        self._wake, wake = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, self._stop)

    def _stop(self, sig: int, _frame: FrameType | None) -> None:
        self.stops += 1

    def start(self, part: Part) -> None:
        """Start a part and watch it from now on."""
        self.parts.append(part)
        part.start()

    def look(self, seconds: float) -> None:
        """Sleep until a signal or `seconds`, then see what died and what the logs say."""
        try:
            if select.select([self._wake], [], [], max(seconds, 0))[0]:
                os.read(self._wake, 1024)
        except (InterruptedError, BlockingIOError):
            pass
        for part in self.parts:
            lines = [words for line in part.lines() if (words := self.news.told(part.name, line))]
            for line in lines[:LINES_AT_ONCE]:
                say(line)
            if len(lines) > LINES_AT_ONCE:
                say(f"{part.name}: … {len(lines) - LINES_AT_ONCE} more lines in {part.log}")
            if said := part.died():
                say(said)
            elif part.back():
                say(f"{part.name} is back")
            elif part.restart_at is not None and time.monotonic() >= part.restart_at and not self.stops:
                part.start()

    def run(self) -> None:
        """Watch until somebody wants it to stop."""
        while not self.stops:
            due = [part.restart_at - time.monotonic() for part in self.parts if part.restart_at is not None]
            self.look(min([LOOK_EVERY, *due]))

    def shut_down(self, ranks: list[list[Part]]) -> None:
        """End the parts, rank by rank: TERM, their grace, KILL. A second Ctrl-C kills at once."""
        asked = self.stops
        for rank in ranks:
            for part in rank:
                part.terminate()
            started = time.monotonic()
            told = False
            while any(part.group_alive() for part in rank):
                passed = time.monotonic() - started
                if passed > 2 and not told:
                    told = True
                    busy = ", ".join(part.name for part in rank if part.group_alive())
                    say(f"waiting for {busy} to finish what is in hand (Ctrl-C again: at once)")
                for part in rank:
                    if not part.alive() or passed > part.grace or self.stops > asked:
                        part.signal(signal.SIGKILL)
                try:
                    if select.select([self._wake], [], [], 0.05)[0]:
                        os.read(self._wake, 1024)
                except (InterruptedError, BlockingIOError):
                    pass


def say(text: str) -> None:
    """One line on the terminal."""
    try:
        print(text, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass  # the terminal is gone; the parts still have to be ended
