"""After a gap in ticks the letters that sum up wait until what was due has been told: for minutes, and not for ever."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from services.notifications import waking
from services.notifications.mail import preferences
from shared import clock, db, schedule, worker
from tests.conftest import START, Baton
from tests.integration.test_digest import arrange, digests, program
from tests.integration.test_monthly import ask, held, letters, sits
from tests.meeting import Circle, add_person, tell_notifications
from tests.signup import signed_in
from tests.told import member, tell

WAITS = {name: getattr(waking, name) for name in ("SETTLED", "QUIET")}
LONG = 100.0  # seconds of a waking, within which all has been told and was quiet


@pytest.fixture(autouse=True)
def waits(baton: Baton, monkeypatch: pytest.MonkeyPatch, change_settings: Any) -> None:
    """As outside of tests: letters wait after a gap, and program time goes as the machine's does."""
    for name, seconds in WAITS.items():
        monkeypatch.setattr(waking, name, seconds)
    change_settings(clock=START.replace("*0", "*1"))


def sleep(baton: Baton, text: str) -> None:
    """The lid is closed until then: time goes on, and nothing ticks."""
    baton.pass_machine_time((datetime.fromisoformat(text) - clock.now()).total_seconds())


def tick(baton: Baton) -> None:
    """Notifications alone has a tick: nothing else happens that is due, and nothing is delivered."""
    worker.app.tasks["notifications.tick"].run()


