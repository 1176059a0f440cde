"""Real repositories for tests: a bare one as a forge keeps it, and a writer who commits and pushes to it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class Repo:
    """A bare repository at `bare`, and a writer's clone of it beside."""

    def __init__(self, folder: Path, name: str = "blog") -> None:
        self.bare, self.work = folder / f"{name}.git", folder / f"{name}-work"
        self._git("init", "--quiet", "--bare", "--initial-branch=main", str(self.bare), cwd=folder)
        self._git("init", "--quiet", "--initial-branch=main", str(self.work), cwd=folder)
        self.git("remote", "add", "origin", str(self.bare))

    @property
    def url(self) -> str:
        """Its address on this machine."""
        return f"file://{self.bare}"

    def git(self, *words: str, given: bytes | None = None) -> str:
        """git in the writer's clone."""
        return self._git(*words, cwd=self.work, given=given)

    def _git(self, *words: str, cwd: Path, given: bytes | None = None) -> str:
        said = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(cwd), "LC_ALL": "C"}
        for role in ("AUTHOR", "COMMITTER"):
            said |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.org"}
            said |= {f"GIT_{role}_DATE": "2026-11-02T10:00:00+0000"}
        env = {"PATH": os.environ["PATH"], **said}
        done = subprocess.run(["git", *words], cwd=cwd, env=env, input=given, capture_output=True)
        if done.returncode:
            raise AssertionError(f"git {' '.join(words)}: {done.stderr.decode('utf-8', 'replace')}")
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def commit(self, files: dict[str, str | bytes | None], message: str = "Write", push: bool = True) -> str:
        """Commit these files (None: deleted), push, and say which commit it is."""
        for name, content in files.items():
            path = self.work / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        if push:
            self.push()
        return self.git("rev-parse", "HEAD")

    def push(self, *words: str) -> None:
        """Push what the writer has."""
        self.git("push", "--quiet", *(words or ("origin", "HEAD")))


def article(title: str, text: str = "Some words of it.", **front: str) -> str:
    """A post with front matter in YAML."""
    said = "".join(f"{key}: {value}\n" for key, value in {"title": title, **front}.items())
    return f"---\n{said}---\n\n{text}\n"
