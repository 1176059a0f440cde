"""`./baton chaos --seed N --minutes M`: see the package's docstring. Exit code 1 when a promise was broken."""

from __future__ import annotations

import argparse
import json
import sys

from shared import die
from tests import ending

from . import bulk, mischief
from .run import WITHOUT, Run, points, table
from .system import NotReady


def main(args: list[str]) -> int:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(prog="./baton chaos", description="Kill parts while people sign up; count losses.")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other mischief (default 1)")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long people come (default 1)")
    parser.add_argument("--signups", type=int, help="how many people (default 100 a minute)")
    parser.add_argument("--kills", type=int, help="how many kills (default 6 a minute)")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument(
        "--layout", choices=["up", "compose"], default="up", help="as ./baton up, or docker-compose.yml"
    )
    parser.add_argument("--broker", choices=["redis", "rabbitmq"], default="redis", help="RabbitMQ only with compose")
    parser.add_argument("--walk", action="store_true", help="die once at every named gap instead")
    parser.add_argument("--only", choices=list(die.POINTS), help="walk only this gap")
    parser.add_argument("--without", choices=list(WITHOUT), help="break this, to see that chaos goes red")
    parser.add_argument(
        "--bulk", type=int, metavar="N", help="mail to N people instead, while those who send it are killed"
    )
    parser.add_argument("--kill-every", type=float, default=3.0, metavar="S", help="of a bulk, in seconds (default 3)")
    parser.add_argument("--keep", action="store_true", help="keep the data folder and say where it is")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args(args)
    compose = options.layout == "compose"
    if options.broker == "rabbitmq" and not compose:
        parser.error("--broker rabbitmq wants --layout compose")
    if compose and (options.walk or options.without or options.keep):
        parser.error("--layout compose does not go with --walk, --without or --keep")
    if options.bulk is not None and (options.bulk < 1 or compose or options.walk or options.without):
        parser.error("--bulk wants people, and goes with --kill-every, --seed, --keep and --json alone")
    if options.bulk:
        found = bulk.run(options.bulk, options.kill_every, options.seed, options.keep)
        print(json.dumps(found.as_dict(), indent=2) if options.json else bulk.table(found))
        return 0 if found.green else 1
    seconds = options.minutes * 60
    signups = round(100 * options.minutes) if options.signups is None else options.signups
    kills = round(6 * options.minutes) if options.kills is None else options.kills
    try:
        broker = options.broker if compose else None
        with Run(options.seed, options.database, options.without, options.keep, broker) as run:
            if options.walk:
                report = run.walk(points(options.only), people=3)
            else:
                report = run.storm(mischief.plan(options.seed, seconds, kills), seconds, signups)
    except NotReady as problem:
        print(f"chaos: {problem}", file=sys.stderr)
        return 1
    print(json.dumps(report.as_dict(), indent=2) if options.json else table(report))
    if options.keep:
        print(f"data: {run.folder}", file=sys.stderr)
    return 0 if report.green else 1


if __name__ == "__main__":
    ending.run(main)
