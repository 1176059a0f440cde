"""What happens by time happens once per period, however often and by however many the clock is looked at."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from shared import clock, db, log, schedule
from shared.schedule import daily, every, job

EFFECT = sa.text("INSERT INTO effect (subject, n, name) VALUES (:period, 0, '')")


@pytest.fixture
def jobs(wire: Any, monkeypatch: Any) -> Any:
    """An empty timetable for sessions, whose jobs leave rows in the table `effect`."""
    monkeypatch.setattr(schedule, "_jobs", {})
    monkeypatch.setattr(schedule, "_finished", {})
    return wire


def ran(jobs: Any) -> list[str]:
    with db.read("sessions") as tx:
        return [row.subject for row in tx.execute(sa.text("SELECT subject FROM effect ORDER BY subject"))]


def note(tx: Any, period: str) -> None:
    tx.execute(EFFECT, {"period": period})


HOURLY = every(timedelta(hours=1))
DAILY = daily(8, lambda tx: "America/Toronto")


def test_doubled_ticks_run_a_job_once(jobs: Any) -> None:
    job("sessions", "note", HOURLY)(note)
    assert [schedule.tick("sessions") for _ in range(5)] == [["note"], [], [], [], []]
    schedule._finished.clear()
    assert schedule.tick("sessions") == [], "another process knows from the row"
    assert len(ran(jobs)) == 1
    jobs.baton.pass_time(hours=1)
    schedule.tick("sessions")
    assert len(ran(jobs)) == 2


def test_a_job_leaves_nothing_bound_to_the_lines_of_others(jobs: Any) -> None:
    seen: list[dict[str, Any]] = []

    def look(tx: Any, period: str) -> None:
        seen.append(dict(structlog.contextvars.get_contextvars()))
        if len(seen) == 2:
            raise RuntimeError("the second fails")

    for name in ("one", "two"):
        job("sessions", name, HOURLY)(look)
    log.clear()
    schedule.tick("sessions")
    assert [each["job"] for each in seen] == ["one", "two"]
    assert not {"job", "period"} & set(structlog.contextvars.get_contextvars())


def test_ticks_at_once_run_a_job_once(jobs: Any) -> None:
    job("sessions", "note", HOURLY)(note)
    errors: list[BaseException] = []

    def tick() -> None:
        try:
            schedule.tick("sessions")
        except BaseException as error:
            errors.append(error)

    for _ in range(3):
        schedule._finished.clear()
        threads = [threading.Thread(target=tick) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == [] and len(ran(jobs)) == 1


def test_a_job_that_fails_leaves_nothing_and_is_run_again(jobs: Any) -> None:
    fails = [True]

    @job("sessions", "note", HOURLY)
    def work(tx: Any, period: str) -> None:
        note(tx, period)
        if fails[0]:
            raise RuntimeError

    assert schedule.tick("sessions") == []
    assert ran(jobs) == [] and [each["finished"] for each in jobs.baton.rows("sessions", "run")] == [None]
    fails[0] = False
    schedule.tick("sessions")
    schedule.tick("sessions")
    assert len(ran(jobs)) == 1


def test_a_job_that_fails_is_seen_not_to_end_until_it_does(jobs: Any) -> None:
    """Its transaction takes the row back that says it began; the page and the alert would show the period before."""
    broken = [False]

    def work(tx: Any, period: str) -> None:
        note(tx, period)
        if broken:
            raise ValueError("no")

    job("sessions", "note", HOURLY)(work)
    broken.clear()
    schedule.tick("sessions")
    jobs.baton.pass_time(hours=1)
    broken.append(True)
    for _ in range(2):
        assert schedule.tick("sessions") == []
        with db.read("sessions") as tx:
            assert [(each.job, each.finished) for each in schedule.times(tx)] == [("note", None)]
            assert schedule.times(tx)[0].failed is not None
            assert schedule.last_runs(tx)[0].finished is None
    broken.clear()
    schedule.tick("sessions")
    with db.read("sessions") as tx:
        assert schedule.times(tx)[0].finished is not None and schedule.times(tx)[0].failed is None
    assert len(ran(jobs)) == 2, "nothing of a run that failed stays"


def test_one_that_failed_in_a_later_step_is_mended_at_its_last(jobs: Any) -> None:
    fate = [True, ValueError("no"), True, False]

    @job("sessions", "note", HOURLY)
    def work(tx: Any, period: str) -> Any:
        step = fate.pop(0)
        if isinstance(step, ValueError):
            raise step
        return step

    def failed() -> Any:
        with db.read("sessions") as tx:
            return schedule.times(tx)[0].failed

    assert schedule.tick("sessions") == [] and failed() is not None
    assert schedule.tick("sessions") == ["note"] and failed() is None and fate == []


def test_one_that_failed_while_another_process_ended_it_is_no_failure(jobs: Any, monkeypatch: Any) -> None:
    """Given a run that fails, When another process runs it to its end before that is noted, Then it has not failed:
    nothing would run in this period any more to take that back."""
    fate = [True, False]

    @job("sessions", "note", HOURLY)
    def work(tx: Any, period: str) -> None:
        if fate.pop(0):
            raise ValueError("no")

    noted = schedule._note_begun

    def late(entry: Any) -> None:
        assert schedule.tick("sessions") == ["note"]
        noted(entry)

    monkeypatch.setattr(schedule, "_note_begun", late)
    assert schedule.tick("sessions") == [] and fate == []
    with db.read("sessions") as tx:
        assert schedule.times(tx)[0].finished is not None and schedule.times(tx)[0].failed is None


def test_one_that_fails_does_not_keep_the_others_from_running(jobs: Any) -> None:
    @job("sessions", "a-broken-one", HOURLY)
    def broken(tx: Any, period: str) -> None:
        raise RuntimeError

    job("sessions", "note", HOURLY)(note)
    assert schedule.tick("sessions") == ["note"]
    assert len(ran(jobs)) == 1


def test_a_period_that_cannot_be_told_does_not_either(jobs: Any) -> None:
    """On PostgreSQL what it asked has broken the view in which the others would be asked."""
    for name in ("one", "three"):
        job("sessions", name, HOURLY)(note)
    job("sessions", "two", daily(8, lambda tx: str(tx.execute(sa.text("SELECT no_such FROM effect")))))(note)
    assert schedule.tick("sessions") == ["one", "three"]


def test_long_work_goes_in_steps_and_goes_on_where_it_stopped(jobs: Any) -> None:
    """Given work of five steps, When the process dies at the third, Then the next tick does the other three only."""
    done = 0
    dies = [True]

    @job("sessions", "long", HOURLY)
    def work(tx: Any, period: str) -> bool:
        nonlocal done
        done = tx.execute(sa.text("SELECT count(*) FROM effect")).scalar()
        note(tx, str(done))
        if done == 2 and dies:
            dies.clear()
            raise KeyboardInterrupt
        return done < 4

    with pytest.raises(KeyboardInterrupt):
        schedule.tick("sessions")
    assert ran(jobs) == ["0", "1"]
    schedule.tick("sessions")
    schedule.tick("sessions")
    assert ran(jobs) == ["0", "1", "2", "3", "4"]


def test_three_weeks_of_sleep_are_one_run(jobs: Any) -> None:
    job("sessions", "note", DAILY)(note)
    jobs.baton.pass_time(hours=12)
    schedule.tick("sessions")
    jobs.baton.pass_time(days=21)
    schedule.tick("sessions")
    schedule.tick("sessions")
    assert ran(jobs) == ["2027-01-04", "2027-01-25"]


def test_a_day_begins_at_its_hour_in_its_zone() -> None:
    """8:00 in Toronto is 13:00 UTC in winter, 12:00 in summer; the day is the local one."""
    for utc, period in (
        ("2027-01-04T12:59:59", None),
        ("2027-01-04T13:00:00", "2027-01-04"),
        ("2027-01-05T04:59:59", "2027-01-04"),
        ("2027-01-05T05:00:00", None),
        ("2027-07-05T11:59:59", None),
        ("2027-07-05T12:00:00", "2027-07-05"),
        ("2027-03-14T11:59:59", None),  # the night the clocks went forward
        ("2027-03-14T12:00:00", "2027-03-14"),
    ):
        assert DAILY(None, datetime.fromisoformat(utc).replace(tzinfo=UTC)) == period, utc  # type: ignore[arg-type]


def test_a_day_that_has_no_such_hour_still_has_its_run() -> None:
    """At 2:00 on 14 March 2027 Toronto's clocks jump to 3:00."""
    at_two = daily(2, lambda tx: "America/Toronto")
    assert at_two(None, datetime(2027, 3, 14, 6, 59, tzinfo=UTC)) is None  # type: ignore[arg-type]
    assert at_two(None, datetime(2027, 3, 14, 7, 0, tzinfo=UTC)) == "2027-03-14"  # type: ignore[arg-type]


