"""What somebody has in the chat alone: offered where a channel of theirs tells it, mailed whenever it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from services.notifications.chat import channels, posting
from services.notifications.mail import instead, preferences
from services.notifications.rules import lists
from shared import clock, db
from tests.chatting import ALL, Chat
from tests.conftest import Baton
from tests.integration.test_chat import announced, channel, opened, published
from tests.integration.test_digest import minuted, until
from tests.signup import signed_in
from tests.smtp import Server
from tests.told import PROGRAM, mails, member, tell

OLGA = {**member("olga", name="Olga", stream="stream2", roles=["member", "organizer"]), "invited": False}


@pytest.fixture
def chat(change_settings: Any) -> Iterator[Chat]:
    server = Chat()
    change_settings(chat_local=("127.0.0.1",))
    yield server
    server.stop()


@pytest.fixture
def relay(change_settings: Any) -> Iterator[Server]:
    with Server() as server:
        change_settings(smtp_url=server.url)
        yield server


@pytest.fixture(autouse=True)
def people(baton: Baton, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ann and Bo are members of a stream each; Olga organizes, and is of the second."""
    monkeypatch.setattr(posting, "_pause", baton.pass_machine_time)
    tell("program.changed", PROGRAM)
    tell("member.changed", member("ann", name="Ann", state="active"))
    tell("member.changed", member("bo", name="Bo", state="active", stream="stream2"))
    tell("organizer.added", OLGA)


def choose(person: str, **wanted: str) -> None:
    with db.write("notifications") as tx:
        preferences.choose(tx, person, {name.replace("_", "-"): value for name, value in wanted.items()})


def turn(id: str, **command: Any) -> None:
    with db.write("notifications") as tx:
        for name, value in command.items():
            {"off": channels.turn_off, "on": channels.turn_on, "remove": channels.remove}[name](tx, id, value)


def publish(number: int, type: str = "session.minuted", **fields: Any) -> None:
    told = {"members": ["ann"], "to": ["ann"], **fields}
    assert tell(type, minuted(f"s{number}", **told), subject=f"session/s{number}").done


def reminded(session: str, hours: int, person: str = "ann", **fields: Any) -> None:
    data = {**announced(session, hours=hours), "items": [], "members": [], "hours": hours, "sequence": 1}
    data |= {"attendees": [{"person": person, "answer": None}], **fields}
    for name in ("what", "changed", "was", "stamp"):
        data.pop(name)
    assert tell("session.reminded", data, subject=f"session/{session}").done


def got(person: str = "ann", **where: Any) -> list[Any]:
    return mails(person=person, **where)


def settle(baton: Baton, times: int = 3) -> None:
    for _ in range(times):
        baton.pass_machine_time(1.1)
        baton.tick()


def offered(baton: Baton, person: str = "ann", *roles: str) -> set[str]:
    """The lists of which the chat can be chosen: by the API, which the page agrees with."""
    client = signed_in(baton.client("notifications"), person, *(roles or ("member",)))
    told = client.get("/notifications/api/mine/preferences").json["preferences"]
    page = client.get("/notifications/preferences").text
    found = {each["list"] for each in told if any(one["choice"] == "chat" for one in each["choices"])}
    assert page.count('value="chat"') == len(found)
    return found


# ---- where it is offered ----


def test_the_chat_is_offered_exactly_where_a_channel_of_ones_own_stream_or_of_all_tells_it_now(
    baton: Baton, chat: Chat
) -> None:
    hers = {"minutes", "session-reminders", "turns", "published"}
    assert offered(baton) == offered(baton, "olga", "member", "organizer") == set()
    of_two = channel(chat, "/two", "stream2")
    assert offered(baton) == set() and offered(baton, "bo") == hers
    assert offered(baton, "olga", "member", "organizer") == hers, "what is of every stream is not told there"
    of_one = channel(chat, "/one", "stream1", ["minutes", "turn"])
    assert offered(baton) == {"minutes", "turns"}
    turn(of_one, off="o")
    assert offered(baton) == set()
    turn(of_one, remove="o")
    turn(of_two, off="o")
    of_all = channel(chat, "/all")
    whole = hers | {"all-minutes", "applications", "open-turns"}
    assert offered(baton) == hers and offered(baton, "olga", "member", "organizer") == whole
    chat.answers["/all"] = [(503, {}, b"")]
    opened()
    settle(baton)
    assert offered(baton) == set(), "it fails"
    with db.write("notifications") as tx:
        channels.end(tx, of_all, "gone", clock.now())
    for name in whole:
        with pytest.raises(preferences.Wrong):
            choose("olga", **{name: "chat"})