def awake(baton: Baton, seconds: float) -> None:
    """So long there are ticks, and all goes as usual."""
    for _ in range(int(seconds // 10)):
        baton.pass_machine_time(10)
        baton.tick()


def over() -> bool:
    with db.read("notifications") as tx:
        return waking.over(tx)


def test_a_digest_after_three_weeks_asleep_tells_what_became_overdue_meanwhile(baton: Baton) -> None:
    """Given a session whose minutes nobody wrote, When a laptop wakes and notifications ticks first, and often, Then
    its one digest is written once the others have told what was due, and names it."""
    program(baton)
    tell_notifications(Circle(baton, "Circle A"))
    with db.write("sessions") as tx:
        add_person(tx, "olga", "Olga Organizer", roles=["organizer"], stream=None)
    awake(baton, LONG)
    sleep(baton, "2027-02-03T15:00:00+00:00")
    for _ in range(5):
        tick(baton)
    assert not digests(), "nobody else has had a tick"
    for path in ("digests", "digests/next", "dashboard"):
        page = signed_in(baton.client("notifications"), "olga", "organizer").get(f"/notifications/{path}")
        assert "comes in some minutes: it is due" in page.text, path
    awake(baton, LONG)
    [mail] = digests()
    assert mail.cause == "digest/2027-02-01"
    for day in ("5", "19"):
        assert f"The minutes of Circle A, Tue {day} Jan 2027, 19:30 (Berlin), are late." in mail.text, mail.text
    awake(baton, LONG)
    assert len(digests()) == 1


def test_without_a_gap_it_comes_at_its_hour(baton: Baton) -> None:
    program(baton)
    awake(baton, LONG)
    sleep(baton, "2027-01-11T12:50:00+00:00")
    awake(baton, 590)
    assert not digests() and over()
    tick(baton)
    baton.pass_machine_time(11)
    tick(baton)
    assert len(digests()) == 1, "at the first tick"


def test_it_waits_while_others_still_tell_but_not_for_ever(baton: Baton) -> None:
    """Given a gap, When events come and come, Then the digest waits for quiet, and comes all the same in the end."""
    program(baton)
    awake(baton, LONG)
    sleep(baton, "2027-01-11T13:00:00+00:00")
    tick(baton)
    woke, number = clock.machine(), 0
    while not digests():
        assert clock.machine() - woke < waking.MOST + 15, "it is never skipped"
        tell("member.confirmed", member(f"p{number}", state="active"))
        number += 1
        baton.pass_machine_time(10)
        tick(baton)
    assert clock.machine() - woke >= waking.MOST and len(digests()) == 1


def test_what_is_owed_to_others_is_waited_for(baton: Baton) -> None:
    """Answers that came in by mail go to sessions first, and what they change comes back."""
    program(baton)
    awake(baton, LONG)
    sleep(baton, "2027-01-09T13:00:00+00:00")
    awake(baton, LONG)
    assert over()
    sleep(baton, "2027-01-10T13:00:00+00:00")
    tick(baton)
    arrange(hour="9")  # tells signup
    for _ in range(10):
        baton.pass_machine_time(10)
        tick(baton)
    assert not over()
    awake(baton, 30)
    assert over()


def test_what_is_behind_a_dead_delivery_is_not_waited_for(baton: Baton) -> None:
    """Given an event that nobody could handle, and a later one of its subject, Then no letter waits for these: they go
    on when a person says so."""
    program(baton)
    awake(baton, LONG)
    sleep(baton, "2027-01-09T13:00:00+00:00")
    tick(baton)
    arrange(hour="9")
    with db.write("notifications") as tx:
        owed = sa.text("UPDATE delivery SET dead_at = 1.0 WHERE confirmed_at IS NULL")
        assert tx.execute(owed).rowcount
    arrange(hour="10")
    for _ in range(10):
        baton.pass_machine_time(10)
        tick(baton)
    assert over()
    with db.write("notifications") as tx:
        preferences.choose(tx, "ann", {"talks": "none"})
    assert not over(), "what else is owed is waited for"


def test_who_sleeps_again_while_it_waits_has_one_in_the_end(baton: Baton) -> None:
    """Given one that waits, When the lid is closed again for a week, Then there is one digest of all."""
    program(baton)
    awake(baton, LONG)
    sleep(baton, "2027-01-11T13:00:00+00:00")
    baton.tick()
    sleep(baton, "2027-01-18T13:00:00+00:00")
    baton.tick()
    assert not digests()
    awake(baton, LONG)
    assert [row.cause for row in digests()] == ["digest/2027-01-18"]


def test_a_gap_that_no_tick_has_noted_is_one(baton: Baton) -> None:
    """Given a machine that slept in the middle of a tick, between its note and its jobs, Then nothing is written."""
    program(baton)
    awake(baton, LONG)
    sleep(baton, "2027-01-11T13:00:00+00:00")
    schedule.tick("notifications")
    assert not digests()


def test_program_time_that_is_moved_is_a_gap(baton: Baton, change_settings: Any) -> None:
    """Given `./baton clock +7d`, Then the digest waits; but not for whoever steps time and has seen to the rest."""
    change_settings(clock=START)
    program(baton)
    awake(baton, LONG)
    for monday in ("11", "18"):
        clock.advance(datetime.fromisoformat(f"2027-01-{monday}T13:00:00+00:00") - clock.now())
        tick(baton)
        assert len(digests()) == (monday == "18")
        assert "digest.write" in schedule.behind("notifications")
        if monday == "11":
            awake(baton, LONG)
    worker.app.tasks["notifications.tick"].run(["digest.write"])
    assert len(digests()) == 2 and "digest.write" not in schedule.behind("notifications")


def test_letters_of_a_month_wait_as_well_and_nobody_calls_that_late(baton: Baton) -> None:
    program(baton)
    tell("member.confirmed", member("ann", name="Ann", state="active"))
    sits("ann", "c")
    ask(baton, "ann")
    awake(baton, LONG)
    sleep(baton, "2027-02-01T10:00:00+00:00")
    tick(baton)
    with db.read("notifications") as tx:
        late = {each.job for each in schedule.times(tx) if each.late}
    assert not late & {"stream.write", "digest.write"}
    held("s1", text="## Decisions\n\n- Read chapter two\n", starts_at="2027-01-20T18:00:00+00:00", members=["ann"])
    awake(baton, LONG)
    [mail] = letters()
    assert "chapter two" in mail.text


def test_the_first_arrangement_does_not_wait(baton: Baton, change_settings: Any) -> None:
    """Given time that stands still, as of a first try, When it is moved at once, Then what is due by then comes."""
    change_settings(clock=START)
    program(baton)
    assert baton.rows("notifications", "rhythm") and not over()


def test_a_machine_whose_clock_was_set_back_does_not_wait_until_it_is_that_late_again(baton: Baton) -> None:
    program(baton)
    awake(baton, LONG)
    baton.pass_machine_time(86_400)
    tick(baton)
    assert not over()
    baton.pass_machine_time(-3_600)
    assert over()
