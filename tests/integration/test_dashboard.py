"""The dashboard: the digest of now, by construction; how circles, streams and people are, and why; its numbers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.blog.handlers import member_erased
from services.notifications.digest import wording, writing
from services.notifications.views.dashboard import page as shown
from services.sessions import minutes
from shared import clock, copies, db
from shared.events import Event, replay
from tests.conftest import Baton
from tests.integration.test_digest import HOSTILE, minuted, organizer, program, publish, seat, until
from tests.integration.test_offers import decides
from tests.meeting import Circle, tell_notifications
from tests.offering import Ada
from tests.told import applicant, mails, member, spoken, tell

MAIN = "<main"
HOME = "/notifications/dashboard"


def page(baton: Baton, path: str = HOME) -> str:
    """What an organizer reads, as HTML, without the frame around it."""
    answer = organizer(baton).get(path)
    assert answer.status_code == 200, answer.text
    return str(answer.text.split(MAIN)[1].split("</main>")[0])


def join(*ids: str, stream: str = "stream1") -> None:
    for id in ids:
        tell("member.confirmed", member(id, name=id.title(), state="active", stream=stream))


def met(session: str, circle: str = "c", present: int = 4, of: int = 4, next: bool = True, **fields: Any) -> None:
    """A session of a circle that is over, with its minutes; `next` in a week."""
    members = [f"{circle}-{number}" for number in range(of)]
    starts = clock.now() - timedelta(hours=2)
    then = {"session": f"{session}+", "starts_at": (starts + timedelta(days=7)).isoformat(), "coordinator": None}
    told = minuted(session, circle=circle, title=f"Circle {circle.upper()}", members=members, present=members[:present],
                   starts_at=starts.isoformat(), next=then if next else None, **fields)  # fmt: skip
    assert tell("session.minuted", told, subject=f"session/{session}").done


def board(baton: Baton) -> dict[str, Any]:
    with baton.app("notifications").test_request_context():
        return shown()


def test_it_says_what_comes_next_before_anything_happened(baton: Baton) -> None:
    program(baton)
    before = baton.dump()
    text = page(baton)
    assert "Nothing has happened so far" in text and 'href="/sessions/circles"' in text
    assert "No circle meets so far" in page(baton, f"{HOME}/circles")
    assert baton.dump() == before, "reading changes nothing"


def test_only_organizers_see_it(baton: Baton) -> None:
    program(baton)
    for path in (HOME, f"{HOME}/circles"):
        assert baton.client("notifications").get(path).status_code in (302, 303, 401)


def test_digest_and_dashboard_say_the_same_of_the_same(baton: Baton) -> None:
    """Given all that a digest can tell, When both are asked at the same instant, Then each sentence stands in both."""
    program(baton)
    join("ann", "bo")
    for week in range(3):
        text = "## Decisions\n\n- Read on\n\n## Help\n\nA room.\n"
        items = [{"person": "bo", "text": "Call home", "due": clock.now().date().isoformat()}]
        told = minuted(f"s{week}", members=["ann", "bo"], present=["bo"], text=text, items=items)
        tell("session.minuted", told, subject=f"session/s{week}")
        baton.pass_time(days=2)
    tell("turn.opened", seat(session="s9", to=[], organizers=[]), subject="session/s9")
    with db.read("notifications") as tx:
        digest = wording.shown(writing.made(tx, clock.now()), "America/Toronto")
    assert board(baton)["digest"] == digest
    here, there = page(baton), page(baton, "/notifications/digests/next")
    for words in ("Nobody coordinates Circle C", "was not there 3 times running", "Read on", "A room.",
                  digest["title"], *digest["numbers"], *digest["people"]):  # fmt: skip
        assert words in here and words in there, words
    needs = [part.split("</div>")[0] for part in there.split('<div class="card">')[1:]]
    assert needs and all(need in here for need in needs), "the same buttons, leading to the same pages"


def test_each_circle_has_a_state_a_reason_and_a_way_to_mend_it(baton: Baton) -> None:
    program(baton)
    met("s1", "good")
    met("s2", "few", present=1)
    met("s3", "stuck", next=False)
    for week in range(3):
        met(f"s4{week}", "empty", present=1)
    tell(
        "turn.opened", seat(session="s9", circle="open", name="Circle OPEN", to=[], organizers=[]), subject="session/s9"
    )
    found = {each["name"]: each for each in board(baton)["circles"]}
    assert [(name.split()[1], each["state"]) for name, each in found.items()] == [
        ("EMPTY", "in trouble"), ("OPEN", "in trouble"), ("FEW", "to watch"), ("STUCK", "to watch"), ("GOOD", "well"),
    ]  # fmt: skip
    assert "fewer than half came 3 times running" in found["Circle EMPTY"]["why"].lower()
    assert found["Circle OPEN"]["path"] == "/sessions/circles/open/turns"
    assert found["Circle STUCK"]["path"] == "/sessions/circles/stuck/dates"
    text = page(baton)
    for word, why in (("in trouble", "Nobody coordinates"), ("well", "4 of 4 came last time, and nothing waits")):
        assert f"</svg>{word}</span>" in text and why in text


def test_circles_stand_in_the_order_in_which_people_count(baton: Baton) -> None:
    program(baton)
    for number in ("10", "2", "1"):
        met(f"s{number}", number)
    assert [each["name"] for each in board(baton)["circles"]] == ["Circle 1", "Circle 2", "Circle 10"]


def test_who_is_not_there_time_after_time_is_named_until_they_come_or_pause(baton: Baton) -> None:
    program(baton)
    join("ann", "bo")
    for week in range(6):
        told = minuted(f"s{week}", members=["ann", "bo"], present=["bo"])
        tell("session.minuted", told, subject=f"session/s{week}")
        states = [(each["name"], each["state"]) for each in board(baton)["board"]["people"]]
        assert states == ([] if week < 2 else [("Ann", "to watch" if week < 5 else "in trouble")]), week
        baton.pass_time(days=7)
    tell("member.paused", member("ann", name="Ann", state="paused"))
    assert not board(baton)["board"]["people"]
    tell("member.returned", member("ann", name="Ann", state="active"))
    assert board(baton)["board"]["people"]
    told = minuted("s6", members=["ann", "bo"], present=["ann"])
    tell("session.minuted", told, subject="session/s6")
    assert not board(baton)["board"]["people"]


def test_the_funnel_counts_everybody_once(baton: Baton) -> None:
    """Given people at every step, told twice, one of them erased and one imported in error, Then sums are right."""
    program(baton)
    for id in ("ann", "bo", "cy", "dee", "eve"):
        for _ in range(2):
            tell("application.received", applicant(id))
    tell("application.expired", {"person": "eve"})
    join("ann", "bo", "cy")
    for id in ("ann", "bo"):
        told = {
            "person": id,
            "circle": "c",
            "name": "C",
            "stream": "stream1",
            "how": "placed",
            "former": None,
            "members": [id],
            "session": None,
            "starts_at": None,
            "minutes": None,
            "link": None,
            "location": None,
        }
        tell("circle.joined", told)
        tell("circle.joined", told)
    tell("session.minuted", minuted("s1", members=["ann", "bo"], present=["ann"]), subject="session/s1")
    numbers = [each["number"] for each in board(baton)["board"]["funnel"]]
    assert numbers == ["5", "3", "2", "1", "1"]
    tell("member.erased", {"person": "ann"})
    assert [each["number"] for each in board(baton)["board"]["funnel"]] == ["5", "3", "2", "1", "0"]
    tell("application.imported", {**applicant("flo"), "by": "olga", "reminder": False})
    tell("application.withdrawn", {"person": "flo"})
    assert board(baton)["board"]["funnel"][0]["number"] == "5"


def test_turns_and_minutes_are_counted(baton: Baton) -> None:
    program(baton)
    join("ann", "bo", "cy")
    for number in range(5):
        tell("session.minuted", minuted(f"s{number}", coordinator="ann"), subject=f"session/s{number}")
    tell("session.minuted", minuted("s5", coordinator="bo"), subject="session/s5")
    missed = {name: minuted("s6")[name] for name in ("session", "circle", "stream", "title", "day", "starts_at")}
    tell("minutes.missed", {**missed, "coordinator": None, "who": "organizers", "to": []}, subject="session/s6")
    baton.pass_time(days=2)
    told = board(baton)["board"]
    assert [each["number"] for each in told["turns"]] == ["1", "1", "0", "0", "1"]
    assert [each["number"] for each in told["minutes"]] == ["6", "0", "0", "1"]
    tell("session.minuted", minuted("s6", starts_at=missed["starts_at"]), subject="session/s6")
    assert [each["number"] for each in board(baton)["board"]["minutes"]] == ["6", "1", "0", "0"]


def test_of_many_circles_it_shows_exceptions_and_the_rest_can_be_found(baton: Baton) -> None:
    program(baton)
    for number in range(60):
        met(f"s{number}", f"n{number:02}", present=1 if number < 3 else 4)
    text = page(baton)
    assert "Circles that need a look" in text and "Circle N00" in text and "Circle N40" not in text
    assert "57 well" in text
    listed = page(baton, f"{HOME}/circles")
    assert "1 to 50 of 60 circles" in listed and "Circle N59" not in listed
    assert "Circle N59" in page(baton, f"{HOME}/circles?page=2")
    assert listed.index("Circle N00") < listed.index("Circle N03")
    found = page(baton, f"{HOME}/circles?q=n41&show=well&stream=stream1")
    assert "Circle N41" in found and "Circle N42" not in found
    assert "No circle is like that" in page(baton, f"{HOME}/circles?q=nowhere")


ODD = ["page=0", "page=-1", "page=x", "page=99999999999", "page=²", "q=%00", "show=all", "stream=x",
       "q=%F0%9F%8F%83&page=2", "q=" + "a" * 3000, "page=1&page=2"]  # fmt: skip


@pytest.mark.parametrize("query", ODD)
def test_odd_addresses_find_a_page(baton: Baton, query: str) -> None:
    program(baton)
    met("s1")
    assert organizer(baton).get(f"{HOME}/circles?{query}").status_code in (200, 400, 414)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(baton: Baton, name: str) -> None:
    program(baton)
    tell("member.confirmed", member("ann", name=name[:400], state="active"))
    for week in range(3):
        told = minuted(f"s{week}", title=name[:200], members=["ann", "bo"], present=["bo"])
        tell("session.minuted", told, subject=f"session/s{week}")
    for path in (HOME, f"{HOME}/circles"):
        text = page(baton, path)
        assert "<script>alert" not in text and "6992761" not in text


def test_who_is_erased_is_named_no_more(baton: Baton) -> None:
    program(baton)
    join("ann", "bo")
    for week in range(3):
        told = minuted(f"s{week}", members=["ann", "bo"], present=["bo"])
        tell("session.minuted", told, subject=f"session/s{week}")
    assert "Ann" in spoken(page(baton))
    tell("member.erased", {"person": "ann"})
    assert "Ann" not in spoken(page(baton))


# ---- built anew ----

KEPT = ("meeting", "attended", "addressed", "agreed", "place", "arrival", "person", "program", "stream")


@pytest.fixture
def circle(baton: Baton) -> Circle:
    """A circle of whose people and organizer notifications knows."""
    program(baton)
    made = Circle(baton, "Circle A")
    tell_notifications(made)
    return made


def test_emptied_and_replayed_it_is_what_it_was(baton: Baton, circle: Circle) -> None:
    """Given sessions with minutes, items, turns and a digest, When all that was kept of them is deleted and told anew,
    Then each row is as before, nobody is mailed, and no digest tells a thing again."""
    publish(circle, absent=(circle.dee,))
    with db.write("sessions") as tx:  # Bo's yes, as the fixture writes it, leaves the word that the seat is open
        tx.execute(db.metadata("sessions").tables["told"].delete())
    for row in baton.rows("sessions", "place"):
        there = {"person": row["person"], "since": row["since"].isoformat(), "circle": row["circle"]}
        tell("place.snapshot", there)
    until("2027-01-11T13:00:00+00:00")
    baton.tick()
    before = {table: baton.rows("notifications", table) for table in KEPT}
    said, sent = board(baton), len(mails())
    assert before["meeting"] and before["attended"] and before["agreed"]
    with db.write("notifications") as tx:
        for name in ("attended", "addressed", "meeting", "agreed", "place"):
            tx.execute(db.metadata("notifications").tables[name].delete())
    assert not board(baton)["circles"]
    for _ in range(2):
        replay.replay("sessions", "notifications")
        baton.drain()
        after = {table: baton.rows("notifications", table) for table in KEPT}
        for rows in (before, after):
            for row in rows["agreed"]:
                row.pop("position", None)
                row["items"] = [{**each, "since": None} for each in row["items"]]  # told anew, it is no news
        for table in KEPT[:4]:
            assert after[table] == before[table], table
        assert board(baton)["board"] == said["board"] and board(baton)["circles"] == said["circles"]
        assert board(baton)["digest"] == said["digest"], "what was told is not told again"
    assert len(mails()) == sent


def test_who_was_erased_comes_back_by_no_replay(baton: Baton, circle: Circle) -> None:
    publish(circle)
    replay.replay("sessions", "notifications")
    baton.drain()
    assert "chapter two" in str(baton.rows("sessions", "event", type="session.snapshot"))
    with db.write("sessions") as tx:
        copies.blank(tx, db.metadata("sessions").tables["person"], circle.bo)
        minutes.forget(tx, circle.bo)
    assert "chapter two" not in str(baton.rows("sessions", "event", type="session.snapshot"))
    tell("member.erased", {"person": circle.bo})
    replay.replay("sessions", "notifications")
    baton.drain()
    for words in ("chapter two", "A room"):
        assert words not in str(baton.rows("notifications", "meeting"))
    told = [row["data"] for row in baton.rows("sessions", "event", type="session.snapshot")]
    assert told and "chapter two" not in str(told)


def test_the_funnel_comes_back_as_far_as_events_go(baton: Baton) -> None:
    program(baton)
    since = "2026-12-01T10:00:00+00:00"
    tell("place.snapshot", {"person": "ann", "since": "2026-12-03T10:00:00+00:00"})
    tell("member.snapshot", member("ann", name="Ann", state="active", joined_at=since))
    [row] = baton.rows("notifications", "arrival", person="ann")
    assert row["applied_at"].isoformat() == row["confirmed_at"].isoformat() == since
    assert row["placed_at"].isoformat() == "2026-12-03T10:00:00+00:00"


def test_who_is_on_the_way_to_a_first_post_is_named_until_it_is_published(baton: Baton) -> None:
    program(baton)
    join("ann", "bo", "cy", "dee")
    now = clock.now().isoformat()
    for id in ("ann", "bo", "cy", "dee"):
        tell("post.awaited", {"person": id, "step": 3, "due_at": now, "pushed": 0, "blog": True, "posts": 1})

    def on_the_way() -> set[str]:
        [said] = [words for words in board(baton)["digest"]["people"] if words.startswith("On the way")]
        return set(said.removeprefix("On the way to their first post: ").rstrip(".").split(", "))

    assert on_the_way() == {"Ann", "Bo", "Cy", "Dee"}
    # A place on the mentees page is no post, a post in review is not published, and Ann's is not Dee's.
    offer = {"kind": "post", "title": "Looms", "original": "https://a.example/", "since": now, "opened_at": now}
    for id, what, state, published in (
        ("ann", "post", "merged", now),
        ("bo", "profile", "merged", now),
        ("cy", "post", "open", None),
    ):
        told = {"offer": f"of-{id}", "person": id, "what": what, "state": state, "published_at": published}
        tell("offer.moved", offer | told)
    assert on_the_way() == {"Bo", "Cy", "Dee"}


def test_posts_are_told_from_real_offers_and_come_back_by_replay(baton: Baton, tmp_path: Path) -> None:
    """Given a post in review, accepted, another declined, and one whose author goes, Then digest and dashboard tell
    each once, in the same words; and emptied and told anew they are as before."""
    program(baton)
    ada = Ada(baton, tmp_path)
    join("bo")
    tell("member.confirmed", member(ada.person, name="Ada Lovelace", state="active"))
    first = ada.offer(ada.writes())
    baton.pass_time(days=3)
    told = board(baton)["digest"]
    assert "waits for somebody to accept or decline it, for 3 days." in told["needs"][0]["text"]
    assert told["needs"][0]["path"] == f"/blog/offers/{first['id']}" and "1 waiting" in told["numbers"][-1]
    answers = lambda: [each["number"] for each in board(baton)["board"]["answers"]]  # noqa: E731
    firsts = lambda: [each["number"] for each in board(baton)["board"]["firsts"]]  # noqa: E731
    assert answers() == ["0", "0", "0", "1"] and firsts() == ["0", "0", "1", "0", "1"]
    ada.offer(ada.writes("On Better Engines"))
    assert "“On Better Engines” by Ada Lovelace" in board(baton)["digest"]["needs"][0]["text"]
    second = ada.offer(ada.writes("On Looms", path="content/posts/on-looms.md"))
    waits = board(baton)["digest"]
    assert waits["needs"][0]["text"] == "2 posts wait for you, the longest for 3 days." and not waits["people"][1:]
    decides("accept", ada.offer(first["post"]))
    decides("decline", ada.offer(second["post"]))
    ada.offer(first["post"])
    assert answers() == ["2", "0", "0", "0"]
    assert firsts() == ["1", "0", "0", "0", "1"]
    said = board(baton)["digest"]
    assert not said["needs"] and [each["title"] for each in said["posts"]] == ["New on the program’s blog", "Declined"]
    here, there = page(baton), page(baton, "/notifications/digests/next")
    for words in ("“On Better Engines” by Ada Lovelace", "“On Looms” by Ada Lovelace", f"/blog/offers/{second['id']}"):
        assert words in here and words in there, words
    until("2027-01-18T13:00:00+00:00")
    baton.tick()
    [mail] = [row for row in mails(kind="digest") if "On Looms" in row.text]
    assert "On Better Engines" in mail.text and f"/blog/offers/{first['id']}" in mail.text and "Posts" in mail.html
    assert not board(baton)["digest"]["posts"], "what a digest told is told by none again"

    kept, now = baton.rows("notifications", "offered"), board(baton)
    with db.write("notifications") as tx:
        tx.execute(db.metadata("notifications").tables["offered"].delete())
    for _ in range(2):
        replay.replay("blog", "notifications")
        baton.drain()
        assert baton.rows("notifications", "offered") == kept and board(baton) == now

    ada.offer(ada.writes("On Engines Again"))
    tell("member.erased", {"person": ada.person})
    event = Event(position=1, id="e", source="signup", type="member.erased", version=1, subject=f"person/{ada.person}",
                  seq=9, time=clock.now(), correlation=None, erased=False, data={"person": ada.person})  # fmt: skip
    with db.write("blog") as tx:
        member_erased(tx, event)
    baton.drain()
    ada.offer(first["post"])
    for service, table in (("notifications", "offered"), ("notifications", "digest"), ("blog", "event")):
        assert "On " not in str(baton.rows(service, table)), table
    [need] = board(baton)["digest"]["needs"]
    assert "removal of a post by somebody who was erased" in need["text"].lower()
