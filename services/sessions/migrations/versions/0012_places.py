"""Notifications is told in which circle everybody is: from now on it hears of each who leaves one."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("DELETE FROM replay WHERE subscriber = 'notifications' AND EXISTS (SELECT 1 FROM place)")
    op.execute(
        "INSERT INTO replay (subscriber, asked_by, asked_at, after, told)"
        " SELECT 'notifications', 'system', 0, '', 0 WHERE EXISTS (SELECT 1 FROM place)"
    )


def downgrade() -> None:
    pass
