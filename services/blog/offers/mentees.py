"""The mentees page on the program's blog: a file of data for each member, pictures beside, and a page that lists them.

Files are called by the profile and not by its owner's name: so two of one name do not meet, and taking one down names
nobody. The page is brought by whoever comes first; one that is there already gets a line that lists them at its end.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from .. import targets

PAGES = ("mentees.html", "mentees.md", "mentees/index.html", "mentees/index.md")
DATA, PICTURES, LIST = "_data/mentees/", "images/mentees/", "_includes/mentees.html"
_LINE = "{% include mentees.html %}"
_LIST = Path(__file__).with_name("mentees.html")
Read = Callable[[str], bytes | None]


def is_own(path: str) -> bool:
    """Whether a file is of one member alone, and goes with them."""
    return path.startswith((DATA, PICTURES))


def files(profile: Mapping[str, Any], there: Collection[str], read: Read) -> tuple[dict[str, bytes], str, list[str]]:
    """({path: bytes} that show a profile, the path of its data, what is missing, in words).

    :param there: paths in the program's blog.
    """
    key = str(profile["id"]).replace("-", "")[-12:]
    data: dict[str, Any] = {"name": profile["name"], "bio": profile["bio"]}
    brought: dict[str, bytes] = {}
    if profile["headshot"]:
        shot = base64.b64decode(profile["headshot"])
        path = f"{PICTURES}{key}-{hashlib.sha256(shot).hexdigest()[:8]}.jpg"
        brought[path] = shot
        data |= {"headshot": f"/{path}", "alt": profile["alt"]}
    if profile["site"]:
        data["blog"] = profile["site"]
    if profile["links"]:
        data["links"] = [dict(link) for link in profile["links"]]
    said = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120)
    brought[f"{DATA}{key}.yml"] = said.encode()
    page, missing = _page(there, read)
    return brought | page, f"{DATA}{key}.yml", missing


def _page(there: Collection[str], read: Read) -> tuple[dict[str, bytes], list[str]]:
    """What is lacking of the page itself."""
    brought = {} if LIST in there else {LIST: _LIST.read_bytes()}
    found = next((path for path in PAGES if path in there), None)
    if found is None:
        layout = targets.layout(there, read)
        front = [f"layout: {layout}"] if layout else []
        front += ["title: Mentees", "permalink: /mentees/"]
        return {**brought, PAGES[0]: "\n".join(["---", *front, "---", _LINE, ""]).encode()}, []
    text = (read(found) or b"").decode("utf-8", "replace")
    if _LINE in text:
        return brought, []
    if not text.startswith("---"):
        return brought, [f"{found} has no front matter, so it cannot list anybody: add {_LINE} to a page of your own."]
    return {**brought, found: f"{text.rstrip()}\n\n{_LINE}\n".encode()}, []
