"""What goes to a forge and what comes back: plain values, the same for every adapter."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

State = Literal["open", "merged", "closed"]


class Unreachable(Exception):
    """The forge does not answer, or asks to be left alone for a while. It is asked again.

    :param seconds: how long to wait at least.
    """

    def __init__(self, said: str, seconds: float = 300.0) -> None:
        super().__init__(said)
        self.said, self.seconds = said, seconds


class Denied(Exception):
    """The forge understands and says no: a person has to do something. `said` in words for organizers."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class Moved(Exception):
    """The branch is not where it was thought to be: somebody else was quicker. Nothing was written."""


@dataclass(frozen=True)
class Change:
    """What is proposed.

    :param title: of the pull request.
    :param body: of the pull request, Markdown.
    :param message: of the commit.
    :param author: of the commit: name and address.
    :param files: path to bytes of what is written.
    :param removed: paths that go.
    """

    title: str
    body: str
    message: str
    author: tuple[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict)
    removed: Collection[str] = ()


class Opened(NamedTuple):
    """A pull request as it was opened: its number (0: it has none) and where people see it (empty: here)."""

    number: int
    url: str


class Found(NamedTuple):
    """A proposal that a person made: its number (0: it has none), where people see it, its branch, where that is.

    :param branch: ``owner:name`` where it may be in a fork: such a branch is nobody's here to take away.
    """

    number: int
    url: str
    branch: str
    head: str


class Seen(NamedTuple):
    """What became of a pull request.

    :param head: where its branch is; empty when there is none any more.
    """

    state: State
    head: str


class Forge(Protocol):
    """Where the program's blog lives. Commits are named by their ids.

    Every method may raise Unreachable or Denied.

    :param name: for people, as in ``mlmentorship/blog on GitHub``.
    :param decides: whether accepting and declining is done here, on our page, rather than at the forge.
    """

    name: str
    decides: bool

    def base(self) -> str:
        """The commit that the blog is built from now."""
        ...

    def paths(self, commit: str) -> frozenset[str]:
        """All files of a commit."""
        ...

    def read(self, commit: str, path: str) -> bytes | None:
        """One file, or None when it is not there."""
        ...

    def diff(self, branch: str) -> str:
        """What a branch changes, as `git diff` says it; empty where people see that at the forge."""
        ...

    def build(self, change: Change, parent: str) -> str:
        """A commit on top of `parent`, which no branch holds yet; `parent` itself when it would change nothing."""
        ...

    def place(self, branch: str, commit: str, was: str) -> None:
        """Let the branch be at `commit`, if it is at `was` (empty: if there is none). Never with force.

        :raises Moved: it is elsewhere.
        """
        ...

    def open(self, branch: str, change: Change) -> Opened:
        """Open a pull request for the branch; the one that there is, if there is one."""
        ...

    def amend(self, number: int, change: Change) -> None:
        """Give a pull request another title and body."""
        ...

    def look(self, number: int, branch: str, commit: str) -> Seen:
        """What became of the pull request of that branch, at which we last left `commit`."""
        ...

    def find(self, branch: str, path: str, mark: str) -> Found | None:
        """A proposal, open or merged, that a person made: of a branch of that name, else one that writes `path`, or
        a text with `mark` in it (empty: none)."""
        ...

    def withdraw(self, number: int, branch: str, why: str) -> None:
        """Close the pull request, and take the branch away where that loses nothing."""
        ...

    def accept(self, branch: str, message: str) -> None:
        """Merge the branch. Only where the forge `decides` here.

        :raises Denied: it cannot be merged by a machine.
        """
        ...
