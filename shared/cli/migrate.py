"""`./baton migrate`: bring the databases to this version's tables, and write what must be there from the start."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import sys

from . import Refused, settings


def main(args: list[str]) -> int:
    """Upgrade all databases this machine carries, one after another, each in its own transaction."""
    parser = argparse.ArgumentParser(
        prog="./baton migrate", description="Bring the databases to this version's tables."
    )
    parser.add_argument("--data", help="the data folder (default: BATON_DATA, or var)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args(args)
    settings.apply(options.data)
    found = settings.sound()
    done = {}
    for service in found.services:
        done[service] = upgrade(service)
        if not options.json:
            print(f"{service}: {done[service]}", file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps(done))
    return 0


def upgrade(service: str) -> str:
    """Bring one database up to date, and say what was done."""
    import sqlalchemy as sa

    from .. import db, migrate

    importlib.import_module(f"services.{service}.models")
    try:
        changed = migrate.upgrade(service)
    except RuntimeError as newer:
        raise Refused(str(newer)) from None
    except sa.exc.OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise Refused(
            f"the database of {service} cannot be used ({reason}): check BATON_DATABASE_URL, or the space on the disk"
        ) from None
    if importlib.util.find_spec(f"services.{service}.seed"):
        with db.write(service) as tx:
            importlib.import_module(f"services.{service}.seed").start(tx)
    return f"now at {migrate.head(service)}" if changed else "up to date"
