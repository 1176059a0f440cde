"""`./baton bench …`: hands over to `tests.bench`, where the measurements are."""

from __future__ import annotations

import os
import sys


def main(args: list[str]) -> int:
    """Become `python -m tests.bench`."""
    os.execv(sys.executable, [sys.executable, "-m", "tests.bench", *args])
