"""Is the broker there? Said once when it goes and once when it is back, by each process, instead of a page of traceback
for every task that could not be queued. Nothing depends on it: SQL holds the truth, the broker only rings.
"""

from __future__ import annotations

import logging
import re

from . import log

logger = log.get("baton.broker")
# Those that talk to the broker; a request does so when it acknowledges its message. Not celery.app.trace: what a task
# raises is about the task.
_TALKERS = ("celery.worker.consumer", "celery.worker.request", "celery.beat", "kombu", "amqp", "redis")
_ABOUT_IT = re.compile(r"connect|broker|transport", re.IGNORECASE)
_CONNECTED = "celery.worker.consumer.connection"
_away = False


def away(reason: object) -> None:
    """It did not take a message, or hung up."""
    global _away
    if not _away:
        _away = True
        first = str(reason).strip().partition("\n")[0]
        logger.warning("broker.away", reason=first[:200])


def back() -> None:
    """It took one."""
    global _away
    if _away:
        _away = False
        logger.info("broker.back")


class Libraries(logging.Handler):
    """Where log lines of libraries go: what they say of the broker becomes `away` and `back`, the rest one entry."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._emit(record)
        except Exception:
            self.handleError(record)

    def _emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if record.name == _CONNECTED and record.levelno < logging.WARNING:
            back()
            return
        broken = record.exc_info[1] if record.exc_info else None
        if record.name == "py.warnings" and "CPendingDeprecation" in said:
            return  # said at each lost connection, of a setting that `shared/worker.py` has set
        first = said.partition("\n")[0]
        if record.name.startswith(_TALKERS) and (_of_the_network(broken) or _ABOUT_IT.search(first)):
            away(broken or first)
        elif record.levelno >= logging.WARNING:
            entry = logger.error if record.levelno >= logging.ERROR else logger.warning
            entry("library.said", library=record.name, words=said[:2000], exc_info=broken or None)


def _of_the_network(error: BaseException | None) -> bool:
    """A broken or refused connection, in the words of any library on the way (redis, amqp, kombu)."""
    names = {"ConnectionError", "TimeoutError", "OperationalError", "BusyLoadingError", "RecoverableConnectionError"}
    while error is not None:
        if isinstance(error, OSError) or any(kind.__name__ in names for kind in type(error).__mro__):
            return True
        error = error.__cause__ or error.__context__  # beat wraps it
    return False


def listen() -> None:
    """Take the log lines of all libraries of this process."""
    root = logging.getLogger()
    root.handlers[:] = [Libraries()]
    root.setLevel(logging.WARNING)
    logging.getLogger(_CONNECTED).setLevel(logging.INFO)
    logging.captureWarnings(True)
