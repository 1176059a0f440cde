"""Members' repositories are read by plumbing alone, whatever is in them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.blog import posts
from services.blog.models import blog, post
from services.blog.repos import Change, Failed, Mirror, git
from shared import clock, config, db
from shared.config import Config
from tests.conftest import SECRET, Baton
from tests.repos import Repo, article
from tests.told import member, tell

DAY = "2026-11-02"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path)


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    config.use(Config(secret=SECRET, data=tmp_path))
    found = Mirror("a")
    found.made()
    yield found
    config.use(None)


def bring(mirror: Mirror, repo: Repo) -> None:
    git.run(mirror.folder, "fetch", "--quiet", repo.url, "+refs/heads/*:refs/heads/*", size=10_000_000, folders=True)


def test_a_tree_holds_files_alone(mirror: Mirror, repo: Repo) -> None:
    """Given links, a submodule and names that nobody could keep, When the tree is listed, Then it is plain files."""
    (repo.work / "link.md").symlink_to("/etc/passwd")
    (repo.work / "up.md").symlink_to("../../secret")
    odd = repo.git("hash-object", "-w", "--stdin", given=b"odd")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    repo.git("update-index", "--add", "--cacheinfo", f"100644,{odd},line\nbreak.md")
    subprocess.run(
        ["git", "update-index", "--add", "-z", "--index-info"],
        cwd=repo.work, check=True, input=f"100644 {odd} 0\t".encode() + b"latin-\xe9.md\0",
    )  # fmt: skip
    (repo.work / "wörter.md").write_text("hello")
    repo.git("add", "link.md", "up.md", "wörter.md")
    repo.git("commit", "--quiet", "-m", "Odd")
    repo.push()
    bring(mirror, repo)
    head = repo.git("rev-parse", "HEAD")
    assert set(mirror.tree(head)) == {"wörter.md"}
    assert mirror.blob(mirror.tree(head)["wörter.md"].blob, 100) == b"hello"


@pytest.mark.parametrize("name", [b"../up.md", b".git/hooks/post-checkout", b"a/../../b.md", b"a//b.md", b"/etc/x"])
def test_a_path_that_leads_out_is_no_file(name: bytes) -> None:
    from services.blog.repos import mirror as of_mirror

    assert of_mirror._path(name) is None


def test_what_changed_with_renames(mirror: Mirror, repo: Repo) -> None:
    text = "\n".join(f"line {n}" for n in range(50))
    old = repo.commit({"a.md": text, "b.md": "b", "c.md": "c"})
    (repo.work / "a.md").rename(repo.work / "z.md")
    new = repo.commit({"b.md": None, "c.md": "cc", "d.md": "d"})
    bring(mirror, repo)
    seen = {(change.path, change.was, bool(change.blob)) for change in mirror.changes(old, new)}
    assert seen == {("z.md", "a.md", True), ("b.md", "", False), ("c.md", "", True), ("d.md", "", True)}
    assert mirror.first_days(new)["z.md"] == DAY
    assert Change("b.md", "") in mirror.changes(old, new)


def test_a_tree_of_billions_of_files_ends(mirror: Mirror, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a few objects that make a tree without end, When it is listed, Then it is refused, soon."""
    blob = repo.git("hash-object", "-w", "--stdin", given=b"x")
    tree = repo.git("mktree", given="".join(f"100644 blob {blob}\tf{n}\n" for n in range(10)).encode())
    for _ in range(9):
        tree = repo.git("mktree", given="".join(f"040000 tree {tree}\td{n}\n" for n in range(10)).encode())
    commit = repo.git("commit-tree", "-m", "bomb", tree)
    repo.git("push", "--quiet", "origin", f"{commit}:refs/heads/main")
    bring(mirror, repo)
    monkeypatch.setattr(git, "OUTPUT", 1_000_000)
    with pytest.raises(Failed, match="too much"):
        mirror.tree(commit)


def test_a_file_that_is_small_only_as_long_as_it_is_packed_is_not_read(mirror: Mirror, repo: Repo) -> None:
    commit = repo.commit({"zeros.md": bytes(30_000_000)})
    bring(mirror, repo)
    found = mirror.entry(commit, "zeros.md")
    assert found is not None and found.size == 30_000_000 and mirror.entry(commit, "none.md") is None
    assert mirror.blobs([found.blob], 2_000_000) == {found.blob: None}
    with pytest.raises(Failed):
        mirror.blob(found.blob, 2_000_000)


