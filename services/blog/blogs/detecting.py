"""What made a member's blog: its generator, where its posts lie, where it is published, and what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from ..convert.dialects import DIALECTS, of_paths, refused
from ..convert.shapes import DialectName, Skipped

NAMES: dict[str, str] = {
    "jekyll": "Jekyll",
    "fastpages": "fastpages",
    "hugo": "Hugo",
    "quarto": "Quarto",
    "pelican": "Pelican",
    "myst": "MyST or Jupyter Book",
    "astro": "Astro",
    "readme": "no generator: plain Markdown files",
}
PLACES: dict[str, str] = {
    "jekyll": "in _posts/, each named by its date, as in 2027-01-31-a-title.md",
    "fastpages": "in _posts/ or _notebooks/, each named by its date",
    "hugo": "in content/",
    "quarto": "in posts/, blog/, notes/ or articles/",
    "pelican": "in content/, posts/ or articles/",
    "myst": "anywhere",
    "astro": "in src/content/, src/data/ or src/pages/",
    "readme": "anywhere",
}
NO_SITE = "Where readers find it is not known"
_DEPTH = {"hugo": 2, "astro": 3, "quarto": 1, "pelican": 1, "myst": 1, "readme": 1}
_TELLS = re.compile(
    r"_config\.ya?ml|_quarto\.ya?ml|astro\.config\.\w+|(hugo|config)\.\w+|config/_default/.*|(pelican|publish)conf\.py"
    r"|myst\.yml|(.*/)?_toc\.yml|((static|public|docs)/)?CNAME"
)
# What lies right in these folders is a page of its own, where there are posts elsewhere.
_PAGES: dict[str, tuple[str, ...]] = {"hugo": ("content/",), "astro": ("src/pages/",)}
_OF_PAGES = re.compile(
    r"/(pages?|authors?|about|contact|home|legal|privacy|imprint|search|resume|cv|tags?|categories|series)/\Z", re.I
)
_MAIN = re.compile(
    r"^[ \t]*[\"']?mainSections[\"']?[ \t]*[:=][ \t]*(\[[^\]]*\]|[^\n]*(?:\n[ \t]*-[^\n]*)*)", re.M | re.I
)
_COMMENT = re.compile(r"^[ \t]*#[^\n]*\n|[ \t]#[^\n]*", re.M)
_URL = r"[ \t]*[:=][ \t]*[\"']?(https?://[^\s\"'#,]+)"
# Where each generator is told the address of its site: files, and the line in them.
_SITES: dict[str, tuple[tuple[str, ...], str]] = {
    "jekyll": (("_config.yml", "_config.yaml"), r"^url" + _URL),
    "fastpages": (("_config.yml",), r"^url" + _URL),
    "hugo": (
        ("hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config.toml", "config.yaml", "config.yml", "config.json",
         "config/_default/hugo.toml", "config/_default/config.toml", "config/_default/hugo.yaml"),
        r"^[ \t]*[\"']?baseURL[\"']?" + _URL,
    ),
    "quarto": (("_quarto.yml", "_quarto.yaml"), r"^[ \t]*site-url" + _URL),
    "pelican": (("publishconf.py", "pelicanconf.py"), r"^SITEURL" + _URL),
    "astro": (("astro.config.mjs", "astro.config.ts", "astro.config.js", "astro.config.mts"), r"^[ \t]*site" + _URL),
    "myst": (("_config.yml", "docs/_config.yml"), r"^[ \t]*baseurl" + _URL),  # Jupyter Book; myst.yml names none
}  # fmt: skip
_BASE = re.compile(r"^baseurl[ \t]*:[ \t]*[\"']?(/[\w./~-]*)", re.M)
_PERMALINK = re.compile(r"^permalink[ \t]*:[ \t]*[\"']?([\w:/.-]+)", re.M)


class Shape(NamedTuple):
    """A blog as its files tell of it."""

    dialect: DialectName
    site: str
    permalink: str
    roots: list[str]
    missing: list[str]


def shape(paths: Iterable[str], read: Callable[[str], str], clone_url: str, site: str) -> Shape:
    """What a tree tells.

    :param read: a file's text; empty when it cannot be read.
    :param site: the address that was pasted, if it was that of a site.
    """
    files = sorted(paths)
    dialect = of_paths(files)
    known = set(files)
    config = next((read(name) for name in _SITES.get(dialect, ((), ""))[0] if name in known), "")
    where = site or _site(dialect, known, read, clone_url)
    permalink = found[1] if dialect == "jekyll" and (found := _PERMALINK.search(config)) else ""
    posts = [path for path in files if is_post(path, dialect, [])]
    missing = []
    if not posts:
        where_posts = f"its posts are looked for {PLACES[dialect]}"
        missing.append(f"No post was found. This looks like {NAMES[dialect]}: {where_posts}.")
    if not where:
        line = {"jekyll": "`url` in _config.yml", "fastpages": "`url` in _config.yml", "hugo": "`baseURL`"}.get(
            dialect, {"quarto": "`site-url`", "pelican": "SITEURL", "astro": "`site`"}.get(dialect, "")
        )
        told = f" (its settings have no {line})" if line else ""
        missing.append(f"{NO_SITE}{told}. Offered posts link to the repository until you say it.")
    if others := sum(path.lower().endswith((".rst", ".org", ".adoc")) for path in files):
        files_are = "file is" if others == 1 else "files are"
        missing.append(f"{others} {files_are} not Markdown (.rst, .org, .adoc), and cannot be offered.")
    roots = _roots(posts, dialect)
    if dialect in _PAGES:
        params = (read(path) for path in files if re.fullmatch(r"config/_default/params\.\w+", path))
        every, roots = roots, _sections(roots, posts, dialect, "\n".join((config, *params)))
        missing += _left_out([root for root in every if root not in roots], posts, roots)
    return Shape(dialect, where, permalink, roots, missing)


def tells(path: str) -> bool:
    """Whether a file says what makes a blog, or where it is published."""
    return _TELLS.fullmatch(path) is not None


def is_post(path: str, dialect: DialectName, roots: list[str]) -> bool:
    """Whether a file is a post or a draft of one, by its path."""
    if roots and not path.startswith(tuple(roots)):
        return False
    why: Skipped | None = refused(path, dialect)
    return why is None or (why.reason == "draft" and bool(re.search(r"\.(md|markdown|qmd|mdx|ipynb|rmd)$", path, re.I)))


def _roots(posts: list[str], dialect: str) -> list[str]:
    """The folders in which posts lie; empty when some lie at the top."""
    found = set()
    for path in posts:
        if dialect in {"jekyll", "fastpages"}:
            inner = re.match(r"(.*?_(?:posts|notebooks|drafts)/)", path)
            found.add(inner[1] if inner else "")
        else:
            folders = path.split("/")[:-1]
            if not any(folder.startswith("_") for folder in folders):  # what is there is built, or of a generator
                found.add("".join(f"{folder}/" for folder in folders[: _DEPTH[dialect]]))
    return [] if "" in found or len(found) > 40 else sorted(found)


def _sections(roots: list[str], posts: list[str], dialect: DialectName, config: str) -> list[str]:
    """Those of the folders that hold posts: a generator makes pages of all, and only a list of posts of these.

    Where Hugo is told which (`mainSections`), these; else all but those of pages, and of
    one page in a folder of its own.
    """
    config = _COMMENT.sub("", config)
    said = _MAIN.search(config) if dialect == "hugo" else None
    main = {f"content/{name}/".lower() for name in re.findall(r"[\w-]+", said[1])} if said else set()
    named = [root for root in roots if root.lower() in main]
    if named:
        return named

    def holds_posts(root: str) -> bool:
        inside = [path for path in posts if path.startswith(root)]
        right = sum("/" not in path[len(root) :] for path in inside)
        if right * 2 > len(posts):
            return True  # it is where most of them are
        alone = len(inside) == 1 and bool(re.fullmatch(r"index\.\w+", inside[0][len(root) :]))
        return root not in _PAGES[dialect] and not _OF_PAGES.search(root) and not alone

    return [root for root in roots if holds_posts(root)] or roots


def _left_out(folders: list[str], posts: list[str], roots: list[str]) -> list[str]:
    """What is taken for pages and may be posts all the same, to be said: a sentence, or none."""
    counts = dict.fromkeys(folders, 0)
    for path in posts:
        root = max((one for one in folders if path.startswith(one)), key=len, default=None)
        page = _OF_PAGES.search(re.sub(r"\.\w+\Z", "/", f"/{path}")) or _OF_PAGES.search(f"/{path.rpartition('/')[0]}/")
        if root and not page and not path.startswith(tuple(roots)):
            counts[root] += 1
    told = [f"{root} ({count} file{'' if count == 1 else 's'})" for root, count in counts.items() if count]
    return [f"Taken for pages, not for posts: {', '.join(told)}."] if told else []


def _site(dialect: str, files: set[str], read: Callable[[str], str], clone_url: str) -> str:
    for name in ("CNAME", "static/CNAME", "public/CNAME", "docs/CNAME"):
        if name in files and re.fullmatch(r"[\w.-]+\.\w+", host := read(name).strip()):
            return f"https://{host.lower()}/"
    names, line = _SITES.get(dialect, ((), ""))
    for name in names:
        if name not in files:
            continue
        config = read(name)
        if found := re.search(line, config, re.M | re.I):
            base = _BASE.search(config) if dialect in {"jekyll", "fastpages"} else None
            site = found[1].rstrip("/") + (base[1] if base else "")
            if _fits(site):
                return site.rstrip("/") + "/"
    parts = urlsplit(clone_url)
    if parts.hostname == "github.com" and dialect != "readme":
        owner, _, name = parts.path.strip("/").removesuffix(".git").partition("/")
        if name.lower() == f"{owner.lower()}.github.io":
            return f"https://{name.lower()}/"
        if dialect == "fastpages":
            return f"https://{owner.lower()}.github.io/{name}/"
    return ""


def _fits(site: str) -> bool:
    host = urlsplit(site).hostname or ""
    return "." in host and len(site) < 500 and not host.endswith((".example", ".local")) and "{" not in site


__all__ = ["DIALECTS", "NAMES", "Shape", "is_post", "shape"]
