"""The organizers' pages and API of posts on their way: who may see them, what they show, what a button does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.blog.offers import preview
from shared import access, clock, db, tokens
from tests.conftest import Baton
from tests.offering import PATH, PNG, Ada, branches, files


@pytest.fixture
def ada(baton: Baton, tmp_path: Path) -> Ada:
    return Ada(baton, tmp_path)


@pytest.fixture
def organizer(baton: Baton) -> Any:
    return _client(baton, "organizer")


def _client(baton: Baton, *roles: str) -> Any:
    client = baton.client("blog")
    if roles:
        cookie = tokens.sign("cookie", {"person": db.new_id(), "roles": list(roles), "at": clock.machine()})
        client.set_cookie(access.COOKIE, cookie)
    return client


def test_only_organizers_see_it(baton: Baton, ada: Ada) -> None:
    row = ada.offer(ada.writes())
    for path in ("/blog/offers/", f"/blog/offers/{row['id']}", f"/blog/offers/{row['id']}/images/posts/a/b.png"):
        assert _client(baton).get(path).status_code == 303
        assert _client(baton, "member").get(path).status_code == 403
    for deed in ("accept", "decline", "again", "release"):
        assert _client(baton, "member").post(f"/blog/offers/{row['id']}/{deed}").status_code == 403
    assert ada.offer(row["post"])["verdict"] is None


def test_the_queue_says_what_waits_and_how_long(baton: Baton, ada: Ada, organizer: Any) -> None:
    assert "Nothing is in review" in organizer.get("/blog/offers/").text
    ada.offer(ada.writes("A <b>bold</b> title"))
    baton.pass_time(days=3)
    shown = organizer.get("/blog/offers/").text
    assert "A &lt;b&gt;bold&lt;/b&gt; title" in shown and "Ada Lovelace" in shown and "waits for 3 days" in shown
    assert organizer.get("/blog/offers/?state=nonsense&page=-7").status_code == 200


def test_looking_changes_nothing(baton: Baton, ada: Ada, organizer: Any) -> None:
    row = ada.offer(ada.writes())
    before = baton.dump()
    for path in ("/blog/offers/", f"/blog/offers/{row['id']}"):
        assert organizer.get(path).status_code == organizer.head(path).status_code == 200
    assert baton.dump() == before


def test_accepting_by_the_button(ada: Ada, organizer: Any) -> None:
    row = ada.offer(ada.writes())
    answer = organizer.post(f"/blog/offers/{row['id']}/accept")
    assert answer.status_code == 303
    assert "being merged" in organizer.get(answer.location).text
    row = ada.offer(row["post"])
    assert row["state"] == "merged" and row["path"] in files()
    assert "live" in organizer.get(f"/blog/offers/{row['id']}").text
    assert organizer.post(f"/blog/offers/{row['id']}/accept").status_code == 409


def test_declining_and_offering_once_more_by_buttons(ada: Ada, organizer: Any) -> None:
    row = ada.offer(ada.writes())
    assert organizer.post(f"/blog/offers/{row['id']}/decline").status_code == 303
    assert ada.offer(row["post"])["state"] == "closed" and branches() == []
    assert "Offer it once more" in organizer.get(f"/blog/offers/{row['id']}").text
    assert organizer.post(f"/blog/offers/{row['id']}/again").status_code == 303
    assert ada.offer(row["post"])["state"] == "open"


def test_a_held_post_says_so_and_is_released_by_its_button(ada: Ada, organizer: Any) -> None:
    row = ada.offer(ada.writes(text="My token is ghp_" + "a1B2" * 9 + " and that is all."))
    shown = organizer.get(f"/blog/offers/{row['id']}").text
    assert "There is no secret in it" in shown and "Look at this first" in shown
    assert organizer.post(f"/blog/offers/{row['id']}/again").status_code == 409
    assert organizer.post(f"/blog/offers/{row['id']}/release").status_code == 303
    assert ada.offer(row["post"])["state"] == "open"


def test_its_images_are_shown_out_of_the_proposal_and_nothing_else_is(ada: Ada, organizer: Any) -> None:
    post = ada.pushes(
        {
            PATH: "---\ntitle: On Engines\ndate: 2026-10-01\n---\n\n![A map](map.png) of it.\n",
            "content/posts/map.png": PNG,
        }
    )
    row = ada.offer(post)
    image = next(path for path in row["files"] if path.startswith("images/"))
    shown = organizer.get(f"/blog/offers/{row['id']}").text
    assert f'src="/blog/offers/{row["id"]}/{image}"' in shown
    answer = organizer.get(f"/blog/offers/{row['id']}/{image}")
    assert (answer.status_code, answer.content_type, answer.data) == (200, "image/png", PNG)
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    for other in ("images/posts/on-engines/none.png", "images/posts/../../_config.yml", "images/posts/x.html"):
        assert organizer.get(f"/blog/offers/{row['id']}/{other}").status_code == 404


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>a</a>",
        "[a](javascript:alert(1))",
        "<iframe src='https://x'></iframe>",
        "<svg><script>alert(1)</script></svg>",
        "<style>*{display:none}</style>",
        "<p style='position:fixed' class='x' id='y'>a</p>",
        '<meta http-equiv="refresh" content="0;url=https://x">',
        "<form action='https://x'><input></form>",
        "<math><mi xlink:href='javascript:alert(1)'>a</mi></math>",
        '![a](/images/posts/a.png" onerror="alert(1))',
        "<!-- <img src=x onerror=alert(1)> -->",
    ],
)
def test_a_preview_runs_and_fetches_nothing(hostile: str) -> None:
    html = str(preview.shown(f"---\ntitle: a\n---\n{{% raw %}}\n\n{hostile}\n\n{{% endraw %}}\n", "/blog/offers/1/"))
    shown = html.lower()
    for word in ("<script", "<iframe", "<svg", "<style", "<meta", "<form", "<input", "style=", "<!--", "raw %"):
        assert word not in shown, html
    assert 'href="javascript' not in shown and "src=x" not in shown and 'src="x' not in shown
    assert "<img" not in shown or "onerror=" not in shown.split("<img")[1].split(">")[0].replace("%22", ""), html


def test_the_api_says_and_does_the_same(baton: Baton, ada: Ada, organizer: Any) -> None:
    row = ada.offer(ada.writes())
    listed = organizer.get("/blog/api/offers").json
    assert [each["title"] for each in listed["offers"]] == ["On Engines"] and listed["counts"]["open"] == 1
    assert "Some words of it." in organizer.get(f"/blog/api/offers/{row['id']}").json["text"]
    here = {"Sec-Fetch-Site": "same-origin"}
    answer = organizer.post(f"/blog/api/offers/{row['id']}/accept", json={}, headers=here)
    assert (answer.status_code, answer.json["verdict"]) == (202, "accept")
    assert ada.offer(row["post"])["state"] == "merged"
    assert organizer.post(f"/blog/api/offers/{row['id']}/decline", json={}, headers=here).status_code == 409
    assert organizer.post("/blog/api/offers/none/decline", json={}, headers=here).status_code == 404
    assert organizer.get("/blog/api/offers/none").status_code == 404
    assert organizer.get("/blog/api/offers?state=odd").status_code == 422
