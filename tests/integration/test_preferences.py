"""What people want of mail that is no duty: by link without sign-in, by one click (RFC 8058), signed in, by the API."""

from __future__ import annotations

import re
from typing import Any

import pytest

from services.notifications.chat import channels
from services.notifications.digest import writing
from services.notifications.mail import preferences
from services.notifications.mail.kinds import KINDS, list_of
from services.notifications.rules import lists
from shared import clock, db, personal, tokens
from tests.conftest import Baton
from tests.integration.test_digest import minuted
from tests.meeting import Circle
from tests.signup import signed_in
from tests.told import PROGRAM, applicant, mails, member, tell

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(autouse=True)
def ann(baton: Baton) -> None:
    """Ann is a member; Olga organizes, and is one, too."""
    tell("program.changed", PROGRAM)
    tell("member.confirmed", member("ann", name="Ann", state="active"))
    tell("organizer.added", {**member("olga", name="Olga", roles=["member", "organizer"]), "invited": False})


def publish(number: int = 1, **fields: Any) -> None:
    told = {"members": ["ann"], "to": ["ann"], **fields}
    assert tell("session.minuted", minuted(f"s{number}", **told), subject=f"session/s{number}").done


def sits(person: str, circle: str) -> None:
    assert tell("place.snapshot", {"person": person, "circle": circle, "since": clock.now().isoformat()}).done


def got(person: str = "ann", kind: str = "minutes") -> list[Any]:
    return mails(person=person, kind=kind)


def way(mail: Any) -> str:
    """The address in the header, without the host."""
    found = dict(mail.headers)["List-Unsubscribe"]
    return re.sub(r"^<https?://[^/]+|>$", "", found)


def chosen(baton: Baton, person: str = "ann") -> dict[str, str]:
    return {row["list"]: row["choice"] for row in baton.rows("notifications", "preference", person=person)}


def stranger(baton: Baton) -> Any:
    return baton.client("notifications")


# ---- by the link ----


def test_by_the_link_in_a_mail_somebody_gets_no_more_of_them_and_everything_else(baton: Baton) -> None:
    publish(1)
    [mail] = got()
    assert way(mail) in mail.text and way(mail) in mail.html
    page = stranger(baton).get(way(mail))
    assert page.status_code == 200 and "Minutes of your circle" in page.text and "leave" in page.text
    done = stranger(baton).post(way(mail), data={"minutes": "none"})
    assert done.status_code == 303 and "Saved" in stranger(baton).get(done.location).text
    publish(2)
    tell("member.left", member("ann", name="Ann", state="left"))
    assert len(got()) == 1 and len(got(kind="goodbye")) == 1, "duty mail stays"


def test_what_was_chosen_can_be_taken_back(baton: Baton) -> None:
    publish(1)
    base = way(got()[0])
    done = stranger(baton).post(base, data={"minutes": "none"})
    page = stranger(baton).get(done.location).text
    assert "Undo" in page
    form = re.search(r'<form method="post" action="([^"]+)"><input type="hidden" name="minutes" value="mail">', page)
    assert form and form[1] == base
    stranger(baton).post(form[1], data={"minutes": "mail"})
    publish(2)
    assert len(got()) == 2


def test_less_is_offered_before_none(baton: Baton) -> None:
    token = tokens.sign("preferences", {"person": "ann", "jti": "m1", "list": "talks"})
    page = stranger(baton).get(tokens.path("preferences", token)).text
    card = page[page.index('class="card"') : page.index("</section>")]
    assert card.index("Invites alone") < card.index("None of these")
    for each in lists.LISTS.values():
        assert (each.choices[-1][0] == lists.NONE) is not each.owed and each.usual in dict(each.choices)
        assert [name for name, _ in each.choices] == [
            way for way in (lists.MAIL, lists.LESS, lists.CHAT, lists.NONE) if way in dict(each.choices)
        ]


