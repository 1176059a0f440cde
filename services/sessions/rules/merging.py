"""Two people edited the same text: merge both by lines, or say that only a person can.

A line that one of them added or changed is always in what comes out. A line is gone only when one of them took it out
and the other left it alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import groupby

LINES_MOST = 5_000  # that differ: beyond, comparing takes too long, and a person decides


def merge(base: str, mine: str, theirs: str) -> str | None:
    """`mine` and `theirs`, both made of `base`, in one; None when both changed the same lines.

    Where both only added lines at the same place, theirs come first.
    """
    if mine == theirs or mine == base:
        return theirs
    if theirs == base:
        return mine
    b, m, t = (text.split("\n") for text in (base, mine, theirs))
    head, tail = _same_ends(b, m, t)
    middle = [lines[head : len(lines) - tail] for lines in (b, m, t)]
    if max(map(len, middle)) > LINES_MOST:
        return None
    merged = _merge_lines(*middle)
    return None if merged is None else "\n".join([*b[:head], *merged, *(b[len(b) - tail :] if tail else [])])


def _same_ends(*texts: list[str]) -> tuple[int, int]:
    """How many lines at the beginning, and at the end of the rest, are the same in all."""
    least = min(map(len, texts))
    first = texts[0]
    head = next((n for n in range(least) if any(text[n] != first[n] for text in texts)), least)
    room = least - head
    tail = next((n for n in range(room) if any(text[-1 - n] != first[-1 - n] for text in texts)), room)
    return head, tail


def _merge_lines(base: list[str], mine: list[str], theirs: list[str]) -> list[str] | None:
    merged: list[str] = []
    b0 = m0 = t0 = 0
    for b1, m1, t1 in [*_kept(base, mine, theirs), (len(base), len(mine), len(theirs))]:
        before, ours, others = base[b0:b1], mine[m0:m1], theirs[t0:t1]
        if ours in (before, others):
            merged += others
        elif others == before:
            merged += ours
        elif not before:
            merged += [*others, *ours]
        else:
            return None
        merged += base[b1 : b1 + 1]
        b0, m0, t0 = b1 + 1, m1 + 1, t1 + 1
    return merged


def _kept(base: list[str], mine: list[str], theirs: list[str]) -> list[tuple[int, int, int]]:
    """Where the lines stand that neither side touched: in the base, in mine, in theirs."""
    in_mine, in_theirs = _places(base, mine), _places(base, theirs)
    return [(line, in_mine[line], in_theirs[line]) for line in sorted(in_mine.keys() & in_theirs.keys())]


def _places(base: list[str], text: list[str]) -> dict[int, int]:
    blocks = SequenceMatcher(None, base, text).get_matching_blocks()
    return {block.a + n: block.b + n for block in blocks for n in range(block.size)}


def changes(old: str, new: str, around: int = 2) -> list[tuple[str, str]]:
    """What was changed, as (word, line): "removed", "added", "same" with `around` lines before and after; "left out"
    stands for same lines between, with their number.
    """
    a, b = old.split("\n"), new.split("\n")
    head, tail = _same_ends(a, b)
    found = [("same", line) for line in a[:head]]
    olds, news = a[head : len(a) - tail], b[head : len(b) - tail]
    if max(len(olds), len(news)) > LINES_MOST:
        found += [("removed", line) for line in olds] + [("added", line) for line in news]
    else:
        for tag, a0, a1, b0, b1 in SequenceMatcher(None, olds, news).get_opcodes():
            if tag == "equal":
                found += [("same", line) for line in olds[a0:a1]]
            else:
                found += [("removed", line) for line in olds[a0:a1]] + [("added", line) for line in news[b0:b1]]
    found += [("same", line) for line in (a[len(a) - tail :] if tail else [])]
    return list(_shortened(found, around))


def _shortened(lines: list[tuple[str, str]], around: int) -> Iterator[tuple[str, str]]:
    groups = [(word, list(group)) for word, group in groupby(lines, key=lambda entry: entry[0] == "same")]
    for number, (same, group) in enumerate(groups):
        before = around if number else 0
        after = around if number + 1 < len(groups) else 0
        if not same or len(group) <= before + after:
            yield from group
            continue
        yield from group[:before]
        yield "left out", str(len(group) - before - after)
        yield from group[len(group) - after :] if after else []
