"""Members' repositories: a bare mirror of each, read by git's plumbing. There is never a work tree, so nothing that a
member commits (symbolic links, hooks, attributes, submodules, odd names) is ever written out or followed.

    git        one git command, bounded in time, memory and output
    reach      one web request, to public addresses only
    bringing   what a remote has, and bringing it
    mirror     what is in a mirror: its tree, its blobs, what changed between two commits
"""

from __future__ import annotations

from .bringing import Remote, Seen, branch, fetch, remote, tidy
from .git import Failed
from .mirror import Change, Entry, Mirror
from .reach import Answer, Unreachable, folder, get

__all__ = [
    "Answer",
    "Change",
    "Entry",
    "Failed",
    "Mirror",
    "Remote",
    "Seen",
    "Unreachable",
    "branch",
    "fetch",
    "folder",
    "get",
    "remote",
    "tidy",
]
