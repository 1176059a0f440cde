"""What people and organizers do after signing up, and what time does: all is logged, told, and can be undone."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from threading import Barrier

import pytest
import sqlalchemy as sa

from services.signup import access_links, audit, people, program, rate, rules
from services.signup.rules import Refused
from services.signup.views.organizer import wording
from shared import db, tokens
from shared.config import SERVICES
from shared.events import bell
from tests.conftest import Baton


@pytest.fixture(autouse=True)
def fresh_rate():
    rate.forget()


def apply(baton: Baton, email: str = "ada@example.org", name: str = "Ada King", stream: str = "stream1") -> str:
    with db.write("signup") as tx:
        application = {"name": name, "email": email, "stream": stream, "timezone": "Europe/London", "charter": "1"}
        found = people.apply(tx, {**application, "answers": {}})
    assert found.person
    return found.person


def member(baton: Baton, email: str = "ada@example.org", name: str = "Ada King", stream: str = "stream1") -> str:
    person = apply(baton, email, name, stream)
    with db.write("signup") as tx:
        assert people.confirm(tx, person) == "confirmed"
    return person


def do(command, *args, **kwargs):
    with db.write("signup") as tx:
        return command(tx, *args, **kwargs)


def ask(question, *args, **kwargs):
    with db.read("signup") as tx:
        return question(tx, *args, **kwargs)


def row(person: str):
    return ask(people.one, person)


def told(baton: Baton, person: str) -> list[str]:
    events = baton.rows("signup", "event", subject=people.subject(person))
    return [event["type"] for event in sorted(events, key=lambda event: event["seq"])]


def last(baton: Baton, person: str) -> dict:
    events = baton.rows("signup", "event", subject=people.subject(person))
    return max(events, key=lambda event: event["seq"])["data"]


def refused(command, *args) -> Refused:
    with pytest.raises(Refused) as caught, db.write("signup") as tx:
        command(tx, *args)
    return caught.value


# A member's own life


def test_confirming_twice_is_confirming_once(baton):
    person = member(baton)
    before = baton.dump()
    assert do(people.confirm, person) == "already"
    assert do(people.confirm, db.new_id()) == "gone"
    assert baton.dump() == before
    assert told(baton, person) == ["application.received", "member.confirmed"]
    data = last(baton, person)
    assert data["roles"] == ["member"] and data["joined_at"] == row(person)["confirmed_at"].isoformat()


def test_pause_and_come_back(baton):
    person = member(baton)
    me = people.subject(person)
    do(people.pause, me, person)
    assert row(person)["state"] == "paused"
    assert refused(people.pause, me, person).remedy
    do(people.come_back, me, person)
    assert row(person)["state"] == "confirmed"
    assert told(baton, person)[-2:] == ["member.paused", "member.returned"]


def test_changing_stream_keeps_the_answers_given_before(baton):
    person = member(baton)
    me = people.subject(person)
    do(people.correct, me, person, {"answers": {"stream1-background": "Sums"}})
    do(people.change_stream, me, person, "stream2")
    do(people.correct, me, person, {"answers": {"stream2-obstacle": "None"}})
    assert row(person)["stream"] == "stream2"
    assert row(person)["answers"] == {"stream1-background": "Sums", "stream2-obstacle": "None"}
    assert refused(people.change_stream, me, person, "stream9").field == "stream"
    assert last(baton, person)["stream"] == "stream2"


def test_correcting_tells_the_others_only_what_they_keep(baton):
    person = member(baton)
    me = people.subject(person)
    fields = {"name": " Ada  Lovelace ", "timezone": "UTC", "github": "https://github.com/ada", "blog": "https://a.org"}
    do(people.correct, me, person, fields)
    data = last(baton, person)
    assert (data["name"], data["timezone"], data["github"], data["blog"]) == (
        "Ada Lovelace", "UTC", "ada", "https://a.org"
    )  # fmt: skip
    count = len(told(baton, person))
    do(people.correct, me, person, fields)
    do(people.correct, me, person, {"answers": {"stream1-background": "Sums"}})
    assert len(told(baton, person)) == count, "no event for nothing, nor for answers"
    do(people.correct, me, person, {"github": "", "blog": ""})
    assert last(baton, person)["github"] is last(baton, person)["blog"] is None
    wrong = refused(people.correct, me, person, {"name": "", "timezone": "X", "github": "a b", "answers": {"x": "y"}})
    assert [each.field for each in wrong.all] == ["name", "timezone", "github", "answers.x"]


def test_the_checklist_is_ticked_and_unticked(baton):
    person = member(baton)
    do(people.tick, people.subject(person), person, "chat", True)
    do(people.tick, people.subject(person), person, "blog", True)
    do(people.tick, people.subject(person), person, "chat", False)
    assert list(row(person)["checklist"]) == ["blog"]
    assert refused(people.tick, people.subject(person), person, "horse", True).field == "item"


def test_leaving_and_returning(baton):
    person = member(baton)
    do(people.leave, people.subject(person), person, "No time")
    assert (row(person)["state"], row(person)["leave_reason"]) == ("left", "No time")
    assert "No time" not in json.dumps(baton.rows("signup", "event") + baton.rows("signup", "audit"), default=str)
    do(people.come_back, people.subject(person), person)
    assert (row(person)["state"], row(person)["leave_reason"]) == ("confirmed", None)


@pytest.mark.parametrize(
    ("leaver", "returner", "days", "restored"),
    [
        ("person", "person", 29, True),
        ("organizer", "person", 1, True),  # by the organizer's page of themselves
        ("person", "person", 31, False),
        ("other", "person", 1, False),
        ("other", "other", 400, True),
        ("person", "other", 400, True),
    ],
)
def test_who_left_as_an_organizer_comes_back_as_one(baton, leaver, returner, days, restored):
    """The undo of leaving restores what was, unless others took it away, or trust in it may be long gone."""
    other = do(access_links.add_organizer, "system", "olga@example.org")
    ada = member(baton)
    do(access_links.add_organizer, "system", "ada@example.org")
    who = {"person": f"person/{ada}", "organizer": f"organizer/{ada}", "other": f"organizer/{other}"}
    do(people.leave, who[leaver], ada)
    assert not row(ada)["is_organizer"] and last(baton, ada)["roles"] == ["member"]
    baton.pass_time(days=days)
    do(people.come_back, who[returner], ada)
    assert row(ada)["is_organizer"] is restored and row(ada)["was_organizer"] is None
    assert ("organizer" in last(baton, ada)["roles"]) is restored
    do(people.pause, f"person/{ada}", ada)
    do(people.come_back, f"person/{ada}", ada)
    assert row(ada)["is_organizer"] is restored


def test_a_role_outlives_wanting_to_be_erased_after_leaving_and_not_signing_up_anew(baton):
    do(access_links.add_organizer, "system", "olga@example.org")
    ada = member(baton)
    me = f"person/{ada}"
    do(access_links.add_organizer, "system", "ada@example.org")
    do(people.leave, me, ada)
    baton.pass_time(days=1)
    do(people.erase_later, me, ada)
    do(people.keep, me, ada)
    assert (row(ada)["state"], row(ada)["is_organizer"]) == ("left", False)
    do(people.come_back, me, ada)
    assert row(ada)["is_organizer"]
    do(people.leave, me, ada)
    baton.pass_machine_time(3601)
    apply(baton)
    do(people.confirm, ada)
    assert (row(ada)["state"], row(ada)["is_organizer"], row(ada)["was_organizer"]) == ("confirmed", False, None)


def test_an_unconfirmed_person_can_do_nothing_but_confirm(baton):
    person = apply(baton)
    for command in (people.pause, people.come_back, people.leave, people.erase_later, people.keep):
        assert refused(command, "system", person).message
    assert refused(people.correct, "system", person, {"name": "X"}).message


# Erasing


def test_erasing_begins_with_leaving_and_can_be_undone_for_30_days(baton):
    person = member(baton)
    me = people.subject(person)
    do(people.pause, me, person)
    do(people.erase_later, me, person)
    do(people.erase_later, me, person)
    assert told(baton, person)[-2:] == ["member.left", "member.erasing"]
    assert refused(people.come_back, me, person).remedy
    baton.pass_time(days=29)
    baton.tick()
    do(people.keep, me, person)
    assert row(person)["state"] == "paused" and told(baton, person)[-1] == "member.kept"
    baton.pass_time(days=29)
    baton.tick()
    assert row(person)["state"] == "paused"


def test_keeping_gives_the_organizers_role_back(baton):
    other = do(access_links.add_organizer, "system", "other@example.org")
    person = do(access_links.add_organizer, f"organizer/{other}", "boss@example.org", "The Boss")
    assert last(baton, person)["invited"] is True
    do(people.erase_later, people.subject(person), person)
    assert row(person)["is_organizer"] is False and last(baton, person)["erase_after"]
    do(people.keep, people.subject(person), person)
    assert row(person)["is_organizer"] is True
    assert told(baton, person)[-2:] == ["member.kept", "organizer.added"]
    assert last(baton, person)["roles"] == ["member", "organizer"] and not last(baton, person).get("invited")
    do(people.leave, people.subject(person), person)
    baton.pass_time(hours=1)
    do(people.erase_later, people.subject(person), person)
    do(people.keep, people.subject(person), person)
    assert row(person)["is_organizer"] is False, "who had left before stays away"
    assert row(other)["is_organizer"] is True


def test_who_had_left_before_stays_away_when_kept(baton):
    person = member(baton)
    do(people.leave, people.subject(person), person)
    baton.pass_time(days=1)
    do(people.erase_later, people.subject(person), person)
    do(people.keep, people.subject(person), person)
    assert row(person)["state"] == "left"


def test_after_30_days_nothing_of_the_person_is_left_anywhere_in_signup(baton):
    do(access_links.add_organizer, "system", "boss@example.org")
    person = member(baton, email="ada-unique@example.org", name="Ada Unique")
    me = people.subject(person)
    do(people.correct, me, person, {"github": "ada-unique-hub", "blog": "https://ada-unique.org"})
    do(people.correct, me, person, {"answers": {"stream1-background": "ada-unique words"}})
    baton.pass_time(days=1, hours=5)
    baton.tick()
    (summary,) = baton.rows("signup", "event", type="applications.summarized")
    assert "Ada Unique" in str(summary["data"])
    do(access_links.request_sign_in, "ada-unique@example.org", "/signup/me")
    do(people.erase_later, me, person)
    baton.pass_time(days=30, hours=1)
    baton.tick()
    assert row(person)["state"] == "erased"
    kept = json.dumps([baton.rows("signup", table) for table in db.metadata("signup").tables], default=str)
    assert "nique" not in kept
    assert told(baton, person)[-2:] == ["access.revoked", "member.erased"]
    assert all(baton.rows(service, "revoked", person=person) for service in SERVICES), "their cookies are void"
    assert refused(people.correct, me, person, {"name": "X"}).field == "person"
    assert apply(baton, email="ada-unique@example.org") != person, "the address can sign up anew"


_QUOTING = "UPDATE delivery SET error = 'Key (email)=(ada@example.org) is wrong' WHERE subject LIKE 'person/%'"


def test_what_an_error_quotes_of_a_person_goes_with_them(baton):
    person = apply(baton)
    with db.write("signup") as tx:
        tx.execute(sa.text(_QUOTING))
    with db.write("signup") as tx:
        people.expire(tx, people.one(tx, person) or {})
    assert "ada@" not in str(baton.rows("signup", "delivery"))


# What time does


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
        sa.event.listen(db.engine("signup"), "before_cursor_execute", watch)
        do(access_links.request_sign_in, address)
        sa.event.remove(db.engine("signup"), "before_cursor_execute", watch)
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


def test_organizers_come_and_go_but_never_the_last(baton):
    ada = member(baton)
    boss = do(access_links.add_organizer, "system", "boss@example.org", "The Boss")
    assert row(boss)["is_organizer"]
    assert do(access_links.add_organizer, "system", "BOSS@example.org") == boss
    assert refused(access_links.remove_organizer, "system", boss).field == "organizer"
    assert refused(people.leave, "system", boss).field == "organizer"
    assert refused(people.erase_later, "system", boss).field == "organizer"
    do(access_links.add_organizer, f"organizer/{boss}", "ada@example.org")
    assert last(baton, ada)["roles"] == ["member", "organizer"]
    do(access_links.remove_organizer, f"organizer/{ada}", boss)
    assert told(baton, boss)[-2:] == ["organizer.removed", "access.revoked"]
    assert baton.rows("signup", "revoked", person=boss)
    assert refused(access_links.remove_organizer, "system", boss).field == "organizer"


def test_the_first_link_makes_the_organizer_and_signs_them_in(baton, change_settings):
    for mailbox, address in (("organizer@localhost", "organizer@localhost"), ("Boss <b@example.org>", "b@example.org")):
        change_settings(organizer=mailbox, base_url="https://baton.example")
        first, second = access_links.first_link() or "", access_links.first_link() or ""
        assert first.startswith("https://baton.example/signup/sign-in/") and first != second
        found = do(access_links.use_sign_in, first.rpartition("/")[2])
        assert found["email"] == address and people.roles(found) == ["member", "organizer"]
        assert len(baton.rows("signup", "person", email=address)) == 1


def test_the_organizer_that_baton_comes_with_is_mailed_a_link(baton):
    access_links.first_link()
    with db.write("signup") as tx:
        access_links.request_sign_in(tx, " Organizer@localhost ")
    assert [event["data"]["email"] for event in baton.rows("signup", "event", type="signin.requested")] == [
        "organizer@localhost"
    ]
    baton.drain()
    assert [mail["address"] for mail in baton.rows("notifications", "mail", kind="sign-in")] == ["organizer@localhost"]


def test_a_start_brings_no_organizer_back(baton, change_settings):
    change_settings(organizer="Boss <b@example.org>")
    assert access_links.first_link()
    boss = baton.rows("signup", "person", email="b@example.org")[0]["id"]
    other = do(access_links.add_organizer, "system", "other@example.org")
    do(people.leave, people.subject(boss), boss)
    assert access_links.first_link() is None
    assert row(boss)["is_organizer"] is False
    do(access_links.add_organizer, f"organizer/{other}", "b@example.org")
    assert access_links.first_link(), "but an organizer may"


def test_an_organizers_name_is_as_a_name_should_be(baton):
    for wrong in ("x" * 101, "Boss\r\nBcc: all@example.org", "\u200b"):
        assert refused(access_links.add_organizer, "system", "boss@example.org", wrong).field == "name"
    assert baton.rows("signup", "person") == []


# At the same moment


def at_once(baton, *calls):
    """All calls at the same moment, each in a transaction of its own; what each gave or how it was refused."""
    barrier = Barrier(len(calls))

    def one(call):
        with db.write("signup") as tx:
            tx.execute(sa.text("SELECT 1"))
            if tx.dialect.name == "postgresql":
                barrier.wait(20)
            try:
                return call(tx)
            except Refused as refusal:
                return refusal

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(60) for future in [pool.submit(one, call) for call in calls]]


def test_pressing_twice_at_once_is_one_confirmation(baton):
    person = apply(baton)
    found = at_once(baton, *[lambda tx: people.confirm(tx, person)] * 4)
    assert sorted(found) == ["already"] * 3 + ["confirmed"]
    assert told(baton, person) == ["application.received", "member.confirmed"]


def test_organizers_who_leave_at_once_leave_one(baton):
    both = [do(access_links.add_organizer, "system", f"o{n}@example.org") for n in range(2)]
    calls = [partial(lambda person, tx: people.leave(tx, people.subject(person), person), person) for person in both]
    found = at_once(baton, *calls)
    assert sorted(type(each).__name__ for each in found) == ["NoneType", "Refused"]
    assert len(ask(people.organizers)) == 1


def test_commands_about_one_person_at_once_do_not_cross(baton):
    person = member(baton)
    me = people.subject(person)
    found = at_once(baton, *[lambda tx: people.pause(tx, me, person)] * 3)
    assert sorted(type(each).__name__ for each in found) == ["NoneType", "Refused", "Refused"]
    assert told(baton, person).count("member.paused") == 1


def test_streams_removed_at_once_leave_one(baton):
    with ThreadPoolExecutor(1) as pool:
        with db.write("signup") as tx:
            program.remove_stream(tx, "system", "stream1")
            program.remove_stream(tx, "system", "stream2")
            other = pool.submit(refused, program.remove_stream, "system", "stream3")
            assert wait([other], timeout=1).not_done, "it decides once the first is done"
        assert other.result(60).field == "stream"
    assert len(ask(program.load).streams) == 1


# The organizer's view


def test_finding_people(baton):
    member(baton, "ada@example.org", "Ada King")
    member(baton, "asa@example.org", "ÅSA Öberg", "stream2")
    apply(baton, "bob@example.net", "Bob 100%", "stream3")

    def names(sort="name", **filters):
        return [each["name"] for each in ask(people.find, filters, sort).rows]

    assert names() == ["Ada King", "ÅSA Öberg", "Bob 100%"]
    assert names("-name") == ["Bob 100%", "ÅSA Öberg", "Ada King"]
    assert names(text="åsa öB") == names(text="asa oberg") == names(stream="stream2") == ["ÅSA Öberg"]
    assert names(text="example.net") == names(state="applied") == names(text="100%") == ["Bob 100%"]
    assert names(text="%") == ["Bob 100%"] and names(text="_") == []
    assert names(text="nobody") == [] and names(text="ada", stream="stream2") == []
    assert names("-stream")[0] == "Bob 100%" and names("horse") == names()
    assert ask(people.counts) == {"applied": 1, "confirmed": 2}


def test_pages_of_50(baton):
    for number in range(51):
        apply(baton, f"p{number:02}@example.org", f"P {number:02}")
    first, second, beyond = (ask(people.find, {}, "name", page) for page in (1, 2, 99))
    assert (len(first.rows), len(second.rows), first.total, first.pages) == (50, 1, 51, 2)
    assert beyond == second


def test_resending_says_when_it_is_possible(baton):
    person = apply(baton)
    with pytest.raises(rules.Busy) as busy, db.write("signup") as tx:
        people.resend_confirmation(tx, "system", person)
    assert "60 min" in busy.value.remedy
    baton.pass_machine_time(3601)
    do(people.resend_confirmation, "system", person)
    assert last(baton, person)["again"] is True
    do(people.confirm, person)
    assert refused(people.resend_confirmation, "system", person).field == "state"


def test_history_and_log_say_who_did_what(baton):
    boss = do(access_links.add_organizer, "system", "boss@example.org", "The Boss")
    person = member(baton)
    do(people.pause, f"organizer/{boss}", person)
    moments = ask(people.history, person, wording.FACTS)
    assert {moment.what for moment in moments} == {"application.received", "person.confirmed", "person.paused"}
    assert [moment.by_name for moment in moments if moment.what == "person.paused"] == ["The Boss"]
    entries = ask(audit.entries)
    assert (entries.rows[0]["what"], entries.rows[0]["by_name"], entries.rows[0]["subject_name"]) == (
        "person.paused", "The Boss", "Ada King"
    )  # fmt: skip


def test_the_download_holds_everything_and_is_json(baton):
    person = member(baton)
    do(people.correct, people.subject(person), person, {"answers": {"stream1-background": "Sums"}})
    found = json.loads(json.dumps(ask(people.kept_about, person)))
    assert found["person"]["email"] == "ada@example.org"
    assert found["answers"] == [{"question": "What have you learned or done so far?", "answer": "Sums"}]
    assert [event["type"] for event in found["events"]] == ["application.received", "member.confirmed"]
    assert [deed["what"] for deed in found["audit"]] == ["person.confirmed", "person.corrected"]
    assert ask(people.kept_about, db.new_id()) == {}


def test_a_new_subscriber_is_told_everything(baton):
    from services.signup.handlers import present

    person = member(baton)
    apply(baton, "bob@example.org")
    told_now = ask(lambda tx: {subject: (type, state(tx)) for subject, type, state in present(tx)})
    assert told_now == {
        "program": ("program.changed", ask(program.announced)),
        people.subject(person): ("member.snapshot", people.told(row(person))),
    }