def test_each_list_can_be_had_less_often(baton: Baton) -> None:
    """Minutes with the month's letter, which comes along and goes along; comments not, reviews still; two reminders of
    a first post instead of four; digests with something to do alone."""
    sits("ann", "c")
    publish(1)
    base = way(got()[0])
    done = stranger(baton).post(base, data={"minutes": "less"})
    assert chosen(baton) == {"minutes": "less", "stream": "mail"}
    publish(2)
    assert len(got()) == 1
    page = stranger(baton).get(done.location).text
    assert 'name="minutes" value="mail"' in page and 'name="stream" value="none"' in page, "Undo takes both back"
    stranger(baton).post(base, data={"minutes": "less", "stream": "none"})
    assert chosen(baton) == {"minutes": "none", "stream": "none"}, "who ends the letter gets no more mails for it"
    stranger(baton).post(base, data={"minutes": "less", "stream": "none"})
    assert chosen(baton) == {"minutes": "less", "stream": "mail"}, "and who asks for it anew has it"

    stranger(baton).post(base, data={"writing": "less", "first-post": "less"})
    writes = lists.LISTS["writing"]
    assert writes.brings("review", "less") and not writes.brings("comment", "less")
    for step in (-14, -3, 3, 10):
        data = {"person": "ann", "step": step, "due_at": "2027-03-05T09:00:00+00:00", "pushed": 0, "blog": False}
        assert tell("post.awaited", {**data, "posts": 0, "first": step in (-14, 3)}, subject="person/ann").done
    assert [mail.subject.startswith("Still") for mail in got(kind="first-post")] == [False, True]


def test_a_digest_with_something_to_do_alone(baton: Baton) -> None:
    tell("organizer.added", {**member("otto", name="Otto", roles=["organizer"]), "invited": False})
    with db.write("notifications") as tx:
        preferences.choose(tx, "olga", {"digest": "less"})
        writing.write(tx, "2027-01-04")
        row = {"id": "h", "cause": "c", "person": "x", "kind": "welcome", "address": "x@y.zz", "state": "held"}
        empty = {"name": "", "subject": "", "duty": True}
        more = {"bulk": False, "attempts": 0, "due": 0.0, "created_at": clock.now()}
        tx.execute(db.metadata("notifications").tables["mail"].insert().values(**row, **empty, **more))
        writing.write(tx, "2027-01-11")
    assert [mail.cause for mail in got("olga", "digest")] == ["digest/2027-01-11"]
    assert len(got("otto", "digest")) == 2


def test_minutes_in_the_chat_alone_as_long_as_it_tells_of_them(baton: Baton) -> None:
    """Given no channel, Then the chat is no choice; given one, Then no mail comes; once it is off, mail comes again."""
    publish(1)
    base, chat = way(got()[0]), "Only in the program’s chat"
    assert chat not in stranger(baton).get(base).text
    typed = channels.Typed("#minutes", "https://chat.example/x", "chat.example", "stream1", ("minutes",))
    with db.write("notifications") as tx:
        id = channels.add(tx, typed, "organizer/olga")
    page = stranger(baton).get(base).text
    card = page[page.index('class="card"') : page.index("</section>")]
    assert card.index("Once a month") < card.index(chat) < card.index("None of these")
    stranger(baton).post(base, data={"minutes": "chat"})
    publish(2)
    assert len(got()) == 1 and chat in stranger(baton).get(base).text
    assert "Until it does, this comes by mail" not in stranger(baton).get(base).text
    with db.write("notifications") as tx:
        channels.end(tx, id, "gone", clock.now())
    publish(3)
    page = stranger(baton).get(base).text
    assert len(got()) == 2 and chat in page, "what holds is shown"
    assert "Until it does, this comes by mail:<ul><li>Minutes of your circle</li></ul>" in page


