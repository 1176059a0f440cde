"""The monthly letter of a stream: for who asks, once a month whatever crashes or sleeps, nothing that is not theirs."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from services.notifications import handlers
from services.notifications.mail import catalogue, compose
from services.notifications.monthly import facts, writing
from shared import clock, db, die, personal
from tests.conftest import Baton
from tests.integration.test_digest import minuted, until
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
    assert tell(
        "session.minuted", minuted(session, text=text, **{**whole, **fields}), subject=f"session/{session}"
    ).done


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


def test_who_left_the_circle_reads_no_more_of_it(baton: Baton) -> None:
    ask(baton, "ann", "bo", "cy", "dee")
    held("s1")
    sits("ann", None)
    place = {"person": "bo", "stream": "stream1", "position": 1, "why": "full"}
    tell("place.waiting", place)
    tell("member.paused", member("cy", name="Cy", state="paused"))
    month(baton, "2027-02-01T10:00:00+00:00")
    assert {row.person for row in mails(kind="stream")} == {"ann", "bo"}, "Cy pauses, and in Dee's nothing was new"
    for mail in mails(kind="stream"):
        assert "chapter two" not in mail.text and "Circle C: 4 Jan" in mail.text and "/sessions/s/" not in mail.text


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
        held(f"s{number}", f"x{number}", title=f"Circle {number} {nasty}"[:200])
    held("own", "c", f"## Decisions\n\n{nasty}", title=f"Circle {nasty}"[:200])
    post("o1", "cy", nasty[:200])
    month(baton, "2027-02-01T10:00:00+00:00")
    [mail] = letters()
    assert "15 sessions in 15 circles." in mail.text and "Circle 3" not in mail.text
    assert "<script>alert" not in mail.html and "6992761" not in mail.html
    assert b"\nBcc" not in mail.raw.partition(b"\r\n\r\n")[0]
    with db.read("notifications") as tx:
        assert facts.zones(tx) == ["Europe/Berlin"]
