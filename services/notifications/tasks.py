"""The tasks of notifications beside events and ticks: send what is due, fetch what came in. Only doorbells: what there
is to do stands in SQL, or in the mailbox.
"""

from __future__ import annotations

import os
import threading

from shared import log, worker

from .chat import posting
from .inbound import mailbox
from .mail import compose, sending

_log = log.get("notifications.tasks")


@worker.task("notifications.send")
def send() -> None:
    """Send what is due; what does not fit in one task's time goes on in the next."""
    if sending.send_due().more:
        ring()


@worker.task("notifications.fetch")
def fetch() -> None:
    """Take what is new in the mailbox; what does not fit in one task's time goes on in the next."""
    if mailbox.read():
        worker.send("notifications.fetch")


@worker.task("slow.chat")
def chat() -> None:
    """Post what is due in chat."""
    posting.post_due()


@compose.rings
def ring() -> None:
    """Ask for sending soon, without making the caller wait: a frozen broker can block a publish for long."""
    global _bell
    with _lock:
        if _bell is None or _bell.pid != os.getpid() or not _bell.is_alive():
            _bell = _Bell()
            _bell.start()
    _bell.rung.set()


class _Bell(threading.Thread):
    """Rings Celery; rung ten times while it is busy, it rings once more. If the broker is away, the tick is there."""

    def __init__(self) -> None:
        super().__init__(name="mail-bell", daemon=True)
        self.rung = threading.Event()
        self.pid = os.getpid()

    def run(self) -> None:
        while True:
            self.rung.wait()
            self.rung.clear()
            try:
                worker.send("notifications.send")
            except Exception as error:
                _log.info("mail.broker_refused", error=str(error))


_lock = threading.Lock()
_bell: _Bell | None = None
