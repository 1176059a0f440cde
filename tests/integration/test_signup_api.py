"""Signing up by the API: what is taken, what is refused, and that nothing is told about who is known."""

from __future__ import annotations

import json
from threading import Barrier, Thread
from typing import Any

import pytest

from services.signup import people, program, rate
from shared import db
from tests.conftest import Baton

URL = "/signup/api/signups"


@pytest.fixture(autouse=True)
def fresh_rate():
    rate.forget()


def application(**changes):
    ada = {
        "name": "Ada King",
        "email": "ada@example.org",
        "stream": "stream1",
        "timezone": "Europe/London",
        "charter": "1",
        "answers": {"stream1-background": "Sums"},
    }
    return {**ada, **changes}


def post(baton: Baton, body, **headers):
    return baton.client("signup").post(URL, json=body, headers=headers)


def fields(answer) -> list[str]:
    """The fields an error names; each with words and a remedy."""
    assert answer.mimetype == "application/problem+json"
    for error in answer.json["errors"]:
        assert error["message"] and error["remedy"]
    return [error["field"] for error in answer.json["errors"]]


def received(baton: Baton) -> list[dict]:
    return [row["data"] for row in baton.rows("signup", "event", type="application.received")]


def test_the_program_says_what_is_current(baton):
    found = baton.client("signup").get("/signup/api/program").json
    assert [stream["slug"] for stream in found["streams"]] == ["stream1", "stream2", "stream3"]
    assert not any(question["required"] for stream in found["streams"] for question in stream["questions"])
    assert found["charter"]["version"] == "1" and found["charter"]["text"]
    assert {"name", "timezone", "streams", "charter"} == set(found)


def test_a_signup_is_a_person_an_event_and_something_owed(baton):
    answer = post(baton, application())
    assert answer.status_code == 202
    (person,) = baton.rows("signup", "person", email="ada@example.org")
    assert (person["state"], person["stream"], person["charter_version"]) == ("applied", "stream1", 1)
    assert person["answers"] == {"stream1-background": "Sums"}
    (event,) = baton.rows("signup", "event", type="application.received")
    assert event["data"]["email"] == "ada@example.org" and event["data"]["again"] is False
    assert [row["subscriber"] for row in baton.rows("signup", "delivery", event=event["position"])] == ["notifications"]


def test_answers_are_optional(baton):
    body = application()
    del body["answers"]
    assert post(baton, body).status_code == 202


# Many cases in one test: each costs a request, a test costs four databases.
def test_a_wrong_field_is_named_and_nothing_is_kept(baton):
    client = baton.client("signup")
    for field in ("name", "email", "stream", "timezone", "charter"):
        for wrong in ("missing", 7, None, ["x"], {"a": 1}, "", "x" * 6000, "\x00", "\ud800"):
            body = application(**{field: wrong})
            if wrong == "missing":
                del body[field]
            answer = client.post(URL, data=json.dumps(body), content_type="application/json")
            assert (answer.status_code, fields(answer)) == (422, [field]), (field, wrong)
    assert baton.rows("signup", "person") == []


BAD_VALUES: list[tuple[dict[str, Any], str]] = [
    ({"stream": "stream9"}, "stream"),
    ({"timezone": "Europe/Atlantis"}, "timezone"),
    ({"timezone": "../../etc/passwd"}, "timezone"),
    ({"timezone": "europe/london"}, "timezone"),
    ({"charter": "0"}, "charter"),
    ({"charter": "2"}, "charter"),
    ({"charter": 1}, "charter"),
    ({"name": "Ada\r\nBcc: all@example.org"}, "name"),
    ({"name": "😀" * 300}, "name"),
    ({"email": "ada@example"}, "email"),
    ({"email": "用户@例子.广告"}, "email"),
    ({"answers": []}, "answers"),
    ({"answers": {"stream1-background": 7}}, "answers.stream1-background"),
    ({"answers": {"stream1-hours": "All of them"}}, "answers.stream1-hours"),
    ({"answers": {"stream2-obstacle": "Another stream's question"}}, "answers.stream2-obstacle"),
    ({"answers": {"nobody-asked": "x"}}, "answers.nobody-asked"),
    ({"state": "confirmed"}, "state"),
    ({"is_organizer": True}, "is_organizer"),
]


def test_bad_values_are_refused_by_name(baton):
    for changes, field in BAD_VALUES:
        answer = post(baton, application(**changes))
        assert (answer.status_code, fields(answer)) == (422, [field]), changes
    assert baton.rows("signup", "person") == []


def test_all_wrong_fields_come_at_once(baton):
    answer = post(baton, application(name="", email="x", timezone="y", stream="z", charter=""))
    assert sorted(fields(answer)) == ["charter", "email", "name", "stream", "timezone"]


def test_script_in_every_field_stays_text_or_is_refused(baton):
    script = "<script>alert(1)</script>"
    answer = post(baton, application(name=script, answers={"stream1-background": script}))
    assert answer.status_code == 202
    assert baton.rows("signup", "person")[0]["name"] == script
    refused = post(baton, application(email=script, stream=script, timezone=script, charter=script))
    assert sorted(fields(refused)) == ["charter", "email", "stream", "timezone"]
    assert refused.mimetype == "application/problem+json"


