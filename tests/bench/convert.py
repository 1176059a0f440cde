"""Convert: notebooks beside nbconvert alone, and posts beside Debian's Jekyll building what came of them.

Each side starts anew, as a task does: a process in which notebooks become Markdown, a bare one that imports nbconvert.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from services.blog.convert import Author, Converted, Kitchen, Source, Target, Tree, When, convert, text
from services.blog.forges.embedded import FIRST

from .measure import Missing, Row, in_turn

ROUNDS = 5
NOTEBOOKS, POSTS = 40, 200
WORDS = "loss gradient model data batch layer learns reads a of the to and with which little many".split()
NBCONVERT = """
import sys
from nbconvert.exporters import MarkdownExporter
exporter = MarkdownExporter()
for name in sys.argv[1:]:
    exporter.from_filename(name)
"""


def measure(rounds: int) -> list[Row]:
    """Notebooks and posts a second."""
    jekyll = shutil.which("jekyll")
    if jekyll is None:
        raise Missing("Jekyll is not installed here: apt-get install jekyll")
    books = Row("convert: notebooks", "books/s", 0.7, 0.9)
    posts = Row("convert: posts", "posts/s", 3, 10)
    dice = random.Random(7)
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as place:
        folder = Path(place)
        files = {f"posts/b{number}.ipynb": _notebook(dice) for number in range(NOTEBOOKS)}
        files |= {f"posts/p{number}.md": _post(dice, number) for number in range(POSTS)}
        for path, data in files.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(data)
        notebooks = [path for path in files if path.endswith(".ipynb")]

        def subject() -> None:
            began = time.perf_counter()
            _converted(files, notebooks)
            books.subject.append(NOTEBOOKS / (time.perf_counter() - began))
            site = folder / "site"
            shutil.rmtree(site, ignore_errors=True)
            began = time.perf_counter()
            made = _converted(files, [path for path in files if path.endswith(".md")])
            posts.subject.append(POSTS / (time.perf_counter() - began))
            shutil.copytree(FIRST, site)
            for post in made:
                (site / post.path).parent.mkdir(exist_ok=True)
                (site / post.path).write_text(text(post))

        def floor() -> None:
            began = time.perf_counter()
            command = [sys.executable, "-c", NBCONVERT, *(str(folder / path) for path in notebooks)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            books.floor.append(NOTEBOOKS / (time.perf_counter() - began))
            if not (folder / "site").exists():
                return
            began = time.perf_counter()
            command = [jekyll, "build", "--safe", "--source", str(folder / "site"), "--destination", f"{place}/built"]
            more = {**os.environ, "LC_ALL": "C.UTF-8"}
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=more)
            posts.floor.append(POSTS / (time.perf_counter() - began))

        in_turn(rounds, subject, floor)
    return [books, posts]


def _converted(files: dict[str, bytes], paths: list[str]) -> list[Converted]:
    """All of them as posts of one target."""
    tree = Tree({path: len(data) for path, data in files.items()}, files.__getitem__)
    source = Source("quarto", tree, Author("Ada", "ada", "https://ada.example/"), "https://ada.example/")
    when = When(datetime(2026, 6, 1, tzinfo=UTC), ZoneInfo("UTC"))
    target, made = Target("jekyll"), []
    with Kitchen() as kitchen:
        for path in paths:
            one = convert(path, files[path], source, target, when, kitchen)
            if not isinstance(one, Converted):
                raise Missing(f"{path} made no post: {one.text} A rate over wrong posts means nothing")
            made.append(one)
            target = replace(target, taken=target.taken | {one.path})
    return made


def _said(dice: random.Random, words: int) -> str:
    return " ".join(dice.choice(WORDS) for _ in range(words))


def _post(dice: random.Random, number: int) -> bytes:
    """A post of some 900 words: headings, links, code, math, a table, a box."""
    parts = [f"---\ntitle: Post {number}\ndate: 2026-01-{number % 28 + 1:02}\n---"]
    for section in range(6):
        parts += [f"## Part {section}", _said(dice, 70) + f" [there](../p{section}.html) costs $5 and $x_{section}$."]
        parts += [_said(dice, 60), f"```python\nfor i in range({section}):\n    print(i < 3)\n```", "$$\na^2 < b\n$$"]
        parts += ["| a | b |\n|---|---|\n| 1 | `x` |", "::: {.callout-tip}\n" + _said(dice, 20) + "\n:::"]
    return "\n\n".join(parts).encode()


def _notebook(dice: random.Random) -> bytes:
    """A notebook of thirty cells, half of them code with what it printed."""
    cells: list[dict[str, object]] = []
    head = '---\ntitle: "A notebook"\ndate: 2026-02-03\n---'
    cells.append({"cell_type": "raw", "metadata": {}, "source": head})
    for number in range(15):
        cells.append({"cell_type": "markdown", "metadata": {}, "source": f"## Step {number}\n\n{_said(dice, 60)}"})
        shown = [{"output_type": "stream", "name": "stdout", "text": _said(dice, 40)}]
        code = f"x = {number}\nfor i in range(x):\n    print(i)"
        cells.append({"cell_type": "code", "metadata": {}, "execution_count": number, "source": code, "outputs": shown})
    said = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(said).encode()