def test_duty_mail_can_have_another_way_and_never_none(baton: Baton, chat: Chat) -> None:
    channel(chat, "/all")
    client = signed_in(baton.client("notifications"), "ann", "member")
    for each in (one for one in lists.LISTS.values() if one.owed and one.readers == lists.MEMBER):
        answer = client.post("/notifications/preferences", data={each.name: "none"})
        assert answer.status_code == 422, each.name
    assert baton.rows("notifications", "preference") == []


def test_the_page_says_what_the_chat_does_not_tell_any_more(baton: Baton, chat: Chat) -> None:
    id = channel(chat, "/all")
    choose("ann", turns="chat", minutes="chat")
    client = signed_in(baton.client("notifications"), "ann", "member")
    assert "Until it does" not in client.get("/notifications/preferences").text
    with db.write("notifications") as tx:
        typed = channels.Typed("/all", "", "", None, ("minutes",))
        channels.change(tx, id, typed, "organizer/olga")
    page = client.get("/notifications/preferences").text
    assert "this comes by mail:<ul><li>Sessions of your circle that need somebody</li></ul>" in page
    told = client.get("/notifications/api/mine/preferences").json["preferences"]
    assert [each["list"] for each in told if each["silent"]] == ["turns"]
    assert client.post("/notifications/preferences", data={"turns": "chat"}).status_code == 303, "and stays as it is"


def way(mail: Any) -> str | None:
    """Where the foot of a mail leads who wants it by another way."""
    found = re.search(r"http://localhost:8000(/notifications/preferences/\S+)", mail.text)
    assert not found or found[1] in mail.html
    return found[1] if found else None


def test_from_duty_mail_its_way_is_chosen_without_sign_in_and_no_click_ends_it(baton: Baton, chat: Chat) -> None:
    """Given no channel, Then a mail of an open turn leads nowhere, for there is nothing to choose; given one, it leads
    to the page. Mail programs see no unsubscribing in it, and if one asks all the same, nothing changes."""
    opened("s1", to=["ann"])
    id = channel(chat, "/all")
    opened("s2", to=["ann"])
    first, second = sorted(got(), key=lambda row: way(row) or "")
    link = way(second)
    assert way(first) is None and link and "List-Unsubscribe" not in dict(second.headers)
    stranger = baton.client("notifications")
    page = stranger.get(link).text
    assert (
        "What holds now: <strong>Each at once</strong>" in page
        and "None of these" not in page.partition("</section>")[0]
    )
    one_click = stranger.post(link, data={"List-Unsubscribe": "One-Click"})
    assert one_click.status_code == 303 and baton.rows("notifications", "preference") == []
    assert stranger.post(link, data={"turns": "chat"}).status_code == 303
    assert [row["choice"] for row in baton.rows("notifications", "preference")] == ["chat"]
    turn(id, off="o")
    choose("ann", turns="mail")
    assert "What holds now: <strong>Each at once</strong>" in stranger.get(link).text, (
        "also when nothing else can be had"
    )
    reminded("s3", 72)
    reminded("s4", 72, coordinator="ann")
    assert [bool(way(row)) for row in got(kind="reminder")] == [True, False], "who leads has no choice"


# ---- told in the chat, or mailed ----


