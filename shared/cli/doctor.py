"""`./baton doctor`: everything that can be wrong with an installation, each on a line, with what to do about it.

It only asks; nothing is changed and no mail is sent. Exit code 1 when something is wrong; warnings leave it at 0.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import shlex
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .. import config
from . import Refused, settings

OK, WARNING, WRONG = "ok", "warning", "wrong"
LITTLE, VERY_LITTLE = 1_000_000_000, 50_000_000  # bytes of disk
SLOW, STUCK = 60.0, 600.0  # seconds that a delivery may be owed
SKEW = 5.0  # seconds between two clocks
PASSED_OVER = "ticks come and pass them over: start the worker anew; it may hang in a job, or be of an older Baton"
LONG = timedelta(minutes=30)  # program time that a job may take, as in docs/alerts.yml


class Line(NamedTuple):
    """What one check found. :param do: what to do, where something is to be done."""

    check: str
    level: str
    found: str
    do: str = ""


def main(args: list[str]) -> int:
    """Run all checks; a check that breaks is itself a finding."""
    parser = argparse.ArgumentParser(prog="./baton doctor", description="What is wrong here, and what to do about it.")
    parser.add_argument("--data", help="the data folder (default: BATON_DATA, or var)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args(args)
    lines = []
    for line in examine(options.data):
        lines.append(line)
        if not options.json:
            print(f"{line.level:<9}{line.check:<25}{line.found}", flush=True)
            if line.do:
                print(f"{'':<34}→ {line.do}", flush=True)
    if options.json:
        print(json.dumps([line._asdict() for line in lines]))
    return 1 if any(line.level == WRONG for line in lines) else 0


def examine(data: str | None) -> Iterator[Line]:
    """All findings, in the order in which one would mend them."""
    try:
        folder = settings.folder(data)
    except Refused as wrong:
        yield Line("settings", WRONG, str(wrong), "see .env.example")
        return
    if not folder.is_dir():
        yield Line("data folder", WRONG, f"{folder} is not there", "start ./baton up once, or give --data")
        return
    kept = settings.has_secret(folder)
    try:
        settings.apply(data, secret=kept)
        found = config.current()
    except (config.SettingError, Refused) as wrong:
        yield Line("settings", WRONG, str(wrong), "see .env.example")
        return
    yield Line("settings", OK, f"read; services {', '.join(found.services)}; {found.base_url}")
    for check in (secret, privacy, disk, zones, databases, broker, smtp, domain, replies, events, jobs, mails, chat):
        try:
            yield from check(found)
        except Exception as error:
            from .. import faults

            said = f"could not be checked: {type(error).__name__}: {faults.first_line(error)}"
            yield Line(check.__name__, WRONG, said, "see above")


def secret(found: config.Config) -> Iterator[Line]:
    """Is it hard to guess, and nobody else's to read?"""
    if len(set(found.secret)) < 10:
        yield Line("secret", WRONG, "is easy to guess", "set BATON_SECRET to the output of: openssl rand -hex 32")
        return
    readable = [
        path
        for path in (found.data / settings.SECRET_FILE, settings.ROOT / ".env")
        if path.exists() and _for_others(path)
    ]
    for path in readable:
        yield Line("secret", WARNING, f"others on this machine can read {path}", f"chmod 600 {shlex.quote(str(path))}")
    if not readable:
        yield Line("secret", OK, f"{len(found.secret)} characters, for its owner only")


def disk(found: config.Config) -> Iterator[Line]:
    """Is there space, where the data are and where the databases are?"""
    seen: set[int] = set()
    for folder in (found.data, *(file.parent for file in _files(found))):
        if not folder.is_dir() or folder.stat().st_dev in seen:
            continue
        seen.add(folder.stat().st_dev)
        free = shutil.disk_usage(folder).free
        said = f"{free / 1e9:.1f} GB free at {folder}"
        if free < VERY_LITTLE:
            yield Line("disk", WRONG, said, "free some space now: what cannot be written is refused")
        elif free < LITTLE:
            yield Line("disk", WARNING, said, "free some space; logs and backups in the data folder may be old")
        else:
            yield Line("disk", OK, said)
        if not os.access(folder, os.W_OK):
            yield Line("disk", WRONG, f"{folder} cannot be written", "give yourself the right to")


def privacy(found: config.Config) -> Iterator[Line]:
    """Do the data speak to their owner only? What Baton makes does; a folder of before, or a copy, may not."""
    readable: dict[Path, list[str]] = {}
    for file in (*_files(found), *(found.data / "log").glob("*.log*")):
        folder = found.data if found.data in file.parents else file.parent
        # It is enough that nobody may enter the folder.
        if file.exists() and _for_others(file) and _for_others(folder):
            readable.setdefault(folder, []).append(file.name)
    for folder, names in readable.items():
        said = f"others on this machine can read {', '.join(sorted(names))} in {folder}"
        yield Line("data folder", WARNING, said, f"chmod -R go= {shlex.quote(str(folder))}")
    if not readable:
        yield Line("data folder", OK, f"{found.data}, for its owner only")


