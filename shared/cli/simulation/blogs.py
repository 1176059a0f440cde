"""Blogs of people who are not there: real repositories on this machine, written and pushed as people write and push."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from . import words


@dataclass(frozen=True)
class Dialect:
    """What a generator wants: `first`, files that its site begins with; `path` and `text` of a post."""

    first: dict[str, str]
    path: str
    text: Callable[[str, str, list[str]], str]  # (title, day, paragraphs)


def _yaml(title: str, day: str, paragraphs: list[str]) -> str:
    body = "\n\n".join(paragraphs)
    return f'---\nlayout: post\ntitle: "{title}"\ndate: {day}\ntags: [learning]\n---\n\n{body}\n'


def _toml(title: str, day: str, paragraphs: list[str]) -> str:
    body = "\n\n".join(paragraphs)
    return f'+++\ntitle = "{title}"\ndate = {day}\ntags = ["learning"]\ndraft = false\n+++\n\n{body}\n'


def _notebook(title: str, day: str, paragraphs: list[str]) -> str:
    """A notebook as Jupyter writes it, with something computed in the middle."""
    text = [{"cell_type": "markdown", "metadata": {}, "source": [each]} for each in paragraphs]
    head = {"cell_type": "markdown", "metadata": {}, "source": [f"# {title}\n", f"> What came of it, {day}."]}
    code = {
        "cell_type": "code", "execution_count": 1, "metadata": {},
        "source": ["losses = [0.91, 0.55, 0.42, 0.40]\n", "min(losses)"],
        "outputs": [{"output_type": "execute_result", "execution_count": 1, "metadata": {},
                     "data": {"text/plain": ["0.4"]}}],
    }  # fmt: skip
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    cells = [head, *text[:1], code, *text[1:]]
    return json.dumps(
        {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4}, indent=1
    )


DIALECTS = (
    Dialect({"_config.yml": 'title: "{title}"\nurl: {site}\n', "about.md": "---\ntitle: About\n---\nI write.\n"},
            "_posts/{day}-{slug}.md", _yaml),
    Dialect({"hugo.toml": 'baseURL = "{site}/"\ntitle = "{title}"\n', "archetypes/default.md": "+++\n+++\n"},
            "content/posts/{slug}.md", _toml),
    Dialect({"_config.yml": 'title: "{title}"\nurl: {site}\n', "_action_files/settings.ini": "[DEFAULT]\n"},
            "_notebooks/{day}-{slug}.ipynb", _notebook),
)  # fmt: skip


def slug(text: str) -> str:
    """As it stands in addresses."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))


class Blog:
    """One person's blog: a bare repository, and the folder in which they write."""

    def __init__(self, folder: Path, name: str, number: int, dice: random.Random) -> None:
        """
        :param folder: where all blogs are; `number` tells them apart, and says which of the dialects it is.
        """
        self.slug = f"{slug(name)}-{number}"
        self.name, self.dice, self.dialect = name, dice, DIALECTS[number % len(DIALECTS)]
        self.bare, self.desk = folder.absolute() / f"{self.slug}.git", folder.absolute() / self.slug
        self.site = f"https://{self.slug}.example.org"
        self.posts: list[tuple[str, str, str]] = []  # (path, title, day)
        self._titles = dice.sample(words.TITLES, len(words.TITLES))

    def begin(self, now: datetime) -> None:
        """Make it, with one post that is there already."""
        self.desk.mkdir(parents=True)
        self._git("init", "--quiet", "--bare", "--initial-branch=main", str(self.bare), now=now)
        self._git("init", "--quiet", "--initial-branch=main", now=now)
        self._git("remote", "add", "origin", str(self.bare), now=now)
        for path, text in self.dialect.first.items():
            self._write(path, text.replace("{title}", f"{self.name} writes").replace("{site}", self.site))
        self.publish(now)

    def publish(self, now: datetime) -> str:
        """Write another post, and push it; returns its title."""
        title = self._titles[len(self.posts) % len(self._titles)]
        again = len(self.posts) // len(self._titles)
        title = f"{title}, part {again + 1}" if again else title
        day = f"{now:%Y-%m-%d}"
        path = self.dialect.path.format(day=day, slug=slug(title))
        self.posts.append((path, title, day))
        self._write(path, self.dialect.text(title, day, words.paragraphs(self.dice)))
        self._push(title, now)
        return title

    def mend(self, now: datetime) -> None:
        """Change the latest post, and push that."""
        path, title, day = self.posts[-1]
        more = "Corrected after somebody from my circle read it. Thank you."
        self._write(path, self.dialect.text(title, day, [*words.paragraphs(self.dice), more]))
        self._push(f"Mend {title}", now)

    def _write(self, path: str, text: str) -> None:
        file = self.desk / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def _push(self, message: str, now: datetime) -> None:
        self._git("add", "--all", now=now)
        self._git("commit", "--quiet", "--message", message, now=now)
        self._git("push", "--quiet", "origin", "main", now=now)

    def _git(self, *command: str, now: datetime) -> None:
        """As this person, at this time, with nothing of whose machine it is."""
        names = {"NAME": self.name, "EMAIL": f"{self.slug}@example.org", "DATE": now.isoformat()}
        who = {f"GIT_{role}_{what}": said for role in ("AUTHOR", "COMMITTER") for what, said in names.items()}
        plain = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        subprocess.run(
            ["git", *command], cwd=self.desk, env={**kept, **plain, **who}, check=True, capture_output=True, timeout=60,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
