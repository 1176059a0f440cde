"""`./baton rehearse --months 6`: what would happen, by the real rules, on a copy, with nothing sent.

All databases are copied as of one instant into a folder of their own that is removed afterwards; the services run in
this process on that copy, with a secret of its own, no mail server and no broker. Simulated people read the mails that
come of it and press the buttons in them; their habits are assumptions, and are said with the result.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from .. import config
from . import Refused, settings
from .backup import ready
from .progress import Progress

DAYS_A_MONTH = 30.44
MONTHS_MOST = 36
LEAST_MEMORY = 1_000_000_000


def main(args: list[str]) -> int:
    """Copy, play, report."""
    options = parse(args)
    found = ready(options.data)
    tell = Progress()
    try:
        with tempfile.TemporaryDirectory(prefix="baton-rehearsal-", dir=memory(found)) as folder:
            report = rehearse(found, Path(folder), options, tell)
    finally:
        tell.end()
    if options.html:
        write(options.html, report)
    if options.json:
        print(json.dumps(report))
    else:
        from .simulation import report as reports

        print("\n".join(reports.text(report)))
        if options.html:
            print(f"\nThe same as a page: {settings.called_from(options.html)}")
    return 0


def memory(found: config.Config) -> str | None:
    """Where the copy lies: in memory where that has room, since nothing of it has to last; else on the disk."""
    paths = [Path(url.removeprefix("sqlite:///")) for url in map(found.database_url, config.SERVICES)]
    size = sum(path.stat().st_size for path in paths if path.exists())
    shared = Path("/dev/shm")
    if os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > LEAST_MEMORY + 4 * size:
        return str(shared)
    return None


def parse(args: list[str]) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(
        prog="./baton rehearse",
        description="What would happen in the next months, by the real rules, on a copy. Nothing is sent or changed.",
    )
    parser.add_argument("--months", type=number(0, MONTHS_MOST), default=6.0, help="how far (default 6)")
    parser.add_argument("--decline", type=share, default=0.1, help="of turns, answered with no (default 0.1)")
    parser.add_argument("--silent", type=share, default=0.1, help="of turns, never answered (default 0.1)")
    parser.add_argument("--away", type=share, default=0.15, help="of sessions, away from (default 0.15)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other people's luck (default 1)")
    parser.add_argument("--html", metavar="FILE", help="write a page, too")
    parser.add_argument("--data", help="the data folder (default: BATON_DATA, or var)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args(args)
    if options.decline + options.silent > 1:
        raise Refused("--decline and --silent are more than all together: give shares whose sum is at most 1")
    if options.html and settings.called_from(options.html).is_dir():
        raise Refused(f"{options.html} is a folder: give the name of a file")
    return options


def share(typed: str) -> float:
    """A share between 0 and 1."""
    return number(-1e-9, 1)(typed)


def number(more: float, most: float) -> Callable[[str], float]:
    """A number more than `more`, at most `most`."""

    def read(typed: str) -> float:
        try:
            found = float(typed)
        except ValueError:
            found = float("nan")
        if not more < found <= most:
            raise argparse.ArgumentTypeError(f"{typed!r} is no number from {max(more, 0):g} to {most:g}")
        return found

    return read


def rehearse(found: config.Config, folder: Path, options: argparse.Namespace, tell: Progress) -> dict[str, Any]:
    """Play on a copy in `folder`; what came of it, as plain data."""
    from .. import backup, clock, engines
    from .simulation import figures, worlds
    from .simulation.habits import Habits
    from .simulation.play import play

    try:
        copy(found, folder, tell)
    except backup.Wrong as wrong:
        raise Refused(str(wrong)) from None
    start = clock.now()
    config.use(apart(found, folder, start))
    end = start + timedelta(days=options.months * DAYS_A_MONTH)
    bar = Progress("days")
    habits = Habits(decline=options.decline, silent=options.silent, away=options.away)
    try:
        world = worlds.Within()
        post = worlds.Post()
        before = figures.mail_ids()
        company = cast(world, options.seed, habits)

        def look() -> None:
            bar((clock.now() - start).days, (end - start).days, f"{clock.now():%d %b %Y}")

        moments = play(world, company, post, end, look)
        kinds, people = figures.mails(start, before)
        return {
            "from": start.isoformat(),
            "to": end.isoformat(),
            "months": options.months,
            "seed": options.seed,
            "assumed": asdict(habits),
            "moments": moments,
            "circles": figures.circles(start, end),
            "turns": figures.turns(),
            "mails": kinds,
            "people": people,
            "done": dict(company.done.most_common()),
            "astray": company.astray,
        }
    finally:
        bar.end()
        engines.close()
        config.use(found)


def copy(found: config.Config, folder: Path, tell: Progress) -> None:
    """All databases as of one instant, into SQLite files. Nothing but views of them is opened."""
    from ..backup import cut, load
    from .move import source

    for service in config.SERVICES:
        if load.empty(found.database_url(service)):
            raise Refused(f"there is no program here yet ({service} is empty): run `./baton up` first, or give --data")
    urls = {service: f"sqlite:///{folder / service}.db" for service in config.SERVICES}
    with cut.views(config.SERVICES) as views:
        load.load(source(views), urls, None, tell, lambda _txs: None)


def apart(found: config.Config, folder: Path, start: datetime) -> config.Config:
    """Settings by which nothing of the copy can reach anybody: its own secret and clock, no mail server, no broker."""
    urls = tuple((service, f"sqlite:///{folder / service}.db") for service in config.SERVICES)
    return replace(
        found, data=folder, database_urls=urls, secret=secrets.token_hex(32), smtp_url="", slack_webhook_url="", broker_url="memory://",
        clock=f"{start.isoformat()}*0", services=config.SERVICES, signup_rate="1000000/minute",
        disk="fast",
    )  # fmt: skip


def cast(world: Any, seed: int, habits: Any) -> Any:
    """Everybody who takes part, as they are; each with a link to their own page, as their mails had one."""
    import sqlalchemy as sa

    from .. import db, tokens
    from .simulation.browser import Browser
    from .simulation.company import Company
    from .simulation.members import Member

    company = Company(seed, habits, None, lambda at, who, what: None)
    person = db.metadata("signup").tables["person"]
    with db.read("signup") as tx:
        query = sa.select(person.c.id, person.c.email, person.c.name).where(
            person.c.stream.is_not(None), person.c.state.in_(["confirmed", "waiting", "active"])
        )
        for row in tx.execute(query.order_by(person.c.id)):
            door = tokens.path("enter", tokens.sign("enter", {"person": row.id}))
            company.add(Member(company, row.email, row.name, Browser(world.ask(row.email)), door))
    return company


def write(path: str, report: dict[str, Any]) -> None:
    """The page, whole or not at all."""
    from .simulation import report as reports

    at = settings.called_from(path)
    draft = at.with_name(f"{at.name}.new")
    try:
        draft.write_text(reports.html(report), encoding="utf-8")
        draft.replace(at)
    except OSError as error:
        raise Refused(settings.unwritable(at.parent, error)) from None
