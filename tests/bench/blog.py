"""Blog: from a push to an opened proposal on a local forge, beside bare git bringing and pushing the same change.

The subject is what the two tasks of a push do: look at the blog (fetch, what changed, take it in), and work on the
offer (convert, build, place, open). A blog has 100 posts in one row, 10,000 in the other, where the first is the floor.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.blog import following, forges, hooks, offers
from services.blog.models import blog, offer, person, post
from services.blog.repos import Mirror, remote
from services.blog.repos import branch as first_branch
from services.blog.repos import fetch as bring
from shared import clock, config, db, engines, log, worker
from shared.cli import migrate
from shared.events import bell
from tests.offering import PNG
from tests.repos import Repo, article

from .measure import Missing, Row, in_turn

ROUNDS = 15
FEW, MANY = 100, 10_000
WORDS = "Some words of a post that somebody wrote on an evening.\n\n" * 30
SHOWN = "\n\n![What was seen](seen.png) and [what was before](../old-1/)\n"


def measure(rounds: int) -> list[Row]:
    """Seconds from a push to an opened proposal."""
    bare = Row("blog: push to proposal", "s", 4, 2, lower=True)
    size = Row("blog: 10,000 posts : 100 posts", "s", 1.5, 1.1, lower=True)
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as place:
        folder = Path(place)
        secret = "a-secret-of-benches-that-is-long-enough"
        (folder / "data").mkdir()
        config.use(config.Config(secret=secret, data=folder / "data", blog_local=(place,)))
        log.configure("text")
        bell.ring = lambda service: None  # type: ignore[assignment]
        worker.send = lambda *_, **__: None  # type: ignore[assignment]
        try:
            migrate.upgrade("blog")
            few, many = _Writer(folder, "few", FEW), _Writer(folder, "many", MANY)
            floor = _Floor(folder, few)

            def subject() -> None:
                took, text = few.push()
                bare.subject.append(took)
                size.floor.append(took)
                bare.floor.append(floor.brings(text))

            def large() -> None:
                size.subject.append(many.push()[0])

            for each in (few, many):
                each.push()  # once, so that mirrors and stores are there
            in_turn(rounds, subject, large)
        finally:
            engines.close()
            config.use(None)
    return [bare, size]


@dataclass
class _Writer:
    """A member and their blog, all of whose posts are known."""

    folder: Path
    name: str
    posts: int

    def __post_init__(self) -> None:
        self.repo, self.blog, self.number = Repo(self.folder, self.name), db.new_id(), 0
        listed = {f"content/posts/old-{n}.md": article(f"Old {n}", WORDS, date="2020-01-02") for n in range(self.posts)}
        head = self.repo.commit(
            {"hugo.toml": "baseURL = 'https://ada.example/'\n", "content/posts/seen.png": PNG, **listed}
        )
        now, who = clock.now(), db.new_id()
        values: dict[str, Any] = {
            "id": self.blog,
            "person": who,
            "kind": "repo",
            "address": self.repo.url,
            "clone_url": self.repo.url,
        }
        values |= {
            "dialect": "hugo",
            "site": "https://ada.example/",
            "branch": "main",
            "roots": ["content/"],
            "head": head,
        }
        values |= {"consent": "full", "consent_at": now, "state": "active", "missing": [], "created_at": now}
        with db.write("blog") as tx:
            said = {"id": who, "name": f"Ada {self.name}", "stream": "stream1", "state": "active", "github": self.name}
            tx.execute(sa.insert(person).values(**said, blog=None))
            tx.execute(sa.insert(blog).values(**values, hook_secret=db.new_id()))
        mirror, at = Mirror(self.blog), remote(self.repo.url)
        bring(mirror, at, first_branch(at, "main"))
        fixed = {"blog": self.blog, "commit": head, "state": "listed", "rev": 1, "reason": "", "created_at": now}
        rows = [
            {"id": db.new_id(), "path": path, "title": path, "blob": entry.blob, "changed_at": now, **fixed}
            for path, entry in mirror.tree(head).items()
            if path in listed
        ]
        with db.write("blog") as tx:
            tx.execute(sa.insert(post), rows)

    def push(self) -> tuple[float, str]:
        """They write one more post: seconds from the doorbell to the proposal, and what is proposed."""
        self.number += 1
        path = f"content/posts/new-{self.number}.md"
        self.repo.commit({path: article(f"New {self.name} {self.number}", WORDS + SHOWN, date="2026-01-02")})
        began = time.perf_counter()
        with db.write("blog") as tx:
            hooks.seen(tx, self.blog)
            following.ring(tx, self.blog)
        following.work(self.blog)
        with db.read("blog") as tx:
            due = offers.due(tx)
        states = [offers.work(id) for id in due]
        took = time.perf_counter() - began
        if states != ["open"]:
            raise Missing(f"the push made {states} in place of one open proposal: a time over that means nothing")
        with db.read("blog") as tx:
            query = sa.select(offer.c.text).join(post, post.c.id == offer.c.post)
            return took, str(tx.execute(query.where(post.c.blog == self.blog, post.c.path == path)).scalar_one())


class _Floor:
    """Bare git: a mirror that fetches the writer's repository, and a clone of the program's blog."""

    def __init__(self, folder: Path, writer: _Writer) -> None:
        self.mirror, self.clone, self.number = folder / "floor.git", folder / "floor", 0
        forges.current().base()
        self._git(folder, "clone", "--quiet", "--mirror", str(writer.repo.bare), str(self.mirror))
        shutil.copytree(config.current().data / "program-blog.git", folder / "floor-target.git")
        self._git(folder, "clone", "--quiet", str(folder / "floor-target.git"), str(self.clone))

    def brings(self, text: str) -> float:
        """Seconds to fetch, commit what is proposed on a branch, and push that."""
        self.number += 1
        branch = f"proposal-{self.number}"
        began = time.perf_counter()
        self._git(self.mirror, "fetch", "--quiet")
        self._git(self.clone, "fetch", "--quiet")
        self._git(self.clone, "checkout", "--quiet", "-b", branch, "origin/HEAD")
        (self.clone / "_posts").mkdir(exist_ok=True)
        (self.clone / "_posts" / f"2026-01-02-{branch}.md").write_text(text)
        self._git(self.clone, "add", "--all")
        self._git(self.clone, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", branch)
        self._git(self.clone, "push", "--quiet", "origin", branch)
        return time.perf_counter() - began

    def _git(self, where: Path, *words: str) -> None:
        subprocess.run(["git", *words], cwd=where, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
