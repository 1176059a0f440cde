"""Logs: a static event name with keys and values; request, correlation and event ids are bound once, here.

Text on a terminal, one JSON object a line with BATON_LOG=json. Never a token, a cookie, a body or an address of a
person: ids are enough to find them.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any, cast

# structlog loads rich wherever it is installed (with what checks this code, never in production), to colour tracebacks
# that nobody looks at here: 4 MiB in every process.
_without = "rich" not in sys.modules
if _without:
    sys.modules["rich"] = cast(Any, None)
import structlog  # noqa: E402

if _without:
    del sys.modules["rich"]

bind = structlog.contextvars.bind_contextvars
clear = structlog.contextvars.clear_contextvars
unbind = structlog.contextvars.unbind_contextvars
bound = structlog.contextvars.bound_contextvars
_configured = False


def get(name: str = "baton") -> Any:
    """A logger; `log.info("mail.sent", mail=id)`."""
    return structlog.get_logger(name)


def configure(form: str, least: int = logging.INFO) -> None:
    """Set the process's log format, `text` or `json`, and the least level; safe to call again, the first one holds."""
    global _configured
    if _configured:
        return
    _configured = True
    last: Any = structlog.processors.JSONRenderer(sort_keys=True) if form == "json" else _line
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _line(_logger: Any, _method: str, entry: Any) -> str:
    """One line for a terminal, a traceback below it. (structlog's ConsoleRenderer took a twentieth of a sign-up.)"""
    when, level, name = entry.pop("timestamp"), entry.pop("level"), entry.pop("event")
    traceback = entry.pop("exception", None)
    values = " ".join(f"{key}={value if _PLAIN(str(value)) else repr(value)}" for key, value in entry.items())
    return f"{when[:23]}Z {level:<8} {name:<24} {values}" + (f"\n{traceback}" if traceback else "")


_PLAIN = re.compile(r"[!-&(-<>-~]+").fullmatch  # nothing that could pass for the end of a value, or of a line


def correlation() -> str | None:
    """The id that ties together all that one request caused, if one is bound."""
    value = structlog.contextvars.get_contextvars().get("correlation")
    return str(value) if value else None


def through() -> str | None:
    """What somebody acts through, if it is not their own hand: `token/<id>`, while a request with one is answered."""
    value = structlog.contextvars.get_contextvars().get("through")
    return str(value) if value else None
