"""The monthly letter of a stream: for who asks, once a month whatever crashes or sleeps, nothing that is not theirs."""

from __future__ import annotations

import itertools
import re
import uuid
from dataclasses import replace
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from services.notifications import handlers
from services.notifications.mail import catalogue, compose, preferences
from services.notifications.monthly import facts, writing
from shared import clock, db, die, personal
from shared.events import Event, inbox
from shared.events.catalog import BY_TYPE
from tests.conftest import Baton
from tests.integration.test_digest import minuted, until
from tests.integration.test_upgrade import upgraded
from tests.signup import signed_in
from tests.told import PROGRAM, mails, member, tell

assert handlers
TEXT = "## Decisions\n\n- Read chapter two\n\nSee https://docs.example.org/a and https://docs.example.org/b.\n"
SECRET = "## Decisions\n\n- Bo will lose his job\n"


@pytest.fixture(autouse=True)
def people(baton: Baton) -> None:
    """Ann and Bo in circle c, Cy in circle d, all of stream1; Dee, of stream2, in none. It is 4 January, 2027."""
    tell("program.changed", PROGRAM)
    for id, stream in (("ann", "stream1"), ("bo", "stream1"), ("cy", "stream1"), ("dee", "stream2")):
        tell("member.confirmed", member(id, name=f"{id.title()} Example", state="active", stream=stream))
    sits("ann", "c")
    sits("bo", "c")
    sits("cy", "d")


def sits(person: str, circle: str | None) -> None:
    """They are in that circle, or leave it."""
    if circle is None:
        told = {"person": person, "circle": "c", "name": "Circle C", "stream": "stream1", "why": "paused"}
        assert tell("circle.left", told).done
    else:
        told = {"person": person, "circle": circle, "since": clock.now().isoformat()}
        assert tell("place.snapshot", told).done


def ask(baton: Baton, *who: str, choice: str = "mail") -> None:
    """They choose it on their page."""
    for person in who:
        client = signed_in(baton.client("notifications"), person, "member")
        assert client.post("/notifications/preferences", data={"stream": choice}).status_code == 303


def held(session: str, circle: str = "c", text: str = TEXT, **fields: Any) -> None:
    """A session was held, and has its minutes."""
    whole = {"members": ["ann", "bo"], "present": ["ann"], "circle": circle, "title": f"Circle {circle.upper()}"}
    whole |= {"to": fields.get("members", whole["members"]), **fields}
    assert tell("session.minuted", minuted(session, text=text, **whole), subject=f"session/{session}").done


def post(offer: str, person: str, title: str) -> None:
    now = clock.now().isoformat()
    told = {"offer": offer, "person": person, "what": "post", "kind": "post", "state": "merged", "title": title}
    tell(
        "offer.moved", {**told, "original": "https://b.example/1", "since": now, "opened_at": now, "published_at": now}
    )


def letters(person: str = "ann") -> list[Any]:
    return mails(kind="stream", person=person)


def month(baton: Baton, text: str) -> None:
    """It is that instant, and there are ticks."""
    until(text)
    for _ in range(3):
        baton.tick()


