"""From a pasted address to posts: a real repository that is pushed to, and what becomes of it here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.blog import blogs, following
from services.blog.models import blog
from services.blog.repos import Mirror
from services.blog.rules.refusals import Refused
from shared import clock, config, db
from tests.conftest import Baton
from tests.repos import Repo, article
from tests.told import member, tell

ONE, TWO, DRAFT = "_posts/2026-11-01-one.md", "_posts/2026-11-02-two.md", "_drafts/three.md"
CONFIG = "url: https://ada.example.org\nbaseurl: /blog\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path)


@pytest.fixture
def ada(baton: Baton, tmp_path: Path) -> Iterator[Baton]:
    """A Baton that knows Ada, and may read repositories in this test's folder."""
    config.use(replace(config.current(), blog_local=(str(tmp_path),)))
    tell("member.confirmed", member("ada", name="Ada Lovelace", state="active"), to="blog")
    yield baton


def register(baton: Baton, address: str) -> str:
    with db.write("blog") as tx:
        id = blogs.register(tx, following.ring, "ada", address)
    baton.drain()
    return id


def consent(id: str, given: str = "full") -> None:
    with db.write("blog") as tx:
        blogs.consent(tx, "ada", id, given)


def look(baton: Baton, id: str) -> None:
    with db.write("blog") as tx:
        following.ring(tx, id)
    baton.drain()


def states(baton: Baton) -> dict[str, str]:
    return {row["path"]: row["state"] for row in baton.rows("blog", "post")}


def post(baton: Baton, path: str) -> dict[str, Any]:
    [row] = baton.rows("blog", "post", path=path)
    return row


def row(baton: Baton, id: str) -> dict[str, Any]:
    [found] = baton.rows("blog", "blog", id=id)
    return found


def test_registering_lists_and_asks_and_offers_nothing(ada: Baton, repo: Repo) -> None:
    """Given a blog with posts and a draft, When it is pasted, Then what it is was found out, and nothing is offered."""
    repo.commit({"_config.yml": CONFIG, ONE: article("One"), TWO: article("Two"), DRAFT: article("Three"), "a.md": "a"})
    id = register(ada, repo.url)
    found = row(ada, id)
    assert (found["dialect"], found["site"], found["state"]) == ("jekyll", "https://ada.example.org/blog/", "active")
    assert found["roots"] == ["_drafts/", "_posts/"] and found["missing"] == [] and found["due"] is None
    assert states(ada) == {ONE: "listed", TWO: "listed", DRAFT: "skipped"}
    first = post(ada, ONE)
    assert (first["title"], first["day"], first["rev"]) == ("One", "2026-11-01", 0)
    assert first["url"] == "https://ada.example.org/blog/2026/11/01/one.html"
    assert "drafts" in post(ada, DRAFT)["reason"]


def test_after_consent_a_push_is_offered(ada: Baton, repo: Repo) -> None:
    """Given consent, When posts are written, changed, renamed and deleted, Then each state follows, old ones stay."""
    repo.commit({"_config.yml": CONFIG, ONE: article("One", "word " * 200), DRAFT: article("Three")})
    id = register(ada, repo.url)
    consent(id)
    repo.commit({TWO: article("Two")})
    look(ada, id)
    assert states(ada) == {ONE: "listed", DRAFT: "skipped", TWO: "wanted"}
    assert post(ada, TWO)["rev"] == 1
    look(ada, id)
    assert post(ada, TWO)["rev"] == 1, "nothing has changed"
    repo.commit({TWO: article("Two, mended")})
    look(ada, id)
    assert (post(ada, TWO)["rev"], post(ada, TWO)["title"]) == (2, "Two, mended")
    same = post(ada, TWO)["id"]
    renamed = "_posts/2026-11-03-two.md"
    (repo.work / TWO).rename(repo.work / renamed)
    repo.commit({})
    look(ada, id)
    assert (post(ada, renamed)["id"], post(ada, renamed)["rev"]) == (same, 3), "a rename keeps who it is"
    assert post(ada, renamed)["day"] == "2026-11-03"
    published = "_posts/2026-11-04-three.md"
    (repo.work / DRAFT).rename(repo.work / published)
    repo.commit({})
    look(ada, id)
    assert post(ada, published)["state"] == "wanted", "who publishes a draft has written a post"
    repo.commit({renamed: None})
    look(ada, id)
    assert (post(ada, renamed)["state"], post(ada, renamed)["rev"]) == ("gone", 4)


