"""A part of the running system, as the kernel sees it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from shared.cli.parts import Part


def test_a_part_has_a_group_of_its_own_in_our_session(tmp_path: Path) -> None:
    """Its group: Ctrl-C reaches the supervisor alone. Our session: niceness is weighed only within one."""
    part = Part("sleeper", ["sleep", "60"], tmp_path, tmp_path / "log", 5, signal.SIGKILL)
    part.start()
    try:
        assert part.pid is not None
        assert os.getpgid(part.pid) == part.pid
        assert os.getsid(part.pid) == os.getsid(0)
    finally:
        part.signal(signal.SIGKILL)
        assert part.process is not None
        part.process.wait()
