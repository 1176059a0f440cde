"""What people do after signing up, up to leaving and being erased: all is logged, told, and can be undone."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from services.signup import access_links, people
from shared import db
from shared.config import SERVICES
from tests.applicants import apply, do, last, member, refused, row, told


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
