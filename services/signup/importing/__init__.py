"""Moving in: people from a file of another program's answers (Google Forms, any CSV).

A file is given (`give`), its columns mapped (`columns`, `check`), every row checked without effect, and only then
imported (`start`). The two long parts run in steps (`work`), by a worker or by the command line; the rest are commands
like those of `people`: the open transaction first, then who does it.
"""

from __future__ import annotations

from .dates import ORDERS
from .dialect import MENDED
from .files import (
    Import,
    call,
    check,
    columns,
    each_refused,
    give,
    listed,
    mending,
    most,
    one,
    purge,
    refused_rows,
    sample,
    start,
    throw_away,
    too_large,
    undo_mapping,
    unmapped,
    waiting,
    with_meanings,
)
from .guess import FIELDS
from .mapping import MEANT, Columns, remembered, targets
from .running import PATIENCE, work
from .undoing import Undo, latest, preview, undo

__all__ = [
    "FIELDS",
    "MEANT",
    "MENDED",
    "ORDERS",
    "PATIENCE",
    "Columns",
    "Import",
    "Undo",
    "call",
    "check",
    "columns",
    "each_refused",
    "give",
    "latest",
    "listed",
    "mending",
    "most",
    "one",
    "preview",
    "purge",
    "refused_rows",
    "remembered",
    "sample",
    "start",
    "targets",
    "throw_away",
    "too_large",
    "undo",
    "undo_mapping",
    "unmapped",
    "waiting",
    "with_meanings",
    "work",
]
