"""What time does to applications, links that sign in, and changes of address."""

from __future__ import annotations

import json
from functools import partial

import pytest
import sqlalchemy as sa

from services.signup import access_links, people, rules
from shared import db, engines, tokens
from shared.events import bell
from tests.applicants import apply, ask, do, last, member, refused, row, told
from tests.conftest import Baton


def test_one_reminder_after_3_days_and_the_purge_after_14(baton):
    person = apply(baton)
    baton.tick()
    for _ in range(3):
        baton.pass_time(days=1)
        baton.tick()
    assert told(baton, person) == ["application.received", "application.reminded"]
    baton.pass_time(days=10, hours=20)
    baton.tick()
    assert told(baton, person) == ["application.received", "application.reminded"]
    baton.pass_time(hours=5)
    baton.tick()
    assert row(person) is None
    assert told(baton, person)[-1] == "application.expired"
    assert "ada@example.org" not in json.dumps(baton.rows("signup", "event"), default=str)
    assert do(people.confirm, person) == "gone"


def test_the_second_application_of_one_who_left_expires_without_touching_them(baton):
    person = member(baton)
    do(people.leave, people.subject(person), person)
    baton.pass_machine_time(3601)
    assert apply(baton, name="Ada Two") == person
    baton.pass_time(days=15)
    baton.tick()
    assert (row(person)["state"], row(person)["name"], row(person)["reapplied"]) == ("left", "Ada King", None)
    assert do(people.confirm, person) == "gone"


def test_many_applications_are_purged_in_steps(baton, monkeypatch):
    from services.signup import schedule

    monkeypatch.setattr(schedule, "STEP", 3)
    for number in range(8):
        apply(baton, f"p{number}@example.org")
    baton.pass_time(days=15)
    baton.tick()
    assert [r for r in baton.rows("signup", "person") if r["state"] == "applied"] == []


def summaries(baton: Baton) -> list[dict]:
    return [event["data"] for event in baton.rows("signup", "event", type="applications.summarized")]


def test_organizers_get_one_summary_a_day_at_8_in_the_programs_zone(baton):
    do(access_links.add_organizer, "system", "boss@example.org", "The Boss")
    baton.tick()  # 4 January, 04:00 in Toronto: not yet time
    apply(baton, "ada@example.org")
    member(baton, "bob@example.org", "Bob", "stream2")
    baton.pass_time(hours=5)  # 09:00: the day before had nobody
    baton.tick()
    assert summaries(baton) == []
    baton.pass_time(hours=22)  # 5 January, 07:00
    baton.tick()
    assert summaries(baton) == []
    baton.pass_time(hours=1)
    baton.tick()
    baton.tick()
    (summary,) = summaries(baton)
    assert summary["since"] == summary["day"] == "2027-01-04"
    assert summary["counts"] == {"stream1": 1, "stream2": 1}
    assert [each["name"] for each in summary["organizers"]] == ["The Boss"]
    assert {each["state"] for each in summary["applications"]} == {"applied", "active"}
    baton.pass_time(days=1)
    baton.tick()
    assert len(summaries(baton)) == 1, "nothing new, no mail"


def test_a_summary_makes_up_for_days_on_which_nothing_ran(baton):
    do(access_links.add_organizer, "system", "boss@example.org")
    baton.pass_time(hours=5)
    baton.tick()
    apply(baton)
    baton.pass_time(days=3)
    baton.tick()
    assert [summary["counts"] for summary in summaries(baton)] == [{"stream1": 1}]
    assert [(each["since"], each["day"]) for each in summaries(baton)] == [("2027-01-04", "2027-01-06")]


def test_a_summary_makes_up_for_days_on_which_it_failed(baton, monkeypatch):
    from services.signup import schedule

    def broken(*_):
        raise ValueError("no")

    do(access_links.add_organizer, "system", "boss@example.org")
    baton.pass_time(hours=5)
    baton.tick()
    apply(baton)
    with monkeypatch.context() as while_broken:
        while_broken.setattr(schedule, "_midnight", broken)
        for _ in range(2):
            baton.pass_time(days=1)
            baton.tick()
    baton.pass_time(days=1)
    baton.tick()
    assert [(each["since"], each["day"]) for each in summaries(baton)] == [("2027-01-04", "2027-01-06")]


def test_the_first_summary_begins_with_the_first_application(baton):
    do(access_links.add_organizer, "system", "boss@example.org")
    apply(baton)
    baton.pass_time(days=2, hours=5)
    baton.tick()
    assert [(each["since"], each["day"]) for each in summaries(baton)] == [("2027-01-04", "2027-01-05")]


# Signing in, organizers


def sign_in_token(baton: Baton, person: str) -> str:
    data = last(baton, person)
    return tokens.sign("sign-in", {"person": person, "request": data["request"], "next": data["next"]})


