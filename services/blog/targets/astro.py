"""Astro: a content collection. Its schema is code; what it calls things is read off its text, and nothing is run."""

from __future__ import annotations

import re

from ..convert import Target
from ..convert.astro import STARTER
from ..convert.shapes import MathKind, ShapeName
from .reading import Read, base, folders, text

_SCHEMAS: tuple[str, ...] = (
    "src/content.config.ts",
    "src/content.config.mts",
    "src/content.config.js",
    "src/content.config.mjs",
)
_SCHEMAS += ("src/content/config.ts", "src/content/config.mts", "src/content/config.js", "src/content/config.mjs")
_FIRST = ("blog", "posts", "post", "articles")
_KEY = re.compile(r"^[ \t]*[\"']?(\w+)[\"']?[ \t]*:\s*(z\b|image\(|reference\()(.*?)(?=,[ \t]*$|,?\s*\})", re.M | re.S)
_GLOB = re.compile(r"(?:base:|_PATH\s*=)\s*[\"'`](?:\./)?([\w./-]+)[\"'`]")
# Ours, and what schemas call it, the likeliest first.
_WORDS = {
    "title": ("title",),
    "description": ("description", "summary", "excerpt"),
    "date": ("pubDate", "pubDatetime", "date", "publishDate", "publishedAt", "published", "publishedDate", "pubdate"),
    "image": ("heroImage", "image", "cover", "ogImage", "coverImage"),
    "author": ("author",),
    "tags": ("tags", "categories"),
    "canonical": ("canonicalURL", "canonicalUrl", "canonical"),
    "draft": ("draft",),
}

# Of what kind theirs must be, as what follows `z`: what does not fit is left out, for with it the site would not build.
_TEXT = r"\.(?:coerce\s*\.)?string\(|\.(?:union|any|unknown)\("
_FITS = {
    "date": r"\.(?:coerce\s*\.)?date\(|\.string\(\)\s*\.or\(\s*z\s*\.date|\.(?:union|any|unknown)\(",
    "tags": r"\.array\(\s*z\s*\.string\(|\.(?:any|unknown)\(",
    "draft": r"\.(?:coerce\s*\.)?boolean\(|\.(?:any|unknown)\(",
}

NO_COLLECTION = "No collection of content was found: posts go to {}, and are shown once a page of yours lists them."
UNKNOWN = "Its schema asks for `{}`, which a post cannot say: give it a default there, or the site does not build."
NO_PICTURE = (
    "Its schema takes only teasers that Astro itself decodes, so a post comes without one; its images are in its text."
)
MATH = "Math is written for MathJax or KaTeX, which the blog has to load: it has no remark-math."
NO_CANONICAL = (
    "Nothing in src/layouts or src/components reads `canonicalURL` of a post's front matter, so a copy says that it is "
    'the original: ask for it in the schema, and put it into the page\'s `<link rel="canonical">`.'
)


def seen(shape: ShapeName, files: frozenset[str], read: Read, folder: str) -> tuple[Target, list[str]]:
    """What such a blog is and has, and what people should know of it."""
    settings = next((text(read, path) for path in sorted(files) if re.fullmatch(r"astro\.config\.\w+", path)), "")
    said = text(read, schema(files)) if schema(files) else ""
    listed = re.sub(r"(?<!:)//[^\n]*|/\*.*?\*/", "", said.replace("**/*", ""), flags=re.S)
    where = folder or _folder(files, listed)
    notes = [] if where else [NO_COLLECTION.format("src/content/blog")]
    where = where or "src/content/blog"
    keys, unknown, picture = _keys(listed, where.rsplit("/", 1)[-1])
    math: MathKind = "dollars" if "remark-math" in settings or "remarkMath" in settings else "escaped"
    below = re.search(r"\bbase:\s*[\"'`]([^\"'`]*)[\"'`]", settings)
    found = Target(
        shape,
        base=base(below[1] if below else ""),
        folder=where,
        math=math,
        keys=keys,
        strict=".strict()" in listed,
    )
    notes += [UNKNOWN.format(name) for name in unknown]
    notes += [NO_PICTURE] if picture else []
    notes += [MATH] if math == "escaped" else []
    notes += [] if _reads_canonical(files, read) else [NO_CANONICAL]
    return found, notes


def schema(files: frozenset[str]) -> str:
    """The path of the file that says what collections there are; empty where there is none."""
    return next((path for path in _SCHEMAS if path in files), "")


def _folder(files: frozenset[str], schema: str) -> str:
    """Where posts go: a collection that the schema knows, else where most are."""
    bases = [found.strip("/") for found in _GLOB.findall(schema) if ".." not in found]
    counts = folders(files, "src/content/")
    for where in bases:
        counts |= folders(files, f"{where}/")
        counts.setdefault(where, 0)
    top = {path: counts[path] for path in counts if path in bases or path.count("/") == 2}
    if not top:
        return ""
    return max(top, key=lambda path: (path.rsplit("/", 1)[-1] in _FIRST, top[path], path))


def _keys(schema: str, collection: str) -> tuple[tuple[tuple[str, str], ...], list[str], bool]:
    """(what front matter is called: ours, theirs; what else it must have; whether a teaser cannot be had)."""
    name = re.search(rf"\bcollections\b[^;]*?\b{re.escape(collection)}[\"']?\s*:\s*(\w+)", schema)
    called = re.escape(name[1] if name and name[1] != "defineCollection" else collection)
    part = re.search(rf"\b{called}\b\s*[:=]\s*defineCollection\((.*?)(?:\n\}}\)|\Z)", schema, re.S)
    listed = re.sub(r"([{,])[ \t]*(?=[\w\"'])", r"\1\n", part[1] if part else schema)
    found = {key: (kind, rest) for key, kind, rest in _KEY.findall(listed) if key != "schema"}
    if not found:
        return STARTER, [], False
    picture = False
    keys: list[tuple[str, str]] = []
    for ours, names in _WORDS.items():
        theirs = next((one for one in names if one in found), None)
        if theirs is None:
            theirs = dict(STARTER).get(ours) if ".strict()" not in schema and ours != "image" else None
        elif ours == "image" and (found[theirs][0] == "image(" or "image(" in found[theirs][1]):
            picture, theirs = True, None
        elif found[theirs][0] != "z" or not re.match(_FITS.get(ours, _TEXT), found[theirs][1].lstrip()):
            theirs = None
        if theirs:
            keys.append((ours, theirs))
    used = {name for _, name in keys}
    needed = [
        name
        for name, (_, rest) in found.items()
        if name not in used and not re.search(r"optional\(|default\(|nullish\(", rest)
    ]
    return tuple(keys), needed, picture


def _reads_canonical(files: frozenset[str], read: Read) -> bool:
    likely = [
        path
        for path in sorted(files)
        if re.fullmatch(r"src/(?:layouts|components)/.*\.astro", path)
        and re.search(r"head|seo|layout|post|base", path, re.I)
    ][:60]
    return any(re.search(r"canonicalU(?:RL|rl)\s*[,}?|]|\.canonical\w*", text(read, path)) for path in likely)
