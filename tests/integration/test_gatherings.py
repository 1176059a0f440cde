"""The organizers' monthly meeting and talks: proposed by a click or a plan, looked at, sent, changed, noted."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notifications.models import mail
from services.sessions import keeping
from services.sessions.gatherings import notes, plans, proposing, reading, recipients
from services.sessions.meetings import listing
from services.sessions.models import minutes, turn
from services.sessions.rules.refusals import Refused, Stale
from services.signup import access_links, people
from shared import access, clock, config, db, tokens, worker
from tests.circles import circle, circles, do, join, settled, signup
from tests.integration.test_invites import answers, calendar_in, kinds, link, mails, told
from tests.integration.test_meetings import begin

HELP = "## Where help is needed\n\nWe need a speaker on **sorting**.\n\n## Questions\n\nHow long is a CV?\n"
WHEN = {"day": "2027-02-02", "time": "18:00", "zone": "America/Toronto", "minutes": "60",
        "link": "https://meet.example.org/all", "location": ""}  # fmt: skip
TALK = {**WHEN, "title": "How I review code", "text": "About *small* steps.", "guest_name": "Grace Hopper",
        "guest_email": "grace@example.com"}  # fmt: skip


class House:
    """Olga organizes; Ada and Bo are in a circle of stream1, Cy in one of stream2; both meet fortnightly."""

    def __init__(self, baton: Any) -> None:
        self.baton = baton
        with db.write("signup") as tx:
            self.olga = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
        self.ada = join(baton, "Ada", "America/Toronto")
        self.bo = join(baton, "Bo", "Asia/Kolkata")
        self.cy = join(baton, "Cy", stream="stream2")
        [self.one] = map(circle, circles("stream1"))
        [self.two] = map(circle, circles("stream2"))
        for each in (self.one, self.two):
            begin(each)
        self.lead(self.one, self.ada)
        self.lead(self.two, self.cy)
        baton.tick()

    def sessions(self, of: str) -> list[dict[str, Any]]:
        return sorted(self.baton.rows("sessions", "session", circle=of), key=lambda row: row["starts_at"])

    def lead(self, of: str, person: str | None, number: int = 0) -> None:
        """Let that person, and nobody else, have said yes to a circle's session."""
        session = self.sessions(of)[number]["id"]
        with db.write("sessions") as tx:
            tx.execute(turn.delete().where(turn.c.session == session))
            if person:
                row = {"id": db.new_id(), "session": session, "circle": of, "role": "coordinator", "person": person}
                tx.execute(turn.insert().values(**row, state="accepted", why={}, created_at=clock.now()))

    def minuted(self, of: str, text: str = HELP) -> None:
        """Let the first session be over and its minutes published."""
        with db.write("sessions") as tx:
            tx.execute(minutes.insert().values(
                session=self.sessions(of)[0]["id"], agenda="", agenda_version=0, text=text, version=1, saved_by="x",
                saved_at=clock.now(), published_at=clock.now(), published_by="x",
            ))  # fmt: skip

    def meeting(self, **fields: Any) -> str:
        """A monthly meeting on 2 February, not sent."""
        id = str(do(proposing.propose, "organizers"))
        do(proposing.save, id, {**WHEN, "title": "Monthly", "text": "Talk.", **fields}, [], None)
        return id

    def talk(self, **fields: Any) -> str:
        id = str(do(proposing.propose, "talk"))
        do(proposing.save, id, {**TALK, **fields}, [], None)
        return id

    def sent(self, id: str) -> str:
        do(proposing.send, id, None)
        self.baton.tick()
        return id

    def invited(self, id: str) -> set[str]:
        return {row["person"] for row in self.baton.rows("sessions", "invite", session=id) if not row["cancelled"]}

    def as_(self, person: str, *roles: str) -> Any:
        client = self.baton.client("sessions")
        claims = {"person": person, "roles": list(roles or ("member",)), "at": clock.machine()}
        client.set_cookie(access.COOKIE, tokens.sign("cookie", claims))
        return client

    @property
    def organizer(self) -> Any:
        return self.as_(self.olga, "organizer")


@pytest.fixture
def house(baton: Any) -> House:
    return House(baton)


def row(id: str) -> dict[str, Any]:
    with db.read("sessions") as tx:
        return reading.one(tx, id)


def who(id: str) -> recipients.Recipients:
    with db.read("sessions") as tx:
        return recipients.of(tx, reading.one(tx, id))


def guest_of(id: str) -> str:
    return str(row(id)["guest"])


def refusal(command: Any, *given: Any) -> dict[str, str]:
    with pytest.raises(Refused) as caught:
        do(command, *given)
    return {each.field: each.message for each in caught.value.all}


