"""The numbered revisions make exactly the tables that the code uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from shared import config, db, engines, migrate
from shared.config import SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_they_equal_the_models(baton: Any, service: str) -> None:
    with db.write(service) as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata(service)) == []


@pytest.mark.parametrize("service", SERVICES)
def test_partial_indexes_are_the_same(baton: Any, service: str) -> None:
    """Alembic does not compare what an index leaves out."""
    for table in db.metadata(service).tables.values():
        found = {index["name"]: index for index in sa.inspect(engines.engine(service)).get_indexes(table.name)}
        for index in table.indexes:
            for dialect in ("sqlite", "postgresql"):
                partial = index.dialect_options[dialect]["where"] is not None
                if engines.engine(service).dialect.name == dialect:
                    assert bool(found[index.name]["dialect_options"].get(f"{dialect}_where") is not None) == partial


def test_a_second_time_there_is_nothing_to_do(baton: Any) -> None:
    assert [migrate.upgrade(service) for service in SERVICES] == [False] * 4


def test_a_database_of_a_newer_baton_is_left_alone(baton: Any) -> None:
    with db.write("blog") as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RuntimeError, match="newer than this code"):
        migrate.upgrade("blog")


def test_a_revision_is_named_like_its_file() -> None:
    for service in SERVICES:
        for path in migrate.versions(service).glob("[0-9]*.py"):
            assert f'revision = "{path.name[:4]}"' in path.read_text()


def test_a_folder_with_odd_characters_will_do(tmp_path: Path) -> None:
    folder = tmp_path / "a folder, 100% ours (Zoë's)"
    folder.mkdir()
    config.use(config.Config(secret="x" * 32, data=folder))
    try:
        for service in SERVICES:
            assert migrate.upgrade(service)
            assert migrate.current(service) == migrate.head(service)
        assert {path.name for path in folder.glob("*.db")} == {f"{service}.db" for service in SERVICES}
    finally:
        engines.close()
        config.use(None)
