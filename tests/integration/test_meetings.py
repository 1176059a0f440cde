"""Series and their sessions: planned ahead once, changed, skipped, moved and undone, true to the wall's clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from services.sessions.circles import journal, splitting
from services.sessions.meetings import asking, changing, planning, reading
from services.sessions.rules import dates
from services.sessions.rules.refusals import Refused
from shared import db
from tests.circles import cap, circle, circles, do, join, settled

# Tests begin on Monday, 4 January 2027, 09:00 UTC.
SERIES = {
    "first": "2027-01-12", "time": "18:30", "other_time": "", "zone": "America/Toronto", "weeks": "2", "minutes": "60",
    "link": "https://meet.example.org/room", "location": "",
}  # fmt: skip


@pytest.fixture
def met(baton: Any) -> str:
    """A circle of one with a fortnightly series; its id."""
    join(baton, "Ada")
    [only] = map(circle, circles())
    begin(only)
    return only


def begin(of: str, reason: str = "", seen: str | None = None, **fields: str) -> str:
    return str(do(changing.save, of, asking.read({**SERIES, **fields}), reason, seen=seen))


def days(of: str, skipped: bool = False) -> list[str]:
    with db.read("sessions") as tx:
        return [f"{row['day']} {row['time']}" for row in reading.upcoming(tx, of, 100, skipped)]


def told(baton: Any, type: str) -> list[dict[str, Any]]:
    return [row["data"] for row in baton.rows("sessions", "event", type=type)]


def undo(baton: Any, verb: str) -> None:
    entry = max(baton.rows("sessions", "change", verb=verb, undone_at=None), key=lambda row: (row["at"], row["id"]))
    do(journal.undo, entry["id"])


def test_sessions_are_planned_twelve_weeks_ahead(baton: Any, met: str) -> None:
    assert days(met) == [f"2027-{day} 18:30" for day in ("01-12", "01-26", "02-09", "02-23", "03-09", "03-23")]
    rows = baton.rows("sessions", "session")
    offsets = {
        row["day"]: (row["starts_at"] - datetime.fromisoformat(f"{row['day']}T18:30Z")).seconds // 3600 for row in rows
    }
    assert (offsets["2027-03-09"], offsets["2027-03-23"]) == (5, 4), "half past six on both sides of the clock change"
    planned = told(baton, "session.planned")
    assert len(planned) == 6 and {each["sequence"] for each in planned} == {0}
    assert planned[0]["link"] == "https://meet.example.org/room"
    baton.pass_time(days=15)
    baton.tick()
    assert days(met)[-1] == "2027-04-06 18:30" and len(told(baton, "session.planned")) == 7


def test_planning_again_and_at_once_plans_nothing_twice(baton: Any, met: str) -> None:
    baton.pass_time(days=15)
    errors: list[BaseException] = []

    def plan() -> None:
        try:
            with db.write("sessions") as tx:
                planning.ahead(tx)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=plan) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(baton.rows("sessions", "session")) == len(told(baton, "session.planned")) == 7
    row = baton.rows("sessions", "session")[0]
    with pytest.raises(sa.exc.IntegrityError), db.write("sessions") as tx:
        tx.execute(sa.insert(db.metadata("sessions").tables["session"]).values({**row, "id": "other"}))


def test_two_hours_alternate(baton: Any, met: str) -> None:
    begin(met, other_time="08:00", weeks="1")
    assert [each[-5:] for each in days(met)][:5] == ["18:30", "08:00", "18:30", "08:00", "18:30"]


def test_one_date_is_skipped_moved_and_both_undone(baton: Any, met: str) -> None:
    first, second = baton.rows("sessions", "session", slot="2027-01-12") + baton.rows(
        "sessions", "session", slot="2027-01-26"
    )
    do(changing.skip, first["id"], "A holiday", seen="0")
    do(changing.move, second["id"], "2027-01-28", "20:00", "Half of us travel")
    baton.tick()
    assert days(met)[:2] == ["2027-01-28 20:00", "2027-02-09 18:30"]
    [cancelled], [changed] = told(baton, "session.cancelled"), told(baton, "session.changed")
    assert (cancelled["state"], cancelled["sequence"], cancelled["note"]) == ("cancelled", 1, "A holiday")
    assert (changed["starts_at"], changed["sequence"]) == ("2027-01-29T01:00:00+00:00", 1)
    with pytest.raises(Refused, match="over, or does not take place"):
        do(changing.skip, first["id"])
    undo(baton, "skip-date")
    undo(baton, "move-date")
    assert days(met)[:2] == ["2027-01-12 18:30", "2027-01-26 18:30"]
    assert [each["sequence"] for each in told(baton, "session.changed")] == [1, 2, 2]
    with pytest.raises(Refused, match="undone already"):
        do(journal.undo, baton.rows("sessions", "change", verb="skip-date")[0]["id"])


def test_a_change_from_a_date_on_takes_near_sessions_along(baton: Any, met: str) -> None:
    before = {row["id"]: row["day"] for row in baton.rows("sessions", "session")}
    wanted = asking.read({**SERIES, "first": "2027-01-28", "time": "19:00", "minutes": "90"})
    with db.read("sessions") as tx:
        plan = changing.preview(tx, met, wanted)
    assert (len(plan.changes), len(plan.cancels), len(plan.adds)) == (5, 0, 0)
    assert baton.rows("sessions", "session", day="2027-01-28") == [], "a preview writes nothing"
    begin(met, "Thursdays suit more", first="2027-01-28", time="19:00", minutes="90")
    assert days(met)[:3] == ["2027-01-12 18:30", "2027-01-28 19:00", "2027-02-11 19:00"]
    after = {row["id"]: row["day"] for row in baton.rows("sessions", "session")}
    assert before.keys() == after.keys(), "the same sessions, so that calendars move them"
    assert len(told(baton, "session.changed")) == 5 and not told(baton, "session.cancelled")
    undo(baton, "series")
    assert {row["id"]: row["day"] for row in baton.rows("sessions", "session")} == before
    baton.pass_time(days=15)
    baton.tick()
    assert days(met)[-1] == "2027-04-06 18:30", "the old series goes on"


def test_from_weekly_to_monthly_cancels_what_has_no_date_and_back_restores_it(baton: Any, met: str) -> None:
    begin(met, weeks="1", first="2027-01-12")
    weekly = days(met)
    assert len(weekly) == 11
    skipped = baton.rows("sessions", "session", slot="2027-02-09")[-1]
    do(changing.skip, skipped["id"])
    begin(met, weeks="4", first="2027-01-12")
    assert days(met) == ["2027-01-12 18:30", "2027-03-09 18:30"], "a skipped date stays skipped"
    undo(baton, "series")
    assert days(met) == [day for day in weekly if not day.startswith("2027-02-09")]
    undo(baton, "skip-date")
    assert days(met) == weekly


def test_an_undo_that_would_lose_a_later_change_is_refused(baton: Any, met: str) -> None:
    begin(met, first="2027-01-26", time="19:00")
    moved = next(row for row in baton.rows("sessions", "session") if row["day"] == "2027-01-26")
    do(changing.move, moved["id"], "2027-01-27", "19:00")
    with pytest.raises(Refused, match="changed since"):
        undo(baton, "series")
    undo(baton, "move-date")
    begin(met, first="2027-02-09", time="20:00")
    first = min(baton.rows("sessions", "change", verb="series"), key=lambda row: len(row["before"]["sessions"]))
    with pytest.raises(Refused, match="since"):
        do(journal.undo, first["id"])


def test_two_organizers_at_once(baton: Any, met: str) -> None:
    with db.read("sessions") as tx:
        seen = changing.token(reading.current(tx, met))
    begin(met, seen=seen, time="19:00")
    with pytest.raises(Refused, match="Somebody else changed the dates"):
        begin(met, seen=seen, time="20:00")
    row = baton.rows("sessions", "session")[0]
    with pytest.raises(Refused, match="Somebody else changed this session"):
        do(changing.skip, row["id"], seen=str(row["sequence"] + 5))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("minutes", "91", "too long"), ("minutes", "0", "too short"), ("minutes", "60.5", "whole number"),
        ("minutes", "٦٠", "whole number"), ("minutes", "9" * 400, "whole number"),
        ("weeks", "0", "no rhythm"), ("weeks", "-2", "no rhythm"), ("weeks", "53", "no rhythm"), ("weeks", "", "whole"),
        ("first", "2027-01-03", "is over"), ("first", "2027-02-30", "no date"), ("first", "", "missing"),
        ("first", "20270203", "no date"), ("first", "9999-12-31", "no year"), ("first", "0001-01-01", "no year"),
        ("time", "25:00", "no time"), ("time", "", "missing"), ("time", "18:30:15", "no time"),
        ("other_time", "8pm", "no time"),
        ("zone", "Mars/Olympus", "no time zone"), ("zone", "", "missing"), ("zone", "../../etc/passwd", "no time zone"),
        ("link", "javascript:alert(1)", "no web address"), ("link", "data:text/html,x", "no web address"),
        ("link", "meet.example.org", "no web address"), ("link", "https://", "no web address"),
        ("link", "https://[::1", "no web address"), ("link", "http://x y", "blank"),
        ("link", "https://x\r\nBcc:y", "blank"),
        ("link", "https://x/" + "a" * 2000, "long"), ("link", "HTTPS://:0", "no web address"),
        ("location", "Room\x07", "control"), ("location", "x" * 401, "long"), ("location", "a\u202eb", "control"),
    ],
)  # fmt: skip
def test_a_series_that_cannot_be(settings: Any, field: str, value: str, words: str) -> None:
    with pytest.raises(Refused) as found:
        asking.read({**SERIES, field: value})
    assert [each.field for each in found.value.all] == [field] and words in str(found.value)
    assert all(each.remedy for each in found.value.all)


def test_all_wrong_fields_are_named_at_once(settings: Any) -> None:
    with pytest.raises(Refused) as found:
        asking.read({})
    assert {each.field for each in found.value.all} == {"first", "time", "zone", "weeks", "minutes"}


def test_what_may_look_odd_is_taken(settings: Any) -> None:
    older = asking.read({**SERIES, "zone": "Asia/Calcutta", "link": "", "location": "<b>Room 1</b>"})
    assert (older.rhythm.zone.key, older.link, older.location) == ("Asia/Calcutta", None, "<b>Room 1</b>")
    assert asking.read({**SERIES, "time": "18:30:00"}).columns()["time"] == "18:30"


@pytest.mark.parametrize(
    ("day", "hour", "words"),
    [("2027-01-01", "18:30", "is over"), ("2027-01-26", "18:30", "meets on"), ("nonsense", "18:30", "no date"),
     ("2027-01-13", "", "missing"), ("2027-01-12", "18:30", "already"), ("0001-01-01", "18:30", "no year")],
)  # fmt: skip
def test_a_date_that_cannot_be(baton: Any, met: str, day: str, hour: str, words: str) -> None:
    row = baton.rows("sessions", "session", slot="2027-01-12")[0]
    with pytest.raises(Refused, match=words):
        do(changing.move, row["id"], day, hour)
    assert baton.rows("sessions", "change", verb="move-date") == []


def test_nights_of_clock_changes_are_warned_of(baton: Any, met: str) -> None:
    row = baton.rows("sessions", "session", slot="2027-03-09")[0]
    missing = do(changing.move, row["id"], "2027-03-14", "02:30")
    assert "go forward over 02:30" in missing
    moved = baton.rows("sessions", "session", id=row["id"])[0]
    assert moved["starts_at"] == datetime(2027, 3, 14, 7, 30, tzinfo=UTC)
    with db.read("sessions") as tx:
        assert reading.warning(reading.one(tx, row["id"])) == missing
        twice = asking.read({**SERIES, "first": "2027-11-07", "time": "01:30", "weeks": "1"})
        assert "comes twice" in dates.instant(twice.rhythm.since, twice.rhythm.start, twice.rhythm.zone)[1]
        spring = asking.read({**SERIES, "first": "2027-02-28", "time": "02:30", "weeks": "1"})
        assert any("go forward" in each for each in changing.preview(tx, met, spring).warnings)


def test_a_new_tzdata_moves_only_what_moved(baton: Any, met: str, monkeypatch: pytest.MonkeyPatch) -> None:
    baton.tick()
    before = {row["id"]: row for row in baton.rows("sessions", "session")}
    assert told(baton, "session.changed") == []
    real: Callable[..., Any] = dates.instant

    def ruled_anew(day: date, *given: Any) -> Any:
        """As if Toronto had given up its summer time."""
        instant, warning = real(day, *given)
        return (instant.replace(hour=23, minute=30), warning) if day >= date(2027, 3, 14) else (instant, warning)

    monkeypatch.setattr(dates, "instant", ruled_anew)
    monkeypatch.setattr("services.sessions.schedule.version", lambda _: "2099.1")
    baton.tick()
    baton.tick()
    [changed] = told(baton, "session.changed")
    assert (changed["day"], changed["time"], changed["sequence"]) == ("2027-03-23", "18:30", 1)
    assert changed["starts_at"] == "2027-03-23T23:30:00+00:00"
    now = {row["id"]: row for row in baton.rows("sessions", "session")}
    assert sum(now[id] != before[id] for id in before) == 1


def test_a_split_goes_on_in_the_week_between_and_its_undo_ends_that(baton: Any) -> None:
    for name, zone in (
        ("Ada", "America/Toronto"),
        ("Bo", "America/Toronto"),
        ("Kim", "Asia/Kolkata"),
        ("Lal", "Asia/Kolkata"),
    ):
        join(baton, name, zone)
    [only] = map(circle, circles())
    begin(only)
    with db.read("sessions") as tx:
        groups = splitting.proposal(tx, only)
    [new] = do(splitting.split, only, groups)
    settled(baton)
    assert days(only)[0] == "2027-01-12 18:30" and days(new)[0] == "2027-01-19 18:30"
    [mail] = [
        row for row in baton.rows("notifications", "mail", kind="placed", person=groups[1][0]) if "split" in row["text"]
    ]
    assert "https://meet.example.org/room" in mail["text"] and "Wed 20 Jan 2027, 05:00 (Kolkata)" in mail["text"]
    undo(baton, "split")
    assert days(new) == [] and days(only)[0] == "2027-01-12 18:30"
    assert len(told(baton, "session.cancelled")) == len(told(baton, "session.planned")) - 6


def test_merging_cancels_and_its_undo_brings_back(baton: Any) -> None:
    from services.sessions.circles import moving

    cap("", most="1")
    join(baton, "Ada"), join(baton, "Bo")
    one, other = map(circle, circles())
    begin(one), begin(other, first="2027-01-19")
    cap("", most="2")
    do(moving.merge, other, one)
    assert days(other) == [] and len(days(one)) == 6
    baton.pass_time(days=1)
    baton.tick()
    undo(baton, "merge")
    settled(baton)
    assert days(other)[0] == "2027-01-19 18:30"
    assert sorted(map(len, circles().values())) == [1, 1]
