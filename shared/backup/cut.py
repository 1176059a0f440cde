"""The rows of every service as of one instant.

Services tell each other what happened, so four views taken one after another would not fit together: an event confirmed
in a late view of its publisher may be missing in an early view of its subscriber (lost, since nobody would send it
again), and one that an early view of its publisher lacks may have had its effects in a late view of its subscriber (a
copy of somebody who never signed up). No order of views avoids both where services publish to each other. So for a few
milliseconds nobody writes: the locks of all services are taken, a view of each is opened, the locks are let go. Then
whatever is confirmed was handled, whatever was handled was published, and what is still owed is delivered again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .. import db, migrate
from . import Wrong

# In the order in which handlers write them, so that none waits for us while we wait for it.
LOCKED = ("inbox", "event", "delivery")


@contextmanager
def views(services: Iterable[str]) -> Iterator[dict[str, Connection]]:
    """A view of each service's database, all of the same instant.

    :raises Wrong: a database does not answer, is not at this code's revision, or its writers do not make room.
    """
    services = list(services)
    with ExitStack() as open_views:
        try:
            for service in services:
                _ready(service)
            with ExitStack() as standstill:
                for service in services:
                    standstill.enter_context(_stopped(service))
                found = {service: open_views.enter_context(db.read(service)) for service in services}
                for tx in found.values():
                    tx.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()  # here its view begins
        except sa.exc.OperationalError as error:
            reason = str(error.orig).strip().splitlines()[0]
            raise Wrong(
                f"a database does not answer, or is too busy ({reason}): see ./baton doctor, try again"
            ) from None
        yield found


def _ready(service: str) -> None:
    at = migrate.current(service)
    if at != migrate.head(service):
        what = "is empty" if at is None else f"is at revision {at}, and this code at {migrate.head(service)}"
        raise Wrong(f"the database of {service} {what}: run ./baton migrate first, or give --data")


@contextmanager
def _stopped(service: str) -> Iterator[None]:
    """Nobody writes to this service's events. On SQLite a write transaction is alone anyway."""
    with db.write(service, durable=False) as tx:
        if tx.dialect.name == "postgresql":
            for table in LOCKED:
                tx.exec_driver_sql(f"LOCK TABLE {table} IN SHARE MODE")
        yield
