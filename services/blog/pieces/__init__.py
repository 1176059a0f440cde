"""What members write, from the idea to announced: the editorial queue, and the talk about each piece.

    noting      its author's: note an idea, say where it stands, join it with the post that it became
    reviewing   who looks after it
    talking     comments: who is told of them, who changes or deletes them
    reading     one piece, whose there are, and the editorial queue
    leaving     what goes when somebody leaves or is erased, and what is old

A piece is begun by its author, or for a post that somebody wants to talk about. Not for what happens to a post on its
way: that is `offers`; the queue reads where each stands from there.
"""

from __future__ import annotations

from .leaving import blank, left, prune
from .noting import change, join, mark, note, of_post, part
from .reading import PAGE, counts, mine, names, one, posts_like, queue, suggested
from .reviewing import FEW, assign, candidates, likely, put_back
from .talking import correct, delete, own, restore, say, thread

__all__ = [
    "FEW",
    "PAGE",
    "assign",
    "blank",
    "candidates",
    "change",
    "correct",
    "counts",
    "delete",
    "join",
    "left",
    "likely",
    "mark",
    "mine",
    "names",
    "note",
    "of_post",
    "one",
    "own",
    "part",
    "posts_like",
    "prune",
    "put_back",
    "queue",
    "restore",
    "say",
    "suggested",
    "thread",
]
