"""Former guests of a talk can be forgotten; meetings and talks that were over are closed, for nobody minutes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Json, Key

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("gathering", sa.Column("former", Json, nullable=False, server_default="[]"))
    gathering = sa.table(
        "gathering", sa.column("id", Key), sa.column("kind"), sa.column("guest", Key), sa.column("former", Json)
    )
    invite = sa.table("invite", sa.column("session", Key), sa.column("person", Key))
    person = sa.table("person", sa.column("id", Key))
    here = op.get_bind()
    # Whoever was invited to a talk and is no person of the program was its guest.
    unknown = ~sa.exists().where(person.c.id == invite.c.person)
    for row in here.execute(sa.select(gathering.c.id, gathering.c.guest).where(gathering.c.kind == "talk")).all():
        told = here.execute(sa.select(invite.c.person).where(invite.c.session == row.id, unknown)).scalars().all()
        former = sorted(id for id in told if id != row.guest)
        if former:
            here.execute(sa.update(gathering).where(gathering.c.id == row.id).values(former=former))
    session = sa.table("session", sa.column("circle", Key), sa.column("state"))
    over = sa.update(session).where(session.c.circle.is_(None), session.c.state == "held")
    here.execute(over.values(state="closed"))


def downgrade() -> None:
    op.drop_column("gathering", "former")