def test_minutes_that_are_told_nowhere_else_come_by_mail(baton: Baton, change_settings: Any) -> None:
    """Given who mentors another circle, or is in no letter, and a channel of another stream, Then what neither the
    letter nor the chat tells of comes at once; and what waited for a sender is not dropped for a chat."""
    change_settings(smtp_url="smtp://127.0.0.1:9")
    for id, stream in (("meg", "stream2"), ("ned", None)):
        tell("member.confirmed", member(id, name=id.title(), state="active", stream=stream))
    sits("ann", "c")
    sits("meg", "m")
    everybody: dict[str, Any] = {"to": ["ann", "meg", "ned"], "members": ["ann", "ned"], "mentor": "meg"}
    publish(1, **everybody)
    with db.write("notifications") as tx:
        for who in ("ann", "meg", "ned"):
            with pytest.raises(preferences.Wrong):
                preferences.choose(tx, who, {"minutes": "chat"})
            preferences.choose(tx, who, {"minutes": "less"})
    assert {row.state for who in ("ann", "meg", "ned") for row in got(who)} == {"queued"}, "no letter may tell of them"
    publish(2, **everybody)
    assert [len(got(who)) for who in ("ann", "meg", "ned")] == [1, 2, 2], "Ann's circle alone is in the letter she has"
    theirs = everybody | {"circle": "m", "stream": "stream2", "members": ["meg", "ned"], "mentor": "ann"}
    publish(3, **theirs)
    publish(4, circle=None, **everybody)
    assert [len(got(who)) for who in ("ann", "meg", "ned")] == [3, 3, 4]
    typed = channels.Typed("#s2", "https://chat.example/x", "chat.example", "stream2", ("minutes",))
    with db.write("notifications") as tx:
        channels.add(tx, typed, "organizer/olga")
        preferences.choose(tx, "meg", {"minutes": "chat"})
    assert {row.state for row in got("meg")} == {"queued"}, "nobody told the channel of those"
    publish(5, **everybody)
    publish(6, **theirs)
    [message] = baton.rows("notifications", "chat_message")
    assert [row.chat for row in got("meg")] == [None] * 4 + [message["id"]], "it rests until the chat has it"
    with db.write("notifications") as tx:
        preferences.choose(tx, "meg", {"minutes": "none"})
    assert {row.state for row in got("meg")} == {"dropped"}


def test_organizers_are_asked_of_what_organizers_get_and_members_are_not(baton: Baton) -> None:
    publish(1, organizers=["olga"])
    [mine], [hers] = got("olga"), got("ann")
    assert (mine.list, hers.list) == ("all-minutes", "minutes")
    assert "New applications" in stranger(baton).get(way(mine)).text
    assert "New applications" not in stranger(baton).get(way(hers)).text
    stranger(baton).post(way(hers), data={"applications": "none", "minutes": "none"})
    assert chosen(baton) == {"minutes": "none"}, "what is not theirs is left alone"
    stranger(baton).post(way(mine), data=ONE_CLICK)
    publish(2, organizers=["olga"], to=["ann", "olga"])
    assert len(got("olga")) == 2, "the minutes of her own circle are another list"
    publish(3, organizers=["olga"])
    assert len(got("olga")) == 2


def test_somebody_who_has_not_confirmed_can_end_the_reminder_alone(baton: Baton) -> None:
    tell("application.reminded", applicant("new"))
    [mail] = got("new", "confirm-reminder")
    page = stranger(baton).get(way(mail)).text
    assert "Reminders to confirm" in page and "Talks" not in page and "pause" not in page
    stranger(baton).post(way(mail), data=ONE_CLICK)
    tell("application.reminded", applicant("new"))
    tell("application.received", applicant("new"))
    assert len(got("new", "confirm-reminder")) == 1 and len(got("new", "confirm")) == 1


def test_what_waits_for_a_sender_does_not_go_out(baton: Baton, change_settings: Any) -> None:
    change_settings(smtp_url="smtp://127.0.0.1:1")
    publish(1)
    tell("goal.reached", {"person": "ann", "stream": "stream1", "next_stream": None, "share": False})
    stranger(baton).post(way(got()[0]), data=ONE_CLICK)
    [mail] = got()
    assert (mail.state, mail.error) == ("dropped", "Not sent: its reader wants no more of these.")
    assert [row.state for row in got(kind="goal")] == ["queued"], "duty mail goes on"


# ---- one click ----


