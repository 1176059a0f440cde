"""The beat of a production: `python -m shared.beat` rings every service's `tick`, and does nothing else.

On a laptop the worker itself ticks (`shared/work.py`). One is enough; while two run, ticks come twice, which is
harmless. It needs the broker only: which job is due is in each service's database, and its worker looks there.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import Any

from . import config


def main(args: list[str]) -> int:
    """Tick until TERM."""
    parser = argparse.ArgumentParser(prog="python -m shared.beat", description="Rings the ticks of all services.")
    parser.add_argument("--alive", type=Path, help="touch this file whenever the broker took a tick: for health checks")
    options = parser.parse_args(args)
    try:
        settings = config.current()
        from celery import beat

        from . import doorbell, log
        from .worker import app
    except config.SettingError as wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 2

    class Scheduler(beat.Scheduler):  # type: ignore[misc]
        """Celery's, in memory: a tick is never made up for. It says when the broker goes and comes."""

        def apply_async(self, *args: Any, **kwargs: Any) -> Any:
            try:
                taken = super().apply_async(*args, **kwargs)
            except Exception as error:
                doorbell.away(error)
                raise
            doorbell.back()
            if options.alive:
                options.alive.touch()
            return taken

    log.configure(settings.log)
    doorbell.listen()
    service = beat.Service(app, scheduler_cls=Scheduler)
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: sys.exit(0))
    service.start()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
