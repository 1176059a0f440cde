"""Turns: who is asked to coordinate or to mentor a session, what they answer, and what people change by hand.

`ledger` loads what rules.rotation decides upon; `seats` is the one way to write a turn and tell of it. `asking` does
what is due by time, `answering` what a person says, `verbs` the four changes with preview and undo, `absences` the days
on which somebody cannot. `reading` is for pages.
"""

from . import answering, undoing

__all__ = ["answering", "undoing"]  # told by invites who cannot come, and by the journal what is taken back
