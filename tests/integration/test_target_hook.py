"""The webhook of the program's blog: it turns its page green, and what was merged there is seen at once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.blog import forges
from services.blog.forges import embedded
from shared import config
from tests.conftest import Baton
from tests.integration.test_blog_pages import SECRET, ring
from tests.offering import Ada, branches, files, git
from tests.signup import signed_in

PLACE = "git.example.org/program/blog"


@pytest.mark.parametrize(
    "address, place",
    [
        ("https://Git.Example.org/Program/Blog.git", PLACE),
        ("https://user:secret@git.example.org/program/blog/", PLACE),
        ("ssh://git@git.example.org:2222/program/blog.git", PLACE),
        ("git@git.example.org:program/blog.git", PLACE),
        ("/srv/blog.git", ""),
        ("file:///srv/blog.git", ""),
        ("https://git.example.org", ""),
        ("https://[::1", ""),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_one_repository_is_one_place_however_it_is_written(address: str, place: str) -> None:
    assert forges.at(address) == place


def test_a_repository_on_github_is_known_by_its_api(baton: Baton) -> None:
    config.use(replace(config.current(), blog_repo="program/blog", github_api="https://api.github.com"))
    assert (forges.place(), forges.name()) == ("github.com/program/blog", "program/blog on GitHub")
    config.use(replace(config.current(), github_api="https://git.example.org/api/v3"))
    assert forges.place() == PLACE
    config.use(replace(config.current(), blog_repo="https://user:secret@git.example.org/program/blog.git"))
    assert forges.place() == PLACE and "secret" not in forges.name()


def test_a_delivery_turns_it_green_and_a_merge_is_seen_at_once(baton: Baton, tmp_path: Path, monkeypatch: Any) -> None:
    """Given a proposal that somebody merges by hand, When the blog's webhook says so, Then it is live without anybody
    waiting for the hour; and who does not know the secret changes nothing."""
    ada = Ada(baton, tmp_path)
    row = ada.offer(ada.writes())
    olga = signed_in(baton.app("blog").test_client(), "olga", "organizer")
    page = olga.get("/blog/target").text
    assert "the small blog on this machine" in page and "nothing to do" in page
    # The same blog, as one that has an address.
    monkeypatch.setattr(forges, "place", lambda: PLACE)
    page = olga.get("/blog/target").text
    assert "no delivery so far" in page and "BATON_WEBHOOK_SECRET to 16 characters" in page
    config.use(replace(config.current(), webhook_secret=SECRET))
    page = olga.get("/blog/target").text
    assert "/blog/webhooks/github" in page and SECRET not in page and "Nobody is believed" not in page
    git(embedded.made(config.current().data), "update-ref", "refs/heads/main", f"refs/heads/{branches()[0]}")
    told = json.dumps({"repository": {"ssh_url": "git@git.example.org:Program/blog.git"}}).encode()
    other = json.dumps({"repository": {"clone_url": "https://git.example.org/program/other.git"}}).encode()
    before = baton.dump()
    assert ring(baton, "/blog/webhooks/github", "another", told).status_code == 401
    assert baton.dump() == before
    assert not ring(baton, "/blog/webhooks/github", SECRET, other, delivery="0").json["taken"]
    assert "no delivery so far" in olga.get("/blog/target").text
    ping = ring(baton, "/blog/webhooks/github", SECRET, told, more={"X-GitHub-Event": "ping"})
    assert (ping.status_code, ping.json["taken"]) == (200, False)
    assert "the webhook works" in olga.get("/blog/target").text
    said = olga.get("/blog/api/target").json
    assert said["secret"] and said["hook_seen_at"] and said["webhook"].endswith("/blog/webhooks/github")
    baton.drain()
    assert baton.rows("blog", "offer")[0]["state"] == "open", "a ping rings nobody"
    assert ring(baton, "/blog/webhooks/github", SECRET, told, delivery="2").json["taken"]
    baton.drain()
    [row] = baton.rows("blog", "offer")
    assert row["state"] == "merged" and row["path"] in files() and row["published_at"]
    assert not ring(baton, "/blog/webhooks/github", SECRET, told, delivery="2").json["taken"], "it was here before"


def test_only_organizers_see_it(baton: Baton) -> None:
    ada = signed_in(baton.app("blog").test_client(), "ada", "member")
    assert ada.get("/blog/target").status_code == 403 and ada.get("/blog/api/target").status_code == 403
    assert "sign-in" in baton.app("blog").test_client().get("/blog/target").location
