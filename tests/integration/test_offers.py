"""From a member's post to the program's blog, on real git: nothing is mocked, a laptop's own blog is the target."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.blog import forges, models
from services.blog.handlers import member_erased
from services.blog.offers import deciding
from shared import clock, db
from shared.events import Event
from tests.browser.conftest import served
from tests.conftest import Baton
from tests.offering import PATH, Ada, branches, files, git, show, target

POST = "_posts/2026-10-01-on-engines.md"


@pytest.fixture
def ada(baton: Baton, tmp_path: Path) -> Ada:
    return Ada(baton, tmp_path)


def decides(verdict: str, row: dict[str, Any]) -> None:
    with db.write("blog") as tx:
        deciding.decide(tx, "", row["id"], verdict)


def published(baton: Baton) -> list[dict[str, Any]]:
    return baton.rows("blog", "event", type="post.published")


def test_a_post_becomes_one_proposal_on_a_branch_of_its_own(ada: Ada) -> None:
    row = ada.offer(ada.writes())
    assert (row["state"], row["reason"], row["due"]) == ("open", "", None)
    assert branches() == [row["branch"]]
    new = files(row["branch"]) - files()
    assert new == {POST, "_data/authors/ada-lovelace.yml"}
    text = show(POST, row["branch"])
    assert 'title: "On Engines"' in text and "Originally published at" in text and "Some words of it." in text
    assert 'canonical_url: "https://ada.example/' in text
    author = git(target(), "log", "-1", "--format=%an <%ae>", row["branch"])
    assert author == "Ada Lovelace <ada@users.noreply.github.com>"


def test_ten_edits_are_one_proposal_and_the_same_edit_twice_is_no_commit(ada: Ada) -> None:
    first = ada.offer(ada.writes())
    for number in range(10):
        last = ada.offer(ada.writes(f"On Engines {number}", f"Words {number}."))
    assert branches() == [first["branch"]] and last["id"] == first["id"] and last["round"] == 1
    assert last["title"] == "On Engines 9" and "On Engines 9" in last["text"]
    assert files(last["branch"]) - files() == {POST, "_data/authors/ada-lovelace.yml"}
    assert git(target(), "rev-list", "--count", f"main..{last['branch']}") == "11"
    same = ada.offer(ada.writes("On Engines 9", "Words 9."))
    assert same["commit"] == last["commit"] and same["rev"] == last["rev"] + 1


def test_accepted_it_is_live_and_told_once(baton: Baton, ada: Ada) -> None:
    id = ada.writes()
    row = ada.offer(id)
    decides("accept", row)
    row = ada.offer(id)
    assert (row["state"], row["verdict"], row["branch"]) == ("merged", None, None)
    assert POST in files() and branches() == []
    assert sorted(row["live"]) == ["_data/authors/ada-lovelace.yml", POST]
    baton.pass_time(hours=2)
    ada.offer(id)
    assert [each["data"]["title"] for each in published(baton)] == ["On Engines"]


def test_merged_by_hand_is_seen_within_the_hour(baton: Baton, ada: Ada) -> None:
    id = ada.writes()
    row = ada.offer(id)
    git(target(), "update-ref", "refs/heads/main", row["commit"])
    assert ada.offer(id)["state"] == "open"
    baton.pass_time(hours=1)
    assert ada.offer(id)["state"] == "merged" and len(published(baton)) == 1


def test_squashed_by_hand_is_merged_too_though_its_branch_is_gone(baton: Baton, ada: Ada) -> None:
    id = ada.writes()
    row = ada.offer(id)
    squashed = git(target(), "commit-tree", f"{row['commit']}^{{tree}}", "-p", "main", "-m", "All of it")
    git(target(), "update-ref", "refs/heads/main", squashed)
    git(target(), "update-ref", "-d", f"refs/heads/{row['branch']}")
    baton.pass_time(hours=1)
    assert ada.offer(id)["state"] == "merged" and len(published(baton)) == 1


def test_a_race_that_is_lost_is_run_again_at_once(ada: Ada, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN the program's blog moves while a post is merged WHEN that happens twice THEN it is live by the same task;
    WHEN it goes on THEN it waits for a while
    """
    real = forges.plain.Plain.accept
    lost: list[None] = []

    def loses(times: int) -> None:
        lost[:] = [None] * times

    def accept(self: Any, *given: Any) -> Any:
        if lost:
            lost.pop()
            raise forges.Moved("main")
        return real(self, *given)

    monkeypatch.setattr(forges.plain.Plain, "accept", accept)
    row = ada.offer(post := ada.writes())
    loses(3)
    decides("accept", row)
    waits = ada.offer(post)
    assert (waits["state"], waits["verdict"], waits["reason"]) == ("open", "accept", "")
    assert waits["due"] > clock.machine() and not lost
    with db.write("blog") as tx:
        tx.execute(sa.update(models.offer).values(due=clock.machine()))
    loses(2)
    assert ada.offer(post)["state"] == "merged" and not lost


