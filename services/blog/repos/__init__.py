"""Members' repositories: a bare mirror of each, read by git's plumbing. There is never a work tree, so nothing that a
member commits (symbolic links, hooks, attributes, submodules, odd names) is ever written out or followed.

    git        one git command, bounded in time, memory and output
    mirror     what is in a mirror: its tree, its blobs, what changed between two commits
"""

from __future__ import annotations

from .git import Failed
from .mirror import Change, Entry, Mirror

__all__ = ["Change", "Entry", "Failed", "Mirror"]
