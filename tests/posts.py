"""The corpus of posts that tests convert: small blogs, one a dialect, with what is odd in each."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from services.blog.convert import Author, Converted, Kitchen, Source, Target, Tree, When, convert
from services.blog.convert.dialects import SUFFIXES, of_paths

FIXTURES = Path(__file__).parent / "fixtures"
BLOGS = FIXTURES / "posts"
DIALECTS = ("astro", "fastpages", "hugo", "jekyll", "myst", "pelican", "quarto", "readme")
ADA = Author("Ada Lovelace", "ada", "https://ada.example/")
WHEN = When(datetime(2026, 5, 6, 12, tzinfo=UTC), ZoneInfo("America/Toronto"), date(2026, 4, 1))
SKINNY = Target("skinny", ("data_science", "job", "philosophy"), "data_science", escapes=False)


def blog(folder: Path) -> Source:
    """A folder as a member's blog."""
    files = {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}
    tree = Tree({path: file.stat().st_size for path, file in files.items()}, lambda path: files[path].read_bytes())
    return _source(tree)


def of(files: dict[str, bytes], dialect: str | None = None, **more: Any) -> Source:
    """Files in memory as a member's blog."""
    return _source(Tree({path: len(data) for path, data in files.items()}, files.__getitem__), dialect, **more)


def _source(tree: Tree, dialect: Any = None, **more: Any) -> Source:
    said: dict[str, Any] = {"site": "https://ada.example/", "pages": "https://git.example/ada/blog/blob/main/"}
    said |= {"raws": ("https://raw.example/ada/blog/main/",)} | more
    return Source(dialect or of_paths(tree.sizes), tree, ADA, **said)


def one(
    text: str | bytes,
    dialect: str = "hugo",
    path: str = "",
    target: Target = SKINNY,
    files: dict[str, bytes] | None = None,
) -> Any:
    """One post, converted."""
    path = path or {
        "hugo": "content/posts/one.md",
        "jekyll": "_posts/2020-01-02-one.md",
        "quarto": "posts/one.qmd",
    }.get(dialect, "one.md")
    raw = text.encode() if isinstance(text, str) else text
    return convert(path, raw, of({path: raw, **(files or {})}, dialect), target, WHEN)


def body(text: str, dialect: str = "hugo", **more: Any) -> str:
    """The body that comes of a text under plain front matter."""
    done = one(f"---\ntitle: One\ndate: 2020-01-02\n---\n{text}", dialect, **more)
    assert isinstance(done, Converted), done
    return done.body


def corpus(target: Target) -> list[tuple[str, str, Any]]:
    """Every file of the corpus that could be a post: dialect, path, and what came of it."""
    done: list[tuple[str, str, Any]] = []
    taken = set(target.taken)
    with Kitchen() as kitchen:
        for dialect in DIALECTS:
            source = blog(BLOGS / dialect)
            assert source.dialect == dialect
            for path in source.tree.sizes:
                if path.lower().endswith(SUFFIXES):
                    made = convert(path, source.tree.read(path), source, _with(target, taken), WHEN, kitchen)
                    if isinstance(made, Converted):
                        taken.add(made.path)
                    done.append((dialect, path, made))
    return done


def _with(target: Target, taken: set[str]) -> Target:
    from dataclasses import replace

    return replace(target, taken=frozenset(taken))