def _for_others(path: Path) -> bool:
    """May others on this machine do anything with it?"""
    return bool(path.stat().st_mode & settings.PRIVATE)


def _files(found: config.Config) -> list[Path]:
    """The databases that are files."""
    urls = (found.database_url(service) for service in found.services)
    return [Path(url.removeprefix("sqlite:///").partition("?")[0]) for url in urls if url.startswith("sqlite")]


def zones(found: config.Config) -> Iterator[Line]:
    """Are the time zones fresh?"""
    from .. import versions

    release, dated = versions.zones()
    age = versions.zones_age()
    said = f"tzdata {release}, with data of {dated:%d %b %Y}"
    if age > versions.OLD_ZONES:
        yield Line("time zones", WARNING, said, "update Baton: governments change their clocks")
    else:
        yield Line("time zones", OK, said)


def databases(found: config.Config) -> Iterator[Line]:
    """Do they answer, at this code's revision, with the same clock, and does something tick?"""
    import sqlalchemy as sa

    from .. import clock, db, faults, migrate, pulse

    for service in found.services:
        name = f"database {service}"
        importlib.import_module(f"services.{service}.models")
        url = found.database_url(service)
        if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///").partition("?")[0]).exists():
            yield Line(
                name, WRONG, "there is none yet", "start ./baton up once, or run ./baton migrate, or give --data"
            )
            continue
        try:
            at = migrate.current(service)
        except sa.exc.SQLAlchemyError as error:
            file = "free some space on its disk, or see that it may be read and written"
            do = file if url.startswith("sqlite") else "start it, or check BATON_DATABASE_URL"
            yield Line(name, WRONG, f"does not answer ({faults.first_line(error)})", do)
            continue
        head = migrate.head(service)
        if at is None or at < head:
            yield Line(name, WRONG, f"is at revision {at or 'none'}, the code at {head}", "run ./baton migrate")
            continue
        if at > head:
            yield Line(name, WRONG, f"is at revision {at}, newer than this code ({head})", "run the newer Baton")
            continue
        with db.read(service) as tx:
            newest = tx.execute(sa.text("SELECT recorded FROM event ORDER BY position DESC LIMIT 1")).scalar()
            now = tx.execute(sa.text("SELECT extract(epoch FROM clock_timestamp())")).scalar() if (
                tx.dialect.name == "postgresql") else None  # fmt: skip
            ticked, within = pulse.ticked(tx), _starting(tx, found)
        yield Line(name, OK, f"answers, at revision {at}")
        if now is not None and abs(float(now) - clock.machine()) > SKEW:
            yield Line(name, WARNING, f"its clock is {float(now) - clock.machine():+.0f} s off ours", "use NTP on both")
        if newest is not None and newest > clock.machine() + SKEW:
            yield Line(
                name,
                WARNING,
                f"its newest event lies {newest - clock.machine():.0f} s ahead",
                "was the clock set back? use NTP",
            )
        age = None if ticked is None else clock.machine() - ticked
        if within is not None:
            said = f"it has just started: its first tick is due within {within:.0f} s"
            yield Line(f"ticks {service}", OK, said)
        elif age is None or age > pulse.SILENT:
            said = "no tick was ever noted" if age is None else f"the last tick was {age:.0f} s ago"
            yield Line(f"ticks {service}", WRONG, said, f"start ./baton up; on servers beat and a worker of {service}")
        else:
            yield Line(f"ticks {service}", OK, f"the last was {max(age, 0):.0f} s ago")


def _starting(tx: Any, found: config.Config) -> float | None:
    """Seconds within which the first tick is due, while Baton has just started and none has come since."""
    from .. import clock, pulse
    from .backup import locked

    ticked, now, lock = pulse.ticked(tx), clock.machine(), locked(found.data)
    starts = [lock.stat().st_mtime] if lock.exists() else []  # ./baton up wrote its process id
    if ticked is None:
        starts.append(pulse.made(tx) or 0)  # on a server: whoever starts it first makes its database
    began = max(starts, default=0)
    if (ticked is not None and ticked >= began) or not 0 <= now - began < pulse.SILENT:
        return None
    return pulse.SILENT - (now - began)


