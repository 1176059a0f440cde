"""The mentees page on the program's blog: a file of data for each member, pictures beside, and a page that lists them.

Files are called by the profile and not by its owner's name: so two of one name do not meet, and taking one down names
nobody. The page is brought by whoever comes first; one that is there already gets a line that lists them at its end.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .. import targets
from ..convert import Target


@dataclass(frozen=True)
class Place:
    """Where one generator has it.

    :param data: folder of a file for each member; `suffix`: how they end.
    :param pictures: folder of their pictures.
    :param list: what lists them, of `lists`; `source` is its name there.
    :param line: what shows the list within a page.
    :param pages: where the page may be, of which the first is made if there is none.
    """

    data: str
    suffix: str
    pictures: str
    list: str
    source: str
    line: str
    pages: tuple[str, ...]


_JEKYLL = Place(
    "_data/mentees/", ".yml", "images/mentees/", "_includes/mentees.html", "jekyll.html", "{% include mentees.html %}",
    ("mentees.html", "mentees.md", "mentees/index.html", "mentees/index.md"),
)  # fmt: skip
_HUGO = Place(
    "data/mentees/", ".yml", "static/images/mentees/", "layouts/shortcodes/mentees.html", "hugo.html",
    "{{< mentees >}}",
    ("content/mentees.md", "content/mentees/_index.md", "content/mentees/index.md"),
)  # fmt: skip
# A page of Astro is code, into which nobody adds a line unseen: its page is the list.
_ASTRO = Place(
    "src/data/mentees/", ".json", "public/images/mentees/", "src/pages/mentees.astro", "astro.astro", "data/mentees/",
    ("src/pages/mentees.astro", "src/pages/mentees/index.astro", "src/pages/mentees.md", "src/pages/mentees.mdx"),
)  # fmt: skip
_PLACES = {"jekyll": _JEKYLL, "skinny": _JEKYLL, "hugo": _HUGO, "astro": _ASTRO}
_LISTS = Path(__file__).with_name("lists")
BARE = "The page has none of your site's layout: put its inside into one of yours."
UNLISTED = "{} lists nobody so far: read src/data/mentees/*.json there, as the page that this brings elsewhere would."


def is_own(path: str) -> bool:
    """Whether a file is of one member alone, and goes with them."""
    return any(path.startswith((place.data, place.pictures)) for place in (_JEKYLL, _HUGO, _ASTRO))


def files(
    profile: Mapping[str, Any], there: Collection[str], read: targets.Read, target: Target
) -> tuple[dict[str, bytes], str, list[str]]:
    """({path: bytes} that show a profile, the path of its data, what is missing, in words).

    :param there: paths in the program's blog.
    """
    place = _PLACES[target.shape]
    key = str(profile["id"]).replace("-", "")[-12:]
    data: dict[str, Any] = {"name": profile["name"], "bio": profile["bio"]}
    brought: dict[str, bytes] = {}
    if profile["headshot"]:
        shot = base64.b64decode(profile["headshot"])
        path = f"{place.pictures}{key}-{hashlib.sha256(shot).hexdigest()[:8]}.jpg"
        brought[path] = shot
        data |= {"headshot": f"/{path.removeprefix(target.static)}", "alt": profile["alt"]}
    if profile["site"]:
        data["blog"] = profile["site"]
    if profile["links"]:
        data["links"] = [dict(link) for link in profile["links"]]
    brought[f"{place.data}{key}{place.suffix}"] = _written(data, place.suffix)
    page, missing = _page(place, there, read)
    return brought | page, f"{place.data}{key}{place.suffix}", missing


def _written(data: dict[str, Any], suffix: str) -> bytes:
    if suffix == ".json":
        return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120).encode()


def _page(place: Place, there: Collection[str], read: targets.Read) -> tuple[dict[str, bytes], list[str]]:
    """What is lacking of the page itself."""
    listing = {place.list: (_LISTS / place.source).read_bytes()}
    found = next((path for path in place.pages if path in there), None)
    text = (read(found) or b"").decode("utf-8", "replace") if found else ""
    if place is _ASTRO:
        if found is None:
            return listing, [BARE]
        return {}, [] if place.line in text else [UNLISTED.format(found)]
    brought = {} if place.list in there else listing
    if found is None:
        return {**brought, place.pages[0]: _first(place, there, read)}, []
    if place.line in text:
        return brought, []
    if not text.startswith(("---", "+++") if place is _HUGO else "---"):
        return brought, [
            f"{found} has no front matter, so it cannot list anybody: add {place.line} to a page of your own."
        ]
    return {**brought, found: f"{text.rstrip()}\n\n{place.line}\n".encode()}, []


def _first(place: Place, there: Collection[str], read: targets.Read) -> bytes:
    """The page itself, where there is none."""
    layout = targets.layout(there, read) if place is _JEKYLL else ""
    front = [f"layout: {layout}"] if layout else []
    front += ["title: Mentees", *(["permalink: /mentees/"] if place is _JEKYLL else [])]
    return "\n".join(["---", *front, "---", place.line, ""]).encode()
