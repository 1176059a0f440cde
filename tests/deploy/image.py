"""The image without an engine: the Dockerfile's own lines, carried out in a folder.

FROM, COPY, RUN, ENV, WORKDIR, USER, CMD and STOPSIGNAL mean what they mean to an engine, with this machine in place of
the base image and every path of the image inside the folder. An instruction that is not known here is an error, so what
is written is what is tested.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from shared.cli.settings import ROOT

BASE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What of an image's or a container's paths is the folder's; programs and devices are this machine's.
_INSIDE = re.compile(r"(?<![\w.}/*-])(/(?:app|build|config|data|etc/caddy|opt/venv|run/secrets|tmp|var/lib)(?![\w.-]))")
_OWNER = re.compile(r"-o \d+ -g \d+ ")


def open_to_others(path: Path) -> bool:
    """Can any user of this machine reach and run it?"""
    real = path.resolve()
    return all(part.stat().st_mode & 0o001 for part in (real, *real.parents))


def interpreter() -> Path:
    """The Python that stands for the base image's: this one, or where only root reaches it, the system's."""
    own = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    system = Path("/usr/bin/python3")
    return own if open_to_others(own) or not system.exists() else system


@dataclass
class Stage:
    """One FROM and what follows."""

    folder: Path
    env: dict[str, str] = field(default_factory=lambda: {"PATH": BASE_PATH})
    workdir: str = "/"
    user: int = 0
    command: list[str] = field(default_factory=list)
    stop: str = "SIGTERM"

    @property
    def uid(self) -> int | None:
        """The user to run as; None: as whom this runs, since only root can become another, if that one has a Python."""
        if os.getuid() or not open_to_others(self.folder / "opt/venv/bin/python"):
            return None
        return self.user

    def inside(self, text: str) -> str:
        """The text with the image's paths as they are on this machine."""
        return _INSIDE.sub(lambda found: str(self.folder) + found[1], text)


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """(INSTRUCTION, what follows), continued lines joined, comments left out."""
    lines = [line for line in dockerfile.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(line.split(maxsplit=1)[0].upper(), line.split(maxsplit=1)[1]) for line in joined.splitlines()]


def kept_out(ignore: str, source: str) -> bool:
    """Does .dockerignore (`*`, and exceptions) keep this source out of the build?"""
    lines = [line.strip() for line in ignore.splitlines() if line.strip() and not line.startswith("#")]
    assert lines[0] == "*", "this reader knows .dockerignore files that begin with *"
    return not any(source == line[1:].strip("/") for line in lines if line.startswith("!"))


def build(folder: Path, packages: Path | None = None) -> Stage:
    """Carry out the Dockerfile in `folder`; returns its last stage.

    :param packages: an environment that stands for the one the first stage would install (chaos has no need of that).
    """
    stages: dict[str, Stage] = {}
    now = Stage(folder)
    for what, rest in instructions((ROOT / "Dockerfile").read_text()):
        if what == "FROM":
            name = rest.partition(" AS ")[2] or "last"
            now = stages[name] = Stage(folder / name)
            (now.folder / "tmp").mkdir(parents=True)
        elif what == "COPY":
            _copy(now, rest.split(), stages)
        elif what == "RUN" and packages and "pip install" in rest:
            (now.folder / "opt").mkdir()
            (now.folder / "opt/venv").symlink_to(packages)
        elif what == "RUN" and rest.startswith("apt-get "):
            assert shutil.which("git"), "the base image is this machine: it has what is installed there"
        elif what == "RUN":
            _run(now, rest)
        elif what == "ENV":
            for pair in shlex.split(rest):
                name, _, value = pair.partition("=")
                now.env[name] = now.inside(value.replace("$PATH", now.env["PATH"]))
        elif what == "WORKDIR":
            now.workdir = now.inside(rest)
            Path(now.workdir).mkdir(parents=True, exist_ok=True)
        elif what == "USER":
            now.user = int(rest.partition(":")[0])
        elif what == "CMD":
            now.command = json.loads(rest)
        elif what == "STOPSIGNAL":
            now.stop = rest
        else:
            raise ValueError(f"the Dockerfile says {what}, which is not carried out here")
    folder.chmod(0o755)
    return now


def _copy(now: Stage, words: list[str], stages: dict[str, Stage]) -> None:
    source, target = words[-2:]
    start = ROOT
    if words[0].startswith("--from="):
        other = stages[words[0].removeprefix("--from=")]
        start, source = other.folder, source.lstrip("/")
    else:
        assert not kept_out((ROOT / ".dockerignore").read_text(), source), f".dockerignore keeps {source} out"
        assert len(words) == 2, f"COPY {words} is not carried out here"
    to = Path(now.inside(target))
    if (start / source).is_file():
        to = to / source if target.endswith("/") else to
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(start / source, to)
    elif (start / source).is_symlink() or words[0].startswith("--from="):
        # An environment knows its own place: a copy elsewhere would not work, as it does at the same path in an image.
        to.parent.mkdir(parents=True, exist_ok=True)
        to.symlink_to((start / source).resolve())
    else:
        shutil.copytree(start / source, to, ignore=shutil.ignore_patterns("__pycache__"))


def _run(now: Stage, command: str) -> None:
    if os.getuid():
        command = _OWNER.sub("", command)  # only root gives files away
    tools = now.folder / "bin"
    tools.mkdir(exist_ok=True)
    if not (tools / "python").exists():
        (tools / "python").symlink_to(interpreter())
    (now.folder / "var/lib").mkdir(parents=True, exist_ok=True)
    env = {**_machine(), **now.env, "PATH": f"{now.env['PATH']}:{BASE_PATH}"}
    # The base image's python comes before this machine's.
    env["PATH"] = env["PATH"].replace(BASE_PATH, f"{tools}:{BASE_PATH}", 1)
    done = subprocess.run(["/bin/sh", "-ec", now.inside(command)], env=env, cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, f"RUN {command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"


def _machine() -> dict[str, str]:
    """How this machine reaches its package registry, which is not the image's business."""
    return {
        k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_", "HTTP", "http", "NO_PROXY", "no_proxy"))
    }
