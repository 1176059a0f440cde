"""What sets the dialects apart: which files are posts, where their images lie, at what address their site shows a post."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote, urljoin

from .front import Value
from .meta import safe, slugged
from .shapes import DialectName, Skipped, Source

SUFFIXES = (".md", ".markdown", ".mdown", ".mkd", ".qmd", ".rmd", ".mdx", ".ipynb")


@dataclass(frozen=True)
class Dialect:
    """One generator.

    :param marks: files of which one tells it, as patterns over paths, in the order in which dialects are tried.
    :param posts: where its posts are.
    :param roots: folders that its site serves from ``/``.
    :param header: whether a file without front matter is no post to it.
    """

    name: DialectName
    marks: str
    posts: str
    roots: tuple[str, ...] = ("",)
    header: bool = False


# Collections may lie anywhere since Astro 5; what is no page lies beside them.
_ASTRO = r"^(src/(?!(components|layouts|assets|styles|i18n|templates|utils|lib)/)[^/]+/|(content|data|blog|posts)/)"
DIALECTS: dict[DialectName, Dialect] = {
    one.name: one
    for one in (
        Dialect(
            "fastpages",
            r"^(_action_files/|_fastpages_docs/)",
            r"^_(posts|notebooks)/.*\d{4}-\d\d?-\d\d?-",
            header=False,
        ),
        Dialect("quarto", r"^_quarto\.ya?ml$", r"^(posts?|blog|notes|til|articles)/", header=True),
        Dialect("myst", r"^(myst\.yml|(.*/)?_toc\.yml)$", r".", roots=("", "_static/", "_build/html/")),
        Dialect("astro", r"^astro\.config\.\w+$", _ASTRO, roots=("public/", "src/", ""), header=True),
        Dialect(
            "pelican", r"^(.*/)?pelicanconf\.py$", r"^(content|posts|articles)/", roots=("content/", ""), header=True
        ),
        Dialect(
            "hugo",
            r"^((hugo|config)\.(toml|ya?ml|json)|config/_default/.*|archetypes/.*)$",
            r"^content/",
            roots=("static/", "assets/", "content/", ""),
            header=True,
        ),
        Dialect("jekyll", r"^(_config\.ya?ml|_posts/.*)$", r"(^|/)_posts/(.*/)?\d{4}-\d\d?-\d\d?-", header=True),
        Dialect("readme", r".", r"."),
    )
}
_NOT_POSTS = re.compile(
    r"(^|/)(license|contributing|code_of_conduct|changelog|404|security|node_modules/.*|\.github/.*)(\.\w+)?$", re.I
)


def of_paths(paths: Iterable[str]) -> DialectName:
    """The dialect of a repository with these files; ``readme`` when nothing tells of a generator."""
    listed = list(paths)
    return next(
        one.name for one in DIALECTS.values() if one.name == "readme" or any(map(re.compile(one.marks).search, listed))
    )


def refused(path: str, name: DialectName) -> Skipped | None:
    """Why a file with this path is no post of this dialect."""
    parts = path.split("/")
    folders = [part.lower() for part in parts[:-1]]
    if re.search(r"\.(rst|org|adoc|asciidoc)$", path, re.I):
        return Skipped("unsupported", "It is not Markdown. It can be offered as a link.")
    if not path.lower().endswith(SUFFIXES) or _NOT_POSTS.search(path):
        return Skipped("not-a-post", "It is not a post.")
    if "_drafts" in folders or "drafts" in folders:
        return Skipped("draft", "It is in a folder of drafts.")
    if name in {"quarto", "astro"} and any(part.startswith("_") for part in parts):
        return Skipped("draft", "A name that begins with _ keeps it from its own site.")
    if parts[-1].startswith("_") or (name == "jekyll" and parts[-1].startswith((".", "#", "~"))):
        return Skipped("not-a-post", "A name that begins with _ keeps it from its own site.")
    if ".ipynb_checkpoints" in folders:
        return Skipped("not-a-post", "It is a copy that Jupyter made.")
    if not re.search(DIALECTS[name].posts, path, re.I):
        where = {"jekyll": "_posts/, named by date", "fastpages": "_posts/ or _notebooks/, named by date"}.get(
            name, "the folder of posts"
        )
        return Skipped("not-a-post", f"It is not in {where}.")
    return None


def twin(path: str, source: Source, data: dict[str, Value]) -> str | None:
    """The file beside it that its site shows in its place: what knitr or Quarto made of it, or the notebook whose text it is."""
    stem, _, suffix = path.rpartition(".")
    made: tuple[str, ...] = ()
    if source.dialect in {"hugo", "jekyll"} and suffix.lower() in {"rmd", "qmd"}:
        made = (".md", ".markdown")
    elif "jupytext" in data and suffix.lower() != "ipynb":
        made = (".ipynb",)
    return next((found for end in made if (found := source.tree.find(stem + end))), None)


def address(source: Source, path: str, data: dict[str, Value], day: date) -> str:
    """Where the post was first published, as well as its dialect tells; its file in the repository when the site is unknown.

    Safe to be written into Markdown, whatever its front matter says.
    """
    if not source.site:
        return safe(urljoin(source.pages, quote(path))) if source.pages else ""
    said = data.get("canonical_url") or data.get("canonicalurl") or data.get("permalink") or data.get("url")
    if isinstance(said, str) and re.match(r"https?://|/", said) and ":" not in said.split("//", 1)[-1]:
        return safe(urljoin(source.site, said))
    base = source.site.rstrip("/") + "/"
    return safe(base) + quote(_below(source, path, data, day).lstrip("/"))


def _below(source: Source, path: str, data: dict[str, Value], day: date) -> str:
    stem = re.sub(r"\.[^./]+$", "", path)
    slug = data.get("slug") if isinstance(data.get("slug"), str) else ""
    name = re.sub(r"^\d{4}-\d\d?-\d\d?-", "", stem.rsplit("/", 1)[-1])
    match source.dialect:
        case "jekyll" | "fastpages":
            shape = source.permalink or "date"
            shape = {
                "date": "/:categories/:year/:month/:day/:title.html",
                "pretty": "/:categories/:year/:month/:day/:title/",
                "none": "/:categories/:title.html",
            }.get(shape, shape)
            raw = data.get("categories", data.get("category", []))
            listed = raw if isinstance(raw, list) else str(raw).split()
            words = {
                "categories": "/".join(str(one).lower().replace(" ", "-") for one in listed),
                "title": slug or name,
                "slug": slugged(name),
            }
            words |= {
                "year": f"{day:%Y}",
                "month": f"{day:%m}",
                "day": f"{day:%d}",
                "i_month": str(day.month),
                "i_day": str(day.day),
                "output_ext": ".html",
            }
            return re.sub("/+", "/", re.sub(r":(\w+)", lambda key: words.get(key[1], ""), shape))
        case "hugo":
            stem = re.sub(r"/index$", "", stem.removeprefix("content/"))
            return (f"{stem.rsplit('/', 1)[0]}/{slug}" if slug and "/" in stem else stem).lower() + "/"
        case "quarto":
            return re.sub(r"/index$", "/", stem) if stem.endswith("/index") else f"{stem}.html"
        case "pelican":
            return f"{slug or slugged(str(data.get('title', ''))) or name}.html"
        case "astro":
            stem = re.sub(r"/index$", "", re.sub(r"^(src/)?(content|pages|data)/|^src/", "", stem))
            return (f"{stem.rsplit('/', 1)[0]}/{slug}" if slug and "/" in stem else stem) + "/"
        case "myst":
            return f"{stem}.html"
        case _:
            return f"{stem}/" if not stem.lower().endswith("readme") else stem[: -len("readme")]