def test_a_sign_in_link_works_once(baton):
    person = member(baton)
    do(access_links.request_sign_in, "ADA@example.org", "/signup/me")
    token = sign_in_token(baton, person)
    assert do(access_links.use_sign_in, token)["id"] == person
    with pytest.raises(tokens.BadToken, match="used"):
        do(access_links.use_sign_in, token)


def test_forged_expired_and_foreign_tokens_sign_nobody_in(baton):
    person = member(baton)
    claims = {"person": person, "request": "r-1", "next": None}
    good = tokens.sign("sign-in", claims)
    for token in (good[:-2], good + "x", "x", "", tokens.sign("confirm", claims), tokens.sign("cookie", claims)):
        with pytest.raises(tokens.BadToken, match="forged"):
            do(access_links.use_sign_in, token)
    gone = tokens.sign("sign-in", {**claims, "person": db.new_id()})
    with pytest.raises(tokens.BadToken, match="gone"):
        do(access_links.use_sign_in, gone)


def test_asking_for_a_link_tells_nothing_and_sends_nobody_elsewhere(baton):
    before = baton.dump()
    do(access_links.request_sign_in, "nobody@example.org", "/signup/me")
    after = baton.dump()
    assert {table for table in after if after[table] != before[table]} == {"signup.asked"}
    assert "nobody@" not in str(after), "who is not here leaves no address"
    person = member(baton)
    do(access_links.request_sign_in, "ada@example.org", "https://evil.example")
    assert last(baton, person)["next"] is None


@pytest.fixture
def committed(baton):
    """Call it with what to do: True when something was committed that had been written."""

    def look(call) -> bool:
        before = baton.dump()
        call()
        return baton.dump() != before

    return look


def test_known_or_not_something_is_committed(baton, committed):
    """Given an address that is known, mailed a moment ago, or strange, When it is asked for, Then a row is kept."""
    person = member(baton)
    apply(baton, "bob@example.org")
    for address in ("ada@example.org", "bob@example.org", "nobody@example.org"):
        for _ in range(rules.LINKS_AN_HOUR + 1):
            assert committed(partial(do, access_links.request_sign_in, address)), address
    assert committed(lambda: apply(baton)), "a member who signs up again"
    do(people.leave, people.subject(person), person)
    assert committed(lambda: apply(baton, "new@example.org"))
    baton.pass_machine_time(86_401)
    baton.pass_time(hours=1)
    baton.tick()
    assert baton.rows("signup", "asked") == [], "and is forgotten after a day"


def test_known_or_not_the_same_is_told_to_the_database(baton, monkeypatch):
    """Given a member and a stranger, When a link is asked for, Then the same INSERTs are made, and one bell is rung."""
    member(baton)
    baton.drain()
    seen: list[list[str]] = []
    rung: list[str] = []
    monkeypatch.setattr(bell, "ring", rung.append)

    def watch(connection, cursor, statement, *_):
        if not statement.startswith(("RELEASE", "ROLLBACK TO")):
            seen[-1].append(statement)

    def emit(*given):
        seen[-1].append("an event")
        return real(*given)

    real = access_links.emit
    monkeypatch.setattr(access_links, "emit", emit)
    for address in ("ada@example.org", "nobody@example.org"):
        seen.append([])
        sa.event.listen(engines.engine("signup"), "before_cursor_execute", watch)
        do(access_links.request_sign_in, address)
        sa.event.remove(engines.engine("signup"), "before_cursor_execute", watch)
    assert "an event" in seen[0] and seen[0] == seen[1]
    assert rung == ["signup", "signup"]
    assert len(baton.rows("signup", "event", type="signin.requested")) == 1


def test_an_address_is_mailed_at_most_5_links_an_hour_and_nobody_learns_of_it(baton):
    person = member(baton)
    for _ in range(8):
        do(access_links.request_sign_in, "Ada@example.org")
    assert told(baton, person).count("signin.requested") == rules.LINKS_AN_HOUR
    baton.pass_machine_time(3601)
    do(access_links.request_sign_in, "ada@example.org")
    assert told(baton, person).count("signin.requested") == rules.LINKS_AN_HOUR + 1


# Another address


def asked_address(baton: Baton, person: str) -> dict:
    events = [event for event in baton.rows("signup", "event", type="address.requested") if event["data"]["request"]]
    return max((event for event in events if event["data"]["person"] == person), key=lambda e: e["seq"])["data"]


