"""`./baton bench NAME …`; exit code 1 when a ratio is below the least that will do."""

from __future__ import annotations

import argparse
import importlib
import json
import sys

from tests import ending

from .measure import Missing, table

BENCHES = (
    "intake",
    "hop",
    "import",
    "history",
    "mail",
    "rotate",
    "schedule",
    "digest",
    "start",
    "memory",
    "convert",
    "blog",
)


def main(args: list[str]) -> int:
    """Run the named bench and print its rows."""
    parser = argparse.ArgumentParser(prog="./baton bench", description="Measure Baton beside its floors.")
    parser.add_argument("bench", choices=BENCHES)
    parser.add_argument("--rounds", type=int, help="samples of each side")
    parser.add_argument("--postgres", action="store_true", help="history: on PostgreSQL in place of SQLite")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args(args)
    if options.postgres and options.bench != "history":
        parser.error("--postgres is for history: the others choose their database themselves")
    given = {"database": "postgres"} if options.postgres else {}
    module = importlib.import_module(f"tests.bench.{options.bench}")
    try:
        rows = module.measure(options.rounds or module.ROUNDS, **given)
    except Missing as missing:
        print(f"bench: {missing}", file=sys.stderr)
        return 1
    print(json.dumps([row.as_dict() for row in rows], indent=2) if options.json else table(rows))
    return 1 if any(row.verdict == "BELOW" for row in rows) else 0


if __name__ == "__main__":
    ending.run(main)
