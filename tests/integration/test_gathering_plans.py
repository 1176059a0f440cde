"""Plans that propose meetings, notes that they leave behind, guests who are forgotten."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.notifications.models import mail
from services.sessions import keeping
from services.sessions.gatherings import notes, plans, proposing
from services.sessions.meetings import listing
from shared import clock, config, db, worker
from tests.circles import do, settled
from tests.gathering import TALK, House, guest_of, over, refusal, row
from tests.inviting import kinds, link, mails

# ---- plans ----


def test_a_plan_proposes_once_a_month_and_tells_organizers(house: House) -> None:
    plan = {"week": "1", "weekday": "1", "time": "18:00", "zone": "America/Toronto", "minutes": "60", "ahead": "7"}
    with db.write("sessions") as tx:
        plans.save(tx, "organizers", plan, True)
    clock.advance(datetime(2027, 1, 20, tzinfo=UTC) - clock.now())
    house.baton.tick()
    assert not house.baton.rows("sessions", "gathering")
    clock.advance(datetime(2027, 1, 27, tzinfo=UTC) - clock.now())
    for _ in range(3):
        house.baton.tick()
    [found] = house.baton.rows("sessions", "gathering")
    assert (found["state"], found["draft"]["day"], found["by"]) == ("proposed", "2027-02-02", "system")
    proposals = [row for row in house.baton.rows("notifications", "mail") if row["kind"] == "proposal"]
    assert [row["person"] for row in proposals] == [house.olga]
    assert f"/sessions/gatherings/{found['id']}" in proposals[0]["text"]
    clock.advance(datetime(2027, 2, 25, tzinfo=UTC) - clock.now())
    house.baton.tick()
    days = sorted(row["draft"]["day"] for row in house.baton.rows("sessions", "gathering"))
    assert days == ["2027-02-02", "2027-03-02"]


def test_what_was_proposed_by_hand_is_not_proposed_again(house: House) -> None:
    plan = {"week": "1", "weekday": "1", "time": "18:00", "zone": "America/Toronto", "minutes": "60", "ahead": "7"}
    with db.write("sessions") as tx:
        plans.save(tx, "talk", plan, True)
    house.talk(day="2027-02-09")
    clock.advance(datetime(2027, 1, 27, tzinfo=UTC) - clock.now())
    house.baton.tick()
    assert len(house.baton.rows("sessions", "gathering")) == 1


def test_a_plan_that_was_stopped_proposes_nothing(house: House) -> None:
    for do_it in ("", "stop"):
        form = {"week": "-1", "weekday": "4", "time": "18:00", "zone": "Asia/Kathmandu", "minutes": "60", "ahead": "28"}
        assert house.organizer.post("/sessions/gatherings/plans/talk", data={**form, "do": do_it}).status_code == 303
    house.baton.tick()
    assert not house.baton.rows("sessions", "gathering")


def test_every_wrong_field_of_a_plan_is_named(house: House) -> None:
    form = {"week": "5", "weekday": "x", "time": "25:00", "zone": "Mars/Base", "minutes": "91", "ahead": "0"}
    answer = house.organizer.post("/sessions/gatherings/plans/talk", data=form)
    assert answer.status_code == 422
    for field in form:
        assert f'id="f-{field}-wrong"' in answer.text, field
    assert house.organizer.get("/sessions/gatherings/plans/party").status_code == 404


def test_notes_are_shared_once_with_who_was_invited(house: House) -> None:
    id = house.sent(house.meeting())
    assert "notes" in refusal(notes.save, id, "Early", "", None)
    over(id)
    house.baton.tick()
    assert do(notes.save, id, "We **agreed**.", "", None, True) and not do(notes.save, id, "Better.", "", None, True)
    house.baton.tick()
    told_of = [row for row in house.baton.rows("notifications", "mail") if row["kind"] == "notes"]
    assert {row["person"] for row in told_of} == {house.olga, house.ada, house.cy} and len(told_of) == 3
    way = link(next(row for row in told_of if row["person"] == house.ada))
    shown = house.baton.client("sessions").get(way)
    assert shown.status_code == 200 and "Better." in shown.text, "without signing in"
    assert house.as_(house.bo).get(f"/sessions/gatherings/{id}").status_code == 403
    assert house.as_(house.ada).get(f"/sessions/gatherings/{id}").status_code == 200


def test_a_talk_is_listed_with_its_recording(house: House) -> None:
    id = house.sent(house.talk())
    bo = house.as_(house.bo)
    assert "How I review code" in bo.get("/sessions/talks").text
    over(id)
    house.baton.tick()
    assert "recording" in refusal(notes.save, id, "", "javascript:alert(1)", None)
    ways = ("/sessions/talks", f"/sessions/gatherings/{id}")
    do(notes.save, id, "", "https://video.example.org/1", None)
    assert not [way for way in ways if "https://video.example.org/1" in bo.get(way).text], "saved for now"
    assert "Nothing to read yet" in bo.get(ways[1]).text
    do(notes.save, id, "", "https://video.example.org/1", None, True)
    assert "https://video.example.org/1" in bo.get(ways[1]).text
    house.baton.tick()
    assert "https://video.example.org/1" in bo.get("/sessions/talks").text
    hers = house.baton.rows("notifications", "mail", person=guest_of(id))
    assert {mail["kind"]: mail["address"] for mail in hers} == dict.fromkeys(["talk", "notes"], "grace@example.com")


def test_the_guest_is_forgotten_everywhere(house: House) -> None:
    id = house.sent(house.talk())
    assert "guest_name" in refusal(notes.forget_guest, id), "while the guest is expected"
    over(id)
    do(notes.forget_guest, id)
    house.baton.tick()
    left = repr(house.baton.dump())
    assert "grace@example.com" not in left and "Grace Hopper" not in left
    settled(house.baton)


@pytest.mark.parametrize("after", [{"guest_name": "Barbara", "guest_email": "b@example.com"},
                                   {"guest_name": "", "guest_email": ""}], ids=["replaced", "taken out"])  # fmt: skip
def test_a_former_guest_is_forgotten_and_the_present_one_is_not(house: House, after: dict[str, str]) -> None:
    id = house.sent(house.talk())
    do(proposing.save, id, {**TALK, **after}, [], None)
    house.baton.tick()
    assert "Forget former guests" in house.organizer.get(f"/sessions/gatherings/{id}").text
    answer = house.organizer.post(f"/sessions/gatherings/{id}/forget-guest")
    assert answer.status_code == 303
    house.baton.tick()
    left = repr(house.baton.dump())
    assert "grace@example.com" not in left and "Grace Hopper" not in left
    assert (row(id)["guest_name"] or "") == after["guest_name"] and not row(id)["former"]
    assert "guest_name" in refusal(notes.forget_guest, id)
    assert house.organizer.get(f"/sessions/gatherings/{id}").status_code == 200
    if after["guest_name"]:
        over(id)
        do(notes.forget_guest, id)
        house.baton.tick()
        assert "b@example.com" not in repr(house.baton.dump())
    assert house.organizer.get(f"/sessions/gatherings/{id}").status_code == 200
    settled(house.baton)


def test_the_guest_is_not_forgotten_before_they_know_that_it_is_off(house: House) -> None:
    id = house.sent(house.talk())
    grace = guest_of(id)
    do(proposing.cancel, id, "")
    assert "guest_name" in refusal(notes.forget_guest, id), "nobody has looked at the invites"
    worker.app.tasks["sessions.tick"].run()
    assert not house.invited(id)
    assert "guest_name" in refusal(notes.forget_guest, id), "nobody was handed what was published"
    assert house.organizer.post(f"/sessions/gatherings/{id}/forget-guest").status_code == 409
    house.baton.drain()
    assert kinds(house.baton, grace, id) == ["talk", "invite-cancel"]
    with db.write("notifications") as tx:
        tx.execute(mail.update().where(mail.c.person == grace, mail.c.kind == "invite-cancel").values(state="queued"))
    do(notes.forget_guest, id)
    house.baton.drain()
    assert [each["address"] for each in mails(house.baton, grace, id)] == ["grace@example.com"] * 2, "it is queued"
    with db.write("notifications") as tx:
        tx.execute(mail.update().where(mail.c.person == grace).values(state="sent"))
    house.baton.pass_machine_time(3600)
    house.baton.drain()
    assert "grace@example.com" not in repr(house.baton.dump())
    settled(house.baton)


def test_when_it_is_over_it_is_closed_and_nothing_of_it_is_late(house: House) -> None:
    id = house.sent(house.talk())
    over(id)
    house.baton.tick()
    assert row(id)["state"] == "closed"
    house.baton.pass_time(days=5)
    house.baton.tick()
    with db.read("sessions") as tx:
        assert id not in {each["id"] for each in listing.listed(tx, "held")}
        assert [each["late"] for each in listing.listed(tx, "closed") if each["id"] == id] == [None]
    missed = house.baton.rows("sessions", "event", type="minutes.missed")
    assert not [each for each in missed if each["data"]["session"] == id]
    assert "over" in house.organizer.get(f"/sessions/gatherings/{id}").text
    house.baton.pass_time(days=config.current().keep_runs + 1)
    with db.write("sessions") as tx:
        while keeping.prune(tx):
            pass
    assert not house.baton.rows("sessions", "invite", session=id)
    assert house.organizer.get(f"/sessions/gatherings/{id}").status_code == 200
