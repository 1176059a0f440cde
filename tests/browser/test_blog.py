"""Pages of members' posts in a real browser: readable by everybody, on every face, and usable by the keyboard alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from services.blog import pieces
from services.blog.models import blog
from services.blog.offers import handing
from shared import db
from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, _Camera
from tests.integration.test_profiles import HOME, photo
from tests.offering import PATH, PNG, Ada

OTHER = "content/posts/other.md"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("scheme", "width"), [FACES[0], FACES[-1]])
def test_no_page_of_blog_has_a_violation(site: Site, browser: Any, tmp_path: Path, scheme: str, width: int) -> None:
    """Given a post in review and one that asks, When its author gives a picture that is none and then one, Then every
    page, with and without what is wrong, is as it must be."""
    ada = Ada(site.baton, tmp_path)
    with db.write("blog") as tx:
        tx.execute(sa.update(blog).values(head="0" * 40, hook_secret="x" * 64))
    text = (
        "---\ntitle: On Engines\ndate: 2026-10-01\n---\n\n![A map](map.png) {{< mystery >}}\n\n```python\nx = 1\n```\n"
    )
    id = ada.pushes({PATH: text, "content/posts/map.png": PNG})
    offer = ada.offer(id)["id"]
    other = ada.pushes({OTHER: text}, OTHER)
    with db.write("blog") as tx:
        idea = pieces.note(tx, ada.person, {"title": "On engines", "about": "All of it", "link": "https://a.example/"})
        said = db.new_id()
        pieces.say(tx, ada.person, idea, "Is it of use?\n\nI am not sure.", said)
        handing.keep(tx, other)
    ada.offer(other)
    found: list[str] = []
    with _Camera(site, browser, scheme, width, found, ada.person, "member") as own:
        for path in ("/blog/", f"/blog/mine/{ada.blog}", f"/blog/mine/posts/{id}", f"/blog/mine/posts/{id}/preview",
                     f"/blog/mine/posts/{other}/own", f"/blog/pieces/{idea}",
                     f"/blog/pieces/{idea}/comments/{said}"):  # fmt: skip
            own.look(path)
        own.look(f"/blog/mine/posts/{id}/preview?as=link")
        tab = own.tab
        for name, data in (("me.txt", b"no picture"), ("me.jpg", photo())):
            tab.goto(site.url(HOME))
            tab.locator("#f-headshot").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": data})
            tab.fill("#f-bio", "I learn.")
            tab.fill("#f-alt", "A red square.")
            tab.check("#f-shown")
            with tab.expect_navigation():
                tab.press("#f-name", "Enter")
            own._examine(f"profile-{name}")
        expect(tab.locator("main")).to_contain_text("It is proposed for the mentees page")
    mine = ada.baton.rows("blog", "offer")
    with _Camera(site, browser, scheme, width, found, "olga", "organizer") as runs:
        for path in (
            "/blog/offers/",
            f"/blog/offers/{offer}",
            "/blog/blogs",
            f"/blog/blogs/{ada.blog}",
            "/blog/target",
            f"/blog/queue?said=assigned&changed={idea}&was=",
            f"/blog/pieces/{idea}",
        ):
            runs.look(path)
        for row in mine:
            runs.look(f"/blog/offers/{row['id']}")
    assert len(mine) == 3 and not found, "\n".join(found)