def test_a_draft_again_is_taken_back(ada: Baton, repo: Repo) -> None:
    repo.commit({"_config.yml": CONFIG})
    id = register(ada, repo.url)
    consent(id)
    repo.commit({ONE: article("One")})
    look(ada, id)
    repo.commit({ONE: article("One", published="false")})
    look(ada, id)
    assert (post(ada, ONE)["state"], post(ada, ONE)["rev"]) == ("skipped", 2)
    repo.commit({ONE: article("One")})
    look(ada, id)
    assert post(ada, ONE)["state"] == "wanted"


def test_without_consent_nothing_is_offered(ada: Baton, repo: Repo) -> None:
    repo.commit({"_config.yml": CONFIG, ONE: article("One")})
    id = register(ada, repo.url)
    repo.commit({TWO: article("Two")})
    look(ada, id)
    assert states(ada) == {ONE: "listed", TWO: "listed"}
    with db.write("blog") as tx, pytest.raises(Refused, match="how your posts may be shown"):
        blogs.offer(tx, "ada", id, [post(ada, ONE)["id"]])


def test_many_at_once_ask_first(ada: Baton, repo: Repo) -> None:
    """Given consent, When forty old posts come in one push, Then they are asked for: that is a move, no writing."""
    repo.commit({"_config.yml": CONFIG})
    id = register(ada, repo.url)
    consent(id)
    repo.commit({f"_posts/2025-01-{day:02d}-old.md": article(f"Old {day}") for day in range(1, 29)})
    look(ada, id)
    assert set(states(ada).values()) == {"listed"} and len(states(ada)) == 28


def test_choosing_and_taking_back(ada: Baton, repo: Repo) -> None:
    repo.commit({"_config.yml": CONFIG, ONE: article("One"), TWO: article("Two")})
    id = register(ada, repo.url)
    consent(id, "link")
    one, two = post(ada, ONE)["id"], post(ada, TWO)["id"]
    with db.write("blog") as tx:
        blogs.offer(tx, "ada", id, [one])
        blogs.decline(tx, "ada", id, [two])
    assert states(ada) == {ONE: "wanted", TWO: "declined"}
    repo.commit({TWO: article("Two, mended")})
    look(ada, id)
    assert post(ada, TWO)["state"] == "declined", "no stays no"
    rev = post(ada, ONE)["rev"]
    consent(id, "excerpt")
    assert post(ada, ONE)["rev"] == rev + 1, "what is offered is another thing now"
    consent(id, "")
    assert states(ada) == {ONE: "declined", TWO: "declined"} and row(ada, id)["consent"] is None


def test_nobody_chooses_for_another(ada: Baton, repo: Repo) -> None:
    repo.commit({"_config.yml": CONFIG, ONE: article("One")})
    id = register(ada, repo.url)
    commands: list[Any] = [
        lambda tx: blogs.consent(tx, "eve", id, "full"),
        lambda tx: blogs.offer(tx, "eve", id, [post(ada, ONE)["id"]]),
        lambda tx: blogs.leave(tx, "eve", id),
        lambda tx: blogs.new_secret(tx, "eve", id),
        lambda tx: blogs.describe(tx, following.ring, "eve", id, "", ""),
    ]
    before = ada.rows("blog", "blog")
    for command in commands:
        with db.write("blog") as tx, pytest.raises(Refused, match="no such blog of yours"):
            command(tx)
    assert ada.rows("blog", "blog") == before


def test_history_that_was_rewritten(ada: Baton, repo: Repo) -> None:
    """Given a force-push, When it is looked at, Then posts are as they are there, and can be read."""
    repo.commit({"_config.yml": CONFIG, ONE: article("One")})
    id = register(ada, repo.url)
    consent(id)
    repo.commit({TWO: article("Two")})
    look(ada, id)
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    head = repo.commit({"_posts/2026-11-05-five.md": article("Five", "Nothing of the other. " * 20)}, push=False)
    repo.push("--force", "origin", "HEAD")
    look(ada, id)
    assert states(ada) == {ONE: "listed", TWO: "gone", "_posts/2026-11-05-five.md": "wanted"}
    assert post(ada, ONE)["commit"] == head == row(ada, id)["head"]