def test_one_click_needs_no_cookie_and_no_second_page_and_ends_that_list_alone(baton: Baton) -> None:
    publish(1)
    for content in ("application/x-www-form-urlencoded", "multipart/form-data"):
        with db.write("notifications") as tx:
            tx.execute(db.metadata("notifications").tables["mail"].update().values(unsubscribed_at=None))
            tx.execute(db.metadata("notifications").tables["preference"].delete())
        client = stranger(baton)
        elsewhere = {"Origin": "https://mail.example.com", "Sec-Fetch-Site": "cross-site"}
        done = client.post(way(got()[0]), data=ONE_CLICK, content_type=content, headers=elsewhere)
        assert done.status_code == 200 and "Set-Cookie" not in done.headers, content
        assert chosen(baton) == {"minutes": "none"}


def test_one_click_counts_once_whatever_is_replayed(baton: Baton) -> None:
    """Given that somebody took it back, When the same request comes again, Then they still get minutes."""
    publish(1)
    base = way(got()[0])
    stranger(baton).post(base, data=ONE_CLICK)
    stranger(baton).post(base, data={"minutes": "mail"})
    for _ in range(3):
        assert stranger(baton).post(base, data=ONE_CLICK).status_code == 200
    assert chosen(baton) == {"minutes": "mail"}
    publish(2)
    stranger(baton).post(way(got()[1]), data=ONE_CLICK)
    assert chosen(baton) == {"minutes": "none"}, "a later mail has a click of its own"


def test_a_mail_whose_line_is_gone_by_age_can_still_end_its_list(baton: Baton) -> None:
    token = tokens.sign("preferences", {"person": "ann", "jti": "gone", "list": "minutes"})
    assert stranger(baton).post(tokens.path("preferences", token), data=ONE_CLICK).status_code == 200
    assert chosen(baton) == {"minutes": "none"}


def test_nothing_but_a_post_changes_anything(baton: Baton) -> None:
    publish(1)
    base = way(got()[0])
    before = {name: baton.rows("notifications", name) for name in ("preference", "mail", "event")}
    for _ in range(100):
        stranger(baton).get(base)
        stranger(baton).head(base)
    stranger(baton).get(base, query_string=ONE_CLICK)
    stranger(baton).get(base, query_string={"minutes": "none", "said": "saved", "was-minutes": "none", "was-x": "1"})
    assert {name: baton.rows("notifications", name) for name in before} == before


def test_forged_foreign_and_old_tokens_change_nothing(baton: Baton) -> None:
    publish(1)
    good = way(got()[0]).rpartition("/")[2]
    claims = {"person": "ann", "jti": "m1", "list": "minutes"}
    broken = [
        good[:-1], good[:-20] + ("A" if good[-20] != "A" else "B") + good[-19:], good[1:], "%00", "..", good + ".x",
        "x", tokens.sign("enter", claims), tokens.sign("rsvp", claims), tokens.sign("cookie", claims),
        tokens.sign("preferences", {"person": "ann"}), tokens.sign("preferences", {**claims, "list": None}) + "x",
    ]  # fmt: skip
    for token in broken:
        answer = stranger(baton).post(f"/notifications/preferences/{token}", data=ONE_CLICK)
        assert answer.status_code in (400, 404, 308), (token, answer.status_code)
    stranger(baton).post(
        tokens.path("preferences", tokens.sign("preferences", {**claims, "list": "no"})), data=ONE_CLICK
    )
    old = tokens.sign("preferences", claims)
    baton.pass_machine_time(401 * 86_400.0)
    answer = stranger(baton).post(tokens.path("preferences", old), data=ONE_CLICK)
    assert answer.status_code == 410 and "sign in" in answer.text
    assert chosen(baton) == {}


@pytest.mark.parametrize("value", ["", "all", "mail\x00", "\ufffd", "none ", "NONE", "x" * 5000, "<script>"])
def test_what_is_no_choice_is_refused_and_nothing_is_lost(baton: Baton, value: str) -> None:
    publish(1)
    answer = stranger(baton).post(way(got()[0]), data={"minutes": value, "talks": "none"})
    assert answer.status_code == 422 and "no choice of that list" in answer.text and "<script>" not in answer.text
    assert chosen(baton) == {}


