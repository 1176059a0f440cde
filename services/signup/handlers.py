"""Reactions, and what a new subscriber is told: the program, every person as they are now, and what is void.

circle.joined                    who has a place in a circle is active
place.waiting                    who waits for one is waiting
checkin.ended                    who said there that they pause or leave does
<service>.gathered               a piece of somebody's download is kept
change.noted                     what an organizer did to circles and sessions stands in the audit log
digest.arranged, mail.reworded   so do when the digest comes, and what mails say
chat.arranged, quiet.arranged    and what chat hears, and when mail rests
token.used_in_<service>          when one of our tokens was last used there
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import db, log
from shared.events import Event, on, snapshot
from shared.events.catalog import ALL
from shared.events.replay import State
from shared.personal import GATHERED

from . import api_tokens, audit, people, program, rules
from .models import person

_log = log.get("signup.handlers")


@on("signup", *GATHERED)
def gathered(tx: Connection, event: Event) -> None:
    people.gathered(tx, event.source, event.data)


@on("signup", *(f"token.used_in_{service}" for service in ALL))
def token_used(tx: Connection, event: Event) -> None:
    """Its own tables say when a token was used in signup itself."""
    api_tokens.used_elsewhere(tx, event.data["token"], event.source, event.data["at"])


@on("signup", "circle.joined")
def circle_joined(tx: Connection, event: Event) -> None:
    people.placed(tx, event.data["person"], event.data["circle"])


@on("signup", "place.waiting")
def place_waiting(tx: Connection, event: Event) -> None:
    people.put_in_line(tx, event.data["person"])


@on("signup", "checkin.ended")
def checkin_ended(tx: Connection, event: Event) -> None:
    """What they said is done unless it is so already, or cannot be: whoever runs the program alone stays."""
    who, said = event.data["person"], event.data["answer"]
    commands = {"pause": people.pause, "leave": people.leave}
    if said in commands:
        try:
            with tx.begin_nested():
                commands[said](tx, people.subject(who), who)
        except rules.Refused as refused:
            _log.info("checkin.refused", person=who, answer=said, why=refused.message)


@on("signup", "change.noted")
def change_noted(tx: Connection, event: Event) -> None:
    data = event.data
    what = f"circle.{data['verb']}" + (".undone" if data["undone"] else "")
    subject = f"circle/{data['circle']}" if data["circle"] else "circles"
    detail = {"said": data["words"] + (", and taken back" if data["undone"] else ""), "name": data["name"]}
    audit.note(tx, data["by"], what, subject, detail, data["through"])


@on("signup", "digest.arranged", "mail.reworded", "chat.arranged", "quiet.arranged")
def arranged(tx: Connection, event: Event) -> None:
    data = event.data
    audit.note(tx, data["by"], event.type, event.subject, {"said": data["words"]}, data["through"])


@snapshot("signup")
def present(tx: Connection) -> Iterator[tuple[str, str, State]]:
    """(subject, type, state) of the program, of all who confirmed once and are not erased, and of what was revoked."""
    yield program.SUBJECT, "program.changed", _program
    for id in tx.execute(sa.select(person.c.id).where(person.c.state.in_(rules.KNOWN))).scalars():
        yield people.subject(id), "member.snapshot", partial(_member, id)
    tables = db.metadata("signup").tables
    for id in tx.execute(sa.select(tables["revoked"].c.person)).scalars():
        yield people.subject(id), "access.revoked", partial(_revoked, id)
    for row in tx.execute(sa.select(tables["revoked_token"])):
        yield f"token/{row.token}", "token.revoked", partial(_told, {"token": row.token, "until": row.until})


def _program(tx: Connection) -> dict[str, Any] | None:
    try:
        return program.announced(tx)
    except program.NotSeeded:
        return None


def _member(id: str, tx: Connection) -> dict[str, Any] | None:
    row = people.one(tx, id)
    return people.told(row) if row and row["state"] in rules.KNOWN else None


def _revoked(id: str, tx: Connection) -> dict[str, Any] | None:
    revoked = db.metadata("signup").tables["revoked"]
    before = tx.execute(sa.select(revoked.c.before).where(revoked.c.person == id)).scalar()
    return {"person": id, "before": before} if before is not None else None


def _told(data: dict[str, Any], _tx: Connection) -> dict[str, Any]:
    return data  # a revocation is for ever
