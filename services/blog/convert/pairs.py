"""What stands between an opening and its end, replaced in one pass over a text.

A lazy regular expression looks for the end anew from every opening: where there are thousands that never end, for minutes. Here
an end that was found, or was not, is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Callable


def swapped(
    text: str,
    opened: re.Pattern[str],
    closes: Callable[[re.Match[str]], str],
    made: Callable[[re.Match[str], str, str], str],
    longest: int = 10_000_000,
) -> str:
    """The text with every opening, what follows it and its end replaced. An opening that never ends stays.

    :param closes: the pattern of an opening's end.
    :param made: of an opening, what is between, and its end: what comes in their place.
    :param longest: how many characters may be between.
    """
    out: list[str] = []
    at = asked = 0
    ends: dict[str, re.Match[str] | None] = {}
    while opening := opened.search(text, asked):
        pattern = closes(opening)
        end = ends.get(pattern)
        if pattern not in ends or (end is not None and end.start() < opening.end()):
            end = ends[pattern] = re.compile(pattern).search(text, opening.end())
        if end is None or end.start() - opening.end() > longest:
            asked = opening.start() + 1
            continue
        out += (text[at : opening.start()], made(opening, text[opening.end() : end.start()], end[0]))
        at = asked = end.end()
    return "".join([*out, text[at:]])