def broker(found: config.Config) -> Iterator[Line]:
    """Does it answer, and does it keep what it is given?"""
    from .. import faults, worker

    host = urlsplit(found.broker_url)
    where = f"{host.hostname}:{host.port}" if host.hostname else host.path
    try:
        with worker.app.connection_for_write(connect_timeout=5) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0.2, timeout=5)
            if not found.broker_url.startswith(("redis", "unix")):
                yield from _rabbitmq(connection, where, [*found.services, worker.SLOW])
                return
            client = connection.default_channel.client
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "unknown")
            aof = client.info("persistence").get("aof_enabled")
    except Exception as error:
        yield Line(
            "broker",
            WRONG,
            f"does not answer at {where} ({faults.first_line(error)})",
            "start ./baton up, or check BATON_BROKER_URL",
        )
        return
    yield Line("broker", OK, f"answers at {where}")
    if policy != "noeviction":
        yield Line(
            "broker", WARNING, f"its maxmemory-policy is {policy}", "set it to noeviction: evicted bells cost time"
        )
    if not aof:
        yield Line(
            "broker", WARNING, "it keeps no append-only file", "set appendonly yes: a restart then loses no bells"
        )


def _rabbitmq(connection: Any, where: str, queues: list[str]) -> Iterator[Line]:
    """Does each queue have somebody who takes from it? Only asked for: nothing is made."""
    told = {}
    for name in queues:
        with contextlib.suppress(connection.channel_errors), connection.channel() as channel:
            told[name] = channel.queue_declare(name, passive=True)
    server = connection.connection.server_properties
    waiting = sum(queue.message_count for queue in told.values())
    said = f"answers at {where}, {server.get('product')} {server.get('version')}; {waiting} messages wait"
    yield Line("broker", OK, said)
    idle = [name for name in queues if name not in told or not told[name].consumer_count]
    if idle:
        yield Line(
            "broker",
            WARNING,
            f"nobody takes messages of: {', '.join(idle)}",
            "start the workers of these queues; nothing is lost until then",
        )


def smtp(found: config.Config) -> Iterator[Line]:
    """Does the mail server let us in? Nothing is sent."""
    if not found.smtp_url:
        yield Line("mail server", OK, "none is set: mails stay here, readable at /notifications/outbox")
        return
    module = importlib.import_module("services.notifications.mail.smtp")
    from .. import clock

    relay = module.Relay(module.Where.parse(found.smtp_url))
    relay.until = clock.machine() + 15
    try:
        relay.greet()
        yield Line("mail server", OK, f"lets us in at {relay.where.host}:{relay.where.port}")
    except module.Refused as refused:
        yield Line(
            "mail server", WRONG, str(refused)[:200], "check BATON_SMTP_URL, the server and the way to it; mails wait"
        )
    finally:
        relay.close()
    if found.mail_from == config.Config.mail_from:
        yield Line("mail server", WARNING, "BATON_MAIL_FROM is not set", "set it to a mailbox that somebody reads")


def domain(found: config.Config) -> Iterator[Line]:
    """Does the domain say in DNS what other servers look for? Where DNS does not answer, what to set is still said."""
    module = importlib.import_module("services.notifications.mail.domain")
    signs = importlib.import_module("services.notifications.mail.dkim")
    if not found.smtp_url or not module.public(found):
        return
    if not found.dkim_key:
        do = "make a key with ./baton mail dkim, unless your mail provider signs"
        yield Line("DNS DKIM", WARNING, "mails are not signed here", do)
    elif not module.aligned(found):
        said = f"mails are signed for {signs.domain(found)}, and from another domain"
        yield Line("DNS DKIM", WARNING, said, "set BATON_DKIM_DOMAIN to the domain of BATON_MAIL_FROM")
    ask = module.asking()
    for record in module.wanted(found):
        seen = module.look(record, ask)
        name = f"DNS {record.what}"
        if seen.ok:
            yield Line(name, OK, seen.words)
        elif seen.ok is None:
            yield Line(name, WARNING, seen.words, f"there should be the {record.words}")
        else:
            yield Line(name, WRONG if seen.wrong else WARNING, seen.words, f"set the {record.words}")


def replies(found: config.Config) -> Iterator[Line]:
    """Can the mailbox be read that answers come to? Nothing in it is changed."""
    if not found.imap_url:
        given = (
            "what is handed over at /notifications/webhooks/mail is read" if found.webhook_secret else "none is read"
        )
        yield Line("answers by mail", OK, f"no mailbox is set: {given}")
        return
    module = importlib.import_module("services.notifications.inbound.mailbox")
    where = module.Where.parse(found.imap_url)
    try:
        with module.opened(where):
            yield Line("answers by mail", OK, f"{where.folder} can be read at {where.host}:{where.port}")
    except module.Unreachable as error:
        yield Line(
            "answers by mail", WRONG, str(error)[:200], "check BATON_IMAP_URL, the server and the way to it; mails wait"
        )


