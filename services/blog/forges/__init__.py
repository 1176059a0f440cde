"""Where the program's blog lives, and how a change of it is proposed there. What an adapter can do: shapes.Forge.

    plain      any git remote: a branch is pushed, the pull request is a page of ours
    github     GitHub, by its API
    embedded   the small blog that there is when no other is named: a bare repository in the data folder

BATON_BLOG_REPO says which one it is: ``owner/name`` is GitHub, an address or a folder plain git, nothing embedded.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from shared import config

from . import embedded
from .plain import Plain
from .shapes import Change, Denied, Forge, Moved, Opened, Seen, Unreachable

__all__ = [
    "Change",
    "Denied",
    "Forge",
    "Moved",
    "Opened",
    "Seen",
    "Unreachable",
    "at",
    "current",
    "decides",
    "name",
    "place",
    "spot",
]


def current() -> Forge:
    """The forge that the settings name."""
    found = config.current()
    if re.fullmatch(config.GITHUB_REPO, found.blog_repo):
        from . import github  # here: what it speaks HTTP with is a tenth of an idle process

        return github.current()
    if found.blog_repo:
        return Plain(found.blog_repo)
    return Plain(str(embedded.made(found.data)), "the blog on this machine")


def name() -> str:
    """Where the program's blog lives, for people; without any password."""
    found = config.current().blog_repo
    if re.fullmatch(config.GITHUB_REPO, found):
        return f"{found} on GitHub"
    return Plain(found).name if found else "the small blog on this machine"


def place() -> str:
    """Host and path of its repository, by which a webhook's payload is known; empty for one on this machine."""
    found = config.current()
    if re.fullmatch(config.GITHUB_REPO, found.blog_repo):
        host = urlsplit(found.github_api).netloc
        return at(f"https://{'github.com' if host == 'api.github.com' else host}/{found.blog_repo}")
    return at(found.blog_repo)


def spot() -> str:
    """The same, or what is said of one that is on this machine: by it what is known of a blog is kept."""
    return place() or name()[:500]


def at(address: str) -> str:
    """An address of a repository as host and path, however it is written; empty when it is none of a host."""
    scp = re.fullmatch(r"(?:[\w.-]+@)?([\w.-]+):(?!//)([\w./~-]+)", address)
    try:
        parts = urlsplit(f"ssh://{scp[1]}/{scp[2]}" if scp else address)
        host = parts.hostname or ""
    except ValueError:
        return ""
    path = parts.path.strip("/").removesuffix(".git")
    return f"{host}/{path}".lower()[:500] if host and path and parts.scheme != "file" else ""


def decides() -> bool:
    """Whether proposals are accepted and declined on our page rather than at the forge."""
    return not re.fullmatch(config.GITHUB_REPO, config.current().blog_repo)
