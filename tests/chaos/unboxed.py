"""A worker without the inbox row: chaos must go red with it. The promise's own test; no switch in Baton does this."""

from __future__ import annotations

import sys

from shared import work
from shared.events import inbox


def main() -> int:
    """Handle every message as if nothing had been handled before, and write down nothing."""
    inbox._mark = lambda tx, events: None
    inbox._unseen = lambda tx, event: True
    return work.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
