"""A line of progress: written over on a terminal, each fifth of the way where the output is kept."""

from __future__ import annotations

import sys


class Progress:
    """Call it with (done, total, what); it writes to standard error, so that --json stays clean."""

    def __init__(self, of: str = "rows") -> None:
        """
        :param of: what is counted.
        """
        self.of = of
        self.shown = -1
        self.live = sys.stderr.isatty()

    def __call__(self, done: int, total: int, what: str) -> None:
        percent = 100 if not total else done * 100 // total
        step = percent if self.live else percent // 20
        if step == self.shown:
            return
        self.shown = step
        if self.live:
            bar = "█" * (percent // 4) + "·" * (25 - percent // 4)
            print(f"\r\033[K{bar} {percent:3} %  {what}", end="", file=sys.stderr, flush=True)
        else:
            print(f"{percent} % ({done} of {total} {self.of}): {what}", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        self.shown = -1
        if self.live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
