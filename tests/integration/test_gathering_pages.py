"""Pages of monthly meetings and talks: hostile and odd input, who may see what."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

from services.sessions.gatherings import proposing
from tests.circles import do
from tests.gathering import TALK, WHEN, House, over, row
from tests.inviting import link, mails
from tests.signup import signed_in


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("title", "a\nb"),
        ("title", "x" * 201),
        ("text", "x" * 20_001),
        ("text", "\u202e"),
        ("day", "2027-02-30"),
        ("day", "2026-01-01"),
        ("day", ""),
        ("time", "7 pm"),
        ("zone", "Nowhere/Land"),
        ("minutes", "91"),
        ("minutes", "1e3"),
        ("link", "ftp://example.org"),
        ("link", "javascript:alert(1)"),
        ("location", "a\u0007b"),
        ("guest_email", "not an address"),
        ("guest_email", "a@b@example.org"),
        ("guest_email", "a@example.org, b@example.org"),
        ("guest_email", "a@example.org\r\nBcc: all@example.org"),
        ("guest_name", "x" * 201),
    ],
)
def test_what_cannot_be_taken_is_named_and_nothing_typed_is_lost(house: House, field: str, typed: str) -> None:
    id = str(do(proposing.propose, "talk"))
    answer = house.organizer.post(f"/sessions/gatherings/{id}/edit", data={**TALK, field: typed})
    assert answer.status_code == 422 and f'id="f-{field}-wrong"' in answer.text
    assert "How I review code" in answer.text or field == "title"
    assert row(id)["version"] == 0


def test_a_wall_time_that_does_not_exist_is_said(house: House) -> None:
    id = house.meeting(day="2027-03-14", time="02:30")
    assert row(id)["warning"]
    assert row(id)["warning"] in house.organizer.get(f"/sessions/gatherings/{id}").text.replace("&#39;", "'")


def test_markup_stays_text(house: House) -> None:
    id = house.talk(title="<script>x</script>", text="<img src=x onerror=y>", guest_name="<b>G</b>")
    house.sent(id)
    ways = (f"/sessions/gatherings/{id}", "/sessions/talks", f"/sessions/answers/{id}")
    for page in (house.organizer.get(ways[0]), *(house.as_(house.ada).get(way) for way in ways)):
        assert page.status_code == 200
        assert "<script>x" not in page.text and "<img" not in page.text and "<b>G" not in page.text
    mail = mails(house.baton, house.ada, id)[0]
    assert "<script>x" not in mail["html"] and "<img" not in mail["html"]


def test_pages_are_closed_to_whoever_may_not(house: House) -> None:
    proposal, sent = house.meeting(), house.sent(house.meeting(day="2027-02-09"))
    bo = house.as_(house.bo)
    for path in ("", f"/{proposal}/edit", f"/{sent}/cancel", "/plans/talk", f"/{proposal}", f"/{sent}"):
        assert bo.get(f"/sessions/gatherings{path}").status_code == 403, path
    for path in ("", *(f"/{sent}/{verb}" for verb in ("send", "split", "drop", "take-up", "restore", "notes"))):
        assert bo.post(f"/sessions/gatherings{path}", data={"kind": "talk"}).status_code == 403, path
    assert house.organizer.get("/sessions/gatherings/nobody").status_code == 404
    assert house.organizer.post("/sessions/gatherings", data={"kind": "party"}).status_code == 409
    assert house.as_(house.ada).get(f"/sessions/s/{sent}").headers["Location"].endswith(f"/gatherings/{sent}")
    assert house.organizer.get(f"/sessions/s/{sent}/lead").status_code == 404, "it has no minutes of a circle"


def test_a_get_of_any_page_changes_nothing(house: House) -> None:
    meeting, talk = house.sent(house.meeting()), house.sent(house.talk())
    ways = [f"/sessions/gatherings/{id}{more}" for id in (meeting, talk) for more in ("", "/edit", "/cancel")]
    ways += ["/sessions/gatherings", "/sessions/gatherings/plans/talk", "/sessions/talks", "/sessions/"]
    ways += [link(mails(house.baton, house.ada, talk)[0]), f"/sessions/answers/{talk}"]
    before = house.baton.dump()
    for way in ways:
        for client in (house.as_(house.ada, "member", "organizer"), house.as_(house.bo)):
            assert client.get(way).status_code in (200, 403), way
            client.head(way)
    assert house.baton.dump() == before


def test_its_own_invite_is_shown_before_it_is_sent(house: House) -> None:
    """The page's form, posted as a browser would, gives what is mailed afterwards; nothing is kept of looking at it."""
    title = "Sorting </iframe><b>&amp; more"
    talk = house.talk(title=title, text="About **heaps**.\n\n<script>x</script>", link="https://meet.example.org/talk")
    form = BeautifulSoup(house.organizer.get(f"/sessions/gatherings/{talk}").text, "html.parser").select_one(
        'form[action$="/look"]'
    )
    assert form is not None
    fields = {str(each["name"]): str(each["value"]) for each in form.select("input[name]")}
    shows = signed_in(house.baton.client("notifications"), house.olga, "organizer")
    before = house.baton.dump()
    shown = shows.post(str(form["action"]), data=fields)
    assert house.baton.dump() == before
    assert shown.status_code == 200 and "sandbox" in shown.headers["Content-Security-Policy"]
    spoken = BeautifulSoup(shown.text, "html.parser").get_text(" ")
    assert (
        title in spoken
        and "Subject:" in spoken
        and "<strong>heaps</strong>" in shown.text
        and "<script>x" not in shown.text
    )
    house.sent(talk)
    told = BeautifulSoup(mails(house.baton, house.olga, talk)[0]["html"], "html.parser")
    assert fields["title"] in told.get_text(" ") and "https://meet.example.org/talk" in shown.text
    for wrong in ({"starts_at": "soon"}, {"minutes": "x" * 5000}, {"link": "javascript:alert(1)"}, {"starts_at": ""}):
        odd = shows.post(str(form["action"]), data=fields | wrong)
        assert odd.status_code == 200 and "javascript:" not in odd.text, wrong
    assert shows.post("/notifications/catalogue/welcome/look", data=fields).status_code == 404
    member = signed_in(house.baton.client("notifications"), house.ada, "member")
    assert member.post(str(form["action"]), data=fields).status_code == 403


