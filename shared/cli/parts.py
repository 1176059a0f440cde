"""One part of the running system (broker, web, worker): a process group that is started, watched and ended as one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ..mortal import die_with_parent

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
HEALTHY_AFTER = 60.0
KEEP_LOG = 20_000_000  # bytes of a log, and as many of the one before it


class Part:
    """A child process in a process group of its own, its log file, and when to start it again.

    Not in a session of its own: Linux shares the processor out among sessions first, and the worker's niceness would
    say nothing to the web process in another.
    """

    def __init__(self, name: str, command: list[str], cwd: Path, log: Path, grace: float, sig: int) -> None:
        """
        :param grace: seconds between TERM and KILL at the end.
        :param sig: what the kernel sends it when the supervisor is killed.
        """
        self.name, self.command, self.cwd, self.log, self.grace, self.sig = name, command, cwd, log, grace, sig
        self.process: subprocess.Popen[bytes] | None = None
        self.delay = FIRST_DELAY
        self.restart_at: float | None = None
        self.answers: Callable[[], bool] = self.alive  # asked after a restart: is it back?
        self.marker: Path | None = None  # a file that it makes when it is ready
        self.missed = False  # it died, and has not answered since
        self.keep_log = KEEP_LOG
        self._since = 0.0
        self._read = log.stat().st_size if log.exists() else 0

    def start(self) -> None:
        """Start it now, with this process's environment; output goes to the end of its log."""
        parent = os.getpid()
        sig = self.sig

        def bind() -> None:
            die_with_parent(parent, sig)

        if self.marker:
            self.marker.unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                process_group=0, preexec_fn=bind,
            )  # fmt: skip
        self._since = time.monotonic()
        self.restart_at = None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self.process.pid if self.process else None

    def alive(self) -> bool:
        """Is its leading process running?"""
        return self.process is not None and self.process.poll() is None

    def died(self) -> str | None:
        """If it just died: how, in words; sets when to start it again. What was left of its group is killed."""
        if self.process is None or self.process.poll() is None:
            return None
        code = self.process.returncode
        self.signal(signal.SIGKILL)
        self.process = None
        self.missed = True
        if time.monotonic() - self._since >= HEALTHY_AFTER:
            self.delay = FIRST_DELAY
        self.restart_at = time.monotonic() + self.delay
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}: {self.last_words()}"
        said = f"{self.name} died ({how}); starting it again in {self.delay:g} s"
        self.delay = min(self.delay * 2, LONGEST_DELAY)
        return said

    def signal(self, sig: int) -> None:
        """Send a signal to the whole group, as far as it still exists."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, sig)
            except (ProcessLookupError, PermissionError):
                pass

    def terminate(self) -> None:
        """Ask its leader to end: it ends its own children. A frozen one is woken, or it could not."""
        self.restart_at = None
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.signal(signal.SIGCONT)

    def group_alive(self) -> bool:
        """Does any process of its group still exist?"""
        if self.process is None:
            return False
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def back(self) -> bool:
        """True once, when it answers again after it died."""
        if self.missed and self.alive() and self.answers():
            self.missed = False
            return True
        return False

    def lines(self) -> list[str]:
        """New whole lines of its log; also keeps the file from growing on."""
        try:
            size = self.log.stat().st_size
            if size < self._read:
                self._read = 0
            if size == self._read:
                return []
            with open(self.log, "rb") as file:
                file.seek(self._read)
                text = file.read(1_000_000)
        except OSError:
            return []
        whole = text.rfind(b"\n") + 1
        if not whole and len(text) < 1_000_000:
            return []
        self._read += whole or len(text)
        if self._read > self.keep_log:
            self._rotate()
        return [line.decode(errors="replace").rstrip() for line in text[:whole].splitlines()]

    def last_words(self) -> str:
        """The last line of its log: of a traceback, the one that says what went wrong."""
        try:
            with open(self.log, "rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
                lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
        except OSError:
            lines = []
        return f"{lines[-1].strip()[:200]}" if lines else "no word in its log"

    def _rotate(self) -> None:
        """The part holds the file open, so it is copied and cut, not renamed."""
        try:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            os.truncate(self.log, 0)
            self._read = 0
        except OSError:
            pass