def test_a_mail_rests_until_the_chat_has_it_and_is_not_sent_then(baton: Baton, chat: Chat, relay: Server) -> None:
    channel(chat, "/one", "stream1")
    choose("ann", minutes="chat", turns="chat", published="chat")
    publish(1)
    opened("s2", to=["ann"])
    published("ann")
    assert [row.state for row in got()] == ["queued"] * 3 and all(row.chat for row in got())
    olga = signed_in(baton.client("notifications"), "olga", "member", "organizer")
    assert "where its reader wants it" in olga.get(f"/notifications/outbox/{got()[0].id}").text
    settle(baton, 5)
    assert len(chat.said["/one"]) == 3 and relay.taken == []
    assert {(row.state, row.error) for row in got()} == {("dropped", instead.TOLD)}


@pytest.mark.parametrize("status", [404, 400, 0])
def test_when_the_chat_does_not_take_the_very_message_the_mail_goes(
    baton: Baton, chat: Chat, relay: Server, status: int
) -> None:
    """Given a webhook that is gone, refuses, or takes it and says nothing, Then the mail goes at once."""
    channel(chat, "/one", "stream1")
    choose("ann", minutes="chat")
    chat.answers["/one"] = [(status, {}, b"no_text")]
    publish(1)
    settle(baton)
    assert [row.state for row in got()] == ["sent"] and len(relay.taken) == 1
    assert [row["state"] for row in baton.rows("notifications", "chat_message")] != ["sent"]


def test_a_chat_that_is_away_is_waited_for_an_hour(baton: Baton, chat: Chat, relay: Server) -> None:
    channel(chat, "/one", "stream1")
    choose("ann", minutes="chat")
    chat.answers["/one"] = [(503, {}, b"")]
    publish(1)
    settle(baton)
    assert [row.state for row in got()] == ["queued"]
    baton.pass_time(minutes=61)
    settle(baton)
    assert [row.state for row in got()] == ["sent"]
    publish(2)
    assert [row.chat for row in got()][1:] == [None], "while it fails, nothing waits for it"


def test_what_the_chat_refuses_at_night_rests_until_the_morning(baton: Baton, chat: Chat, relay: Server) -> None:
    """Given quiet hours in Berlin, When the chat refuses minutes in them, Then their mail rests as it would without a
    chat; what somebody waits for goes."""
    channel(chat, "/one", "stream1")
    choose("ann", minutes="chat", turns="chat")
    until("2027-01-06T22:30:00+00:00")
    publish(1)
    opened("s2", to=["ann"])
    chat.answers["/one"] = [(400, {}, b"no_text")] * 2
    settle(baton)
    assert [row.state for row in got(kind="turn-open")] == ["sent"]
    [mail] = got(kind="minutes")
    assert (mail.state, mail.chat) == ("queued", None)
    assert mail.rests_until.isoformat() == "2027-01-07T06:00:00+00:00"
    until("2027-01-07T05:55:00+00:00")
    settle(baton)
    assert [row.state for row in got(kind="minutes")] == ["queued"]
    until("2027-01-07T06:00:00+00:00")
    settle(baton)
    assert [row.state for row in got(kind="minutes")] == ["sent"]


@pytest.mark.parametrize("first", [True, False], ids=["refused-first", "posted-first"])
def test_who_reads_two_channels_is_told_by_the_one_that_takes_it(
    baton: Baton, chat: Chat, relay: Server, first: bool
) -> None:
    """Given minutes that go to two channels, When the one for which the mail rests refuses them, Then it rests for the
    other, or is not sent, where that has them already."""
    paths = {channel(chat, "/one", "stream1"): "/one", channel(chat, "/all"): "/all"}
    choose("ann", minutes="chat")
    publish(1)
    [message] = baton.rows("notifications", "chat_message", id=got()[0].chat)
    with db.write("notifications") as tx:  # which of them is posted first
        channels_ = db.metadata("notifications").tables["chat_channel"]
        later = channels_.c.id != message["channel"] if first else channels_.c.id == message["channel"]
        tx.execute(channels_.update().where(later).values(due=channels_.c.due + 3))
    chat.answers[paths[message["channel"]]] = [(400, {}, b"no_text")]
    settle(baton, 6)
    assert [(row.state, row.error) for row in got()] == [("dropped", instead.TOLD)] and relay.taken == []


