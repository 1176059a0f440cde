"""Chat: what channels hear, at most once each; pace, deaths, and servers that are gone, slow or not to be asked."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from services.notifications import people, restored
from services.notifications.chat import channels, posting, services, webhook
from shared import clock, config, db, die, reach, sealing, worker
from tests.chatting import ALL, Chat
from tests.conftest import Baton
from tests.postgres import absent
from tests.signup import signed_in
from tests.told import PROGRAM, mails, member, tell

SEAT = {"circle": "c1", "name": "Circle <A> & co", "stream": "stream1", "day": "2027-01-20", "minutes": 60}


@pytest.fixture
def chat(change_settings: Any) -> Iterator[Chat]:
    server = Chat()
    change_settings(chat_local=("127.0.0.1",))
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def no_pause(baton: Baton, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "_pause", baton.pass_machine_time)


def channel(chat: Chat, path: str, stream: str | None = None, wants: Any = ALL) -> str:
    typed = channels.checked(
        {"name": path, "address": chat.url + path, "stream": stream, "wants": wants}, STREAMS, True
    )
    with db.write("notifications") as tx:
        return channels.add(tx, typed, "organizer/olga")


STREAMS = {"stream1": "One", "stream2": "Two"}


def opened(session: str = "s1", days: int = 9, **more: Any) -> None:
    at = (clock.now() + timedelta(days=days)).isoformat()
    data = {**SEAT, "session": session, "role": "coordinator", "starts_at": at, "to": [], "organizers": []}
    assert tell("turn.opened", {**data, **more}, subject=f"session/{session}").done


def confirmed(person: str, **more: Any) -> None:
    tell("member.confirmed", member(person, **more))


def published(person: str = "p1", title: str = "First <!channel> @everyone") -> None:
    data: dict[str, Any] = {
        "person": person,
        "post": "b1",
        "title": title,
        "original": "https://ada.example.org/1",
        "pull_request": None,
    }
    tell("post.published", data, subject="post/b1")


def minuted(session: str, by_type: str = "session.minuted") -> None:
    data: dict[str, Any] = {
        "session": session, "circle": "c1", "stream": "stream1", "title": "Circle A", "day": "2027-01-20",
        "starts_at": "2027-01-03T18:30:00+00:00", "coordinator": None, "mentor": None, "by": "person/p1",
        "text": "Ada cried.", "cut": False, "reasons": [], "items": [], "present": [], "members": [], "to": [],
        "organizers": [], "next": None, "correct_until": "2027-01-06T18:30:00+00:00",
    }  # fmt: skip
    tell(by_type, data, subject=f"session/{session}")


def states(baton: Baton) -> list[str]:
    return sorted(row["state"] for row in baton.rows("notifications", "chat_message"))


def test_each_channel_hears_what_it_wants_of_its_stream_once_and_nobody_is_named(baton: Baton, chat: Chat) -> None:
    channel(chat, "/all")
    channel(chat, "/two", "stream2", ["joined"])
    confirmed("p1", name="Ada Lovelace", stream="stream1")
    confirmed("p2", name="Grace Hopper", stream="stream2")
    for _ in range(2):
        opened()
        published()
        minuted("s2")
    minuted("s2", "minutes.corrected")
    assert tell("session.announced", announced("s3", hours=30), subject="session/s3").done
    for id, kind, title in (("t1", "talk", "Reading <code>"), ("m1", "organizers", "Organizers’ meeting")):
        told = {**announced(id, hours=30), "kind": kind, "circle": None, "title": title, "speaker": "Grace Hopper"}
        assert tell("session.announced", told, subject=f"session/{id}").done
        assert tell("session.announced", {**told, "what": "drop", "state": "cancelled"}, subject=f"session/{id}").done
    off = {**announced("t2", hours=30), "kind": "talk", "circle": None, "what": "cancel", "state": "cancelled"}
    assert tell("session.announced", off, subject="session/t2").done
    baton.tick()
    assert not [row for row in baton.rows("notifications", "chat_message") if row["what"] == "session"]
    baton.pass_time(hours=7)
    for _ in range(2):
        baton.pass_machine_time(1.1)
        baton.tick()
    assert chat.said["/two"] == [f"Somebody new has joined us in {name('stream2')}. Welcome."]
    all = chat.said["/all"]
    assert len(all) == 8, all
    [talk] = [text for text in all if "a talk" in text]
    assert talk.startswith("Tomorrow: “Reading &lt;code&gt;”, a talk, ") and talk.endswith("/sessions/s/t1")
    [gathers] = [text for text in all if "Organizers’ meeting" in text]
    assert gathers.startswith("Tomorrow: ") and gathers.endswith("/sessions/s/m1")
    assert sum("joined" in text for text in all) == 2
    [post] = [text for text in all if "blog" in text]
    assert "&lt;!channel&gt; @\u200beveryone" in post and post.endswith(" https://ada.example.org/1")
    [turn] = [text for text in all if "needs a coordinator" in text]
    assert "Circle &lt;A&gt; &amp; co needs a coordinator" in turn and "/sessions/circles/c1/turns" in turn
    [minutes] = [text for text in all if "minutes" in text]
    assert "cried" not in minutes and minutes.endswith("/sessions/s/s2")
    [session] = [text for text in all if "meets" in text]
    assert session.startswith("Tomorrow: Circle A meets,")
    assert not [text for text in all if "Ada" in text or "Grace" in text]
    assert states(baton) == ["sent"] * 9
    secret = chat.url.partition("://")[2]
    assert not [row for row in baton.rows("notifications", "chat_channel") if secret in json.dumps(row, default=str)]


def name(slug: str) -> str:
    with db.read("notifications") as tx:
        return people.streams(tx)[slug]


def announced(session: str, hours: int) -> dict[str, Any]:
    at = clock.now() + timedelta(hours=hours)
    return {
        "session": session, "kind": "circle", "circle": "c1", "name": "Circle A", "stream": "stream1", "title": None,
        "day": at.date().isoformat(), "time": f"{at:%H:%M}", "zone": "UTC", "minutes": 60, "starts_at": at.isoformat(),
        "ends_at": (at + timedelta(hours=1)).isoformat(), "link": None, "location": None, "state": "planned",
        "sequence": 0, "note": None, "coordinator": None, "mentor": None, "attendees": [], "guest": None, "speaker": "",
        "abstract": "", "what": "request", "changed": [], "was": None, "stamp": clock.now().isoformat(),
    }  # fmt: skip


def test_one_a_second_and_as_late_as_the_server_asks(baton: Baton, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    channel(chat, "/all")
    at: list[float] = []
    chat.before = lambda: at.append(clock.machine())
    chat.answers["/all"] = [(200, {}, b"ok"), (429, {"Retry-After": "40"}, b"slow down"), (200, {}, b"ok")]
    for n in range(3):
        opened(f"s{n}")
    baton.tick()
    assert len(chat.said["/all"]) == 2 and states(baton) == ["queued", "queued", "sent"]
    assert at[1] - at[0] >= 1.0
    baton.pass_machine_time(35)
    baton.tick()
    assert len(at) == 2, "it was asked to wait"
    baton.pass_machine_time(6)
    baton.tick()
    assert states(baton) == ["sent"] * 3 and at[2] - at[1] >= 40 and at[3] - at[2] >= 1.0
    assert {row["attempts"] for row in baton.rows("notifications", "chat_message")} == {1}, "waiting is no failure"


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, b"no_team"), (410, b"channel_is_archived"), (403, b"no_service"), (401, b"")],
)
def test_a_dead_webhook_turns_itself_off_is_shown_and_comes_back(
    baton: Baton, chat: Chat, status: int, words: bytes
) -> None:
    tell("organizer.added", {**member("olga", roles=["member", "organizer"]), "invited": False})
    id = channel(chat, "/all")
    channel(chat, "/other")
    chat.answers["/all"] = [(status, {}, words)]
    for n in range(3):
        opened(f"s{n}")
    baton.tick()
    assert len(chat.said["/all"]) == 1 and len(chat.said["/other"]) == 3
    assert states(baton) == ["dropped"] * 3 + ["sent"] * 3
    said = [row["error"] for row in baton.rows("notifications", "chat_message", state="dropped")]
    assert said.count("The channel was off.") == 2
    assert sum("is no more" in each for each in said) == 1, "the message that found it says so"
    client = signed_in(baton.client("notifications"), "olga", "member", "organizer")
    page = client.get("/notifications/chat").text
    assert "Nobody answers" in page and f"{status}" in page and chat.url not in page
    assert "the chat channel /all: it hears nothing any more" in client.get("/notifications/dashboard").text
    assert b"baton_chat_channels_off 1.0" in baton.client("notifications").get("/notifications/metrics").data
    chat.answers.clear()
    assert client.post(f"/notifications/chat/{id}/on").status_code == 303
    opened("s9")
    baton.pass_machine_time(1.1)
    baton.tick()
    assert len(chat.said["/all"]) == 2


def test_a_server_that_is_away_is_asked_less_and_less_and_given_up_after_days(baton: Baton, chat: Chat) -> None:
    id = channel(chat, "/all")
    chat.answers["/all"] = [(503, {}, b"")]
    opened("s1", days=30)
    baton.tick()
    for _ in range(3):
        baton.tick()
    assert len(chat.said["/all"]) == 1, "not before a while"
    for _ in range(8):
        baton.pass_machine_time(3601)
        baton.tick()
    assert len(chat.said["/all"]) == 9 and states(baton) == ["queued"]
    baton.pass_machine_time(5 * 86_400)
    baton.tick()
    [row] = baton.rows("notifications", "chat_channel", id=id)
    assert row["off_at"] and "503" in row["off_why"]
    baton.tick()
    assert states(baton) == ["dropped"]


def test_in_doubt_a_message_is_held_and_a_person_says(
    baton: Baton, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell("organizer.added", {**member("olga", roles=["member", "organizer"]), "invited": False})
    channel(chat, "/all")
    chat.answers["/all"] = [(0, {}, b""), (200, {}, b"ok")]
    opened("s1")
    baton.tick()
    assert states(baton) == ["held"] and len(chat.said["/all"]) == 1, "it may be there"

    def killed(point: str) -> None:
        if point == "chat.claimed":
            raise KeyboardInterrupt

    opened("s2")
    baton.pass_machine_time(100)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(die, "at", killed)
        posting.post_due()
    baton.tick()
    assert states(baton) == ["held", "sending"]
    baton.pass_machine_time(120)
    baton.tick()
    assert states(baton) == ["held", "held"] and len(chat.said["/all"]) == 1
    client = signed_in(baton.client("notifications"), "olga", "member", "organizer")
    assert client.get("/notifications/chat").text.count(">It is there<") == 2
    first, second = (row["id"] for row in sorted(baton.rows("notifications", "chat_message"), key=lambda r: r["cause"]))
    assert client.post(f"/notifications/chat/messages/{first}/arrived").status_code == 303
    assert client.post(f"/notifications/chat/messages/{first}/arrived").status_code == 409
    assert client.post(f"/notifications/chat/messages/{second}/again").status_code == 303
    baton.tick()
    assert states(baton) == ["sent", "sent"] and len(chat.said["/all"]) == 2


def test_what_waits_after_a_restore_is_held_and_old_news_is_dropped(baton: Baton, chat: Chat) -> None:
    channel(chat, "/all")
    opened("s1", days=1)
    baton.pass_time(days=2)
    opened("s2")
    with db.write("notifications") as tx:
        restored.hold(tx, clock.now(), [])
    opened("s3", days=9)
    baton.tick()
    assert states(baton) == ["held", "held", "held"], "what may have been said is not said again"
    assert "/all" not in chat.said


def test_chat_is_no_task_that_mail_waits_for(baton: Baton, chat: Chat) -> None:
    """It has one of its own, on the queue of what lasts: a server that never answers is waited for by nobody else."""
    channel(chat, "/all")
    opened("s1")
    worker.app.tasks["notifications.tick"].run()
    assert [name for name, _ in baton.queue if "chat" in name] == ["slow.chat"] and "/all" not in chat.said


def test_whose_data_are_deleted_leaves_no_word(baton: Baton, chat: Chat) -> None:
    channel(chat, "/all")
    confirmed("p1")
    published("p1", "Ada’s secret")
    assert len(baton.rows("notifications", "chat_message")) == 2
    tell("member.erased", {"person": "p1"})
    assert not [row for row in baton.rows("notifications", "chat_message") if "secret" in json.dumps(row, default=str)]
    baton.tick()
    assert not [text for text in chat.said.get("/all", []) if "secret" in text]
    published("p1", "Ada’s secret")
    baton.pass_machine_time(1.1)
    baton.tick()
    assert not [text for text in chat.said.get("/all", []) if "secret" in text]


BAD = [
    "", "https://", "ftp://a.example", "javascript:alert(1)", "http://127.0.0.1/x", "https://localhost/x",
    "https://10.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/latest", "https://user:pass@1.1.1.1/x",
    "json://127.0.0.1/", "mailto://x:y@z", "exec://rm", "https://1.1.1.1/ä", "https://1.1.1.1/\x00", "http://1.1.1.1/x",
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?template=/etc/passwd",
]  # fmt: skip


def test_no_channel_leads_into_this_network_or_nowhere(baton: Baton) -> None:
    tell("organizer.added", {**member("olga", roles=["member", "organizer"]), "invited": False})
    client = signed_in(baton.client("notifications"), "olga", "member", "organizer")
    typed = {"name": "#x", "stream": "", "wants": ALL}
    for address in BAD:
        answer = client.post("/notifications/chat/new", data={**typed, "address": address})
        assert answer.status_code == 422, address
    wrongs: list[dict[str, Any]] = [{"name": ""}, {"stream": "nowhere"}, {"wants": []}, {"wants": ["joined", "x"]}]
    for wrong in wrongs:
        assert client.post("/notifications/chat/new", data={**typed, "address": "", **wrong}).status_code == 422
    assert baton.rows("notifications", "chat_channel") == []


def test_an_address_with_a_question_mark_is_said_to_be_one_also_where_it_was_saved_before(
    baton: Baton, chat: Chat
) -> None:
    """Given a channel of apprise's from before a question mark was refused, Then it is turned off, and the page says
    what to paste; so does the form."""
    tell("organizer.added", {**member("olga", roles=["member", "organizer"]), "invited": False})
    client = signed_in(baton.client("notifications"), "olga", "member", "organizer")
    typed = {"name": "#x", "stream": "", "wants": ALL, "address": BAD[-1]}
    assert "without it" in client.post("/notifications/chat/new", data=typed).text
    id = channel(chat, "/all")
    table = db.metadata("notifications").tables["chat_channel"]
    with db.write("notifications") as tx:
        tx.execute(table.update().where(table.c.id == id).values(address=sealing.seal(BAD[-1])))
    opened("s1")
    baton.tick()
    [row] = baton.rows("notifications", "chat_channel", id=id)
    assert "Paste the address anew, without it" in row["off_why"]
    assert "Paste the address anew" in client.get("/notifications/chat").text


def test_through_apprise_a_message_goes_out_or_is_held(
    baton: Baton, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given apprise itself and a server of JSON, the one service of apprise's that runs anywhere, Then what is posted
    arrives there whole; what that refuses is held; and each service that pages name is one that apprise knows."""
    if not services.installed():
        absent("apprise: pip install 'apprise>=2.3,<3'")
    apprise = importlib.import_module("apprise")
    known: set[str] = set()
    for each in apprise.Apprise().details()["schemas"]:
        known |= {*(each["protocols"] or ()), *(each["secure_protocols"] or ())}
    assert services.KNOWN.keys() <= known
    monkeypatch.setitem(services.KNOWN, "json", "A server of JSON")
    real = replace(config.current(), clock="")  # where it is set, nothing is posted: that is tried at the end
    monkeypatch.setattr(services, "config", SimpleNamespace(current=lambda: real))
    server = chat.url.partition("://")[2]
    typed = {"name": "#json", "address": f"json://{server}/json?template=/etc/passwd", "stream": "", "wants": ALL}
    with pytest.raises(channels.Wrong):
        channels.checked(typed, STREAMS, True)
    typed["address"] = f"json://{server}/json"
    with db.write("notifications") as tx:
        id = channels.add(tx, channels.checked(typed, STREAMS, True), "organizer/olga")
    published("p1", "On <b>looms</b> & *gears* @everyone")
    baton.tick()
    assert not chat.said, "nobody knows of p1 so far"
    confirmed("p1")
    baton.pass_machine_time(1.1)
    baton.tick()
    said = chat.said["/json"]
    assert len(said) == 1 and said[0].startswith("Somebody new has joined us in ")
    published("p1", "On <b>looms</b> & *gears* @everyone")
    baton.pass_machine_time(1.1)
    baton.tick()
    assert said[1] == (
        "A new post is on the program’s blog: “On <b>looms</b> & *gears* @\u200beveryone” https://ada.example.org/1"
    )
    chat.answers["/json"] = [(500, {}, b"no")]
    opened("s7")
    baton.pass_machine_time(1.1)
    baton.tick()
    assert states(baton) == ["held", "sent", "sent"] and len(said) == 3, "asked once, and not again"
    [row] = baton.rows("notifications", "chat_channel", id=id)
    assert row["failures"] == 1 and "apprise does not say why" in row["said"] and server not in row["said"]
    monkeypatch.setattr(services, "config", config)
    opened("s8")
    baton.pass_machine_time(60)
    baton.tick()
    assert states(baton) == ["failed", "held", "sent", "sent"] and len(said) == 3, "program time is set"


