"""A change as a patch that `git am` takes: what a branch of ours would hold, for whoever opens the pull request.

It is made by git in a store that is thrown away, of the files that change and nothing else, so it needs no clone of the
program's blog.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..forges.plain import committer, plain
from ..repos import git

SIZE = 200_000_000  # bytes of one file
MOST = 200_000_000  # bytes of a patch: images stand in it as text


def patch(files: Mapping[str, bytes], before: Mapping[str, bytes], message: str, author: tuple[str, str]) -> bytes:
    """A mailbox with one commit.

    :param files: path to bytes of what is written; `before`: as those of them are that are there already.
    :param author: name and address.
    """
    with tempfile.TemporaryDirectory(prefix="baton-patch-") as folder:
        store = Path(folder) / "store.git"
        git.run(store, "init", "--quiet", "--bare", "--template=", "--initial-branch=main", size=SIZE)
        first = _commit(store, before, [], "Before", ("", ""))
        made = _commit(store, {**before, **files}, [first], message, author)
        words = ("format-patch", "--stdout", "--binary", "--full-index", "--no-signature", "-1", made)
        return git.run(store, *words, output=MOST, size=SIZE)


def _commit(store: Path, files: Mapping[str, bytes], parents: list[str], message: str, author: tuple[str, str]) -> str:
    index = {"GIT_INDEX_FILE": str(store / "index")}
    git.run(store, "read-tree", "--empty", size=SIZE, more=index)
    lines = []
    for path, data in sorted(files.items()):
        blob = git.run(store, "hash-object", "-w", "--stdin", given=data, size=SIZE).decode().strip()
        lines.append(f"100644 {blob}\t{path}\0")
    git.run(store, "update-index", "-z", "--index-info", given="".join(lines).encode(), size=SIZE, more=index)
    tree = git.run(store, "write-tree", size=SIZE, more=index).decode().strip()
    name, address = committer()
    who = {"GIT_AUTHOR_NAME": plain(author[0]) or name, "GIT_AUTHOR_EMAIL": plain(author[1]) or address}
    who |= {"GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": address}
    words = [word for parent in parents for word in ("-p", parent)]
    made = git.run(store, "commit-tree", tree, *words, "-F", "-", given=message.encode(), size=SIZE, more=who)
    return made.decode().strip()
