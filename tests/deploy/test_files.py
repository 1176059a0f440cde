"""What an engine and systemd are given they can read: the schema of compose, the linter of Dockerfiles, systemd's own
check. Each check is shown to find a mistake.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dotenv import dotenv_values

from shared import config
from shared.cli.settings import ROOT
from shared.config import SERVICES
from tests.postgres import absent

from . import image
from .layout import read, seconds

UNITS = ROOT / "deploy/systemd"


def tool(name: str, package: str) -> str:
    """A program's path; skipped on a laptop without it, an error in CI."""
    found = shutil.which(name) or shutil.which(name, path=f"{sys.prefix}/bin")
    if name == "docker-compose":
        # The package's own starter forgets the exit code.
        spec = importlib.util.find_spec("compose")
        found = str(Path(spec.origin).parent / name) if spec and spec.origin else None
    return found or absent(f"no {name} here: install {package}")


def run(*command: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BATON_", "COMPOSE_"))}
    return subprocess.run(command, cwd=ROOT, env={**clean, **env}, capture_output=True, text=True, timeout=60)


def test_the_compose_file_fits_the_schema(tmp_path: Path) -> None:
    compose = tool("docker-compose", "the test packages, on Linux x86-64")
    assert (done := run(compose, "--profile", "*", "config", "--quiet")).returncode == 0, done.stderr
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text((ROOT / "docker-compose.yml").read_text().replace("stop_grace_period", "stop_grace", 1))
    assert "stop_grace" in run(compose, "-f", str(wrong), "config", "--quiet").stderr


def test_compose_reads_in_it_what_the_layout_reads() -> None:
    compose = tool("docker-compose", "the test packages, on Linux x86-64")
    env = {"BATON_BASE_URL": "https://baton.example.org", "BATON_TLS": "/a /b"}
    said = run(compose, "--profile", "*", "config", "--format", "json", **env).stdout
    theirs = json.loads(said.replace("$$", "$"))["services"]  # what it prints can be read by it again
    ours = read(env)["services"]
    assert set(theirs) == set(ours)
    for name, told in ours.items():
        assert (theirs[name]["command"] or []) == told.get("command", []), name
        assert theirs[name].get("environment", {}) == told.get("environment", {}), name
        assert theirs[name].get("healthcheck", {}).get("test") == told.get("healthcheck", {}).get("test"), name


def test_every_container_is_kept_small() -> None:
    services = read({})["services"]
    for name, told in services.items():
        assert told["cap_drop"] == ["ALL"] and told["security_opt"] == ["no-new-privileges:true"], name
        assert told.get("read_only") or name == "rabbitmq", f"{name} may write to its own file system"
        assert "build" in told or told.get("user") or name == "proxy", f"{name} may be root"
        assert "healthcheck" in told or name == "migrate", name
        assert "build" in told or re.search(r":v?\d", told["image"]), f"{name} may be another program tomorrow"
        assert not re.search(r"(PASSWORD|SECRET|URL)$", " ".join(told.get("environment", {}))) or name == "proxy", name
        if name.endswith("-worker"):
            assert seconds(told["stop_grace_period"]) >= 75, "tasks may take 60 seconds"
    published = {name for name, told in services.items() if told.get("ports")}
    assert published == {"proxy", "mail"}
    assert {name for name, told in services.items() if "outside" not in told["networks"]} >= {
        "postgres", "redis", "rabbitmq", *(f"{name}-web" for name in SERVICES)
    }  # fmt: skip


def test_each_service_sees_its_own_database_only() -> None:
    services = read({})["services"]
    for service in SERVICES:
        for part in ("web", "worker"):
            told = services[f"{service}-{part}"]
            urls = {name for name in told["environment"] if "DATABASE" in name}
            assert urls == {f"BATON_{service.upper()}_DATABASE_URL_FILE"}
            assert {name for name in told["secrets"] if "database" in name} == {f"{service}_database_url"}
    for name, told in services.items():
        named = {str(value).removeprefix("/run/secrets/") for key, value in told.get("environment", {}).items()
                 if key.endswith("_FILE") and str(value).startswith("/run/secrets/")}  # fmt: skip
        assert named <= set(told.get("secrets", [])), f"{name} names a secret that it is not given"


def test_the_dockerfile_is_clean(tmp_path: Path) -> None:
    hadolint = tool("hadolint", "the test packages, on Linux x86-64")
    assert (done := run(hadolint, "--no-color", str(ROOT / "Dockerfile"))).returncode == 0, done.stdout
    wrong = tmp_path / "Dockerfile"
    wrong.write_text("FROM python\nRUN cd /app\nUSER root\n")
    assert run(hadolint, "--no-color", str(wrong)).returncode == 1


def test_the_image_holds_no_more_than_it_needs() -> None:
    told = image.instructions((ROOT / "Dockerfile").read_text())
    copied = [rest.split()[0] for what, rest in told if what == "COPY" and not rest.startswith("--from")]
    ignore = (ROOT / ".dockerignore").read_text()
    assert not [name for name in copied if image.kept_out(ignore, name)]
    assert all(image.kept_out(ignore, name) for name in ("secrets", "var", ".env", ".git", "tests", "tls"))
    assert [rest for what, rest in told if what == "USER"] == ["10001:10001"]
    assert {rest.split(" ")[0] for what, rest in told if what == "FROM"} == {"python:3.12.12-slim-bookworm"}


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with a Python that exists where theirs will be."""
    for path in UNITS.iterdir():
        if path.suffix in {".service", ".target"}:
            text = path.read_text().replace("/opt/baton/.venv/bin/python", sys.executable)
            (tmp_path / path.name).write_text(text)
    return tmp_path


def test_systemd_understands_the_units(units: Path) -> None:
    analyze = tool("systemd-analyze", "systemd")
    names = ["baton.target", "baton-migrate.service", "baton-beat.service", "baton-worker@slow.service"]
    names += [f"baton-{part}@{service}.service" for part in ("web", "worker") for service in SERVICES]
    done = run(analyze, "verify", *(str(units / name) for name in names), SYSTEMD_UNIT_PATH=f"{units}:")
    mine = [line for line in done.stderr.splitlines() if "baton" in line]
    assert done.returncode == 0 and not mine, done.stderr
    (units / "baton-beat.service").write_text("[Service]\nExecStart=/nowhere\nKilSignal=SIGTERM\n")
    done = run(analyze, "verify", str(units / "baton-beat.service"), SYSTEMD_UNIT_PATH=f"{units}:")
    assert "KilSignal" in done.stderr and "/nowhere" in done.stderr


def unit(name: str, instance: str = "") -> dict[str, list[str]]:
    """Its settings: each key's values, in order."""
    found: dict[str, list[str]] = {}
    for line in (UNITS / name).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value.replace("%i", instance))
    return found


