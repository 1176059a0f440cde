"""Turns: who is asked to coordinate or to mentor a session, what they answer, and what people change by hand.

`ledger` loads what rules.rotation decides upon; `seats` is the one way to write a turn and tell of it. `asking` does
what is due by time, `answering` what a person says, `verbs` the four changes with preview and undo, `absences` the days
on which somebody cannot. `reading` is for pages.
"""

from . import answering

__all__ = ["answering"]  # which is told by invites that somebody cannot come: loaded with whatever of turns is used
