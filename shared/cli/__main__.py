"""Runs one command: `python -m shared.cli up --port 8000`."""

from __future__ import annotations

import importlib
import logging
import os
import sys

from . import COMMANDS, Refused, usage

QUIET = frozenset("events token mail doctor backup restore move migrate rehearse demo import export".split())


def main(args: list[str]) -> int:
    """Find the command's module and run it; what it refuses is one line, exit code 1."""
    if not args or args[0] in {"-h", "--help"}:
        print(usage())
        return 0
    name, rest = args[0], args[1:]
    if name not in COMMANDS:
        print(f"baton: there is no command {name!r}; `./baton --help` lists them", file=sys.stderr)
        return 2
    if name in QUIET:
        # What a command did is its own answer, on standard output; only what went wrong is said beside it.
        from .. import log

        log.configure("text", logging.WARNING)
    try:
        return int(importlib.import_module(f"shared.cli.{name}").main(rest) or 0)
    except Refused as refused:
        print(f"baton: {refused}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
