"""`./baton restore FILE`: bring a backup back. Everything is checked before anything is changed, and what there was is
kept aside, never overwritten.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from .. import config
from . import Refused, settings
from .backup import locked, ready
from .progress import Progress

GRACE = 2.0


def main(args: list[str]) -> int:
    """Check, load, migrate, and say what is different now."""
    parser = argparse.ArgumentParser(prog="./baton restore", description="Bring a backup back; Baton must be stopped.")
    parser.add_argument("file")
    parser.add_argument("--data", help="the data folder (default: BATON_DATA, or var)")
    parser.add_argument("--set-aside", action="store_true", help="keep the data that is there under another name first")
    parser.add_argument(
        "--mails", choices=["hold", "send"], default="hold",
        help="mails that were not sent at the time of the backup: hold them, since they may have gone out after it "
        "(default), or send them, when Baton was stopped from the backup on",
    )  # fmt: skip
    parser.add_argument(
        "--access", choices=["void", "keep"], default="void",
        help="sign-ins and API tokens made before: void them, since who was removed or revoked after the backup would "
        "be let in again (default), or keep them, when Baton was stopped from the backup on",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args(args)
    from .. import backup
    from ..backup import file, load

    path = settings.called_from(options.file)
    folder = settings.folder(options.data)
    fresh_secret = not settings.has_secret(folder)
    found = ready(options.data)
    tell = Progress()
    urls = {service: found.database_url(service) for service in config.SERVICES}
    try:
        with stopped(folder, urls), no_new_secret(folder, fresh_secret), file.read(path) as source:
            full = [service for service, url in urls.items() if not load.empty(url)]
            if full and not options.set_aside:
                raise Refused(
                    f"there is data already ({', '.join(full)}): give --set-aside, which keeps it under another name, "
                    "or another --data; nothing was changed"
                )
            source.check(tell)
            tell.end()
            quiet, settle = broker_queues(folder), beside(folder, source)
            now = f"aside-{time.strftime('%Y%m%d-%H%M%S')}"
            aside = now if full else None
            rows = load.Source(source.tables, {s: source.revision(s) for s in config.SERVICES}, source.rows)
            report: dict[str, Any] = {}
            counted = load.load(
                rows, urls, aside, tell, lambda txs: finish(txs, source, options.mails, options.access, report)
            )
            settle(folder / now)
            quiet(folder / now)
    except backup.Wrong as wrong:
        raise Refused(str(wrong)) from None
    finally:
        tell.end()
    report |= {
        "rows": sum(row["arrived"] for row in counted),
        "made": source.made.isoformat(timespec="seconds"),
        "secret": "new" if fresh_secret else "same" if source.same_secret(found.secret) else "another",
        "aside": aside,
    }
    print(json.dumps(report) if options.json else "\n".join(words(report, folder)))
    return 0


def words(report: dict[str, Any], folder: Path) -> list[str]:
    """What the person who restored has to know."""
    said = [f"Restored {report['rows']} rows, as of {report['made']}."]
    if report["aside"]:
        said.append(
            f"What was there is kept: {report['aside']} (a folder beside each SQLite file, a schema in PostgreSQL)."
        )
    if report["owed"]:
        said.append(f"{report['owed']} events were on their way: they are delivered again when Baton starts.")
    if report["held"]:
        said.append(
            f"{report['held']} mails were not sent at that time and may have been since: held, see ./baton mail held."
        )
    said.append(
        {
            "same": "The secret is the one of the backup: links in mails go on working.",
            "another": "The secret is another than at the backup: links in mails that went out, and sign-ins, are void."
            " People ask for new ones at /signup/sign-in. To keep the old ones, set the old BATON_SECRET first.",
            "new": f"There was no secret, so a new one was made in {folder}: links in mails that went out, and"
            " sign-ins, are void. To keep them, put the old BATON_SECRET in its place before the start.",
        }[report["secret"]]
    )
    if report["access"] == "void":
        said.append("Everybody who was signed in signs in again, and API tokens made before are void: make new ones.")
    for name, used in report["tokens"]:
        said.append(f"  token {name!r}, last used {used}")
    said.append(
        "What was done after the backup is not in it: who was erased since must be again, and who was removed as an "
        "organizer."
    )
    return said


@contextmanager
def stopped(folder: Path, urls: dict[str, str]) -> Iterator[None]:
    """Nothing of Baton runs on these data, and nothing can start meanwhile.

    :raises Refused: something does.
    """
    from ..backup import load
    from .up import only_one

    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            only_one(held.enter_context(open(locked(folder), "a+")), folder)
        except OSError as error:
            raise Refused(f"{settings.unwritable(folder, error)}; nothing was changed") from None
        for service, url in urls.items():
            others, end = load.connections(url), time.monotonic() + GRACE
            while others and time.monotonic() < end:
                time.sleep(0.1)  # a connection that was just closed is counted a moment longer
                others = load.connections(url)
            if others:
                who = "1 program is" if others == 1 else f"{others} programs are"
                raise Refused(f"{who} connected to the database of {service}: stop web and workers first")
        yield


@contextmanager
def no_new_secret(folder: Path, made: bool) -> Iterator[None]:
    """A secret that was made for a restore which then does not happen goes again: the next try says what is true of it.

    While the data are ours alone: nobody can have started with it.
    """
    try:
        yield
    except BaseException:
        if made:
            (folder / settings.SECRET_FILE).unlink(missing_ok=True)
        raise


def finish(txs: dict[str, Any], source: Any, mails: str, access: str, report: dict[str, Any]) -> None:
    """What services do about a world that went on after the backup: see `restored.py` of each that has one."""
    import sqlalchemy as sa

    from .. import clock, revocation

    owed: dict[str, list[str]] = {service: [] for service in txs}
    asked = sa.text(
        "SELECT d.subscriber, e.id, e.correlation FROM delivery d JOIN event e ON e.position = d.event"
        " WHERE d.confirmed_at IS NULL"
    )
    chains: dict[str, None] = {}  # what a handler publishes in turn has an id of its own, and the same correlation
    for tx in txs.values():
        for row in tx.execute(asked):
            owed.setdefault(row.subscriber, []).append(row.id)
            chains[row.correlation] = None
    report.update(owed=sum(map(len, owed.values())), held=0, access=access, tokens=[])
    for service, tx in txs.items():
        name = f"services.{service}.restored"
        after: Any = importlib.import_module(name) if importlib.util.find_spec(name) else None
        if mails == "hold" and hasattr(after, "hold"):
            report["held"] += after.hold(tx, source.made, [*owed[service], *chains])
        if access == "void":
            revocation.revoke(tx, revocation.EVERYBODY, clock.machine())
            if hasattr(after, "void"):
                report["tokens"] += after.void(tx)


def beside(folder: Path, source: Any) -> Callable[[Path], None]:
    """A function that puts in its place what services kept beside their databases; all of it is made ready now."""
    from ..backup.beside import keeper

    kept, ready_ = {each.service: each for each in source.beside}, []
    for service in config.SERVICES:
        if (found := keeper(service)) is None:
            continue
        with tempfile.TemporaryDirectory(prefix="restoring-", dir=folder) as place:
            file = Path(place) / service if service in kept else None
            if file:
                with file.open("wb") as out:
                    out.writelines(source.pieces(kept[service]))
            ready_.append(found.bring(folder, file))

    def settle(aside: Path) -> None:
        for each in ready_:
            each(aside)

    return settle


def broker_queues(folder: Path) -> Any:
    """A function that empties the broker: what it still carries speaks of the time after the backup.

    The embedded one is set aside. Another is emptied of Baton's queues, if it answers, which is tried now.

    :raises Refused: it does not answer.
    """
    from ..backup import load

    if settings.own_broker(folder):
        return lambda aside: load.set_aside([folder / "valkey"], aside)
    from .. import worker

    try:
        connection = worker.app.connection_for_write(connect_timeout=5)
        connection.ensure_connection(max_retries=1, interval_start=0.2, timeout=5)
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise Refused(
            f"the broker does not answer ({reason}), and what it carries speaks of the time after the backup: start"
            " it, so that it can be emptied, or unset BATON_BROKER_URL"
        ) from None

    def purge(_aside: Path) -> None:
        with connection:
            for queue in worker.app.conf.task_queues:
                queue(connection.default_channel).declare()
                queue(connection.default_channel).purge()

    return purge