def test_a_job_of_no_period_waits(jobs: Any) -> None:
    job("sessions", "never", lambda tx, now: None)(note)  # type: ignore[arg-type]
    assert schedule.tick("sessions") == [] and jobs.baton.rows("sessions", "run") == []


def test_runs_are_forgotten_after_four_hundred_days(jobs: Any) -> None:
    job("sessions", "note", HOURLY)(note)
    schedule.tick("sessions")
    jobs.baton.pass_time(days=399)
    schedule.tick("sessions")
    with db.write("sessions") as tx:
        schedule.prune(tx)
    assert len(jobs.baton.rows("sessions", "run")) == 2
    jobs.baton.pass_time(days=2)
    with db.write("sessions") as tx:
        schedule.prune(tx)
    assert len(jobs.baton.rows("sessions", "run")) == 1


def test_every_service_prunes_daily(baton: Any) -> None:
    for service in ("signup", "sessions", "notifications", "blog"):
        assert "prune" in [entry.name for entry in schedule.jobs(service)]
    baton.pass_time(days=1)
    baton.tick()
    assert baton.rows("blog", "run", job="prune")[0]["finished"] == clock.now()


def test_the_last_run_of_each_job_is_found_among_many(baton):
    """Given many runs of several jobs, one of which is no more, when asked, then the latest of each is told."""
    at = clock.now()
    run = db.metadata("blog").tables["run"]
    with db.write("blog") as tx:
        tx.execute(run.delete())
        assert schedule.last_runs(tx) == []
        for job in ("a", "b", "gone"):
            for hours in range(5):
                started = at - timedelta(hours=hours)
                tx.execute(run.insert().values(job=job, period=str(hours), started=started, finished=None))
    with db.read("blog") as tx:
        found = schedule.last_runs(tx)
    assert [(row.job, row.started, row.finished) for row in found] == [(job, at, None) for job in ("a", "b", "gone")]
