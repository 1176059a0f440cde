"""People: signing up, confirming, and everything a person or an organizer does afterwards.

Commands take the open transaction first, and who does it: "person/<id>", "organizer/<id>" or "system". They write
the audit log, emit the event of the catalogue, and raise `rules.Refused` when they cannot.
"""

from __future__ import annotations

from .applying import Applied, apply, ask_imported, confirm, confirming, mail_wait, resend_confirmation
from .asking import ask
from .downloading import Gathering, ask_download, download, forget_downloads, gathered, gathering
from .erasing import erase_later, erase_now, expire, keep, withdraw, withdrawn
from .membership import CHECKLIST, change_stream, come_back, correct, leave, pause, placed, put_in_line, step_down, tick
from .pooling import agree, ask_again, ask_guest, decline, leave_pool, offer, remove_mentor, restore_mentor
from .pooling import listed as pool
from .reaching import goals_counted, goals_of, graduate, next_stream, reach, reached, take_back
from .readdressing import (
    ask_new_address,
    confirm_new_address,
    forget_unconfirmed,
    readdress,
    wanted_address,
)
from .reading import SORTS, Moment, Page, counts, find, history, kept_about, organizers
from .row import Row, one, roles, subject, told

__all__ = [
    "CHECKLIST",
    "SORTS",
    "Applied",
    "Gathering",
    "Moment",
    "Page",
    "Row",
    "agree",
    "apply",
    "ask",
    "ask_again",
    "ask_download",
    "ask_guest",
    "ask_imported",
    "ask_new_address",
    "change_stream",
    "come_back",
    "confirm",
    "confirming",
    "confirm_new_address",
    "correct",
    "counts",
    "decline",
    "download",
    "erase_later",
    "erase_now",
    "expire",
    "find",
    "forget_downloads",
    "forget_unconfirmed",
    "gathered",
    "gathering",
    "goals_counted",
    "goals_of",
    "graduate",
    "history",
    "keep",
    "kept_about",
    "leave",
    "leave_pool",
    "mail_wait",
    "next_stream",
    "offer",
    "one",
    "organizers",
    "pause",
    "placed",
    "pool",
    "put_in_line",
    "reach",
    "reached",
    "readdress",
    "remove_mentor",
    "resend_confirmation",
    "restore_mentor",
    "roles",
    "step_down",
    "subject",
    "take_back",
    "tick",
    "told",
    "wanted_address",
    "withdraw",
    "withdrawn",
]