def test_when_both_channels_refuse_it_the_mail_goes(baton: Baton, chat: Chat, relay: Server) -> None:
    channel(chat, "/one", "stream1")
    channel(chat, "/all")
    choose("ann", minutes="chat")
    publish(1)
    for path in ("/one", "/all"):
        chat.answers[path] = [(400, {}, b"no_text")]
    settle(baton, 6)
    assert [row.state for row in got()] == ["sent"] and len(relay.taken) == 1


def test_a_channel_of_another_stream_does_not_count_for_who_was_told_by_none(
    baton: Baton, chat: Chat, relay: Server
) -> None:
    """Given what olga has in channels of all streams, When that refuses it and another stream's takes it, Then it comes
    by mail."""
    channel(chat, "/two", "stream2")
    channel(chat, "/all")
    choose("olga", open_turns="chat")
    opened("s1", stream="stream2", organizers=["olga"])
    chat.answers["/all"] = [(400, {}, b"no_text")]
    settle(baton, 6)
    assert chat.said["/two"] and [row.state for row in got("olga")] == ["sent"]


def test_a_channel_that_is_removed_at_once_leaves_no_mail_behind(baton: Baton, chat: Chat, relay: Server) -> None:
    """Given that it is off and gone before anybody posts again, Then the mail does not rest its whole hour."""
    id = channel(chat, "/one", "stream1")
    choose("ann", minutes="chat")
    publish(1)
    turn(id, off="o")
    turn(id, remove="o")
    settle(baton)
    assert [row.state for row in got()] == ["sent"]


@pytest.mark.parametrize("state", ["failed", "held", "dropped"])
def test_what_a_dead_sender_left_untold_is_mailed(baton: Baton, chat: Chat, relay: Server, state: str) -> None:
    """Given a sender that dies once it has written down that the chat has it not, or may not, Then the next tick sees
    to the mail, though there is nothing to post."""
    channel(chat, "/one", "stream1")
    choose("ann", minutes="chat")
    publish(1)
    with db.write("notifications") as tx:
        message = db.metadata("notifications").tables["chat_message"]
        tx.execute(message.update().values(state=state))
    settle(baton)
    assert [row.state for row in got()] == ["sent"] and not chat.said


def test_a_message_that_was_posted_while_the_mail_was_written_has_told(baton: Baton, chat: Chat, relay: Server) -> None:
    """Given a mail that came to rest for a message just after that was posted, Then it is not sent, now or later."""
    channel(chat, "/one", "stream1")
    choose("ann", minutes="chat")
    publish(1)
    with db.write("notifications") as tx:
        message = db.metadata("notifications").tables["chat_message"]
        tx.execute(message.update().values(state="sent"))
    settle(baton)
    assert [(row.state, row.error) for row in got()] == [("dropped", instead.TOLD)]


def test_what_would_be_too_late_in_an_hour_does_not_wait(baton: Baton, chat: Chat, relay: Server) -> None:
    channel(chat, "/all")
    choose("ann", turns="chat")
    opened("s1", days=0, to=["ann"], starts_at=(clock.now() + timedelta(minutes=50)).isoformat())
    assert [(row.state, row.chat) for row in got()] == [("queued", None)]


def test_without_a_relay_what_the_chat_tells_is_no_mail(baton: Baton, chat: Chat) -> None:
    channel(chat, "/all")
    choose("ann", minutes="chat")
    publish(1)
    assert got() == []


def test_what_the_chat_told_before_is_not_told_now(baton: Baton, chat: Chat, relay: Server) -> None:
    """Given a turn that is open for the second time, or minutes that are corrected, Then they come by mail: a channel
    is told once."""
    channel(chat, "/all")
    choose("ann", turns="chat", minutes="chat")
    for _ in range(2):
        opened("s1", to=["ann"])
        publish(2)
        settle(baton)
    publish(2, "minutes.corrected")
    settle(baton)
    assert sorted(row.state for row in got(kind="turn-open")) == ["dropped", "sent"]
    assert sorted(row.state for row in got(kind="minutes")) == ["dropped", "sent", "sent"]


