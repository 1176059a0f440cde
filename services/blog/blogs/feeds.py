"""Feeds, RSS and Atom: what is in one, read without anything that XML could be made to do.

A document type is refused before parsing: feeds need none, and entities are how XML grows without end. Depth and the
number of elements are counted while it is read; text is plain text, since posts of a feed are only ever offered as
links.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

MOST = 10_000_000  # bytes
ENTRIES = 1_000
DEEPEST = 40
KINDS = {"application/rss+xml", "application/atom+xml", "application/xml", "text/xml", "application/rdf+xml"}
_START = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*|<\?xml-stylesheet[^>]*\?>\s*)*", re.S
)


class Entry(NamedTuple):
    """One post. `id` is what the feed calls it; `print` changes when anything that is offered does."""

    id: str
    title: str
    url: str
    day: date | None
    print: str


class Feed(NamedTuple):
    """A feed: where its site is, and its entries in its order."""

    site: str
    title: str
    entries: tuple[Entry, ...]


def is_feed(body: bytes) -> bool:
    """Whether these bytes begin as a feed does."""
    rest = body[_START.match(body[:100_000]).end() :][:200].lstrip()  # type: ignore[union-attr]
    return bool(re.match(rb"<(rss|feed|rdf:RDF|atom:feed)[\s>]", rest))


def read(body: bytes, url: str) -> Feed:
    """A feed's bytes. ValueError says why it cannot be read.

    :param url: where it was, for relative addresses.
    """
    if re.search(rb"<!\s*(DOCTYPE|ENTITY)", body, re.I) or b"<\x00!" in body or body[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise ValueError("it has a document type, which feeds need not have, or is not UTF-8")
    parser: Any = XMLPullParser(("start", "end"))
    depth = 0
    root: Element | None = None
    try:
        for at in range(0, len(body), 65_536):
            parser.feed(body[at : at + 65_536])
            for kind, element in parser.read_events():
                depth += 1 if kind == "start" else -1
                root = element if root is None and isinstance(element, Element) else root
                if depth > DEEPEST:
                    raise ValueError(f"it is nested more than {DEEPEST} deep")
        parser.close()
    except ParseError as error:
        raise ValueError(f"it is not XML as it should be ({error})") from None
    if root is None:
        raise ValueError("it is empty")
    items = [each for each in root.iter() if _name(each) in {"item", "entry"}][:ENTRIES]
    channel = next((each for each in root if _name(each) == "channel"), root)
    site = next((link for each in channel if (link := _link(each, url))), "")
    title = next((_words(each) for each in channel if _name(each) == "title"), "")
    found: dict[str, Entry] = {}
    for item in items:
        if (entry := _entry(item, url)) is not None:
            found.setdefault(entry.id, entry)
    return Feed(site, title, tuple(found.values()))


def _entry(item: Element, url: str) -> Entry | None:
    said: dict[str, str] = {}
    link = ""
    for each in item:
        name = _name(each)
        link = link or _link(each, url)
        if name in {"title", "guid", "id", "pubDate", "published", "updated", "date"}:
            said.setdefault(name, _words(each))
    if not link and re.match(r"https?://", said.get("guid", "")):
        link = said["guid"]
    id = said.get("guid") or said.get("id") or link
    if not id or not link:
        return None
    if len(id) > 500:
        id = hashlib.sha256(id.encode()).hexdigest()
    day = next((day for name in ("pubDate", "published", "date", "updated") if (day := _day(said.get(name, "")))), None)
    title = said.get("title", "")[:500] or link
    mark = hashlib.sha256(f"{title}\n{link}".encode()).hexdigest()
    return Entry(id, title, link[:2000], day, mark)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _link(element: Element, url: str) -> str:
    """The address of a link that leads to a page, else nothing."""
    if _name(element) != "link" or element.get("rel", "alternate") != "alternate":
        return ""
    found = urljoin(url, (element.get("href") or element.text or "").strip())
    return found if urlsplit(found).scheme in {"http", "https"} and len(found) <= 2000 else ""


def _words(element: Element) -> str:
    """Plain text: markup of titles (Atom's html, RSS's habit) is taken out, and nothing of it is ever shown as
    markup."""
    text = "".join(element.itertext())
    if "<" in text or "&" in text:
        text = unescape(re.sub(r"<[^>]{0,1000}>", " ", text))
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", " ", text).split())


def _day(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text.strip()).astimezone(UTC).date()
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text.strip()).date()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