def test_the_pages_tell_nothing_secret_and_undo_what_they_do(baton: Baton, chat: Chat, change_settings: Any) -> None:
    tell("organizer.added", {**member("olga", roles=["member", "organizer"]), "invited": False})
    client = signed_in(baton.client("notifications"), "olga", "member", "organizer")
    assert "No channel yet" in client.get("/notifications/chat").text
    typed = {"name": "#mentors <b>", "address": f"{chat.url}/services/T0/topsecret", "stream": "", "wants": ALL}
    assert client.post("/notifications/chat/new", data=typed).status_code == 303
    [row] = baton.rows("notifications", "chat_channel")
    home = f"/notifications/chat/{row['id']}"
    page = client.get("/notifications/chat").text
    assert "#mentors &lt;b&gt;" in page and "topsecret" not in page and "topsecret" not in client.get(home).text
    press = page.partition('name="press" value="')[2].partition('"')[0]
    for _ in range(2):
        assert client.post(f"{home}/test", data={"press": press}).status_code == 303
    baton.tick()
    assert len(chat.said["/services/T0/topsecret"]) == 1
    assert client.post(home, data={**typed, "address": "", "wants": ["post"]}).status_code == 303
    [row] = baton.rows("notifications", "chat_channel")
    assert row["wants"] == ["post"]
    confirmed("p7")
    baton.pass_machine_time(1.1)
    baton.tick()
    assert len(chat.said["/services/T0/topsecret"]) == 1, "it wants posts alone"
    assert client.post(f"{home}/remove").status_code == 409, "off first"
    assert client.post(f"{home}/off").status_code == 303
    assert client.post(f"{home}/test", data={"press": press}).status_code == 409
    events = baton.rows("notifications", "event")
    assert "topsecret" not in json.dumps(events, default=str)
    assert [each["type"] for each in events].count("chat.arranged") == 3
    assert client.post(f"{home}/remove").status_code == 303
    assert client.get(home).status_code == 404 and baton.rows("notifications", "chat_message") == []
    change_settings(slack_webhook_url=f"{chat.url}/setting")
    baton.tick()
    [row] = baton.rows("notifications", "chat_channel")
    assert row["address"] == "" and "BATON_SLACK_WEBHOOK_URL" in client.get("/notifications/chat").text
    with db.write("notifications") as tx:
        channels.end(tx, row["id"], "gone", clock.now())
    page = client.get("/notifications/chat").text
    assert "paste it" not in page and "set BATON_SLACK_WEBHOOK_URL to it" in page
    assert client.post(f"/notifications/chat/{row['id']}/on").status_code == 303
    published("p7", "A title")
    baton.pass_machine_time(1.1)
    baton.tick()
    assert chat.said["/setting"] == ["A new post is on the program’s blog: “A title” https://ada.example.org/1"]
    change_settings(slack_webhook_url="")
    baton.tick()
    assert baton.rows("notifications", "chat_channel") == []
    assert "topsecret" not in repr(config.current())