@pytest.mark.parametrize("how", ["our page", "their forge"])
def test_declined_stays_declined_until_its_author_asks_again(baton: Baton, ada: Ada, how: str) -> None:
    id = ada.writes()
    row = ada.offer(id)
    if how == "our page":
        decides("decline", row)
    else:
        git(target(), "update-ref", "-d", f"refs/heads/{row['branch']}")
        baton.pass_time(hours=1)
    assert ada.offer(id)["state"] == "closed" and branches() == []
    ada.writes("On Engines, again", "Better words.")
    baton.pass_time(hours=1)
    assert ada.offer(id)["state"] == "closed" and branches() == []
    with db.write("blog") as tx:
        deciding.ask_again(tx, id)
    again = ada.offer(id)
    assert again["state"] == "open" and again["branch"] == row["branch"].replace("engines-", "engines-again-") + "-2"
    assert published(baton) == []


def test_what_a_person_commits_to_the_branch_is_never_written_over(ada: Ada) -> None:
    id = ada.writes()
    row = ada.offer(id)
    theirs = git(target(), "commit-tree", "main^{tree}", "-p", row["commit"], "-m", "By hand")
    git(target(), "update-ref", f"refs/heads/{row['branch']}", theirs)
    ada.writes(text="Other words.")
    after = ada.offer(id)
    assert after["moved"] and after["state"] == "open" and "by hand" not in after["reason"]
    assert git(target(), "rev-parse", row["branch"]) == theirs
    # merged as they left it, it is live
    decides("accept", after)
    assert ada.offer(id)["published_at"] is not None


def test_taken_back_before_it_is_merged_its_proposal_is_closed(baton: Baton, ada: Ada) -> None:
    id = ada.writes()
    row = ada.offer(id)
    kept = git(target(), "rev-parse", row["branch"])
    ada.sets(id, "gone")
    assert ada.offer(id)["state"] == "withdrawn" and branches() == []
    assert git(target().parent / "forge.git", "cat-file", "-t", kept) == "commit"
    ada.writes()
    assert ada.offer(id)["state"] == "open" and published(baton) == []


def test_taken_back_after_it_is_merged_a_proposal_takes_it_down(baton: Baton, ada: Ada) -> None:
    id = ada.writes()
    decides("accept", ada.offer(id))
    ada.offer(id)
    ada.sets(id, "declined")
    row = ada.offer(id)
    assert (row["state"], row["kind"]) == ("open", "removal")
    assert files() - files(row["branch"]) == {POST}
    decides("accept", row)
    row = ada.offer(id)
    assert (row["state"], row["live"]) == ("withdrawn", []) and POST not in files()
    # and offered once more, it is live again, which is no news
    ada.writes()
    decides("accept", ada.offer(id))
    assert ada.offer(id)["state"] == "merged" and POST in files() and len(published(baton)) == 1


def test_a_removal_that_is_declined_is_not_proposed_again(baton: Baton, ada: Ada) -> None:
    id = ada.writes()
    decides("accept", ada.offer(id))
    ada.offer(id)
    ada.sets(id, "gone")
    decides("decline", ada.offer(id))
    baton.pass_time(hours=1)
    row = ada.offer(id)
    assert (row["state"], row["kind"]) == ("closed", "removal") and POST in files() and branches() == []


def test_a_change_of_what_is_live_is_a_proposal_and_keeps_its_path(ada: Ada) -> None:
    id = ada.writes()
    decides("accept", ada.offer(id))
    ada.offer(id)
    ada.writes("Another title", "Other words.")
    row = ada.offer(id)
    assert (row["state"], row["kind"], row["path"]) == ("open", "update", POST)
    assert "Other words." in show(POST, row["branch"]) and "Other words." not in show(POST)
    decides("accept", row)
    assert ada.offer(id)["state"] == "merged" and "Another title" in show(POST)


@pytest.mark.parametrize("consent", ["excerpt", "link"])
def test_no_more_is_written_than_its_author_agreed_to(baton: Baton, tmp_path: Path, consent: str) -> None:
    ada = Ada(baton, tmp_path, consent)
    words = "A first paragraph that says what it is about.\n\nA second one that stays at home.\n\n![A](a.png)"
    id = ada.writes(text=words)
    row = ada.offer(id)
    text = show(POST, row["branch"])
    assert "stays at home" not in text and "https://ada.example/" in text
    assert ("A first paragraph" in text) == (consent == "excerpt")
    assert not [path for path in row["files"] if path.startswith("images/")]


