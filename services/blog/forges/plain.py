"""Any git remote as a forge: a proposal is a branch, its pull request a page of ours. Refs are all the truth there is.

    the branch is there                                   open
    its commit, or what it holds, is in the main branch   merged, by our button or by whoever did it by hand
    it is gone                                            closed

Objects are made in a bare store of ours by plumbing, and pushed; there is no work tree. Every push says where the ref
is thought to be (a lease), and only ever moves a branch forward: it needs no force, and never writes over anybody.
"""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from shared import config

from ..repos import git
from .shapes import Change, Denied, Found, Moved, Opened, Seen, Unreachable

LARGEST = 500_000_000  # bytes of one pack of the program's blog
PATIENCE = 90.0  # seconds for a fetch or a push
FILE_MOST = 50_000_000  # bytes of one file that is read
HEADS = "refs/remotes/target"
LOOKED_INTO = 200  # branches of people


class Plain:
    """A remote by its address or folder.

    :param remote: as BATON_BLOG_REPO has it; user and password go to git by its environment, never by its words.
    """

    decides = True

    def __init__(self, remote: str, name: str = "") -> None:
        self.remote, self.secret = _without_secret(remote)
        self.name = name or _shown(self.remote)
        self.store = config.current().data.absolute() / "forge.git"

    # ---- what there is

    def base(self) -> str:
        self._fetch()
        return self._main()

    def paths(self, commit: str) -> frozenset[str]:
        listed = self._git("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
        return frozenset(name.decode("utf-8", "replace") for name in listed.split(b"\0") if name)

    def read(self, commit: str, path: str) -> bytes | None:
        if not self._holds(commit):
            self._fetch()  # another machine's worker has pushed it
        listed = self._git("--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit, "--", path)
        about = listed.partition(b"\t")[0].decode().split()
        if len(about) != 3 or about[0] == "120000" or about[1] != "blob":
            return None
        return self._git("cat-file", "blob", about[2], output=FILE_MOST)

    def diff(self, branch: str) -> str:
        """What the branch changes, as `git diff` says it; binary files are only named."""
        head = self._head(branch)
        if not head:
            self._fetch()
            head = self._head(branch)
        if not head:
            return ""
        common = self._git("merge-base", self._main(), head).decode().strip()
        told = self._git(
            "diff-tree", "-p", "-r", "--no-ext-diff", "--no-textconv", "-M", common, head, output=FILE_MOST
        )
        return told.decode("utf-8", "replace")

    # ---- a proposal

    def build(self, change: Change, parent: str) -> str:
        with self._index() as index:
            self._git("read-tree", parent, more=index)
            lines = [f"0 {'0' * len(parent)}\t{path}" for path in sorted(change.removed)]
            for path, data in sorted(change.files.items()):
                blob = self._git("hash-object", "-w", "--stdin", given=data, size=LARGEST).decode().strip()
                lines.append(f"100644 {blob}\t{path}")
            given = "".join(f"{line}\0" for line in lines).encode()
            self._git("update-index", "-z", "--index-info", given=given, size=LARGEST, more=index)
            tree = self._git("write-tree", size=LARGEST, more=index).decode().strip()
        if tree == self._git("rev-parse", f"{parent}^{{tree}}").decode().strip():
            return parent
        return self._commit(tree, [parent], change.message, change.author)

    def place(self, branch: str, commit: str, was: str) -> None:
        self._push(f"{commit}:refs/heads/{branch}", f"refs/heads/{branch}:{was}")

    def open(self, branch: str, change: Change) -> Opened:
        return Opened(0, "")

    def amend(self, number: int, change: Change) -> None:
        """Title and body are in our own table, from which the page is made."""

    def look(self, number: int, branch: str, commit: str) -> Seen:
        self._fetch()
        head, main = self._head(branch), self._main()
        if commit and self._holds(commit) and (self._ancestor(commit, main) or self._in(commit, main)):
            return Seen("merged", head)
        return Seen("open" if head else "closed", head)

    def find(self, branch: str, path: str, mark: str) -> Found | None:
        self._fetch()
        main, main_name = self._main(), self._main_name()
        listed = self._git("for-each-ref", "--format=%(objectname) %(refname)", HEADS).decode("utf-8", "replace")
        heads = {name.removeprefix(f"{HEADS}/"): head for head, _, name in (
            line.partition(" ") for line in listed.splitlines())}  # fmt: skip
        if branch in heads:
            return Found(0, "", branch, heads[branch])
        for name, head in list(heads.items())[:LOOKED_INTO]:
            if name != main_name and not name.startswith("baton/") and self._brings(main, head, path, mark):
                return Found(0, "", name, head)
        return None

    def _brings(self, main: str, head: str, path: str, mark: str) -> bool:
        """Whether a branch writes that file, or a text with that in it."""
        try:
            common = self._git("merge-base", main, head).decode().strip()
        except git.Failed:
            return False  # it has nothing in common with what is there
        told = ("diff-tree", "-r", "-z", "--name-only", "--diff-filter=d")
        if path.encode() in self._git(*told, common, head).split(b"\0"):
            return True
        return bool(mark) and bool(self._git(*told, f"-S{mark}", common, head).strip(b"\0"))

    def withdraw(self, number: int, branch: str, why: str) -> None:
        head = self._head(branch)
        if not head:
            return
        # Somebody may have worked on it: what goes there stays here.
        self._git("update-ref", f"refs/kept/{branch}/{head}", head, size=LARGEST)
        self._push(f":refs/heads/{branch}", f"refs/heads/{branch}:{head}")

    def accept(self, branch: str, message: str) -> None:
        self._fetch()
        head, main = self._head(branch), self._main()
        if not head:
            raise Denied("Its branch is gone from the program's blog.")
        if not self._ancestor(head, main):
            merged = self._commit(self._merged(main, head), [main, head], message, committer())
            name = self._main_name()
            self._push(f"{merged}:refs/heads/{name}", f"refs/heads/{name}:{main}")
        self._push(f":refs/heads/{branch}", f"refs/heads/{branch}:{head}")

    # ---- git

    def _merged(self, main: str, head: str) -> str:
        common = self._git("merge-base", main, head).decode().strip()
        with self._index() as index:
            self._git("read-tree", "-i", "-m", "--aggressive", common, main, head, size=LARGEST, more=index)
            if self._git("ls-files", "--unmerged", "-z", more=index):
                raise Denied("The program's blog has changed at the same place since. Decline it, and offer it again.")
            return self._git("write-tree", size=LARGEST, more=index).decode().strip()

    def _commit(self, tree: str, parents: Sequence[str], message: str, author: tuple[str, str]) -> str:
        name, address = committer()
        who = {"GIT_AUTHOR_NAME": plain(author[0]) or name, "GIT_AUTHOR_EMAIL": plain(author[1]) or address}
        who |= {"GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": address}
        words = [word for parent in parents for word in ("-p", parent)]
        made = self._git("commit-tree", tree, *words, "-F", "-", given=message.encode(), size=LARGEST, more=who)
        return made.decode().strip()

    def _fetch(self) -> None:
        """Bring the remote's branches into the store, and which of them is the main one."""
        if not (self.store / "HEAD").exists():
            self.store.parent.mkdir(parents=True, exist_ok=True)
            git.run(self.store, "init", "--quiet", "--bare", "--template=", "--initial-branch=none", size=1_000_000)
        try:
            listed = self._remote("ls-remote", "--symref", self.remote, "HEAD").decode("utf-8", "replace")
            spec = f"+refs/heads/*:{HEADS}/*"
            self._remote("fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", self.remote, spec)
        except git.Failed as failed:
            raise Unreachable("The program's blog cannot be reached with git.") from failed
        named = [line.split()[1] for line in listed.splitlines() if line.startswith("ref: ")]
        if not named or not named[0].startswith("refs/heads/"):
            raise Denied("The program's blog has no branch yet: make a first commit there.")
        name = named[0].removeprefix("refs/heads/")
        self._git("symbolic-ref", "refs/target", f"{HEADS}/{name}", size=1_000_000)

    def _main_name(self) -> str:
        return self._git("symbolic-ref", "refs/target").decode().strip().removeprefix(f"{HEADS}/")

    def _main(self) -> str:
        try:
            return self._git("rev-parse", "--verify", "refs/target^{commit}").decode().strip()
        except git.Failed:
            raise Denied("The program's blog has no commit yet: make a first one there.") from None

    def _head(self, branch: str) -> str:
        if not (self.store / "HEAD").exists():
            return ""
        found = self._git("for-each-ref", "--format=%(objectname)", f"{HEADS}/{branch}").decode().split()
        return found[0] if found else ""

    def _holds(self, commit: str) -> bool:
        if not (self.store / "HEAD").exists():
            return False
        try:
            return self._git("cat-file", "-t", commit).strip() == b"commit"
        except git.Failed:
            return False

    def _ancestor(self, commit: str, of: str) -> bool:
        return not self._git("rev-list", "--max-count=1", commit, "--not", of).strip()

    def _in(self, commit: str, main: str) -> bool:
        """Whether all that a commit changed is in the main branch as it left it: somebody squashed it, say."""
        common = self._git("merge-base", main, commit).decode().strip()
        ours = self._git("diff-tree", "-r", "-z", "--name-only", common, commit).split(b"\0")
        changed = [name.decode("utf-8", "replace") for name in ours if name]
        if not changed:
            return False
        return not self._git(
            "--literal-pathspecs", "diff-tree", "-r", "-z", "--name-only", commit, main, "--", *changed
        )

    def _push(self, spec: str, lease: str) -> None:
        try:
            self._remote("push", "--quiet", "--no-verify", f"--force-with-lease={lease}", self.remote, spec)
        except git.Failed as failed:
            if any(
                word in failed.said for word in ("stale info", "fetch first", "non-fast-forward", "cannot lock ref")
            ):
                raise Moved(spec) from failed
            if "rejected" in failed.said or "denied" in failed.said:
                raise Denied(
                    "The program's blog took the change for itself and refused it: may Baton write there?"
                ) from failed
            raise Unreachable("The program's blog cannot be reached with git.") from failed
        name, _, target = spec.partition(":")
        branch = f"{HEADS}/{target.removeprefix('refs/heads/')}"
        if name:
            self._git("update-ref", branch, name, size=1_000_000)
        else:
            self._git("update-ref", "-d", branch, size=1_000_000)

    @contextmanager
    def _index(self) -> Iterator[dict[str, str]]:
        with tempfile.TemporaryDirectory(prefix="baton-index-") as folder:
            yield {"GIT_INDEX_FILE": str(Path(folder) / "index")}

    def _git(
        self,
        *words: str,
        given: bytes = b"",
        size: int = LARGEST,
        output: int = git.OUTPUT,
        more: Mapping[str, str] | None = None,
    ) -> bytes:
        return git.run(self.store, *words, given=given, size=size, output=output, more=more)

    def _remote(self, *words: str) -> bytes:
        more = {"GIT_ALLOW_PROTOCOL": "https:http:ssh:file", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes"}
        if agent := os.environ.get("SSH_AUTH_SOCK"):
            more["SSH_AUTH_SOCK"] = agent
        secret = {"http.extraHeader": f"Authorization: Basic {self.secret}"} if self.secret else {}
        allowed = {"protocol.ssh.allow": "always", "protocol.file.allow": "always"}
        return git.run(
            self.store, *words, size=LARGEST, patience=PATIENCE, folders=True, more=more, private={**allowed, **secret}
        )


def committer() -> tuple[str, str]:
    """Whom commits are by: the name and address that mails are from."""
    name, address = parseaddr(config.current().mail_from)
    return plain(name) or "Baton", plain(address) or "baton@localhost"


def plain(text: str) -> str:
    """Words that git takes for a name or an address."""
    return " ".join("".join(letter if letter.isprintable() and letter not in "<>" else " " for letter in text).split())


def _without_secret(remote: str) -> tuple[str, str]:
    """(address without user and password, what Basic authentication says of them)."""
    parts = urlsplit(remote)
    if parts.scheme not in {"http", "https"} or "@" not in parts.netloc:
        return remote, ""
    who, _, host = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    said = f"{unquote(user)}:{unquote(password)}".encode()
    return urlunsplit((parts.scheme, host, *parts[2:])), base64.b64encode(said).decode()


def _shown(remote: str) -> str:
    return remote.removesuffix(".git").rstrip("/").split("://")[-1]
