"""The timeline of asking: who is asked when, what silence does, and that ticks may come late, never or twice."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from services.sessions.invites import answering as invited
from services.sessions.turns import absences, answering, asking
from services.signup import people
from shared import clock, db
from tests.turns import (
    circle,
    do,
    enter,
    join,
    kinds,
    person,
    promise_four,
    session,
    sessions,
    tick,
    turn,
    turns,
)


def test_the_whole_timeline_of_a_session_that_nobody_answers(baton: Any) -> None:
    where = circle(baton, "Ada", "Bea", "Cem")
    one, two, *_ = [row["id"] for row in sessions(baton, where)]
    tick(baton)
    assert turns(baton, one) == {"Ada": "offered"}, "a circle's first: when it is planned; who joined first"
    asked = turn(baton, one, "Ada")
    assert asked["answer_by"] == clock.now() + timedelta(days=9), "five days before"
    assert not turns(baton, two), "nobody is asked for the one after before it has ended"
    tick(baton, days=8, hours=23)
    assert turns(baton, one) == {"Ada": "offered"}
    tick(baton, hours=1)
    assert turns(baton, one) == {"Ada": "lapsed", "Bea": "offered"}
    assert turn(baton, one, "Bea")["answer_by"] == clock.now() + timedelta(hours=24)
    tick(baton, hours=24)
    assert turns(baton, one) == {"Ada": "lapsed", "Bea": "lapsed", "Cem": "offered"}
    tick(baton, hours=24)
    assert turns(baton, one)["Cem"] == "lapsed"
    assert [kinds(baton, name)[-1] for name in ("Ada", "Bea", "Cem")] == ["turn-open"] * 3, "there is nobody left"
    tick(baton, days=1)
    assert sum(row["kind"] == "turn-open" for row in baton.rows("notifications", "mail")) == 3, "told once"
    answering_by = f"person/{person(baton, 'Bea')}"
    assert do(answering.volunteer, one, person(baton, "Bea"), answering_by) == "accepted"
    baton.drain()
    assert turns(baton, one) == {"Ada": "lapsed", "Bea": "accepted", "Cem": "lapsed"}
    assert sessions(baton, where)[0]["state"] == "confirmed"
    assert kinds(baton, "Ada") == ["turn", "turn-lapsed", "turn-open"], "who has it now is told by the invites"
    assert kinds(baton, "Cem") == ["turn", "turn-open"], "nobody else was asked after Cem: one mail says what is so now"
    [lapsed] = baton.rows("notifications", "mail", kind="turn-lapsed", person=person(baton, "Ada"))
    assert "so somebody else is asked" in lapsed["text"]
    tick(baton, days=2, hours=1)
    assert turns(baton, one)["Bea"] == "served"
    assert turns(baton, two) == {"Ada": "offered"}, "once the session before has ended; a silence is no turn"
    promise_four(baton)


def test_organizers_and_circle_are_told_two_days_before_and_a_late_offer_stands(baton: Any) -> None:
    with db.write("signup") as tx:
        from services.signup import access_links

        access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
    where = circle(baton, "Ada", "Bea", "Cem", "Dan", "Eli", first=timedelta(days=6))
    one = sessions(baton, where)[0]["id"]
    tick(baton)
    assert turn(baton, one, "Ada")["answer_by"] == clock.now() + timedelta(hours=24), "at least 24 hours"
    for _ in range(3):
        tick(baton, hours=25)
    assert turns(baton, one)["Dan"] == "offered", "asked at T-2.9 days"
    tick(baton, hours=23)
    assert "turn-open" not in kinds(baton, "Ada"), "an offer that was made before stands until its time is over"
    tick(baton, hours=2)
    assert turns(baton, one)["Dan"] == "lapsed" and "Eli" not in turns(baton, one), "nobody is asked any more"
    assert kinds(baton, "Ada")[-1] == kinds(baton, "Eli")[-1] == "turn-open"
    assert kinds(baton, "Olga") == ["turn-open-organizer"]
    [told] = baton.rows("notifications", "mail", kind="turn-open-organizer")
    assert told["deadline"] == sessions(baton, where)[0]["starts_at"], "never past the session"
    assert told["duty"]
    do(answering.volunteer, one, person(baton, "Eli"), f"person/{person(baton, 'Eli')}")
    baton.drain()
    [taken] = baton.rows("notifications", "mail", kind="turn-taken")
    assert taken["address"] == "olga@example.org", "the circle's invites say who"
    assert "Eli leads the next session of" in taken["text"]
    asks = {row["address"].split("@")[0]: row["text"] for row in baton.rows("notifications", "mail", kind="turn")}
    assert all("After that the next person is asked." in asks[who] for who in ("ada", "bea", "cem")), asks.keys()
    assert "after that, anyone of the circle may take it" in asks["dan"], "none is asked in the last two days"
    with db.write("signup") as tx:
        people.leave(tx, "system", person(baton, "Eli"))
        people.erase_now(tx, "system", person(baton, "Eli"))
    baton.drain()
    [emptied] = baton.rows("notifications", "mail", kind="turn-taken")
    assert not emptied["text"], "who is named goes with whoever goes"


def test_who_is_alone_in_line_is_told_what_happens_instead(baton: Any) -> None:
    """GIVEN a circle of one, far ahead of its session THEN nobody is next, and the mail says what happens instead"""
    where = circle(baton, "Ada", first=timedelta(days=12))
    tick(baton)
    [asked] = baton.rows("notifications", "mail", kind="turn")
    assert "after that, anyone of the circle may take it" in asked["text"] and "next person" not in asked["text"]
    [told] = baton.rows("sessions", "event", type="turn.offered")
    assert told["data"]["last"] is True and where


def test_a_session_begins_with_an_open_question(baton: Any) -> None:
    where = circle(baton, "Ada", first=timedelta(hours=30))
    one = sessions(baton, where)[0]["id"]
    tick(baton)
    assert turns(baton, one) == {}, "less than two days before nobody is asked"
    assert kinds(baton, "Ada") == ["turn-open"]
    tick(baton, hours=40)
    assert sessions(baton, where)[0]["state"] == "planned" and turns(baton, one) == {}


def test_a_decline_asks_the_next_at_once_and_a_late_no_reopens(baton: Any) -> None:
    where = circle(baton, "Ada", "Bea")
    one = sessions(baton, where)[0]["id"]
    tick(baton)
    ada = turn(baton, one, "Ada")
    assert do(answering.decline, ada["id"], "person/a", "Exams\r\nBcc: x") == "declined"
    assert turns(baton, one) == {"Ada": "declined", "Bea": "offered"}
    assert do(answering.decline, ada["id"], "person/a") == "already"
    bea = turn(baton, one, "Bea")
    assert do(answering.accept, bea["id"], "person/b") == "accepted"
    assert do(answering.accept, bea["id"], "person/b") == "already"
    assert sessions(baton, where)[0]["state"] == "confirmed"
    tick(baton, days=13)
    assert do(answering.decline, bea["id"], "person/b") == "declined"
    baton.drain()
    assert sessions(baton, where)[0]["state"] == "planned"
    assert kinds(baton, "Ada")[-1] == "turn-open", "one day before: anyone may take it"
    assert do(answering.accept, ada["id"], "person/a") == "accepted", "after a no, too"
    assert do(answering.decline, ada["id"], "person/a") == "declined"
    baton.drain()
    assert kinds(baton, "Bea").count("turn-open") == 2, "and open again, it is told again"
    [reason] = baton.rows("sessions", "change", verb="decline")
    assert reason["reason"] == "Exams Bcc: x"


def test_ticks_that_come_late_never_or_twice_at_once_change_nothing_twice(baton: Any) -> None:
    where = circle(baton, "Ada", "Bea", "Cem")
    one = sessions(baton, where)[0]["id"]
    errors: list[BaseException] = []

    def work() -> None:
        try:
            do(asking.work)
        except BaseException as error:
            errors.append(error)

    for step in ({}, {"days": 9}, {"days": 3}):
        baton.pass_time(**step)
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors
        before = baton.dump()
        do(asking.work)
        assert baton.dump() == before, "the same tick again finds nothing to do"
    baton.drain()
    assert turns(baton, one) == {"Ada": "lapsed", "Bea": "lapsed"}, "three days lost: nobody is asked after T-2"
    assert kinds(baton, "Cem") == ["turn-open"]
    assert len(baton.rows("sessions", "event", type="turn.offered")) == 2
    promise_four(baton)


def test_it_is_a_job(baton: Any) -> None:
    where = circle(baton, "Ada")
    baton.tick()
    assert turns(baton, sessions(baton, where)[0]["id"]) == {"Ada": "offered"}
    assert kinds(baton, "Ada") == ["turn"]


def test_pausing_leaving_and_moving_away_reopen_turns(baton: Any) -> None:
    where = circle(baton, "Ada", "Bea", "Cem")
    one = sessions(baton, where)[0]["id"]
    tick(baton)
    do(answering.accept, turn(baton, one, "Ada")["id"], "person/a")
    ada, bea = person(baton, "Ada"), person(baton, "Bea")
    with db.write("signup") as tx:
        people.pause(tx, f"person/{ada}", ada)
    baton.drain()
    assert turns(baton, one) == {"Ada": "released", "Bea": "offered"}
    assert sessions(baton, where)[0]["state"] == "planned"
    with db.write("signup") as tx:
        people.leave(tx, f"person/{bea}", bea)
    baton.drain()
    assert turns(baton, one) == {"Ada": "released", "Bea": "released", "Cem": "offered"}
    assert "turn-released" not in kinds(baton, "Ada") + kinds(baton, "Bea"), "they did that themselves"
    with db.write("sessions") as tx:
        from services.sessions.circles import standing

        standing.end(tx, where, person(baton, "Cem"))
    tick(baton)
    assert turns(baton, one)["Cem"] == "released", "moved to another circle: the next tick sees it"
    promise_four(baton)


def test_a_cancelled_session_frees_its_coordinator_and_the_next_one_is_asked_for(baton: Any) -> None:
    where = circle(baton, "Ada", "Bea")
    one, two, *_ = [row["id"] for row in sessions(baton, where)]
    tick(baton)
    do(answering.accept, turn(baton, one, "Ada")["id"], "person/a")
    with db.write("sessions") as tx:
        tx.execute(db.metadata("sessions").tables["session"].update().values(state="cancelled").where(
            db.metadata("sessions").tables["session"].c.id == one))  # fmt: skip
    tick(baton)
    assert turns(baton, one) == {"Ada": "released"} and turns(baton, two) == {"Ada": "offered"}
    assert kinds(baton, "Ada") == ["turn", "turn-released", "turn"]
    promise_four(baton)


def test_a_pause_is_offered_after_two_lapses_running_and_not_done(baton: Any) -> None:
    where = circle(baton, "Ada")
    tick(baton)
    tick(baton, days=10)
    [lapsed] = baton.rows("sessions", "event", type="turn.lapsed")
    assert lapsed["data"]["pause"] is False
    tick(baton, days=5)
    tick(baton, days=10)
    assert [row["data"]["pause"] for row in baton.rows("sessions", "event", type="turn.lapsed")] == [False, True]
    last = [row for row in baton.rows("notifications", "mail", kind="turn-lapsed") if "second time" in row["text"]]
    assert len(last) == 1 and "/signup/me/pause" in last[0]["text"]
    assert baton.rows("sessions", "person")[0]["state"] != "paused"
    assert where


@pytest.mark.parametrize("members", [0, 1, 2])
def test_circles_of_nobody_one_and_two_are_words_and_no_error(baton: Any, members: int) -> None:
    where = circle(baton, *["Ada", "Bea"][:members])
    one = sessions(baton, where)[0]["id"]
    tick(baton)
    assert list(turns(baton, one)) == ["Ada"][:members]
    for name in ["Ada", "Bea"][:members]:
        do(answering.decline, turn(baton, one, name)["id"], "person/x")
    tick(baton, days=12)
    from services.sessions.turns import reading

    with db.read("sessions") as tx:
        [first, *_] = reading.upcoming(tx, where)
    assert first.person is None and first.why.startswith("Nobody can be asked to coordinate on")
    promise_four(baton)


def test_who_returns_begins_level_with_the_highest(baton: Any) -> None:
    where = circle(baton, "Ada", "Bea")
    for _ in range(4):
        tick(baton)
        ahead = next(
            row["id"] for row in sessions(baton, where) if row["state"] == "planned" and turns(baton, row["id"])
        )
        name = next(name for name, state in turns(baton, ahead).items() if state == "offered")
        do(answering.accept, turn(baton, ahead, name)["id"], "person/x")
        tick(baton, days=14, hours=2)
        with db.write("sessions") as tx:
            tx.execute(db.metadata("sessions").tables["session"].update().values(state="held").where(
                db.metadata("sessions").tables["session"].c.id == ahead))  # fmt: skip
    from services.sessions.circles import standing
    from services.sessions.rules import rotation
    from services.sessions.turns import ledger

    ada = person(baton, "Ada")
    do(standing.end, where, ada)
    tick(baton)
    do(standing.begin, where, ada)
    with db.read("sessions") as tx:
        scores = rotation.scores(ledger.load(tx, where))
    assert scores[ada] == scores[person(baton, "Bea")] == 3, "Bea served two, and is asked for the next"
    [row] = baton.rows("sessions", "standing", person=ada, circle=where, role="coordinator")
    assert row["credit"] == 1, "beside two turns that she served: they are not counted twice"


def test_mentors_come_from_streams_above_with_a_cap_and_no_mentor_is_an_outcome(baton: Any) -> None:
    where = circle(baton, "Ada", "Bea", apart=7)
    above = circle(baton, "Max", "Mia", stream="stream2", sessions=0)
    one, two, *_ = [row["id"] for row in sessions(baton, where)]
    tick(baton)
    assert turns(baton, one, "mentor") == {"Max": "offered"} or turns(baton, one, "mentor") == {"Mia": "offered"}
    [first] = turns(baton, one, "mentor")
    other = {"Max": "Mia", "Mia": "Max"}[first]
    assert kinds(baton, first) == ["mentor"]
    do(answering.decline, turn(baton, one, first, "mentor")["id"], "person/m")
    assert turns(baton, one, "mentor") == {first: "declined", other: "offered"}
    do(answering.decline, turn(baton, one, other, "mentor")["id"], "person/m")
    tick(baton, days=13)
    assert not [
        row
        for row in baton.rows("notifications", "mail")
        if row["kind"].startswith("turn-open") and "mentor" in row["text"]
    ]
    assert sessions(baton, where)[0]["state"] == "planned", "a mentor's answer says nothing about the coordinator"
    assert above and two
    promise_four(baton)


def test_nobody_mentors_and_coordinates_within_a_week_and_a_newcomer_above_is_found(baton: Any) -> None:
    where = circle(baton, "Ada")
    circle(baton, "Max", stream="stream2")
    one = sessions(baton, where)[0]["id"]
    tick(baton)
    assert turns(baton, one, "mentor") == {}, "Max was asked to coordinate on that day"
    mia = join(baton, "Mia", "stream2")
    with db.write("sessions") as tx:
        enter(tx, mia, baton.rows("sessions", "circle", stream="stream2")[0]["id"])
    tick(baton, hours=1)
    assert turns(baton, one, "mentor") == {"Mia": "offered"}


def test_several_circles_at_once_do_not_ask_one_mentor_for_all(baton: Any) -> None:
    first = [circle(baton, f"A{n}", sessions=1) for n in range(4)]
    circle(baton, "Max", "Mia", stream="stream2", sessions=0)
    tick(baton)
    asked = [turns(baton, sessions(baton, where)[0]["id"], "mentor") for where in first]
    assert sorted(name for each in asked for name in each) == ["Max", "Mia"], "two can, two circles have none"


def test_long_pauses_of_a_circle_are_remembered(baton: Any) -> None:
    """A newcomer does not lead their first session, however long ago the one before was."""
    where = circle(baton, "Ada", sessions=1, first=timedelta(days=1))
    baton.pass_time(days=200)
    cem = join(baton, "Cem")
    with db.write("sessions") as tx:
        enter(tx, cem, where)
        late = session(tx, where, clock.now() + timedelta(days=10))
    tick(baton)
    assert turns(baton, late) == {"Ada": "offered"}


def test_who_cannot_come_is_neither_asked_to_lead_nor_told_that_anyone_may(baton: Any) -> None:
    where = circle(baton, "Ada", "Bea", "Cem", "Dan")
    one = sessions(baton, where)[0]["id"]
    ada, bea, cem = (person(baton, name) for name in ("Ada", "Bea", "Cem"))
    baton.tick()  # invites are out
    do(invited.answer, one, bea, "cannot", "link")
    day = sessions(baton, where)[0]["day"]
    do(absences.add, cem, f"person/{cem}", {"first": day, "last": day, "role": "coordinator"})
    do(answering.decline, turn(baton, one, "Ada")["id"], f"person/{ada}")
    assert turns(baton, one) == {"Ada": "declined", "Dan": "offered"}, "Bea cannot come, Cem cannot lead"
    dan = person(baton, "Dan")
    do(answering.decline, turn(baton, one, "Dan")["id"], f"person/{dan}")
    baton.drain()
    told = {row["person"] for row in baton.rows("notifications", "mail", kind="turn-open")}
    assert told == {ada, dan}
    # Who cannot come may still take it, and comes then.
    assert do(answering.volunteer, one, bea, f"person/{bea}") == "accepted"
    baton.drain()
    assert [row["answer"] for row in baton.rows("sessions", "rsvp", session=one, person=bea)] == ["coming"]
    promise_four(baton)
