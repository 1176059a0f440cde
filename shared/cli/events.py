"""`./baton events`: how deliveries stand, dead ones and what to do with them, replay, the events' documents."""

from __future__ import annotations

import argparse
import importlib
import json
from dataclasses import asdict
from typing import Any

from .. import config
from . import Refused, settings

# Modules that write documents from the code, by name: nothing shared imports a service.
DOCUMENTS = ("shared.events.document", "services.sessions.document")


def main(args: list[str]) -> int:
    """Parse and run one of the subcommands."""
    parser = argparse.ArgumentParser(prog="./baton events", description="Deliveries between the services.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="what is owed to whom, the oldest of it, replays")
    commands.add_parser("dead", help="list deliveries that failed too often; each blocks its own subject only")
    commands.add_parser("skipped", help="list deliveries that a person gave up, and why")
    for name, what in (
        ("retry", "deliver a dead or skipped one again"),
        ("skip", "give a dead one up, so that its subject goes on"),
    ):
        one = commands.add_parser(name, help=what)
        one.add_argument("service", help="who published it")
        one.add_argument("position", type=int, help="its number in the list of the dead")
        one.add_argument("subscriber", help="who could not handle it")
        if name == "skip":
            one.add_argument("--why", required=True, help="kept beside it, for whoever looks into it later")
    again = commands.add_parser("replay", help="tell a subscriber the present state again, from the publisher's tables")
    again.add_argument("service", help="who publishes")
    again.add_argument("subscriber", help="who is told")
    docs = commands.add_parser("docs", help="write docs/events.md, docs/asyncapi.json and docs/states.md from the code")
    docs.add_argument("--check", action="store_true", help="write nothing; fail when they are stale")
    settings.take_options(parser, commands)
    options = parser.parse_args(args)
    if options.command == "docs":
        found_stale = [importlib.import_module(name).main(["--check"] if options.check else []) for name in DOCUMENTS]
        return max(found_stale)
    settings.apply(options.data)
    found = settings.sound()
    for named in (getattr(options, "service", None), getattr(options, "subscriber", None)):
        if named and named not in config.SERVICES:
            raise Refused(f"there is no service {named!r}: choose from {', '.join(config.SERVICES)}")
    commands_ = {"list": states, "dead": many, "skipped": many, "retry": revive, "skip": revive, "replay": replay}
    return commands_[options.command](options, found)


def carry(service: str) -> None:
    """Load what a service does outside of requests, and see that its database is there, at this code's revision."""
    import sqlalchemy as sa

    from .. import migrate, worker

    worker.carry(service)
    try:
        at = migrate.current(service)
    except sa.exc.OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise Refused(f"the database of {service} does not answer ({reason}): see ./baton doctor") from None
    if at is None:
        raise Refused(
            f"{service} has no database in {config.current().data} yet: start `./baton up` once, or give --data"
        )
    if at != migrate.head(service):
        raise Refused(f"the database of {service} is at revision {at}: run ./baton migrate first")


def states(options: argparse.Namespace, found: config.Config) -> int:
    """What each service owes to whom."""
    from .. import db, ops
    from ..events import replay as state

    rows: list[dict[str, Any]] = []
    for service in found.services:
        carry(service)
        with db.read(service) as tx:
            told = state.states(tx)
            rows += [
                {"service": service, **asdict(each), "replay": told.get(each.name)} for each in ops.subscribers(tx)
            ]
    if options.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        oldest = f"oldest {ops.span(row['oldest'])} ago" if row["oldest"] is not None else ""
        last = row["replay"]
        replayed = f"replay {'done' if last['finished'] else 'under way'}: {last['told']} events" if last else ""
        way = f"{row['service']} → {row['name']}"
        print(f"{way:<28}{row['waiting']:>7} owed  {row['dead']:>4} dead  {oldest}  {replayed}".rstrip())
    return 0


def many(options: argparse.Namespace, found: config.Config) -> int:
    """All dead or skipped deliveries of the services this machine carries."""
    from .. import db
    from ..events import keeping

    listed = keeping.dead if options.command == "dead" else keeping.skipped
    rows: list[dict[str, Any]] = []
    for service in found.services:
        carry(service)
        with db.read(service) as tx:
            rows += [{"service": service, **row} for row in listed(tx)]
    if options.json:
        print(json.dumps(rows, default=str))
    elif not rows:
        print(
            "No dead deliveries: everything published was handled, or is on its way."
            if options.command == "dead"
            else "Nothing was skipped."
        )
    for row in [] if options.json else rows:
        which = f"{row['service']} {row['position']} {row['subscriber']}"
        why = row["error"] if options.command == "dead" else f"skipped by {row['skipped_by']}: {row['skipped_why']}"
        print(f"{which}  {row['type']} about {row['subject']}: {why}")
    return 0


def revive(options: argparse.Namespace, _found: config.Config) -> int:
    """Retry or skip one dead delivery."""
    from .. import db
    from ..ops import TERMINAL, deeds

    carry(options.service)
    with db.write(options.service) as tx:
        if options.command == "retry":
            done = deeds.retry(tx, options.position, options.subscriber, TERMINAL) is not None
        else:
            done = deeds.skip(tx, options.position, options.subscriber, TERMINAL, options.why[:500])
    if not done:
        raise Refused("that delivery is not dead: `./baton events dead` lists those that are, `skipped` the others")
    print(json.dumps({"done": options.command}) if options.json else f"{options.command}: done")
    return 0


def replay(options: argparse.Namespace, _found: config.Config) -> int:
    """Publish one service's present state to one subscriber."""
    from .. import db
    from ..events import replay as state
    from ..ops import TERMINAL, deeds

    carry(options.service)
    try:
        with db.write(options.service) as tx:
            deeds.ask_replay(tx, options.subscriber, TERMINAL)
        count = state.replay(options.service, options.subscriber, TERMINAL)
    except ValueError as error:
        raise Refused(str(error)) from None
    print(json.dumps({"events": count}) if options.json else f"{count} events are on their way to {options.subscriber}")
    return 0
