"""Where the program's blog lives, and how a change of it is proposed there. What an adapter can do: shapes.Forge.

    plain      any git remote: a branch is pushed, the pull request is a page of ours
    github     GitHub, by its API
    embedded   the small blog that there is when no other is named: a bare repository in the data folder

BATON_BLOG_REPO says which one it is: ``owner/name`` is GitHub, an address or a folder plain git, nothing embedded.
"""

from __future__ import annotations

import re

from shared import config

from . import embedded
from .plain import Plain
from .shapes import Change, Denied, Forge, Moved, Opened, Seen, Unreachable

__all__ = ["Change", "Denied", "Forge", "Moved", "Opened", "Seen", "Unreachable", "current", "decides"]


def current() -> Forge:
    """The forge that the settings name."""
    found = config.current()
    if re.fullmatch(config.GITHUB_REPO, found.blog_repo):
        from . import github  # here: what it speaks HTTP with is a tenth of an idle process

        return github.current()
    if found.blog_repo:
        return Plain(found.blog_repo)
    return Plain(str(embedded.made(found.data)), "the blog on this machine")


def decides() -> bool:
    """Whether proposals are accepted and declined on our page rather than at the forge."""
    return not re.fullmatch(config.GITHUB_REPO, config.current().blog_repo)
