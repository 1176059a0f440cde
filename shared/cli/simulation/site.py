"""The program's blog at the end of a play, as readers would find it: built by Jekyll, where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import sqlalchemy as sa

from ... import db

SOURCE, BUILT = "program-blog.git", "site"
PATIENCE = 120.0


def build(data: Path) -> Path | None:
    """Its folder of pages; None where there is no blog so far, or no Jekyll.

    :raises Broken: Jekyll refuses it, or a post that is live has no page.
    """
    jekyll = shutil.which("jekyll")
    if jekyll is None or not (data / SOURCE).is_dir():
        return None
    source, built = data / f"{BUILT}-source", data / BUILT
    for folder in (source, built):
        shutil.rmtree(folder, ignore_errors=True)
    _run(["git", "clone", "--quiet", str(data / SOURCE), str(source)])
    said = _run([jekyll, "build", "--safe", "--quiet", "--source", str(source), "--destination", str(built)])
    shutil.rmtree(source)
    if not (built / "index.html").is_file():
        raise Broken(f"Jekyll built no front page: {said[-300:]}")
    pages = sum("/" in page.relative_to(built).as_posix() for page in built.rglob("index.html"))
    if pages != len(live()):
        raise Broken(f"{len(live())} posts are live, and Jekyll made {pages} pages of them: {said[-300:]}")
    return built


class Broken(Exception):
    """What is on the program's blog is no blog."""


def live() -> list[str]:
    """The files of all posts that are on the program's blog."""
    offer = db.metadata("blog").tables["offer"]
    with db.read("blog") as tx:
        found = tx.execute(sa.select(offer.c.live, offer.c.path)).all()
    return [row.path for row in found if row.path in (row.live or [])]


def tree(data: Path) -> set[str]:
    """All files that the program's blog has; none where there is no such blog."""
    if not (data / SOURCE).is_dir():
        return set()
    return set(_run(["git", "-C", str(data / SOURCE), "ls-tree", "-r", "--name-only", "-z", "main"]).split("\0"))


def _run(command: list[str]) -> str:
    environ = {**os.environ, "LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, env=environ, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise Broken(f"{Path(command[0]).name} failed: {(done.stdout + done.stderr).strip()[-300:]}")
    return done.stdout
