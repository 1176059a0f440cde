"""The agenda and minutes of a session: reading, saving, publishing, correcting, and what keeps it from being closed."""

from .forgetting import forget
from .gaps import record as record_gap
from .gaps import reset_agenda, set_agenda, set_at_once
from .lateness import ask, hold, next_end, next_late, next_overdue, overdue
from .publishing import NOBODY, absent_coordinator, close_if_done, correct, publish, to_publish
from .reading import (
    CORRECTION,
    Row,
    Texts,
    at_once,
    following,
    history,
    left,
    one,
    published,
    subject,
    taken,
    template,
    texts,
    title,
)
from .saving import MOST, Saved, save

__all__ = [
    "CORRECTION", "MOST", "NOBODY", "Row", "Saved", "Texts", "absent_coordinator", "ask", "at_once",
    "close_if_done", "correct", "following", "forget", "history", "hold", "left", "next_end", "next_late",
    "next_overdue", "one", "overdue", "publish", "published", "record_gap", "reset_agenda", "save", "set_agenda",
    "set_at_once", "subject", "taken", "template", "texts", "title", "to_publish",
]  # fmt: skip
