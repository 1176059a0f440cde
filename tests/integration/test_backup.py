"""Backup, restore, move: every row comes back, on either database; nothing doubtful is mailed; damage is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from services.signup import access_links
from shared import db, migrate
from shared.backup import cut, file
from shared.cli import Refused
from shared.cli import backup as command
from shared.config import SERVICES
from shared.events import relay
from tests.backups import bring_back, elsewhere, join, make
from tests.conftest import Baton


@pytest.mark.parametrize("target", ["sqlite", "postgres"])
def test_every_row_comes_back_whichever_database(
    baton: Baton, target: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    join()
    baton.tick()
    before = baton.dump()
    made = make(tmp_path / "b.baton")
    bring_back(made, elsewhere(target, tmp_path / "other", request), mails="send", access="keep")
    assert baton.dump() == before
    assert [migrate.current(service) for service in SERVICES] == [migrate.head(service) for service in SERVICES]
    join("Next", "next@example.org")  # positions count on where they ended
    baton.drain()
    newest = max(row["position"] for row in baton.rows("signup", "event"))
    assert newest > max(row["position"] for row in before["signup.event"])
    assert {row["email"] for row in baton.rows("notifications", "person")} >= {"next@example.org", "zoe@example.org"}


def test_what_was_on_its_way_arrives_once_after_a_restore(
    baton: Baton, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Given events handled but not confirmed, and others not handled, When it is restored, Then each counts once."""
    person = join()
    relay.deliver_due("signup")
    name, args = next(entry for entry in baton.queue if entry[0] == "sessions.receive")
    from shared.events import inbox

    inbox.receive("sessions", args[0])  # handled; its receipt is lost
    baton.queue.clear()
    made = make(tmp_path / "b.baton")
    report = bring_back(made, elsewhere("sqlite", tmp_path / "other", request))
    assert report["owed"] > 0
    baton.pass_machine_time(700)
    baton.drain()
    for service in ("sessions", "blog", "notifications"):
        assert [row["state"] for row in baton.rows(service, "person", id=person)] == ["confirmed"] or baton.rows(
            service, "person", id=person
        )
    assert not [row for row in baton.rows("signup", "delivery") if row["confirmed_at"] is None]


def test_four_views_are_of_one_instant(baton: Baton, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given somebody who signs up, and is told of everywhere, after each of the views was opened, When all are open,
    Then what one says was handled another says was published, and what is confirmed was handled."""
    crowd: list[threading.Thread] = []

    def joins(number: int) -> None:
        join(f"P{number}", f"p{number}@example.org")
        baton.drain()

    @contextmanager
    def read(service: str) -> Iterator[Any]:
        with db.read(service) as tx:
            tx.execute(sa.text("SELECT version_num FROM alembic_version"))  # the view begins
            crowd.append(threading.Thread(target=joins, args=(len(crowd),)))
            crowd[-1].start()
            crowd[-1].join(0.5)  # who is held up goes on later
            yield tx

    monkeypatch.setattr(cut, "db", SimpleNamespace(read=read, write=db.write))
    with cut.views(SERVICES) as views:
        published = set(views["signup"].execute(sa.text("SELECT id FROM event")).scalars())
        for name in ("sessions", "notifications", "blog"):
            handled = set(views[name].execute(sa.text("SELECT event FROM inbox")).scalars())
            confirmed = views["signup"].execute(
                sa.text(
                    "SELECT e.id FROM event e JOIN delivery d ON d.event = e.position"
                    " WHERE d.subscriber = :name AND d.confirmed_at IS NOT NULL"
                ),
                {"name": name},
            )
            assert handled <= published
            assert set(confirmed.scalars()) <= handled
    for thread in crowd:
        thread.join()
    baton.drain()
    assert len(baton.rows("signup", "person", state="active")) == 4, "nobody was turned away meanwhile"


# ---- mails ----


def test_no_mail_that_may_have_gone_out_is_sent_by_itself(
    baton: Baton, tmp_path: Path, request: pytest.FixtureRequest, change_settings: Any
) -> None:
    """Given a queued mail, one whose event is on its way, and one due by time: all three may have gone out after the
    backup. When it is restored, Then each is held; but what is asked for afterwards goes out."""

    with db.write("signup") as tx:
        access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
    baton.drain()
    change_settings(smtp_url="smtp://127.0.0.1:9")
    join("Queued", "queued@example.org")
    baton.drain()
    join("Owed", "owed@example.org")
    made = make(tmp_path / "b.baton")
    report = bring_back(made, elsewhere("sqlite", tmp_path / "other", request))
    assert report["held"] == 3 and report["owed"], "confirm, welcome and placed"
    baton.drain()
    baton.pass_time(days=1, hours=6)
    baton.tick()
    by_address: dict[str, set[str]] = {}
    for row in baton.rows("notifications", "mail"):
        by_address.setdefault(row["address"], set()).add(row["state"])
    assert by_address["queued@example.org"] == by_address["owed@example.org"] == {"held"}
    assert by_address["olga@example.org"] == {"held"}, "the summary of the day is due again"
    join("New", "new@example.org")
    baton.drain()
    assert {row["state"] for row in baton.rows("notifications", "mail", address="new@example.org")} == {"queued"}
    baton.pass_machine_time(2 * 86_400)
    baton.pass_time(days=1)
    baton.tick()
    summaries = [row["state"] for row in baton.rows("notifications", "mail", kind="applications")]
    assert sorted(summaries) == ["held", "queued"], "a day later nothing is in doubt"


def test_mails_go_out_when_it_was_stopped_since_the_backup(
    baton: Baton, tmp_path: Path, request: pytest.FixtureRequest, change_settings: Any
) -> None:
    change_settings(smtp_url="smtp://127.0.0.1:9")
    join()
    baton.drain()
    bring_back(
        make(tmp_path / "b.baton"), elsewhere("sqlite", tmp_path / "other", request), mails="send", access="keep"
    )
    assert {row["state"] for row in baton.rows("notifications", "mail")} == {"queued"}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_where_a_backup_cannot_be_written(alone: Baton, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").write_text("mine")
    with pytest.raises(Refused, match="is there already"):
        command.main(["there"])
    assert (tmp_path / "there").read_text() == "mine"
    with pytest.raises(Refused, match="cannot write .*no such file or directory"):
        command.main(["no/such/folder/b.baton"])
    with pytest.raises(Refused, match="cannot write .*not a directory"):
        command.main(["there/b.baton"])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_full_disk_is_said_and_leaves_nothing_half(alone: Baton, tmp_path: Path) -> None:
    """A real ENOSPC: the device that is always full."""
    import errno

    target = tmp_path / "b.baton"
    (tmp_path / "b.baton.part").symlink_to("/dev/full")
    with pytest.raises(Refused, match="another backup is being made, or was broken off"):
        command.main(["b.baton"])
    (tmp_path / "b.baton.part").unlink()
    assert "the disk of" in file._why(target, OSError(errno.ENOSPC, "No space left on device"))
    assert not target.exists()


def test_a_database_at_another_revision_is_not_backed_up(alone: Baton, tmp_path: Path) -> None:
    with db.write("blog") as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(Refused, match="blog is at revision 0001.*migrate"):
        command.main(["b.baton"])
    assert not (tmp_path / "b.baton").exists()
    with db.write("blog") as tx:
        tx.execute(sa.text(f"UPDATE alembic_version SET version_num = '{migrate.head('blog')}'"))