def test_a_month_of_ones_stream_and_nothing_of_another_circle(baton: Baton) -> None:
    """Given two circles that met, a post, an item and a turn, When the month is over, Then who asked has one letter of
    it: their own circle's words, dates of the other's."""
    ask(baton, "ann")
    starts = clock.now().replace(hour=18)
    ahead = {"session": "s9", "starts_at": starts.replace(month=2, day=9).isoformat(), "minutes": 60}
    item = {"person": "ann", "text": "Write <i>home</i>", "due": "2027-02-03"}
    theirs = {"person": "bo", "text": "Bo's own affair", "due": None}
    ahead |= {"day": "2027-02-09", "coordinator": "ann"}
    until("2027-01-12T19:00:00+00:00")
    held("s1", items=[item, theirs], next=ahead)
    held("s2", "d", SECRET, members=["cy"], present=["cy"], next=None)
    post("o1", "bo", "On <b>looms</b>")
    post("o2", "dee", "Of another stream")
    month(baton, "2027-02-01T06:59:00+00:00")
    assert not letters(), "it is not yet eight o'clock in Berlin"
    month(baton, "2027-02-01T07:00:00+00:00")
    [mail] = mails(kind="stream")
    assert (mail.person, mail.cause, mail.duty, mail.list) == ("ann", "stream/2027-02", False, "stream")
    assert mail.subject == "2 sessions, 1 post: Starting out, January"
    for words in ("YOUR CIRCLE: Circle C", "1 of 2 were there", "Read chapter two", "/sessions/s/s1",
                  "Your next session: Tue 9 Feb 2027, 19:00 (Berlin). You coordinate it.",
                  "Write <i>home</i> (due Wed 3 Feb 2027)", "“On <b>looms</b>” by Bo Example", "https://b.example/1",
                  "2 sessions in 2 circles", "Circle D: 12 Jan", "2 links were shared",
                  "/sessions/resources/stream1"):  # fmt: skip
        assert words in mail.text, (words, mail.text)
    assert "Write &lt;i&gt;home" in mail.html and "<b>looms" not in mail.html
    for words in ("lose his job", "affair", "another stream", "/sessions/s/s2"):
        assert words not in mail.text + mail.html, words
    assert "List-Unsubscribe-Post" in dict(mail.headers)
    with db.read("notifications") as tx:
        assert [row["period"] for row in personal._parts["notifications"]["monthly"](tx, "ann")] == ["2027-02"]
        assert catalogue.sample(tx, "stream", compose.Reader("x", "X", "x@example.org", "UTC"))["letter"]["own"]


