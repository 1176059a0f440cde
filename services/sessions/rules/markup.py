"""Links in minutes as resources, and minutes as long as a mail may be."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

URL_MOST = 2000
TITLE_MOST = 300


def resources(links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The addresses worth keeping of those that minutes link to, with a title each, in order and each once.

    :param links: (address, words it stands under). Where the words are the address, the title says host and path.
    """
    found: dict[str, str] = {}
    for url, words in links:
        host = _host(url)
        if not host or len(url) > URL_MOST:
            continue
        bare = not words or words == url or _address(words)
        title = words if not bare else _short(url, host)
        if url not in found or _short(url, host) == found[url]:
            found[url] = title if len(title) <= TITLE_MOST else title[: TITLE_MOST - 1].rstrip() + "…"
    return found


def _address(words: str) -> bool:
    return words.lower().startswith(("http://", "https://"))


def _host(url: str) -> str:
    """The host of a web address; empty when it is none, or carries a password."""
    try:
        parts = urlsplit(url)
        good = parts.scheme.lower() in {"http", "https"} and not parts.username and not parts.password
        return (parts.hostname or "") if good and parts.port != 0 else ""
    except ValueError:
        return ""


def _short(url: str, host: str) -> str:
    path = urlsplit(url).path.rstrip("/")
    return host.removeprefix("www.") + path


def cut(text: str, most: int) -> tuple[str, bool]:
    """The beginning of a text of at most `most` bytes, whole lines, and whether something is missing."""
    if len(text.encode()) <= most:
        return text, False
    start = text.encode()[:most].decode(errors="ignore")
    return (start[: start.rfind("\n")] if "\n" in start else start).rstrip(), True
