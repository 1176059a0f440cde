"""The member's tab "Blog", its webhook, and what organizers see of blogs."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.blog import hooks
from services.blog.models import blog
from shared import config, db
from tests.conftest import Baton
from tests.integration.test_following import ONE, TWO, post, row, states
from tests.repos import Repo, article
from tests.signup import signed_in
from tests.told import PROGRAM, member, tell

SECRET = "a-secret-of-the-program"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    found = Repo(tmp_path)
    found.commit(
        {"_config.yml": "url: https://ada.example.org\n", ONE: article("One <b>bold</b>"), TWO: article("Two")}
    )
    return found


@pytest.fixture
def ada(baton: Baton, tmp_path: Path) -> Iterator[Any]:
    """A client signed in as Ada."""
    config.use(replace(config.current(), blog_local=(str(tmp_path),), webhook_secret=SECRET))
    tell("program.changed", PROGRAM, to="blog")
    tell("member.confirmed", member("ada", name="Ada Lovelace", state="active"), to="blog")
    yield signed_in(baton.client("blog"), "ada", "member")


def registered(ada: Any, baton: Baton, repo: Repo) -> str:
    answer = ada.post("/blog/", data={"address": repo.url})
    assert answer.status_code == 303
    baton.drain()
    return str(answer.location).partition("/mine/")[2].partition("?")[0]


def ring(
    baton: Baton,
    path: str,
    secret: str,
    body: bytes = b"{}",
    forge: str = "github",
    delivery: str = "1",
    more: dict[str, str] | None = None,
) -> Any:
    mark = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "github": {"X-Hub-Signature-256": f"sha256={mark}", "X-GitHub-Event": "push", "X-GitHub-Delivery": delivery},
        "gitea": {
            "X-Gitea-Signature": mark, "X-Gitea-Event": "push", "X-Gitea-Delivery": delivery,
            "X-GitHub-Event": "push", "X-GitHub-Delivery": delivery, "X-Hub-Signature-256": "sha256=0",
        },
        "gitlab": {"X-Gitlab-Token": secret, "X-Gitlab-Event": "Push Hook", "X-Gitlab-Event-UUID": delivery},
    }[forge]  # fmt: skip
    client = baton.app("blog").test_client()
    return client.post(path, data=body, headers={"Content-Type": "application/json", **headers, **(more or {})})


def test_from_pasting_to_offering_by_pages_alone(ada: Any, baton: Baton, repo: Repo) -> None:
    """Given no blog, When Ada pastes one, agrees and ticks a post, Then that one is offered, and the page says each
    state."""
    assert "No blog so far" in ada.get("/blog/").text
    id = registered(ada, baton, repo)
    page = ada.get(f"/blog/mine/{id}").text
    assert "Jekyll" in page and "2 posts ask you" in page and "One &lt;b&gt;bold&lt;/b&gt;" in page
    assert row(baton, id)["hook_secret"] in page and "(Berlin)" in page and "(UTC)" not in page, "as she reads clocks"
    for forge in ("github", "gitlab", "gitea"):
        assert f"/blog/webhooks/{forge}/{id}" in page, "nothing tells at which its repository is"
    with db.write("blog") as tx:
        tx.execute(sa.update(blog).values(clone_url="https://codeberg.org/ada/blog.git"))
    page = ada.get(f"/blog/mine/{id}").text
    assert f"/blog/webhooks/gitea/{id}" in page and "/blog/webhooks/github" not in page
    with db.write("blog") as tx:
        tx.execute(sa.update(blog).values(clone_url=repo.url))
    refused = ada.post(f"/blog/mine/{id}/posts", data={"do": "offer", "posts": post(baton, ONE)["id"]})
    assert refused.status_code == 422 and "Say first how your posts may be shown" in refused.text
    assert ada.post(f"/blog/mine/{id}/consent", data={"consent": "full"}).status_code == 303
    assert ada.post(f"/blog/mine/{id}/posts", data={"do": "offer", "posts": post(baton, ONE)["id"]}).status_code == 303
    assert states(baton) == {ONE: "wanted", TWO: "listed"}
    page = ada.get("/blog/").text
    assert "1 post asks you" in page and "1 offered" in page
    assert ada.get(f"/blog/mine/{id}/leave").status_code == 200
    assert ada.post(f"/blog/mine/{id}/leave").location == "/blog/?said=left"
    assert "No blog so far" in ada.get("/blog/").text and ada.get(f"/blog/mine/{id}").status_code == 404


@pytest.mark.parametrize(
    "pasted, words",
    [
        ("", "no address of a blog"),
        ("ftp://ada.example/blog", "no address of a blog"),
        ("ext::sh -c touch% /tmp/mark", "no address of a blog"),
        ("javascript:alert(1)", "no address of a blog"),
        ("https://ada:secret@github.com/ada/blog", "a name or a password"),
        ("/etc", "a folder"),
        ("file:///etc", "a folder"),
        ("https://ada.example/" + "a" * 600, "no address of a blog"),
        ("https://ada.example/\0", "could not be read"),
        ("https://[::1", "no address of a blog"),
    ],
)
def test_what_is_no_address_is_refused_beside_its_field(ada: Any, baton: Baton, pasted: str, words: str) -> None:
    answer = ada.post("/blog/", data={"address": pasted})
    assert answer.status_code == 422 and words in answer.text
    assert baton.rows("blog", "blog") == []


def test_one_address_in_many_spellings_is_one_blog(ada: Any, baton: Baton) -> None:
    config.use(replace(config.current(), blog_local=()))
    for pasted in (
        "git@github.invalid:ada/blog.git",
        "https://GitHub.invalid/ada/blog.git",
        " github.invalid/ada/blog.git/ ",
    ):
        ada.post("/blog/", data={"address": pasted})
    [found] = baton.rows("blog", "blog")
    assert found["address"] == "https://github.invalid/ada/blog.git"
    baton.drain()
    assert "no server of the name github.invalid" in row(baton, found["id"])["error"]
    assert "cannot be found" in ada.get("/blog/").text


def test_somebody_else_sees_nothing(ada: Any, baton: Baton, repo: Repo) -> None:
    id = registered(ada, baton, repo)
    eve = signed_in(baton.app("blog").test_client(), "eve", "member")
    for path in ("", "/leave"):
        assert eve.get(f"/blog/mine/{id}{path}").status_code == 404
    for path in ("consent", "posts", "describe", "look", "secret", "leave"):
        assert eve.post(f"/blog/mine/{id}/{path}", data={"posts": "x"}).status_code == 404, path
    nobody = baton.app("blog").test_client()
    assert nobody.get("/blog/").location.startswith("/signup/sign-in")
    assert eve.get("/blog/blogs").status_code == 403
    olga = signed_in(baton.app("blog").test_client(), "olga", "organizer")
    assert "Ada Lovelace" in olga.get("/blog/blogs").text
    page = olga.get(f"/blog/blogs/{id}").text
    assert "asks you" in page and row(baton, id)["hook_secret"] not in page


@pytest.mark.parametrize("forge", ["github", "gitea", "gitlab"])
def test_a_delivery_turns_it_green_and_brings_the_push(ada: Any, baton: Baton, repo: Repo, forge: str) -> None:
    """Given a webhook, When it delivers, Then it is green; the same delivery again rings nobody."""
    id = registered(ada, baton, repo)
    ada.post(f"/blog/mine/{id}/consent", data={"consent": "full"})
    secret, path = row(baton, id)["hook_secret"], f"/blog/webhooks/{forge}/{id}"
    assert "no delivery so far" in ada.get(f"/blog/mine/{id}").text
    three = "_posts/2026-11-03-three.md"
    repo.commit({three: article("Three")})
    answer = ring(baton, path, secret, forge=forge)
    assert (answer.status_code, answer.json["taken"]) == (200, True)
    assert three not in states(baton), "it is answered before anything is fetched"
    baton.drain()
    assert states(baton)[three] == "wanted"
    assert "the webhook works" in ada.get(f"/blog/mine/{id}").text
    again = ring(baton, path, secret, forge=forge)
    assert (again.status_code, again.json["taken"]) == (200, False)
    assert row(baton, id)["due"] is None
    assert len(baton.rows("blog", "hook")) == 1


def test_a_ping_is_answered_and_rings_nobody(ada: Any, baton: Baton, repo: Repo) -> None:
    id = registered(ada, baton, repo)
    path, secret = f"/blog/webhooks/github/{id}", row(baton, id)["hook_secret"]
    for number, event in enumerate(("ping", "issues", "star")):
        answer = ring(baton, path, secret, delivery=str(number), more={"X-GitHub-Event": event})
        assert (answer.status_code, answer.json["taken"]) == (200, False), event
    assert row(baton, id)["hook_seen_at"] is not None and row(baton, id)["due"] is None


@pytest.mark.parametrize("forge", ["github", "gitea", "gitlab"])
def test_who_does_not_know_the_secret_is_refused_before_anything_is_read(
    ada: Any, baton: Baton, repo: Repo, forge: str
) -> None:
    id = registered(ada, baton, repo)
    secret, path = row(baton, id)["hook_secret"], f"/blog/webhooks/{forge}/{id}"
    before = baton.dump()
    name = hooks.FORGES[forge].signature[-1]
    assert ring(baton, path, "another", b"not json", forge=forge).status_code == 401
    assert ring(baton, path, "", b"{}", forge=forge).status_code == 401
    for shown in ("", " ", "sha256=", "sha256=zz", "sha1=" + "0" * 40, "\u00e4"):
        answer = ring(baton, path, secret, forge=forge, more={name: shown})
        assert answer.status_code == 401, shown
    bare = baton.app("blog").test_client()
    assert bare.post(path, data=b"{}").status_code == 401
    assert ring(baton, "/blog/webhooks/github/nobody", secret).status_code == 401
    assert ring(baton, f"/blog/webhooks/bitbucket/{id}", secret).status_code == 404
    assert baton.dump() == before


def test_a_body_that_was_changed_is_refused(ada: Any, baton: Baton, repo: Repo) -> None:
    id = registered(ada, baton, repo)
    secret = row(baton, id)["hook_secret"]
    mark = "sha256=" + hmac.new(secret.encode(), b"{}", hashlib.sha256).hexdigest()
    assert (
        ring(baton, f"/blog/webhooks/github/{id}", secret, b"{} ", more={"X-Hub-Signature-256": mark}).status_code
        == 401
    )


def test_gitea_is_judged_by_its_own_headers(ada: Any, baton: Baton, repo: Repo) -> None:
    """It sends GitHub's headers as well: the address says who speaks."""
    id = registered(ada, baton, repo)
    secret = row(baton, id)["hook_secret"]
    assert ring(baton, f"/blog/webhooks/github/{id}", secret, forge="gitea").status_code == 401
    assert ring(baton, f"/blog/webhooks/gitea/{id}", secret, forge="gitea").status_code == 200


