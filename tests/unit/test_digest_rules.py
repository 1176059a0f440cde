"""When the digest comes, and what it says of what is known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.notifications.digest import wording
from services.notifications.rules import digest as rules
from services.notifications.rules.rhythm import APART, Rhythm

TORONTO = ZoneInfo("America/Toronto")
NOW = datetime(2027, 3, 15, 12, tzinfo=UTC)  # a Monday, the day after Toronto's clocks went forward


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# ---- when ----


def test_it_stays_at_its_hour_when_clocks_change() -> None:
    weekly = Rhythm("weekly", 0, 8, TORONTO)
    assert weekly.at(date(2027, 3, 8)) == utc("2027-03-08T13:00") and weekly.at(date(2027, 3, 15)) == NOW
    gap = Rhythm("weekly", 6, 2, TORONTO)  # 02:00 of 14 March is not there
    assert gap.at(date(2027, 3, 14)) == utc("2027-03-14T07:00")


@pytest.mark.parametrize(
    ("every", "days"),
    [
        ("weekly", ["2027-03-15", "2027-03-22", "2027-03-29"]),
        ("fortnightly", ["2027-03-15", "2027-03-29", "2027-04-12"]),
        ("monthly", ["2027-04-05", "2027-05-03", "2027-06-07"]),
    ],
)
def test_the_days_it_comes_on(every: str, days: list[str]) -> None:
    rhythm, now, found = Rhythm(every, 0, 8, TORONTO), NOW - timedelta(hours=1), []
    for _ in days:
        day, now = rhythm.following(now)
        found.append(day.isoformat())
    assert found == days


def test_asleep_for_three_weeks_one_is_due_and_it_is_the_latest() -> None:
    weekly = Rhythm("weekly", 0, 8, TORONTO)
    assert weekly.due(utc("2027-01-01T00:00"), date(2027, 2, 22), NOW) == date(2027, 3, 15)
    assert weekly.due(utc("2027-01-01T00:00"), date(2027, 3, 15), NOW + timedelta(days=6)) is None


def test_what_fell_on_an_earlier_instant_than_the_arrangement_is_not_due() -> None:
    weekly = Rhythm("weekly", 0, 8, TORONTO)
    assert weekly.due(NOW, None, NOW) == date(2027, 3, 15)
    assert weekly.due(NOW + timedelta(seconds=1), None, NOW + timedelta(days=1)) is None


zones = st.sampled_from(["America/Toronto", "Pacific/Auckland", "Pacific/Honolulu", "Asia/Kolkata", "Europe/Berlin"])
rhythms = st.builds(
    Rhythm, st.sampled_from(list(APART)), st.integers(0, 6), st.integers(0, 23), st.builds(ZoneInfo, zones)
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # making them is slow where the machine is busy
@given(rhythms, st.lists(st.tuples(st.integers(1, 60), rhythms | st.none()), max_size=60))
def test_whatever_is_changed_two_are_never_near(rhythm: Rhythm, steps: list[tuple[int, Rhythm | None]]) -> None:
    """Day, hour, zone and period change at will, and nobody looks for days: each date is later, and far enough."""
    now = since = NOW
    last: date | None = None
    for hours, changed in steps:
        now += timedelta(hours=hours)
        if changed:
            rhythm, since = changed, now
        day = rhythm.due(since, last, now)
        if day:
            assert last is None or (day - last).days > APART[rhythm.every]
            last = day


@given(rhythms, st.integers(0, 24 * 400))
def test_the_next_one_is_what_is_due_then(rhythm: Rhythm, hours: int) -> None:
    now = NOW + timedelta(hours=hours)
    day, at = rhythm.following(now)
    assert rhythm.latest(at) == day and rhythm.latest(at - timedelta(seconds=1)) < day and at > now


# ---- what ----


def meeting(circle: str = "a", stream: str = "stream1", **fields: Any) -> dict[str, Any]:
    starts = NOW - timedelta(days=3)
    whole = {
        "id": f"s-{circle}", "circle": circle, "name": f"Circle {circle}", "stream": stream, "starts_at": starts,
        "ends_at": starts + timedelta(hours=1), "ended": True, "minuted": True, "present": 3, "of": 4,
        "members": ["p1", "p2"], "excerpt": "We decided.", "help": "", "coordinator": "p1", "mentor": None,
    }  # fmt: skip
    return {**whole, **fields}


def known(**fields: Any) -> rules.Known:
    whole: dict[str, Any] = {
        "since": NOW - timedelta(days=7), "until": NOW, "today": date(2027, 3, 15),
        "streams": {"stream1": "Starting out", "stream2": "First job"}, "circles": 2,
        "members": {"active": 8, "waiting": 1, "paused": 0},
    }  # fmt: skip
    return rules.Known(**{**whole, **fields})


def said(of: rules.Known, **names: str) -> dict[str, Any]:
    told = rules.compose(of)
    return wording.shown({**told, "names": {id: names.get(id, id.upper()) for id in rules.named(told)}}, "UTC")


def test_members_whose_circles_meet_nowhere_need_an_organizer() -> None:
    shown = said(known(undated=({"stream": "stream2", "number": 2},), news=({"kind": "moved", "person": "p1"},)))
    assert shown["title"] == "1 thing needs you" and shown["people"] == ["Changed their stream: P1."]
    assert shown["needs"] == [
        {"text": "2 members of First job have a place, and no session is near.", "label": "Set dates",
         "path": "/sessions/circles?show=dates"}
    ]  # fmt: skip


def test_nothing_new_is_nothing_but_a_number() -> None:
    shown = said(known())
    assert shown["nothing"] and shown["title"] == "Nothing new, nothing to do" and not shown["streams"]
    assert shown["numbers"][0] == "8 members active, 1 waiting, 0 paused."


def test_at_most_five_need_somebody_and_all_are_counted() -> None:
    """Given seven open seats, two late minutes and a held mail, Then five have a button, and the subject says ten."""
    shown = said(known(open=[meeting(str(n)) for n in range(7)], late=[meeting("x"), meeting("y")], held=1))
    assert len(shown["needs"]) == 5 and shown["title"] == "10 things need you"
    assert shown["more_needs"] == "And 5 more, among your circles."
    assert shown["needs"][0]["path"] == "/sessions/circles/0/turns"


def test_somebody_silent_is_told_once() -> None:
    quiet = [{"person": f"p{n}", "number": 3, "name": "Circle a"} for n in range(3)]
    shown = said(known(silent=quiet, open=[meeting(str(n)) for n in range(4)]))
    text = str(shown)
    assert text.count("P0 (Circle a") == text.count("P1 (Circle a") == text.count("P2 (Circle a") == 1
    assert len(shown["needs"]) == 5 and shown["needs"][4]["text"] == "P0 (Circle a) was not there 3 times running."


def test_an_item_is_named_in_the_digest_after_it_fell_due_and_in_no_other() -> None:
    days = ("2027-03-07", "2027-03-08", "2027-03-14", "2027-03-15")
    items = [{"person": "p1", "text": f"due {day}", "due": day} for day in days]
    [stream] = said(known(meetings=[meeting()], agreed={"a": items}))["streams"]
    assert [each.split(" (")[0] for each in stream["circles"][0]["overdue"]] == ["due 2027-03-08", "due 2027-03-14"]
    assert stream["circles"][0]["rest"] == "2 other action items are open."


def test_an_item_is_named_as_new_once_with_whose_it_is() -> None:
    """Items agreed since the last digest are named, so many of a circle; what was there before is counted."""
    last_week, before = (NOW - timedelta(days=3)).isoformat(), (NOW - timedelta(days=8)).isoformat()
    items = [
        {"person": "p1", "text": "Read", "due": "2027-03-20", "since": last_week},
        {"person": "p2", "text": "Write", "due": None, "since": last_week},
        {"person": "p1", "text": "Late", "due": "2027-03-14", "since": last_week},
        {"person": "p1", "text": "Old", "due": None, "since": before},
        {"person": "p1", "text": "Unknown", "due": None, "since": None},
        {"person": "p1", "text": "Older", "due": None},
    ]
    of = known(meetings=[meeting()], agreed={"a": items})
    [circle] = said(of)["streams"][0]["circles"]
    assert circle["fresh"] == ["Read (P1, due Sat 20 Mar 2027)", "Write (P2)"]
    assert [each.split(" (")[0] for each in circle["overdue"]] == ["Late"], "an item stands in one place"
    assert circle["rest"] == "3 other action items are open."
    assert "Read" not in str(rules.without(rules.compose(of), "p1"))
    many = [{"person": "p1", "text": f"t{n}", "due": None, "since": last_week} for n in range(20)]
    [circle] = said(known(meetings=[meeting()], agreed={"a": many}))["streams"][0]["circles"]
    assert len(circle["fresh"]) == rules.ITEMS and circle["rest"] == "12 other action items are open."


def test_a_stream_in_which_nothing_happened_is_left_out() -> None:
    assert [stream["name"] for stream in said(known(meetings=[meeting()]))["streams"]] == ["Starting out"]


def test_the_only_circle_of_a_stream_that_is_called_like_it_is_named_once() -> None:
    def names(*meetings: dict[str, Any]) -> list[str]:
        return [each["name"] for each in said(known(meetings=meetings))["streams"][0]["circles"]]

    same = meeting(name="Starting out")
    assert names(same) == [""]
    assert sorted(names(same, meeting("b"))) == ["Circle b", "Starting out"], "of two each is told by its name"


def test_of_many_circles_only_sums_and_exceptions_are_told() -> None:
    """Given thirteen circles, one of them nearly empty and one that asks for help, Then these two alone are named."""
    rows = [meeting(str(n)) for n in range(11)] + [meeting("few", present=1), meeting("help", help="A laptop.")]
    [stream] = said(known(meetings=rows, circles=13))["streams"]
    assert [circle["name"] for circle in stream["circles"]] == ["Circle few", "Circle help"]
    assert stream["sums"] == "13 sessions in 13 circles, 71 % were there, the minutes of 13 are out."
    assert all(circle["excerpt"] == "" for circle in stream["circles"])


def test_eight_hundred_circles_fit_on_a_page() -> None:
    rows = [meeting(str(n), stream=f"stream{n % 2 + 1}", present=1, help="Help!") for n in range(800)]
    news = [{"kind": "joined", "person": f"n{n}"} for n in range(500)]
    shown = said(known(meetings=rows, circles=800, open=rows, news=news))
    assert sum(len(stream["circles"]) for stream in shown["streams"]) == rules.EXCEPTIONS
    assert len(shown["help"]) == rules.EXCEPTIONS and len(str(shown)) < 20_000
    assert shown["people"][0].endswith("and 488 more.")


def post(id: str = "o1", person: str = "p1", days: int = 3, **fields: Any) -> dict[str, Any]:
    whole = {"id": id, "person": person, "what": "post", "kind": "post", "state": "open", "title": f"On {id}",
             "original": "", "since": NOW - timedelta(days=days, hours=1)}  # fmt: skip
    return {**whole, **fields}


def test_posts_that_wait_have_one_button_and_what_became_of_posts_is_told() -> None:
    """One that waits is told above alone; many are counted above and named below; each state says what it is."""
    alone = said(known(review=[post()]))
    [need] = alone["needs"]
    assert need["text"] == "“On o1” by P1 waits for somebody to accept or decline it, for 3 days."
    assert (need["label"], need["path"]) == ("Look at it", "/blog/offers/o1") and alone["posts"] == []
    assert not alone["nothing"] and alone["numbers"][-1] == "0 posts published, 1 waiting for an organizer."
    review = [post("o2", days=9, state="held"), post("o3", "p2", 0, kind="removal", title=""),
              post("o4", what="profile", kind="update", state="failed", days=1)]  # fmt: skip
    published = [post(f"n{n}", kind="update", state="merged") for n in range(14)]
    shown = said(known(review=review, published=published, refused=[post("o5", state="closed", kind="update")]))
    [need] = shown["needs"]
    assert (need["text"], need["path"]) == ("3 posts wait for you, the longest for 9 days.", "/blog/offers/")
    fresh, waits, refused = shown["posts"]
    assert fresh["posts"][0]["text"] == "“On n0” by P1" and len(fresh["posts"]) == 12
    assert fresh["more"] == "And 2 more." and fresh["posts"][0]["path"] == "/blog/offers/n0"
    assert [each["text"] for each in waits["posts"]] == [
        "“On o2” by P1, for 9 days, seems to hold a secret",
        "The removal of a post by P2, since today",
        "A change of the place of P1 on the mentees page, for 1 day, not working",
    ]
    assert [each["text"] for each in refused["posts"]] == ["A change of “On o5” by P1"]
    old = rules.compose(known(meetings=[meeting()]))
    for part in ("posts", "published", "review"):
        old.pop(part, None), old["numbers"].pop(part, None)
    assert wording.shown(old, "UTC")["posts"] == [] and rules.named(rules.without(old, "p1"))


def test_who_goes_takes_their_titles_along() -> None:
    for review in ([post()], [post(), post("o2", "p2")]):
        told = rules.compose(known(review=review, published=[post("o3"), post("o4", "p2")], refused=[post("o5")]))
        told["names"] = {id: f"Name {id}" for id in rules.named(told)}
        left = rules.without(told, "p1")
        assert not any(words in str(left) for words in ("On o1", "On o3", "On o5", "Name p1")), left
        assert "On o4" in str(left) and rules.without(left, "p1") == left
        assert "A post by somebody who was erased" in str(wording.shown(left, "UTC"))


def test_who_goes_is_taken_out_with_the_words_of_their_circles() -> None:
    items = [{"person": "p1", "text": "Thank Bo", "due": "2027-03-14"}]
    told = rules.compose(
        known(meetings=[meeting(help="Bo is ill."), meeting("b", members=["p9"])], agreed={"a": items})
    )
    told["names"] = {id: f"Name {id}" for id in rules.named(told)}
    left = rules.without(told, "p2")
    text = str(wording.shown(left, "UTC"))
    assert "Bo" not in text and "Name p2" not in str(left) and rules.without(left, "p2") == left
    assert "We decided." in str(left["streams"][0]["circles"][1])
    assert rules.without(told, "nobody") == told


@pytest.mark.parametrize(
    ("minutes", "line"),
    [
        ("# Progress\n\nFine.\n\n## Decisions\n\n- At six\n2. Bring tea\n\n## Else\n\nx", "At six; Bring tea"),
        ("Hello\n\n# A\nworld", "Hello world"),
        ("- One.\n- Two", "One. Two"),
        ("", ""),
        ("# Only\n## headings", ""),
        ("#decisions\n\nno heading", "#decisions no heading"),
        ("**Ann** did *all* of `it`: 2 * 3 * 4, a_b_c", "Ann did all of it: 2 * 3 * 4, a_b_c"),
        ("- [A sheet](http://x.org/a(b) and [this](http://x.org/y), [x]", "[A sheet](http://x.org/a(b) and this, [x]"),
    ],
)  # fmt: skip
def test_minutes_in_a_few_plain_words(minutes: str, line: str) -> None:
    assert rules.excerpt(minutes) == line


def test_help_is_what_stands_under_it_and_long_words_are_cut() -> None:
    assert rules.asked_help("## Where help is needed\n\n> A room\n\n## Next\n\nx") == "A room"
    assert rules.asked_help("We need help") == ""
    assert len(rules.excerpt("word " * 200)) <= rules.EXCERPT and rules.excerpt("word " * 200).endswith("…")


@pytest.mark.parametrize(
    ("away", "untold", "number"),
    [(2, 2, 0), (3, 1, 3), (3, 0, 0), (4, 1, 0), (4, 2, 4), (6, 1, 6), (7, 1, 0), (0, 0, 0), (9, 9, 9)],
)
def test_silence_is_told_at_every_third_time_and_once(away: int, untold: int, number: int) -> None:
    marks = [(False, place < untold) for place in range(away)]
    assert rules.silent([*marks, (True, False), (False, False)]) == number


@given(st.text(max_size=2000))
def test_any_minutes_make_one_short_line(minutes: str) -> None:
    for line in (rules.excerpt(minutes), rules.asked_help(minutes)):
        assert len(line) <= rules.EXCERPT and "\n" not in line


def test_an_address_alone_is_no_part_of_what_minutes_say_in_short() -> None:
    text = "We read.\n\n- https://docs.example.org/a\n<HTTPS://docs.example.org/b>\n\nSee https://docs.example.org/c.\n"
    assert rules.excerpt(text) == "We read. See https://docs.example.org/c."
    assert rules.excerpt("https://docs.example.org/a") == ""