def test_the_first_branch_has_another_name(ada: Baton, repo: Repo) -> None:
    repo.commit({"_config.yml": CONFIG, ONE: article("One")})
    id = register(ada, repo.url)
    consent(id)
    repo.git("branch", "-m", "main", "trunk")
    repo.commit({TWO: article("Two")}, push=False)
    repo.push("origin", "trunk")
    repo.git("--git-dir", str(repo.bare), "symbolic-ref", "HEAD", "refs/heads/trunk")
    repo.push("origin", ":main")
    look(ada, id)
    assert row(ada, id)["branch"] == "trunk" and states(ada)[TWO] == "wanted"


def test_a_repository_that_goes_and_comes_back(ada: Baton, repo: Repo) -> None:
    """Given a repository that is not there any more, Then its blog says so, is gone after a week, and can return."""
    repo.commit({"_config.yml": CONFIG, ONE: article("One")})
    id = register(ada, repo.url)
    away = repo.bare.rename(repo.bare.with_suffix(".away"))
    look(ada, id)
    assert (row(ada, id)["state"], states(ada)) == ("unreachable", {ONE: "listed"})
    assert "no repository" in row(ada, id)["error"]
    for _ in range(8):
        ada.pass_time(days=1)
        ada.tick()
    assert row(ada, id)["state"] == "gone"
    away.rename(repo.bare)
    look(ada, id)
    assert (row(ada, id)["state"], row(ada, id)["error"]) == ("active", None)


def test_the_hourly_look_finds_what_no_webhook_told(ada: Baton, repo: Repo) -> None:
    repo.commit({"_config.yml": CONFIG})
    id = register(ada, repo.url)
    consent(id)
    ada.tick()
    repo.commit({ONE: article("One")})
    ada.tick()
    assert states(ada) == {}
    ada.pass_time(hours=1)
    ada.tick()
    assert states(ada) == {ONE: "wanted"}


def test_a_post_of_tomorrow_is_offered_tomorrow(ada: Baton, repo: Repo) -> None:
    later = "_posts/2027-01-06-later.md"
    repo.commit({"_config.yml": CONFIG})
    id = register(ada, repo.url)
    consent(id)
    repo.commit({later: article("Later")})
    look(ada, id)
    assert (post(ada, later)["state"], post(ada, later)["day"]) == ("skipped", "2027-01-06")
    ada.pass_time(days=1)
    ada.tick()
    assert post(ada, later)["state"] == "skipped"
    ada.pass_time(days=1)
    ada.tick()
    assert (post(ada, later)["state"], post(ada, later)["reason"]) == ("wanted", "")


