"""People: signing up, confirming, and everything a person or an organizer does afterwards.

Commands take the open transaction first, and who does it: "person/<id>", "organizer/<id>" or "system". They write
the audit log, emit the event of the catalogue, and raise `rules.Refused` when they cannot.
"""

from __future__ import annotations

from .applying import Applied, apply, ask_imported, confirm, mail_wait, resend_confirmation
from .asking import ask
from .downloading import Gathering, ask_download, download, forget_downloads, gathered, gathering
from .erasing import erase_later, erase_now, expire, keep
from .membership import CHECKLIST, change_stream, come_back, correct, leave, pause, placed, put_in_line, step_down, tick
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
    "apply",
    "ask",
    "ask_download",
    "ask_imported",
    "ask_new_address",
    "change_stream",
    "come_back",
    "confirm",
    "confirm_new_address",
    "correct",
    "counts",
    "download",
    "erase_later",
    "erase_now",
    "expire",
    "find",
    "forget_downloads",
    "forget_unconfirmed",
    "gathered",
    "gathering",
    "history",
    "keep",
    "kept_about",
    "leave",
    "mail_wait",
    "one",
    "organizers",
    "pause",
    "placed",
    "put_in_line",
    "readdress",
    "resend_confirmation",
    "roles",
    "step_down",
    "subject",
    "tick",
    "told",
    "wanted_address",
]
