"""`./baton chaos …`: hands over to `tests.chaos`, where parts are killed while people sign up."""

from __future__ import annotations

import os
import sys


def main(args: list[str]) -> int:
    """Become `python -m tests.chaos`."""
    os.execv(sys.executable, [sys.executable, "-m", "tests.chaos", *args])