def events(found: config.Config) -> Iterator[Line]:
    """Does what is published arrive?"""
    from .. import db, ops

    for service in _sound(found):
        with db.read(service) as tx:
            for each in ops.subscribers(tx):
                name = f"{service} → {each.name}"
                if each.dead:
                    yield Line(
                        name, WRONG, f"{each.dead} dead deliveries", "see ./baton events dead, or the page Operation"
                    )
                if each.oldest is not None and each.oldest > SLOW:
                    level = WRONG if each.oldest > STUCK else WARNING
                    said = f"{each.waiting} owed, the oldest for {ops.span(each.oldest)}"
                    yield Line(name, level, said, f"does the worker of {each.name} run? does the broker answer?")
                elif not each.dead:
                    yield Line(name, OK, f"{each.waiting} owed")


def jobs(found: config.Config) -> Iterator[Line]:
    """Does what happens by time begin when it should, and come to an end?"""
    from .. import clock, db, ops, pulse, schedule, worker

    log = found.data / "log" / "worker.log"
    where = str(log) if log.exists() else "the log of its worker"
    for service in _sound(found):
        worker.carry(service)  # so that its jobs are known
        with db.read(service) as tx:
            times, ticked, within = schedule.times(tx), pulse.ticked(tx), _starting(tx, found)
        name, lines = f"jobs {service}", []
        for each in times:
            open_ = each.last is not None and each.finished is None
            long = each.last is not None and open_ and clock.now() - each.last > LONG
            began = f"began {each.last:%d %b %Y, %H:%M} UTC" if each.last else "never began"
            do = f"see schedule.failed in {where}; it is tried again at every tick"
            if each.failed is not None:
                failed = f"{each.job} {began} and failed {ops.span(clock.machine() - each.failed)} ago"
                lines.append(Line(name, WRONG if long else WARNING, failed, do))
            elif long:
                lines.append(Line(name, WRONG, f"{each.job} {began} and has not ended", do))
        late = {each.job: each.late for each in times if each.late and each.failed is None}
        if late and within is None:
            said = ", ".join(f"{job} for {ops.span(age.total_seconds())}" for job, age in late.items())
            silent = ticked is None or clock.machine() - ticked > pulse.SILENT
            do = f"see ticks {service}: nothing begins without them" if silent else PASSED_OVER
            lines.append(Line(name, WRONG, f"did not begin when they should: {said}", do))
        ran = sum(each.last is not None for each in times)
        yield from lines or [Line(name, OK, f"{ran} of {len(times)} have run, none failed, is late, or does not end")]


def mails(found: config.Config) -> Iterator[Line]:
    """Does a mail wait for a person?"""
    from .. import db

    if "notifications" not in _sound(found):
        return
    with db.read("notifications") as tx:
        stuck = importlib.import_module("services.notifications.outbox").counts(tx)
    for state, level, do in (
        ("held", WRONG, "see ./baton mail held, or the page Operation"),
        ("failed", WARNING, "see ./baton mail list --state failed: most often an address is mistyped"),
    ):
        if stuck.get(state):
            yield Line("mails", level, f"{stuck[state]} {state}", do)
    if not stuck:
        yield Line("mails", OK, "none is held or refused")
    with db.read("notifications") as tx:
        refusing = importlib.import_module("services.notifications.suppressed").count(tx)
    if refusing:
        said = f"{refusing} get no mail, or only what is owed"
        yield Line("addresses", WARNING, said, "see Addresses without mail, under Mails: most often one is mistyped")


def chat(found: config.Config) -> Iterator[Line]:
    """Does every chat channel answer, as far as was tried? Nothing is posted."""
    from .. import db

    if "notifications" not in _sound(found):
        return
    module = importlib.import_module("services.notifications.chat.channels")
    with db.read("notifications") as tx:
        channels, off = module.listed(tx), module.off(tx)
    for name in off:
        yield Line(
            "chat", WARNING, f"nobody answers for the channel {name}", "see Chat, under Mails: paste a new webhook"
        )
    failing = [each["name"] for each in channels if each["failures"] and not each["off_at"]]
    for name in failing:
        yield Line("chat", WARNING, f"the channel {name} fails, and is tried again", "see Chat, under Mails")
    if not off and not failing:
        on = sum(each["off_at"] is None for each in channels)
        yield Line("chat", OK, f"{on} channel{'' if on == 1 else 's'}, none fails" if on else "no channel is set")


def _sound(found: config.Config) -> list[str]:
    """Services whose database can be asked; what is wrong with the others has been said."""
    from .. import migrate

    def at_head(service: str) -> bool:
        try:
            return migrate.current(service) == migrate.head(service)
        except Exception:
            return False

    return [service for service in found.services if at_head(service)]
