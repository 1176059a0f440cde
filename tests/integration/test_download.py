"""Everything that is held about a person: gathered from all services, whatever is down, doubled, cut or erased."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from services.notifications.mail import letter
from services.signup import access_links, people, rate
from shared import access, clock, db, personal, tokens, worker
from shared.events import keeping, relay
from tests.conftest import Baton

PAGE, FILE = "/signup/me/download", "/signup/me/download/my-data.json"


def member(baton: Baton, email: str = "ada@example.org") -> str:
    application = {"name": "Ada King", "email": email, "timezone": "UTC", "charter": "1", "stream": "stream1"}
    with db.write("signup") as tx:
        person = str(people.apply(tx, {**application, "answers": {"stream1-background": "Sums"}}).person)
        people.confirm(tx, person)
    baton.drain()
    return person


@pytest.fixture
def ada(baton: Baton) -> str:
    return member(baton)


@pytest.fixture
def client(baton: Baton, ada: str) -> Any:
    rate.forget()
    made = baton.client("signup")
    cookie = tokens.sign("cookie", {"person": ada, "roles": ["member"], "at": clock.machine()})
    made.set_cookie(access.COOKIE, cookie)
    return made


def taken(client: Any) -> Any:
    return json.loads(client.get(FILE).text)


def owed(service: str) -> int:
    with db.read(service) as tx:
        return int(tx.execute(sa.text("SELECT count(*) FROM delivery WHERE confirmed_at IS NULL")).scalar_one())


def test_all_services_tell_what_they_hold(baton: Baton, ada: str, client: Any) -> None:
    """Given a member with mails, when they ask for their data, then one file has the parts of all services."""
    member(baton, "bob@example.org")
    assert client.get(FILE).status_code == 404
    assert "Gather my data" in client.get(PAGE).text
    before = baton.dump()
    client.get(PAGE)
    assert baton.dump() == before
    assert client.post(PAGE).status_code == 303
    page = client.get(PAGE).text
    assert "Missing so far: circles and sessions, mails, blog and posts" in page and 'data-live="yes"' in page
    assert taken(client)["missing"] == ["sessions", "notifications", "blog"]
    baton.drain()
    page = client.get(PAGE).text
    assert "Your file is ready" in page and "missing" not in page and 'data-live="no"' in page
    found = taken(client)
    assert found["missing"] == [] and found["not_whole"] == []
    assert found["signup"]["person"]["email"] == "ada@example.org"
    assert found["signup"]["answers"][0]["answer"] == "Sums"
    assert found["sessions"]["person"][0]["name"] == "Ada King"
    assert found["blog"]["person"][0]["stream"] == "stream1"
    mails = found["notifications"]["mails"]
    assert {mail["kind"] for mail in mails} == {"confirm", "welcome", "placed"}
    assert {mail["address"] for mail in mails} == {"ada@example.org"}
    assert all("Ada" in mail["text"] for mail in mails)
    assert "bob@" not in client.get(FILE).text
    assert client.get(FILE).headers["Cache-Control"] == "no-store"


def test_no_link_in_it_opens_anything(baton: Baton, ada: str, client: Any) -> None:
    with db.read("notifications") as tx:
        texts = " ".join(letter.words(raw)[0] for raw in tx.execute(sa.text("SELECT raw FROM content")).scalars())
    assert tokens.hidden(texts) != texts
    client.post(PAGE)
    baton.drain()
    whole = client.get(FILE).text
    assert tokens.HIDDEN in whole and tokens.hidden(whole) == whole


def test_others_whom_a_mail_names_are_left_out(baton: Baton, ada: str, client: Any) -> None:
    """Given a letter to an organizer that names an applicant, then their download has not got its text."""
    with db.write("signup") as tx:
        access_links.add_organizer(tx, "system", "ada@example.org")
        people.apply(tx, {"name": "Carol Shaw", "email": "carol@example.org", "timezone": "UTC", "charter": "1",
                          "stream": "stream1", "answers": {}})  # fmt: skip
    baton.drain()
    baton.pass_time(days=1, hours=6)
    baton.tick()
    letters = baton.rows("notifications", "mail", kind="applications", person=ada)
    assert letters and "Carol" in letters[0]["text"]
    client.post(PAGE)
    baton.drain()
    whole = client.get(FILE).text
    assert "Carol" not in whole
    (letter,) = [each for each in json.loads(whole)["notifications"]["mails"] if each["kind"] == "applications"]
    assert "names other people" in letter["text"]


def test_a_service_that_is_down_delays_and_loses_nothing(baton: Baton, ada: str, client: Any) -> None:
    client.post(PAGE)
    for _ in range(3):
        for service in ("signup", "sessions", "blog"):
            relay.deliver_due(service)
        waiting = [entry for entry in baton.queue if not entry[0].startswith("notifications.")]
        baton.queue.clear()
        baton.queue.extend(waiting)
        while baton.queue:
            name, args = baton.queue.popleft()
            if not name.startswith("notifications."):
                worker.app.tasks[name].run(*args)
    page = client.get(PAGE).text
    assert "Missing so far: mails." in page and "Take what is here so far" in page
    found = taken(client)
    assert found["missing"] == ["notifications"] and "notifications" not in found and found["blog"]["person"]
    baton.pass_machine_time(700)
    baton.drain()
    assert taken(client)["missing"] == [] and taken(client)["notifications"]["mails"]


def test_one_request_a_day(baton: Baton, ada: str, client: Any) -> None:
    client.post(PAGE)
    again = client.post(PAGE)
    assert again.status_code == 429 and "can be gathered anew in 24 h" in again.text
    baton.drain()
    assert client.post(PAGE).status_code == 429
    assert len(baton.rows("signup", "event", type=personal.REQUESTED)) == 1
    assert "Gather it anew" not in client.get(PAGE).text
    baton.pass_machine_time(86_401)
    with db.write("signup") as tx:
        people.correct(tx, f"person/{ada}", ada, {"name": "Ada Byron"})
    assert "Gather it anew" in client.get(PAGE).text
    assert client.post(PAGE).status_code == 303
    assert taken(client)["missing"] == ["sessions", "notifications", "blog"]
    baton.drain()
    assert taken(client)["sessions"]["person"][0]["name"] == "Ada Byron"


def test_an_answer_to_an_older_request_is_let_go(baton: Baton, ada: str, client: Any) -> None:
    """Given an answer that was long on its way, when a new request was made meanwhile, then it is not mixed in."""
    client.post(PAGE)
    baton.pass_machine_time(86_401)
    client.post(PAGE)
    baton.drain()
    assert taken(client)["missing"] == []
    kept = [piece for piece in baton.rows("signup", "download_part") if piece["service"] == "sessions"]
    assert len(baton.rows("sessions", "event", type="sessions.gathered")) == 2 * len(kept) > 0


def test_an_event_twice_changes_nothing(baton: Baton, ada: str, client: Any) -> None:
    client.post(PAGE)
    baton.drain()
    once = baton.rows("signup", "download_part")
    told = {name: once[0][name] for name in ("number", "part", "rows", "last", "cut")}
    request = baton.rows("signup", "download")[0]["request"]
    with db.write("signup") as tx:
        people.gathered(tx, once[0]["service"], {"person": ada, "request": request, **told, "rows": [{"odd": 1}]})
    assert baton.rows("signup", "download_part") == once


def test_many_mails_come_in_many_pieces(baton: Baton, ada: str, client: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(personal, "CHUNK", 1_500)
    client.post(PAGE)
    baton.drain()
    pieces = baton.rows("notifications", "event", type="notifications.gathered")
    assert sum(piece["data"]["part"] == "mails" for piece in pieces) > 1
    assert [piece["data"]["number"] for piece in pieces] == list(range(len(pieces)))
    assert sorted(mail["kind"] for mail in taken(client)["notifications"]["mails"]) == ["confirm", "placed", "welcome"]


def test_what_is_too_much_is_said(baton: Baton, ada: str, client: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(personal, "MOST", 1_800)
    client.post(PAGE)
    baton.drain()
    found = taken(client)
    assert found["not_whole"] == ["notifications: mails"] and 0 < len(found["notifications"]["mails"]) < 3
    assert "Too much to be whole: notifications: mails" in client.get(PAGE).text


def test_a_piece_that_was_given_up_is_said(baton: Baton, ada: str, client: Any, monkeypatch: Any) -> None:
    """Given a piece that an organizer skipped, then the page and the file say what is missing."""
    whole = people.gathered

    def poison(tx: Any, service: str, told: Any) -> None:
        if service == "notifications" and told["number"] == 0:
            raise RuntimeError("this piece cannot be kept")
        whole(tx, service, told)

    monkeypatch.setattr(people, "gathered", poison)
    client.post(PAGE)
    for _ in range(12):
        baton.drain()
        baton.pass_machine_time(700)
    with db.write("notifications") as tx:
        (dead,) = keeping.dead(tx)
        assert keeping.skip(tx, dead["position"], "signup", "system", "cannot be kept")
    for _ in range(4):
        baton.drain()
        baton.pass_machine_time(700)
    page = client.get(PAGE).text
    assert "Some of this is missing: mails." in page
    found = taken(client)
    assert found["missing"] == ["notifications"] and found["notifications"]["mails"]


@pytest.mark.parametrize("when", ["asked", "answered", "gathered"])
def test_erasing_in_the_middle_leaves_nothing(baton: Baton, ada: str, client: Any, when: str) -> None:
    """Given a download asked for, when its person is erased at any moment, then no service keeps a word of it."""
    client.post(PAGE)
    if when == "answered":
        relay.deliver_due("signup")
        for name, args in list(baton.queue):
            if name.endswith(".receive"):
                worker.app.tasks[name].run(*args)
    if when == "gathered":
        baton.drain()
    with db.write("signup") as tx:
        people.leave(tx, "system", ada)
        people.erase_now(tx, "system", ada)
    for _ in range(4):
        baton.drain()
        baton.pass_machine_time(700)
    assert not any(owed(service) for service in ("signup", "sessions", "notifications", "blog"))
    assert "Ada" not in json.dumps(baton.dump(), default=str) and "ada@" not in json.dumps(baton.dump(), default=str)
    assert baton.rows("signup", "download") == [] == baton.rows("signup", "download_part")


def test_a_week_later_it_is_thrown_away_everywhere(baton: Baton, ada: str, client: Any) -> None:
    client.post(PAGE)
    baton.drain()
    baton.pass_machine_time(personal.KEPT * 86_400 - 60)
    baton.pass_time(days=7)
    baton.tick()
    assert taken(client)["notifications"]["mails"]
    baton.pass_machine_time(120)
    baton.pass_time(days=1)
    baton.tick()
    assert client.get(FILE).status_code == 404 and "Gather my data" in client.get(PAGE).text
    assert baton.rows("signup", "download_part") == []
    for service in personal.ASKED:
        told = baton.rows(service, "event", type=f"{service}.gathered")
        assert told and all(each["erased"] and each["data"]["rows"] == "" for each in told)


def test_it_is_nobody_elses(baton: Baton, ada: str, client: Any) -> None:
    client.post(PAGE)
    baton.drain()
    bob = member(baton, "bob@example.org")
    stranger = baton.client("signup")
    assert stranger.get(FILE).status_code == stranger.get(PAGE).status_code == 303
    cookie = tokens.sign("cookie", {"person": bob, "roles": ["member"], "at": clock.machine()})
    stranger.set_cookie(access.COOKIE, cookie)
    assert stranger.get(FILE).status_code == 404


def test_who_left_can_still_have_their_data(baton: Baton, ada: str, client: Any) -> None:
    with db.write("signup") as tx:
        people.erase_later(tx, f"person/{ada}", ada)
    client.post(PAGE)
    baton.drain()
    assert taken(client)["signup"]["person"]["state"] == "left"
