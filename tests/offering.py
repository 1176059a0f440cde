"""Ada's blog as a real repository, her posts as rows, and the program's blog that offers go to."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.blog import offers
from services.blog.models import blog, offer, person, post
from services.blog.repos import Mirror
from shared import clock, config, db, worker
from tests.conftest import Baton
from tests.repos import Repo, article

PATH = "content/posts/on-engines.md"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0000003010100"
    "c9fe92ef0000000049454e44ae426082"
)


def git(folder: Path, *words: str) -> str:
    """git in a bare repository, as whoever else works there."""
    who = {f"GIT_{role}_NAME": "Olu" for role in ("AUTHOR", "COMMITTER")}
    who |= {f"GIT_{role}_EMAIL": "olu@example.org" for role in ("AUTHOR", "COMMITTER")}
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "GIT_CONFIG_NOSYSTEM": "1", **who}
    done = subprocess.run(["git", f"--git-dir={folder}", *words], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Ada:
    """A member with a Hugo blog, who agreed to have her posts at the program's blog."""

    def __init__(self, baton: Baton, folder: Path, consent: str = "full") -> None:
        self.baton, self.repo = baton, Repo(folder, "ada")
        self.blog, self.person = db.new_id(), db.new_id()
        now = clock.now()
        with db.write("blog") as tx:
            who = {"id": self.person, "name": "Ada Lovelace", "stream": "stream1", "state": "active", "github": "ada"}
            tx.execute(sa.insert(person).values(**who, blog=None))
            values: dict[str, Any] = {"id": self.blog, "person": self.person, "kind": "repo", "address": self.repo.url}
            values |= {
                "dialect": "hugo",
                "clone_url": "https://git.example/ada/blog",
                "site": "https://ada.example/",
                "branch": "main",
            }
            values |= {"roots": ["content/"], "consent": consent, "consent_at": now, "state": "active", "missing": []}
            tx.execute(sa.insert(blog).values(**values, created_at=now))

    def writes(self, title: str = "On Engines", text: str = "Some words of it.", path: str = PATH, **files: Any) -> str:
        """She pushes a post; the id of it."""
        return self.pushes({path: article(title, text, date="2026-10-01"), **files}, path, title)

    def pushes(self, files: dict[str, Any], path: str = PATH, title: str = "On Engines") -> str:
        """She pushes files, of which one is a post."""
        commit = self.repo.commit(files)
        mirror = Mirror(self.blog)
        mirror.made()
        git(mirror.folder, "fetch", "--quiet", self.repo.url, "+refs/heads/*:refs/heads/*")
        blob = self.repo.git("rev-parse", f"{commit}:{path}")
        now = clock.now()
        with db.write("blog") as tx:
            mine = (post.c.blog == self.blog, post.c.path == path)
            id: str | None = tx.execute(sa.select(post.c.id).where(*mine)).scalar()
            values = {"commit": commit, "blob": blob, "title": title, "state": "wanted", "changed_at": now}
            if id is None:
                id = db.new_id()
                of = {"id": id, "blog": self.blog, "path": path, "rev": 1, "reason": "", "created_at": now}
                tx.execute(sa.insert(post).values(**of, **values))
            else:
                tx.execute(sa.update(post).where(*mine).values(**values, rev=post.c.rev + 1))
            offers.touch(tx, id)
        return id

    def sets(self, id: str, state: str) -> None:
        """She says no to a post, or deletes it."""
        with db.write("blog") as tx:
            tx.execute(sa.update(post).where(post.c.id == id).values(state=state, rev=post.c.rev + 1))
            offers.touch(tx, id)

    def offer(self, id: str) -> dict[str, Any]:
        """The offer of a post, once all that is due was done."""
        worker.app.tasks["blog.tick"].run()
        self.baton.drain()
        with db.read("blog") as tx:
            return dict(tx.execute(sa.select(offer).where(offer.c.post == id)).mappings().one())


def target() -> Path:
    """The program's blog of this test."""
    return config.current().data.absolute() / "program-blog.git"


def files(branch: str = "main", of: Path | None = None) -> set[str]:
    """All paths of a branch of the program's blog."""
    return set(git(of or target(), "ls-tree", "-r", "--name-only", branch).splitlines())


def show(path: str, branch: str = "main") -> str:
    """One file of the program's blog."""
    return git(target(), "show", f"{branch}:{path}")


def branches() -> list[str]:
    """All branches of proposals."""
    return git(target(), "for-each-ref", "--format=%(refname:short)", "refs/heads/baton").splitlines()
