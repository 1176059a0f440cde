"""An older Baton with a history is brought up to date: what its tables never held is told to it anew, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from shared import clock, db, migrate
from tests.conftest import Baton
from tests.integration.test_dashboard import board
from tests.integration.test_digest import program, publish, until
from tests.integration.test_offers import decides
from tests.meeting import Circle, tell_notifications
from tests.offering import Ada
from tests.told import mails, member, tell

BEFORE = {"notifications": "0013", "sessions": "0011", "blog": "0011"}  # check-ins, posts and places were not kept
KEPT = ("meeting", "attended", "agreed", "checkin", "offered", "place")


def back(service: str, to: str) -> None:
    """Take that database back to how an older Baton had it."""
    script = ScriptDirectory(migrate.versions(service).parent, version_locations=[migrate.versions(service)])
    with (
        db.write(service) as tx,
        EnvironmentContext(Config(), script, fn=lambda at, _context: script._downgrade_revs(to, at)) as environment,
    ):
        environment.configure(connection=tx, target_metadata=db.metadata(service))
        environment.run_migrations()


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

    for service, revision in BEFORE.items():
        back(service, revision)
        with db.read(service) as tx:
            tables = set(sa.inspect(tx).get_table_names())
        assert migrate.current(service) == revision and not tables & {"offered", "place_circle", "monthly"}
    with db.write("notifications") as tx:
        table = db.metadata("notifications").tables["meeting"]
        for kept in tx.execute(sa.select(table)).all():
            older = {name: kept.words[name] for name in ("excerpt", "help")}
            tx.execute(table.update().where(table.c.id == kept.id).values(words=older))

    assert {service: migrate.upgrade(service) for service in BEFORE} == dict.fromkeys(BEFORE, True)
    for _ in range(3):
        baton.tick()
    assert rows(baton) == fresh and board(baton) == said
    for service in ("sessions", "blog"):
        [asked_for] = baton.rows(service, "replay")
        assert asked_for["finished"] and asked_for["told"]
    assert len(mails()) == sent
