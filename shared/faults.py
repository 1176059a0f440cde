"""What an error of a database means: no room, or no answer; and how much of it may be said."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.engine import ExceptionContext

from . import log

logger = log.get()


def say_no_more(context: ExceptionContext) -> None:
    """What SQLAlchemy makes of an error of the driver quotes no more than that does now."""
    error = context.original_exception
    quote_nothing(error)
    if context.sqlalchemy_exception is not None and getattr(error, "diag", None):
        context.sqlalchemy_exception.args = (f"({type(error).__module__}.{type(error).__name__}) {error}",)


def quote_nothing(error: Any) -> None:
    """Leave of an error what PostgreSQL says first: further on it quotes whole rows ("Failing row contains (…)").

    Here, and not where errors are written down: each log, receipt and traceback would have to think of it.
    """
    diagnosis: Any = getattr(error, "diag", None)
    said = getattr(diagnosis, "message_primary", None)
    if not said:
        return
    if (diagnosis.sqlstate or "").startswith("22"):
        said = re.sub('".*"', '"…"', said, flags=re.DOTALL)  # class 22, data exceptions: what is quoted is the value
    error.args = (said,)


class Ended(Exception):
    """The database ended a transaction by itself: nothing of it happened."""


def full(error: BaseException | None) -> bool:
    """Whether an error, or its cause, is that there is no room to write: the disk is full, or a limit is reached."""
    while error is not None:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(_ROOMLESS) or isinstance(error, Ended):
            return True
        if getattr(error, "sqlstate", None) == "53100" or getattr(error, "errno", None) in _NO_ROOM:
            return True
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__
    return False


_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def away(error: BaseException | None) -> bool:
    """Whether an error, or its cause, is that the database does not answer: PostgreSQL is not there, starting, or hung
    up; a file of SQLite cannot be opened, read or written, or is none of its own."""
    while error is not None:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(_UNUSABLE) and not name.startswith(_ROOMLESS):
            return True
        if hasattr(error, "sqlstate") and any(kind.__name__ == "OperationalError" for kind in type(error).__mro__):
            # Without a code it is the way there that is broken; 08 and 57P are PostgreSQL's own words for the same.
            return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__
    return False


_ROOMLESS = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE")  # the last: of its index of the log
_UNUSABLE = ("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_PERM", "SQLITE_READONLY")


@contextmanager
def watched(service: str) -> Iterator[None]:
    """Around what is done again and again: that the database does not answer is said once, and once that it is back."""
    try:
        yield
    except Exception as error:
        if not away(error):
            raise
        if service not in _away:
            _away.add(service)
            logger.warning("database.away", service=service, said=first_line(error))
    else:
        if service in _away:
            _away.discard(service)
            logger.info("database.back", service=service)


_away: set[str] = set()


def first_line(error: BaseException) -> str:
    """What the database itself said, as far as one line goes."""
    text = str(getattr(error, "orig", None) or error.__cause__ or error).strip()
    return text.partition("\n")[0][:200] or type(error).__name__
