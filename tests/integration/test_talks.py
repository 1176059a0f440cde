"""Talks and their guests; meetings and talks in calendars."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.sessions.gatherings import proposing
from services.signup import people
from shared import clock, config, db
from tests.circles import do, join, settled, signup
from tests.gathering import TALK, House, guest_of, row, who
from tests.inviting import answers, calendar_in, kinds, link, mails, told

# ---- talks ----


def test_a_talk_is_for_the_whole_program_and_its_guest(house: House) -> None:
    id = house.sent(house.talk())
    assert house.invited(id) == {house.olga, house.ada, house.bo, house.cy, guest_of(id)}
    assert len(who(id).people) == 5 == len([*who(id).organizers, *who(id).members]) + 1, "each is named once"
    [mail] = mails(house.baton, house.bo, id)
    assert mail["kind"] == "talk" and "Grace Hopper" in mail["text"] and "About *small* steps." in mail["text"]
    assert "<em>small</em>" in mail["html"]
    [hers] = mails(house.baton, guest_of(id), id)
    assert hers["address"] == "grace@example.com" and "Thank you for giving this talk" in hers["text"]
    assert str(calendar_in(hers)[0]["ATTENDEE"]) == "mailto:grace@example.com"
    settled(house.baton)


@pytest.mark.parametrize("address", ["ada@example.org", "ADA@Example.org"])
def test_a_guest_of_the_program_gets_one_invite(house: House, address: str) -> None:
    id = house.sent(house.talk(guest_name="Ada", guest_email=address))
    both = [*mails(house.baton, house.ada, id), *mails(house.baton, guest_of(id), id)]
    assert [(each["person"], each["kind"]) for each in both] == [(guest_of(id), "talk")]
    do(proposing.cancel, id, "")
    house.baton.tick()
    assert kinds(house.baton, guest_of(id), id) == ["talk", "invite-cancel"] and not kinds(house.baton, house.ada, id)
    assert kinds(house.baton, house.bo, id) == ["talk", "invite-cancel"]
    settled(house.baton)


def test_a_guest_declines_by_the_link(house: House) -> None:
    id = house.sent(house.talk())
    client, way = house.baton.client("sessions"), link(mails(house.baton, guest_of(id), id)[0])
    shown = client.get(way).text
    assert "How I review code" in shown and "No talks for you?" not in shown
    assert client.post(way, data={"answer": "cannot"}).status_code == 303
    assert answers(house.baton)[id, guest_of(id)] == ("cannot", "link")


def test_another_guest_takes_the_place_of_the_first(house: House) -> None:
    id = house.sent(house.talk())
    grace = guest_of(id)
    do(proposing.save, id, {**TALK, "guest_name": "Barbara Liskov", "guest_email": "barbara@example.com"}, [], None)
    house.baton.tick()
    assert told(house.baton, grace, id) == [("REQUEST", 0), ("CANCEL", 1)]
    assert mails(house.baton, grace, id)[-1]["address"] == "grace@example.com"
    assert mails(house.baton, guest_of(id), id)[0]["address"] == "barbara@example.com"
    assert kinds(house.baton, house.ada, id) == ["talk"]


def test_a_guest_without_an_address_gets_nothing(house: House) -> None:
    id = house.sent(house.talk(guest_email=""))
    assert house.invited(id) == {house.olga, house.ada, house.bo, house.cy}
    settled(house.baton)


def test_no_talks_is_an_answer_and_can_be_taken_back(house: House) -> None:
    first = house.sent(house.talk())
    client, way = house.baton.client("sessions"), link(mails(house.baton, house.ada, first)[0])
    assert "no more talks" in client.get(way).text
    client.post(way, data={"answer": "no-talks"})
    house.baton.tick()
    second = house.sent(house.talk(day="2027-02-09"))
    assert house.ada not in house.invited(first) | house.invited(second)
    assert kinds(house.baton, house.ada, first) == ["talk", "invite-cancel"]
    assert "you want no talks" in mails(house.baton, house.ada, first)[-1]["text"]
    assert house.as_(house.ada).post("/sessions/talks/wanted", data={"wanted": "yes"}).status_code == 303
    house.baton.tick()
    assert house.ada in house.invited(second)


def test_no_talks_is_no_answer_to_anything_else(house: House) -> None:
    id = house.sent(house.meeting())
    way = link(mails(house.baton, house.ada, id)[0])
    assert house.baton.client("sessions").post(way, data={"answer": "no-talks"}).status_code == 422
    assert not house.baton.rows("sessions", "no_talks")


def test_who_joins_is_invited_and_who_leaves_is_not_any_more(house: House) -> None:
    id = house.sent(house.talk())
    dee = join(house.baton, "Dee")
    signup(people.leave, house.bo)
    house.baton.drain()
    house.baton.pass_time(hours=1)
    house.baton.tick()
    assert dee in house.invited(id) and house.bo not in house.invited(id)
    settled(house.baton)


def test_only_who_said_yes_is_reminded_of_a_talk(house: House) -> None:
    id = house.sent(house.talk())
    house.as_(house.ada).post(f"/sessions/answers/{id}", data={"answer": "coming"})
    clock.advance(row(id)["starts_at"] - timedelta(hours=60) - clock.now())
    house.baton.tick()
    assert kinds(house.baton, house.ada, id) == ["talk", "reminder"] and kinds(house.baton, house.bo, id) == ["talk"]


def test_whoever_is_silent_is_reminded_of_the_monthly_meeting(house: House) -> None:
    id = house.sent(house.meeting())
    clock.advance(row(id)["starts_at"] - timedelta(hours=60) - clock.now())
    house.baton.tick()
    assert "reminder" in kinds(house.baton, house.olga, id)


def test_hundreds_are_told_in_events_of_a_bearable_size(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.sessions.invites import telling

    monkeypatch.setattr(telling, "EACH", 2)
    real, read = telling.reading.answers, list[Any]()

    def answers_of(tx: Any, sessions: list[str]) -> Any:
        read.append(sessions)
        return real(tx, sessions)

    monkeypatch.setattr(telling.reading, "answers", answers_of)
    id = house.sent(house.talk())
    assert read.count([id]) == 1, "answers are read once, not for each event"
    found = [event["data"] for event in house.baton.rows("sessions", "event", type="session.announced")]
    sizes = [len(data["attendees"]) for data in found if data["session"] == id]
    assert sizes == [2, 2, 1] and len(house.invited(id)) == 5
    for person in house.invited(id):
        assert kinds(house.baton, person, id) == ["talk"]


# ---- calendars ----


def test_they_are_in_the_feeds_of_who_is_invited(house: House) -> None:
    id, talk = house.sent(house.meeting()), house.sent(house.talk())
    with db.read("sessions") as tx:
        from services.sessions.invites import feeds

        ways = {each: str(feeds.address(tx, each)) for each in (house.ada, house.bo, house.olga)}
    found = {who: house.baton.client("sessions").get(way.removeprefix(config.current().base_url)).text
             for who, way in ways.items()}  # fmt: skip
    assert [f"{id}@" in found[each] for each in ways] == [True, False, True]
    assert all(f"{talk}@" in text for text in found.values())


def test_a_calendar_answers_as_for_any_session(house: House) -> None:
    from services.sessions.invites import answering

    id = house.sent(house.talk())
    with db.write("sessions") as tx:
        answering.by_calendar(tx, id, guest_of(id), "coming", 0)
        answering.by_calendar(tx, id, "nobody", "coming", 0)
    assert {key: value for key, value in answers(house.baton).items() if key[0] == id} == {
        (id, guest_of(id)): ("coming", "calendar")
    }
