"""What is in a member's mirror: the tree of a commit, blobs, what changed between two commits.

Symbolic links and submodules are not files; names that are not UTF-8, that lead upwards or are too long are left out,
since no page and no target could hold them.
"""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from shared import config

from . import git

FILES = 200_000  # of one tree: a few small objects can make one of billions
LONGEST_PATH = 600
_AT_ONCE = 50_000_000  # bytes read by one process
_PLAIN = {"100644", "100755", "100664"}
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


class Entry(NamedTuple):
    """A file of a tree. `size` in bytes."""

    path: str
    blob: str
    size: int


class Change(NamedTuple):
    """What became of a file between two commits.

    :param was: its path before, where it was renamed.
    :param blob: what it is now; empty when it is gone.
    :param new: nothing was there before.
    """

    path: str
    blob: str
    was: str = ""
    new: bool = False


class Mirror:
    """The bare repository of one blog, `blogs/<id>.git` in the data folder."""

    def __init__(self, blog: str) -> None:
        self.blog = blog
        self.folder = config.current().data.absolute() / "blogs" / f"{blog}.git"

    def made(self) -> None:
        """Make it, empty, where it is not there yet."""
        if not (self.folder / "HEAD").exists():
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            git.run(self.folder, "init", "--quiet", "--bare", "--template=", "--initial-branch=none", size=1_000_000)

    def thrown_away(self) -> None:
        """Delete it, if it is there."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def holds(self, commit: str | None) -> bool:
        """Whether that commit can be read here."""
        if not commit or not _COMMIT.fullmatch(commit) or not (self.folder / "HEAD").exists():
            return False
        try:
            return git.run(self.folder, "cat-file", "-t", commit).strip() == b"commit"
        except git.Failed:
            return False

    def tree(self, commit: str) -> dict[str, Entry]:
        """{path: file} of a commit. git.Failed when it is not there, or its tree is too large."""
        return _tree(self.folder, commit)

    def entry(self, commit: str, path: str) -> Entry | None:
        """One file of a commit, whatever else that holds; None when it is not there. git.Failed as `tree`."""
        return _listed(self.folder, commit, "--", path).get(path)

    def blob(self, id: str, most: int) -> bytes:
        """A blob's bytes; git.Failed when it is not there or has more than `most`."""
        found = self.blobs([id], most)[id]
        if found is None:
            raise git.Failed("cat-file", f"{id} is no blob that can be read")
        return found

    def blobs(self, ids: Iterable[str], most: int) -> dict[str, bytes | None]:
        """{id: bytes} of blobs, by a few processes; None for one that is not there or has more than `most` bytes."""
        asked = list(dict.fromkeys(ids))
        given = "".join(f"{id}\n" for id in asked).encode()
        sizes = git.run(self.folder, "cat-file", "--batch-check", given=given).decode().splitlines() if asked else []
        found: dict[str, bytes | None] = dict.fromkeys(asked)
        some: list[str] = []
        total = 0
        for id, line in zip(asked, sizes, strict=True):
            words = line.split()
            if len(words) != 3 or words[1] != "blob" or int(words[2]) > most:
                continue
            if some and total + int(words[2]) > _AT_ONCE:
                found |= self._some(some)
                some, total = [], 0
            some.append(id)
            total += int(words[2])
        return found | self._some(some) if some else found

    def _some(self, ids: list[str]) -> dict[str, bytes | None]:
        given = "".join(f"{id}\n" for id in ids).encode()
        answer = git.run(self.folder, "cat-file", "--batch", given=given, output=2 * _AT_ONCE)
        found: dict[str, bytes | None] = {}
        at = 0
        for id in ids:
            end = answer.index(b"\n", at)
            size = int(answer[at:end].split()[2])
            found[id] = answer[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return found

    def changes(self, old: str, new: str) -> list[Change]:
        """What became of files from one commit to another, in the order of their paths; a rename is one change."""
        answer = git.run(self.folder, "diff-tree", "-r", "-z", "-M60%", "--raw", "--no-abbrev", old, new)
        return sorted(_changes(answer))

    def first_days(self, commit: str) -> dict[str, str]:
        """{path: the day (ISO) of the first commit that had it}, for all that a commit's history ever had."""
        answer = git.run(
            self.folder,
            *("log", "--diff-filter=A", "--no-renames", "--name-only", "-z", "--format=%x01%as", "--end-of-options"),
            commit,
        )
        days: dict[str, str] = {}
        day = ""
        for part in answer.decode("utf-8", "replace").split("\0"):
            for line in part.split("\n"):
                if line.startswith("\1"):
                    day = line[1:]
                elif line:
                    days[line] = day  # from the latest to the first: what is written last is the first
        return days

    def is_below(self, old: str, new: str) -> bool:
        """Whether a commit is in the history of another; False also where it cannot be had."""
        try:
            git.run(self.folder, "merge-base", "--is-ancestor", old, new)
        except git.Failed:
            return False
        return True

    def day(self, commit: str) -> str:
        """The day of a commit, ISO."""
        return git.run(self.folder, "show", "-s", "--format=%as", "--end-of-options", commit).decode().strip()


@lru_cache(8)
def _tree(folder: Path, commit: str) -> dict[str, Entry]:
    return _listed(folder, commit)


def _listed(folder: Path, commit: str, *only: str) -> dict[str, Entry]:
    if not _COMMIT.fullmatch(commit):
        raise git.Failed("ls-tree", "that is no commit's name")
    answer = git.run(folder, "--literal-pathspecs", "ls-tree", "-r", "-z", "-l", "--full-tree", commit, *only)
    found = {}
    for line in answer.split(b"\0"):
        about, _, name = line.partition(b"\t")
        words = about.decode().split()
        path = _path(name)
        if path is not None and words[0] in _PLAIN and words[1] == "blob" and words[3].isdigit():
            found[path] = Entry(path, words[2], int(words[3]))
            if len(found) > FILES:
                raise git.TooMuch("ls-tree", f"it has more than {FILES} files")
    return found


def _changes(answer: bytes) -> Iterator[Change]:
    parts = iter(answer.split(b"\0"))
    for head in parts:
        if not head.startswith(b":"):
            continue
        _, mode, _, blob, status = head[1:].decode().split()
        path = _path(next(parts, b""))
        was: str | None = None
        if status[0] in "RC":
            was, path = path, _path(next(parts, b""))
        if status[0] == "C":
            was = None
        if status[0] == "D" or mode not in _PLAIN:
            if path is not None:
                yield Change(path, "")
            if was:
                yield Change(was, "")
        elif path is None:
            if was:
                yield Change(was, "")
        else:
            yield Change(path, blob, was or "", status[0] in "AC" or was is None and status[0] == "R")


_ODD = re.compile("[\\x00-\\x1f\\x7f\\ud800-\\udfff]")


def _path(name: bytes) -> str | None:
    """A path as text; None for one that nobody could keep."""
    try:
        path = name.decode()
    except UnicodeDecodeError:
        return None
    parts = path.split("/")
    if not path or len(path) > LONGEST_PATH or any(part in {"", ".", "..", ".git"} for part in parts):
        return None
    if _ODD.search(path):
        return None
    return path if posixpath.normpath(path) == path else None