def test_the_units_run_what_the_containers_run() -> None:
    services = read({})["services"]
    python = "/opt/baton/.venv/bin/python "
    for instance in (*SERVICES, "slow"):
        worker = unit("baton-worker@.service", instance)
        command = services[f"{instance}-worker"]["command"][:-2]  # without --alive: systemd sees what dies
        assert worker["ExecStart"] == [python + " ".join(command[1:])]
        assert int(worker["TimeoutStopSec"][0]) >= 75 and worker["KillSignal"] == ["SIGTERM"]
        assert worker["KillMode"] == ["mixed"], "children are ended by their parent"
    for service in SERVICES:
        web, port = unit("baton-web@.service", service), environment(service)["PORT"]
        command = " ".join(services[f"{service}-web"]["command"][1:]).replace("0.0.0.0", "127.0.0.1")
        assert web["ExecStart"] == [python + command.replace("8000", "${PORT}")]
        assert f"BATON_{service.upper()}_WEB=127.0.0.1:{port}" in (UNITS / "caddy.conf").read_text()
    assert unit("baton-beat.service")["ExecStart"] == [python + "-m shared.beat"]
    assert unit("baton-migrate.service")["ExecStart"] == [python + " ".join(services["migrate"]["command"][1:])]
    wanted = " ".join(unit("baton.target")["Wants"]).split()
    assert {f"baton-{part}@{service}.service" for part in ("web", "worker") for service in SERVICES} < set(wanted)
    assert {"baton-worker@slow.service", "baton-beat.service"} < set(wanted)


def environment(*names: str) -> dict[str, str]:
    """What those files of settings say together."""
    found: dict[str, str] = {}
    for name in names:
        found |= {key: value or "" for key, value in dotenv_values(UNITS / f"{name}.env").items()}
    return found


@pytest.mark.parametrize("name", [*SERVICES, "slow"])
def test_the_units_settings_are_settings(name: str, tmp_path: Path) -> None:
    done = run(str(ROOT / "deploy/make-secrets.sh"), "--host", "127.0.0.1", str(tmp_path / "secrets"))
    assert done.returncode == 0, done.stderr
    env = {key: value.replace("/etc/baton", str(tmp_path)) for key, value in environment("baton", name).items()}
    found = config.load(env)
    assert found.services == (SERVICES if name == "slow" else (name,)) and found.trusted_proxies == 1
    for service in found.services:
        url = found.database_url(service)
        assert url.startswith(f"postgresql+psycopg://baton_{service}:") and url.endswith(
            f"@127.0.0.1:5432/baton_{service}"
        )
    assert bool(found.smtp_url) == (name in {"notifications", "slow"})


def test_secrets_are_made_once_and_for_the_owner(tmp_path: Path) -> None:
    script, folder = str(ROOT / "deploy/make-secrets.sh"), tmp_path / "the secrets"
    assert run(script, "--rabbitmq", "--smtp", "smtp://u:p@mail.example.org:587", str(folder)).returncode == 0
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(before) == set(read({})["secrets"])
    assert before["broker_url"].startswith("amqp://baton:") and before["smtp_url"].strip().endswith(":587")
    assert len({text for text in before.values()}) == len(before) and folder.stat().st_mode & 0o077 == 0
    assert run(script, str(folder)).stdout == "", "what is there stays"
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    assert run(script, "--help").returncode == 2 and "--rabbitmq" in run(script, "--help").stdout


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "write postgresql://role"),
        ("postgresql://postgres:5432/baton_signup", "write postgresql://role"),
        ("postgresql://role:pass%40word@postgres/db", "without %"),
    ],
)
def test_an_odd_url_makes_no_database(tmp_path: Path, url: str, said: str) -> None:
    (tmp_path / "signup_database_url").write_text(url)
    done = run("sh", str(ROOT / "deploy/databases.sh"), SECRETS=str(tmp_path))
    assert done.returncode == 1 and said in done.stderr and "pass" not in done.stderr.replace("password", "")
