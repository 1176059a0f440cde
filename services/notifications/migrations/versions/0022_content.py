"""What mails say in a table of its own, so that moving one on writes little."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Json, Key, NullableJson

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "content",
        sa.Column("mail", Key, sa.ForeignKey("mail.id", name="content_mail"), primary_key=True),
        sa.Column("headers", Json, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("html", sa.Text),
        sa.Column("made_of", NullableJson),
    )
    words = ", ".join(f"CASE WHEN length(raw) = 0 THEN {name} END" for name in ("text", "html"))
    op.execute(
        "INSERT INTO content (mail, headers, raw, made_of, text, html)"
        f" SELECT id, headers, raw, made_of, {words} FROM mail WHERE emptied_at IS NULL"
    )
    for name in ("html", "raw", "text", "headers", "made_of"):  # the largest first: SQLite writes what is left anew
        op.drop_column("mail", name)
