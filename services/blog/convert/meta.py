"""What is taken over of a post's front matter: a whitelist. Everything else is named in a note and stays behind.

A key that is not known here could replace the target's home page (``permalink``), lose its layout or break its feed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import quote

from .front import Value
from .shapes import Note, Skipped, When

_TITLE = ("title",)
_SUMMARY = ("description", "excerpt", "summary", "subtitle", "abstract")
_TAGS = ("categories", "category", "tags", "tag", "keywords")
# As in _IMAGE, whatever stands between the words; `published` is a date to some, and to others a yes.
_DATE = ("date", "publishdate", "pubdate", "pubdatetime", "publishedat", "publisheddate", "publishedon", "datepublished",
         "dateposted", "posted", "published", "datetime", "created", "createdat", "datecreated", "added")  # fmt: skip
_IMAGE = (
    "image",
    "cover",
    "coverimage",
    "coverimg",
    "teaser",
    "thumbnail",
    "thumb",
    "featuredimage",
    "featureimage",
    "featuredimg",
    "featureimg",
    "featured",
    "hero",
    "heroimage",
    "banner",
    "bannerimage",
    "header",
    "headerimg",
    "headerimage",
    "images",
    "postimage",
    "previewimage",
    "socialimage",
    "shareimg",
    "shareimage",
    "ogimage",
)  # whatever stands between the words: featured-image, featured_image
_IMAGE_INNER = (
    "teaser",
    "image",
    "src",
    "url",
    "path",
    "feature",
    "thumb",
    "og_image",
    "overlay_image",
    "relative_path",
)
_USED = {*_TITLE, *_SUMMARY, *_TAGS, *_IMAGE, "draft", "published", "status", "slug", "author", "authors"}
_YES = {"true", "yes", "on", "1", "y"}
_NO = {"false", "no", "off", "0", "n"}
_HIDDEN = {"draft", "drafts", "hidden", "skip", "private", "unlisted", "wip", "unpublished", "pending"}


@dataclass(frozen=True)
class Meta:
    """What a post says of itself, as far as anybody asks."""

    title: str
    summary: str
    tags: tuple[str, ...]
    image: str
    slug: str


def unpublished(data: dict[str, Value], when: When) -> Skipped | None:
    """Why a post that says this of itself is not public, in any dialect: one that its author hid nowhere goes nowhere."""

    def says(key: str) -> str:
        return _text(data.get(key)).strip().lower()

    for key in ("draft", "private", "unlisted", "hidden", "headless", "isdraft", "wip"):
        if says(key) in _YES:
            return Skipped("draft", f"It says “{key}: {says(key)}”.")
    for key in ("published", "publish", "public", "search_exclude_draft"):
        if says(key) in _NO:
            return Skipped("draft", f"It says “{key}: {says(key)}”.")
    for key in ("status", "visibility", "state"):
        if says(key) in _HIDDEN:
            return Skipped("draft", f"It says “{key}: {says(key)}”.")
    build = data.get("build", data.get("_build"))
    if isinstance(build, dict) and _text(build.get("render")).lower() in {"never", *_NO}:
        return Skipped("draft", "It says that its own site must not render it.")
    if data.get("password"):
        return Skipped("draft", "It is behind a password.")
    expires, _ = _day(_text(data.get("expirydate", data.get("unpublishdate"))), when)
    if expires and expires <= when.today:
        return Skipped("expired", f"It expired on {expires}.")
    return None


def day(data: dict[str, Value], path: str, when: When) -> tuple[date, list[Note]] | Skipped:
    """The day it was published: what it says, else its file's name, else its first commit, else today."""
    notes = []
    bare = {_bare(key): _text(value) for key, value in data.items()}
    tried = [(key, bare[key], _day(bare[key], when)[0]) for key in _DATE if bare.get(key) and not _switch(bare[key])]
    found = next((one for _, _, one in tried if one), None)
    said = next((text for key, text, _ in tried if key != "published"), "")
    if said and not found:
        notes.append(Note("changed", f"“{said[:60]}” is not a date."))
    later, _ = _day(_text(data.get("publishdate")), when)
    if later and later > when.today:
        found = later
    named = re.search(r"(?:^|/)(\d{4})[-_](\d{1,2})[-_](\d{1,2})[-_/]", path)
    if found is None and named:
        found, _ = _day("-".join(named.groups()), when)
    if found is None:
        found = min(when.committed or when.today, when.today)
        notes.append(Note("changed", f"It has no date of its own: {found} is that of its first commit, or of today."))
    if found > when.today:
        return Skipped("future", f"It is dated {found}. It will be offered then.", found)
    return found, notes