# ---- proposing ----


def test_a_proposal_is_made_of_minutes_and_told_to_nobody(house: House) -> None:
    house.minuted(house.one)
    before = len(house.baton.rows("notifications", "mail"))
    id = str(do(proposing.propose, "organizers"))
    house.baton.tick()
    found = row(id)
    assert (found["state"], found["day"], found["time"]) == ("proposed", "2027-01-05", "18:00"), "the first Tuesday"
    assert "We need a speaker on **sorting**." in found["text"] and "> How long is a CV?" in found["text"]
    assert found["text"].index("Where help is needed") < found["text"].index("Open problems")
    assert not house.baton.rows("sessions", "session", id=id)
    assert len(house.baton.rows("notifications", "mail")) == before


def test_minutes_of_last_season_are_not_of_the_month(house: House) -> None:
    house.minuted(house.one)
    house.baton.pass_time(days=45)
    assert "sorting" not in row(str(do(proposing.propose, "organizers")))["text"]


def test_it_is_for_organizers_and_whoever_leads_next(house: House) -> None:
    found = who(house.meeting())
    assert found.organizers == [house.olga]
    assert found.circles == {house.one: house.ada, house.two: house.cy} and not found.without


def test_the_baton_is_held_until_it_is_passed(house: House) -> None:
    """After the session the next one has no coordinator: until somebody says yes, who led is the coordinator still."""
    id = house.meeting()
    house.baton.pass_time(days=9)
    house.lead(house.one, None, 1)
    assert who(id).circles[house.one] == house.ada
    house.lead(house.one, house.bo, 1)
    assert who(id).circles[house.one] == house.bo


def test_a_circle_that_nobody_leads_is_named(house: House) -> None:
    house.lead(house.two, None)
    found = who(house.meeting())
    assert found.without == [house.two] and house.cy not in found.people


def test_streams_can_be_chosen(house: House) -> None:
    id = house.meeting()
    do(proposing.save, id, {**WHEN, "title": "Monthly"}, ["stream2"], None)
    assert who(id).people == [house.olga, house.cy]


def test_a_meeting_can_be_split_by_stream(house: House) -> None:
    house.minuted(house.one)
    id = house.meeting()
    made = do(proposing.split, id)
    assert row(id)["state"] == "dropped"
    assert [row(each)["streams"] for each in made] == [["stream1"], ["stream2"], ["stream3"]]
    assert ["sorting" in row(each)["text"] for each in made] == [True, False, False], "each has its own agenda"
    assert "gathering" in refusal(proposing.split, id)


