"""Which effects really happened, in which order: triggers on the copies of people write each change down.

They belong to the databases of a chaos run, not to Baton: the transaction that changes a copy writes the line too, so
that a handler which ran twice, or too late, is seen even where its last result looks right.
"""

from __future__ import annotations

import sqlalchemy as sa

from shared import db
from shared.config import SERVICES

_WHAT = "coalesce(NEW.state, '') || '/' || coalesce(NEW.stream, '') || '/' || coalesce(NEW.name, '')"
_SQLITE = [
    "CREATE TABLE chaos_effect (n INTEGER PRIMARY KEY AUTOINCREMENT, person TEXT, what TEXT)",
    *(
        f"CREATE TRIGGER chaos_{verb.lower()} AFTER {verb} ON person BEGIN"
        f" INSERT INTO chaos_effect (person, what) VALUES (NEW.id, {_WHAT}); END"
        for verb in ("INSERT", "UPDATE")
    ),
]
_POSTGRESQL = [
    "CREATE TABLE chaos_effect (n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, person TEXT, what TEXT)",
    "CREATE FUNCTION chaos_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    f" INSERT INTO chaos_effect (person, what) VALUES (NEW.id, {_WHAT}); RETURN NULL; END $$",
    "CREATE TRIGGER chaos AFTER INSERT OR UPDATE ON person FOR EACH ROW EXECUTE FUNCTION chaos_note()",
]


def keepers() -> list[str]:
    """The services that keep copies of people."""
    return [service for service in SERVICES if service != "signup"]


def watch() -> None:
    """Set the triggers, in migrated databases."""
    for service in keepers():
        with db.write(service) as tx:
            for statement in _POSTGRESQL if tx.dialect.name == "postgresql" else _SQLITE:
                tx.execute(sa.text(statement.replace(":", "\\:")))


def seen(service: str) -> dict[str, list[str]]:
    """Per person what their copy became, in order."""
    found: dict[str, list[str]] = {}
    with db.read(service) as tx:
        for row in tx.execute(sa.text("SELECT person, what FROM chaos_effect ORDER BY n")):
            found.setdefault(row.person, []).append(row.what)
    return found


def owed(service: str) -> dict[str, list[str]]:
    """Per person what signup's events should have made of that copy, in order."""
    found: dict[str, list[str]] = {}
    with db.read("signup") as tx:
        event = db.metadata("signup").tables["event"]
        delivery = db.metadata("signup").tables["delivery"]
        rows = tx.execute(
            sa.select(event.c.type, event.c.data)
            .join(delivery, delivery.c.event == event.c.position)
            .where(delivery.c.subscriber == service)
            .order_by(event.c.subject, event.c.seq)
        )
        for row in rows:
            if row.type in {"application.received", "application.reminded"}:
                state = "applied"
            elif row.type.startswith(("member.", "organizer.")):
                state = row.data["state"]
            else:
                continue
            what = f"{state}/{row.data['stream'] or ''}/{row.data['name']}"
            found.setdefault(row.data["person"], []).append(what)
    return found
