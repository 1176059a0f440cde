"""The digest: what it is made of, and that it comes once a period whatever crashes, sleeps or is changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notifications.digest import arranging, writing
from services.notifications.mail import compose
from services.sessions import attendance, items
from services.sessions.minutes import publishing, reading, saving
from shared import clock, db, die
from tests.conftest import Baton
from tests.meeting import Circle, tell_notifications
from tests.signup import signed_in
from tests.told import PROGRAM, mails, member, tell

MINUTES = (
    "## Progress\n\nAll <b>passed</b>.\n\n## Decisions\n\n- Read chapter two\n\n## Where help is needed\n\nA room.\n"
)


def program(baton: Baton, *organizers: str) -> None:
    """Organizers, a program of their own in Toronto, and the first arrangement: every Monday at 08:00."""
    tell("program.changed", PROGRAM)
    for id in organizers or ("olga",):
        tell("organizer.added", {**member(id, name=f"Olga <{id}>", roles=["organizer"]), "invited": False})
    baton.pass_time(hours=5)  # it is Monday, 09:00 in Toronto
    baton.tick()


def digests() -> list[Any]:
    return mails(kind="digest")


def until(text: str) -> None:
    clock.advance(datetime.fromisoformat(text) - clock.now())


def arrange(**typed: str) -> None:
    now = {"every": "weekly", "weekday": "0", "hour": "8", "zone": "America/Toronto"}
    with db.write("notifications") as tx:
        arranging.arrange(tx, {**now, **typed}, "organizer/olga")


def told_now() -> dict[str, Any]:
    with db.read("notifications") as tx:
        return writing.made(tx, clock.now())


# ---- once a period ----


def test_it_comes_once_a_week_to_each_organizer(baton: Baton) -> None:
    program(baton, "olga", "otto")
    assert not digests(), "what was due before Baton knew anything never comes"
    until("2027-01-11T12:59:00+00:00")
    baton.tick()
    assert not digests()
    until("2027-01-11T13:00:00+00:00")
    for _ in range(3):
        baton.tick()
    assert [(row.address, row.cause) for row in digests()] == [
        ("olga@example.org", "digest/2027-01-11"), ("otto@example.org", "digest/2027-01-11"),
    ]  # fmt: skip
    assert "Nothing new, nothing to do" in digests()[0].subject
    body = digests()[0].text.split("\n--\n")[0].strip()
    assert len(body.splitlines()) == 2, "nothing new is two lines"


@pytest.mark.parametrize("where", ["between two mails", "before the commit"])
def test_a_crash_on_the_way_neither_loses_nor_doubles_it(
    baton: Baton, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    program(baton, "olga", "otto")
    until("2027-01-11T13:00:00+00:00")
    write, dies = compose.write, [True, True]
    written: list[Any] = []

    def crash(*given: Any, **more: Any) -> Any:
        done = write(*given, **more)
        written.append(done)
        killed("schedule.ran" if where == "between two mails" else "")
        return done

    def killed(point: str) -> None:
        if point == "schedule.ran" and written and dies:
            dies.pop()
            written.clear()
            raise SystemError("killed")

    monkeypatch.setattr(compose, "write", crash)
    monkeypatch.setattr(die, "at", killed)
    baton.tick()
    assert not digests() and not baton.rows("notifications", "digest")
    for _ in range(4):
        baton.tick()
    assert not dies and len(digests()) == 2 and len(baton.rows("notifications", "digest")) == 1


def test_without_the_schedules_memory_it_is_still_one(baton: Baton) -> None:
    """Given that rows of `run` are gone, as after years, When the period is run again, Then nothing is written."""
    program(baton)
    until("2027-01-11T13:00:00+00:00")
    baton.tick()
    with db.write("notifications") as tx:
        tx.execute(db.metadata("notifications").tables["run"].delete())
    with db.write("notifications") as tx:
        writing.write(tx, "2027-01-11")
    baton.tick()
    assert len(digests()) == 1


def test_asleep_for_three_weeks_it_is_one_that_tells_of_all_three(baton: Baton) -> None:
    program(baton)
    until("2027-01-11T13:00:00+00:00")
    baton.tick()
    until("2027-01-12T13:00:00+00:00")
    tell("member.confirmed", member("ann", name="Ann Early", state="active"))
    until("2027-02-03T15:00:00+00:00")
    for _ in range(3):
        baton.tick()
    assert [row.cause for row in digests()] == ["digest/2027-01-11", "digest/2027-02-01"]
    assert "Ann Early" in digests()[1].text and "11 Jan to 3 Feb" in digests()[1].subject
    until("2027-02-08T13:00:00+00:00")
    baton.tick()
    assert len(digests()) == 3 and "Ann Early" not in digests()[2].text, "told once"


def test_it_stays_at_eight_when_the_clocks_change(baton: Baton) -> None:
    program(baton)
    until("2027-03-08T13:00:00+00:00")
    baton.tick()
    until("2027-03-15T11:59:59+00:00")
    baton.tick()
    assert len(digests()) == 1
    until("2027-03-15T12:00:00+00:00")
    baton.tick()
    assert len(digests()) == 2


def test_another_zone_day_or_period_makes_no_second_one_of_a_week(baton: Baton) -> None:
    program(baton)
    until("2027-01-11T13:00:00+00:00")
    baton.tick()
    for typed in ({"zone": "Pacific/Honolulu"}, {"zone": "Pacific/Auckland"}, {"weekday": "1"}, {"weekday": "2"}):
        arrange(**typed)
        baton.pass_time(hours=12)
        baton.tick()
    assert len(digests()) == 1
    arrange(every="monthly", weekday="0")
    until("2027-01-31T13:00:00+00:00")
    baton.tick()
    assert len(digests()) == 1
    until("2027-02-01T13:00:00+00:00")
    baton.tick()
    assert [row.cause for row in digests()] == ["digest/2027-01-11", "digest/2027-02-01"]


# ---- what it is made of ----


@pytest.fixture
def circle(baton: Baton) -> Circle:
    """A circle of whose people and organizer notifications knows."""
    program(baton)
    made = Circle(baton, "Circle A")
    tell_notifications(made)
    return made


def publish(circle: Circle, text: str = MINUTES, absent: tuple[str, ...] = ()) -> None:
    """Its first session is over, and has its minutes."""
    circle.begin(2)
    circle.baton.tick()
    circle.accept(circle.second, circle.bo)
    with db.write("sessions") as tx:
        of = reading.taken(tx, circle.first)
        attendance.record(tx, of, {id: id not in absent for id in circle.members}, "person/ada")
        items.add(tx, of, {"text": "Write <i>home</i>", "owner": circle.bo, "due": "2027-01-08"}, "person/ada")
        saving.put(tx, of, reading.texts(tx, of), "text", 0, text, "person/ada", "draft")
        publishing.publish(tx, circle.first, "person/ada")
    circle.baton.drain()


def test_a_session_in_a_digest_by_real_events(baton: Baton, circle: Circle) -> None:
    """Given minutes that were published, When the digest comes, Then it tells who came, what was decided and is due."""
    publish(circle, absent=(circle.dee,))
    until("2027-01-11T13:00:00+00:00")
    baton.tick()
    [mail] = digests()
    for words in ("3 of 4 were there", "Read chapter two", "A room.", "Write <i>home</i> (Bo Diddley, due Fri 8 Jan",
                  "/sessions/minutes?from=s1", "75 % were there", "Next: ", "coordinated by Bo Diddley"):  # fmt: skip
        assert words in mail.text, (words, mail.text)
    [item] = baton.rows("notifications", "agreed")[0]["items"]
    [minuted_at] = [row["minuted_at"] for row in baton.rows("notifications", "meeting", id="s1")]
    assert item["since"] == minuted_at.isoformat() and "Overdue: Write <i>home</i>" in mail.text
    assert "<i>home" not in mail.html and "&lt;i&gt;home" in mail.html
    page = organizer(baton).get("/notifications/digests/2027-01-11").text
    assert "Read chapter two" in page and "&lt;i&gt;home" in page and "<i>home" not in page


def test_an_item_that_was_ticked_is_open_no_more(baton: Baton, circle: Circle) -> None:
    publish(circle)
    [item] = baton.rows("sessions", "item")
    with db.write("sessions") as tx:
        items.settle(tx, item["id"], "done", f"person/{circle.bo}")
    baton.drain()
    until("2027-01-10T13:00:00+00:00")
    shown = str(told_now())
    assert "home" not in shown
    with db.write("sessions") as tx:
        items.undo(tx, item["id"], f"person/{circle.bo}")
    baton.drain()
    assert "home" in str(told_now())


def test_an_older_list_of_items_changes_nothing(baton: Baton, circle: Circle) -> None:
    publish(circle)
    with db.write("notifications") as tx:
        table = db.metadata("notifications").tables["agreed"]
        tx.execute(table.update().values(position=10_000))
    tell("items.changed", {"circle": circle.id, "items": [], "members": []}, subject=f"circle/{circle.id}")
    assert baton.rows("notifications", "agreed")[0]["items"]


def test_an_item_is_news_once_whatever_becomes_of_it(baton: Baton, circle: Circle) -> None:
    """Given an item that a digest told of, When it is done and undone, given away, and one of them is erased, Then
    it stays as old as it is; one that comes only after the digest that would have told of it is in the next."""
    publish(circle)
    until("2027-01-11T13:00:00+00:00")
    baton.tick()
    late = {"id": "i9", "person": "zoe", "text": "Ask the archive", "due": None, "since": "2027-01-10T09:00:00+00:00"}
    tell("session.minuted", minuted("s9", circle="z", items=[late], members=["zoe"]), subject="session/s9")
    baton.pass_time(hours=1)
    given = {"circle": "z", "items": [{**late, "person": "yan"}], "members": ["zoe", "yan"]}
    assert tell("items.changed", given, subject="circle/z").done
    [row], [was] = baton.rows("sessions", "item"), open_items(baton, circle)
    assert (was["id"], was["since"]) == (row["id"], row["created_at"].isoformat())
    with db.write("sessions") as tx:
        items.settle(tx, row["id"], "done", f"person/{circle.bo}")
    baton.drain()
    assert open_items(baton, circle) == []
    with db.write("sessions") as tx:
        items.undo(tx, row["id"], f"person/{circle.bo}")
        items.give(tx, row["id"], circle.cy, f"person/{circle.bo}")
    baton.drain()
    assert open_items(baton, circle) == [{**was, "person": circle.cy}]
    tell("member.erased", {"person": circle.bo})
    assert open_items(baton, circle) == [{**was, "person": circle.cy, "text": "an action item"}]
    with db.write("sessions") as tx:
        items.settle(tx, row["id"], "moved", f"person/{circle.cy}")
    baton.drain()
    [now] = open_items(baton, circle)
    assert (now["text"], now["since"]) == (was["text"], was["since"]) and now["due"] != was["due"]
    until("2027-01-18T13:00:00+00:00")
    baton.tick()
    assert ["Ask the archive" in mail.text for mail in digests()] == [False, True]


def open_items(baton: Baton, circle: Circle) -> list[dict[str, Any]]:
    """Those that notifications knows of."""
    [row] = baton.rows("notifications", "agreed", circle=circle.id)
    return list(row["items"])


def test_who_stays_away_is_named_at_every_third_time(baton: Baton) -> None:
    """Given somebody who never comes, When a digest follows each session, Then the third and the sixth name them."""
    program(baton)
    tell("member.confirmed", member("ann", name="Ann", state="active"))
    named = []
    for week in range(7):
        tell("session.minuted", minuted(f"s{week}", members=["ann", "bo"], present=["bo"]), subject=f"session/s{week}")
        baton.pass_time(days=7)
        baton.tick()
        if "running" in digests()[-1].text:
            named.append(week + 1)
    assert len(digests()) == 7 and named == [3, 6]


def test_who_is_not_there_for_the_third_time_is_named(baton: Baton) -> None:
    program(baton)
    tell("member.confirmed", member("ann", name="Ann", state="active"))
    tell("member.confirmed", member("bo", name="Bo", state="active"))
    for week in range(4):
        tell("session.minuted", minuted(f"s{week}", members=["ann", "bo"], present=["bo"]))
        told = told_now()
        silent = [each["person"] for each in told["needs"] if each["what"] == "silent"]
        assert silent == (["ann"] if week >= 2 else []), week
        baton.pass_time(days=7)
    tell("member.paused", member("ann", name="Ann", state="paused"))
    assert "silent" not in str(told_now()["needs"])


def minuted(session: str, **fields: Any) -> dict[str, Any]:
    """What session.minuted carries."""
    now = clock.now().isoformat()
    return {
        "session": session, "circle": "c", "stream": "stream1", "title": "Circle C", "day": now[:10], "starts_at": now,
        "coordinator": None, "mentor": None, "by": "person/bo", "text": "", "cut": False, "reasons": [], "items": [],
        "present": [], "members": [], "to": [], "organizers": [], "next": None, "correct_until": now, **fields,
    }  # fmt: skip


def seat(**fields: Any) -> dict[str, Any]:
    starts = clock.now() + timedelta(days=2)
    return {
        "session": "s1", "circle": "c", "name": "Circle C", "stream": "stream1", "role": "coordinator", "minutes": 60,
        "day": starts.date().isoformat(), "starts_at": starts.isoformat(), **fields,
    }  # fmt: skip


def test_a_seat_needs_somebody_until_somebody_says_yes(baton: Baton) -> None:
    program(baton)
    tell("turn.opened", seat(to=[], organizers=[]), subject="session/s1")
    [need] = told_now()["needs"]
    assert (need["what"], need["path"]) == ("seat", "/sessions/circles/c/turns")
    tell("member.confirmed", member("ann", name="Ann", state="active"))
    tell("turn.accepted", seat(turn="t", person="ann", by="person/ann", told=[]), subject="turn/t")
    assert not told_now()["needs"]


def test_members_with_a_place_and_no_date_need_somebody(baton: Baton) -> None:
    """Given a new circle, When a day is over, Then organizers are asked for its dates until it meets."""
    program(baton)
    tell("member.confirmed", member("ann", name="Ann", state="active"))
    joined = {"circle": "c", "name": "Starting out", "stream": "stream1", "how": "placed", "former": None}
    joined |= {"session": None, "starts_at": None, "minutes": None, "link": None, "location": None}
    assert tell("circle.joined", {"person": "ann", "members": ["ann"], **joined}).done
    assert not told_now()["needs"], "they came just now"
    baton.pass_time(hours=25)
    [need] = told_now()["needs"]
    assert (need["what"], need["number"], need["path"]) == ("dates", 1, "/sessions/circles?show=dates")
    page = signed_in(baton.client("sessions"), "olga", "organizer").get(need["path"])
    assert page.status_code == 200 and "Needs dates" in page.text
    tell("turn.accepted", seat(turn="t", person="ann", by="person/ann", told=[]), subject="turn/t")
    assert not told_now()["needs"]


def test_late_minutes_need_somebody_until_they_are_there(baton: Baton) -> None:
    program(baton)
    late = {name: minuted("s1")[name] for name in ("session", "circle", "stream", "title", "day", "starts_at")}
    tell("minutes.missed", {**late, "coordinator": None, "who": "coordinator", "to": []}, subject="session/s1")
    assert not told_now()["needs"]
    tell("minutes.missed", {**late, "coordinator": None, "who": "organizers", "to": ["olga"]}, subject="session/s1")
    assert [each["what"] for each in told_now()["needs"]] == ["minutes"]
    tell("session.minuted", minuted("s1"), subject="session/s1")
    assert not told_now()["needs"]


def test_who_is_erased_is_in_no_digest_and_in_no_copy(baton: Baton, circle: Circle) -> None:
    """Given a digest that was kept and mailed, When one whom it names is erased, Then nothing of theirs is left."""
    publish(circle)
    until("2027-01-11T13:00:00+00:00")
    baton.tick()
    assert "Bo Diddley" in digests()[0].text
    tell("member.erased", {"person": circle.bo})
    for table in ("digest", "meeting", "agreed", "news", "mail"):
        if table != "mail":
            rows = str(baton.rows("notifications", table))
        else:
            rows = "".join(f"{row.text}{row.html}{row.subject}{row.made_of}{row.raw!r}" for row in digests())
        for words in ("Bo Diddley", "chapter two", "Write", "A room"):
            assert words not in rows, (table, words)
    text = digests()[0].text
    assert "4 of 4 were there" in text and "somebody who was erased" in text
    assert organizer(baton).get("/notifications/digests/2027-01-11").status_code == 200


HOSTILE = ["<script>alert(1)</script>", "{{ 1237*5653 }}", "{% raw %}", "\u202eevil", "x\r\nBcc: all@example.org",
           "🏃" * 300, "a" * 5000, "&amp;", "=?utf-8?q?Ann=0ABcc:_x?="]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_and_minutes_stay_text(baton: Baton, name: str) -> None:
    program(baton)
    tell("member.confirmed", member("ann", name=name[:400], state="active"))
    item = {"person": "ann", "text": name[:500], "due": "2027-01-05"}
    data = minuted(
        "s1", title=name[:200], text=f"## Decisions\n\n{name}\n\n## Help\n\n{name}", members=["ann"], items=[item]
    )
    assert tell("session.minuted", data, subject="session/s1").done
    until("2027-01-11T13:00:00+00:00")
    baton.tick()
    [mail] = digests()
    page = organizer(baton).get("/notifications/digests/2027-01-11")
    assert page.status_code == 200
    for html in (mail.html, page.text.split("<main")[1].split("</main>")[0]):
        assert "<script>alert" not in html and "6992761" not in html
    assert b"\nBcc" not in mail.raw.partition(b"\r\n\r\n")[0]


# ---- pages ----


def organizer(baton: Baton) -> Any:
    client = baton.client("notifications")
    return signed_in(client, "olga", "organizer")


def test_pages_say_what_comes_next_and_change_nothing(baton: Baton) -> None:
    program(baton)
    client, before = organizer(baton), baton.dump()
    first = client.get("/notifications/digests").text
    assert "No digest yet" in first and "every Monday at 08:00" in first
    assert "Nothing is new" in client.get("/notifications/digests/next").text
    assert client.get("/notifications/digests/settings").status_code == 200
    for period in ("2027-01-11", "x", "..", "%00", "2" * 300):
        assert client.get(f"/notifications/digests/{period}").status_code in (400, 404), period
    assert baton.dump() == before
    assert baton.client("notifications").get("/notifications/digests").status_code in (302, 303, 401)


def test_an_arrangement_is_saved_and_stands_in_the_log(baton: Baton) -> None:
    program(baton)
    client = organizer(baton)
    typed = {"every": "fortnightly", "weekday": "4", "hour": "17", "zone": "Europe/Berlin"}
    for _ in range(2):
        assert client.post("/notifications/digests/settings", data=typed).status_code == 303
    baton.drain()
    [row] = [each for each in baton.rows("signup", "audit") if each["what"] == "digest.arranged"]
    assert row["by"] == "organizer/olga" and "The digest comes every second Friday at 17:00" in row["detail"]["said"]
    assert "every second Friday at 17:00" in client.get("/notifications/digests?saved").text


@pytest.mark.parametrize(
    ("field", "value"),
    [("every", "hourly"), ("every", ""), ("weekday", "7"), ("weekday", "-1"), ("hour", "24"), ("hour", "٣"),
     ("zone", "Mars/Base"), ("zone", "../etc/passwd"), ("zone", "\x00")],
)  # fmt: skip
def test_what_cannot_be_is_named_and_nothing_is_lost(baton: Baton, field: str, value: str) -> None:
    program(baton)
    typed = {"every": "monthly", "weekday": "2", "hour": "6", "zone": "Asia/Kolkata", field: value}
    answer = organizer(baton).post("/notifications/digests/settings", data=typed)
    assert answer.status_code == 422 and f'href="#f-{field}"' in answer.text
    if field != "hour":
        assert '<option value="6" selected>06:00' in answer.text
    assert baton.rows("notifications", "rhythm")[0]["every"] == "weekly"


def test_what_arrives_late_is_told_by_the_next_one(baton: Baton) -> None:
    """Given that somebody left before a digest, When it is told only afterwards, Then the next one names them."""
    program(baton)
    tell("member.confirmed", member("ann", name="Ann Late", state="active"))
    until("2027-01-11T13:00:00+00:00")
    baton.tick()
    tell("member.left", member("ann", name="Ann Late", state="left"))  # at the instant at which the digest ended
    tell("session.minuted", minuted("s1", members=["ann"], present=["ann"]), subject="session/s1")
    until("2027-01-18T13:00:00+00:00")
    baton.tick()
    first, second = digests()
    assert "New: Ann Late" in first.text and "Left:" not in first.text
    assert "Left: Ann Late" in second.text and "New:" not in second.text and "1 of 1 were there" in second.text
    until("2027-01-25T13:00:00+00:00")
    baton.tick()
    assert "Nothing new" in digests()[2].subject
