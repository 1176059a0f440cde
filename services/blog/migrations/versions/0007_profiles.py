"""Members' profiles for the mentees page, offered as posts are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Json, Key

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "profile",
        sa.Column("id", Key, primary_key=True),
        sa.Column("person", Key, nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("bio", sa.Text, nullable=False),
        sa.Column("site", sa.String(2000), nullable=False),
        sa.Column("links", Json, nullable=False),
        sa.Column("headshot", sa.Text),
        sa.Column("alt", sa.String(400), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("agreed_at", Instant),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.UniqueConstraint("person", name="one_profile_per_person"),
    )
    with op.batch_alter_table("offer") as offer:
        offer.alter_column("post", existing_type=Key, nullable=True)
        offer.add_column(sa.Column("profile", Key))
        offer.create_foreign_key("fk_offer_profile", "profile", ["profile"], ["id"])
        offer.create_unique_constraint("one_offer_per_profile", ["profile"])
        offer.create_check_constraint("offer_is_of_one", "(post IS NULL) <> (profile IS NULL)")
