"""What a pull request says: its title, its body with all that was changed, dropped or missing, the commit's message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from shared import config

from ..rules import offers as rules

BODY_MOST = 60_000  # characters; GitHub takes 65,536
TITLE_MOST = 200
WRITES = {
    "post": "{name} wrote this post and agreed to have it here.",
    "update": "{name} has changed this post, which is live already.",
}


def title(kind: str, of: str, name: str) -> str:
    """A line for the list of pull requests."""
    verb = {"post": "Post", "update": "Changed post", "removal": "Take down"}[kind]
    said = f"{verb}: {of or 'a post'}" + (f", by {name}" if name and kind != "removal" else "")
    return _line(said)[:TITLE_MOST]


def message(kind: str, of: str, original: str) -> str:
    """The message of a commit."""
    verb = {"post": "Add", "update": "Change", "removal": "Take down"}[kind]
    first = f"{verb} “{_line(of)[:100]}”" if of else f"{verb} a post"
    return first + (f"\n\nOriginally published at {original}" if original and kind != "removal" else "") + "\n"


def body(kind: str, id: str, name: str, original: str, notes: Iterable[Mapping[str, str]], path: str) -> str:
    """The body of a pull request that brings a post: Markdown, whatever notes quote."""
    lines = [WRITES[kind].format(name=_quoted(name) or "A member")]
    if original:
        lines[0] += f" It was first published at {original}"
    lines += ["", f"**[See how it will look]({config.current().base_url}/blog/offers/{id})**"]
    told = list(notes)
    for sort, heading in rules.NOTES:
        found = [note["text"] for note in told if note["kind"] == sort]
        if found:
            lines += ["", f"### {heading}", "", *(f"- {_quoted(one)}" for one in found)]
    if not told:
        lines += ["", "Nothing had to be changed, and nothing is missing."]
    ending = [
        "",
        f"The post is at `{path}`. When its author changes it, the change arrives here until this is merged or closed; "
        "once somebody else commits to this branch, it is left alone.",
    ]
    whole = "\n".join([*lines, *ending])
    if len(whole) > BODY_MOST:
        cut = "\n".join(lines)[: BODY_MOST - 500].rsplit("\n", 1)[0]
        whole = "\n".join([cut, "- and more: see how it will look.", *ending])
    return whole


def of_profile(kind: str, id: str, name: str, missing: Iterable[str]) -> tuple[str, str, str]:
    """(title, body, message) of a pull request that shows somebody on the mentees page."""
    verb = "Mentee" if kind == "post" else "Changed mentee"
    where = f"{config.current().base_url}/blog/offers/{id}"
    lines = [f"{_quoted(name)} agreed to be shown on the mentees page as below.", "", f"**[See it there]({where})**"]
    lines += ["", *(f"- {_quoted(one)}" for one in missing)]
    ending = "When they change it, the change arrives here; when they take it back, so does that."
    return _line(f"{verb}: {name}")[:TITLE_MOST], "\n".join([*lines, ending]), f"{verb}: {_line(name)}\n"


def of_setup(id: str, mends: Iterable[str]) -> tuple[str, str, str]:
    """(title, body, message) of a pull request that brings what the blog lacks for members' posts."""
    said = "Make the blog ready for members' posts"
    where = f"{config.current().base_url}/blog/offers/{id}"
    lines = ["Posts of members are proposed to this blog. It lacks what they need, and this brings it:", ""]
    lines += [*(f"- {one}" for one in mends), "", f"**[See what changes]({where})**", ""]
    ending = "Nothing else is touched. Once somebody else commits to this branch, it is left alone."
    return said, "\n".join([*lines, ending]), f"{said}\n\n" + "\n".join(f"- {one}" for one in mends) + "\n"


def removal(path: str, of_profile: bool = False) -> str:
    """The body of a pull request that takes something down. Whoever asks for it may be erased: nobody is named."""
    what, who = ("entry", "whoever it is of took it back") if of_profile else ("post", "its author took it down")
    return f"The {what} at `{path}` is not to be here any more: {who}, or is not part of the program now."


def _line(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f\u2028\u2029]", " ", text).split())


def _quoted(text: str) -> str:
    """Words in which Markdown finds nothing, and a forge nobody to call and no issue to close."""
    shown = re.sub(r"([\\`*_{}\[\]()<>|~!])", r"\\\1", _line(text)[:500])
    return re.sub(r"([@#])(?=\w)", "\\1\u200b", shown)
