"""The web process: the services it carries, mounted by the first segment of the path, in one granian server.

`python -m shared.serve --host 127.0.0.1 --port 8000`, on a laptop (started by `./baton up`) as in production, where
BATON_SERVICES names what this process carries. Services are imported by name: `shared` knows none of them.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib
import os
import signal
import sys
from pathlib import Path

from . import config, web
from .mount import Mount

# One at a time is fastest on SQLite, where writers queue anyway (PERFORMANCE: threads only bought a worse p99).
AT_ONCE_SQLITE, AT_ONCE_POSTGRESQL = 1, config.WEB_AT_ONCE
FRONT = "signup"


def mount() -> Mount:
    """The services of this process, behind one another's paths."""
    settings = config.current()
    apps = {name: importlib.import_module(f"services.{name}").create_app() for name in settings.services}
    sqlite = all(settings.database_url(name).startswith("sqlite") for name in settings.services)
    uploads = {path: taken for app in apps.values() for path, taken in app.extensions.get("uploads", {}).items()}
    return Mount(apps, FRONT, AT_ONCE_SQLITE if sqlite else AT_ONCE_POSTGRESQL, uploads, web.failed)


async def serve(application: Mount, host: str, port: int) -> None:
    """Answer until TERM. granian runs inside this process: a parent of its own would only cost memory."""
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server.embed import Server

    server = Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        websockets=False,
        backlog=1024,
        # A client that has sent half of its headers is dropped after ten seconds.
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        log_level=LogLevels.error,
    )
    loop = asyncio.get_running_loop()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, server.stop)
    await server.serve()
    # Not by way of the interpreter's end: granian's threads may still call into it, and abort the process (tried).
    sys.stderr.flush()
    os._exit(0)


def first_link(path: Path) -> None:
    """Write the first organizer's sign-in link to a file that only its owner can read.

    Done here, where signup's code is loaded already: a process of its own would take as long as all the rest.
    """
    if FRONT not in config.current().services:
        return
    link = importlib.import_module(f"services.{FRONT}.access_links").first_link()
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(link or "")
    draft.replace(path)


def main(args: list[str]) -> int:
    """Load the services and serve them."""
    parser = argparse.ArgumentParser(prog="python -m shared.serve", description="The web process.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--link", type=Path, help="write a sign-in link for the first organizer to this file")
    options = parser.parse_args(args)
    try:
        application = mount()
        if options.link:
            first_link(options.link)
        # What is loaded now stays: a full collection need not look at it again, which stopped all requests for 30 ms.
        gc.collect()
        gc.freeze()
        # What a request makes goes with it. Looking for circles after every 700 objects took a thirtieth of the time.
        gc.set_threshold(10_000)
        asyncio.run(serve(application, options.host, options.port))
    except config.SettingError as wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