def test_too_many_for_one_meeting_is_said_before_it_is_sent(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.sessions.rules import gatherings as rules

    page = f"/sessions/gatherings/{house.meeting()}"
    assert "that is no conversation" not in house.organizer.get(page).text
    monkeypatch.setattr(rules, "MANY", 2)
    text = house.organizer.get(page).text
    assert (
        "3 people in one meeting, from 2 circles: that is no conversation" in text and "Split: one per stream" in text
    )


def test_a_proposal_is_dropped_and_taken_up_again(house: House) -> None:
    id = house.meeting()
    do(proposing.drop, id)
    assert row(id)["state"] == "dropped" and "gathering" in refusal(proposing.send, id, None)
    do(proposing.take_up, id)
    house.sent(id)
    assert house.invited(id) == {house.olga, house.ada, house.cy}
    assert "gathering" in refusal(proposing.drop, id) and "gathering" in refusal(proposing.take_up, id)


# ---- sending ----


def test_sent_once_everybody_has_one_invite_that_calendars_take(house: House) -> None:
    id = house.sent(house.meeting())
    do(proposing.send, id, None)
    house.baton.tick()
    for person in (house.olga, house.ada, house.cy):
        assert kinds(house.baton, person, id) == ["meeting"]
    assert not mails(house.baton, house.bo, id)
    [mail] = mails(house.baton, house.ada, id)
    event, method = calendar_in(mail)
    assert (method, str(event["SUMMARY"]), int(event["SEQUENCE"])) == ("REQUEST", "Monthly", 0)
    assert event["DTSTART"].dt.astimezone(UTC) == datetime(2027, 2, 2, 23, tzinfo=UTC), "18:00 in Toronto"
    assert str(event["ATTENDEE"]) == "mailto:ada@example.org"
    assert "help is needed" in mail["text"] and "Coordinator:" not in mail["text"]
    settled(house.baton)


def test_two_who_press_send_at_once_send_it_once(house: House) -> None:
    id = house.meeting()
    found: list[Any] = []
    both = threading.Barrier(2)

    def press() -> None:
        both.wait()
        found.append(do(proposing.send, id, None))

    threads = [threading.Thread(target=press) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    house.baton.tick()
    assert sorted(found) == [False, True]
    assert kinds(house.baton, house.ada, id) == ["meeting"]


def test_nobody_is_mailed_who_was_not_shown(house: House) -> None:
    id = house.meeting()
    seen = who(id).token
    house.lead(house.one, house.bo)
    with pytest.raises(Stale):
        do(proposing.send, id, seen)
    assert row(id)["state"] == "proposed"
    assert do(proposing.send, id, who(id).token)


def test_what_is_missing_is_named(house: House) -> None:
    id = str(do(proposing.propose, "talk"))
    assert set(refusal(proposing.send, id, None)) == {"title", "guest_name"}


def test_an_outage_beyond_its_day_sends_nothing(house: House) -> None:
    id = house.meeting()
    house.baton.pass_time(days=40)
    assert set(refusal(proposing.send, id, None)) == {"day"}


# ---- changing ----


def test_moved_it_is_the_same_event_with_a_higher_sequence(house: House) -> None:
    id = house.sent(house.meeting())
    do(proposing.save, id, {**WHEN, "title": "Monthly", "day": "2027-03-16"}, [], None)
    house.baton.tick()
    assert kinds(house.baton, house.ada, id) == ["meeting", "invite-update"]
    events = [calendar_in(mail)[0] for mail in mails(house.baton, house.ada, id)]
    assert len({str(event["UID"]) for event in events}) == 1
    assert [int(event["SEQUENCE"]) for event in events] == [0, 1]
    assert events[1]["DTSTART"].dt.astimezone(UTC) == datetime(2027, 3, 16, 22, tzinfo=UTC), "18:00, clocks changed"
    assert "The meeting" in mails(house.baton, house.ada, id)[1]["text"]


def test_a_new_tzdata_moves_it_like_any_session(house: House) -> None:
    from services.sessions.meetings import planning
    from services.sessions.models import session

    id = house.sent(house.meeting())
    with db.write("sessions") as tx:  # as the zone's former rules had it
        wrong = row(id)["starts_at"] + timedelta(hours=1)
        tx.execute(session.update().where(session.c.id == id).values(starts_at=wrong))
        planning.mend(tx)
    house.baton.tick()
    assert row(id)["starts_at"] == datetime(2027, 2, 2, 23, tzinfo=UTC)
    assert row(id)["sequence"] == 1


def test_another_agenda_alone_is_told_to_nobody(house: House) -> None:
    id = house.sent(house.meeting())
    do(proposing.save, id, {**WHEN, "title": "Monthly", "text": "Other things"}, [], None)
    house.baton.tick()
    assert kinds(house.baton, house.ada, id) == ["meeting"] and row(id)["text"] == "Other things"


def test_what_circles_wrote_is_looked_at_before_anybody_reads_it(house: House) -> None:
    """Minutes are private to their circle: an agenda is made of them only while nobody else reads it."""
    id = house.meeting()
    page, button = f"/sessions/gatherings/{id}/edit", 'value="anew"'
    assert button in house.organizer.get(page).text
    house.minuted(house.one)
    house.sent(id)
    assert button not in house.organizer.get(page).text
    form = {**WHEN, "title": "Monthly", "text": "Talk.", "do": "anew"}
    answer = house.organizer.post(page, data=form)
    assert answer.status_code == 422 and 'id="f-text-wrong"' in answer.text and "Talk." in answer.text
    assert row(id)["text"] == "Talk."


def test_cancelled_and_taken_back(house: House) -> None:
    id = house.sent(house.meeting())
    do(proposing.cancel, id, "Too few can")
    house.baton.tick()
    do(proposing.restore, id)
    house.baton.tick()
    assert told(house.baton, house.ada, id) == [("REQUEST", 0), ("CANCEL", 1), ("REQUEST", 2)]
    assert "Too few can" in mails(house.baton, house.ada, id)[1]["text"]
    assert row(id)["state"] == "planned" and "gathering" in refusal(proposing.restore, id)


def test_nothing_brings_back_what_is_over(house: House) -> None:
    id = house.sent(house.meeting())
    do(proposing.cancel, id, "")
    house.baton.pass_time(days=40)
    assert "gathering" in refusal(proposing.restore, id)
    assert "gathering" in refusal(proposing.save, id, {**WHEN, "title": "x"}, [], None)


def test_when_the_coordinator_changes_the_invite_follows(house: House) -> None:
    id = house.sent(house.meeting())
    house.lead(house.one, house.bo)
    house.baton.pass_time(hours=1)
    house.baton.tick()
    assert house.invited(id) == {house.olga, house.bo, house.cy}
    assert told(house.baton, house.ada, id) == [("REQUEST", 0), ("CANCEL", 1)]
    assert "somebody else coordinates your circle now" in mails(house.baton, house.ada, id)[-1]["text"]
    assert told(house.baton, house.bo, id) == [("REQUEST", 0)]


def test_who_takes_over_is_invited_at_the_next_tick(house: House) -> None:
    """Whatever changes a circle's coordinator asks for a look at the circle; the meeting's invites follow at once."""
    from services.sessions.invites import due

    id = house.sent(house.meeting())
    house.lead(house.one, house.bo)
    with db.write("sessions") as tx:
        due.touch(tx, [house.one])
    house.baton.tick()
    assert house.bo in house.invited(id) and house.ada not in house.invited(id)


def test_once_it_has_begun_invites_stay_as_they_were(house: House) -> None:
    id = house.sent(house.meeting())
    clock.advance(row(id)["starts_at"] + timedelta(minutes=5) - clock.now())
    before = house.invited(id)
    house.lead(house.one, house.bo, 2)
    house.baton.tick()
    assert house.invited(id) == before


def test_two_who_edit_do_not_overwrite_each_other(house: House) -> None:
    id = house.meeting()
    seen = str(row(id)["version"])
    do(proposing.save, id, {**WHEN, "title": "Mine"}, [], seen)
    with pytest.raises(Stale):
        do(proposing.save, id, {**WHEN, "title": "Theirs"}, [], seen)
    assert row(id)["title"] == "Mine"


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_who_cancels_while_the_first_invites_are_told_waits_for_that(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who tells has the subject and needs the session's row; who cancels took that row, and waited for the subject."""
    from services.sessions.gatherings import telling
    from services.sessions.invites import telling as invites

    id = house.meeting()
    do(proposing.send, id, None)
    told_some, wrong = threading.Event(), list[Exception]()
    real = invites._need_no_reminder

    def slowly(tx: Any, row: Any) -> None:
        told_some.set()
        canceller.join(0.5)
        real(tx, row)

    def cancel() -> None:
        told_some.wait()
        try:
            do(proposing.cancel, id, "")
        except Exception as error:
            wrong.append(error)

    monkeypatch.setattr(invites, "_need_no_reminder", slowly)
    canceller = threading.Thread(target=cancel)
    canceller.start()
    try:
        with db.write("sessions") as tx:
            telling.settle(tx, id)
    finally:
        told_some.set()
        canceller.join()
    house.baton.tick()
    assert not wrong and not house.invited(id)
    assert told(house.baton, house.ada, id) == [("REQUEST", 0), ("CANCEL", 1)]
    settled(house.baton)


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


# ---- notes ----


def over(id: str) -> None:
    clock.advance(row(id)["ends_at"] + timedelta(minutes=1) - clock.now())


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


# ---- hostile and odd ----


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("title", "a\nb"),
        ("title", "x" * 201),
        ("text", "x" * 20_001),
        ("text", "\u202e"),
        ("day", "2027-02-30"),
        ("day", "2026-01-01"),
        ("day", ""),
        ("time", "7 pm"),
        ("zone", "Nowhere/Land"),
        ("minutes", "91"),
        ("minutes", "1e3"),
        ("link", "ftp://example.org"),
        ("link", "javascript:alert(1)"),
        ("location", "a\u0007b"),
        ("guest_email", "not an address"),
        ("guest_email", "a@b@example.org"),
        ("guest_email", "a@example.org, b@example.org"),
        ("guest_email", "a@example.org\r\nBcc: all@example.org"),
        ("guest_name", "x" * 201),
    ],
)
def test_what_cannot_be_taken_is_named_and_nothing_typed_is_lost(house: House, field: str, typed: str) -> None:
    id = str(do(proposing.propose, "talk"))
    answer = house.organizer.post(f"/sessions/gatherings/{id}/edit", data={**TALK, field: typed})
    assert answer.status_code == 422 and f'id="f-{field}-wrong"' in answer.text
    assert "How I review code" in answer.text or field == "title"
    assert row(id)["version"] == 0


def test_a_wall_time_that_does_not_exist_is_said(house: House) -> None:
    id = house.meeting(day="2027-03-14", time="02:30")
    assert row(id)["warning"]
    assert row(id)["warning"] in house.organizer.get(f"/sessions/gatherings/{id}").text.replace("&#39;", "'")


def test_markup_stays_text(house: House) -> None:
    id = house.talk(title="<script>x</script>", text="<img src=x onerror=y>", guest_name="<b>G</b>")
    house.sent(id)
    ways = (f"/sessions/gatherings/{id}", "/sessions/talks", f"/sessions/answers/{id}")
    for page in (house.organizer.get(ways[0]), *(house.as_(house.ada).get(way) for way in ways)):
        assert page.status_code == 200
        assert "<script>x" not in page.text and "<img" not in page.text and "<b>G" not in page.text
    mail = mails(house.baton, house.ada, id)[0]
    assert "<script>x" not in mail["html"] and "<img" not in mail["html"]


def test_pages_are_closed_to_whoever_may_not(house: House) -> None:
    proposal, sent = house.meeting(), house.sent(house.meeting(day="2027-02-09"))
    bo = house.as_(house.bo)
    for path in ("", f"/{proposal}/edit", f"/{sent}/cancel", "/plans/talk", f"/{proposal}", f"/{sent}"):
        assert bo.get(f"/sessions/gatherings{path}").status_code == 403, path
    for path in ("", *(f"/{sent}/{verb}" for verb in ("send", "split", "drop", "take-up", "restore", "notes"))):
        assert bo.post(f"/sessions/gatherings{path}", data={"kind": "talk"}).status_code == 403, path
    assert house.organizer.get("/sessions/gatherings/nobody").status_code == 404
    assert house.organizer.post("/sessions/gatherings", data={"kind": "party"}).status_code == 409
    assert house.as_(house.ada).get(f"/sessions/s/{sent}").headers["Location"].endswith(f"/gatherings/{sent}")
    assert house.organizer.get(f"/sessions/s/{sent}/lead").status_code == 404, "it has no minutes of a circle"


def test_a_get_of_any_page_changes_nothing(house: House) -> None:
    meeting, talk = house.sent(house.meeting()), house.sent(house.talk())
    ways = [f"/sessions/gatherings/{id}{more}" for id in (meeting, talk) for more in ("", "/edit", "/cancel")]
    ways += ["/sessions/gatherings", "/sessions/gatherings/plans/talk", "/sessions/talks", "/sessions/"]
    ways += [link(mails(house.baton, house.ada, talk)[0]), f"/sessions/answers/{talk}"]
    before = house.baton.dump()
    for way in ways:
        for client in (house.as_(house.ada, "member", "organizer"), house.as_(house.bo)):
            assert client.get(way).status_code in (200, 403), way
            client.head(way)
    assert house.baton.dump() == before


def test_the_page_shows_whom_it_goes_to_and_the_whole_way(house: House) -> None:
    """By the buttons alone: propose, edit, look, send, cancel, undo, note, share."""
    house.minuted(house.one)
    olga = house.organizer
    assert "Nothing is proposed" in olga.get("/sessions/gatherings").text
    page = olga.post("/sessions/gatherings", data={"kind": "organizers"}).headers["Location"].partition("?")[0]
    olga.post(f"{page}/edit", data={**WHEN, "title": "Monthly", "text": "Mine"})
    text = olga.get(page).text
    assert all(name in text for name in ("Olga", "Ada", "Cy", "3 people")) and ">Bo<" not in text
    seen = re.search(r'name="seen" value="(\w+)"', text)
    assert seen and olga.post(f"{page}/send", data={"seen": "0" * 24}).status_code == 409
    assert olga.post(f"{page}/send", data={"seen": seen[1]}).status_code == 303
    house.baton.tick()
    assert "Sent: the invites are on their way." in olga.get(f"{page}?said=gathering-sent").text
    assert "0 coming, 0 cannot, 3 without an answer" in olga.get(page).text
    assert olga.post(f"{page}/cancel", data={"reason": "x" * 501}).status_code == 422
    assert olga.post(f"{page}/cancel", data={"reason": "Ill"}).status_code == 303
    assert "Undo: it takes place" in olga.get(page).text
    assert olga.post(f"{page}/restore").status_code == 303
    house.baton.tick()
    over(page.rpartition("/")[2])
    house.baton.tick()
    version = re.search(r'name="seen" value="(\w+)"', olga.get(page).text)
    assert version
    form = {"notes": "x" * 300_000, "recording": "", "seen": version[1], "do": "share"}
    long = olga.post(f"{page}/notes", data=form)
    assert long.status_code == 422 and "x" * 300_000 in long.text
    assert olga.post(f"{page}/notes", data={**form, "notes": "We agreed."}).status_code == 303
    assert olga.post(f"{page}/notes", data={**form, "notes": "Late."}).status_code == 409
    assert "Shared" in olga.get(page).text