def test_a_body_larger_than_forges_send_is_refused(ada: Any, baton: Baton, repo: Repo) -> None:
    id = registered(ada, baton, repo)
    secret = row(baton, id)["hook_secret"]
    path = f"/blog/webhooks/github/{id}"
    assert ring(baton, path, secret, b" " * (hooks.MOST + 1)).status_code == 413
    assert ring(baton, path, secret, b" " * 3_000_000).status_code == 200


def test_an_old_secret_is_worth_nothing(ada: Any, baton: Baton, repo: Repo) -> None:
    id = registered(ada, baton, repo)
    old, path = row(baton, id)["hook_secret"], f"/blog/webhooks/github/{id}"
    ada.post(f"/blog/mine/{id}/secret")
    assert ring(baton, path, old).status_code == 401
    assert ring(baton, path, row(baton, id)["hook_secret"]).status_code == 200
    ada.post(f"/blog/mine/{id}/leave")
    assert ring(baton, path, "").status_code == 401


def test_the_programs_own_webhook_names_the_repository(ada: Any, baton: Baton, repo: Repo) -> None:
    """Given the secret of BATON_WEBHOOK_SECRET, Then the payload says which blogs are rung for."""
    id = registered(ada, baton, repo)
    said = json.dumps({"repository": {"clone_url": repo.url.upper(), "html_url": 5}, "project": ["odd"]}).encode()
    assert ring(baton, "/blog/webhooks/github", SECRET, said).json["taken"]
    assert row(baton, id)["due"] is not None
    baton.drain()
    assert not ring(baton, "/blog/webhooks/github", SECRET, b'{"repository": null}', delivery="2").json["taken"]
    for number, odd in enumerate((b"", b"{", b"[" * 100_000, b"\xff")):
        assert ring(baton, "/blog/webhooks/github", SECRET, odd, delivery=f"odd{number}").status_code == 400
    assert ring(baton, "/blog/webhooks/github", "another", said).status_code == 401
    config.use(replace(config.current(), webhook_secret=""))
    assert ring(baton, "/blog/webhooks/github", "", said).status_code == 401


