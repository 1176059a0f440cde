"""Bringing a repository's branch into its mirror: what is asked of a server, and what its answers mean.

Over HTTP the server is looked at first by our own client (reach.py), which follows redirects, and so finds a
repository that was renamed; git is then told the final address and the addresses of its server, and follows none
itself.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from . import git, reach
from .mirror import Mirror
from .reach import Unreachable

LARGEST = 1_000_000_000  # bytes of one pack
PATIENCE = 400.0  # seconds for one fetch
ADVERTISED = 20_000_000  # bytes of names of branches and tags

_SERVICE = "/info/refs?service=git-upload-pack"
_DUMB = re.compile(rb"[0-9a-f]{40,64}\t(refs/|HEAD)|\Z")


class Remote(NamedTuple):
    """A repository that answers.

    :param url: where it is now. :param settings: what git needs to know to reach it. :param folders: it is a folder.
    """

    url: str
    settings: tuple[str, ...] = ()
    folders: bool = False


class Seen(NamedTuple):
    """A branch as its remote has it: `default` says that it is the one shown first."""

    branch: str
    head: str


def remote(url: str) -> Remote:
    """The repository at an address.

    :raises Unreachable: there is none, none that is public, or nobody answers.
    """
    if found := reach.folder(url):
        if not (found / "HEAD").exists() and not (found / ".git").exists():
            raise Unreachable("There is no repository in this folder.", gone=True)
        return Remote(f"file://{found}", folders=True)
    answer = reach.get(url.rstrip("/") + _SERVICE, ADVERTISED, "*/*")
    if answer.status in {401, 403, 404, 410, 451}:
        raise Unreachable("There is no public repository at this address: it is gone, renamed, or private.", gone=True)
    if answer.status != 200:
        raise Unreachable(f"The server of this repository answers with an error ({answer.status}).")
    if answer.kind != "application/x-git-upload-pack-advertisement" and not _DUMB.match(answer.body):
        raise Unreachable("This is a page, not a repository.", gone=True)
    final = answer.url.split("?", 1)[0].removesuffix("/info/refs")
    return Remote(final, (f"http.curloptResolve={reach.place(final).pinned}",))


def branch(at: Remote, wanted: str | None = None) -> Seen:
    """That branch, or, if it is none any more, the one that the remote shows first.

    :raises Unreachable: it has none.
    """
    try:
        said = git.run(
            Path("/nonexistent"), "ls-remote", "--symref", "--", at.url, "HEAD", "refs/heads/*",
            settings=at.settings, folders=at.folders, output=ADVERTISED,
        ).decode("utf-8", "replace")  # fmt: skip
    except git.Failed as failed:
        raise _why(failed) from failed
    heads = {name: head for head, name in re.findall(r"^([0-9a-f]{40,64})\t(\S+)$", said, re.M)}
    first = re.search(r"^ref: refs/heads/(\S+)\tHEAD$", said, re.M)
    named = first[1] if first else next((n for n in ("main", "master") if f"refs/heads/{n}" in heads), None)
    for name in (wanted, named):
        if name and len(name) <= 250 and (head := heads.get(f"refs/heads/{name}")):
            return Seen(name, head)
    raise Unreachable("This repository is empty: nothing was pushed to it so far.")


def fetch(mirror: Mirror, at: Remote, seen: Seen) -> None:
    """Bring that branch into the mirror, whatever was rewritten.

    :raises Unreachable: it is too large, too slow, or the server does not answer.
    """
    mirror.made()
    try:
        git.run(
            mirror.folder,
            *("fetch", "--quiet", "--prune", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"),
            *("--no-auto-maintenance", "--force", "--", at.url, f"+refs/heads/{seen.branch}:refs/heads/followed"),
            patience=PATIENCE,
            size=LARGEST,
            settings=at.settings,
            folders=at.folders,
        )
    except git.TooMuch as failed:
        raise Unreachable("It took too long to fetch this repository. It is tried again.") from failed
    except git.Failed as failed:
        raise _why(failed) from failed


def tidy(mirror: Mirror) -> None:
    """Pack what many small fetches left, now and then; what it fails at is left for the next time."""
    try:
        git.run(mirror.folder, "gc", "--auto", "--quiet", "--prune=2.weeks.ago", patience=120, size=2 * LARGEST)
    except git.Failed:
        return


def _why(failed: git.Failed) -> Unreachable:
    said = failed.said
    if re.search(
        r"not found|does not appear to be a git repository|could not read Username|Authentication|not exist", said
    ):
        return Unreachable("There is no public repository at this address: it is gone, renamed, or private.", gone=True)
    if re.search(r"File too large|file size limit|SIGXFSZ|write error|Out of memory|cannot allocate", said, re.I):
        return Unreachable(f"This repository is larger than {LARGEST // 1_000_000_000} GB, more than is followed.")
    return Unreachable("The server of this repository does not answer as it should. It is tried again.")