def test_a_new_address_counts_once_its_link_is_pressed(baton):
    person = member(baton)
    me = people.subject(person)
    do(people.ask_new_address, me, person, "Ada@New.example")
    data = asked_address(baton, person)
    assert (data["email"], row(person)["email"]) == ("Ada@new.example", "ada@example.org")
    assert do(people.confirm_new_address, person, "another") is False
    assert do(people.confirm_new_address, person, data["request"]) is True
    assert do(people.confirm_new_address, person, data["request"]) is False, "once"
    assert (row(person)["email"], row(person)["email_key"]) == ("Ada@new.example", "ada@new.example")
    assert [each["id"] for each in ask(people.find, {"text": "new.example"}).rows] == [person]
    assert told(baton, person)[-1] == "member.readdressed"
    assert (last(baton, person)["email"], last(baton, person)["former"]) == ("Ada@new.example", "ada@example.org")
    assert apply(baton) != person, "the old address is free"
    do(people.ask_new_address, me, person, "ada@NEW.example")
    assert do(people.confirm_new_address, person, asked_address(baton, person)["request"]), "its own other spelling"


def test_a_taken_address_is_answered_the_same_and_never_taken(baton):
    person = member(baton)
    other = member(baton, "bob@example.org", "Bob")
    do(people.ask_new_address, people.subject(person), person, "BOB@example.org")
    assert row(person)["new_email"] == "BOB@example.org"
    assert baton.rows("signup", "event", type="address.requested") == [], "no mail about it"
    assert do(people.confirm_new_address, person, row(person)["new_email_request"]) is False
    # somebody signs up with it between the asking and the press
    do(people.ask_new_address, people.subject(person), person, "eve@example.org")
    late = asked_address(baton, person)["request"]
    apply(baton, "eve@example.org")
    assert do(people.confirm_new_address, person, late) is False
    assert refused(people.readdress, "organizer/o", person, "bob@example.org").field == "email"
    assert (row(person)["email"], row(other)["email"]) == ("ada@example.org", "bob@example.org")


def test_an_address_that_cannot_be_or_is_asked_for_too_often_is_refused(baton):
    person = member(baton)
    me = people.subject(person)
    for wrong in ("", "ada", "ada@example.org", "a\r\nBcc: b@example.org", "ä@example.org"):
        assert refused(people.ask_new_address, me, person, wrong).field == "email"
    for number in range(rules.LINKS_AN_HOUR):
        do(people.ask_new_address, me, person, f"n{number}@example.org")
    assert "hour" in refused(people.ask_new_address, me, person, "n9@example.org").remedy
    first = baton.rows("signup", "event", type="address.requested")[0]["data"]["request"]
    assert do(people.confirm_new_address, person, first) is False, "the last one counts"
    applicant = apply(baton, "bob@example.org")
    assert refused(people.ask_new_address, "system", applicant, "x@example.org").field == "state"


def test_a_new_address_that_nobody_confirms_is_forgotten(baton):
    person = member(baton)
    do(people.ask_new_address, people.subject(person), person, "stranger@example.net")
    baton.pass_machine_time(tokens.DAY + 1)
    baton.tick()
    assert row(person)["new_email"] is row(person)["new_email_request"] is None


def test_an_organizer_changes_an_address_and_old_links_and_cookies_are_void(baton):
    boss = do(access_links.add_organizer, "system", "boss@example.org", "The Boss")
    person = member(baton)
    do(access_links.request_sign_in, "ada@example.org")
    before = sign_in_token(baton, person)
    baton.pass_machine_time(2)
    do(people.readdress, f"organizer/{boss}", person, "ada@example.net")
    assert row(person)["email"] == "ada@example.net"
    with pytest.raises(tokens.BadToken, match="expired"):
        do(access_links.use_sign_in, before)
    assert baton.rows("signup", "revoked", person=person)
    assert [entry["what"] for entry in baton.rows("signup", "audit", subject=people.subject(person))][-1] == (
        "person.readdressed"
    )
    assert "example.net" not in str(baton.rows("signup", "audit"))
    baton.drain()
    assert baton.rows("notifications", "person", id=person)[0]["email"] == "ada@example.net"
    do(access_links.request_sign_in, "ada@example.net")
    baton.pass_machine_time(2)
    assert do(access_links.use_sign_in, sign_in_token(baton, person))["id"] == person


def test_erasing_leaves_nothing_of_either_address(baton):
    person = member(baton, "old-unique@example.org")
    me = people.subject(person)
    do(people.readdress, "organizer/o", person, "new-unique@example.org")
    do(people.ask_new_address, me, person, "newer-unique@example.org")
    do(people.erase_later, me, person)
    baton.drain()
    baton.pass_time(days=31)
    baton.tick()
    assert row(person)["state"] == "erased"
    assert "unique" not in json.dumps([baton.rows("signup", t) for t in ("person", "event", "audit")], default=str)
    assert "unique" not in str(baton.rows("notifications", "mail") + baton.rows("notifications", "person"))


def test_an_applicant_asking_for_a_link_gets_the_confirmation_again(baton):
    person = apply(baton)
    do(access_links.request_sign_in, "ada@example.org")
    assert told(baton, person) == ["application.received"], "mailed a moment ago"
    baton.pass_machine_time(3601)
    do(access_links.request_sign_in, "ada@example.org")
    assert told(baton, person) == ["application.received"] * 2