def test_looking_changes_nothing(ada: Any, baton: Baton, repo: Repo) -> None:
    id = registered(ada, baton, repo)
    olga = signed_in(baton.app("blog").test_client(), "olga", "organizer")
    before = baton.dump()
    for path in (
        "/blog/",
        f"/blog/mine/{id}",
        f"/blog/mine/{id}?page=99",
        f"/blog/mine/{id}?page=x",
        f"/blog/mine/{id}/leave",
    ):
        assert ada.get(path).status_code == ada.head(path).status_code == 200, path
    for path in ("/blog/blogs", f"/blog/blogs/{id}", "/blog/export/blogs.csv", "/blog/export/posts.json"):
        assert olga.get(path).status_code == 200, path
    assert baton.dump() == before


def test_the_api_does_what_the_pages_do(ada: Any, baton: Baton, repo: Repo) -> None:
    here = {"Sec-Fetch-Site": "same-origin"}
    answer = ada.post("/blog/api/mine/blogs", json={"address": repo.url}, headers=here)
    assert answer.status_code == 202 and "hook_secret" not in answer.json
    baton.drain()
    id = answer.json["id"]
    assert (
        ada.put(f"/blog/api/mine/blogs/{id}/consent", json={"consent": "link"}, headers=here).json["consent"] == "link"
    )
    [two, one] = ada.get(f"/blog/api/mine/blogs/{id}/posts").json["posts"]
    said = {"do": "offer", "posts": [one["id"]]}
    assert ada.post(f"/blog/api/mine/blogs/{id}/posts", json=said, headers=here).json == {"posts": 1}
    assert states(baton) == {ONE: "wanted", TWO: "listed"} and two["state"] == "listed"
    wrong = ada.post(f"/blog/api/mine/blogs/{id}/posts", json={"do": "offer", "posts": ["nothing"]}, headers=here)
    assert wrong.status_code == 422
    assert ada.delete(f"/blog/api/mine/blogs/{id}", headers=here).status_code == 204
    assert ada.get("/blog/api/mine/blogs").json == {"blogs": []}
