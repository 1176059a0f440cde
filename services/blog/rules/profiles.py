"""What a member may say of themselves for the mentees page, and what is wrong with what they typed."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

NAME_MOST, BIO_MOST, ALT_MOST, URL_MOST, LABEL_MOST, LINKS_MOST = 100, 800, 200, 300, 60, 5
Problems = list[dict[str, str]]


def checked(typed: dict[str, str], pictured: bool, shown: bool) -> tuple[dict[str, Any], Problems]:
    """(name, bio, site, links, alt) as they are kept, and what is wrong, by field.

    :param typed: name, bio, site, links (one a line: what it is, then its address) and alt.
    :param pictured: whether there is a picture.
    :param shown: whether it is to be shown; a draft may lack anything.
    """
    said = {name: one_line(typed.get(name, "")) for name in ("name", "site", "alt")}
    said["bio"] = _paragraphs(typed.get("bio", ""))
    problems: Problems = []

    def wrong(field: str, message: str, remedy: str) -> None:
        problems.append({"field": field, "message": message, "remedy": remedy})

    for field, most in (("name", NAME_MOST), ("bio", BIO_MOST), ("alt", ALT_MOST)):
        if len(said[field]) > most:
            wrong(field, f"This has {len(said[field])} letters.", f"Make it {most} at most.")
    if shown and not said["name"]:
        wrong("name", "There is no name.", "Write what you want to be called there.")
    if shown and not said["bio"]:
        wrong("bio", "There is nothing about you.", "Write a sentence or two.")
    if shown and pictured and not said["alt"]:
        wrong("alt", "Your picture has no words.", "Say what is to be seen, for people who do not see it.")
    if said["site"] and not is_address(said["site"]):
        wrong("site", "This is no web address.", "Write it as https://ada.example/")
    lines = [line for line in (one_line(line) for line in typed.get("links", "").splitlines()) if line]
    links = [_link(line) for line in lines]
    if len(links) > LINKS_MOST:
        wrong("links", f"These are {len(links)} links.", f"Choose {LINKS_MOST} at most.")
    if bad := next((line for line, link in zip(lines, links, strict=True) if link is None), None):
        wrong("links", f"“{bad[:60]}” does not end in a web address.", "Write one a line, as in: GitHub https://…")
    return {**said, "links": [link for link in links if link]}, problems


def is_address(text: str) -> bool:
    """Whether that is a web address that can stand in any page."""
    if len(text) > URL_MOST or not re.fullmatch(r"https?://[!#-;=?-\[\]_a-z~]+", text):
        return False
    try:
        return bool(urlsplit(text).hostname) and "@" not in urlsplit(text).netloc
    except ValueError:
        return False


def one_line(text: str) -> str:
    """Text without what no line of a page has in it."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", " ", text).split())


def lines_of(links: list[dict[str, str]]) -> str:
    """Links as they are typed."""
    return "\n".join(f"{link['label']} {link['url']}" for link in links)


def _paragraphs(text: str) -> str:
    lines = [one_line(line) for line in text.replace("\r\n", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _link(line: str) -> dict[str, str] | None:
    label, _, url = line.rpartition(" ")
    if not is_address(url):
        return None
    return {"label": (label.strip(" :,-")[:LABEL_MOST] or urlsplit(url).hostname or url), "url": url}