def _day(text: str, when: When) -> tuple[date | None, str]:
    """A date in the ways blogs write it; with a time and an offset, the program's day of that instant."""
    text = text.strip().strip("\"'")
    if not text:
        return None, ""
    match = re.match(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(.*)\Z", text, re.S)
    try:
        if match:
            plain = date(int(match[1]), int(match[2]), int(match[3]))
            moment = re.match(r"[T\s]+(\d{1,2}):(\d\d)(?::(\d\d))?(?:\.\d+)?\s*(Z|UTC|[+-]\d\d:?\d\d)\s*\Z", match[4])
            if not moment:
                return plain, ""
            zone = moment[4].replace("UTC", "+0000").replace("Z", "+0000").replace(":", "")
            instant = datetime.strptime(f"{plain:%Y-%m-%d} {moment[1]}:{moment[2]} {zone}", "%Y-%m-%d %H:%M %z")
            return instant.astimezone(when.zone).date(), ""
        for shape in (
            "%d %B %Y",
            "%d %b %Y",
            "%B %d, %Y",
            "%b %d, %Y",
            "%b %d %Y",
            "%B %d %Y",
            "%m/%d/%Y",
            "%a, %d %b %Y %H:%M:%S %z",
            "%Y%m%d",
        ):
            try:
                return datetime.strptime(text, shape).replace(tzinfo=UTC).date(), ""
            except ValueError:
                continue
    except (ValueError, OverflowError):
        pass
    return None, text


def read(data: dict[str, Value], path: str) -> tuple[Meta, list[Note]]:
    """What is taken over, and a note of what is not."""
    notes = []
    pictured = {_bare(key): value for key, value in data.items()}
    used = {*_USED, *(key for key, value in data.items() if _bare(key) in _IMAGE and _image(value))}
    used |= {key for key, value in data.items() if _bare(key) in _DATE and not _switch(_text(value))}
    left = {key: value for key, value in data.items() if key not in used}
    if left:
        listed = "; ".join(f"{key}: {_flat(value)[:200]}" for key, value in left.items())
        notes.append(Note("dropped", f"Front matter left out: {listed}"))
    tags = []
    for key in _TAGS:
        tags += _list(data.get(key))
    image = next((found for key in _IMAGE if (found := _image(pictured.get(key)))), "")
    summary = next((text for key in _SUMMARY if (text := one_line(_text(data.get(key))))), "")
    title = one_line(_text(data.get("title")))
    slug = slugged(_text(data.get("slug"))) or _slug_of(path)
    return Meta(title, summary, tuple(dict.fromkeys(tags)), image, slug), notes


def _switch(text: str) -> bool:
    """Whether it says yes or no: to some, a key of a date is a switch."""
    return text.strip().lower() in _YES | _NO


def _bare(key: str) -> str:
    return re.sub(r"[-_]", "", key)


def _slug_of(path: str) -> str:
    parts = path.split("/")
    name = re.sub(r"\.[^.]+$", "", parts[-1])
    if name.lower() in {"index", "readme", "_index", "post", "main"} and len(parts) > 1:
        name = parts[-2]
    return slugged(re.sub(r"^\d{4}[-_]\d{1,2}[-_]\d{1,2}[-_]?", "", name))


def slugged(text: str) -> str:
    """Lower-case ASCII words joined by hyphens, at most 80 characters; empty when nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-")


def headed(text: str) -> str:
    """The words of a heading, without the signs that may close it."""
    return text.rstrip(" \t").rstrip("#").rstrip(" \t")


def one_line(text: str) -> str:
    """Text without line breaks and runs of blanks."""
    return " ".join(
        re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ue000-\ue002\ufffe\uffff]", " ", text).split()
    )


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Value) -> list[str]:
    if isinstance(value, str):
        value = [value] if "," not in value else value.strip("[]").split(",")
    if not isinstance(value, list):
        return []
    return [found for item in value if isinstance(item, str) and (found := one_line(item).strip("\"'"))]


def _image(value: Value) -> str:
    if isinstance(value, list):
        return next((found for item in value if (found := _image(item))), "")
    if isinstance(value, dict):
        return next((found for key in _IMAGE_INNER if (found := _image(value.get(key)))), "")
    return value.strip() if isinstance(value, str) and re.search(r"\.\w{3,4}(\?|$)", value.strip()) else ""


def _flat(value: Value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_flat(inner)}" for key, inner in value.items())
    return ", ".join(map(_flat, value)) if isinstance(value, list) else one_line(str(value))


def safe(address: str) -> str:
    """An address without a character that Markdown, HTML, YAML or Liquid would take for its own."""
    return quote(address, safe="/:?#@!$&*+,;=%~-._[]'" if "[" not in address else "/:?#@!$&*+,;=%~-._'").replace(
        "'", "%27"
    )
