"""A maybe, and another time that a calendar proposes; skipped dates stand in the journal in one way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Json, Key

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "remark",
        sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_remark_session"), primary_key=True),
        sa.Column("person", Key, primary_key=True),
        sa.Column("what", sa.String(8), nullable=False),
        sa.Column("proposed", Instant),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("ix_remark_person", "remark", ["person"])
    change = sa.table(
        "change",
        sa.column("id", Key),
        sa.column("session", Key),
        sa.column("verb", sa.String),
        sa.column("after", Json),
    )
    here = op.get_bind()
    for row in here.execute(sa.select(change).where(change.c.verb == "skip")).mappings().all():
        after = {"moves": [], "dropped": [row["session"], row["after"]["day"]]}
        here.execute(sa.update(change).where(change.c.id == row["id"]).values(verb="skip-date", after=after))


def downgrade() -> None:
    op.drop_table("remark")
