"""What goldmark and remark would take for their own, where kramdown or the author meant something else."""

from __future__ import annotations

import re

from .kramdown import TABLE, apart, footnotes, without_contents
from .parsing import blocks
from .work import Work

_MARK = re.compile(r"[ \t]*\{:[:/]?[^{}\n]*\}")
_DOLLAR = re.compile(r"(?<!\\)\$")
_BRACKET = re.compile(r"\\([\[(\])])")


def escape(text: str, work: Work) -> str:
    """Text without kramdown's own marks, in which nothing but math looks like math, and no footnote vanishes."""
    native = work.source.dialect in {"jekyll", "fastpages"}
    text = without_contents(text, work)
    out = []
    for block in blocks(apart(text, native)):
        if block.kind in {"fence", "code", "html"}:
            out.append(block.text)
            continue
        found = block.text
        if native and "{:" in found:
            found = _MARK.sub(lambda m: work.dropped("attributes", m[0]), found)
        if native and block.kind == "text" and TABLE.fullmatch(found):
            found = _headed(found)
        out.append(_money(found, work))
    return footnotes("\n".join(out))


def _headed(rows: str) -> str:
    """Rows that are a table to kramdown alone, below a head without words."""
    cells = max(1, len(re.findall(r"(?<!\\)\|", rows.split("\n", 1)[0].strip())) - 1)
    return f"\n|{'   |' * cells}\n|{'---|' * cells}\n{rows}"


def _money(text: str, work: Work) -> str:
    if work.target.math == "dollars":
        return _DOLLAR.sub(r"\\$", text)
    if work.target.math == "brackets":
        return _BRACKET.sub(lambda m: f"&#{ord(m[1])};", text.replace("$$", r"\$\$"))
    return text
