"""Who organizes, what many do at once, and what organizers find and read."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from threading import Barrier

import pytest
import sqlalchemy as sa

from services.signup import access_links, audit, people, program, rules
from services.signup.rules import Refused
from services.signup.views.organizer import wording
from shared import db
from tests.applicants import apply, ask, do, last, member, refused, row, told


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
