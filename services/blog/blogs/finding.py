"""What lies behind an address that somebody pasted: a repository, a feed, or a page that leads to one of them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from .. import repos
from ..repos import Unreachable
from ..rules.refusals import Refused
from . import feeds

PAGE_MOST = 5_000_000  # bytes
LONGEST = 500


class Found(NamedTuple):
    """What is to be followed.

    :param kind: repo or feed. :param url: of that. :param site: where readers go, as far as the address told it.
    :param branch: the one that the address names.
    """

    kind: str
    url: str
    site: str = ""
    branch: str | None = None


def address(pasted: str) -> str:
    """A pasted address in one way of writing, so that the same one is known again; Refused when it is none.

    `git@host:owner/name` is what forges offer to copy; the same public repository is at https://.
    """
    text = "".join(pasted.split())
    if copied := re.fullmatch(r"(?:ssh://)?git@([\w.-]+)[:/](.+)", text):
        text = f"https://{copied[1]}/{copied[2]}"
    if text.startswith(("/", "file://")):
        try:
            found = repos.folder(pasted.strip())
        except Unreachable as why:
            raise Refused("address", "This is a folder.", why.words) from None
        return f"file://{found}"
    if text and not re.match(r"[a-z][a-z0-9+.-]*:", text, re.I):
        text = "https://" + text
    if not text.isascii():
        text = _ascii(text)
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    odd = len(text) > LONGEST or re.search(r"[\x00-\x20<>\"\\]", text)
    if parts.scheme.lower() not in {"http", "https"} or not host or odd:
        raise Refused(
            "address", "This is no address of a blog.", "Paste it from your browser, as in https://ada.example"
        )
    if parts.username or parts.password:
        raise Refused("address", "There is a name or a password in this address.", "Public blogs need none.")
    path = parts.path.rstrip("/")
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), path, parts.query, ""))


def _ascii(text: str) -> str:
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna").decode()
        netloc = host + (f":{parts.port}" if parts.port else "")
    except (ValueError, UnicodeError):
        return text
    safe = "/%:@!$&'()*+,;=~-._"
    return urlunsplit((parts.scheme, netloc, quote(parts.path, safe), quote(parts.query, safe + "?"), ""))


def find(pasted: str) -> Found:
    """What to follow at an address, in the form of `address`.

    :raises Unreachable: nothing, in words that say what is missing.
    """
    if pasted.startswith("file://"):
        return Found("repo", repos.remote(pasted).url)
    parts = urlsplit(pasted)
    host, segments = parts.hostname or "", [part for part in parts.path.split("/") if part]
    home = f"{parts.scheme}://{parts.netloc}"
    if at := _at_forge(host, home, segments):
        return Found("repo", repos.remote(at[0]).url, branch=at[1])
    for guess in _pages(host, segments):
        if (found := _tried(guess)) is not None:
            return Found("repo", found, pasted + "/")
    if parts.path.endswith(".git") or len(segments) >= 2:
        for guess in dict.fromkeys((pasted, pasted if parts.path.endswith(".git") else f"{pasted}.git")):
            if (found := _tried(guess)) is not None:
                return Found("repo", found)
    return _of_page(pasted)


def _at_forge(host: str, home: str, segments: list[str]) -> tuple[str, str | None] | None:
    """(clone URL, branch) of an address at one of the large forges."""
    if len(segments) < 2:
        return None
    if host in {"github.com", "www.github.com", "codeberg.org"}:
        name = segments[1].removesuffix(".git")
        rest = segments[2:]
        branch = rest[1] if len(rest) > 1 and rest[0] in {"tree", "blob"} else None
        branch = rest[2] if len(rest) > 2 and rest[:2] == ["src", "branch"] else branch
        return f"{home.replace('www.', '')}/{segments[0]}/{name}.git", branch
    if host == "gitlab.com" or host.startswith("gitlab."):
        cut = segments.index("-") if "-" in segments else len(segments)
        rest = segments[cut + 1 :]
        branch = rest[1] if len(rest) > 1 and rest[0] in {"tree", "blob"} else None
        return f"{home}/{'/'.join(segments[:cut]).removesuffix('.git')}.git", branch
    return None


def _pages(host: str, segments: list[str]) -> list[str]:
    """Repositories from which a forge makes the site at that address, the likeliest first."""
    for end, forge in ((".github.io", "https://github.com"), (".gitlab.io", "https://gitlab.com")):
        if host.endswith(end):
            owner = host.removesuffix(end)
            below = [f"{forge}/{owner}/{segments[0]}.git"] if segments else []
            return [*below, f"{forge}/{owner}/{host}.git"]
    return []


def _tried(url: str) -> str | None:
    """The repository's address, or None when there is none; Unreachable when nobody can tell now."""
    try:
        return repos.remote(url).url
    except Unreachable as why:
        if not why.gone:
            raise
        return None


def _of_page(pasted: str) -> Found:
    page = pasted if urlsplit(pasted).path else pasted + "/"
    answer = repos.get(page, PAGE_MOST, "text/html,application/atom+xml,*/*")
    if answer.status != 200:
        raise Unreachable(f"This page cannot be opened ({answer.status}). Is it spelled as in your browser?", gone=True)
    if feeds.is_feed(answer.body):
        return Found("feed", answer.url, feeds.read(answer.body, answer.url).site)
    for link in _links(answer.body):
        url = urljoin(answer.url, link)
        found = repos.get(url, feeds.MOST, "application/atom+xml,application/rss+xml,*/*")
        if found.status == 200 and feeds.is_feed(found.body):
            return Found("feed", found.url, answer.url)
    raise Unreachable(
        "There is a page at this address, but no repository, and no feed that it names. Paste the address of the "
        "repository that your blog is made from, or of its RSS or Atom feed.",
        gone=True,
    )


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        kind = said.get("type", "").lower()
        if tag == "link" and "alternate" in said.get("rel", "").lower() and kind in feeds.KINDS and said.get("href"):
            self.found.append(said["href"])


def _links(body: bytes) -> list[str]:
    """The feeds that a page names in its head, at most three; comments' feeds come last."""
    reader = _Links()
    reader.feed(body[:1_000_000].decode("utf-8", "replace"))
    return sorted(reader.found, key=lambda link: "comment" in link)[:3]
