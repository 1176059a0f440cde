"""`./baton up`: the whole system on this machine, for as long as this command runs.

Checks what can be wrong before it starts anything; then broker, databases, and web and worker at the same time. Every
refusal is one line. What a part writes goes to `<data>/log/<part>.log`; only warnings reach the terminal.
"""

from __future__ import annotations

import argparse
import errno
import fcntl
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import IO

from .. import config
from . import Refused, broker, settings
from .parts import Part
from .supervisor import Supervisor, say

LEAST_DISK = 20_000_000
READY_WITHIN = 60.0


def main(args: list[str]) -> int:
    """Start, say where everything is, watch, and end it all."""
    parser = argparse.ArgumentParser(prog="./baton up", description="Start everything here and keep it running.")
    parser.add_argument("--port", type=int, default=8000, help="where the pages are (default 8000)")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
    parser.add_argument("--data", help="the data folder (default: BATON_DATA, or var)")
    parser.add_argument("--services", help="only these, separated by commas (default: all)")
    # For a demo, which steps program time and rings for each tick itself.
    parser.add_argument("--no-ticks", dest="ticks", action="store_false", help=argparse.SUPPRESS)
    options = parser.parse_args(args)
    if not settings.merged().get("BATON_BASE_URL"):
        os.environ["BATON_BASE_URL"] = address(options.host, options.port)
    if options.services:
        os.environ["BATON_SERVICES"] = options.services
    began = time.monotonic()
    data = folder(options.data)
    with open(data / "up.lock", "a+") as lock:
        only_one(lock, data)
        port_free(options.host, options.port)
        embedded = own_broker(data)
        return run(configured(), options, data, embedded, began)


def folder(data: str | None) -> Path:
    """The data folder, made and tried; the settings that live in it are in the environment after this."""
    wanted = settings.apply(data, secret=False)
    path = Path(wanted["BATON_DATA"])
    try:
        for name in ("log", "run"):
            (path / name).mkdir(parents=True, exist_ok=True)
        probe = path / "run" / "probe"
        probe.write_text("x")
        probe.unlink()
    except OSError as error:
        raise Refused(settings.unwritable(path, error)) from None
    if shutil.disk_usage(path).free < LEAST_DISK:
        raise Refused(settings.unwritable(path, OSError(errno.ENOSPC, "no space left")))
    return path


