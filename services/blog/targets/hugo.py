"""Hugo: sections of content, and settings that say whether HTML and math in a post are shown."""

from __future__ import annotations

import re
from typing import Any

from ..convert import Target
from ..convert.shapes import MathKind, ShapeName
from .reading import Read, base, folders, settings, text, within

_ROOT = re.compile(r"(?:hugo|config)\.(?:toml|ya?ml|json)")
_PARTS = re.compile(r"config/_default/(\w+)\.(?:toml|ya?ml|json)")
_FIRST = ("posts", "post", "blog", "articles")
_LAYOUT = re.compile(r"(?:themes/[^/]+/)?layouts/.*\.html")
_DATA = re.compile(r"data/authors/[^/]+(\.ya?ml|\.json)")
_LAYOUTS_MOST = 60

NO_HTML = (
    "Hugo shows no HTML within posts here (markup.goldmark.renderer.unsafe is off): it is written as Markdown, without "
    "styles."
)
MATH = (
    "Math is written for MathJax or KaTeX, which the blog has to load; nothing in its settings keeps Markdown from it "
    "(passthrough)."
)
NO_CANONICAL = (
    "No layout here reads `canonicalURL` of a post's front matter, so a copy says that it is the original. A theme "
    'that is a module or submodule may do so: look at the head of a page, or add a `<link rel="canonical">` to '
    "layouts/partials."
)


def is_one(files: frozenset[str]) -> bool:
    """Whether Hugo makes this blog."""
    named = any(re.fullmatch(r"hugo\.(?:toml|ya?ml|json)", path) for path in files)
    has = any(path.startswith(("content/", "archetypes/", "themes/", "layouts/")) for path in files)
    return named or (has and any(_ROOT.fullmatch(path) or _PARTS.fullmatch(path) for path in files))


def seen(shape: ShapeName, files: frozenset[str], read: Read, folder: str) -> tuple[Target, list[str]]:
    """What such a blog is and has, and what people should know of it."""
    said = _settings(files, read)
    unsafe = str(within(said, "markup", "goldmark", "renderer", "unsafe")).lower() == "true"
    math = _math(said)
    data = next((name[1] for path in sorted(files) if (name := _DATA.fullmatch(path))), "")
    found = Target(
        shape,
        base=base(within(said, "baseurl")),
        authors=bool(data),
        folder=folder or _folder(files, said),
        html=unsafe,
        math=math,
        data=data or ".yml",
    )
    notes = [] if unsafe else [NO_HTML]
    notes += [MATH] if math == "escaped" else []
    notes += [] if _reads_canonical(files, read) else [NO_CANONICAL]
    return found, notes


def _settings(files: frozenset[str], read: Read) -> dict[str, Any]:
    """All settings, those in files of their own below the name of the file."""
    said: dict[str, Any] = {}
    for path in sorted(files):
        part = _PARTS.fullmatch(path)
        if part and part[1] not in {"hugo", "config"}:
            said[part[1]] = settings(read, path)
        elif part or _ROOT.fullmatch(path):
            said = {**settings(read, path), **said}
    return said


def _folder(files: frozenset[str], said: dict[str, Any]) -> str:
    """Where posts go: the site's own word, else where most are."""
    root = within(said, "contentdir")
    root = (
        root.strip("/")
        if isinstance(root, str) and re.fullmatch(r"/?\w[\w./-]*", root) and ".." not in root
        else "content"
    )
    counts = folders(files, f"{root}/")
    main = within(said, "params", "mainsections")
    named = [one for one in (main if isinstance(main, list) else [main]) if re.fullmatch(r"\w[\w-]*", str(one))]
    for name in (*named, *_FIRST):
        if f"{root}/{name}" in counts or any(path.startswith(f"{root}/{name}/") for path in files):
            deepest = [path for path in counts if path.startswith(f"{root}/{name}/") or path == f"{root}/{name}"]
            return (
                f"{root}/{name}"
                if f"{root}/{name}" in counts or not deepest
                else max(deepest, key=lambda one: (counts[one], one))
            )
    counts.pop(root, None)
    if counts and main is None:
        return max(counts, key=lambda one: (counts[one], one))
    return f"{root}/{named[0] if main is not None and named else 'posts'}"


def _math(said: dict[str, Any]) -> MathKind:
    """How goldmark can be kept from math: by its passthrough, if it is on."""
    passing = within(said, "markup", "goldmark", "extensions", "passthrough")
    if str(within(passing, "enable")).lower() != "true" or "$$" not in str(within(passing, "delimiters", "block")):
        return "escaped"
    inline = within(passing, "delimiters", "inline")
    pairs = [pair[0] for pair in inline if isinstance(pair, list) and pair] if isinstance(inline, list) else []
    return "brackets" if "\\(" in pairs else "dollars" if "$" in pairs else "escaped"


def _reads_canonical(files: frozenset[str], read: Read) -> bool:
    layouts = [path for path in sorted(files) if _LAYOUT.fullmatch(path)]
    layouts.sort(key=lambda path: not re.search(r"head|seo|meta|base|canonical", path))  # the likeliest first
    some = layouts[:_LAYOUTS_MOST]
    return any(re.search(r"params\.canonical|canonicalurl", text(read, path), re.I) for path in some)
