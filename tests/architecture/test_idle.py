"""What lies in the memory of a Baton that has nothing to do: what only some work needs is loaded by that work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

WEB = "from shared import serve; serve.mount()"
WORKER = """
from shared import config, worker, work
work.arguments(work.argparse.Namespace(concurrency=2, queues=None), config.current().services)
for service in config.current().services:
    worker.carry(service)
"""
LATE = {
    "PIL": "a picture was given",
    "alembic": "databases are migrated, in a process of its own",
    "cryptography": "something is sealed",
    "dns": "a domain is looked up",
    "icalendar": "an invite is made, or an answer read",
    "nbconvert": "a notebook is converted, in a process of its own",
    "nbformat": "a notebook is converted, in a process of its own",
    "psycopg": "a database is on PostgreSQL",
    "rich": "never",
    "sqlalchemy.orm": "never",
}
OF_THE_WEB = ("apispec", "flask", "flask_smorest", "granian", "prometheus_client", "webargs", "werkzeug")


@pytest.mark.parametrize(("start", "not_here"), [(WEB, ()), (WORKER, OF_THE_WEB)], ids=["web", "worker"])
def test_an_idle_process_holds_nothing_that_only_some_work_needs(
    start: str, not_here: tuple[str, ...], tmp_path: Path
) -> None:
    script = f"import sys, json\n{start}\nprint(json.dumps(sorted(sys.modules)))"
    environ = {"PATH": "", "BATON_DATA": str(tmp_path), "BATON_SECRET": "a-secret-that-is-long-enough-for-this"}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    early = {name: LATE.get(name, "never, in a worker") for name in (*LATE, *not_here) if name in loaded}
    assert not early, f"loaded at the start already: {early}"
