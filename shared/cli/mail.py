"""`./baton mail`: what went to whom, and what became of it; held mails, and what a person knows of them."""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import config
from . import Refused, settings

SERVICE = "notifications"


def main(args: list[str]) -> int:
    """Parse and run one of the subcommands."""
    parser = argparse.ArgumentParser(prog="./baton mail", description="Mails, and what became of them.")
    commands = parser.add_subparsers(dest="command", required=True)
    listed = commands.add_parser("list", help="the newest mails, fifty at a time")
    listed.add_argument("--recipient", default="", help="part of a name or address")
    listed.add_argument("--state", default="", help="queued, sending, sent, held, failed, dropped or kept")
    listed.add_argument("--kind", default="", help="as in confirm, welcome, sign-in")
    listed.add_argument("--before", default="", help="`next` of the page before")
    one = commands.add_parser("show", help="one mail: where it is, what was answered, its text")
    one.add_argument("id")
    commands.add_parser("held", help="mails of which nobody can know whether they left")
    for name, what in (
        ("arrived", "say of held mails that they reached their readers"),
        ("resend", "send held ones again"),
    ):
        some = commands.add_parser(name, help=what)
        some.add_argument("ids", nargs="*", metavar="id")
        some.add_argument("--all", action="store_true", help="all that are held")
    key = commands.add_parser("dkim", help="make a key that mails are signed with, and say what its domain must tell")
    key.add_argument(
        "--file", help="where (default: dkim.pem in the data folder); one that is there is shown, not changed"
    )
    settings.take_options(parser, commands)
    options = parser.parse_args(args)
    settings.apply(options.data)
    settings.sound()
    if options.command == "dkim":  # a key needs no database: it is made before the first start
        return dkim(options)
    from .events import carry

    carry(SERVICE)
    run: dict[str, Callable[[argparse.Namespace], int]] = {
        "list": many, "show": show, "held": held, "arrived": decide, "resend": decide
    }  # fmt: skip
    return run[options.command](options)


def many(options: argparse.Namespace) -> int:
    """A page of the ledger, newest first."""
    from .. import db

    outbox = importlib.import_module("services.notifications.outbox")
    states = [state.value for state in importlib.import_module("services.notifications.rules").State]
    if options.state and options.state not in states:
        raise Refused(f"there is no state {options.state!r}: choose from {', '.join(states)}")
    wanted = outbox.Wanted(options.recipient, options.state, options.kind, options.before)
    with db.read(SERVICE) as tx:
        found = outbox.find(tx, wanted)
    if options.json:
        print(json.dumps({"mails": [dict(row._mapping) for row in found.rows], "next": found.next}, default=str))
        return 0
    _lines(found.rows, "No such mail.")
    if found.next:
        print(f"There are more: --before {found.next}")
    return 0


def held(options: argparse.Namespace) -> int:
    """Held mails, the oldest first."""
    from .. import db

    with db.read(SERVICE) as tx:
        rows = importlib.import_module("services.notifications.mail.held").listed(tx, 10_000)
    if options.json:
        print(json.dumps([dict(row._mapping) for row in rows], default=str))
        return 0
    _lines(rows, "No mail is held.")
    if rows:
        print("Ask their readers, then: ./baton mail arrived ID, or ./baton mail resend ID")
    return 0


def show(options: argparse.Namespace) -> int:
    """One mail with its text."""
    from .. import db

    with db.read(SERVICE) as tx:
        shown = importlib.import_module("services.notifications.outbox").one(tx, options.id)
    if shown is None:
        raise Refused(f"there is no mail {options.id!r}: `./baton mail list` has them")
    names = ("id", "state", "kind", "name", "address", "created_at", "attempts", "sent_at", "error", "decided",
             "decided_by")  # fmt: skip
    facts = {name: getattr(shown.row, name) for name in names} | {"subject": shown.subject, "text": shown.text}
    if options.json:
        print(json.dumps(facts, default=str))
        return 0
    text = facts.pop("text")
    for name, value in facts.items():
        if value is not None:
            print(f"{name:<11}{value}")
    print(f"\n{text}" if text else "\nIts text is gone.")
    return 0


def decide(options: argparse.Namespace) -> int:
    """Say of held mails that they arrived, or send them again; all that can be done is done."""
    from .. import db
    from ..ops import TERMINAL

    module = importlib.import_module("services.notifications.mail.held")
    if bool(options.ids) == options.all:
        raise Refused("name the mails by their ids, or give --all; `./baton mail held` lists them")
    ids = options.ids
    if options.all:
        with db.read(SERVICE) as tx:
            ids = [row.id for row in module.listed(tx, 100_000)]
    command = module.arrived if options.command == "arrived" else module.again
    done, refused = [], {}
    for id in ids:
        try:
            with db.write(SERVICE) as tx:
                command(tx, id, TERMINAL)
            done.append(id)
        except module.Refused as error:
            refused[id] = str(error)
    if options.json:
        print(json.dumps({"done": done, "refused": refused}))
    else:
        for id, reason in refused.items():
            print(f"{id}: {reason}")
        print(f"{options.command}: {len(done)} of {len(ids)}")
    return 1 if refused else 0


def dkim(options: argparse.Namespace) -> int:
    """Make a key, or take the one that is there; print the settings and the DNS records that go with it."""
    module = importlib.import_module("services.notifications.mail.dkim")
    domain = importlib.import_module("services.notifications.mail.domain")
    found = config.current()
    path = settings.called_from(options.file) if options.file else Path(found.dkim_key or found.data / "dkim.pem")
    path = path.absolute()
    made = not path.exists()
    try:
        if made:
            module.make(path)
        with_key = replace(found, dkim_key=str(path))
        records = [record for record in domain.wanted(with_key) if record.what == "DKIM"]
    except module.BadKey as error:
        raise Refused(f"{error}: give another --file, or move it away") from None
    except OSError as error:
        raise Refused(settings.unwritable(path.parent, error)) from None
    told = {"file": str(path), "made": made, "selector": found.dkim_selector, "domain": module.domain(found)}
    told |= {"name": records[0].name, "value": records[0].value, "in_use": found.dkim_key == str(path)}
    if options.json:
        print(json.dumps(told))
        return 0
    print(f"{'Made' if made else 'There is'} {path}. Keep it: only who has it can sign for {told['domain']}.")
    print(f"\n1. Set in DNS a TXT record:\n   {told['name']}\n   {told['value']}")
    print("2. Run `./baton doctor` until it sees that record.")
    if not told["in_use"]:
        print(f"3. Then set BATON_DKIM_KEY={path} and start again: from then on mails are signed.")
    return 0


def _lines(rows: Iterable[Any], none: str) -> None:
    rows = list(rows)
    if not rows:
        print(none)
    for row in rows:
        what = f"{getattr(row, 'state', 'held'):<8}{row.kind:<18}{row.created_at:%Y-%m-%d %H:%M}"
        print(f"{row.id}  {what}  {row.address or 'nobody'}  {row.subject}")