def only_one(lock: IO[str], data: Path) -> None:
    """Hold the data folder for this process; the kernel lets go of it however the process ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        pid = lock.read().strip() or "unknown"
        raise Refused(
            f"already runs on {data} (process {pid}): use that one, stop it, or give another --data"
        ) from None
    os.ftruncate(lock.fileno(), 0)
    os.write(lock.fileno(), f"{os.getpid()}\n".encode())  # at once: what waits to be written would fail at each close


def port_free(host: str, port: int) -> None:
    """Can the web process listen there?"""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        code = getattr(error, "errno", None)
        if code == errno.EADDRINUSE:
            other = next((p for p in range(port + 1, port + 100) if p < 65536 and broker.free(p)), 8000)
            raise Refused(f"port {port} is busy: stop what listens there, or use another: --port {other}") from None
        if code == errno.EACCES:
            raise Refused(f"port {port} is for the administrator only: use one above 1023, as in --port 8000") from None
        raise Refused(f"cannot listen on {host}:{port} ({error}): give another --host or --port") from None


def own_broker(data: Path) -> bool:
    """Unless BATON_BROKER_URL names one: configure the embedded broker, for the parts to inherit its address."""
    if not settings.own_broker(data):
        return False
    os.environ["BATON_BROKER_URL"] = broker.configure(data)
    return True


def configured() -> config.Config:
    """All settings, checked; what a laptop leaves open is filled in for the parts to inherit."""
    settings.apply(os.environ["BATON_DATA"])
    try:
        found = config.load(settings.merged())
    except config.SettingError as wrong:
        raise Refused(str(wrong)) from None
    settings.write_private(found.data / settings.ADDRESS_FILE, found.base_url + "\n")
    return found


def address(host: str, port: int) -> str:
    """What people see of what listens there, on this machine."""
    name = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::1", "::", "localhost"} else host
    return f"http://{name}:{port}"


def run(found: config.Config, options: argparse.Namespace, data: Path, embedded: bool, began: float) -> int:
    """Start the parts, wait until they answer, and stay."""
    keeper = Supervisor()
    link, ready = data / "run" / "first-link", data / "run" / "worker-ready"
    for stale in (link, ready):
        stale.unlink(missing_ok=True)
    python = [sys.executable, "-m"]
    log = data / "log"
    valkey = Part("broker", [], data / "valkey", log / "broker.log", 10, signal.SIGTERM)
    web = Part(
        "web",
        [*python, "shared.serve", "--host", options.host, "--port", str(options.port), "--link", str(link)],
        settings.ROOT, log / "web.log", 15, signal.SIGKILL,
    )  # fmt: skip
    worker = Part(
        "worker",
        [*python, "shared.work", "--ready", str(ready), *([] if options.ticks else ["--no-beat"])],
        settings.ROOT, log / "worker.log", 75, signal.SIGKILL,
    )  # fmt: skip
    valkey.answers = lambda: broker.answers(found.broker_url)
    web.answers = lambda: answers(reachable(options.host), options.port, f"/{found.services[0]}/ready")
    worker.answers = ready.exists
    worker.marker = ready
    for part in (valkey, web, worker):
        part.keep_log = found.keep_logs * 1_000_000
    try:
        if embedded:
            valkey.command = [str(broker.binary()), "valkey.conf"]
            keeper.start(valkey)
        prepare_databases(keeper, found)
        if not keeper.stops and valkey.process and not broker.wait(found.broker_url, 30, valkey.alive):
            raise Refused(f"the broker does not start: see {valkey.log}")
        if not keeper.stops:
            keeper.start(web)
            keeper.start(worker)
            if wait_for_all(keeper, found, options, ready):
                welcome(found, data, link, time.monotonic() - began)
            del web.command[-2:]  # one link a start; a restart makes none
        keeper.run()
    finally:
        keeper.shut_down([[web, worker], [valkey]])
    say("stopped")
    return 0


def prepare_databases(keeper: Supervisor, found: config.Config) -> None:
    """Migrate and seed in a process of its own (this one must stay small), unless all are known to be up to date."""
    if all(up_to_date(found, service) for service in found.services):
        return
    say("preparing the databases")
    done = subprocess.run([sys.executable, "-m", "shared.cli", "migrate"], cwd=settings.ROOT, stdin=subprocess.DEVNULL)
    if done.returncode and not keeper.stops:
        raise Refused("the databases are not ready, so nothing was started")


def up_to_date(found: config.Config, service: str) -> bool:
    """Is the service's SQLite file at the newest revision? PostgreSQL is always asked properly."""
    url = found.database_url(service)
    if not url.startswith("sqlite:///"):
        return False
    path = Path(url.removeprefix("sqlite:///"))
    newest = max(
        (p.name[:4] for p in (settings.ROOT / "services" / service).glob("migrations/versions/[0-9]*.py")), default=""
    )
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path)) as database:
            return database.execute("SELECT version_num FROM alembic_version").fetchone() == (newest,)
    except sqlite3.Error:
        return False


def wait_for_all(keeper: Supervisor, found: config.Config, options: argparse.Namespace, ready: Path) -> bool:
    """Wait until every service and the worker answer; False when somebody stopped it first."""
    host = reachable(options.host)
    missing = list(found.services)
    told = time.monotonic() + READY_WITHIN
    while not keeper.stops:
        while missing and answers(host, options.port, f"/{missing[0]}/ready"):
            missing.pop(0)
        if not missing and ready.exists():
            return True
        if time.monotonic() > told:
            told += READY_WITHIN
            late = [*missing, *([] if ready.exists() else ["worker"])]
            say(f"still waiting for: {', '.join(late)} (what they say: {os.environ['BATON_DATA']}/log)")
        keeper.look(0.03)
    return False


def reachable(host: str) -> str:
    """Where this machine reaches what listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def answers(host: str, port: int, path: str) -> bool:
    """Does a GET of this path get a 200?"""
    try:
        with socket.create_connection((host, port), timeout=2) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            return connection.recv(64).split(b" ")[1:2] == [b"200"]
    except OSError:
        return False


def welcome(found: config.Config, data: Path, link: Path, seconds: float) -> None:
    """Where everything is. The links go to standard output: the one thing here another program may want to read."""
    lines = [f"Baton is ready ({seconds:.1f} s).", ""]
    if "signup" in found.services:
        lines.append(f"  Program    {found.base_url}/")
        lines.append(f"  Sign up    {found.base_url}/signup/")
    if "notifications" in found.services:
        lines.append(f"  Mails      {found.base_url}/notifications/outbox")
    try:
        url = link.read_text().strip()
        link.unlink()
    except OSError:
        url = ""
    if url:
        lines.append(f"  Organizer  {url}")
        how = "" if found.organizer != config.Config.organizer else "; BATON_ORGANIZER in .env makes it your address"
        lines.append(f"             (signs {found.organizer} in, once{how})")
    lines.append(f"  Data       {data}")
    if not found.smtp_url:
        lines.append("  No mail leaves this machine until BATON_SMTP_URL is set.")
    print("\n".join([*lines, "", "Ctrl-C stops it."]), flush=True)
