"""The web process: the services it carries, mounted by the first segment of the path, in one granian worker.

`python -m shared.serve --host 127.0.0.1 --port 8000`, on a laptop (started by `./baton up`) as in production, where
BATON_SERVICES names what this process carries. Services are imported by name: `shared` knows none of them.
"""

from __future__ import annotations

import argparse
import importlib
import io
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from . import config
from .mortal import die_with_parent

Environ = dict[str, Any]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

# One at a time is fastest on SQLite, where writers queue anyway (PERFORMANCE: threads only bought a worse p99).
AT_ONCE_SQLITE, AT_ONCE_POSTGRESQL = 1, 8
# Threads that may wait for a slow sender's body, each a few kB until it is needed. They do not compute.
THREADS = 32
LARGEST_BODY = 1 << 20
FRONT = "signup"


class Dispatcher:
    """Sends a request to the service its path names; `/` and unknown paths to signup, where it is carried."""

    def __init__(self, apps: dict[str, App], at_once: int) -> None:
        """:param at_once: how many requests compute at the same time."""
        self.apps = apps
        self.front = apps.get(FRONT) or next(iter(apps.values()))
        self._turn = threading.BoundedSemaphore(at_once)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """WSGI. The body is read before a turn is taken: a sender that stalls holds a thread, never the service."""
        read_body(environ)
        first = environ["PATH_INFO"].split("/", 2)[1:2]
        app = self.apps.get(first[0], self.front) if first else self.front
        with self._turn:
            answer = app(environ, start_response)
            if isinstance(answer, list):
                return answer
            try:
                # In one piece: granian sends a list without coming back to Python for each part. Pages are small.
                return [b"".join(answer)]
            finally:
                close = getattr(answer, "close", None)
                if close:
                    close()


def read_body(environ: Environ) -> None:
    """Take the body from the socket into memory; one that is too large is left, for the app to refuse unread."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length == "0" or not (length or environ.get("HTTP_TRANSFER_ENCODING")):
        return
    if length.isdigit() and int(length) > LARGEST_BODY:
        return
    body = environ["wsgi.input"].read(LARGEST_BODY + 1)
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)


def application() -> Dispatcher:
    """The WSGI application of this process's services."""
    settings = config.current()
    apps = {name: importlib.import_module(f"services.{name}").create_app() for name in settings.services}
    sqlite = all(settings.database_url(name).startswith("sqlite") for name in settings.services)
    return Dispatcher(apps, AT_ONCE_SQLITE if sqlite else AT_ONCE_POSTGRESQL)


def main(args: list[str]) -> None:
    """Serve until TERM."""
    from granian.constants import Interfaces, Loops
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    parser = argparse.ArgumentParser(prog="python -m shared.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--link", type=Path, help="write a sign-in link for the first organizer to this file")
    options = parser.parse_args(args)
    # granian's own worker process: forked, it shares what is loaded already (Python 3.14 would start from nothing).
    multiprocessing.set_start_method("fork")
    server = Server(
        target="shared.serve:application",
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        loop=Loops.asyncio,
        workers=1,
        blocking_threads=THREADS,
        # A client that has sent half of its headers is dropped after ten seconds.
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        websockets=False,
        log_level=LogLevels.error,
        workers_kill_timeout=10,
    )
    parent = os.getpid()

    def load(*_: object) -> Dispatcher:
        die_with_parent(parent)
        made = application()
        if options.link:
            first_link(options.link)
        return made

    server.serve(target_loader=load, wrap_loader=False)


def first_link(path: Path) -> None:
    """Ask signup for the first organizer's sign-in link. Done here, where its code is loaded already: a process of its
    own would take as long as everything else together."""
    if FRONT not in config.current().services:
        return
    link = importlib.import_module(f"services.{FRONT}.access_links").first_link()
    draft = path.with_suffix(".new")
    handle = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(link or "")
    draft.replace(path)


if __name__ == "__main__":
    main(sys.argv[1:])