def test_the_page_shows_whom_it_goes_to_and_the_whole_way(house: House) -> None:
    """By the buttons alone: propose, edit, look, send, cancel, undo, note, share."""
    house.minuted(house.one)
    olga = house.organizer
    assert "Nothing is proposed" in olga.get("/sessions/gatherings").text
    page = olga.post("/sessions/gatherings", data={"kind": "organizers"}).headers["Location"].partition("?")[0]
    olga.post(f"{page}/edit", data={**WHEN, "title": "Monthly", "text": "Mine"})
    text = olga.get(page).text
    assert all(name in text for name in ("Olga", "Ada", "Cy", "3 people")) and ">Bo<" not in text
    seen = re.search(r'name="seen" value="(\w+)"', text)
    assert seen and olga.post(f"{page}/send", data={"seen": "0" * 24}).status_code == 409
    assert olga.post(f"{page}/send", data={"seen": seen[1]}).status_code == 303
    house.baton.tick()
    assert "Sent: the invites are on their way." in olga.get(f"{page}?said=gathering-sent").text
    assert "0 coming, 0 cannot, 3 without an answer" in olga.get(page).text
    assert olga.post(f"{page}/cancel", data={"reason": "x" * 501}).status_code == 422
    assert olga.post(f"{page}/cancel", data={"reason": "Ill"}).status_code == 303
    assert "Undo: it takes place" in olga.get(page).text
    assert olga.post(f"{page}/restore").status_code == 303
    house.baton.tick()
    over(page.rpartition("/")[2])
    house.baton.tick()
    version = re.search(r'name="seen" value="(\w+)"', olga.get(page).text)
    assert version
    form = {"notes": "x" * 300_000, "recording": "", "seen": version[1], "do": "share"}
    long = olga.post(f"{page}/notes", data=form)
    assert long.status_code == 422 and "x" * 300_000 in long.text
    assert olga.post(f"{page}/notes", data={**form, "notes": "We agreed."}).status_code == 303
    assert olga.post(f"{page}/notes", data={**form, "notes": "Late."}).status_code == 409
    assert "Shared" in olga.get(page).text
