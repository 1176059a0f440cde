"""The organizers' monthly meeting and talks: proposed by a click or a plan, looked at, sent, changed, noted."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.sessions.gatherings import proposing
from services.sessions.rules.refusals import Stale
from shared import clock, db
from tests.circles import do, settled
from tests.gathering import WHEN, House, refusal, row, who
from tests.inviting import calendar_in, kinds, mails, told

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
