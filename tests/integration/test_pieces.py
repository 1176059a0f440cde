"""What members write, from the idea to announced: noted, talked about, reviewed, joined with a post, and gone."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.blog.models import blog
from services.signup import access_links, people
from shared import clock, db
from tests.conftest import Baton
from tests.offering import Ada
from tests.signup import signed_in
from tests.told import mails, spoken
from tests.turns import join

SCRIPT = "<script>alert(1)</script>"
HERE = {"Sec-Fetch-Site": "same-origin"}


class Cast:
    """Ada writes, Bea reviews, Cyd has nothing to do with it, Olga organizes; each with a browser."""

    def __init__(self, baton: Baton) -> None:
        self.baton = baton
        with db.write("signup") as tx:
            self.olga = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
        self.ada, self.bea, self.cyd = (join(baton, name) for name in ("Ada", "Bea", "Cyd"))
        app = baton.app("blog")
        self.own, self.reviews, self.other = (
            signed_in(app.test_client(), who, "member") for who in (self.ada, self.bea, self.cyd)
        )
        self.runs = signed_in(app.test_client(), self.olga, "organizer")

    def notes(self, title: str = "What I learned from engines") -> str:
        """The path of a piece that Ada notes."""
        answer = self.own.post("/blog/pieces", data={"title": title, "about": f"All of it {SCRIPT}"})
        assert answer.status_code == 303, answer.text
        return str(answer.location).partition("?")[0]

    def told(self, kind: str) -> list[str]:
        """Whom mails of that kind went to, in order."""
        self.baton.drain()
        return [row.person for row in mails(kind=kind)]

    def queue(self, state: str = "") -> list[dict[str, Any]]:
        return list(self.runs.get(f"/blog/api/queue?state={state}").json["queue"])


@pytest.fixture
def cast(baton: Baton) -> Cast:
    return Cast(baton)


def test_an_idea_is_talked_about_reviewed_and_becomes_a_post_that_is_announced(
    baton: Baton, cast: Cast, tmp_path: Path
) -> None:
    """Given nothing, When Ada notes an idea, people talk and she publishes it, Then the queue says each state, who
    writes, who reviews and how long it waits, and each comment is one mail to each of the others."""
    assert "Nobody writes anything so far" in cast.runs.get("/blog/queue").text
    assert cast.own.get("/blog/mine").location == cast.own.get("/blog/mine/").location == "/blog/"
    path = cast.notes()
    [line] = cast.queue()
    assert (line["state"], line["author"], line["days"], line["reviewer"]) == ("idea", "Ada", 0, None)
    page = cast.own.get(path).text
    assert SCRIPT not in page and "&lt;script&gt;" in page and "nobody so far" in page

    press = str(uuid.uuid4())
    for _ in range(3):
        cast.own.post(f"{path}/comments", data={"text": f"Is it {SCRIPT}\n\nof use?", "press": press})
    assert cast.told("comment") == [cast.olga], "nobody reviews it, so the organizers are told, once"
    [mail] = mails(kind="comment")
    assert path in mail.text and "/enter/" not in mail.text and SCRIPT not in mail.html and mail.list == "writing"

    assert "Bea" in cast.runs.get(path).text and "Olga (organizer)" in cast.runs.get(path).text
    for _ in range(2):
        assert cast.runs.post(f"{path}/reviewer", data={"reviewer": cast.bea}).status_code == 303
    assert cast.told("review") == [cast.bea]
    link = next(word for word in mails(kind="review")[0].text.split() if "/signup/enter/" in word)
    door = baton.client("signup")
    assert door.post(link.partition("8000")[2]).location == path
    cast.reviews.post(f"{path}/comments", data={"text": "Yes. What came of it?"})
    assert cast.told("comment")[1:] == [cast.ada] and "Yes. What came of it?" in cast.own.get(path).text

    for state in ("draft", "feedback", "feedback"):
        assert cast.own.post(f"{path}/state", data={"state": state}).status_code == 303
    assert cast.told("review") == [cast.bea, cast.bea]
    assert mails(kind="review")[1].subject.startswith("Feedback wanted")
    clock.advance(timedelta(days=3, hours=1))
    [line] = cast.queue("feedback")
    assert line["days"] == 3 and line["reviewer_name"] == "Bea" and cast.queue("idea") == []
    assert "3 days" in spoken(cast.runs.get("/blog/queue").text)
    assert "You review" in cast.reviews.get("/blog/").text and path in cast.reviews.get("/blog/").text

    writer = Ada(baton, tmp_path)
    with db.write("blog") as tx:
        tx.execute(sa.update(blog).values(person=cast.ada))
    post = writer.writes("What I learnt from Engines")
    assert cast.runs.post(f"/blog/pieces/of/{post}").status_code == 303, "Olga begins to talk about the post"
    begun = cast.runs.post(f"/blog/pieces/of/{post}").location.partition("#")[0]
    cast.runs.post(f"{begun}/comments", data={"text": "Which engine is it?"})
    assert "Is this what you noted as" in cast.own.get(f"/blog/mine/posts/{post}").text
    assert "It looks like “What I learnt from Engines”" in cast.own.get(path).text
    assert cast.own.post(f"{path}/join", data={"post": post}).status_code == 303
    assert "Which engine is it?" in cast.own.get(path).text and cast.runs.get(begun).status_code == 404
    offer = writer.offer(post)["id"]
    [line] = cast.queue()
    assert (line["state"], line["piece"], line["reviewer_name"]) == ("pr", path.rpartition("/")[2], "Bea")
    cast.runs.post(f"/blog/offers/{offer}/accept")
    writer.offer(post)
    assert [row["state"] for row in cast.queue()] == ["announced"] and "told" in cast.own.get(path).text
    with db.write("blog") as tx:
        delivery = db.metadata("blog").tables["delivery"]
        tx.execute(delivery.update().where(delivery.c.subject == f"post/{post}").values(confirmed_at=None))
    assert [row["state"] for row in cast.queue()] == ["live"], "nobody has told it on so far"
    assert cast.own.post(f"{path}/part").status_code == 303
    assert sorted(row["state"] for row in cast.queue()) == ["feedback", "live"]


def test_nobody_else_sees_it_and_what_is_odd_changes_nothing(baton: Baton, cast: Cast) -> None:
    path = cast.notes()
    before = baton.dump()
    for url in (path, "/blog/queue", "/blog/queue?state=idea&page=9", "/blog/"):
        for method in ("get", "head"):
            assert getattr(cast.runs if "queue" in url else cast.own, method)(url).status_code == 200
    deeds = {"": {"title": "Mine"}, "/state": {"state": "dropped"}, "/join": {"post": "x"}, "/part": {},
             "/comments": {"text": "Hi"}}  # fmt: skip
    assert cast.other.get(path).status_code == 404
    for deed, data in deeds.items():
        assert cast.other.post(f"{path}{deed}", data=data).status_code == 404, deed
        assert "sign-in" in baton.app("blog").test_client().post(f"{path}{deed}", data=data).location
    for deed in ("", "/state"):
        assert cast.runs.post(f"{path}{deed}", data=deeds[deed]).status_code == 403, "what Ada says is hers"
    assert cast.own.post(f"{path}/reviewer", data={"reviewer": cast.bea}).status_code == 403
    assert cast.own.get("/blog/queue").status_code == 403
    for odd in ("no-such", cast.ada, "x" * 400):
        answer = cast.runs.post(f"{path}/reviewer", data={"reviewer": odd})
        assert answer.status_code == 422 and "They cannot review it." in answer.text
    for data in ({"title": ""}, {"title": "x" * 300}, {"title": "a", "link": "javascript:alert(1)"}):
        assert cast.own.post("/blog/pieces", data=data).status_code == 422
        assert cast.own.post(path, data=data).status_code == 422
    for text in ("", " \n", "x" * 4001):
        assert cast.own.post(f"{path}/comments", data={"text": text}).status_code == 422
    assert cast.own.post(f"{path}/state", data={"state": "nonsense"}).status_code == 422
    assert cast.own.post(f"{path}/join", data={"post": "nonsense"}).status_code == 404
    assert cast.own.post("/blog/pieces/of/nonsense").status_code == 404
    assert baton.dump() == before


def test_programs_can_do_the_same(baton: Baton, cast: Cast) -> None:
    base = "/blog/api/mine/pieces"
    made = cast.own.post(base, json={"title": "On engines", "link": "https://docs.example/1"}, headers=HERE)
    assert made.status_code == 201 and made.json["state"] == made.json["stage"] == "draft"
    id, press = made.json["id"], str(uuid.uuid4())
    for _ in range(2):
        said = cast.own.post(f"/blog/api/pieces/{id}/comments", json={"text": "Hm.", "press": press}, headers=HERE)
    assert [each["text"] for each in said.json["comments"]] == ["Hm."]
    changed = cast.own.put(f"{base}/{id}", json={"title": "On steam"}, headers=HERE).json
    assert (changed["title"], changed["link"]) == ("On steam", "")
    assert cast.own.put(f"{base}/{id}/state", json={"state": "feedback"}, headers=HERE).json["state"] == "feedback"
    assert cast.told("review") == [cast.olga]
    assert cast.own.put(f"{base}/{id}/post", json={"post": "x"}, headers=HERE).status_code == 404
    assert cast.own.put(f"{base}/{id}/post", json={"post": ""}, headers=HERE).json["post"] is None
    given = cast.runs.put(f"/blog/api/pieces/{id}/reviewer", json={"reviewer": cast.bea}, headers=HERE)
    assert given.json["reviewer"] == cast.bea
    assert [each["id"] for each in cast.reviews.get(base).json["reviewing"]] == [id]
    assert cast.reviews.get(f"/blog/api/pieces/{id}").json["title"] == "On steam"
    assert cast.other.get(f"/blog/api/pieces/{id}").status_code == 404
    assert cast.other.post(f"/blog/api/pieces/{id}/comments", json={"text": "Hi"}, headers=HERE).status_code == 404
    assert cast.own.post(base, json={"title": " "}, headers=HERE).status_code == 422
    assert cast.runs.get("/blog/api/queue").json["counts"]["feedback"] == 1


def test_who_leaves_reviews_nothing_who_is_erased_is_nowhere_and_what_is_dropped_goes(baton: Baton, cast: Cast) -> None:
    """Given two pieces with talk, When the reviewer leaves, one piece is dropped and the author is erased, Then nobody
    waits for a review of theirs, a month later that piece is gone, and nothing says what anybody wrote."""
    first, second = cast.notes("On engines"), cast.notes("On pistons")
    cast.runs.post(f"{first}/reviewer", data={"reviewer": cast.bea})
    cast.reviews.post(f"{first}/comments", data={"text": "Beautiful pistons"})
    cast.own.post(f"{first}/comments", data={"text": "Thank you kindly"})
    assert cast.told("comment") == [cast.ada, cast.bea]
    with db.write("signup") as tx:
        people.leave(tx, f"person/{cast.bea}", cast.bea)
    baton.drain()
    assert [row["reviewer"] for row in cast.queue()] == [None, None]
    assert "reviewer" in cast.runs.get("/blog/export/pieces.csv").text and "Thank you" in (
        cast.runs.get("/blog/export/comments.csv").text
    )
    assert cast.own.post(f"{second}/state", data={"state": "dropped"}).location.startswith("/blog/?")
    assert [row["title"] for row in cast.queue()] == ["On engines"]
    clock.advance(timedelta(days=31))
    baton.tick()
    assert cast.own.get(second).status_code == 404 and cast.own.get(first).status_code == 200
    with db.write("signup") as tx:
        people.erase_now(tx, "system", cast.bea)
    baton.drain()
    kept = str([baton.dump(), [mail.text for mail in mails()]])
    assert "Beautiful pistons" not in kept and "Thank you kindly" in kept
    with db.write("signup") as tx:
        people.leave(tx, f"person/{cast.ada}", cast.ada)
        people.erase_now(tx, "system", cast.ada)
    baton.drain()
    kept = str([baton.dump(), [mail.text for mail in mails()]])
    for word in ("On engines", "On pistons", "Thank you kindly"):
        assert word not in kept, word
    assert baton.rows("blog", "piece") == baton.rows("blog", "comment") == []


def test_who_wants_no_comments_gets_none(baton: Baton, cast: Cast) -> None:
    from services.notifications.mail import preferences

    with db.write("notifications") as tx:
        preferences.choose(tx, cast.ada, {"writing": "none"})
    path = cast.notes()
    cast.runs.post(f"{path}/comments", data={"text": "Hm."})
    assert cast.told("comment") == [] and "Hm." in cast.own.get(path).text


def test_what_one_said_can_be_changed_taken_back_and_put_back(baton: Baton, cast: Cast) -> None:
    """Given a talk, When Bea changes what she said, deletes it and puts it back, by page and by API, Then the others
    see that, nobody gets another mail, nobody else can, and 30 days later nothing is left of what is deleted."""
    path = cast.notes()
    cast.runs.post(f"{path}/reviewer", data={"reviewer": cast.bea})
    cast.reviews.post(f"{path}/comments", data={"text": "Steam is dead"})
    assert cast.told("comment") == [cast.ada]
    [said] = baton.rows("blog", "comment")
    at, api = f"{path}/comments/{said['id']}", f"/blog/api{path.removeprefix('/blog')}/comments/{said['id']}"
    assert at in cast.reviews.get(path).text and at not in cast.own.get(path).text + cast.runs.get(path).text
    for who in (cast.own, cast.runs, cast.other):
        assert who.get(at).status_code == 404
        for deed in ("", "/delete", "/restore"):
            assert who.post(at + deed, data={"text": "Mine"}).status_code == 404, "only whoever said it"
        assert who.put(api, json={"text": "Mine"}, headers=HERE).status_code == 404
        assert who.delete(api, headers=HERE).status_code == who.post(f"{api}/restore", headers=HERE).status_code == 404
    elsewhere = f"{cast.notes('Other')}/comments/{said['id']}"
    assert cast.reviews.post(f"{elsewhere}/delete").status_code == 404, "of another piece, which she does not see"
    for text in ("", " \n", "x" * 4001):
        answer = cast.reviews.post(at, data={"text": text})
        assert answer.status_code == 422 and "Your words" in answer.text
    cast.reviews.get(at), cast.reviews.head(at)
    assert baton.rows("blog", "comment") == [said]
    assert cast.reviews.post(at, data={"text": "Steam is dead"}).status_code == 303
    assert "edited" not in spoken(cast.own.get(path).text), "nothing was different"

    assert cast.reviews.post(at, data={"text": f"Steam lives {SCRIPT}"}).location.endswith("said=corrected#talk")
    page = cast.own.get(path).text
    assert "Steam lives" in page and "edited" in spoken(page) and "Steam is dead" not in page and SCRIPT not in page
    for _ in range(2):
        assert cast.reviews.post(f"{at}/delete").location.endswith("said=deleted#talk")
    for who in (cast.own, cast.reviews, cast.runs):
        assert "Deleted by its writer." in who.get(path).text and "Steam lives" not in who.get(path).text
    assert "Steam lives" not in cast.runs.get("/blog/export/comments.csv").text
    assert cast.own.get(f"/blog/api{path.removeprefix('/blog')}").json["comments"][0]["text"] == ""
    assert "Put it back" in cast.reviews.get(path).text and "Put it back" not in cast.own.get(path).text
    assert cast.reviews.post(at, data={"text": "No"}).status_code == 422, "it is put back first"
    cast.own.post(f"{path}/comments", data={"text": "Hello?"})
    assert cast.told("comment") == [cast.ada, cast.bea], "she reviews it still"
    assert cast.reviews.post(f"{at}/restore").location.endswith("said=restored#talk")
    assert "Steam lives" in cast.own.get(path).text

    given = cast.reviews.put(api, json={"text": "Steam rests"}, headers=HERE).json["comments"][0]
    assert (given["text"], given["deleted"], bool(given["edited_at"])) == ("Steam rests", False, True)
    assert cast.reviews.delete(api, headers=HERE).json["comments"][0]["deleted"]
    assert cast.reviews.post(f"{api}/restore", headers=HERE).json["comments"][0]["text"] == "Steam rests"
    assert cast.reviews.delete(api, headers=HERE).status_code == 200
    assert len(mails(kind="comment")) == 2, "nobody is mailed again"
    clock.advance(timedelta(days=31))
    baton.tick()
    assert "Steam" not in str(baton.rows("blog", "comment"))
    assert "Deleted by its writer." in cast.own.get(path).text
    assert cast.reviews.post(f"{at}/restore").status_code == 422
    assert "Put it back" not in cast.reviews.get(path).text + cast.reviews.get(at).text


def test_who_reviews_it_no_more_has_their_own_words_and_nothing_else(baton: Baton, cast: Cast) -> None:
    """Given a reviewer who spoke and was replaced, When they look, change, delete and put back, Then they reach what
    they said, and nothing of the piece or of others."""
    path = cast.notes("On engines of others")
    cast.runs.post(f"{path}/reviewer", data={"reviewer": cast.bea})
    cast.reviews.post(f"{path}/comments", data={"text": "Steam is dead"})
    cast.own.post(f"{path}/comments", data={"text": "It is not so"})
    said = next(row["id"] for row in baton.rows("blog", "comment") if row["person"] == cast.bea)
    cast.runs.post(f"{path}/reviewer", data={"reviewer": cast.cyd})
    at, api = f"{path}/comments/{said}", f"/blog/api{path.removeprefix('/blog')}"
    page = cast.reviews.get(path)
    assert page.status_code == 200 and "Steam is dead" in page.text and at in page.text
    words = {"title": "On engines of others, anew", "about": "All of it"}
    assert cast.own.put(f"/blog/api/mine/pieces/{path.rpartition('/')[2]}", json=words, headers=HERE).status_code == 200
    for hidden in ("It is not so", "All of it", "Cyd", "On engines", "Ada", cast.ada):
        assert hidden not in page.text + cast.reviews.get(at).text + cast.reviews.get(api).text
    assert cast.reviews.post(at, data={"text": "Steam rests"}).location.endswith("said=corrected#talk")
    assert cast.reviews.post(at, data={"text": " "}).status_code == 422
    assert cast.reviews.post(f"{at}/delete").status_code == 303 and "Deleted by you." in cast.reviews.get(path).text
    assert cast.reviews.post(f"{at}/restore").status_code == 303 and "Steam rests" in cast.own.get(path).text
    given = cast.reviews.put(f"{api}/comments/{said}", json={"text": "Steam sleeps"}, headers=HERE).json
    assert [each["text"] for each in given["comments"]] == ["Steam sleeps"] and given["about"] == given["link"] == ""
    assert {given[key] for key in ("person", "author", "title", "state", "stage")} == {""} and given["since"] is None
    assert cast.reviews.post(f"{path}/comments", data={"text": "More"}).status_code == 404
    assert cast.reviews.post(f"{api}/comments", json={"text": "More"}, headers=HERE).status_code == 404
    assert cast.other.get(path).status_code == 200 and cast.other.get(at).status_code == 404


def test_organizers_choose_who_reviews_in_the_row_and_take_it_back(baton: Baton, cast: Cast, tmp_path: Path) -> None:
    path, writer = cast.notes(), Ada(baton, tmp_path)
    id = path.rpartition("/")[2]
    with db.write("blog") as tx:
        tx.execute(sa.update(blog).values(person=cast.ada))
    post = writer.writes("On pistons")
    writer.offer(post)
    page = cast.runs.get("/blog/queue").text
    assert f'value="{cast.bea}"' in page and f'value="{cast.ada}"' not in page, "nobody reviews what they write"
    form = {"piece": id, "reviewer": cast.bea, "state": "idea", "page": "1"}
    for who in (cast.own, cast.reviews):
        assert who.post("/blog/queue/reviewer", data=form).status_code == 403
        assert who.post("/blog/queue/undo", data=form).status_code == 403
    for odd in ({"piece": "no"}, {"piece": "", "post": "no"}):
        assert cast.runs.post("/blog/queue/reviewer", data=form | odd).status_code == 404
        assert cast.runs.post("/blog/queue/undo", data=form | {"piece": "no"}).status_code == 404
    answer = cast.runs.post("/blog/queue/reviewer", data=form | {"reviewer": cast.ada})
    assert answer.status_code == 422 and "They cannot review it." in answer.text and "Editorial queue" in answer.text

    shown = cast.runs.post("/blog/queue/reviewer", data=form).location
    assert shown.startswith("/blog/queue?state=idea&said=assigned")
    page = cast.runs.get(shown).text
    assert f'value="{cast.bea}" selected' in page and "Undo: nobody reviews" in page
    assert cast.runs.post("/blog/queue/reviewer", data=form).location == "/blog/queue?state=idea", (
        "nothing was different"
    )
    assert cast.told("review") == [cast.bea]
    shown = cast.runs.post("/blog/queue/reviewer", data=form | {"reviewer": cast.olga}).location
    assert "Undo: Bea reviews" in cast.runs.get(shown).text
    assert cast.runs.post("/blog/queue/undo", data={"piece": id, "reviewer": cast.bea}).status_code == 303
    assert cast.told("review") == [cast.bea, cast.olga], "who was asked before is not asked again"
    assert [line["reviewer_name"] for line in cast.queue("idea")] == ["Bea"]

    cast.runs.post("/blog/queue/reviewer", data={"post": post, "reviewer": cast.cyd})
    assert [(line["title"], line["reviewer_name"]) for line in cast.queue("pr")] == [("On pistons", "Cyd")]
    shown = cast.runs.post("/blog/queue/reviewer", data=form | {"reviewer": ""}).location
    assert "said=freed" in shown and cast.queue("idea")[0]["reviewer"] is None
    before = baton.dump()
    for url in (shown, f"{shown}&page=x", "/blog/queue?changed=no&was=no"):
        assert cast.runs.get(url).status_code == cast.runs.head(url).status_code == 200
    assert baton.dump() == before