NO_SIGNUPS = [
    (b'{"name": "\xff\xfe"}', "application/json", 400),
    (b'{"name": ', "application/json", 400),
    (b"", "application/json", 400),
    (b"[" * 30_000, "application/json", 400),
    (b'{"name": NaN}', "application/json", 400),
    (b"9" * 5_000, "application/json", 400),
    (b"[]", "application/json", 422),
    (b"null", "application/json", 422),
    (b'"x"', "application/json", 422),
    (b"{}", "text/plain", 415),
    (b"name=Ada", "application/x-www-form-urlencoded", 415),
    (b"<a/>", "application/xml", 415),
    (b"{}", None, 415),
    (b'{"name": "' + b"a" * 10_000_000 + b'"}', "application/json", 413),
    (b'{"name": "' + b"a" * 65_536 + b'"}', "application/json", 413),
]


def test_what_is_no_signup_at_all_is_a_problem(baton):
    for data, content_type, status in NO_SIGNUPS:
        answer = baton.client("signup").post(URL, data=data, content_type=content_type)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), (data[:40], content_type)
        assert answer.json["title"] and answer.json["detail"]


def test_the_charset_in_the_content_type_does_no_harm(baton):
    data = json.dumps(application(name="Zoë"))
    answer = baton.client("signup").post(URL, data=data, content_type="application/json; charset=utf-8")
    assert answer.status_code == 202


# One address, however often


def test_the_answer_does_not_tell_whether_the_address_is_known(baton):
    def answer():
        found = post(baton, application())
        headers = {name: value for name, value in found.headers if name != "X-Request-ID"}
        return found.status_code, found.data, headers

    new = answer()
    unconfirmed = answer()
    confirm(baton)
    member = answer()
    leave(baton)
    left = answer()
    assert new == unconfirmed == member == left


def confirm(baton: Baton) -> str:
    (person,) = baton.rows("signup", "person", email="ada@example.org")
    with db.write("signup") as tx:
        assert people.confirm(tx, person["id"]) == "confirmed"
    return person["id"]


def leave(baton: Baton) -> str:
    (person,) = baton.rows("signup", "person", email="ada@example.org")
    with db.write("signup") as tx:
        people.leave(tx, "system", person["id"], "")
    return person["id"]


def test_an_unconfirmed_application_can_be_corrected_and_is_mailed_once_an_hour(baton):
    post(baton, application())
    post(baton, application(name="Ada Lovelace", email="ADA@Example.org", stream="stream2", answers={}))
    (person,) = baton.rows("signup", "person")
    assert (person["name"], person["stream"], person["answers"]) == ("Ada Lovelace", "stream2", {})
    assert len(received(baton)) == 1, "no second mail within the hour"
    baton.pass_machine_time(3601)
    post(baton, application())
    assert [data["again"] for data in received(baton)] == [False, True]


def test_a_member_applying_again_is_told_by_mail_and_nothing_else_changes(baton):
    post(baton, application())
    confirm(baton)
    before = baton.rows("signup", "person")
    baton.pass_machine_time(3601)
    assert post(baton, application(name="Somebody Else", stream="stream3", answers={})).status_code == 202
    assert post(baton, application(name="Somebody Else", stream="stream3", answers={})).status_code == 202
    (after,) = baton.rows("signup", "person")
    assert {**after, "mailed_at": None} == {**before[0], "mailed_at": None}
    (event,) = baton.rows("signup", "event", type="application.repeated")
    assert event["data"]["name"] == "Ada King", "the stranger's words are mailed to nobody"


def test_who_left_applies_anew_and_nothing_changes_before_they_confirm(baton):
    post(baton, application())
    person = confirm(baton)
    with db.write("signup") as tx:
        people.erase_later(tx, f"person/{person}", person)
    baton.pass_machine_time(3601)
    post(baton, application(name="Ada Lovelace", stream="stream2", answers={}))
    (row,) = baton.rows("signup", "person")
    assert (row["state"], row["name"], row["stream"]) == ("left", "Ada King", "stream1")
    assert row["erase_after"], "a stranger cannot stop an erasure"
    confirm(baton)
    (row,) = baton.rows("signup", "person")
    assert (row["state"], row["name"], row["stream"], row["erase_after"]) == (
        "confirmed", "Ada Lovelace", "stream2", None
    )  # fmt: skip


# Idempotency-Key


def test_the_same_key_and_body_has_one_effect_and_one_answer(baton):
    first = post(baton, application(), **{"Idempotency-Key": "k-1"})
    before = baton.dump()
    second = post(baton, application(), **{"Idempotency-Key": "k-1"})
    assert (first.status_code, first.data) == (second.status_code, second.data) == (202, first.data)
    assert baton.dump() == before


