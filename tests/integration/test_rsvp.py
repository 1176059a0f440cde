"""Answers to invites: by the mail's link, on one's own page, by days away; and what comes of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from services.sessions import locks
from services.sessions.invites import answering
from services.sessions.meetings import changing
from services.sessions.models import standing, turn
from services.sessions.rules.refusals import Refused
from services.sessions.turns import answering as turns_answering
from shared import clock, db, tokens
from tests.circles import do, settled
from tests.inviting import Met, answers, calendar_in, kinds, link, mails, move, signed_in


def test_an_answer_by_the_link_of_the_mail(baton: Any, met: Met) -> None:
    client = baton.client("sessions")
    path = link(mails(baton, met.ada, met.first)[0])
    page = client.get(f"{path}?answer=cannot").text
    assert "Are you coming?" in page and "Tue 12 Jan 2027, 18:30 (Toronto)" in page and not answers(baton)
    assert client.post(path, data={"answer": "coming"}).status_code == 303
    assert answers(baton) == {(met.first, met.ada): ("coming", "link")}
    page = client.get(path).text
    assert "You are coming" in page and "Can&#39;t this time" in page
    client.post(path, data={"answer": "cannot"})
    assert answers(baton) == {(met.first, met.ada): ("cannot", "link")}
    for broken in ({}, {"answer": "perhaps"}, {"answer": "coming\0"}):
        assert client.post(path, data=broken).status_code == 422
    assert answers(baton) == {(met.first, met.ada): ("cannot", "link")}


def test_a_hundred_gets_of_every_mailed_link_change_nothing(baton: Any, met: Met) -> None:
    paths = {link(mail) + more for mail in mails(baton, met.ada) for more in ("", "?answer=coming", "?answer=cannot")}
    client, before = baton.client("sessions"), baton.dump()
    for _ in range(100):
        for path in sorted(paths):
            assert client.get(path).status_code == client.head(path).status_code == 200
    assert baton.dump() == before


def test_links_that_lead_nowhere(baton: Any, met: Met) -> None:
    client = baton.client("sessions")
    path = link(mails(baton, met.ada, met.first)[0])
    forged = tokens.sign("place", {"person": met.ada, "session": met.first})
    for bad in ("x", path.rpartition("/")[2][:-1], forged, tokens.sign("rsvp", {"person": met.ada})):
        assert client.get(f"/sessions/rsvp/{bad}").status_code == 410
        assert client.post(f"/sessions/rsvp/{bad}", data={"answer": "coming"}).status_code == 410
    stranger = tokens.sign("rsvp", {"person": "nobody", "session": met.first})
    assert client.post(f"/sessions/rsvp/{stranger}", data={"answer": "coming"}).status_code == 410
    do(changing.skip, met.first, "")
    baton.tick()
    assert "will not take place" in client.get(path).text
    assert client.post(path, data={"answer": "coming"}).status_code == 410
    second = mails(baton, met.ada, met.sessions()[1]["id"])[0]
    baton.pass_time(days=30)
    late = client.post(link(second), data={"answer": "coming"})
    assert late.status_code == 410 and "has begun or is over" in late.text and not answers(baton)


def test_cannot_until_a_date(baton: Any, met: Met) -> None:
    path = link(mails(baton, met.ada, met.first)[0])
    client = baton.client("sessions")
    for wrong in ("", "2027-01-1", "yesterday", "2027-01-11", "2029-01-01", "2027-02-30", "２027-01-20"):
        answer = client.post(path, data={"answer": "until", "until": wrong})
        assert (
            answer.status_code == 422
            and f'value="{wrong}"' in answer.text
            and "Nothing you typed is lost" in answer.text
        )
    assert not answers(baton) and not baton.rows("sessions", "absence")
    assert client.post(path, data={"answer": "until", "until": "2027-02-09"}).status_code == 303
    ids = [row["id"] for row in met.sessions()]
    assert answers(baton) == {
        (ids[0], met.ada): ("cannot", "link"), (ids[1], met.ada): ("cannot", "absence"),
        (ids[2], met.ada): ("cannot", "absence"),
    }  # fmt: skip
    [noted] = baton.rows("sessions", "absence")
    assert (noted["first"], noted["last"], noted["role"], noted["by"]) == (
        "2027-01-04", "2027-02-09", None, f"person/{met.ada}"
    )  # fmt: skip
    # A session that moves into these days asks in vain; one that moves out of them asks anew
    move(ids[0], "2027-01-18")
    move(ids[2], "2027-02-11")
    baton.tick()
    assert (ids[2], met.ada) not in answers(baton) and answers(baton)[ids[0], met.ada] == ("cannot", "absence")
    event, _ = calendar_in(mails(baton, met.ada, ids[0])[-1])
    assert event["ATTENDEE"].params["PARTSTAT"] == "DECLINED"


def test_turns_of_days_on_which_one_cannot_are_free(baton: Any, met: Met) -> None:
    ids = [row["id"] for row in met.sessions()]
    for session in ids[:4]:
        met.lead(met.ada, session=session)
    client = baton.client("sessions")
    path = link(mails(baton, met.ada, met.first)[0])
    assert client.post(path, data={"answer": "until", "until": met.sessions()[2]["day"]}).status_code == 303
    held = {row["session"]: row["state"] for row in baton.rows("sessions", "turn", person=met.ada)}
    assert [held[id] for id in ids[:4]] == ["released", "released", "released", "accepted"]
    assert {row["session"] for row in baton.rows("sessions", "turn", state="offered")} <= {ids[0]}
    settled(baton)


def test_days_away_answer_for_the_sessions_on_them_and_taken_back_do_not(baton: Any, met: Met) -> None:
    client = signed_in(baton, met.ada)
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    one, two, *_ = met.sessions()
    first = {"first": one["day"], "last": one["day"]}
    assert client.post("/sessions/absences", data={**first, "role": "coordinator"}).status_code == 303
    assert not answers(baton), "who cannot lead may come all the same"
    for typed in (first, {"first": one["day"], "last": two["day"]}):
        assert client.post("/sessions/absences", data=typed).status_code == 303
    assert {id for id, _ in answers(baton)} == {one["id"], two["id"]}
    long = next(row["id"] for row in baton.rows("sessions", "absence") if row["last"] == two["day"])
    assert client.post(f"/sessions/absences/{long}/withdraw").status_code == 303
    assert answers(baton) == {(one["id"], met.ada): ("cannot", "absence")}, "the other one stands"
    client.post(f"/sessions/answers/{one['id']}", data={"answer": "coming"})
    for row in baton.rows("sessions", "absence"):
        client.post(f"/sessions/absences/{row['id']}/withdraw")
    assert answers(baton) == {(one["id"], met.ada): ("coming", "page")}, "what they said themselves stays"


def test_days_away_that_are_taken_back_give_the_answers_before_them_back(baton: Any, met: Met) -> None:
    client = signed_in(baton, met.ada)
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    one, two, three, *_ = met.sessions()
    for row, said in ((one, "coming"), (two, "cannot")):
        client.post(f"/sessions/answers/{row['id']}", data={"answer": said})
    before = baton.rows("sessions", "rsvp")
    for last in (two, three):  # twice: the second finds what the first has answered
        typed = {"first": one["day"], "last": last["day"]}
        assert client.post("/sessions/absences", data=typed).status_code == 303
    assert answers(baton) == {
        (one["id"], met.ada): ("cannot", "absence"), (two["id"], met.ada): ("cannot", "page"),
        (three["id"], met.ada): ("cannot", "absence"),
    }  # fmt: skip
    for row in baton.rows("sessions", "absence"):
        client.post(f"/sessions/absences/{row['id']}/withdraw")
    assert baton.rows("sessions", "rsvp") == before


def test_no_answer_lands_after_the_session_was_cancelled(baton: Any, met: Met) -> None:
    def coming() -> None:
        with db.write("sessions") as tx:
            answering.answer(tx, met.first, met.ada, "coming", "link")

    table = db.metadata("sessions").tables["session"]
    with ThreadPoolExecutor(1) as pool:
        with db.write("sessions") as tx:
            locks.sessions(tx)
            other = pool.submit(coming)
            wait([other], timeout=0.5)  # for the other to come as far as it can
            tx.execute(table.update().where(table.c.id == met.sessions()[0]["id"]).values(state="cancelled"))
        with pytest.raises(Refused, match="will not take place"):
            other.result()
    assert not answers(baton)


def test_another_time_asks_anew_and_another_coordinator_does_not(baton: Any, met: Met) -> None:
    with db.write("sessions") as tx:
        answering.answer(tx, met.first, met.ada, "coming", "page")
    met.lead(met.bo)
    baton.tick()
    event, _ = calendar_in(mails(baton, met.ada, met.first)[-1])
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED" and len(answers(baton)) == 1
    move(met.first)
    baton.tick()
    event, _ = calendar_in(mails(baton, met.ada, met.first)[-1])
    assert event["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION" and not answers(baton)
    assert "please answer to this one" in mails(baton, met.ada, met.first)[-1]["text"]


def test_answers_on_ones_own_page(baton: Any, met: Met) -> None:
    client, stranger = signed_in(baton, met.ada), baton.client("sessions")
    page = client.get("/sessions/").text
    assert page.count('value="coming"') == 3 and page.count(">Can't<") == 3
    path = f"/sessions/answers/{met.first}"
    assert stranger.post(path, data={"answer": "coming"}).status_code == 303 and not answers(baton), "sign in first"
    assert client.post(path, data={"answer": "coming"}).location.endswith(f"{path}?said=coming")
    assert answers(baton) == {(met.first, met.ada): ("coming", "page")}
    assert "coming" in client.get("/sessions/").text
    assert client.post("/sessions/answers/none", data={"answer": "coming"}).status_code == 410
    fourth = met.sessions()[3]["id"]
    assert client.post(f"/sessions/answers/{fourth}", data={"answer": "coming"}).status_code == 410, "not told of it"


def test_who_cannot_gives_their_turn_back(baton: Any, met: Met) -> None:
    """Given Ada coordinates, When she says that she cannot come, Then the next in line is asked."""
    met.lead(met.ada)
    with db.write("sessions") as tx:
        answering.answer(tx, met.first, met.ada, "coming", "page")
        answering.answer(tx, met.first, met.ada, "cannot", "page")
    turns = {row["person"]: row["state"] for row in baton.rows("sessions", "turn", session=met.first)}
    assert turns == {met.ada: "declined", met.bo: "offered"}
    baton.drain()
    assert "turn" in [mail["kind"] for mail in baton.rows("notifications", "mail", person=met.bo)]


def test_a_mentors_yes_is_told_at_the_next_tick(baton: Any, met: Met) -> None:
    """The state of the session stays as it was, so nothing but the turn itself can ask for a look."""
    with db.write("sessions") as tx:
        row = {"id": db.new_id(), "session": met.first, "circle": met.circle, "role": "mentor", "person": met.ada}
        tx.execute(turn.insert().values(**row, state="offered", why={}, created_at=clock.now()))
        begins = {"joined_at": clock.now(), "credit": 0}
        tx.execute(standing.insert().values(circle=met.circle, role="mentor", person=met.ada, **begins))
    before = kinds(baton, met.bo, met.first)
    with db.write("sessions") as tx:
        turns_answering.accept(tx, row["id"], f"person/{met.ada}")
    baton.tick()
    assert kinds(baton, met.bo, met.first) == [*before, "invite-update"]
