"""A transaction is kept whole or not at all, also where savepoints were released in it."""

from __future__ import annotations

import contextlib
from functools import partial
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa

from shared import db, engines, faults

MARK = sa.text("INSERT INTO inbox (source, event, handled) VALUES ('test', :id, 0)")


def test_a_released_savepoint_goes_when_the_whole_is_rolled_back(settings: Any) -> None:
    """As the SQLite driver comes, its rows stay: SAVEPOINT alone opens a transaction, and RELEASE commits it."""
    with pytest.raises(RuntimeError), db.write("blog") as tx:
        with tx.begin_nested():
            tx.execute(MARK, {"id": "released"})
        raise RuntimeError
    with db.read("blog") as tx:
        assert tx.execute(sa.text("SELECT count(*) FROM inbox")).scalar() == 0


def test_a_rolled_back_savepoint_leaves_the_rest(settings: Any) -> None:
    with db.write("blog") as tx:
        tx.execute(MARK, {"id": "before"})
        with pytest.raises(RuntimeError), tx.begin_nested():
            tx.execute(MARK, {"id": "inside"})
            raise RuntimeError
        tx.execute(MARK, {"id": "after"})
    with db.read("blog") as tx:
        assert set(tx.execute(sa.text("SELECT event FROM inbox")).scalars()) == {"before", "after"}


def test_reading_changes_nothing(settings: Any) -> None:
    with db.read("blog") as tx:
        tx.execute(MARK, {"id": "x"})
    with db.read("blog") as tx:
        assert tx.execute(sa.text("SELECT count(*) FROM inbox")).scalar() == 0


def seen() -> set[str]:
    """What another connection sees: a thread of its own is in no company."""
    found: list[set[str]] = []

    def look() -> None:
        with db.read("blog") as tx:
            found.append(set(tx.execute(sa.text("SELECT event FROM inbox")).scalars()))

    thread = Thread(target=look)
    thread.start()
    thread.join()
    return found[0]


def test_what_is_written_together_is_one_commit_and_one_may_fail_alone(settings: Any) -> None:
    rung: list[str] = []
    with db.together():
        for name in ("first", "broken", "last"):
            with contextlib.suppress(RuntimeError), db.write("blog") as tx:
                tx.execute(MARK, {"id": name})
                db.after_commit(tx, partial(rung.append, name))
                if name == "broken":
                    raise RuntimeError
        with db.read("blog") as tx:
            assert set(tx.execute(sa.text("SELECT event FROM inbox")).scalars()) == {"first", "last"}
        assert seen() == set() and rung == []
    assert seen() == {"first", "last"} and rung == ["first", "last"]


def test_together_or_not_at_all(settings: Any) -> None:
    rung: list[str] = []
    with pytest.raises(RuntimeError), db.together():
        with db.write("blog") as tx:
            tx.execute(MARK, {"id": "x"})
            db.after_commit(tx, lambda: rung.append("x"))
        raise RuntimeError
    assert seen() == set() and rung == []
    with db.write("blog") as tx:
        tx.execute(MARK, {"id": "alone again"})
    assert seen() == {"alone again"}


BIG = sa.text("INSERT INTO inbox (source, event, handled) VALUES ('test', :id || hex(randomblob(500000)), 0)")


def full_disk(settings: Any) -> None:
    """No page more for this file: to SQLite it is as if the disk were full, and it ends the whole transaction."""
    with engines.engine("blog").connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")


# PostgreSQL keeps the transaction, and refuses all that follows in it.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_was_written_together_is_not_called_kept_when_the_disk_was_full(settings: Any) -> None:
    full_disk(settings)
    with pytest.raises(faults.Ended), db.together():
        with db.write("blog") as tx:
            tx.execute(MARK, {"id": "small"})
        with contextlib.suppress(Exception), db.write("blog") as tx:
            tx.execute(BIG, {"id": "big"})
        with contextlib.suppress(Exception), db.write("blog") as tx:
            tx.execute(MARK, {"id": "after"})
    assert seen() == set()


# PostgreSQL keeps the transaction, and refuses all that follows in it.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_savepoint_that_met_a_full_disk_does_not_let_the_rest_pass_for_kept(settings: Any) -> None:
    full_disk(settings)
    with pytest.raises(faults.Ended), db.write("blog") as tx:
        tx.execute(MARK, {"id": "small"})
        with contextlib.suppress(Exception), tx.begin_nested():
            tx.execute(BIG, {"id": "big"})
    assert seen() == set()


def test_a_read_is_one_view_however_many_questions(settings: Any) -> None:
    """Given somebody who writes between two questions of one read, Then both answers are of the same instant."""
    count = sa.text("SELECT count(*) FROM inbox")
    with db.read("blog") as tx:
        before = tx.execute(count).scalar()

        def meanwhile() -> None:
            with db.write("blog") as other:
                other.execute(MARK, {"id": "meanwhile"})

        writer = Thread(target=meanwhile)
        writer.start()
        writer.join()
        assert tx.execute(count).scalar() == before == 0
    with db.read("blog") as tx:
        assert tx.execute(count).scalar() == 1


def pid_of(tx: sa.Connection) -> int:
    return int(tx.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def end_connection(pid: int) -> None:
    """As a PostgreSQL does that restarts."""
    with db.read("signup") as tx:
        assert tx.exec_driver_sql("SELECT pg_terminate_backend(%s, 5000)", (pid,)).scalar_one()


ON_POSTGRES = pytest.mark.parametrize("database", ["postgres"], indirect=True)


@ON_POSTGRES
def test_a_connection_that_the_server_ended_is_made_anew(settings: Any) -> None:
    with db.read("blog") as tx:
        before = pid_of(tx)
    end_connection(before)
    with db.write("blog") as tx:
        assert pid_of(tx) != before


@ON_POSTGRES
def test_one_that_ended_without_a_word_is_found_out_when_it_rested(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_something_to_read", lambda connection: False)
    with db.read("blog") as tx:
        before = pid_of(tx)
    end_connection(before)
    monkeypatch.setattr(engines, "REST", 0.0)
    with db.write("blog") as tx:
        assert pid_of(tx) != before


@ON_POSTGRES
def test_one_that_rested_and_lives_is_used_again(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "REST", 0.0)
    with db.read("blog") as tx:
        before = pid_of(tx)
    for _ in range(2):
        with pytest.raises(RuntimeError), db.write("blog") as tx:
            assert pid_of(tx) == before
            tx.execute(MARK, {"id": "x"})
            raise RuntimeError
    with db.read("blog") as tx:
        assert pid_of(tx) == before and tx.execute(sa.text("SELECT count(*) FROM inbox")).scalar() == 0
