"""Signup's decisions, pure: no database, no clock, no network; the standard library only."""

from __future__ import annotations

from .answers import KINDS, OPTIONS_MOST, WITH_OPTIONS, Question, from_form
from .refusals import Busy, KeyReused, Refused
from .states import KNOWN, MEMBERS, OUTSIDE, STATES, TRANSITIONS, UNPROVEN, after
from .text import EMAIL_MOST, email_key, slug

__all__ = [
    "EMAIL_MOST",
    "KINDS",
    "KNOWN",
    "MEMBERS",
    "OPTIONS_MOST",
    "OUTSIDE",
    "STATES",
    "TRANSITIONS",
    "UNPROVEN",
    "WITH_OPTIONS",
    "Busy",
    "KeyReused",
    "Question",
    "Refused",
    "after",
    "email_key",
    "from_form",
    "slug",
]

# A field of the public form that people do not see and machines fill in. What comes with it is answered as if it had
# been taken, and thrown away.
TRAP = "leave_this_empty"

# Program time.
REMIND_AFTER_DAYS = 3
PURGE_AFTER_DAYS = 14
ERASE_AFTER_DAYS = 30
# Machine time, seconds: one address gets at most one mail an hour because somebody typed it into the form.
MAIL_EVERY = 3600
# For one address so many sign-in links are mailed an hour; for one person, so many to a new address.
LINKS_AN_HOUR = 5
