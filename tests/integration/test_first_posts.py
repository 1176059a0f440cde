"""A first post within 60 days: private reminders by what is true of posts, which can be moved and turned off."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from services.blog import firsts
from services.notifications.mail import preferences
from services.signup import people
from shared import clock, db, schedule
from tests.conftest import Baton
from tests.signup import signed_in
from tests.told import mails
from tests.turns import join


def to_day(baton: Baton, joined: Any, day: float) -> None:
    """Let it be so many days after they joined; what is due is done."""
    clock.advance(joined + timedelta(days=day, hours=1) - clock.now())
    baton.tick()
    baton.tick()


def offered(person: str, state: str, published: bool = False) -> None:
    """A post of theirs with an offer in that state."""
    tables, now = db.metadata("blog").tables, clock.now()
    ids = {name: db.new_id() for name in ("blog", "post", "offer")}
    with db.write("blog") as tx:
        tx.execute(tables["blog"].insert().values(
            id=ids["blog"], person=person, kind="feed", address=ids["blog"], roots=[], state="active", missing=[],
            created_at=now))  # fmt: skip
        tx.execute(tables["post"].insert().values(
            id=ids["post"], blog=ids["blog"], path="p", commit="", blob="", rev=1, title="T", state="wanted", reason="",
            created_at=now, changed_at=now))  # fmt: skip
        tx.execute(tables["offer"].insert().values(
            id=ids["offer"], post=ids["post"], person=person, state=state, kind="post", reason="", rev=1, looked=0,
            round=0, moved=False, files=[], live=[], title="T", original="", text="", body="", notes=[], changed_at=now,
            published_at=now if published else None, leased=1e12, asked=0))  # fmt: skip


def joined_at(baton: Baton, person: str) -> Any:
    return baton.rows("blog", "person", id=person)[0]["joined_at"]


@pytest.fixture
def ada(baton: Baton) -> str:
    return join(baton, "Ada")


def test_four_reminders_each_once_saying_why_and_none_once_a_post_is_there(baton: Baton, ada: str) -> None:
    bea, cyd, dee, eve = (join(baton, name) for name in ("Bea", "Cyd", "Dee", "Eve"))
    offered(bea, "open")
    offered(cyd, "merged", published=True)
    offered(dee, "closed")
    with db.write("signup") as tx:
        people.pause(tx, f"person/{eve}", eve)
    baton.drain()
    start = joined_at(baton, ada)
    for day, number in ((45, 0), (46, 1), (50, 1), (57, 2), (63, 3), (70, 4), (80, 4), (200, 4)):
        to_day(baton, start, day)
        assert len(mails(kind="first-post", person=ada)) == number, day
    found = mails(kind="first-post", person=ada)
    assert "Yours is hoped for by" in found[0].text and "it is not too late" in found[3].text
    assert "you joined" in found[0].text and found[0].list == "first-post" and not found[0].duty
    assert not [mail for who in (bea, cyd, eve) for mail in mails(kind="first-post", person=who)]
    assert len(mails(kind="first-post", person=dee)) == 4, "what was declined is no post so far"
    kinds = [row["kind"] for row in baton.rows("notifications", "news", person=ada)]
    assert kinds.count("writing") == 4, "digest and dashboard tell who is on the way"


def test_asleep_for_weeks_it_is_one(baton: Baton, ada: str) -> None:
    to_day(baton, joined_at(baton, ada), 71)
    assert [row["step"] for row in baton.rows("blog", "nudge")] == [10] and len(mails(kind="first-post")) == 1


def test_who_comes_back_between_two_of_them_gets_one_and_the_other_days_later(baton: Baton, ada: str) -> None:
    """Given that Ada was away until the day before the last reminder, Then the two are not a day apart."""
    start = joined_at(baton, ada)
    for day, number in ((69, 1), (70.5, 1), (73, 1), (74.5, 2), (80, 2)):
        to_day(baton, start, day)
        assert len(mails(kind="first-post")) == number, day
        if day == 70.5:
            with db.read("blog") as tx:
                assert firsts.next_due(tx, clock.now()) == start + timedelta(days=74, hours=1)
    assert [
        mail.subject.startswith("Still time for your first post: it was hoped for by ")
        for mail in mails(kind="first-post")
    ] == [True, True]


def test_who_wants_two_of_them_gets_one_before_and_one_after_whichever_day_that_is(baton: Baton, ada: str) -> None:
    """Given that Ada was away on two of the days, Then the others come instead, and anew once it is moved."""
    start = joined_at(baton, ada)
    with db.write("notifications") as tx:
        preferences.choose(tx, ada, {"first-post": "less"})
    for day, number in ((58, 1), (71, 2)):
        to_day(baton, start, day)
        assert len(mails(kind="first-post")) == number, day
    with db.write("blog") as tx:
        firsts.snooze(tx, ada, 0)
    for day, number in ((77, 3), (88, 3), (94, 4), (101, 4)):
        to_day(baton, start, day)
        assert len(mails(kind="first-post")) == number, day
    assert [row["step"] for row in sorted(baton.rows("blog", "nudge"), key=lambda row: row["at"])] == [
        -3, 10, -14, -3, 3, 10
    ]  # fmt: skip


def test_moved_by_link_once_however_often_it_is_pressed(baton: Baton, ada: str) -> None:
    start = joined_at(baton, ada)
    to_day(baton, start, 46)
    link = re.search(r"/blog/first-post/[\w.-]+", mails(kind="first-post")[0].text)
    assert link
    client, before = baton.client("blog"), baton.dump()
    for _ in range(3):
        page = client.get(link[0])
        assert page.status_code == client.head(link[0]).status_code == 200 and "Give me 30 more days" in page.text
    assert baton.dump() == before
    for bad in (link[0][:-1], "/blog/first-post/x", link[0].replace("first-post", "place")):
        assert client.post(bad).status_code in (404, 410)
    for _ in range(3):
        assert client.post(link[0]).status_code == 303
    assert [row["days"] for row in baton.rows("blog", "pushed")] == [30]
    assert "It is moved" in client.get(link[0]).text
    with db.read("blog") as tx:
        due = [each.period.upcoming(tx, clock.now()) for each in schedule.jobs("blog") if each.name == "posts.await"]
    assert due[0] is not None and start + timedelta(days=76) <= due[0] < start + timedelta(days=76, hours=1)
    to_day(baton, start, 70)
    assert len(mails(kind="first-post")) == 1
    to_day(baton, start, 76)
    assert len(mails(kind="first-post")) == 2
    own = signed_in(baton.client("blog"), ada, "member")
    answer = own.post("/blog/api/mine/first-post/later", json={}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.get_json().get("days") == 60, answer.text
    client.post(link[0])  # of the first mail, once more
    assert [row["days"] for row in baton.rows("blog", "pushed")] == [60]
    offered(ada, "open")
    assert "Nothing waits for you" in client.get(link[0]).text
    assert (
        own.post("/blog/api/mine/first-post/later", json={}, headers={"Sec-Fetch-Site": "same-origin"}).status_code
        == 422
    )
    assert client.post(link[0]).status_code == 409


def test_who_wants_none_or_leaves_gets_none(baton: Baton, ada: str) -> None:
    bea = join(baton, "Bea")
    with db.write("notifications") as tx:
        preferences.choose(tx, ada, {"first-post": "none"})
    start = joined_at(baton, ada)
    to_day(baton, start, 46)
    assert [mail.person for mail in mails(kind="first-post")] == [bea]
    with db.write("signup") as tx:
        people.leave(tx, f"person/{bea}", bea)
    baton.drain()
    to_day(baton, start, 57)
    assert [mail.person for mail in mails(kind="first-post")] == [bea]
