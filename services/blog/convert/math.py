"""Math as the target wants it: for kramdown ``$$x$$`` within a line and, alone between blank lines, as a display; else between
brackets or dollars, or, where nothing keeps Markdown from it, with each sign escaped, for MathJax and KaTeX to find.

What is money stays money: pandoc's rule (no blank inside the dollars, no digit after them) and a stricter one of ours (no letter
either, and no words behind an amount).
"""

from __future__ import annotations

import re
from functools import partial

from .masking import MARK
from .pairs import swapped
from .parsing import blocks
from .shapes import MathKind
from .work import Work

# Each way of writing it begins with a sign of two: the engine looks for those alone.
_ANY = re.compile(
    r"\\(?:(?P<escaped>[^\[(\n])"
    r"|\[(?P<square>(?:[^\\\n]|\\[^\[\]\n]|\\(?=\n)|\n(?!\s*\n)){1,2000}?)\\{1,2}\]"  # none within another: no TeX
    r"|\((?P<round>(?:[^\\\n]|\\[^()\n]|\\(?=\n)|\n(?!\s*\n)){1,1000}?)\\{1,2}\))"
    r"|\$(?:\$(?P<two>(?:[^$\\]|\\.)+?)\$\$"
    r"|(?<![\w$]\$)(?P<one>(?![\s$])(?:[^$\\\n]|\\.|\n(?!\s*\n))+?)(?<![\s\\])\$(?![\w$]))",
    re.S,
)
_AMOUNT = re.compile(r"[\d.,]+\s*(?:[kKmMbB]\b|/|-|–|to\b|and\b|or\b|per\b|[A-Za-z]{3,})")
_NAMES = "equation|align|gather|multline|eqnarray"
_ENVIRONMENT = re.compile(rf"^\\begin\{{({_NAMES})\*?\}}", re.M)
# One that is within signs of math already: these are what is written anew, and not twice.
_SIGNED = re.compile(
    rf"^(?:(?P<two>\$\$)|\\\[)[ \t]*+\n?[ \t]*+(?P<tex>\\begin\{{(?P<name>{_NAMES})\*?\}}"
    r"(?:(?!\\(?:begin|end)\{(?P=name)\*?\})(?:[^$\\]|\\.))*+\\end\{(?P=name)\*?\})"
    r"[ \t]*+\n?[ \t]*+(?(two)\$\$|\\\])[ \t]*$",
    re.M | re.S,
)


_SIGN = re.compile(r"([!-/:-@\[-`{-~])")


def translate(text: str, work: Work) -> str:
    """Math put aside, in the target's notation; inside raw HTML, where Markdown does not look, in MathJax's own."""
    if "\\begin{" in text:
        text = _signed(text, work)
        text = swapped(
            text,
            _ENVIRONMENT,
            lambda begin: rf"(?m)^\\end\{{{begin[1]}\*?\}}",
            lambda begin, inner, end: "\n" + hidden(bare(begin[0] + inner + end), work, True) + "\n",
        )
    if "$" not in text and "\\(" not in text and "\\[" not in text:
        return text
    out = []
    for block in blocks(text):
        if "$" not in block.text and "\\" not in block.text:
            out.append(block.text)
        elif block.kind in {"text", "row"}:
            out.append(_ANY.sub(lambda m: _markdown(m, work), block.text))
        elif block.kind == "html":
            out.append(_ANY.sub(partial(_html if work.target.html else _markdown, work=work), block.text))
        else:
            out.append(block.text)
    return "\n".join(out)


def _signed(text: str, work: Work) -> str:
    """Environments within signs put aside. Two dollars begin one only where as many before them have ended."""
    counted, at = 0, 0

    def put(match: re.Match[str]) -> str:
        nonlocal counted, at
        counted, at = counted + text.count("$$", at, match.start()), match.start()
        if match["two"] and counted % 2:
            return match[0]
        return "\n" + hidden(bare(_stripped(match["tex"])), work, True) + "\n"

    return _SIGNED.sub(put, text)


def hidden(tex: str, work: Work, display: bool = False) -> str:
    """Math put aside as the target writes it."""
    work.mask.math = True
    return work.mask.hide(_written(tex, display, work.target.math), plain=tex)


def _written(tex: str, display: bool, kind: MathKind) -> str:
    if kind == "escaped":
        tex = f"\\[{tex}\\]" if display else f"\\({tex}\\)"
        return _SIGN.sub(r"\\\1", tex)
    if display:
        return f"$$\n{tex}\n$$"
    if kind == "kramdown":
        return f"$${tex}$$"
    return f"${tex}$" if kind == "dollars" else f"\\({tex}\\)"


def _markdown(match: re.Match[str], work: Work) -> str:
    whole = match.string
    if match["escaped"]:
        return match[0]
    inner = match["two"] or match["square"] or match["round"] or match["one"] or ""
    if match["square"] is not None and not _tex(inner):
        return match[0]
    if not inner.strip() or (match["one"] and _AMOUNT.match(inner)):
        return match[0]
    display = match["square"] is not None or match["two"] is not None
    before, after = whole[: match.start()], whole[match.end() :]
    alone = (not before.strip(" \t") or before.rstrip(" \t").endswith("\n")) and (
        not after.strip(" \t") or after.lstrip(" \t").startswith("\n")
    )
    plain = bare(re.sub(r"\n[ \t]*>[ \t]?", "\n", inner) if whole.lstrip().startswith(">") else inner)
    if display and alone:
        column = before[before.rfind("\n") + 1 :]
        around = "\n" + re.sub(r"[^>\s]", " ", column)
        written = hidden(_stripped(plain), work, True)
        return (around if before.strip() else "") + written + (around if after.strip() else "")
    return hidden(" ".join(plain.split()), work)


def _stripped(plain: str) -> str:
    """Lines of math without blank ones, which would end it, and without what they are indented by."""
    return "\n".join(line.strip() for line in plain.split("\n") if line.strip())


def _html(match: re.Match[str], work: Work) -> str:
    if match["escaped"] or match["square"] is not None or match["round"] is not None:
        return match[0]
    inner = match["two"] or match["one"] or ""
    if match["one"] and (_AMOUNT.match(inner) or "<" in inner):
        return match[0]
    work.mask.math = True
    return work.mask.hide(f"\\({_entities(inner)}\\)" if match["one"] else f"\\[{_entities(inner)}\\]")


def _tex(inner: str) -> bool:
    """Whether text between escaped brackets is math, and not a bracket that somebody escaped."""
    return bool(re.search(r"[\\^_=]", inner)) and not MARK.search(inner)


def bare(inner: str) -> str:
    """kramdown takes a bar for a table's, and HTML's signs are written as words of TeX."""
    if "|" in inner:
        inner = re.sub(r"(?<!\\)\\\|", r"\\Vert ", inner)
        if "\\begin{array}{" not in inner and "\\begin{tabular}" not in inner:
            inner = re.sub(r"(?<!\\)\|", r"\\vert ", inner)
    return inner.replace("<", "\\lt ").replace(">", "\\gt ")


def _entities(inner: str) -> str:
    return inner.replace("<", "\\lt ").replace(">", "\\gt ")
