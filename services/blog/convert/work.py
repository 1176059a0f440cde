"""One conversion under way: what steps may ask, and where they note what they did."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from html import unescape
from urllib.parse import quote, unquote, urljoin, urlsplit

from .dialects import DIALECTS, SUFFIXES
from .dialects import address as page
from .front import Value
from .images import Album
from .masking import Mask
from .meta import one_line
from .meta import safe as safe
from .shapes import Note, NoteKind, Source, Target

_WITHIN = re.compile(r"(?:<[a-zA-Z][^<>]*=[ \t]*(?:\"[^\"<>]*|'[^'<>]*)|\]\(<?[^()\s<>]*)\Z")
_TAGS = re.compile(r"\{\{.{0,200}?\}\}|\{%.{0,200}?%\}")
_SCHEMES = {"http", "https", "mailto", "tel", "ftp"}


@dataclass
class Work:
    """
    :param path: of the post in the source.
    :param url: where the original is, possibly empty.
    :param data: its front matter.
    """

    source: Source
    path: str
    url: str
    album: Album
    target: Target
    mask: Mask = field(default_factory=Mask)
    notes: list[Note] = field(default_factory=list)
    data: Mapping[str, Value] = field(default_factory=dict)
    _said: set[Note] = field(default_factory=set)

    def note(self, kind: NoteKind, text: str) -> None:
        """Say once what was done."""
        said = Note(kind, text)
        if said not in self._said:
            self._said.add(said)
            self.notes.append(said)

    def dropped(self, what: str, words: str) -> str:
        """Take something out, and say so with its words."""
        words = one_line(self.mask.show(words))
        if words:
            self.note("dropped", f"Left out {what}: {words}")
        return ""

    def original(self, what: str, before: str = "") -> str:
        """A visible line in place of what cannot be had here.

        :param before: the text in front of it: within a tag or an address there is no place for a line.
        """
        what = one_line(self.mask.show(what))
        if before and _WITHIN.search(_TAGS.sub("", before[-400:])):
            self.note("dropped", f"Left out of an address: {what}")
            return ""
        self.note("dropped", f"Only on the original page: {what}")
        words = "Only on the original page"
        return f'<a href="{self.url}">{words}: see it there</a>' if self.url else f"<em>{words}.</em>"

    def in_tree(self, address: str) -> str | None:
        """The file of the source's tree that an address names, relative, from a static root, or by a URL of its own."""
        address = unescape(address.strip())
        for own in (*self.source.raws, *filter(None, (self.source.pages, self.source.site))):
            if address.lower().startswith(own.lower()):
                address = "/" + address[len(own) :].lstrip("/")
                break
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//", address):
            return None
        bare = re.split(r"[?#]", address, maxsplit=1)[0].replace("\\", "/")
        for name in dict.fromkeys((unquote(bare), bare)):
            name = re.sub(r"^(?:\{static\}|\{filename\}|\{attach\}|\|filename\||~/|@/|@site/)", "/", name)
            below = name.lstrip("/")
            base = urlsplit(self.source.site).path.lstrip("/")
            names = [below, below.removeprefix(base)] if base and name.startswith("/") else [below]
            roots = DIALECTS[self.source.dialect].roots
            spots = [posixpath.join(root, each) for each in dict.fromkeys(names) for root in roots]
            if not name.startswith("/"):
                spots = [*self._beside(name), *spots]
            for spot in spots:
                spot = posixpath.normpath(spot)
                if not spot.startswith(("..", "/")) and (found := self.source.tree.find(spot)):
                    return found
        return None

    def _beside(self, name: str) -> list[str]:
        """Where a file may lie that a post names without a folder: beside it, or, as Hugo's readers ask for it, below the
        address of its page."""
        beside = [posixpath.join(posixpath.dirname(self.path), name)]
        if self.source.dialect == "hugo":
            page = posixpath.splitext(self.path)[0]
            shown = posixpath.join("static", page.removeprefix("content/"))
            beside += [posixpath.join(page, name), posixpath.join(shown, name)]
        return beside

    def of_file(self, path: str) -> str:
        """Where the source shows one of its files."""
        found = self.source.tree.find(path.lstrip("/")) or next(
            (
                name
                for name in self.source.tree.sizes
                if re.search(r"_posts/(.*/)?" + re.escape(path) + r"\.\w+$", name)
            ),
            None,
        )
        return urljoin(self.source.pages, quote(found)) if found and self.source.pages else self.url or "#"

    def link(self, address: str) -> str:
        """A link's address as it must be on another site: absolute, and of a scheme that only opens pages."""
        bare = unescape(unquote(address))
        plain = re.sub(r"[\x00-\x20]+", "", bare) if ":" in bare else address
        scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):", plain)
        if scheme and scheme[1].lower() not in _SCHEMES:
            self.note("dropped", f"Left out a link to “{one_line(address)[:100]}”.")
            return "#"
        address = unescape(address.strip())
        if address.startswith("#") or not address:
            return safe(address) or "#"
        if scheme:
            return safe(address)
        if address.startswith("//"):
            return safe("https:" + address)
        found = self.in_tree(address)
        if found and (where := self._shown(found, address)):
            return safe(where + ("#" + address.split("#", 1)[1] if "#" in address else ""))
        base = self.source.site if address.startswith("/") else self.url
        if not base:
            self.note("missing", f"The link to “{one_line(address)[:200]}” leads nowhere here.")
            return "#"
        return safe(urljoin(base, address))

    def _shown(self, found: str, address: str) -> str:
        """Where a reader sees a file of the tree: the page that its site makes of it, else the file in the repository."""
        if self.source.site and found.lower().endswith(SUFFIXES):
            if self.source.dialect in {"quarto", "hugo", "myst", "astro"}:
                return page(self.source, found, {}, date.min)
        elif self.source.site and address.startswith("/"):
            return ""
        return urljoin(self.source.pages, quote(found)) if self.source.pages else ""

    def image(self, address: str) -> str:
        """An image's address: of the copy beside the post where it could be found, else absolute."""
        found = self.in_tree(address)
        if found:
            try:
                return self.album.add(found, self.source.tree)
            except ValueError as refusal:
                self.note("missing", f"The image {found} was not copied: {refusal}.")
        elif address.startswith("notebook:") and (copied := self.album.own(address)):
            return copied
        elif address.strip().lower().startswith("data:"):
            try:
                return self.album.inline(address)
            except ValueError as refusal:
                self.note("missing", f"An image within the text was not taken: {refusal}.")
                return "#"
        elif not re.match(r"(https?:)?//", address.strip(), re.I):
            self.note("missing", f"The image “{one_line(address)[:200]}” is not in the repository.")
        else:
            self.note("changed", f"The image {one_line(address)[:300]} stays where it is, on another site.")
        return self.link(address)
