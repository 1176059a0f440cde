"""Which minutes stood in whose monthly letter: what was told so far is known by when minutes and letters came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Key

revision = "0021"
down_revision = "0020"

# Whose they were: of who was in the circle then, and of who is now. A mentor who was there may be from elsewhere.
_SO_FAR = """
INSERT INTO addressed (session, person, at, told)
SELECT meeting.id, theirs.person, meeting.minuted_at,
  (SELECT min(monthly.period) FROM monthly
   WHERE monthly.person = theirs.person AND monthly.until >= meeting.minuted_at)
FROM meeting JOIN (
  SELECT attended.session, attended.person FROM attended JOIN meeting ON meeting.id = attended.session
  WHERE meeting.mentor IS NULL OR meeting.mentor <> attended.person
  UNION SELECT meeting.id, place.person FROM meeting JOIN place ON place.circle = meeting.circle
) AS theirs ON theirs.session = meeting.id
WHERE meeting.minuted_at IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "addressed",
        sa.Column("session", Key, sa.ForeignKey("meeting.id", name="addressed_session"), primary_key=True),
        sa.Column("person", Key, primary_key=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("told", sa.String(7)),
    )
    op.create_index("addressed_person", "addressed", ["person", "told"])
    op.execute(_SO_FAR)


def downgrade() -> None:
    op.drop_table("addressed")