# ---- talks, of which sessions says whom they invite ----


def test_of_talks_both_services_say_the_same(baton: Baton) -> None:
    Circle(baton)
    client = signed_in(baton.client("notifications"), "ada", "member")
    tell("member.confirmed", member("ada", name="Ada", state="active"))
    client.post("/notifications/preferences", data={"talks": "none"})
    baton.drain()
    assert [row["person"] for row in baton.rows("sessions", "no_talks")] == ["ada"]
    sessions = signed_in(baton.client("sessions"), "ada", "member")
    sessions.post("/sessions/talks/wanted", data={"wanted": "yes"})
    baton.drain()
    assert chosen(baton, "ada") == {"talks": "mail"} and baton.rows("sessions", "no_talks") == []
    client.post("/notifications/preferences", data={"talks": "less"})
    baton.drain()
    sessions.post("/sessions/talks/wanted", data={"wanted": "yes"})
    baton.drain()
    assert chosen(baton, "ada") == {"talks": "less"}, "what is wanted of notes stays"
    sessions.post("/sessions/talks/wanted", data={"wanted": ""})
    baton.drain()
    assert chosen(baton, "ada") == {"talks": "none"}


# ---- signed in ----


def test_the_tab_of_ones_own_pages_and_the_api_say_the_same(baton: Baton) -> None:
    assert stranger(baton).get("/notifications/preferences").status_code == 303, "to sign in"
    client = signed_in(baton.client("notifications"), "ann", "member")
    page = client.get("/notifications/preferences").text
    assert 'aria-current="page">Mail' in page and "Minutes of your circle" in page and "New applications" not in page
    told = client.get("/notifications/api/mine/preferences").json["preferences"]
    usual = [("minutes", "mail"), ("talks", "mail"), ("first-post", "mail"), ("writing", "mail"),
             ("stream", "none"), ("session-reminders", "mail")]  # fmt: skip
    assert [(each["list"], each["choice"]) for each in told] == usual
    words = [{"choice": "mail", "words": "Each at once"}, {"choice": "none", "words": "None"}]
    assert [told[0]["choices"][0], told[0]["choices"][-1]] == words and len(told[0]["choices"]) == 3, "no chat tells"
    here = {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}
    path = "/notifications/api/mine/preferences"
    done = client.put(path, json={"choices": {"minutes": "none"}}, headers=here)
    assert done.status_code == 200 and done.json["preferences"][0] == {**told[0], "choice": "none"}
    assert chosen(baton) == {"minutes": "none"}
    for wrong in ({"digest": "none"}, {"minutes": "x"}, {"minutes": "chat"}, {"x": "none"}, {}):
        assert client.put(path, json={"choices": wrong}, headers=here).status_code == 422, wrong
    assert chosen(baton) == {"minutes": "none"}


# ---- a person's own data ----


def test_it_is_theirs_to_download_and_goes_with_them(baton: Baton) -> None:
    publish(1)
    base = way(got()[0])
    stranger(baton).post(base, data={"minutes": "none"})
    with db.read("notifications") as tx:
        [row] = personal._parts["notifications"]["preference"](tx, "ann")
    assert (row["list"], row["choice"]) == ("minutes", "none")
    olga = signed_in(baton.client("notifications"), "olga", "member", "organizer")
    assert "ann,minutes,none" in olga.get("/notifications/export/preferences.csv").text
    tell("member.erased", {"person": "ann"})
    assert chosen(baton) == {}
    assert stranger(baton).post(base, data=ONE_CLICK).status_code == 403
    assert stranger(baton).get(base).status_code == 403 and chosen(baton) == {}


def test_every_kind_is_duty_or_on_a_list() -> None:
    for kind in KINDS:
        by = list_of(kind)
        assert (by is None) == KINDS[kind].duty
        if by is not None:
            assert by.brings(kind, by.choices[0][0]) and not by.brings(kind, lists.NONE)
            assert by.brings(kind, by.usual) or by.name == "stream", "only who asks for a letter a month gets it"
