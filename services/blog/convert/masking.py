"""Text with its code and math put aside, so that steps which look for Liquid, links or HTML cannot touch them.

What is put aside leaves a mark of two characters of Unicode's private use around a number. Where code is, ``parsing`` says;
spans are looked for within one block, as Markdown does.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .parsing import Block, blocks

OPEN, CLOSE = "\ue000", "\ue001"
BRACE = "\ue002"  # a brace that Liquid was told to leave alone
MARK = re.compile(f"{OPEN}(\\d+){CLOSE}")


class Mask:
    """What was put aside."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._tagged: dict[int, str] = {}
        self._plain: dict[int, str] = {}
        self.math = False  # whether some of it is math

    def hide(self, text: str, tagged: str = "", plain: str = "") -> str:
        """Put text aside; what to write in its place. Only what was put aside before can be within it.

        :param tagged: the same as HTML, for places where kramdown does not look for Markdown.
        :param plain: the same without any marks.
        """
        if plain:
            self._plain[len(self._kept)] = plain
        if tagged:
            self._tagged[len(self._kept)] = self._earlier(tagged)
        self._kept.append(self._earlier(text))
        return f"{OPEN}{len(self._kept) - 1}{CLOSE}"

    def _earlier(self, text: str) -> str:
        """The text less marks that nothing was put aside for: with them, showing it would never end."""
        return MARK.sub(lambda mark: mark[0] if int(mark[1]) < len(self._kept) else "", text) if OPEN in text else text

    def tag(self, number: int) -> None:
        """What is put aside behind the mark of this number will be shown as HTML."""
        self._kept[number] = self._tagged.get(number, self._kept[number])

    def show(self, text: str) -> str:
        """The text with everything back in its place."""
        while OPEN in text and MARK.search(text):
            text = MARK.sub(self._put, text)
        return text.replace(BRACE, "{")

    def words(self, text: str) -> str:
        """The text as `show`, with math as plain as it can be."""
        if self._plain:
            text = MARK.sub(lambda mark: self._plain.get(int(mark[1]), mark[0]), text)
        return self.show(text)

    def _put(self, mark: re.Match[str]) -> str:
        """What was put aside, its later lines as far in (list, quote, box) as its first one is by now."""
        if int(mark[1]) >= len(self._kept):
            return ""
        kept = self._kept[int(mark[1])]
        if "\n" not in kept:
            return kept
        prefix = re.sub(r"[^>\s]", " ", mark.string[mark.string.rfind("\n", 0, mark.start()) + 1 : mark.start()])
        first, *rest = kept.split("\n")
        return "\n".join([first, *((prefix + line).rstrip() if not line.strip() else prefix + line for line in rest)])


def clean(text: str) -> str:
    """Lines end in one way, and nothing in it can be taken for a mark."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ue000-\ue002\ufffe\uffff\ud800-\udfff]", "", text)


def hide_spans(text: str, mask: Mask) -> str:
    """Code spans put aside. One that begins and ends in blanks is trimmed: kramdown takes a lone backtick for a backtick."""
    if "`" not in text:
        return text
    out, at = [], 0
    for run in re.finditer(r"\\[^\n]|`+", text):
        if run.start() < at:
            continue
        if run[0][0] == "\\":
            out.append(text[at : run.end()])
            at = run.end()
            continue
        end = re.compile(f"(?<!`)`{{{len(run[0])}}}(?!`)").search(text, run.end())
        if end is None:
            continue
        inner = text[run.end() : end.start()]
        out.append(text[at : run.start()])
        if inner.strip():
            out.append(
                mask.hide(f"{run[0]}{_trimmed(inner)}{run[0]}", f"<code>{_literal(_trimmed(inner).strip())}</code>")
            )
        else:
            out.append(mask.hide(_entities(run[0] + inner + end[0])))
        at = end.end()
    return "".join([*out, text[at:]])


def _trimmed(inner: str) -> str:
    bare = re.sub(r"(?<![^\S\n])[^\S\n]*+\n[ \t]*+>?[ \t]*+", " ", inner.strip())
    return f" {bare} " if bare[0] == "`" or bare[-1] == "`" else bare


def _literal(code: str) -> str:
    """Code within tags: nothing in it is one, to whoever reads it."""
    return re.sub(r"[^\w\s.,;:=+/()'-]", lambda sign: f"&#{ord(sign[0])};", code)


def _entities(text: str) -> str:
    return text.replace("`", "&#96;")


def hide_code(text: str, mask: Mask, told: Callable[[str], None], native: bool = False) -> str:
    """Fences, indented code and code spans put aside, each fence as kramdown reads it.

    :param told: hears what else than a language a fence says of itself.
    :param native: whether it was written for kramdown, to which what is indented between tags is no code.
    """
    out = []
    depth = 0
    for block in blocks(text):
        if native and block.kind in {"html", "text", "code"}:
            if block.kind == "code" and depth > 0:
                out.append(re.sub(r"^[ \t]+", "", block.text, flags=re.M))
                depth += _opened(block.text)
                continue
            depth += _opened(block.text)
        if block.kind in {"fence", "code"}:
            if block.code is not None and re.search(
                r"\w", block.code.info.lower().replace(language(block.code.info), "", 1)
            ):
                told(block.code.info)
            out.append(_fence(block, mask))
        elif block.kind in {"text", "row"}:
            out.append(hide_spans(block.text, mask))
        else:
            out.append(block.text)
    return "\n".join(out)


_BOX = re.compile(
    r"<(/?)(?:article|aside|center|details|div|dl|figure|main|ol|p|section|table|tbody|td|thead|tr|ul)\b[^<>]*>", re.I
)


def _opened(text: str) -> int:
    """How many more boxes of HTML a text opens than it closes."""
    return sum(-1 if shut else 1 for shut in _BOX.findall(text))


def _fence(block: Block, mask: Mask) -> str:
    held = block.code
    assert held is not None
    first = block.text.split("\n", 1)[0]
    if block.kind == "fence":
        prefix = first[: first.index(held.markup)] if held.markup in first else ""
    else:
        inner = held.content.split("\n", 1)[0]
        prefix = first[: max(len(first) - len(inner) - 4, 0)] if first.endswith(inner) else ""
    info, code = held.info, held.content
    if block.kind == "code" and (said := re.match(r"(?::::|#!)(\w+)[^\n]*\n", code)):
        info, code = said[1], code[said.end() :]
    name = language(info)
    shown = f' class="language-{name}"' if name else ""
    return prefix + mask.hide(fence(code, name), f"<pre><code{shown}>{_literal(code.rstrip(chr(10)))}</code></pre>")


def fence(code: str, name: str = "", prefix: str = "") -> str:
    """Fenced code: its fence longer than any inside and closed as it was opened, its language one plain word."""
    runs = [len(run) for run in re.findall(r"^[^\S\n]*+(`{3,})", code, re.M)]
    marks = "`" * max([3, *(run + 1 for run in runs)])
    lines = [f"{marks}{name}", *code.rstrip("\n").split("\n"), marks]
    return "\n".join(
        [lines[0], *((prefix + line).rstrip() if not line.strip() else prefix + line for line in lines[1:])]
    )


def language(info: str) -> str:
    """The language in a fence's info string: ``python title="x" {1,3}``, ``{.python .numberLines}``, ``{r, echo=FALSE}``."""
    if found := re.search(r"\{code(?:-block|-cell)?\}\s*([\w+#-]+)", info):
        return found[1].lower().replace("ipython3", "python")
    found = re.match(r"\s*\{?[.=]?\s*([A-Za-z][\w+#-]*)", info)
    return found[1].lower() if found else ""
