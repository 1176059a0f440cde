"""An author opens the pull request of their post themselves, by the patch that Baton hands them, and it is followed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.blog import offers
from services.blog.models import blog
from shared import db
from tests.conftest import Baton
from tests.github import GitHub
from tests.integration.test_offers_github import hub
from tests.offering import PATH, PNG, Ada, branches, files, target
from tests.signup import signed_in
from tests.told import spoken

assert hub  # a fixture
POST = "_posts/2026-10-01-on-engines.md"
TEXT = "---\ntitle: On Engines — ☃\ndate: 2026-10-01\n---\n\n![A map](map.png)\n\nSome words of it.\n"
WHO = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]


def sh(folder: Path, *words: str, given: bytes = b"") -> str:
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", "-C", str(folder), *words], env=env, input=given, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().strip()


def applied(patch: bytes, from_: Path, folder: Path, branch: str) -> Path:
    """A clone with the patch on a branch, as the steps say."""
    clone = folder / "clone"
    sh(folder, "clone", "--quiet", str(from_), str(clone))
    sh(clone, "switch", "--quiet", "-c", branch)
    sh(clone, *WHO, "am", "--quiet", given=patch)
    return clone


class Author:
    """Ada with a post that nobody offered so far, and her browser."""

    def __init__(self, baton: Baton, ada: Ada) -> None:
        self.ada, self.baton = ada, baton
        with db.write("blog") as tx:
            tx.execute(sa.update(blog).values(head="0" * 40))
        self.id = ada.pushes({PATH: TEXT, "content/posts/map.png": PNG})
        ada.sets(self.id, "listed")
        self.own = signed_in(baton.app("blog").test_client(), ada.person, "member")
        self.page = f"/blog/mine/posts/{self.id}"

    def later(self) -> dict[str, Any]:
        self.baton.pass_time(hours=1)
        return self.ada.offer(self.id)

    def handed(self) -> bytes:
        """The patch, once it is hers to open."""
        assert self.own.post(f"{self.page}/own").status_code == 303
        assert self.ada.offer(self.id)["state"] == "handed"
        answer = self.own.get(f"{self.page}/post.patch")
        assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
        return bytes(answer.data)


@pytest.fixture
def author(baton: Baton, tmp_path: Path) -> Author:
    return Author(baton, Ada(baton, tmp_path))


@pytest.mark.parametrize("branch", ["as told", "my-first-post", "straight"])
def test_by_patch_and_push_it_is_known_followed_and_published_once(
    baton: Baton, author: Author, tmp_path: Path, branch: str
) -> None:
    """Given a post, When Ada opens it herself under the branch that was named, another one, or straight on the main
    branch, Then Baton has pushed nothing, finds it, follows it, and congratulates once."""
    assert author.own.get(f"{author.page}/post.patch").status_code == 404
    assert "I open it myself" in author.own.get(f"{author.page}/own").text
    patch = author.handed()
    assert branches() == [] and POST not in files()
    steps = author.own.get(f"{author.page}/own").text
    assert "git am" in steps and "yours to open" in spoken(author.own.get(author.page).text)
    said = author.own.get(f"/blog/api/mine/posts/{author.id}/patch").json
    assert said["branch"] in steps and "GIT binary patch" in said["patch"]
    assert author.later()["state"] == "handed", "nothing has come so far"

    name = {"as told": said["branch"], "straight": "main2"}.get(branch, branch)
    clone = applied(patch, target(), tmp_path, name)
    assert sh(clone, "log", "-1", "--format=%an") == "Ada Lovelace"
    sh(clone, "push", "--quiet", "origin", f"{name}:{'main' if branch == 'straight' else name}")
    row = author.later()
    if branch == "straight":
        assert row["state"] == "merged"
    else:
        assert (row["state"], row["branch"], row["moved"]) == ("open", name, True)
        assert "in review" in spoken(author.own.get(author.page).text)
        # What is there is hers: a later push of the post writes nothing to it, her own commit counts.
        author.ada.pushes({PATH: TEXT.replace("Some words", "Other words")})
        (clone / "more.txt").write_text("More.")
        sh(clone, "add", ".")
        sh(clone, *WHO, "commit", "--quiet", "-m", "More")
        sh(clone, "push", "--quiet", "origin", name)
        row = author.later()
        assert row["commit"] == sh(clone, "rev-parse", "HEAD") and row["state"] == "open"
        olga = signed_in(baton.app("blog").test_client(), "olga", "organizer")
        assert olga.post(f"/blog/offers/{row['id']}/accept").status_code == 303
        row = author.later()
    assert row["published_at"] and POST in files() and POST in row["live"] and "more.txt" not in row["live"]
    author.later()
    assert len(baton.rows("blog", "event", type="post.published")) == 1


def test_baton_opens_it_after_all_and_what_does_not_fit_is_refused(baton: Baton, author: Author) -> None:
    before = baton.dump()
    other = signed_in(baton.app("blog").test_client(), "eve", "member")
    for path in ("own", "give"):
        assert other.post(f"{author.page}/{path}").status_code == 404
    assert other.get(f"{author.page}/own").status_code == other.get(f"{author.page}/post.patch").status_code == 404
    for _ in range(2):
        author.own.get(f"{author.page}/own")
    assert baton.dump() == before
    author.handed()
    olga = signed_in(baton.app("blog").test_client(), "olga", "organizer")
    assert "Opened by its author (1)" in olga.get("/blog/offers/?state=handed").text
    assert author.own.post(f"{author.page}/give").status_code == 303
    row = author.ada.offer(author.id)
    assert row["state"] == "open" and branches() == [row["branch"]]
    refused = author.own.post(f"{author.page}/own")
    assert refused.status_code == 422 and "cannot be opened by you" in refused.text
    # Declined, it can be asked for again by her own hands; taken back, there is nothing to open.
    olga.post(f"/blog/offers/{row['id']}/decline")
    author.ada.offer(author.id)
    author.handed()
    author.own.post(f"{author.page}/decline")
    assert author.ada.offer(author.id)["state"] == "withdrawn"
    assert author.own.get(f"{author.page}/post.patch").status_code == 404


def test_a_secret_is_looked_at_first(author: Author) -> None:
    author.ada.pushes({PATH: TEXT + "\nMy token is ghp_" + "a1B2" * 9})
    author.ada.sets(author.id, "listed")
    author.own.post(f"{author.page}/own")
    assert author.ada.offer(author.id)["state"] == "held"
    assert author.own.get(f"{author.page}/post.patch").status_code == 404


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("by", ["branch", "path", "canonical"])
def test_on_github_a_pull_request_from_a_fork_is_known_and_its_branch_never_touched(
    baton: Baton, hub: GitHub, tmp_path: Path, by: str
) -> None:
    """Given a fork whose branch is called as our main one, When its pull request is merged, Then nothing is deleted."""
    ada = Ada(baton, tmp_path)
    author = Author(baton, ada)
    clone = applied(author.handed(), hub.folder, tmp_path, "topic")
    steps = author.own.get(f"{author.page}/own").text
    assert "https://github.com/YOU/blog.git" in steps
    if by == "canonical":
        sh(clone, "mv", POST, "_posts/2026-10-02-engines.md")
        sh(clone, *WHO, "commit", "--quiet", "--amend", "--no-edit")
    told = author.own.get(f"/blog/api/mine/posts/{author.id}/patch").json["branch"]
    sh(clone, "push", "--quiet", "origin", "topic")
    hub.fork(told if by == "branch" else "main", "topic", "ada")
    with db.write("blog") as tx:
        offers.look_now(tx)  # a webhook of the program's blog rang
    row = ada.offer(author.id)
    assert (row["state"], row["number"]) == ("open", 1) and row["branch"].startswith("ada:")
    hub.merge(1)
    row = author.later()
    assert row["state"] == "merged" and row["published_at"]
    assert not [path for method, path in hub.asked if method in {"DELETE", "PATCH"}]
