"""`./baton token`: make an API token, list them with their last use, revoke one."""

from __future__ import annotations

import argparse
import importlib
import json
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from .. import bearer, config
from . import Refused, settings

SERVICE = "signup"


def main(args: list[str]) -> int:
    """Parse and run one of the subcommands."""
    parser = argparse.ArgumentParser(
        prog="./baton token",
        description="API tokens, for `Authorization: Bearer`. Each acts for the organizer who made it.",
        epilog="Scopes: " + " ".join(f"{name}: {meaning}" for name, meaning in bearer.SCOPES.items()),
    )
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="make one; its text is printed once, and kept nowhere")
    create.add_argument("--name", required=True, help="what it is for")
    create.add_argument("--scope", required=True, help=f"what it may: {', '.join(bearer.SCOPES)}")
    create.add_argument("--days", type=int, default=bearer.DAYS, help="how long it lives (default: %(default)s)")
    create.add_argument("--for", dest="organizer", metavar="EMAIL", help="the organizer it acts for (default: the one "
                        "of BATON_ORGANIZER, or the only one there is)")  # fmt: skip
    commands.add_parser("list", help="all tokens, when each was last used, when it ends")
    revoke = commands.add_parser("revoke", help="void one, for good")
    revoke.add_argument("which", help="its id or its name")
    settings.take_options(parser, commands)
    options = parser.parse_args(args)
    settings.apply(options.data)
    settings.sound()
    from .events import carry

    carry(SERVICE)
    run = {"create": make, "list": many, "revoke": end}
    refusal: Any = importlib.import_module("services.signup.rules").Refused
    try:
        return run[options.command](options, importlib.import_module("services.signup.api_tokens"))
    except refusal as refused:
        raise Refused(" ".join(f"{each.message} {each.remedy}" for each in refused.all)) from None


def make(options: argparse.Namespace, tokens: Any) -> int:
    """Make one. Only its text goes to standard output, so that a script can take it."""
    from .. import db, ops

    with db.write(SERVICE) as tx:
        person = _organizer(tx, options.organizer)
        made = tokens.create(tx, ops.TERMINAL, person, options.name, options.scope, options.days)
    if options.json:
        print(json.dumps({"id": made.id, "token": made.text(), "until": _instant(made.until)}))
    else:
        print(made.text())
    return 0


def _organizer(tx: Any, email: str | None) -> str:
    """The id of the organizer it acts for."""
    found = importlib.import_module("services.signup.people").organizers(tx)
    wanted = email or parseaddr(config.current().organizer)[1]
    for each in found:
        if each["email"].casefold() == wanted.casefold():
            return str(each["id"])
    if not email and len(found) == 1:
        return str(found[0]["id"])
    known = ", ".join(each["email"] for each in found)
    if not known:
        raise Refused("there is no organizer yet: start `./baton up` once")
    raise Refused(f"{wanted} is no organizer: name one with --for, of {known}")


def many(options: argparse.Namespace, tokens: Any) -> int:
    """All tokens, living ones first."""
    from .. import db

    with db.read(SERVICE) as tx:
        rows = tokens.listed(tx)
    if options.json:
        names = ("id", "name", "scope", "state", "person", "organizer", "made_at", "revoked_at", "revoked_by")
        told = [
            {name: row[name] for name in names}
            | {"until": _instant(row["until"]), "used": _instant(row["used"])}
            | {"uses": {service: _instant(at) for service, at in row["uses"].items()}}
            for row in rows
        ]
        print(json.dumps({"tokens": told}, default=str))
        return 0
    if not rows:
        print("No token yet: ./baton token create --name N --scope read")
    for row in rows:
        used = f"used {_instant(row['used'])}" if row["used"] else "never used"
        ends = f"until {_instant(row['until'])}" if row["state"] == "active" else row["state"]
        print(f"{row['id']}  {row['scope']:<10}{ends:<33}{used:<32}{row['name']} (for {row['organizer']})")
    return 0


def end(options: argparse.Namespace, tokens: Any) -> int:
    """Revoke one: here at once, in the other services as soon as they hear of it."""
    from .. import db, ops

    with db.write(SERVICE) as tx:
        rows = [row for row in tokens.listed(tx) if options.which in (row["id"], row["name"])]
        # A name may have been given again since; the living one is meant.
        which = rows[0]["id"] if rows else options.which
        done = tokens.revoke(tx, ops.TERMINAL, which)
    if options.json:
        print(json.dumps({"revoked": which, "before": not done}))
    else:
        print(f"{which} is revoked." if done else f"{which} was revoked before.")
    return 0


def _instant(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
