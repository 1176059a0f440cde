"""A member sees where each of their posts stands and why, tries how it would look, and asks again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.blog import forges
from services.blog.models import blog, post
from services.blog.offers import trying
from services.blog.repos import Mirror
from shared import db
from tests.conftest import Baton
from tests.offering import PATH, PNG, Ada, branches, files, git, target
from tests.signup import signed_in
from tests.told import spoken

TOKEN = "ghp_" + "a1B2" * 9
POST = "---\ntitle: On <b>Engines</b>\ndate: 2026-10-01\n---\n\n"


@pytest.fixture
def ada(baton: Baton, tmp_path: Path) -> Ada:
    found = Ada(baton, tmp_path)
    with db.write("blog") as tx:
        tx.execute(sa.update(blog).values(head="0" * 40))  # it was looked at
    return found


def client(baton: Baton, person: str, role: str = "member") -> Any:
    return signed_in(baton.app("blog").test_client(), person, role)


def test_each_state_is_said_with_its_reason_and_the_way_on(baton: Baton, ada: Ada) -> None:
    """Given a post, When it is proposed, declined, asked for again, published and taken back, Then its author's page
    says so each time, and its button does what it says."""
    own, olga = client(baton, ada.person), client(baton, "olga", "organizer")
    id = ada.writes("A <b>bold</b> title")
    page = f"/blog/mine/posts/{id}"
    assert "on its way" in own.get(page).text
    offer = ada.offer(id)["id"]

    def says(words: str) -> str:
        ada.offer(id)
        shown = own.get(page).text
        assert words in spoken(shown) and words in spoken(own.get(f"/blog/mine/{ada.blog}").text)
        return str(shown)

    def decides(verdict: str) -> None:
        assert olga.post(f"/blog/offers/{offer}/{verdict}").status_code == 303

    assert "A &lt;b&gt;bold&lt;/b&gt; title" in says("in review")
    refused = own.post(f"{page}/again")
    assert refused.status_code == 422 and "not declined" in refused.text
    decides("decline")
    assert "An organizer has declined it." in says("declined") and "Ask again" in own.get(page).text
    assert own.post(f"{page}/again").status_code == 303
    says("in review")
    decides("decline")
    ada.offer(id)
    # Ticking it anew is asking again, too: it is never silently nothing.
    own.post(f"/blog/mine/{ada.blog}/posts", data={"do": "offer", "posts": id})
    says("in review")
    decides("accept")
    assert "Have it taken down" in says("published")
    assert own.post(f"{page}/decline").status_code == 303
    says("being taken down")
    decides("decline")
    assert "Ask again to have it taken down" in says("not taken down")
    own.post(f"{page}/again")
    says("being taken down")
    decides("accept")
    assert "Offer it" in says("not offered") and ada.offer(id)["path"] not in files()
    own.post(f"{page}/offer")
    says("in review")
    # Deleted on her blog, it is listed as long as it is on the program's.
    decides("accept")
    says("published")
    ada.sets(id, "gone")
    assert "Have it taken down" not in own.get(page).text, "it is, of itself"
    shown = says("being taken down")
    assert "Offer it" not in shown and f'value="{id}"' not in own.get(f"/blog/mine/{ada.blog}").text
    decides("accept")
    ada.offer(id)
    assert "bold" not in own.get(f"/blog/mine/{ada.blog}").text


def test_what_does_not_work_says_why_and_is_tried_again(baton: Baton, ada: Ada, monkeypatch: Any) -> None:
    own, id = client(baton, ada.person), ada.writes()

    def denied(*_: Any) -> Any:
        raise forges.Denied("May Baton write there?")

    with monkeypatch.context() as broken:
        broken.setattr(forges.Plain, "place", denied)
        assert ada.offer(id)["state"] == "failed"
    page, oneself = f"/blog/mine/posts/{id}", ("Take it back", "open its pull request yourself")
    assert all(words in own.get(page).text for words in oneself)
    with db.write("blog") as tx:
        state = tx.execute(sa.select(post.c.state).where(post.c.id == id)).scalar_one()
        tx.execute(sa.update(post).where(post.c.id == id).values(state="gone"))
    assert not any(words in own.get(page).text for words in oneself), "of what is gone nothing can be asked"
    assert own.post(f"{page}/own").status_code == own.post(f"{page}/decline").status_code == 422
    with db.write("blog") as tx:
        tx.execute(sa.update(post).where(post.c.id == id).values(state=state))
    shown = own.get(f"/blog/mine/posts/{id}").text
    assert "not working" in shown and "May Baton write there?" in shown and "Try again" in shown
    assert own.post(f"/blog/mine/posts/{id}/again").status_code == 303
    assert ada.offer(id)["state"] == "open"


def test_a_dry_run_shows_what_would_be_changed_and_writes_nothing(baton: Baton, ada: Ada) -> None:
    """Given a post that nobody offered, When its author tries it, Then they see it with its images and every change,
    whole, as a beginning or as a link, and not a row and not a ref is different."""
    own = client(baton, ada.person)
    text = (
        POST + f"![A map](map.png) of {{{{ site.x }}}} <script>alert(1)</script>\n\nMy token is {TOKEN}.\n\n"
        '{{< mystery id="1" >}}\n\n![none](gone.png)\n'
    )
    id = ada.pushes({PATH: text, "content/posts/map.png": PNG})
    ada.sets(id, "declined")
    ada.offer(id)
    before, refs = baton.dump(), git(target(), "for-each-ref")
    page = own.get(f"/blog/mine/posts/{id}/preview")
    assert page.status_code == 200
    assert "data:image/png;base64,iVBOR" in page.text and "<script>alert" not in page.text
    assert "Look at this first" in page.text and "gone.png" in page.text and "On &lt;b&gt;Engines" in page.text
    assert "Only on the original page" in page.text and "This is what you agreed to" in page.text
    less = own.get(f"/blog/mine/posts/{id}/preview?as=link").text
    assert "the text is at the original" in less and "data:image" not in less and TOKEN not in less
    assert own.get(f"/blog/mine/posts/{id}/preview?as=nonsense").status_code == 422
    api = own.get(f"/blog/api/mine/posts/{id}/preview?as=full").json
    assert (
        api["held"] and api["path"].startswith("_posts/") and len(api["images"]) == 1 and "canonical_url" in api["text"]
    )
    assert own.get(f"/blog/api/mine/posts/{id}/preview?as=none").status_code == 422
    assert baton.dump() == before and git(target(), "for-each-ref") == refs and branches() == []
    ada.pushes({PATH: text.replace("date:", "draft: true\ndate:")})
    assert "Nothing to show" in own.get(f"/blog/mine/posts/{id}/preview").text
    assert "draft" in own.get(f"/blog/api/mine/posts/{id}/preview").json["skipped"]


def test_a_dry_run_that_cannot_be_made_says_so_and_waits_for_nobody(baton: Baton, ada: Ada, monkeypatch: Any) -> None:
    own, id = client(baton, ada.person), ada.writes()
    path = f"/blog/mine/posts/{id}/preview"
    for _ in range(2):
        trying._room.acquire()
    try:
        busy = own.get(path)
        assert busy.status_code == 503 and "Other previews are being made" in busy.text
    finally:
        trying._room.release(2)

    def away(*_: Any) -> Any:
        raise forges.Unreachable("The program's blog cannot be reached.")

    with monkeypatch.context() as broken:
        broken.setattr(forges.Plain, "base", away)
        assert "cannot be reached" in own.get(path).text
    assert own.get(path).status_code == 200, "and nobody is left in the room"
    Mirror(ada.blog).thrown_away()
    gone = own.get(path)
    assert gone.status_code == 503 and "Look for new posts" in gone.text


def test_nobody_sees_or_asks_for_somebody_elses(baton: Baton, ada: Ada) -> None:
    id = ada.writes()
    ada.offer(id)
    before = baton.dump()
    eve, here = client(baton, "eve"), {"Sec-Fetch-Site": "same-origin"}
    for path in ("", "/preview"):
        assert eve.get(f"/blog/mine/posts/{id}{path}").status_code == 404
        assert eve.get(f"/blog/api/mine/posts/{id}{path}").status_code == 404
        assert "sign-in" in baton.app("blog").test_client().get(f"/blog/mine/posts/{id}{path}").location
    for deed in ("offer", "decline", "again"):
        assert eve.post(f"/blog/mine/posts/{id}/{deed}").status_code == 404
    assert eve.post(f"/blog/api/mine/posts/{id}/again", json={}, headers=here).status_code == 404
    assert baton.dump() == before
    own = client(baton, ada.person)
    assert own.get(f"/blog/api/mine/posts/{id}").json["standing"] == "review"
    assert own.post(f"/blog/api/mine/posts/{id}/again", json={}, headers=here).status_code == 422
    [listed] = own.get(f"/blog/api/mine/blogs/{ada.blog}/posts").json["posts"]
    assert (listed["standing"], listed["why"], listed["live"]) == ("review", "", False)
