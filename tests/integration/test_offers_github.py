"""The same way through GitHub's API, of which a stand-in with real git behind it answers over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.blog.forges import embedded, github
from services.blog.models import offer
from services.blog.offers import deciding
from services.blog.rules.refusals import Refused
from shared import clock, config, db
from tests.browser.conftest import served
from tests.conftest import Baton
from tests.github import REPO, TOKEN, GitHub
from tests.integration.test_offers_pages import _client
from tests.offering import PATH, PNG, Ada
from tests.openapi import description

POST = "_posts/2026-10-01-on-engines.md"


@pytest.fixture
def hub(baton: Baton, change_settings: Any, tmp_path: Path) -> Iterator[GitHub]:
    description()
    found = GitHub(embedded.made(tmp_path / "github"))
    github._answers.clear()
    with served(found.app) as origin:
        change_settings(blog_repo=REPO, github_token=TOKEN, github_api=origin)
        yield found
    assert not found.wrong


@pytest.fixture
def ada(hub: GitHub, baton: Baton, tmp_path: Path) -> Ada:
    return Ada(baton, tmp_path)


def test_what_github_does_not_document_is_seen() -> None:
    wrong = description().wrong("PATCH", "/repos/a/b/pulls/1", {"x": "1"}, {"titel": ""}, 200, {"number": "1", "b": 2})
    assert len(wrong) == 4, wrong
    tree = {"tree": [{"path": "a", "mode": "100644", "type": "blob", "sha": None}]}
    assert not description().wrong("POST", "/repos/a/b/git/trees", {}, tree, 201, {"sha": "a" * 40})
    assert description().wrong("POST", "/repos/a/b/git/blobs", {}, {"content": 1}, 209, {})
    assert description().wrong("POST", "/repos/a/b/nowhere", {}, None, 200, {})


def files(hub: GitHub, ref: str = "main") -> set[str]:
    return set(hub.git("ls-tree", "-r", "--name-only", ref).splitlines())


def later(baton: Baton, ada: Ada, id: str) -> dict[str, Any]:
    baton.pass_time(hours=1)
    return ada.offer(id)


def test_a_post_becomes_a_pull_request_and_is_published_when_that_is_merged(
    baton: Baton, hub: GitHub, ada: Ada
) -> None:
    id = ada.writes()
    row = ada.offer(id)
    assert (row["state"], row["number"], row["reason"]) == ("open", 1, "")
    [pull] = hub.pulls
    assert pull["title"] == "Post: On Engines, by Ada Lovelace" and f"/blog/offers/{row['id']}" in pull["body"]
    assert files(hub, row["branch"]) - files(hub) == {POST, "_data/authors/ada-lovelace.yml"}
    assert hub.git("log", "-1", "--format=%an", row["branch"]) == "Ada Lovelace"
    with pytest.raises(Refused), db.write("blog") as tx:
        deciding.decide(tx, "", row["id"], "accept")
    # ten edits are commits of the same one, with its title
    for number in range(3):
        ada.writes(f"On Engines {number}", f"Words {number}.")
        row = ada.offer(id)
    assert len(hub.pulls) == 1 and pull["title"] == "Post: On Engines 2, by Ada Lovelace"
    assert hub.git("rev-list", "--count", f"main..{row['branch']}") == "4"
    hub.merge(1)
    row = later(baton, ada, id)
    assert (row["state"], row["branch"]) == ("merged", None) and POST in files(hub)
    later(baton, ada, id)
    [event] = baton.rows("blog", "event", type="post.published")
    assert event["data"]["pull_request"].endswith("/pull/1")
    # deleted at home, a pull request takes it down
    ada.sets(id, "gone")
    row = ada.offer(id)
    assert (row["kind"], row["number"]) == ("removal", 2) and files(hub) - files(hub, row["branch"]) == {POST}


def test_closed_is_not_merged(baton: Baton, hub: GitHub, ada: Ada) -> None:
    id = ada.writes()
    ada.offer(id)
    hub.close(1)
    assert later(baton, ada, id)["state"] == "closed"
    ada.writes(text="Other words.")
    assert later(baton, ada, id)["state"] == "closed" and len(hub.pulls) == 1
    assert baton.rows("blog", "event", type="post.published") == []


def test_what_a_person_commits_there_is_never_written_over(baton: Baton, hub: GitHub, ada: Ada) -> None:
    id = ada.writes()
    row = ada.offer(id)
    theirs = hub.git("commit-tree", "main^{tree}", "-p", row["commit"], "-m", "By hand")
    hub.git("update-ref", f"refs/heads/{row['branch']}", theirs)
    ada.writes(text="Other words.")
    assert ada.offer(id)["moved"] and hub.git("rev-parse", row["branch"]) == theirs


def test_taken_back_it_is_closed(hub: GitHub, ada: Ada) -> None:
    id = ada.writes()
    row = ada.offer(id)
    ada.sets(id, "declined")
    assert ada.offer(id)["state"] == "withdrawn" and hub.pulls[0]["state"] == "closed"
    assert not hub.git("rev-parse", "--verify", f"refs/heads/{row['branch']}", ok=False)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "90"}, 90),
        (403, {"Retry-After": "70"}, 70),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, 500),
        (403, {}, 60),
        (502, {}, 300),
    ],
)
def test_limits_are_waited_for(
    baton: Baton, hub: GitHub, ada: Ada, status: int, headers: dict[str, str], seconds: int
) -> None:
    if "x-ratelimit-reset" in headers:
        headers = {**headers, "x-ratelimit-reset": str(int(clock.machine()) + 500)}
    hub.limited = [(status, headers, {"message": "You have exceeded a secondary rate limit."})]
    began = clock.machine()
    row = ada.offer(ada.writes())
    assert row["state"] == "waiting" and began + seconds - 2 <= row["due"] <= clock.machine() + seconds + 2
    asked = len(hub.asked)
    assert ada.offer(row["post"])["state"] == "waiting" and len(hub.asked) == asked, "nobody asks meanwhile"
    baton.pass_machine_time(seconds + 3)
    assert ada.offer(row["post"])["state"] == "open" and len(hub.pulls) == 1


def test_what_has_not_changed_is_not_counted_again(baton: Baton, hub: GitHub, ada: Ada) -> None:
    id = ada.writes()
    ada.offer(id)
    later(baton, ada, id)
    before = hub.unchanged
    later(baton, ada, id)
    assert hub.unchanged > before


def test_a_token_that_is_refused_is_said_and_tried_again(
    baton: Baton, hub: GitHub, ada: Ada, change_settings: Any, capsys: Any
) -> None:
    change_settings(github_token="another-token")
    id = ada.writes()
    row = ada.offer(id)
    assert row["state"] == "failed" and "BATON_GITHUB_TOKEN" in row["reason"] and "another-token" not in row["reason"]
    assert "another-token" not in repr(config.current())
    said = capsys.readouterr()
    assert "another-token" not in said.out + said.err
    change_settings(github_token=TOKEN)
    assert later(baton, ada, id)["state"] == "open"


def test_a_pull_request_that_is_there_is_taken_for_ours(hub: GitHub, ada: Ada, baton: Baton) -> None:
    """As after a death between the pull request and the note of it."""
    id = ada.writes()
    row = ada.offer(id)
    with db.write("blog") as tx:
        tx.execute(offer.update().values(number=None, state="waiting", rev=0, due=0.0))
    again = ada.offer(id)
    assert (again["state"], again["number"]) == ("open", 1) and len(hub.pulls) == 1
    assert again["commit"] == row["commit"]


def test_images_are_shown_on_our_page(baton: Baton, hub: GitHub, ada: Ada) -> None:
    text = "---\ntitle: On Engines\ndate: 2026-10-01\n---\n\n![A map](map.png) of it.\n"
    row = ada.offer(ada.pushes({PATH: text, "content/posts/map.png": PNG}))
    image = next(path for path in row["files"] if path.startswith("images/"))
    answer = _client(baton, "organizer").get(f"/blog/offers/{row['id']}/{image}")
    assert (answer.status_code, answer.data) == (200, PNG)
    assert "Review it on GitHub" in _client(baton, "organizer").get(f"/blog/offers/{row['id']}").text
