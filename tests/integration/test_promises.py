"""What the demo says of the promises: nothing where they hold, and each names what breaks it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from shared import clock, config, db
from shared.cli.simulation import promises
from tests import turns
from tests.offering import Ada


def change(service: str, table: str, **values: Any) -> None:
    with db.write(service) as tx:
        tx.execute(sa.update(db.metadata(service).tables[table]).values(**values))


def sessions_close(baton: Any) -> None:
    change("sessions", "session", state="closed")


def a_copy_differs(baton: Any) -> None:
    change("notifications", "person", state="paused")


def an_hour_is_lost(baton: Any) -> None:
    change("sessions", "session", starts_at=clock.now() + timedelta(days=3))


def a_trace_is_gone(baton: Any) -> None:
    with db.write("sessions") as tx:
        tx.execute(sa.delete(db.metadata("sessions").tables["inbox"]))


def a_mail_is_held(baton: Any) -> None:
    change("notifications", "mail", state="held")


def an_event_is_dead(baton: Any) -> None:
    change("signup", "delivery", dead_at=1.0, confirmed_at=None)


def one_has_both_roles(baton: Any) -> None:
    with db.write("sessions") as tx:
        turn = db.metadata("sessions").tables["turn"]
        row = dict(tx.execute(sa.select(turn)).mappings().first() or {})
        tx.execute(sa.update(turn).values(state="accepted"))
        tx.execute(sa.insert(turn).values({**row, "id": db.new_id(), "role": "mentor", "state": "accepted"}))


def one_is_asked_always(baton: Any) -> None:
    with db.write("sessions") as tx:
        turn = db.metadata("sessions").tables["turn"]
        row = dict(tx.execute(sa.select(turn)).mappings().first() or {})
        tx.execute(sa.delete(turn))
        for each in turns.sessions(baton, row["circle"])[:2]:
            why = {"kind": "fewest", "tier": 0}
            mine = {**row, "id": db.new_id(), "session": each["id"], "state": "served", "why": why}
            tx.execute(sa.insert(turn).values(mine))


def somebody_is_lost(baton: Any) -> None:
    with db.write("signup") as tx:
        tx.execute(sa.update(db.metadata("signup").tables["person"]).values(state="applied"))


def a_post_is_nowhere(baton: Any) -> None:
    ada = Ada(baton, config.current().data)
    ada.offer(ada.writes())
    change("blog", "offer", state="merged", path="_posts/x.md", live=["_posts/x.md"])


def nobody_was_told_of_a_post(baton: Any) -> None:
    ada = Ada(baton, config.current().data)
    ada.offer(ada.writes())
    change("blog", "offer", published_at=clock.now())


BROKEN: list[tuple[str, Callable[[Any], None]]] = [
    ("Nothing accepted is lost", somebody_is_lost),
    ("Every service knows the same", a_copy_differs),
    ("Every event is handled by all whom it concerns", a_trace_is_gone),
    ("Every event is handled by all whom it concerns", an_event_is_dead),
    ("One cause, one mail; an invite's number rises", a_mail_is_held),
    ("Never two coordinators, nor one person in both roles", one_has_both_roles),
    ("Closed with minutes and attendance, or a reason for each", sessions_close),
    ("A session's hour on the wall stays", an_hour_is_lost),
    ("Turns go round", one_is_asked_always),
    ("A post that is live is there, and was told once", a_post_is_nowhere),
    ("A post that is live is there, and was told once", nobody_was_told_of_a_post),
]


@pytest.mark.parametrize(("promise", "breaks"), BROKEN, ids=lambda each: getattr(each, "__name__", ""))
def test_each_promise_is_seen_broken(baton: Any, promise: str, breaks: Callable[[Any], None]) -> None:
    """GIVEN a circle that goes well WHEN something that must not happen has happened THEN that promise says so"""
    turns.circle(baton, "Ada", "Bo", sessions=2)
    baton.tick()
    told = {"ada@example.org", "bo@example.org"}
    assert [found.wrong for found in promises.check(told, told) if found.wrong] == []

    breaks(baton)

    wrong = {found.promise: found.wrong for found in promises.check(told, told) if found.wrong}
    assert promise in wrong, wrong
    assert "✗" in "\n".join(promises.lines(promises.check(told, told)))


def test_who_stood_in_was_not_asked_twice_running(baton: Any) -> None:
    """GIVEN somebody was asked for the next session WHEN it is noted afterwards that they led this one too THEN no
    promise is broken: nobody knew when they were asked
    """
    turns.circle(baton, "Ada", "Bo", sessions=2)
    baton.tick()
    one_is_asked_always(baton)
    with db.write("sessions") as tx:
        turn, session = (db.metadata("sessions").tables[name] for name in ("turn", "session"))
        first = tx.execute(sa.select(session.c.id).order_by(session.c.starts_at)).scalars().first()
        noted = {"why": {}, "created_at": clock.now() + timedelta(days=15)}
        tx.execute(sa.update(turn).where(turn.c.session == first).values(**noted))
    told = {"ada@example.org", "bo@example.org"}
    assert not next(found.wrong for found in promises.check(told, told) if found.promise == "Turns go round")
