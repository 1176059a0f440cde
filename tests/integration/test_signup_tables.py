"""The migrated database is the one that models.py describes."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.signup import models
from shared import db


def test_migrations_and_models_agree(settings):
    with db.read("signup") as tx:
        found = MigrationContext.configure(tx, opts={"compare_type": True})
        found.opts["include_name"] = lambda name, kind, _parents: (kind, name) != ("table", "alembic_version")
        assert compare_metadata(found, models.metadata) == []
