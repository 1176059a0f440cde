"""Everything that grows has an age after which it goes, and what a promise rests on goes last."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.sessions import models
from services.sessions.circles import journal
from services.signup import audit
from shared import clock, config, db, worker
from shared.cli.parts import Part
from shared.events import keeping
from tests.backups import join
from tests.conftest import Baton
from tests.meeting import Circle
from tests.told import PROGRAM, mails, member, tell

DAY = 86_400.0


def nights(baton: Baton, days: int) -> None:
    """So many days pass, by both clocks, and the nightly jobs run."""
    baton.pass_machine_time(days * DAY)
    baton.pass_time(days=days)
    baton.tick()
    baton.tick()


def test_events_and_the_proofs_that_they_were_handled(baton: Baton) -> None:
    join()
    baton.drain()
    proofs = len(baton.rows("blog", "inbox"))
    nights(baton, 89)
    assert len(baton.rows("signup", "event", type="application.received")) == 1
    nights(baton, 2)
    assert baton.rows("signup", "event", type="application.received") == []
    assert len(baton.rows("blog", "inbox")) >= proofs, "the proofs outlive the events"
    nights(baton, 30)
    old = clock.machine() - 120 * DAY
    assert not [row for row in baton.rows("blog", "inbox") if row["handled"] < old]


def test_a_proof_outlives_any_delivery_that_may_still_be_sent(wire: Any) -> None:
    """Given an event that was handled, whose receipt was lost until it was taken for dead, When it is retried two years
    later, Then it still counts once; and once it is confirmed, the proof goes."""
    wire.emit(("a", 1))
    wire.deliver()
    wire.handle_one(answer=False)
    with db.write("blog") as tx:
        tx.execute(sa.text("UPDATE delivery SET dead_at = :now"), {"now": clock.machine()})
    for _ in range(8):
        wire.baton.pass_machine_time(91 * DAY)
        with db.write("blog") as tx:
            keeping.release(tx)
        wire.baton.drain()
    assert len(wire.baton.rows("sessions", "inbox")) == 1
    [row] = wire.deliveries()
    with db.write("blog") as tx:
        assert keeping.retry(tx, row["event"], "sessions")
    wire.baton.drain()
    assert wire.effects() == [1]
    wire.baton.pass_machine_time(2 * DAY)
    with db.write("blog") as tx:
        keeping.release(tx)
    wire.baton.drain()
    assert wire.baton.rows("sessions", "inbox") == [], "nothing older can come again"


def test_an_outage_of_the_publisher_keeps_the_proofs(wire: Any) -> None:
    wire.emit(("a", 1))
    wire.baton.drain()
    wire.baton.pass_machine_time(400 * DAY)
    assert len(wire.baton.rows("sessions", "inbox")) == 1, "only the publisher knows what cannot come again"


def test_a_hostile_word_about_proofs_deletes_nothing_young(wire: Any) -> None:
    wire.emit(("a", 1))
    wire.baton.drain()
    for before in (1e300, clock.machine() + 1e9):
        worker.app.tasks["sessions.forget"].run({"source": "blog", "before": before})
    assert len(wire.baton.rows("sessions", "inbox")) == 1


def test_a_proof_is_kept_as_long_as_the_setting_says(wire: Any, change_settings: Any) -> None:
    wire.emit(("a", 1))
    wire.baton.drain()
    change_settings(keep_events=10)
    for days, left in ((39, 1), (2, 0)):
        wire.baton.pass_machine_time(days * DAY)
        with db.write("blog") as tx:
            keeping.release(tx)
        wire.baton.drain()
        assert len(wire.baton.rows("sessions", "inbox")) == left


def test_mails_lose_their_text_and_then_their_line(baton: Baton) -> None:
    tell("program.changed", PROGRAM)
    tell("member.confirmed", member("done"))
    tell("member.confirmed", member("held"))
    table = db.metadata("notifications").tables["mail"]
    with db.write("notifications") as tx:
        tx.execute(table.update().where(table.c.person == "held").values(state="held"))
    nights(baton, 179)
    assert all(row.text for row in mails())
    nights(baton, 2)
    texts = {row.person: (row.text, row.raw, row.subject) for row in mails() if row.person in {"done", "held"}}
    assert texts["done"][:2] == ("", b"") and texts["done"][2], "the line stays, with its subject"
    assert texts["held"][0], "what waits for a person stays whole"
    nights(baton, 550)
    assert [row.person for row in mails() if row.person in {"done", "held"}] == ["held"]


def test_a_summary_goes_with_the_mentions_of_it(baton: Baton) -> None:
    tell("program.changed", PROGRAM)
    tell("member.confirmed", member("reader"))
    [mail] = mails(person="reader")
    with db.write("notifications") as tx:
        tx.execute(db.metadata("notifications").tables["mention"].insert().values(person="other", mail=mail.id))
    nights(baton, 731)
    assert baton.rows("notifications", "mention") == [] and mails(person="reader") == []


def test_the_audit_log(baton: Baton) -> None:
    with db.write("signup") as tx:
        audit.note(tx, "system", "organizer.removed", "person/x")
        audit.note(tx, "system", "program.saved", "program")
    nights(baton, 1824)
    assert baton.rows("signup", "audit", what="program.saved")
    nights(baton, 2)
    assert not baton.rows("signup", "audit", what="program.saved")
    assert baton.rows("signup", "audit", what="organizer.removed"), "a start must not bring them back"


def test_what_was_told_of_sessions_and_what_was_changed_in_circles(baton: Baton) -> None:
    """Given sessions that ended at the same time, When the ages are over, Then what was told of closed ones goes, and
    of one whose minutes are still owed nothing, or they would be asked for twice; what happened stays."""
    circle = Circle(baton)
    long_ago = clock.now() - timedelta(days=2)
    with db.write("sessions") as tx:
        journal.note(tx, "organizer/x", "move", circle.id, {}, {})
        for id, state in ((circle.first, "closed"), (circle.second, "cancelled"), (circle.third, "held")):
            gone = models.session.update().where(models.session.c.id == id)
            tx.execute(gone.values(state=state, starts_at=long_ago, ends_at=long_ago))
            tx.execute(models.told.insert().values(session=id, what="late-24", at=long_ago))
            row = {"session": id, "person": circle.ada, "sequence": 0, "told": {}, "cancelled": False}
            tx.execute(models.invite.insert().values(row))
            answer = {"session": id, "person": circle.ada, "answer": "yes", "sequence": 0, "source": "page"}
            tx.execute(models.rsvp.insert().values(**answer, at=long_ago))
    nights(baton, 397)
    assert {row["session"] for row in baton.rows("sessions", "invite")} >= set(circle.sessions)
    nights(baton, 3)
    assert {row["session"] for row in baton.rows("sessions", "invite")} & set(circle.sessions) == {circle.third}
    assert {row["session"] for row in baton.rows("sessions", "told", what="late-24")} == {circle.third}
    assert len(baton.rows("sessions", "rsvp")) == 3, "the program's memory"
    assert baton.rows("sessions", "change")
    nights(baton, 1_430)
    assert baton.rows("sessions", "change") == []


def test_runs_of_jobs(baton: Baton) -> None:
    baton.tick()
    nights(baton, 401)
    oldest = min(row["started"] for row in baton.rows("signup", "run"))
    assert oldest > clock.now() - timedelta(days=401)


def test_doubt_ends(baton: Baton) -> None:
    table = db.metadata("notifications").tables["doubt"]
    with db.write("notifications") as tx:
        tx.execute(table.insert(), [{"cause": "*", "until": clock.machine() + DAY, "words": "w"}])
    nights(baton, 2)
    assert baton.rows("notifications", "doubt") == []


def test_logs_of_the_parts(tmp_path: Path) -> None:
    """Given a part that says a lot, Then its log and the one before it stay within the bound, and nothing is told
    twice."""
    log = tmp_path / "web.log"
    part = Part("web", [], tmp_path, log, 1, 9)
    part.keep_log = 10_000
    told: list[str] = []
    for number in range(300):
        with open(log, "a") as file:
            file.write(f"{number} {'x' * 200}\n")
        told += part.lines()
    assert [int(line.split()[0]) for line in told] == list(range(300))
    assert log.stat().st_size <= 10_300 and log.with_suffix(".log.1").stat().st_size <= 10_300


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("KEEP_EVENTS", "0", "from 7"),
        ("KEEP_EVENTS", "-90", "from 7"),
        ("KEEP_EVENTS", "ninety", "whole number"),
        ("KEEP_MAIL_TEXTS", "0", "from 1"),
        ("KEEP_MAILS", "100", "30 days longer than events"),
        ("KEEP_RUNS", "30", "from 40"),
        ("KEEP_AUDIT", "9999999", "to 36500"),
        ("KEEP_LOGS", "0", "from 1"),
    ],
)
def test_an_age_that_breaks_a_promise_is_refused(name: str, value: str, words: str) -> None:
    with pytest.raises(config.SettingError, match=words) as wrong:
        config.load({"BATON_SECRET": "s" * 32, f"BATON_{name}": value})
    assert wrong.value.name == f"BATON_{name}"
