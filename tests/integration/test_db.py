"""A transaction is kept whole or not at all, also where savepoints were released in it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from shared import db

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
