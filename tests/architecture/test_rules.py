"""What import-linter cannot say: what rules may import, what tasks may ask of the queue, where a clock may be read."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from shared.config import SERVICES, Config
from tests.postgres import absent

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "services").rglob("*.py"), *(ROOT / "shared").rglob("*.py")])
RULES = [path for path in SOURCES if "services" in path.parts and ("rules" in path.parts or path.name == "rules.py")]


def imported(path: Path) -> Iterator[str]:
    """Names of the modules a file imports; relative ones begin with a dot."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def calls(path: Path) -> Iterator[ast.Call]:
    """Every call in a file."""
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


@pytest.mark.parametrize("path", RULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_rules_import_the_standard_library_only(path: Path) -> None:
    depth = len(path.parts) - path.parts.index("rules") - 1 if "rules" in path.parts else 0
    for name in imported(path):
        if name.startswith("."):
            assert len(name) - len(name.lstrip(".")) <= depth, f"{name}: rules know rules only"
        else:
            assert name.partition(".")[0] in sys.stdlib_module_names, f"{name} is not of the standard library"


def test_within_a_service_imports_are_relative() -> None:
    for path in SOURCES:
        if "services" in path.parts and "migrations" not in path.parts:
            absolute = [name for name in imported(path) if name.split(".")[0] == "services"]
            assert not absolute, f"{path.relative_to(ROOT)} imports {absolute}"


def test_nothing_is_delayed_in_the_queue() -> None:
    """An ETA beyond the visibility timeout runs again and again (kombu #337): delays are columns."""
    for path in SOURCES:
        for call in calls(path):
            asked = {keyword.arg for keyword in call.keywords} & {"eta", "countdown"}
            assert not asked, f"{path.relative_to(ROOT)}:{call.lineno} asks the queue for a delay ({asked})"


def test_no_result_backend() -> None:
    for path in SOURCES:
        for found in re.finditer(r"result_backend\"?\s*[:=]\s*([^,\n]+)", path.read_text()):
            assert found[1].strip() == "None", f"{path.relative_to(ROOT)} keeps results in the broker"


def test_clocks_are_read_in_one_place() -> None:
    """Program time can be set, so nothing may ask the machine directly."""
    readers = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
    for path in SOURCES:
        if path == ROOT / "shared" / "clock.py":
            continue
        for call in calls(path):
            function = call.func
            if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
                named = (function.value.id, function.attr)
                assert named not in readers, f"{path.relative_to(ROOT)}:{call.lineno} reads a clock of its own"


def test_all_dependencies_are_locked_by_hash() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {
        "requirements.lock": project["dependencies"],
        "requirements-test.lock": project["dependencies"] + project["optional-dependencies"]["test"],
    }
    for name, dependencies in wanted.items():
        text = (ROOT / name).read_text()
        pins = dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)(?=[^\n]*\\\n\s+--hash)", text, re.MULTILINE))
        for dependency in dependencies:
            package = re.split(r"[\[<>=; ]", dependency)[0].lower()
            assert package in pins, f"{package} is not in {name}: make the locks again"
        assert "://" not in text, f"{name} names a registry; which one is the reader's choice"


def test_a_runtime_version_is_the_same_in_both_locks() -> None:
    pins = [
        dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-test.lock")
    ]
    assert pins[0].items() <= pins[1].items()


def test_every_setting_is_explained() -> None:
    text = (ROOT / ".env.example").read_text()
    explained = set(re.findall(r"^#? ?(BATON_[A-Z_]+)=", text, re.MULTILINE))
    settings = {f"BATON_{field.name.upper()}" for field in fields(Config)} - {"BATON_DATABASE_URLS"}
    settings |= {"BATON_DATABASE_URL"} | {f"BATON_{name.upper()}_DATABASE_URL" for name in SERVICES}
    others = {"BATON_VENV", "BATON_TLS"}  # the launcher's, the proxy's
    assert explained == settings | others


def test_nothing_is_skipped_but_where_it_fails_in_ci() -> None:
    """`absent` of tests/postgres.py skips on a laptop and fails in CI; any other skip would hide a test there too."""
    skip = re.compile(r"pytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b|\b(SkipTest|skipIf|skipUnless)\b")
    found = {
        str(path.relative_to(ROOT)): len(skip.findall(path.read_text()))
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path != Path(__file__) and skip.search(path.read_text())
    }
    assert found == {"tests/postgres.py": 1}


def test_what_is_absent_fails_in_ci_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no such tool"):
        absent("no such tool")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no such tool"):
        absent("no such tool")