def test_a_repository_that_is_too_large_is_not_brought(mirror: Mirror, repo: Repo) -> None:
    import random

    repo.commit({"large.bin": random.Random(1).randbytes(2_000_000)})
    with pytest.raises(Failed):
        git.run(mirror.folder, "fetch", "--quiet", repo.url, "HEAD", size=1_000_000, folders=True)
    assert sum(file.stat().st_size for file in mirror.folder.rglob("*") if file.is_file()) < 1_500_000


@pytest.mark.parametrize(
    "address", ["ext::sh -c touch% {mark}", "file://{bare}", "{bare}", "ssh://127.0.0.1/x", "git://127.0.0.1/x"]
)
def test_no_other_protocol_is_spoken(mirror: Mirror, repo: Repo, tmp_path: Path, address: str) -> None:
    mark = tmp_path / "mark"
    repo.commit({"a.md": "a"})
    with pytest.raises(Failed, match="not allowed"):
        git.run(mirror.folder, "fetch", address.format(mark=mark, bare=repo.bare), "HEAD", size=1_000_000)
    assert not mark.exists()


def test_nothing_of_ours_is_passed_on(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATON_SECRET", "a-secret-that-nobody-may-see")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "touch /tmp/never")
    assert not {"BATON_SECRET", "GIT_EXTERNAL_DIFF"} & set(git.environment())


def put(person: str, head: str, path: str, **more: Any) -> str:
    """A blog with one post, as registering and following would leave them."""
    now = clock.now()
    with db.write("blog") as tx:
        found: dict[str, Any] = {
            "id": "a",
            "person": person,
            "kind": "repo",
            "address": "https://github.com/ada/blog",
            "branch": "main",
        }
        found |= {"clone_url": "https://github.com/ada/blog.git", "site": "https://ada.example/", "dialect": "jekyll"}
        found |= {"roots": [], "state": "active", "missing": [], "created_at": now, "head": head, "hook_secret": "s"}
        tx.execute(blog.insert().values(**found))
        one: dict[str, Any] = {
            "id": "p",
            "blog": "a",
            "path": path,
            "commit": head,
            "blob": "",
            "rev": 1,
            "title": "One",
            "reason": "",
        }
        one |= {"state": "wanted", "first_day": DAY, "created_at": now, "changed_at": now}
        tx.execute(post.insert().values(**(one | more)))
    return "p"


def test_material_is_read_at_the_commit_of_the_post(baton: Baton, repo: Repo) -> None:
    tell("member.confirmed", member("m1", name="Ada Lovelace"), to="blog")
    path = "_posts/2026-11-01-one.md"
    head = repo.commit({path: article("One"), "img/a.png": b"png"})
    repo.commit({path: article("Two")})
    mirror = Mirror("a")
    mirror.made()
    bring(mirror, repo)
    id = put("m1", head, path)
    with db.read("blog") as tx:
        found = posts.material(tx, id)
    assert found.path == path and b"title: One" in found.raw and str(found.first_day) == DAY
    assert found.source.author.name == "Ada Lovelace" and found.source.author.key == "ada-lovelace"
    assert found.source.pages == "https://github.com/ada/blog/blob/main/"
    assert found.source.tree.read("img/a.png") == b"png"
    mirror.thrown_away()
    with db.read("blog") as tx, pytest.raises(posts.Absent):
        from services.blog.repos import mirror as of_mirror

        of_mirror._tree.cache_clear()
        posts.material(tx, id)


def test_erasing_leaves_ids_alone(baton: Baton, repo: Repo) -> None:
    """Given a member with a blog, When they are erased, Then nothing says what they wrote, and their mirror is gone."""
    tell("member.confirmed", member("m1", name="Ada Lovelace"), to="blog")
    mirror = Mirror("a")
    mirror.made()
    put("m1", "0" * 40, "_posts/2026-11-01-secret-words.md", title="Secret words")
    tell("member.erased", {"person": "m1"}, to="blog")
    left = repr(baton.rows("blog", "blog") + baton.rows("blog", "post"))
    for word in ("secret-words", "Secret", "ada", DAY):
        assert word not in left
    assert baton.rows("blog", "post")[0]["state"] == "gone"
    assert not mirror.folder.exists()
