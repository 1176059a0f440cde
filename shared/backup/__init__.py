"""Backup, restore and move: the rows of all services in one file, whichever database they come from or go to.

cut.py    every service's rows as of one and the same instant, while everything runs
kinds.py  how a value is written so that SQLite and PostgreSQL both take it back
file.py   the file: a ZIP of JSON lines with counts and checksums; checked whole before any of it is used
load.py   rows into empty tables, of the revision they were written by, then migrated
"""

from __future__ import annotations


class Wrong(Exception):
    """It cannot be done; the message is one line that says why and what to do."""
