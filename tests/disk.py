"""A disk of a few MiB that a test fills: a file system in memory, so that ENOSPC is the kernel's own.

Only root may mount one, or who has sudo without a password.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .postgres import absent

BLOCK = 4096


class Disk:
    """That file system."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.filler = path / "filler"

    def fill(self, but: int = 0) -> None:
        """Take all room, but for so many bytes."""
        with open(self.filler, "ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * BLOCK)
            except OSError as error:
                assert error.errno == errno.ENOSPC
            os.truncate(self.filler, max(0, file.tell() - but))

    def free(self) -> None:
        """Give it back."""
        self.filler.unlink()


@contextmanager
def small(path: Path, mib: int) -> Iterator[Disk]:
    """Mount one of so many MiB at `path`."""
    path.mkdir()
    by = [] if os.getuid() == 0 else ["sudo", "-n"]
    options = f"size={mib}m,mode=0700,uid={os.getuid()}"
    if by and not shutil.which("sudo"):
        absent("no small disk here: only root may mount one")
    done = subprocess.run(
        [*by, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, text=True
    )
    if done.returncode:
        absent(f"no small disk here: {done.stderr.strip()}")
    try:
        yield Disk(path)
    finally:
        subprocess.run([*by, "umount", "-l", str(path)], check=True)