def test_what_seems_to_hold_a_secret_waits_for_a_person(baton: Baton, ada: Ada) -> None:
    secret = "ghp_" + "a1B2" * 9
    id = ada.writes(text=f"My token is {secret} and that is all.")
    row = ada.offer(id)
    assert row["state"] == "held" and branches() == []
    assert secret not in row["body"] + str(row["notes"]) + row["reason"]
    with db.write("blog") as tx:
        deciding.release(tx, "", row["id"])
    assert ada.offer(id)["state"] == "open"
    # what comes later is looked at anew
    ada.writes(text=f"My token is {secret[:-4]}zzzz and that is all.")
    assert ada.offer(id)["state"] == "held"


def test_a_post_that_becomes_a_draft_is_taken_back(ada: Ada) -> None:
    id = ada.writes()
    ada.offer(id)
    ada.pushes({PATH: "---\ntitle: On Engines\ndate: 2026-10-01\ndraft: true\n---\n\nWords.\n"})
    row = ada.offer(id)
    assert row["state"] == "skipped" and "draft" in row["reason"] and branches() == []


def test_two_posts_of_one_title_do_not_share_a_path(ada: Ada) -> None:
    first = ada.offer(ada.writes())
    second = ada.offer(ada.writes(path="content/notes/on-engines.md"))
    assert first["path"] != second["path"]
    decides("accept", first)
    decides("accept", second)
    assert ada.offer(first["post"])["state"] == ada.offer(second["post"])["state"] == "merged"
    assert {first["path"], second["path"]} <= files()


def test_a_conflict_is_said_and_nothing_is_lost(ada: Ada) -> None:
    id = ada.writes()
    row = ada.offer(id)
    blob = git(target(), "rev-parse", "main:README.md")
    # somebody puts another file at the same path
    tree = git(target(), "ls-tree", "main")
    entry = f"100644 blob {blob}\t2026-10-01-on-engines.md"
    folder = _mktree(entry)
    whole = _mktree(tree + f"\n040000 tree {folder}\t_posts")
    git(target(), "update-ref", "refs/heads/main", git(target(), "commit-tree", whole, "-p", "main", "-m", "By hand"))
    decides("accept", row)
    after = ada.offer(id)
    assert after["state"] == "open" and after["verdict"] is None and "changed at the same place" in after["reason"]
    assert branches() == [row["branch"]]


def _mktree(entries: str) -> str:
    command = ["git", f"--git-dir={target()}", "mktree"]
    return subprocess.run(command, input=entries + "\n", capture_output=True, text=True, check=True).stdout.strip()


def test_erased_nothing_of_theirs_is_left_and_what_is_live_is_to_be_taken_down(baton: Baton, ada: Ada) -> None:
    id = ada.writes()
    decides("accept", ada.offer(id))
    row = ada.offer(id)
    with db.write("blog") as tx:
        about, said = f"person/{ada.person}", {"person": ada.person}
        member_erased(tx, Event(1, "e1", "signup", "member.erased", 1, about, 1, clock.now(), None, False, said))
    row = ada.offer(id)
    assert (row["state"], row["kind"]) == ("open", "removal")
    kept = {name: value for name, value in row.items() if name not in {"live", "files", "path", "branch"}}
    assert "Ada" not in str(kept) and "Engines" not in str(kept)
    assert "Ada" not in str([each["data"] for each in published(baton)])
    assert files() - files(row["branch"]) == {POST, "_data/authors/ada-lovelace.yml"}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_password_reaches_the_remote_and_nothing_that_others_read(
    baton: Baton, tmp_path: Path, change_settings: Any, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    # Given a remote that asks for a password
    asked: list[str] = []
    words: list[str] = []

    def remote(environ: Any, start: Any) -> list[bytes]:
        asked.append(environ.get("HTTP_AUTHORIZATION", ""))
        start("404 Not Found", [])
        return [b""]

    real = subprocess.Popen

    def started(command: Any, *given: Any, **more: Any) -> Any:
        words.append(str(command))
        return real(command, *given, **more)

    monkeypatch.setattr(subprocess, "Popen", started)
    ada = Ada(baton, tmp_path)
    with served(remote) as origin:
        change_settings(blog_repo=f"{origin.replace('://', '://robot:pa%20ss@')}/blog.git")
        row = ada.offer(ada.writes())
    # Then it gets it, and the post waits
    assert base64.b64encode(b"robot:pa ss").decode() in asked[-1]
    assert row["state"] == "waiting" and "cannot be reached" in row["reason"]
    # And it stands in no command, log, page or file
    said = capfd.readouterr()
    kept = "".join(file.read_text() for file in (tmp_path / "forge.git").rglob("*") if file.is_file())
    for secret in ("pa%20ss", "pa ss", base64.b64encode(b"robot:pa ss").decode()):
        assert secret not in f"{words}{said.out}{said.err}{row}{kept}"
