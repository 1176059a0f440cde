"""`./baton check`: everything that can be told without running Baton. All steps run, so that one go shows all that is
wrong; what a step says is shown only when it fails.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time

from .settings import ROOT

STEPS = {
    "style": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
    "imports": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    "architecture": ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/architecture"],
    "documents": ["-m", "shared.cli", "events", "docs", "--check"],
    "types": ["-m", "mypy"],
}


def main(args: list[str]) -> int:
    """Run the steps one after another; 1 when any failed."""
    parser = argparse.ArgumentParser(
        prog="./baton check", description="Style, types, import rules, generated documents."
    )
    parser.add_argument("steps", nargs="*", choices=[[], *STEPS], help=f"only these: {', '.join(STEPS)}")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args(args)
    results = {name: run(name, options.json) for name in options.steps or STEPS}
    if options.json:
        print(json.dumps(results))
    return 0 if all(results.values()) else 1


def run(name: str, quiet: bool) -> bool:
    """One step; says how it went and, if it failed, why."""
    began = time.monotonic()
    env = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, *STEPS[name]], cwd=ROOT, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    passed = done.returncode == 0
    if not passed:
        print(done.stdout + done.stderr, file=sys.stderr)
    if not quiet:
        print(f"{name:<13}{'ok' if passed else 'FAILED':<8}{time.monotonic() - began:.1f} s", flush=True)
    return passed
