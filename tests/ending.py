"""How the programs of benches and chaos end: like Ctrl-C, whoever asks, so that what was started is stopped."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import NoReturn


def run(main: Callable[[list[str]], int]) -> NoReturn:
    """Run a program with what was typed, and exit with what it answers; TERM is an interrupt, too."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