def test_of_another_stream_it_comes_by_mail(baton: Baton, chat: Chat, relay: Server) -> None:
    """Given who mentors in another stream, Then its channel is not theirs; that of all streams is."""
    channel(chat, "/one", "stream1")
    channel(chat, "/two", "stream2")
    choose("bo", minutes="chat")
    publish(1, to=["bo"])
    assert [row.chat for row in got("bo")] == [None]
    channel(chat, "/all")
    publish(2, to=["bo"])
    settle(baton, 6)
    assert sorted(row.state for row in got("bo")) == ["dropped", "sent"]


def test_what_is_chosen_while_it_rests_holds_and_quiet_hours_that_end_do_not_wake_it(
    baton: Baton, chat: Chat, relay: Server
) -> None:
    channel(chat, "/all")
    choose("ann", minutes="chat")
    publish(1)
    olga = signed_in(baton.client("notifications"), "olga", "member", "organizer")
    assert olga.post("/notifications/quiet", data={"begins": "0", "ends": "0"}).status_code == 303
    assert got()[0].chat and got()[0].rests_until
    choose("ann", minutes="none")
    assert got()[0].state == "dropped"


# ---- organizers ----


def test_what_organizers_have_of_every_stream_is_told_in_channels_of_all(
    baton: Baton, chat: Chat, relay: Server
) -> None:
    all = channel(chat, "/all", None, ["minutes", "turn", "joined"])
    channel(chat, "/two", "stream2", ALL)
    choose("olga", all_minutes="chat", open_turns="chat", applications="chat")
    applied: dict[str, Any] = {"person": "new", "name": "Nia", "stream": "stream1", "state": "applied"}
    day = {"day": "2027-01-03", "applications": [applied], "counts": {"stream1": 1}}
    day["organizers"] = [{"person": "olga", "name": "Olga", "email": "olga@example.org"}]

    def happens(number: int) -> None:
        publish(number, to=[], organizers=["olga"])
        opened(f"t{number}", organizers=["olga"])
        assert tell("applications.summarized", day, subject="program").done
        settle(baton, 5)

    happens(1)
    assert {row.state for row in got("olga")} == {"dropped"} and len(got("olga")) == 2
    turn(all, off="o")
    happens(2)
    assert sorted(row.kind for row in got("olga", state="sent")) == ["applications", "minutes", "turn-open-organizer"]


# ---- reminders ----


def test_reminders_less_often_are_the_later_ones(baton: Baton, relay: Server) -> None:
    choose("ann", session_reminders="less")
    reminded("s1", 72)
    assert got() == []
    reminded("s1", 2)
    assert [row.subject.startswith("In two hours") for row in got()] == [True]


def test_a_session_that_the_chat_tells_of_is_not_mailed_and_is_mailed_if_it_did_not(
    baton: Baton, chat: Chat, relay: Server
) -> None:
    """Given that the chat tells of it the day before, Then neither reminder is mailed; what it did not tell is, two
    hours before; and who leads gets both."""
    id = channel(chat, "/one", "stream1")
    choose("ann", session_reminders="chat")
    for session in ("s1", "s2"):
        assert tell("session.announced", announced(session, hours=80), subject=f"session/{session}").done
        reminded(session, 72)
        reminded(session, 72, coordinator="ann")
    assert [row.kind for row in got(kind="reminder")] == ["reminder"] * 2, "she leads"
    baton.pass_time(hours=60)
    settle(baton)
    assert len(chat.said["/one"]) == 2 and "Tomorrow" in chat.said["/one"][0]
    at = announced("s1", hours=20)["starts_at"]
    reminded("s1", 2, starts_at=at)
    assert len(got(kind="reminder")) == 2, "the chat has told"
    reminded("s3", 2, starts_at=at)
    assert len(got(kind="reminder")) == 3, "the chat has not told of this one"
    turn(id, off="o")
    reminded("s4", 72)
    assert len(got(kind="reminder")) == 4
