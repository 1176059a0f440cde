"""What a circle talks about: the usual agenda, in Markdown, and what minutes begin with."""

from __future__ import annotations

import re

USUAL = """\
## Progress and challenges

Two minutes each: what went well since the last time, what was hard?

## Resources

Something worth reading, watching or trying? Links written here are kept on the stream's page.

## Questions

What are you stuck on? Take two or three of them and solve them together.

## Mentor's guidance

What would the mentor have liked to know at your point of the way?

## Where help is needed

What can the circle not solve alone? The organizers read this part first.
"""
AGENDA_MOST = 20_000  # bytes

_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]+\S.*)?$")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")


def skeleton(agenda: str) -> str:
    """What minutes of that agenda begin with: its headings, with room under each."""
    headings = [line.strip() for line in _outside_fences(agenda) if _HEADING.match(line) and line.strip("# \t")]
    return "\n\n".join(headings) + "\n\n" if headings else ""


def says_nothing(minutes: str) -> bool:
    """Whether minutes have nothing but headings in them."""
    return not any(line.strip() and not _HEADING.match(line) for line in minutes.split("\n"))


def sections(text: str) -> list[tuple[str, str]]:
    """The parts of Markdown that are headed and not empty, in order: (heading, what stands under it).

    A part ends at the next heading of its own level or above; fenced code has no headings.
    """
    lines, fenced = text.split("\n"), False
    heads: list[tuple[int, int, str]] = []
    for number, line in enumerate(lines):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and _HEADING.match(line):
            marks = line.strip()
            heads.append((number, len(marks) - len(marks.lstrip("#")), marks.strip("# \t")))
    found = []
    for place, (start, level, title) in enumerate(heads):
        end = next((number for number, other, _ in heads[place + 1 :] if other <= level), len(lines))
        body = "\n".join(lines[start + 1 : end]).strip("\n")
        if title and not says_nothing(body):
            found.append((title, body))
    return found


def _outside_fences(text: str) -> list[str]:
    found, inside = [], False
    for line in text.split("\n"):
        if _FENCE.match(line):
            inside = not inside
        elif not inside:
            found.append(line)
    return found
