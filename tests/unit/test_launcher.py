"""The `baton` script on a machine that is not as it should be: always one line that says what to do."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import types
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def script() -> types.ModuleType:
    """The script as a module."""
    loader = SourceFileLoader("baton_script", str(ROOT / "baton"))
    spec = importlib.util.spec_from_loader("baton_script", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with a space in its path, nothing to install, and an `up` that only says hello."""
    root = tmp_path / "a clone"
    (root / "shared" / "cli").mkdir(parents=True)
    shutil.copy(ROOT / "baton", root)
    (root / "shared" / "__init__.py").touch()
    for name in ("__init__.py", "__main__.py"):
        shutil.copy(ROOT / "shared" / "cli" / name, root / "shared" / "cli")
    (root / "shared" / "cli" / "up.py").write_text("def main(args):\n    print('hello', *args)\n    return 0\n")
    for name in ("requirements.lock", "requirements-test.lock"):
        (root / name).write_text("# nothing\n")
    return root


def run(clone: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BATON_", "PIP_"))}
    base = getattr(sys, "_base_executable", sys.executable)
    return subprocess.run(
        [base, str(clone / "baton"), *args], env={**clean, **env}, capture_output=True, text=True, timeout=300
    )


def test_help_needs_nothing_installed(clone: Path) -> None:
    for args in ([], ["--help"]):
        done = run(clone, *args)
        assert done.returncode == 0 and "./baton COMMAND" in done.stdout
    assert not (clone / ".venv").exists()


def test_an_unknown_command_installs_nothing(clone: Path) -> None:
    done = run(clone, "fly")
    assert (done.returncode, done.stderr) == (1, "baton: there is no command 'fly'; `./baton --help` lists them\n")
    assert not (clone / ".venv").exists()


def test_first_runs_at_once_install_and_later_ones_only_what_is_new(clone: Path) -> None:
    base = getattr(sys, "_base_executable", sys.executable)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
    both = [
        subprocess.Popen([base, str(clone / "baton"), "up", "a b"], env=clean, stdout=-1, stderr=-1, text=True)
        for _ in range(2)
    ]
    outputs = [one.communicate(timeout=300) for one in both]
    assert [out for out, _ in outputs] == ["hello a b\n", "hello a b\n"], outputs
    assert sum("making an environment" in err for _, err in outputs) == 1
    next = run(clone, "up")
    assert (next.stdout, next.stderr) == ("hello\n", "")
    (clone / "requirements.lock").write_text("# another\n")
    third = run(clone, "up")
    assert third.stdout == "hello\n" and "installed" in third.stderr and "making" not in third.stderr
    (clone / "requirements.lock").write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    away = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull}
    done = run(clone, "up", PIP_NO_CACHE_DIR="1", PIP_RETRIES="1", **away)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("baton: the package registry is out of reach"), done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupted_first_run_is_done_again(clone: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "half").write_text("left behind")
    (clone / ".venv" / "baton.json").write_text('{"making": true}')
    done = run(clone, "up")
    assert done.stdout == "hello\n", done.stderr
    assert not (clone / ".venv" / "half").exists()


def test_no_venv_module(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "ensurepip.py").write_text("raise ImportError('as on Debian without python3-venv')\n")
    done = run(clone, "up", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "apt install python3-venv" in done.stderr


def test_a_folder_it_may_not_write_to(clone: Path) -> None:
    (clone / ".venv").write_text("a file")
    done = run(clone, "up")
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and done.stderr.startswith("baton: "), done.stderr


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/x'", "may not write to"),
        ("WARNING: Retrying ... NewConnectionError('...: [Errno 111] Connection refused')\nERROR: No matching "
         "distribution found for x", "out of reach"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "not the one that was locked"),
        ("ERROR: No matching distribution found for x==1", "does not have what the lock names"),
        ("ERROR: something else", "ERROR: something else; all of it is in /v/baton-install.log"),
    ],
)  # fmt: skip
def test_what_pip_says_becomes_one_line(script: types.ModuleType, output: str, advice: str) -> None:
    said = script.remedy(output, "/v")
    assert advice in said and "\n" not in said


def test_an_old_python_says_which_it_needs(script: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script.sys, "version_info", (3, 8, 1))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        script.Refused, match=r"needs Python 3\.11 or newer, and this is 3\.8: .* `python3\.11 baton up`"
    ):
        script.main(["up"])


def test_it_can_be_read_by_old_pythons() -> None:
    """Nothing newer than Python 3.5 in its text: an old one must get as far as its one line."""
    import ast

    source = (ROOT / "baton").read_text()
    tree = ast.parse(source, feature_version=(3, 5))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.AnnAssign | ast.NamedExpr)]
