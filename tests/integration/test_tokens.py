"""API tokens: made and shown once, believed by every service, revoked everywhere, and when each was last used."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from services.signup import access_links, api_tokens, people, program, rules
from shared import bearer, clock, db, engines, log, revocation, tokens, uses
from shared.config import SERVICES
from shared.events import replay
from tests.conftest import Baton

ASK = {
    "signup": "/signup/api/members",
    "sessions": "/sessions/api/operation",
    "notifications": "/notifications/api/mails",
    "blog": "/blog/api/operation",
}


@pytest.fixture
def olga(baton: Baton) -> str:
    return organizer("olga@example.org", "Olga")


def organizer(email: str, name: str) -> str:
    with db.write("signup") as tx:
        return access_links.add_organizer(tx, "system", email, name)


def made(person: str, name: str = "CI", scope: str = "organizer", days: int = 30) -> bearer.Token:
    with db.write("signup") as tx:
        return api_tokens.create(tx, f"organizer/{person}", person, name, scope, days)


def revoked(token: bearer.Token) -> bool:
    with db.write("signup") as tx:
        return api_tokens.revoke(tx, "system", token.id)


def ask(baton: Baton, service: str, token: bearer.Token | str) -> Any:
    text = token if isinstance(token, str) else token.text()
    return baton.client(service).get(ASK[service], headers={"Authorization": f"Bearer {text}"})


def statuses(baton: Baton, token: bearer.Token) -> dict[str, int]:
    return {service: ask(baton, service, token).status_code for service in SERVICES}


ALL_OK, ALL_REFUSED = dict.fromkeys(SERVICES, 200), dict.fromkeys(SERVICES, 401)


# ---- made ----


def test_its_text_is_kept_nowhere_and_all_services_believe_it_at_once(baton: Baton, olga: str) -> None:
    text = made(olga).text()
    headers = {"Authorization": f"Bearer {text}"}
    with capture_logs() as said:
        assert all(baton.client(name).get(ASK[name], headers=headers).status_code == 200 for name in SERVICES)
    baton.drain()
    kept = json.dumps([baton.dump(), said], default=str)
    assert bearer.read(text).id in kept, "its id is kept"
    for part in text.split("."):
        assert part not in kept
    assert tokens.hidden(f"it is {text}.") == f"it is {tokens.HIDDEN}."


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"name": ""}, {"name"}),
        ({"name": " \t"}, {"name"}),
        ({"name": "x" * 81}, {"name"}),
        ({"name": "a\0b"}, {"name"}),
        ({"scope": "root"}, {"scope"}),
        ({"scope": ""}, {"scope"}),
        ({"days": 0}, {"days"}),
        ({"days": -5}, {"days"}),
        ({"days": 3651}, {"days"}),
        ({"days": 10**30}, {"days"}),
        ({"name": "", "scope": "root", "days": 0}, {"name", "scope", "days"}),
    ],
)
def test_odd_wishes_are_refused_by_field(baton: Baton, olga: str, given: dict[str, Any], fields: set[str]) -> None:
    with pytest.raises(rules.Refused) as refused:
        made(olga, **given)
    assert {each.field for each in refused.value.all} == fields
    assert all(each.remedy for each in refused.value.all)
    assert baton.rows("signup", "api_token") == []


def test_only_organizers_have_tokens(baton: Baton, olga: str) -> None:
    ada = member(baton)
    with pytest.raises(rules.Refused, match="Only organizers"):
        made(ada)
    with pytest.raises(rules.Refused, match="not known"):
        made("nobody")


def member(baton: Baton, email: str = "ada@example.org") -> str:
    with db.write("signup") as tx:
        charter = program.load(tx).charter.version
        typed = {"name": "Ada", "email": email, "timezone": "UTC", "stream": "stream1", "charter": charter}
        person = str(people.apply(tx, {**typed, "answers": {}}).person)
        people.confirm(tx, person)
    baton.drain()
    return person


def test_two_living_tokens_share_no_name(baton: Baton, olga: str) -> None:
    """The log names a token by its name."""
    first = made(olga, "CI")
    with pytest.raises(rules.Refused, match="this name already"):
        made(olga, "CI")
    revoked(first)
    assert made(olga, "CI").id != first.id


def test_it_ends_when_its_days_are_over(baton: Baton, olga: str) -> None:
    token = made(olga, days=2)
    baton.pass_machine_time(2 * 86_400 - 10)
    assert statuses(baton, token) == ALL_OK
    baton.pass_machine_time(20)
    assert statuses(baton, token) == ALL_REFUSED
    with db.read("signup") as tx:
        assert [row["state"] for row in api_tokens.listed(tx)] == ["ended"]


# ---- revoked ----


def test_a_revoked_one_is_refused_here_at_once_and_elsewhere_by_an_event(baton: Baton, olga: str) -> None:
    token, other = made(olga), made(olga, "another")
    assert revoked(token)
    assert statuses(baton, token) == {**ALL_OK, "signup": 401}, "the others have not heard of it yet"
    baton.drain()
    assert statuses(baton, token) == ALL_REFUSED
    assert statuses(baton, other) == ALL_OK
    baton.drain()
    before = baton.dump()
    assert not revoked(token), "the second time it was void already"
    baton.drain()
    assert baton.dump() == before


def test_nobody_else_can_be_revoked_by_mistake(baton: Baton, olga: str) -> None:
    with db.write("signup") as tx, pytest.raises(rules.Refused, match="no such token"):
        api_tokens.revoke(tx, "system", "nobody")


def test_what_a_token_made_stops_with_it_and_ends_no_later(baton: Baton, olga: str) -> None:
    parent = made(olga, "parent", days=3)
    headers = {"Authorization": f"Bearer {parent.text()}"}

    def child(name: str, of: dict[str, str]) -> str:
        body = {"name": name, "scope": "organizer", "days": 900}
        answer = baton.client("signup").post("/signup/api/tokens", json=body, headers=of)
        assert answer.status_code == 201, answer.text
        return str(answer.json["token"])

    first = child("child", headers)
    second = child("grandchild", {"Authorization": f"Bearer {first}"})
    for text in (first, second):
        assert bearer.read(text).until == parent.until
        assert ask(baton, "blog", text).status_code == 200
    own = made(olga, "own")
    revoked(parent)
    baton.drain()
    for text in (first, second):
        assert {ask(baton, service, text).status_code for service in SERVICES} == {401}
    assert statuses(baton, own) == ALL_OK


def test_a_token_that_is_revoked_meanwhile_makes_none(baton: Baton, olga: str) -> None:
    """Its request was let in a moment before."""
    parent = made(olga, "parent")
    revoked(parent)
    with log.bound(through=f"token/{parent.id}"), pytest.raises(rules.Refused, match="was revoked"):
        made(olga, "child")
    assert [row["name"] for row in baton.rows("signup", "api_token")] == ["parent"]


def test_tokens_stop_with_their_organizer(baton: Baton, olga: str) -> None:
    """Who leaves, is removed, or whose mailbox another reads: what was made in their name is void."""
    boss = organizer("boss@example.org", "Boss")

    def ends(command: Any, *given: Any) -> None:
        person = organizer(f"{command.__name__}@example.org", "Somebody")
        token = made(person, command.__name__)
        assert statuses(baton, token) == ALL_OK
        with db.write("signup") as tx:
            command(tx, f"organizer/{boss}", person, *given)
        baton.drain()
        assert statuses(baton, token) == ALL_REFUSED, command.__name__
        [row] = baton.rows("signup", "api_token", id=token.id)
        assert (row["revoked_by"], bool(row["revoked_at"])) == (f"organizer/{boss}", True)

    ends(access_links.remove_organizer)
    ends(people.leave, "")
    ends(people.erase_later)
    ends(people.readdress, "new@example.org")
    assert statuses(baton, made(olga)) == ALL_OK


def test_nothing_of_a_token_is_left_of_who_is_erased(baton: Baton, olga: str) -> None:
    boss = organizer("boss@example.org", "Boss")
    token = made(boss, "Boss at home")
    headers = {"Authorization": f"Bearer {token.text()}"}
    title = {"title": "News", "markdown": "x"}
    assert baton.client("signup").post("/signup/api/sections", json=title, headers=headers).status_code == 201
    with db.write("signup") as tx:
        people.erase_later(tx, f"person/{boss}", boss)
        people.erase_now(tx, "system", boss)
        found = next(row for row in people_entries(tx) if row["what"] == "section.added")
    assert (found["by_name"], found["through_name"]) == ("somebody erased", "a token of the past")
    assert baton.rows("signup", "api_token", id=token.id) == []
    baton.drain()
    assert statuses(baton, token) == ALL_REFUSED


def people_entries(tx: Any) -> list[dict[str, Any]]:
    from services.signup import audit

    return audit.entries(tx).rows


def test_a_new_subscriber_takes_no_revoked_token_and_no_void_cookie(baton: Baton, olga: str) -> None:
    """Its tables are empty, and the events that told of it may be gone: the present state tells it once more."""
    boss = organizer("boss@example.org", "Boss")
    token, of_boss = made(olga), made(boss, "of the boss")
    revoked(token)
    with db.write("signup") as tx:
        access_links.remove_organizer(tx, "system", boss)
    baton.drain()
    with db.write("blog") as tx:
        tx.execute(sa.text("DELETE FROM revoked"))
        tx.execute(sa.text("DELETE FROM revoked_token"))
    with db.write("signup") as tx:
        tx.execute(sa.text("DELETE FROM event"))
    assert ask(baton, "blog", token).status_code == ask(baton, "blog", of_boss).status_code == 200, "as new"
    for _ in range(2):
        replay.replay("signup", "blog")
        baton.drain()
        assert ask(baton, "blog", token).status_code == ask(baton, "blog", of_boss).status_code == 401
    assert baton.rows("blog", "revoked") == baton.rows("signup", "revoked")
    assert baton.rows("blog", "revoked_token") == baton.rows("signup", "revoked_token")


def test_an_older_revocation_takes_no_later_one_back(baton: Baton) -> None:
    now = clock.machine()
    for before in (now, now - 50, now):
        with db.write("blog") as tx:
            revocation.revoke(tx, "p1", before)
            assert revocation.voids(tx, "p1", now - 1)


# ---- used ----


def test_its_last_use_costs_one_write_a_minute(baton: Baton, olga: str) -> None:
    token = made(olga)
    written: list[str] = []

    @sa.event.listens_for(engines.engine("sessions"), "before_cursor_execute")
    def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            written.append(statement)

    for _ in range(30):
        ask(baton, "sessions", token)
    notes = [each for each in written if "token_use" in each]
    assert len(notes) == 1
    baton.pass_machine_time(uses.NOTED + 1)
    for _ in range(30):
        ask(baton, "sessions", token)
    assert len([each for each in written if "token_use" in each]) == 2
    [row] = baton.rows("sessions", "token_use")
    assert row["token"] == token.id and clock.machine() - row["at"] < 60


def test_another_process_that_was_quicker_is_enough(baton: Baton, olga: str) -> None:
    token = made(olga)
    ask(baton, "blog", token)
    before = baton.rows("blog", "token_use")
    uses._noted.clear()  # as another process, which remembers nothing
    ask(baton, "blog", token)
    assert baton.rows("blog", "token_use") == before


def test_signup_hears_of_uses_once_an_hour(baton: Baton, olga: str) -> None:
    token = made(olga)
    for _ in range(10):  # an hour and a half, in steps of nine minutes
        ask(baton, "blog", token)
        baton.drain()
        baton.pass_machine_time(9 * 60)
    assert len(baton.rows("blog", "event", type="token.used_in_blog")) == 2
    with db.read("signup") as tx:
        [row] = api_tokens.listed(tx)
    assert set(row["uses"]) == {"blog"} and row["used"] == row["uses"]["blog"]
    assert clock.machine() - row["used"] < uses.TOLD + 9 * 60
    ask(baton, "signup", token)
    assert baton.rows("signup", "event", type="token.used_in_signup") == [], "it knows by itself"
    with db.read("signup") as tx:
        assert set(api_tokens.listed(tx)[0]["uses"]) == {"blog", "signup"}


def test_a_late_word_of_an_earlier_use_is_no_news(baton: Baton, olga: str) -> None:
    token, now = made(olga), clock.machine()
    for at in (now, now - 500):
        with db.write("signup") as tx:
            api_tokens.used_elsewhere(tx, token.id, "blog", at)
    with db.write("signup") as tx:
        assert api_tokens.listed(tx)[0]["used"] == now
        api_tokens.used_elsewhere(tx, "forgotten since", "blog", now)
    assert len(baton.rows("signup", "token_use")) == 1


def test_no_request_fails_for_a_note(baton: Baton, olga: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: Any) -> None:
        raise sa.exc.OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr(uses, "_write", full)
    with capture_logs() as said:
        assert ask(baton, "blog", made(olga)).status_code == 200
    assert [each["event"] for each in said if each["log_level"] == "warning"] == ["token.use_not_noted"]


def test_what_ended_long_ago_is_forgotten(baton: Baton, olga: str, change_settings: Any) -> None:
    change_settings(keep_audit=30)
    short, long = made(olga, "short", days=1), made(olga, "long", days=300)
    assert statuses(baton, short) == statuses(baton, long) == ALL_OK
    revoked(short)
    baton.drain()
    baton.pass_machine_time(32 * 86_400)
    baton.pass_time(days=2)
    baton.tick()
    assert [row["id"] for row in baton.rows("signup", "api_token")] == [long.id]
    for service in SERVICES:
        assert baton.rows(service, "revoked_token") == []
        assert {row["token"] for row in baton.rows(service, "token_use")} == {long.id}


# ---- what is done through one ----


def test_the_log_says_who_did_it_and_by_which_token(baton: Baton, olga: str) -> None:
    ada, token = member(baton), made(olga, "Ticket desk")
    headers = {"Authorization": f"Bearer {token.text()}"}
    with capture_logs() as said:
        assert baton.client("signup").post(f"/signup/api/members/{ada}/pause", headers=headers).status_code == 200
    assert token.text() not in repr(said)
    [row] = baton.rows("signup", "audit", what="person.paused")
    assert (row["by"], row["through"]) == (f"organizer/{olga}", f"token/{token.id}")
    assert log.through() is None, "what this thread does next is nobody's deed"
    client = baton.client("signup")
    claims = {"person": olga, "roles": ["member", "organizer"], "at": clock.machine()}
    client.set_cookie("baton", tokens.sign("cookie", claims))
    for path in ("/signup/organizer/audit", f"/signup/organizer/members/{ada}"):
        assert "Olga (organizer), by the token “Ticket desk”" in client.get(path).text
    entries = client.get("/signup/api/audit").json["entries"]
    assert entries[0]["through"] == "Ticket desk" and entries[0]["words"] == "Paused"
    assert entries[0]["subject"] == f"person/{ada}"
    history = client.get(f"/signup/api/members/{ada}/history").json["history"]
    assert [(each["what"], each["through"]) for each in history][0] == ("person.paused", "Ticket desk")


def test_who_may_read_mails_does_not_become_their_readers(baton: Baton, olga: str) -> None:
    """Without a mail server the outbox shows links that work; a token that may only read must not sign in by one."""
    member(baton)
    with db.write("signup") as tx:
        access_links.request_sign_in(tx, "olga@example.org")
    baton.drain()
    [mail] = baton.rows("notifications", "mail", kind="sign-in")
    assert "/signup/sign-in/" in mail["text"]
    secret = mail["text"].partition("/signup/sign-in/")[2].split()[0]
    for scope in ("read", "organizer"):
        headers = {"Authorization": f"Bearer {made(olga, scope, scope).text()}"}
        client = baton.client("notifications")
        whole = client.get(f"/notifications/api/mails/{mail['id']}", headers=headers)
        file = client.get(f"/notifications/api/mails/{mail['id']}/mail.eml", headers=headers)
        export = client.get("/notifications/api/exports/mails.json", headers=headers)
        assert (whole.status_code, file.status_code) == (200, 200)
        assert tokens.HIDDEN in whole.json["text"] and whole.json["subject"] == mail["subject"]
        for answer in (whole, file, export):
            assert secret[:40] not in answer.text.replace("=\r\n", "") and secret[-20:] not in answer.text


# ---- the page ----


@pytest.fixture
def page(baton: Baton, olga: str) -> Any:
    client = baton.client("signup")
    claims = {"person": olga, "roles": ["member", "organizer"], "at": clock.machine()}
    client.set_cookie("baton", tokens.sign("cookie", claims))
    return client


def shown(page: str) -> str:
    """The token that a page shows."""
    return page.partition('id="token-text"')[2].partition(">")[2].partition("<")[0]


def test_the_page_shows_it_once(baton: Baton, page: Any) -> None:
    assert "No token yet" in page.get("/signup/organizer/tokens").text
    answer = page.post("/signup/organizer/tokens", data={"name": "CI", "scope": "read", "days": "30"})
    text = shown(answer.text)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert bearer.read(text).scope == "read"
    assert ask(baton, "notifications", text).status_code == 200
    again = page.post("/signup/organizer/tokens", data={"name": "CI", "scope": "read", "days": "30"})
    assert again.status_code == 422 and "this name already" in again.text, "the same press once more makes no second"
    listed = page.get("/signup/organizer/tokens").text
    assert "baton_" not in listed and text[-10:] not in listed and "CI" in listed


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": "", "scope": "read", "days": "30"}, "The token has no name."),
        ({"name": "CI", "scope": "", "days": "30"}, "There is no such scope."),
        ({"name": "CI", "scope": "root", "days": "30"}, "There is no such scope."),
        ({"name": "CI", "scope": "read", "days": ""}, "A token cannot live 0 days."),
        ({"name": "CI", "scope": "read", "days": "soon"}, "A token cannot live 0 days."),
        ({"name": "CI", "scope": "read", "days": "9" * 5000}, "A token cannot live 0 days."),
        ({"name": "CI", "scope": "read", "days": "²"}, "A token cannot live 0 days."),
        ({}, "The token has no name."),
    ],
)
def test_what_was_typed_is_kept_beside_what_is_wrong(
    baton: Baton, page: Any, typed: dict[str, str], words: str
) -> None:
    answer = page.post("/signup/organizer/tokens", data=typed)
    assert answer.status_code == 422 and words in answer.text
    assert f'value="{typed.get("name", "")}"' in answer.text
    assert baton.rows("signup", "api_token") == []


def test_revoking_asks_first_and_another_site_cannot(baton: Baton, page: Any, olga: str) -> None:
    token = made(olga, "<script>alert(1)</script>")
    url = f"/signup/organizer/tokens/{token.id}/revoke"
    asked = page.get(url)
    assert "cannot be undone" in asked.text and "<script>alert" not in asked.text
    assert page.post(url, headers={"Origin": "https://evil.example.org"}).status_code == 403
    assert ask(baton, "signup", token).status_code == 200
    assert page.post(url).headers["Location"] == "/signup/organizer/tokens?said=revoked"
    assert ask(baton, "signup", token).status_code == 401
    listed = page.get("/signup/organizer/tokens").text
    assert "revoked" in listed and "<script>alert" not in listed and url not in listed
    assert page.get("/signup/organizer/tokens/nobody/revoke").status_code == 404
    assert page.post("/signup/organizer/tokens/nobody/revoke").status_code == 404


def test_members_have_no_such_page(baton: Baton) -> None:
    ada, client = member(baton), baton.client("signup")
    client.set_cookie("baton", tokens.sign("cookie", {"person": ada, "roles": ["member"], "at": clock.machine()}))
    assert client.get("/signup/organizer/tokens").status_code == 403
    assert client.post("/signup/organizer/tokens", data={"name": "x", "scope": "read"}).status_code == 403
