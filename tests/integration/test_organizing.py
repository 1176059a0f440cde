"""What organizers oversee and decide: circles by how they are, sessions by state, a circle's timeline, and decisions
about a session in somebody's place, each with a preview where it mails people, an undo, and lines in both logs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa

from services.sessions import locks, models
from services.sessions.circles import health, journal
from services.sessions.circles import timeline as timelines
from services.sessions.meetings import listing
from services.sessions.turns import journal as turn_journal
from shared import clock, db, engines
from tests.turns import circle, person, promise_four, sessions, tick, turns, written

from .test_turns_pages import sign_in

OLGA = "organizer/olga"


@pytest.fixture
def olga(baton: Any) -> Any:
    return sign_in(baton.client("sessions"), "olga", "organizer")


@pytest.fixture
def ring(baton: Any) -> tuple[str, list[str]]:
    """A circle of three, told of its next sessions, and Ada asked for the first."""
    where = circle(baton, "Ada", "Bea", "Cem")
    tick(baton)
    baton.tick()
    return where, [row["id"] for row in sessions(baton, where)]


def decide(olga: Any, session: str, deed: str, **typed: Any) -> Any:
    """Fill in the form, and confirm what it says."""
    url = f"/sessions/s/{session}/decide/{deed}"
    page = olga.post(url, data=typed)
    if page.status_code != 200:
        return page
    seen = page.text.partition('name="seen" value="')[2].partition('"')[0]
    return olga.post(url, data={**typed, "seen": seen, "step": "save"})


def entry(baton: Any, verb: str) -> dict[str, Any]:
    return [row for row in baton.rows("sessions", "change", verb=verb)][-1]


def undo(baton: Any, olga: Any, verb: str) -> Any:
    answer = olga.post(f"/sessions/circles/changes/{entry(baton, verb)['id']}/undo")
    baton.drain()
    return answer


def audited(baton: Any) -> list[str]:
    return [row["what"] for row in sorted(baton.rows("signup", "audit"), key=lambda row: row["id"])]


# ---- deciding ----


def test_who_leads_is_previewed_decided_and_taken_back(baton: Any, ring: Any, olga: Any) -> None:
    where, (one, *_) = ring
    url = f"/sessions/s/{one}/decide/lead"
    before, bea = baton.dump(), person(baton, "Bea")
    page = olga.post(url, data={"person": bea, "agreed": "yes", "reason": "They asked me"})
    assert "Ada is free of it, and gets a mail" in page.text and "Bea has the turn from now on" in page.text
    assert baton.dump() == before, "a preview keeps nothing"
    assert decide(olga, one, "lead", person=bea, agreed="yes", reason="They asked me").status_code == 303
    baton.drain()
    assert turns(baton, one) == {"Ada": "released", "Bea": "accepted"}
    assert entry(baton, "assign")["reason"] == "They asked me"
    assert undo(baton, olga, "assign").status_code == 303
    assert turns(baton, one)["Ada"] == "offered" and turns(baton, one).get("Bea") != "accepted"
    assert audited(baton)[-2:] == ["circle.assign", "circle.assign.undone"]
    promise_four(baton)


def test_a_turn_is_taken_away_and_given_back(baton: Any, ring: Any, olga: Any) -> None:
    where, (one, *_) = ring
    decide(olga, one, "lead", person=person(baton, "Ada"), agreed="yes", reason="Told me")
    assert turns(baton, one) == {"Ada": "accepted"}
    assert decide(olga, one, "free-lead", reason="Ill").status_code == 303
    assert turns(baton, one) == {"Ada": "released", "Bea": "offered"}
    assert undo(baton, olga, "free").status_code == 303
    assert turns(baton, one) == {"Ada": "accepted", "Bea": "released"}
    assert sessions(baton, where)[0]["state"] == "confirmed"
    promise_four(baton)


def test_what_changed_since_the_preview_is_shown_again(baton: Any, ring: Any, olga: Any) -> None:
    _, (one, *_) = ring
    url, typed = f"/sessions/s/{one}/decide/free-lead", {"reason": "Ill"}
    page = olga.post(url, data=typed)
    seen = page.text.partition('name="seen" value="')[2].partition('"')[0]
    decide(olga, one, "lead", person=person(baton, "Cem"), agreed="yes", reason="Wants to")
    page = olga.post(url, data={**typed, "seen": seen, "step": "save"})
    assert page.status_code == 409 and "Cem is free of it" in page.text
    assert turns(baton, one)["Cem"] == "accepted"


def test_who_served_is_corrected_and_taken_back(baton: Any, ring: Any, olga: Any) -> None:
    _, (one, *_) = ring
    decide(olga, one, "lead", person=person(baton, "Cem"), agreed="yes", reason="Wants to")
    tick(baton, days=14, hours=2)
    assert turns(baton, one)["Cem"] == "served"
    assert "Correct who led" in olga.get(f"/sessions/s/{one}/decide/lead").text
    assert decide(olga, one, "lead", person=person(baton, "Bea"), reason="Cem was ill").status_code == 303
    assert turns(baton, one)["Bea"] == "served" and turns(baton, one)["Cem"] == "released"
    assert undo(baton, olga, "correct").status_code == 303
    assert turns(baton, one)["Cem"] == "served" and turns(baton, one)["Bea"] == "released"


def test_an_answer_for_somebody_gives_their_turn_back(baton: Any, ring: Any, olga: Any) -> None:
    _, (one, *_) = ring
    ada = person(baton, "Ada")
    typed = {"person": ada, "answer": "cannot", "reason": "Rang me up"}
    page = olga.post(f"/sessions/s/{one}/decide/answer", data=typed)
    assert "Ada gives the turn back" in page.text and "Bea is asked by mail" in page.text
    assert decide(olga, one, "answer", **typed).status_code == 303
    assert turns(baton, one) == {"Ada": "declined", "Bea": "offered"}
    [row] = baton.rows("sessions", "rsvp", session=one, person=ada)
    assert (row["answer"], row["source"]) == ("cannot", "organizer")
    assert undo(baton, olga, "answer").status_code == 303
    assert not baton.rows("sessions", "rsvp", session=one, person=ada), "no answer is no answer again"
    assert turns(baton, one) == {"Ada": "declined", "Bea": "offered"}, "who was asked instead stays asked"


def test_their_own_answer_is_not_undone(baton: Any, ring: Any, olga: Any) -> None:
    _, (one, *_) = ring
    ada = person(baton, "Ada")
    decide(olga, one, "answer", person=ada, answer="coming", reason="Said so")
    with db.write("sessions") as tx:
        from services.sessions.invites import answering

        answering.answer(tx, one, ada, "coming", "link")
    assert undo(baton, olga, "answer").status_code == 409
    assert baton.rows("sessions", "rsvp", session=one, person=ada)[0]["source"] == "link"


def test_an_invite_goes_out_once_more_under_a_higher_number(baton: Any, ring: Any, olga: Any) -> None:
    _, (one, *_) = ring
    ada = person(baton, "Ada")
    before = baton.rows("sessions", "invite", session=one, person=ada)[0]["sequence"]
    mails = len(baton.rows("notifications", "mail", person=ada, kind="invite"))
    others = len(baton.rows("notifications", "mail", person=person(baton, "Bea")))
    page = olga.post(f"/sessions/s/{one}/decide/resend", data={"people": ada, "reason": "Lost it"})
    assert "The invite goes out once more, to Ada." in page.text
    assert decide(olga, one, "resend", people=ada, reason="Lost it").status_code == 303
    baton.tick()
    assert baton.rows("sessions", "invite", session=one, person=ada)[0]["sequence"] == before + 1
    assert len(baton.rows("notifications", "mail", person=ada, kind="invite")) == mails + 1
    assert len(baton.rows("notifications", "mail", person=person(baton, "Bea"))) == others, "nobody else is mailed"
    assert undo(baton, olga, "resend").status_code == 409, "a mail cannot be taken back"


def test_a_second_press_on_the_same_button_mails_nobody_twice(baton: Any, ring: Any, olga: Any) -> None:
    _, (one, *_) = ring
    url, typed = f"/sessions/s/{one}/decide/resend", {"people": "", "reason": "Lost"}
    seen = olga.post(url, data=typed).text.partition('name="seen" value="')[2].partition('"')[0]
    assert olga.post(url, data={**typed, "seen": seen, "step": "save"}).status_code == 303
    before = baton.dump()
    page = olga.post(url, data={**typed, "seen": seen, "step": "save"})
    assert page.status_code == 409 and "Invites to this session went out in the meantime." in page.text
    assert baton.dump() == before
    fresh = page.text.partition('name="seen" value="')[2].partition('"')[0]
    assert olga.post(url, data={**typed, "seen": fresh, "step": "save"}).status_code == 303, "who means it can"


def test_attendance_closing_and_minutes_once_more(baton: Any, ring: Any, olga: Any) -> None:
    where, (one, *_) = ring
    ids = {name: person(baton, name) for name in ("Ada", "Bea", "Cem")}
    baton.pass_time(days=14, hours=2)
    baton.tick()
    page = decide(olga, one, "close", reason="")
    assert page.status_code == 422 and "The reason is missing" in page.text
    assert decide(olga, one, "close", reason="Nobody wrote anything").status_code == 303
    row = sessions(baton, where)[0]
    assert row["state"] == "closed" and set(row["gaps"]) == {"minutes", "attendance", "next"}
    assert decide(olga, one, "attendance", **{f"there-{ids['Ada']}": "yes"}, reason="She says so").status_code == 303
    marks = {each["person"]: each["present"] for each in baton.rows("sessions", "attendance", session=one)}
    assert marks == {ids["Ada"]: True}, "also of a closed session"
    assert undo(baton, olga, "attendance").status_code == 303 and not baton.rows("sessions", "attendance")
    assert undo(baton, olga, "close").status_code == 303
    row = sessions(baton, where)[0]
    assert row["state"] == "held" and row["gaps"] == {}

    lead = {"text": "We talked.", "version": "0", "do": "save"}
    lead |= {f"there-{id}": "yes" for id in ids.values()} | {"reason-next": "Nobody can"}
    assert olga.post(f"/sessions/s/{one}/lead", data={**lead, "do": "attendance"}).status_code == 303
    assert olga.post(f"/sessions/s/{one}/lead", data={"do": "publish", "stage": "draft"}).status_code == 303
    assert decide(olga, one, "reopen", reason="A name is wrong").status_code == 422, "they can be corrected still"
    baton.pass_time(days=3)
    baton.tick()
    assert sessions(baton, where)[0]["state"] == "closed"
    fix = {"text": "We talked a lot.", "version": "1", "do": "correct"}
    assert olga.post(f"/sessions/s/{one}/lead", data=fix).status_code == 422
    assert decide(olga, one, "reopen", reason="A name is wrong").status_code == 303
    assert sessions(baton, where)[0]["state"] == "minuted"
    baton.tick()
    assert sessions(baton, where)[0]["state"] == "minuted", "open for 48 hours"
    assert olga.post(f"/sessions/s/{one}/lead", data=fix).status_code == 303
    assert undo(baton, olga, "reopen").status_code == 303
    assert sessions(baton, where)[0]["state"] == "closed"
    assert olga.post(f"/sessions/s/{one}/lead", data={**fix, "text": "No.", "version": "2"}).status_code == 422
    assert decide(olga, one, "reopen", reason="Once more").status_code == 303
    baton.pass_time(days=3)
    baton.tick()
    assert sessions(baton, where)[0]["state"] == "closed", "and shut again by itself"


def test_the_reasons_of_an_erased_organizer_go_and_the_session_stays_closed(baton: Any, ring: Any, olga: Any) -> None:
    where, (one, *_) = ring
    decide(olga, one, "lead", person=person(baton, "Cem"), agreed="yes", reason="Bea has the flu")
    baton.pass_time(days=14, hours=2)
    baton.tick()
    assert decide(olga, one, "close", reason="Ada fell ill").status_code == 303
    with db.write("sessions") as tx:
        turn_journal.forget(tx, "olga")
    assert {row["reason"] for row in baton.rows("sessions", "change", by=OLGA)} == {""}
    found = repr([baton.rows("sessions", "change"), baton.rows("sessions", "session")])
    assert "Ada fell ill" not in found and "flu" not in found
    row = sessions(baton, where)[0]
    assert row["state"] == "closed" and set(row["gaps"].values()) == {turn_journal.WITHHELD}
    assert undo(baton, olga, "close").status_code == 303, "it can be undone all the same"


def test_taking_back_and_erasing_at_once_do_not_wait_for_each_other(baton: Any, ring: Any, olga: Any) -> None:
    _, (one, *_) = ring
    decide(olga, one, "lead", person=person(baton, "Bea"), agreed="yes", reason="They asked me")
    id, begun = entry(baton, "assign")["id"], Event()

    def taking_back() -> None:
        begun.set()
        with db.write("sessions") as tx:
            journal.undo(tx, OLGA, id)

    with ThreadPoolExecutor(1) as pool:
        with db.write("sessions") as tx:
            locks.placing(tx)
            locks.sessions(tx)
            other = pool.submit(taking_back)
            begun.wait()
            wait([other], timeout=0.5)  # for the other to come as far as it can
            turn_journal.forget(tx, "olga")
        other.result()
    [row] = baton.rows("sessions", "change", id=id)
    assert row["undone_at"] and row["reason"] == ""


def test_bad_input_is_refused_and_nothing_is_lost(baton: Any, ring: Any, olga: Any) -> None:
    _, (one, *_) = ring
    before = baton.dump()
    for deed, typed in (
        ("lead", {"reason": "x"}), ("lead", {"person": "nobody", "reason": "x"}), ("lead", {"person": "x\0y"}),
        ("lead", {"person": person(baton, "Bea")}), ("mentor", {"person": person(baton, "Bea"), "reason": "x"}),
        ("free-mentor", {"reason": "x"}), ("answer", {"person": person(baton, "Ada"), "reason": "why not"}),
        ("answer", {"person": "nobody", "answer": "coming", "reason": "x"}), ("attendance", {"reason": "too early"}),
        ("attendance", {f"there-{person(baton, 'Ada')}": "yes", "reason": "too early"}), ("close", {"reason": "early"}),
        ("reopen", {"reason": "early"}), ("resend", {"people": "nobody", "reason": "x"}),
        ("free-lead", {"reason": "x" * 1001}), ("free-lead", {"reason": "a\u202eb"}),
    ):  # fmt: skip
        page = olga.post(f"/sessions/s/{one}/decide/{deed}", data=typed)
        assert page.status_code == 422, (deed, typed, page.status_code)
        assert typed.get("reason", "")[:20].replace("\u202e", "") in page.text.replace("\u202e", "")
    assert baton.dump() == before
    assert olga.get(f"/sessions/s/{one}/decide/none").status_code == 404
    assert olga.get("/sessions/s/none/decide").status_code == 404
    assert olga.post("/sessions/s/none/decide/lead", data={"person": "x", "reason": "x"}).status_code == 404


def test_only_organizers_decide(baton: Any, ring: Any) -> None:
    where, (one, *_) = ring
    ada = sign_in(baton.client("sessions"), person(baton, "Ada"))
    for path in (
        "/sessions/circles",
        "/sessions/all",
        f"/sessions/circles/{where}/timeline",
        f"/sessions/s/{one}/decide",
    ):
        assert ada.get(path).status_code == 403
    assert ada.post(f"/sessions/s/{one}/decide/free-lead", data={"reason": "me"}).status_code == 403


def test_the_api_decides_what_the_pages_do(baton: Any, ring: Any) -> None:
    _, (one, *_) = ring
    from .test_api import made

    with db.write("signup") as tx:
        from services.signup import access_links

        organizer = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
    baton.drain()
    token = made(organizer)
    client = baton.client("sessions")
    headers = {"Authorization": f"Bearer {token.text()}"}
    url = f"/sessions/api/sessions/{one}/decisions"
    body = {"deed": "lead", "person": person(baton, "Bea"), "agreed": True, "reason": "Asked"}
    seen = client.post(url, json={**body, "preview": True}, headers=headers).json
    assert "Bea has the turn from now on." in seen["effects"] and turns(baton, one) == {"Ada": "offered"}
    assert client.post(url, json={**body, "seen": "other"}, headers=headers).status_code == 409
    assert client.post(url, json={**body, "seen": seen["seen"]}, headers=headers).json == seen
    assert turns(baton, one)["Bea"] == "accepted"
    baton.drain()
    found = [row for row in baton.rows("signup", "audit") if row["what"] == "circle.assign"]
    assert [(row["by"], row["through"]) for row in found] == [(f"organizer/{organizer}", f"token/{token.id}")]
    log = sign_in(baton.client("signup"), organizer, "organizer").get("/signup/organizer/audit").text
    assert "An organizer gave a turn to somebody" in log and "Circle of stream1" in log


# ---- the lists ----


def statements(work: Any) -> int:
    """How many statements that takes."""
    count = 0

    def one(*_: Any) -> None:
        nonlocal count
        count += 1

    sa.event.listen(engines.engine("sessions"), "before_cursor_execute", one)
    try:
        work()
    finally:
        sa.event.remove(engines.engine("sessions"), "before_cursor_execute", one)
    return count


def many(count: int) -> list[str]:
    """Circles with two sessions each: one held a week ago, one to come."""
    now = clock.now()
    from datetime import timedelta

    ids = [db.new_id() for _ in range(count)]
    with db.write("sessions") as tx:
        tx.execute(sa.insert(models.circle), [
            {"id": id, "stream": "stream1" if number % 2 else "stream2", "name": f"Many {number:04}", "feed": id,
             "created_at": now} for number, id in enumerate(ids)])  # fmt: skip
        rows = []
        for id in ids:
            for days, state in ((-7, "held"), (7, "planned")):
                at = now + timedelta(days=days)
                rows.append({"id": db.new_id(), "kind": "circle", "circle": id, "day": at.date().isoformat(),
                             "time": "18:30", "zone": "UTC", "minutes": 60, "starts_at": at,
                             "ends_at": at + timedelta(hours=1), "state": state, "sequence": 0, "changed_at": now,
                             "invited": False, "gaps": {}})  # fmt: skip
        tx.execute(sa.insert(models.session), rows)
    return ids


def test_lists_of_800_circles_come_in_pages_for_the_price_of_one(baton: Any, olga: Any) -> None:
    def lists() -> None:
        with db.read("sessions") as tx:
            health.listed(tx, "", "help")
            listing.counts(tx)
            listing.listed(tx, "held")

    many(3)
    few = statements(lists)
    many(797)
    assert statements(lists) == few, "no statement for each circle"
    page = olga.get("/sessions/circles?show=late")
    assert "1 to 50 of 800 circles" in page.text and page.text.count("minutes late") == 50
    assert "51 to 100 of 800" in olga.get("/sessions/circles?show=late&page=2").text
    assert "1 to 50 of 399" in olga.get("/sessions/circles?stream=stream1").text
    assert "No circle is like that" in olga.get("/sessions/circles?show=closed").text
    assert "1 to 50 of 800 sessions" in olga.get("/sessions/all?show=held").text
    for odd in ("?show=nonsense&stream=none&page=-1", "?page=99999999999999999999", "?stream=%ff&page=x"):
        assert olga.get(f"/sessions/circles{odd}").status_code == 200
        assert olga.get(f"/sessions/all{odd}").status_code == 200


def test_what_may_be_corrected_again_is_late_in_neither_list(baton: Any, ring: Any, olga: Any) -> None:
    where, (one, *_) = ring
    baton.pass_time(days=14, hours=2)
    baton.tick()
    written(baton, one, "We met", "person/ada")
    with db.write("sessions") as tx:
        tx.execute(models.session.update().where(models.session.c.id == one).values(state="minuted"))

    def late() -> tuple[int, bool]:
        with db.read("sessions") as tx:
            [row] = listing.listed(tx, "minuted")
            counted = tx.execute(sa.select(sa.func.count()).select_from(models.session).where(health.is_unclosed()))
            return int(counted.scalar_one()), row["late"] is not None

    assert late() == (0, False)
    baton.pass_time(days=3)
    assert late() == (1, True)
    assert decide(olga, one, "reopen", reason="A name is wrong").status_code == 303
    assert late() == (0, False)
    baton.pass_time(days=3)
    assert late() == (1, True)


def test_the_timeline_tells_all_in_order_page_by_page(baton: Any, ring: Any, olga: Any) -> None:
    where, (one, *_) = ring
    decide(olga, one, "lead", person=person(baton, "Cem"), agreed="yes", reason="Wants <b>to</b>")
    baton.pass_time(days=14, hours=2)
    baton.tick()
    decide(olga, one, "attendance", **{f"there-{person(baton, 'Ada')}": "yes", f"there-{person(baton, 'Bea')}": "no"},
           reason="Asked them")  # fmt: skip
    page = olga.get(f"/sessions/circles/{where}/timeline").text
    for words in (
        "The circle was made", "Ada was moved here", "Cem led it", "1 of 2", "An organizer gave a turn to somebody",
        "Wants &lt;b&gt;to&lt;/b&gt;", "Ada was there; Bea was not there", "would lead it, as it stands",
    ):  # fmt: skip
        assert words in page, words
    with db.write("sessions") as tx:
        for number in range(70):
            journal.note(tx, OLGA, "settings", where, {"name": f"N{number}", "most": None}, {})
    seen: list[Any] = []
    with db.read("sessions") as tx:
        about = tx.execute(sa.select(models.circle).where(models.circle.c.id == where)).mappings().one()
        page_number, more = 1, True
        while more:
            found, more = timelines.past(tx, about, page_number)
            seen += found
            page_number += 1
    assert [each.at for each in seen] == sorted((each.at for each in seen), reverse=True)
    keys = [(each.kind, each.row["id"]) for each in seen]
    assert len(keys) == len(set(keys)) == 70 + 2 + 1 + 1 + 3, (
        "each once: changes, the session, the making, three people"
    )
    assert "This is where the circle began" in olga.get(f"/sessions/circles/{where}/timeline?page=99").text