def test_another_secret_or_a_set_clock_posts_nothing(baton: Baton, chat: Chat, change_settings: Any) -> None:
    id = channel(chat, "/all")
    opened("s1")
    change_settings(secret="another-secret-that-is-long-enough-too")
    baton.tick()
    assert "/all" not in chat.said
    [row] = baton.rows("notifications", "chat_channel", id=id)
    assert "BATON_SECRET has changed" in row["off_why"]
    change_settings(chat_local=("192.0.2.1",))
    with pytest.raises(reach.Unreachable, match="Program time is set"):
        webhook.place("https://192.0.2.1/x")


def test_organizers_hear_once_that_the_link_into_slack_runs_out(baton: Baton) -> None:
    tell("organizer.added", {**member("olga", roles=["member", "organizer"]), "invited": False})

    def link(to: str) -> None:
        tell("program.changed", {**PROGRAM, "chat_invite": to})

    def told() -> int:
        return len(mails(kind="chat-invite"))

    link("https://join.slack.com/t/mentors/shared_invite/zt-1")
    baton.pass_time(days=24, hours=8)
    baton.tick()
    assert told() == 0
    for _ in range(4):
        baton.pass_time(days=1)
        baton.tick()
    assert told() == 1 and "runs out" in mails(kind="chat-invite")[0].subject
    assert "0 people were mailed it" in mails(kind="chat-invite")[0].text
    link("https://join.slack.com/t/mentors/shared_invite/zt-2")
    confirmed("p9")
    baton.pass_time(days=10)
    baton.tick()
    assert told() == 1
    baton.pass_time(days=20)
    baton.tick()
    assert told() == 2 and "1 person was mailed it" in mails(kind="chat-invite")[-1].text
    link("https://chat.example.org/join")
    baton.pass_time(days=60)
    baton.tick()
    assert told() == 2