def test_the_same_key_with_another_body_is_refused(baton):
    post(baton, application(), **{"Idempotency-Key": "k-1"})
    answer = post(baton, application(email="bob@example.org"), **{"Idempotency-Key": "k-1"})
    assert answer.status_code == 422 and fields(answer) == ["Idempotency-Key"]
    assert baton.rows("signup", "person", email="bob@example.org") == []


def test_a_refused_signup_does_not_use_its_key_up(baton):
    assert post(baton, application(name=""), **{"Idempotency-Key": "k-1"}).status_code == 422
    assert post(baton, application(), **{"Idempotency-Key": "k-1"}).status_code == 202


def test_a_key_that_cannot_be_one_is_refused(baton):
    for key in ("", "x" * 256, "two words", "ключ", "a\tb"):
        headers = [("Idempotency-Key", key.encode("utf-8").decode("latin-1"))]
        answer = baton.client("signup").post(URL, json=application(), headers=headers)
        assert (answer.status_code, fields(answer)) == (422, ["Idempotency-Key"]), key


def test_keys_are_forgotten_after_a_day(baton):
    post(baton, application(), **{"Idempotency-Key": "k-1"})
    baton.pass_machine_time(86_401)
    baton.pass_time(hours=2)
    baton.tick()
    assert baton.rows("signup", "idempotency") == []


# At the same moment


def at_once(count: int, call) -> list:
    answers, barrier = [], Barrier(count)

    def one(number):
        barrier.wait()
        answers.append(call(number))

    threads = [Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


@pytest.mark.parametrize("key", [None, "k-1"])
def test_identical_signups_at_once_are_one_person_and_one_mail(baton, key):
    baton.app("signup")
    headers = {"Idempotency-Key": key} if key else {}
    answers = at_once(6, lambda _: post(baton, application(), **headers))
    assert [answer.status_code for answer in answers] == [202] * 6
    assert len({answer.data for answer in answers}) == 1
    assert len(baton.rows("signup", "person")) == len(received(baton)) == 1


def test_a_known_address_at_once_is_mailed_once(baton):
    baton.app("signup")
    post(baton, application())
    for state in ("applied", "confirmed", "left"):
        baton.pass_machine_time(3601)
        before = len(received(baton)) + len(baton.rows("signup", "event", type="application.repeated"))
        at_once(6, lambda _: post(baton, application()))
        after = len(received(baton)) + len(baton.rows("signup", "event", type="application.repeated"))
        assert after == before + 1, state
        if state == "applied":
            confirm(baton)
        elif state == "confirmed":
            leave(baton)


def test_different_signups_at_once_all_arrive(baton):
    baton.app("signup")
    answers = at_once(6, lambda n: post(baton, application(email=f"p{n}@example.org")))
    assert [answer.status_code for answer in answers] == [202] * 6
    assert len(baton.rows("signup", "person")) == len(received(baton)) == 6


# The charter, the streams


def test_the_old_charter_is_refused_from_the_moment_the_new_one_is_published(baton):
    assert post(baton, application()).status_code == 202
    with db.write("signup") as tx:
        assert program.publish_charter(tx, "system", "We are kind, and on time.") == "2"
    assert fields(post(baton, application(email="bob@example.org"))) == ["charter"]
    assert post(baton, application(email="bob@example.org", charter="2")).status_code == 202


def test_what_this_process_remembers_of_a_change_rolled_back_is_never_used(baton):
    with pytest.raises(ZeroDivisionError), db.write("signup") as tx:
        program.publish_charter(tx, "system", "Never published")
        raise ZeroDivisionError
    assert post(baton, application()).status_code == 202
    assert fields(post(baton, application(email="bob@example.org", charter="2"))) == ["charter"]


def test_a_closed_stream_takes_nobody(baton):
    with db.write("signup") as tx:
        program.save_stream(tx, "system", "stream1", {"open": False})
    assert fields(post(baton, application())) == ["stream"]
    with db.write("signup") as tx:
        program.remove_stream(tx, "system", "stream1")
    assert fields(post(baton, application())) == ["stream"]


# A flood


def test_a_flood_from_one_address_is_told_when_to_try_again(baton, change_settings):
    change_settings(signup_rate="3/minute")
    answers = [post(baton, application(email=f"p{n}@example.org")) for n in range(5)]
    assert [answer.status_code for answer in answers] == [202] * 3 + [429] * 2
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].mimetype == "application/problem+json"
    assert len(baton.rows("signup", "person")) == 3
    elsewhere = baton.client("signup").post(
        URL, json=application(email="p9@example.org"), environ_overrides={"REMOTE_ADDR": "203.0.113.9"}
    )
    assert elsewhere.status_code == 202


def test_a_forwarded_address_is_believed_only_from_a_trusted_proxy(baton, change_settings):
    change_settings(signup_rate="1/minute")
    for number, status in ((1, 202), (2, 429)):
        answer = post(baton, application(email=f"p{number}@example.org"), **{"X-Forwarded-For": f"203.0.113.{number}"})
        assert answer.status_code == status


def test_get_changes_nothing(baton):
    before = baton.dump()
    for method in ("get", "head", "options", "put", "delete", "patch"):
        getattr(baton.client("signup"), method)(URL)
    assert baton.dump() == before