def test_only_who_asks_gets_it_from_then_on_and_one_click_ends_it(baton: Baton) -> None:
    until("2027-02-01T10:00:00+00:00")
    held("s1")
    ask(baton, "ann")
    month(baton, "2027-02-02T10:00:00+00:00")
    assert not mails(kind="stream"), "that of this month had come before they asked"
    month(baton, "2027-03-01T10:00:00+00:00")
    [mail] = letters()
    assert mail.subject == "1 session, 2 links: Starting out, February", "what was in the month in which they asked"
    way = dict(mail.headers)["List-Unsubscribe"].strip("<>").partition("8000")[2]
    assert baton.client("notifications").post(way, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    held("s2")
    month(baton, "2027-04-01T10:00:00+00:00")
    assert len(mails(kind="stream")) == 1


def test_nothing_new_is_no_mail_and_three_months_asleep_are_one(baton: Baton) -> None:
    ask(baton, "ann", "cy")
    month(baton, "2027-02-01T10:00:00+00:00")
    assert not letters() and {row["period"] for row in baton.rows("notifications", "monthly")} == {"2027-02"}
    for number, moment in enumerate(("2027-02-10T10:00:00+00:00", "2027-03-10T10:00:00+00:00")):
        until(moment)
        held(f"s{number}", text=f"## Decisions\n\n- Chapter {number}\n")
    month(baton, "2027-05-03T10:00:00+00:00")
    [mail] = letters()
    assert "Chapter 0" in mail.text and "Chapter 1" in mail.text
    assert "1 Feb to 3 May" in mail.subject and mail.cause == "stream/2027-05"
    assert "Chapter" not in letters("cy")[0].text and "Circle C: 10 Feb and 10 Mar" in letters("cy")[0].text
    month(baton, "2027-06-01T10:00:00+00:00")
    assert len(mails(kind="stream")) == 2, "what was told is not told again"


def test_minutes_alone_are_news_to_their_circle(baton: Baton) -> None:
    """Given a session before the last letter, When nothing but its minutes is new, Then its circle reads them, and
    no other circle gets a letter for that."""
    ask(baton, "ann", "cy")
    earlier = {"starts_at": "2027-01-28T18:00:00+00:00", "day": "2027-01-28"}
    month(baton, "2027-02-01T10:00:00+00:00")
    until("2027-02-02T10:00:00+00:00")
    held("s1", text="## Decisions\n\n- Read chapter two\n", **earlier)
    month(baton, "2027-03-01T10:00:00+00:00")
    [mail] = mails(kind="stream")
    assert mail.person == "ann" and "chapter two" in mail.text
    assert mail.subject == "Minutes of 1 session: Starting out, February"
    month(baton, "2027-04-01T10:00:00+00:00")
    assert len(mails(kind="stream")) == 1


@pytest.mark.parametrize("where", ["between two mails", "before the commit"])
def test_whatever_dies_on_the_way_each_has_one(baton: Baton, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Given steps of two readers, When every second step dies once, Then all have one letter, in steps."""
    names = [f"p{number}" for number in range(5)]
    for name in names:
        tell("member.confirmed", member(name, name=f"{name} Example", state="active"))
        sits(name, "c")
    ask(baton, *names)
    held("s1")
    monkeypatch.setattr(writing, "STEP", 2)
    write, deaths, written = compose.write, [1, 1], 0

    def crash(*given: Any, **more: Any) -> Any:
        nonlocal written
        done, written = write(*given, **more), written + 1
        if where == "between two mails" and written % 3 == 0 and deaths:
            deaths.pop()
            raise SystemError("killed")
        return done

    def killed(point: str) -> None:
        if where == "before the commit" and point == "schedule.ran" and mails(kind="stream") and deaths:
            deaths.pop()
            raise SystemError("killed")

    monkeypatch.setattr(compose, "write", crash)
    monkeypatch.setattr(die, "at", killed)
    until("2027-02-01T10:00:00+00:00")
    for _ in range(6):
        baton.tick()
    assert not deaths and sorted(row.person for row in mails(kind="stream")) == names
    with db.write("notifications") as tx:  # without the schedule's memory it is still one
        tx.execute(db.metadata("notifications").tables["run"].delete())
        assert not writing.write(tx)
    with (
        pytest.raises(sa.exc.IntegrityError, match="one_letter_per_person_and_period|monthly.person"),
        db.write("notifications") as tx,
    ):
        table = db.metadata("notifications").tables["monthly"]
        tx.execute(table.insert().values(person="p1", period="2027-02", until=clock.now()))


def test_it_comes_by_the_readers_own_clock_and_rests_in_quiet_hours(baton: Baton, change_settings: Any) -> None:
    """Whoever moves around the world has one a month; of a program with late quiet hours it waits until they end."""
    change_settings(smtp_url="smtp://127.0.0.1:9")
    with db.write("notifications") as tx:
        tx.execute(db.metadata("notifications").tables["quiet"].insert().values(id=1, begins=21, ends=9))
    tell("member.changed", member("ann", name="Ann", state="active", timezone="Pacific/Kiritimati"))
    ask(baton, "ann", "bo")
    held("s1")
    month(baton, "2027-01-31T18:30:00+00:00")  # 08:30 of 1 February there
    [mail] = mails(kind="stream")
    assert mail.person == "ann" and mail.rests_until.isoformat() == "2027-01-31T19:00:00+00:00"
    for zone in ("Pacific/Honolulu", "Pacific/Auckland", "", "Pacific/Kiritimati"):
        tell("member.changed", member("ann", name="Ann", state="active", timezone=zone))
        baton.pass_time(hours=12)
        baton.tick()
    assert len(letters()) == 1 and len(letters("bo")) == 1
    with db.read("notifications") as tx:
        due = writing.next_due(tx, clock.now())
    assert due and due.isoformat() == "2027-02-28T18:00:00+00:00", "the first of March, where Ann is"


def test_who_left_the_circle_reads_what_came_out_before_and_no_more_of_it(baton: Baton) -> None:
    """Given Ann, who left before the minutes were out, and Bo, who left after them, Then his letter alone has them, and
    leads to no page of that circle."""
    ask(baton, "ann", "bo", "cy", "dee")
    sits("ann", None)
    held("s1", to=["bo"])
    place = {"person": "bo", "stream": "stream1", "position": 1, "why": "full"}
    tell("place.waiting", place)
    tell("member.paused", member("cy", name="Cy", state="paused"))
    month(baton, "2027-02-01T10:00:00+00:00")
    assert {row.person for row in mails(kind="stream")} == {"ann", "bo"}, "Cy pauses, and in Dee's nothing was new"
    for mail in mails(kind="stream"):
        assert "Circle C: 4 Jan" in mail.text and "/sessions/s/" not in mail.text + mail.html
        assert ("chapter two" in mail.text) == ("chapter two" in mail.html) == (mail.person == "bo")
    assert "WHERE YOU WERE BEFORE: Circle C" in letters("bo")[0].text
    held("s2", text="## Decisions\n\n- Read chapter three\n", to=[])
    month(baton, "2027-03-01T10:00:00+00:00")
    assert "chapter" not in letters("bo")[1].text


def test_who_is_erased_is_in_no_letter(baton: Baton) -> None:
    """Given letters that went out, When one whom they name or whose words may be in them is erased, Then nothing of
    theirs is left, and theirs are empty."""
    ask(baton, "ann", "bo")
    held("s1", items=[{"person": "ann", "text": "Call Bo Example", "due": None}])
    post("o1", "bo", "How Bo learnt")
    post("o2", "cy", "How Cy learnt")
    month(baton, "2027-02-01T10:00:00+00:00")
    assert "How Bo learnt" in letters()[0].text and "Call Bo" in letters()[0].text
    tell("member.erased", {"person": "bo"})
    [mail], [theirs] = letters(), letters("bo")
    said = f"{mail.subject}{mail.text}{mail.html}{mail.made_of}{mail.raw!r}"
    for words in ("Bo Example", "Bo learnt", "chapter two", "Call Bo"):
        assert words not in said, words
    assert "How Cy learnt” by Cy Example" in mail.text and "1 of 2 were there" in mail.text and not theirs.text
    assert {row["person"] for row in baton.rows("notifications", "monthly")} == {"ann"}
    assert "bo" not in {row["person"] for row in baton.rows("notifications", "place")}


def test_words_about_a_mentor_go_with_them(baton: Baton) -> None:
    ask(baton, "ann")
    held("s1", text="## Decisions\n\nDee offered to read drafts", mentor="dee")
    month(baton, "2027-02-01T10:00:00+00:00")
    assert "Dee offered" in letters()[0].text
    tell("member.erased", {"person": "dee"})
    [mail] = letters()
    assert "Dee offered" not in f"{mail.text}{mail.html}{mail.made_of}{mail.raw!r}"
    assert "YOUR CIRCLE: Circle C" in mail.text


def test_of_many_circles_it_has_sums_alone_and_hostile_words_stay_text(baton: Baton) -> None:
    ask(baton, "ann")
    nasty = "<script>alert(1)</script> {{ 1237*5653 }}\r\nBcc: all@example.org"
    for number in range(14):
        held(f"s{number}", f"x{number}", title=f"Circle {number} {nasty}"[:200], to=[])
    held("own", "c", f"## Decisions\n\n{nasty}", title=f"Circle {nasty}"[:200])
    post("o1", "cy", nasty[:200])
    month(baton, "2027-02-01T10:00:00+00:00")
    [mail] = letters()
    assert "15 sessions in 15 circles." in mail.text and "Circle 3" not in mail.text
    assert "<script>alert" not in mail.html and "6992761" not in mail.html
    assert b"\nBcc" not in mail.raw.partition(b"\r\n\r\n")[0]
    with db.read("notifications") as tx:
        assert facts.zones(tx) == ["Europe/Berlin"]


# ---- each minutes in one letter ----


def told_of(number: int, type: str = "session.minuted", **fields: Any) -> Event:
    """What is told, now or later, of minutes that are out now and decide that."""
    whole = {"members": ["ann", "bo"], "to": ["ann", "bo"], "text": f"## Decisions\n\n- Chapter {number}\n", **fields}
    return Event(
        position=1, id=str(uuid.uuid4()), source="sessions", type=type, version=BY_TYPE[type].version,
        subject=f"session/s{number}", seq=1, time=clock.now(), correlation=None, erased=False,
        data=minuted(f"s{number}", **{"circle": "c", **whole}),
    )  # fmt: skip


def hear(*events: Event) -> None:
    for event in events:
        assert inbox.receive("notifications", {"batch": str(uuid.uuid4()), "events": [event.envelope()]}).done


def said(person: str = "ann") -> dict[int, str]:
    """{what minutes decided: the period of the letter that says so}; that two of them do fails."""
    found: dict[int, str] = {}
    for mail in letters(person):
        for number in map(int, re.findall(r"Chapter (\d+)", mail.text)):
            assert number not in found, (number, mail.cause)
            found[number] = mail.cause.removeprefix("stream/")
    return found


def less(*who: str) -> None:
    """They want minutes in the letter alone."""
    with db.write("notifications") as tx:
        for person in who:
            preferences.choose(tx, person, {"minutes": "less"})


def told_anew(number: int, **fields: Any) -> None:
    """All is told anew, those minutes too."""
    session = baton_meeting(number)
    anew = {"ends_at": session["ends_at"].isoformat(), "cancelled": False, "opened_at": None, "late_at": None}
    anew |= {"minuted_at": session["minuted_at"].isoformat()}
    gone = ("by", "cut", "reasons", "items", "to", "organizers", "next", "correct_until")
    data = {name: value for name, value in told_of(number, **fields).data.items() if name not in gone}
    assert tell("session.snapshot", {**data, **anew}, subject=f"session/s{number}").done


def baton_meeting(number: int) -> Any:
    table = db.metadata("notifications").tables["meeting"]
    with db.read("notifications") as tx:
        return tx.execute(sa.select(table).where(table.c.id == f"s{number}")).mappings().one()


def theirs(baton: Baton) -> set[str]:
    """Whose the minutes are that are known."""
    return {row["person"] for row in baton.rows("notifications", "addressed")}


def test_minutes_that_are_heard_of_after_the_letter_are_in_the_next_one(baton: Baton) -> None:
    """Given minutes that came out before a letter, and were on their way when it was written, Then the next one alone
    tells of them; so too after a correction, and when all is told anew."""
    ask(baton, "ann")
    until("2027-01-20T10:00:00+00:00")
    late = told_of(2)
    hear(told_of(1))
    month(baton, "2027-02-01T10:00:00+00:00")
    assert said() == {1: "2027-02"}
    hear(late, told_of(1, "minutes.corrected"), late)
    month(baton, "2027-03-01T10:00:00+00:00")
    assert said() == {1: "2027-02", 2: "2027-03"}
    for number in (1, 2):
        told_anew(number)
    month(baton, "2027-04-01T10:00:00+00:00")
    assert len(letters()) == 2


def test_who_moves_to_another_circle_reads_the_minutes_of_both(baton: Baton) -> None:
    """Given minutes of c while Ann is there, and of d once she is, and of c after she left, Then her letter has what
    came out for her, whenever that is heard of, and no way to pages that are not hers any more."""
    ask(baton, "ann", "bo")
    until("2027-01-10T10:00:00+00:00")
    hear(told_of(1))
    late = told_of(2)
    tell("member.moved", member("ann", name="Ann Example", state="active", stream="stream2"))
    sits("ann", "d")
    hear(late)
    until("2027-01-20T10:00:00+00:00")
    hear(told_of(3, to=["bo"]))
    hear(told_of(4, circle="d", title="Circle D", stream="stream2", members=["cy"], to=["cy", "ann"]))
    month(baton, "2027-02-01T10:00:00+00:00")
    assert said() == dict.fromkeys((1, 2, 4), "2027-02") and said("bo") == dict.fromkeys((1, 2, 3), "2027-02")
    [mail] = letters()
    assert "WHERE YOU WERE BEFORE: Circle C" in mail.text and "YOUR CIRCLE: Circle D" in mail.text
    assert "/sessions/s/s4" in mail.text and "/sessions/s/s1" not in mail.text + mail.html
    month(baton, "2027-03-01T10:00:00+00:00")
    assert len(letters()) == 1
    tell("member.erased", {"person": "bo"})
    [mail] = letters()
    assert not re.search("Chapter [12]", f"{mail.text}{mail.html}{mail.made_of}{mail.raw!r}")
    assert "bo" not in {row["person"] for row in baton.rows("notifications", "addressed")}


def test_what_no_letter_tells_comes_by_mail(baton: Baton) -> None:
    """Given who has minutes in the letter alone, Then a correction of what it has told, and what they read as a mentor
    from elsewhere, comes at once."""
    with db.write("notifications") as tx:
        preferences.choose(tx, "ann", {"minutes": "less"})
    hear(told_of(1), told_of(1, "minutes.corrected"))
    mentored = told_of(2, circle="d", members=["cy"], to=["cy", "ann"], mentor="ann")
    hear(mentored)
    assert [mail.cause for mail in mails(kind="minutes", person="ann")] == [mentored.id]
    month(baton, "2027-02-01T10:00:00+00:00")
    assert said() == {1: "2027-02"}
    corrected = told_of(1, "minutes.corrected")
    hear(corrected)
    assert {mail.cause for mail in mails(kind="minutes", person="ann")} == {mentored.id, corrected.id}


@pytest.mark.parametrize("between", ["no letter", "a letter"])
def test_a_correction_of_minutes_of_before_they_asked_is_in_the_letter(baton: Baton, between: str) -> None:
    """Given minutes that came by mail, and who has chosen the letter alone since, Then it does not repeat them; once
    they are corrected, the next one has them."""
    until("2027-01-20T10:00:00+00:00")
    hear(told_of(1))
    assert len(mails(kind="minutes", person="ann")) == 1
    until("2027-02-05T10:00:00+00:00")
    less("ann")
    post("o1", "cy", "How Cy learnt")
    if between == "a letter":
        month(baton, "2027-03-01T10:00:00+00:00")
        assert len(letters()) == 1 and not said()
    hear(told_of(1, "minutes.corrected"))
    month(baton, "2027-04-01T10:00:00+00:00")
    assert len(mails(kind="minutes", person="ann")) == 1 and said() == {1: "2027-04"}


def test_a_correction_comes_at_once_to_who_reads_it_as_a_mentor_from_elsewhere_by_now(baton: Baton) -> None:
    """Given minutes that were Ann's before she asked, who has left that circle and is its mentor, Then no letter tells
    her of their correction, so mail does."""
    until("2027-01-20T10:00:00+00:00")
    hear(told_of(1))
    until("2027-02-05T10:00:00+00:00")
    less("ann")
    corrected = told_of(1, "minutes.corrected", members=["bo"], to=["bo", "ann"], mentor="ann")
    hear(corrected)
    assert corrected.id in [mail.cause for mail in mails(kind="minutes", person="ann")]


@pytest.mark.parametrize("end", [{"state": "alumni", "stream": None}, {"state": "alumni"}, {"stream": None}])
def test_who_takes_part_no_more_reads_what_was_kept_for_the_letter(baton: Baton, end: dict[str, Any]) -> None:
    """Given minutes kept for the letters of two, who are of no stream before the 1st, Then one letter has them, and
    nothing else of it; who had them by mail gets none."""
    ask(baton, "bo")
    less("ann")
    until("2027-01-20T10:00:00+00:00")
    hear(told_of(1))
    assert not mails(kind="minutes", person="ann")
    for id in ("ann", "bo"):
        sits(id, None)
        tell("member.changed", member(id, name=id.title(), **{"state": "active", **end}))
    post("o1", "cy", "How Cy learnt")
    month(baton, "2027-02-01T10:00:00+00:00")
    [mail] = mails(kind="stream")
    assert mail.person == "ann" and said() == {1: "2027-02"} and "Cy learnt" not in mail.text
    assert mail.subject == "Minutes of 1 session: Mentors for Machine Learning, January"
    month(baton, "2027-03-01T10:00:00+00:00")
    assert len(letters()) == 1


@pytest.mark.parametrize("state", ["left", "paused"])
def test_who_left_or_pauses_gets_no_letter_even_if_one_is_owed(baton: Baton, state: str) -> None:
    less("ann")
    hear(told_of(1))
    tell("member.changed", member("ann", name="Ann", state=state, stream=None))
    month(baton, "2027-02-01T10:00:00+00:00")
    assert not mails(kind="stream")


@pytest.mark.parametrize("back", ["2027-02-01T05:01:00+00:00", "2027-02-01T07:10:00+00:00"])
def test_a_choice_that_is_taken_back_loses_no_month(baton: Baton, back: str) -> None:
    """Given who ends the letter before it is due on the 1st, and takes that back before or after, Then it comes."""
    less("ann")
    until("2027-01-30T10:00:00+00:00")
    hear(told_of(1))
    until("2027-02-01T05:00:00+00:00")
    with db.write("notifications") as tx:
        before = preferences.choose(tx, "ann", {"stream": "none"})
    month(baton, back)
    assert not letters()
    with db.write("notifications") as tx:
        preferences.choose(tx, "ann", before)
    month(baton, "2027-02-01T10:00:00+00:00")
    assert said() == {1: "2027-02"}


def test_who_ends_it_and_asks_again_later_has_it_from_then_on(baton: Baton) -> None:
    ask(baton, "ann")
    until("2027-01-20T10:00:00+00:00")
    hear(told_of(1))
    ask(baton, "ann", choice="none")
    until("2027-02-02T10:00:00+00:00")
    ask(baton, "ann")
    hear(told_of(2))
    month(baton, "2027-02-02T11:00:00+00:00")
    assert not letters()
    month(baton, "2027-03-01T10:00:00+00:00")
    assert said() == {2: "2027-03"}


def test_who_was_there_from_elsewhere_has_no_minutes_in_a_letter(baton: Baton) -> None:
    """Given Dee, who mentored a session of a circle that is not hers and was there, and Bo, who mentored it in his own,
    When all is told anew, or an older Baton is brought up to date, Then the minutes are in no letter of hers."""
    until("2027-01-20T10:00:00+00:00")
    there: dict[str, Any] = {"to": ["ann", "bo", "dee"], "mentor": "dee", "present": ["ann", "dee"]}
    hear(told_of(1, **there), told_of(2, mentor="bo"))
    assert theirs(baton) == {"ann", "bo"}
    table = db.metadata("notifications").tables["addressed"]
    with db.write("notifications") as tx:
        tx.execute(table.delete())
    told_anew(1, **there)
    assert theirs(baton) == {"ann", "bo"}
    with db.write("notifications") as tx:
        table.drop(tx)
    upgraded("notifications", "0021_addressed")
    rows = {(row["session"], row["person"]) for row in baton.rows("notifications", "addressed")}
    assert rows == {("s1", "ann"), ("s1", "bo"), ("s2", "ann"), ("s2", "bo")}


def test_minutes_on_their_way_name_nobody_who_was_erased_as_their_reader(baton: Baton) -> None:
    late = told_of(1)
    tell("member.erased", {"person": "bo"})
    hear(late)
    assert theirs(baton) == {"ann"}
    with db.write("notifications") as tx:
        tx.execute(db.metadata("notifications").tables["addressed"].delete())
    told_anew(1)
    assert theirs(baton) == {"ann"}


def test_who_pauses_reads_all_of_it_once_they_are_back(baton: Baton) -> None:
    ask(baton, "ann")
    until("2027-01-20T10:00:00+00:00")
    hear(told_of(1))
    tell("member.paused", member("ann", name="Ann", state="paused"))
    month(baton, "2027-02-01T10:00:00+00:00")
    assert not letters()
    tell("member.returned", member("ann", name="Ann", state="active"))
    month(baton, "2027-03-01T10:00:00+00:00")
    assert said() == {1: "2027-03"}


def test_an_older_baton_knows_after_an_upgrade_what_its_letters_told(baton: Baton) -> None:
    """Given letters of a Baton that went by the moment of minutes, When it is brought up to date, Then nothing is told
    twice, and who moved since the last letter reads what came out where they were."""
    ask(baton, "ann")
    until("2027-01-20T10:00:00+00:00")
    hear(told_of(1))
    month(baton, "2027-02-01T10:00:00+00:00")
    until("2027-02-02T10:00:00+00:00")
    hear(told_of(2))
    sits("ann", "d")
    hear(told_of(3, circle="d", title="Circle D", members=["cy"], to=["cy", "ann"]))
    until("2027-02-10T10:00:00+00:00")
    with db.write("notifications") as tx:
        db.metadata("notifications").tables["addressed"].drop(tx)
    upgraded("notifications", "0021_addressed")
    month(baton, "2027-03-01T10:00:00+00:00")
    assert said() == {1: "2027-02", 2: "2027-03", 3: "2027-03"}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_order_each_minutes_are_in_one_letter_of_each_whose_they_are(
    baton: Baton, seed: int, change_settings: Any
) -> None:
    """Given minutes, moves, zones and letters in any order, and messages that come late, twice, corrected, or die on
    the way, Then in the end everybody who asked has read what was theirs, once, and no more than their circles'."""
    change_settings(keep_mail_texts=900, keep_mails=900)
    dice, ways = Random(seed), itertools.count(1)
    ask(baton, "ann", "bo", "cy")
    seats, theirs, late = {"ann": "c", "bo": "c", "cy": "d"}, {name: set[int]() for name in ("ann", "bo", "cy")}, []
    out: list[Event] = []
    may = {name: set[int]() for name in theirs}
    for _ in range(60):
        match dice.choice(
            ["minutes", "minutes", "minutes", "move", "zone", "hear", "again", "correct", "time", "time"]
        ):
            case "minutes":
                number, circle = next(ways), dice.choice("cd")
                there = [who for who, seat in seats.items() if seat == circle]
                event = told_of(number, circle=circle, title=f"Circle {circle.upper()}", members=there, to=there)
                for who in there:
                    theirs[who].add(number)
                out.append(event)
                hear(event) if dice.random() < 0.5 else late.append(event)
            case "move":
                who = dice.choice(list(seats))
                seats[who] = "d" if seats[who] == "c" else "c"
                sits(who, seats[who])
                may[who] |= {int(event.data["session"][1:]) for event in out if event.data["circle"] == seats[who]}
            case "zone":
                who, zone = dice.choice(list(seats)), dice.choice(["Pacific/Kiritimati", "Pacific/Honolulu", "UTC"])
                tell("member.changed", member(who, name=who.title(), state="active", timezone=zone))
            case "hear" if late:
                hear(late.pop(dice.randrange(len(late))))
            case "again" if set(map(id, out)) - set(map(id, late)):
                hear(dice.choice([event for event in out if event not in late]))
            case "correct" if out:
                of = dice.choice(out)
                if of not in late:
                    hear(replace(of, id=str(uuid.uuid4()), type="minutes.corrected", time=clock.now()))
            case "time":
                baton.pass_time(hours=dice.randrange(1, 500))
                baton.tick()
    hear(*late)
    for _ in range(3):
        baton.pass_time(days=31)
        baton.tick()
    for who, owed in theirs.items():
        assert owed <= set(said(who)) <= owed | may[who] and len(owed) > 3, who
    assert {len(mails(kind="stream", person=who)) > 1 for who in theirs} == {True}