def test_whoever_dies_in_between_loses_and_doubles_nothing(
    ada: Baton, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a worker that dies after each step, When others go on, Then every post is there once."""
    monkeypatch.setattr("services.blog.following.taking.STEP", 3)
    repo.commit({"_config.yml": CONFIG, **{f"_posts/2025-01-{d:02d}-p.md": article(f"P{d}") for d in range(1, 11)}})

    class Died(BaseException):
        pass

    def die(point: str) -> None:
        if point == "blog.step":
            raise Died

    monkeypatch.setattr("shared.die.at", die)
    with db.write("blog") as tx:
        id = blogs.register(tx, lambda tx, id: None, "ada", repo.url)
        tx.execute(sa.update(blog).values(due=clock.machine()))
    seen = []
    for _ in range(4):
        with pytest.raises(Died):
            following.work(id)
        seen.append(len(states(ada)))
    assert seen == [3, 6, 9, 10]
    monkeypatch.setattr("shared.die.at", lambda point: None)
    ada.pass_machine_time(60)
    ada.tick()
    assert row(ada, id)["state"] == "active" and len(states(ada)) == 10


def test_two_workers_never_take_in_the_same_blog(ada: Baton, repo: Repo) -> None:
    repo.commit({"_config.yml": CONFIG, ONE: article("One")})
    id = register(ada, repo.url)
    with db.write("blog") as tx:
        tx.execute(sa.update(blog).values(due=clock.machine(), touched=clock.machine() + 30))
    before = row(ada, id)
    assert not following.work(id) and row(ada, id) == before
    with db.read("blog") as tx:
        assert following.waiting(tx) == []
    ada.pass_machine_time(31)
    ada.tick()
    assert row(ada, id)["due"] is None


def test_who_rings_while_somebody_looks_is_heard(ada: Baton, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.blog.following import taking

    repo.commit({"_config.yml": CONFIG, ONE: article("One")})
    id = register(ada, repo.url)
    consent(id)
    real = taking.steps

    def slow(mirror: Any, found: Any) -> Any:
        monkeypatch.setattr(taking, "steps", real)
        repo.commit({TWO: article("Two")})
        with db.write("blog") as tx:
            following.ring(tx, id)
        yield from real(mirror, found)

    monkeypatch.setattr(taking, "steps", slow)
    repo.commit({"about.md": "I write."})
    look(ada, id)
    ada.pass_machine_time(60)
    ada.tick()
    assert states(ada) == {ONE: "listed", TWO: "wanted"}


def test_a_mirror_that_was_lost_is_brought_again(ada: Baton, repo: Repo) -> None:
    repo.commit({"_config.yml": CONFIG, ONE: article("One")})
    id = register(ada, repo.url)
    consent(id)
    Mirror(id).thrown_away()
    repo.commit({TWO: article("Two"), ONE: article("One, mended")})
    look(ada, id)
    assert states(ada) == {ONE: "listed", TWO: "wanted"} and post(ada, ONE)["title"] == "One, mended"


def test_a_last_commit_that_nobody_has_any_more(ada: Baton, repo: Repo) -> None:
    """Given a mirror that is lost and history that is rewritten, Then all is compared, and renames are known by
    content."""
    repo.commit({"_config.yml": CONFIG, ONE: article("One"), TWO: article("Two")})
    id = register(ada, repo.url)
    consent(id)
    same = post(ada, TWO)["id"]
    Mirror(id).thrown_away()
    (repo.work / TWO).rename(repo.work / "_posts/2026-11-09-two.md")
    (repo.work / ONE).unlink()
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--amend", "-m", "Anew")
    repo.push("--force", "origin", "HEAD")
    look(ada, id)
    assert states(ada) == {ONE: "gone", "_posts/2026-11-09-two.md": "listed"}
    assert post(ada, "_posts/2026-11-09-two.md")["id"] == same


def test_taking_it_out_and_having_it_back(ada: Baton, repo: Repo) -> None:
    repo.commit({"_config.yml": CONFIG, ONE: article("One"), TWO: article("Two")})
    id = register(ada, repo.url)
    consent(id)
    with db.write("blog") as tx:
        blogs.offer(tx, "ada", id, [post(ada, ONE)["id"]])
    with db.write("blog") as tx:
        blogs.leave(tx, "ada", id)
    assert states(ada) == {ONE: "declined"} and not Mirror(id).folder.exists()
    assert (row(ada, id)["state"], row(ada, id)["hook_secret"], row(ada, id)["consent"]) == ("left", None, None)
    assert register(ada, repo.url) == id
    assert states(ada) == {ONE: "declined", TWO: "listed"}


def test_other_folders_are_asked_about_as_at_the_beginning(ada: Baton, repo: Repo) -> None:
    repo.commit({"hugo.toml": "", "content/posts/a.md": article("A"), "content/notes/b.md": article("B")})
    id = register(ada, repo.url)
    assert row(ada, id)["roots"] == ["content/notes/", "content/posts/"]
    consent(id)
    with db.write("blog") as tx:
        blogs.offer(tx, "ada", id, [post(ada, "content/posts/a.md")["id"]])
        blogs.describe(tx, following.ring, "ada", id, "https://ada.example.org", "content/posts")
    ada.drain()
    assert states(ada) == {"content/posts/a.md": "wanted", "content/notes/b.md": "gone"}
    with db.write("blog") as tx:
        blogs.describe(tx, following.ring, "ada", id, "https://ada.example.org", "")
    ada.drain()
    assert states(ada)["content/notes/b.md"] == "listed"
    assert row(ada, id)["site"] == "https://ada.example.org/"


@pytest.mark.parametrize(
    "files, dialect, post_path",
    [
        ({"_config.yml": "", "_posts/2026-01-01-a.md": article("A")}, "jekyll", "_posts/2026-01-01-a.md"),
        ({"_action_files/a": "", "_posts/2026-01-01-a.md": article("A")}, "fastpages", "_posts/2026-01-01-a.md"),
        ({"hugo.toml": "", "content/posts/a.md": article("A")}, "hugo", "content/posts/a.md"),
        ({"_quarto.yml": "", "posts/a/index.qmd": article("A")}, "quarto", "posts/a/index.qmd"),
        ({"pelicanconf.py": "", "content/a.md": "Title: A\nDate: 2026-01-01\n\nWords\n"}, "pelican", "content/a.md"),
        ({"myst.yml": "", "notes/a.md": "# A\n\nWords\n"}, "myst", "notes/a.md"),
        ({"astro.config.mjs": "", "src/content/blog/a.md": article("A")}, "astro", "src/content/blog/a.md"),
        ({"til/a.md": "# A\n\nWords\n"}, "readme", "til/a.md"),
    ],
)
def test_each_generator_is_known(ada: Baton, repo: Repo, files: dict[str, str], dialect: str, post_path: str) -> None:
    repo.commit(dict(files))
    id = register(ada, repo.url)
    assert row(ada, id)["dialect"] == dialect, row(ada, id)["error"]
    assert post(ada, post_path)["title"] == "A" and states(ada)[post_path] == "listed"


def test_what_is_missing_is_said(ada: Baton, repo: Repo) -> None:
    repo.commit({"hugo.toml": "", "content/a.rst": "A\n=\n"})
    [none, site, rst] = row(ada, register(ada, repo.url))["missing"]
    assert "No post was found" in none and "`baseURL`" in site and "1 file is not Markdown" in rst


def test_what_its_files_tell_later_is_heard(ada: Baton, repo: Repo) -> None:
    """Given a repository that was registered before there was much in it, When its generator, its address, a post and a
    folder of posts come, Then each is seen, what was said to be missing is no more, and what its author said stays."""
    repo.commit({"README.md": article("Soon"), "a.rst": "A"})
    id = register(ada, repo.url)
    consent(id)
    assert (row(ada, id)["dialect"], len(row(ada, id)["missing"])) == ("readme", 2)
    with db.write("blog") as tx:
        blogs.describe(tx, following.ring, "ada", id, "https://ada.example.net", "")
    assert len(row(ada, id)["missing"]) == 1, "that it said itself"
    with db.write("blog") as tx:
        blogs.describe(tx, following.ring, "ada", id, "", "")
    with db.write("blog") as tx:
        blogs.offer(tx, "ada", id, [post(ada, "README.md")["id"]])
    repo.commit(
        {"hugo.toml": 'baseURL = "https://ada.example.org/"', "content/posts/a.md": article("A"), "a.rst": None}
    )
    look(ada, id)
    now = row(ada, id)
    assert (now["dialect"], now["roots"], now["site"], now["missing"]) == (
        "hugo", ["content/posts/"], "https://ada.example.org/", [],
    )  # fmt: skip
    assert states(ada) == {"README.md": "gone", "content/posts/a.md": "listed"}, "asked about as at the beginning"
    repo.commit({"content/posts/b.md": article("B")})
    look(ada, id)
    assert states(ada)["content/posts/b.md"] == "wanted"
    repo.commit({"content/notes/c.md": article("C"), "hugo.toml": 'baseURL = "https://lovelace.example.org/"'})
    look(ada, id)
    assert row(ada, id)["roots"] == ["content/notes/", "content/posts/"]
    assert row(ada, id)["site"] == "https://lovelace.example.org/"
    assert states(ada)["content/notes/c.md"] == "listed" and states(ada)["content/posts/b.md"] == "wanted"
    with db.write("blog") as tx:
        blogs.describe(tx, following.ring, "ada", id, "https://mine.example.org", "content/posts")
    ada.drain()
    repo.commit({"content/talks/d.md": article("D"), "hugo.toml": 'baseURL = "https://other.example.org/"'})
    look(ada, id)
    assert (row(ada, id)["roots"], row(ada, id)["site"]) == (["content/posts/"], "https://mine.example.org/")
    assert "content/talks/d.md" not in states(ada)


def test_an_empty_repository_says_so(ada: Baton, repo: Repo) -> None:
    id = register(ada, repo.url)
    assert (row(ada, id)["state"], row(ada, id)["due"]) == ("asked", None)
    assert "is empty" in row(ada, id)["error"]
    repo.commit({ONE: article("One")})
    look(ada, id)
    assert row(ada, id)["state"] == "active"
