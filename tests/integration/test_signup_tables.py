"""The migrated database is the one that models.py describes."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from shared import db


def test_migrations_and_models_agree(settings):
    with db.read("signup") as tx:
        found = MigrationContext.configure(tx, opts={"compare_type": True})
        assert compare_metadata(found, db.metadata("signup")) == []
