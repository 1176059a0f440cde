"""An older Baton with a history is brought up to date: what its tables never held is told to it anew, once."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from shared import clock, db, migrate
from tests.conftest import Baton
from tests.integration.test_dashboard import board
from tests.integration.test_digest import program, publish, until
from tests.integration.test_offers import decides
from tests.meeting import Circle, tell_notifications
from tests.offering import Ada
from tests.told import mails, member, tell

ASKS = {"sessions": "0012_places", "blog": "0012_told"}  # the revisions by which notifications is told all anew
KEPT = ("meeting", "attended", "addressed", "agreed", "checkin", "offered", "place")


def upgraded(service: str, revision: str) -> None:
    """What that revision does to a database that has a history."""
    path = migrate.versions(service) / f"{revision}.py"
    spec = importlib.util.spec_from_file_location(revision, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with db.write(service) as tx, Operations.context(MigrationContext.configure(tx)):
        module.upgrade()


def rows(baton: Baton) -> dict[str, Any]:
    found: dict[str, Any] = {table: baton.rows("notifications", table) for table in KEPT}
    for row in found["agreed"]:
        row.pop("position")  # of the event that told of them
    return found


def test_a_database_with_a_history_knows_after_an_upgrade_what_a_new_one_would(baton: Baton, tmp_path: Path) -> None:
    """Given minutes, items, a question to who fell silent, and posts that a digest told or did not, When all of that
    was in a Baton that did not keep it, Then after the upgrade each row is what it is in one that always did, nobody is
    mailed, and no digest tells a thing again."""
    program(baton)
    circle = Circle(baton, "Circle A")
    tell_notifications(circle)
    ada = Ada(baton, tmp_path)
    tell("member.confirmed", member(ada.person, name="Ada Lovelace", state="active"))
    first, second = ada.offer(ada.writes()), ada.offer(ada.writes("On Looms", path="content/posts/on-looms.md"))
    decides("accept", first)
    ada.offer(first["post"])
    for row in baton.rows("sessions", "place"):
        there = {"person": row["person"], "since": row["since"].isoformat(), "circle": row["circle"]}
        tell("place.snapshot", there)
    publish(circle, absent=(circle.dee,))
    until("2027-01-11T13:00:00+00:00")
    baton.tick()
    assert len(mails(kind="digest")) == 1 and second
    with db.write("sessions") as tx:  # Bo's yes, as the fixture writes it, leaves the word that the seat is open
        tx.execute(db.metadata("sessions").tables["told"].delete())
        asked = {"id": "q", "person": circle.dee, "circle": circle.id, "session": circle.first, "since": clock.now()}
        asked |= {"asked_at": clock.now(), "answer_by": clock.now()}
        tx.execute(db.metadata("sessions").tables["checkin"].insert().values(asked))
    told = {"person": circle.dee, "asked_at": clock.now().isoformat(), "answer": None, "at": None}
    tell("checkin.snapshot", {"circle": circle.id, "checkin": "q", **told})
    fresh, said, sent = rows(baton), board(baton), len(mails())
    assert all(fresh.values()) and said["digest"]["needs"], fresh

    with db.write("notifications") as tx:  # as revisions leave them that make these tables
        for name in ("checkin", "offered", "place"):
            tx.execute(db.metadata("notifications").tables[name].delete())
    with db.write("notifications") as tx:
        table = db.metadata("notifications").tables["meeting"]
        for kept in tx.execute(sa.select(table)).all():
            older = {name: kept.words[name] for name in ("excerpt", "help")}
            tx.execute(table.update().where(table.c.id == kept.id).values(words=older))

    assert rows(baton) != fresh and board(baton) != said
    for service, revision in ASKS.items():
        upgraded(service, revision)
    for _ in range(3):
        baton.tick()
    assert rows(baton) == fresh and board(baton) == said
    for service in ("sessions", "blog"):
        [asked_for] = baton.rows(service, "replay")
        assert asked_for["finished"] and asked_for["told"]
    assert len(mails()) == sent


def test_what_mails_said_is_kept_and_what_was_emptied_stays_so(baton: Baton) -> None:
    """Given a ledger that kept what mails say with them, When it is upgraded, Then each says what it did."""
    said = {"text": "Hello", "html": "<p>Hello", "headers": '[["To", "Ann"]]', "raw": b"To: Ann\r\n\r\nHello"}
    kept: dict[str, Any] = {
        "cause": "c",
        "person": "p",
        "kind": "welcome",
        "address": "a@example.org",
        "name": "Ann",
        "subject": "S",
    }
    kept |= {"duty": True, "bulk": False, "state": "sent", "attempts": 1, "due": 0.0, "created_at": clock.now()}
    notifications = db.metadata("notifications").tables
    with db.write("notifications") as tx:
        emptied = {"id": "two", **kept, "cause": "d", "emptied_at": clock.now()}
        tx.execute(notifications["mail"].insert(), [{"id": "one", **kept, "emptied_at": None}, emptied])
        notifications["content"].drop(tx)
        octets = "BLOB" if tx.dialect.name == "sqlite" else "BYTEA"
        json = "JSON" if tx.dialect.name == "sqlite" else "JSONB"
        for name, kind in {"text": "TEXT", "html": "TEXT", "headers": json, "raw": octets, "made_of": json}.items():
            tx.execute(sa.text(f"ALTER TABLE mail ADD COLUMN {name} {kind}"))
        cast = "CAST(:headers AS JSONB)" if tx.dialect.name == "postgresql" else ":headers"
        tx.execute(sa.text(f"UPDATE mail SET text = :text, html = :html, headers = {cast}, raw = :raw"), said)
    upgraded("notifications", "0022_content")
    assert baton.rows("notifications", "content") == [
        {"mail": "one", "raw": said["raw"], "headers": [["To", "Ann"]], "text": None, "html": None, "made_of": None}
    ]
    assert [row["state"] for row in baton.rows("notifications", "mail")] == ["sent", "sent"]
    with db.read("notifications") as tx:
        assert not {"text", "raw"} & {each["name"] for each in sa.inspect(tx).get_columns("mail")}
