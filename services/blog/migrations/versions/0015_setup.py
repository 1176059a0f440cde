"""What the program's blog lacks, proposed as posts are; or not to be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
OF_ONE = (
    "(CASE WHEN post IS NULL THEN 0 ELSE 1 END) + (CASE WHEN profile IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN setup IS NULL THEN 0 ELSE 1 END) = 1"
)


def upgrade() -> None:
    op.add_column("aim", sa.Column("dismissed", sa.Boolean, nullable=False, server_default=sa.false()))
    if op.get_bind().dialect.name != "sqlite":  # where a table is made anew, and its checks with it
        op.drop_constraint("offer_is_of_one", "offer", type_="check")
    with op.batch_alter_table("offer") as offer:
        offer.add_column(sa.Column("setup", sa.String(500)))
        offer.create_unique_constraint("one_offer_per_setup", ["setup"])
        offer.create_check_constraint("offer_is_of_one", OF_ONE)
