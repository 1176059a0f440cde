"""What kramdown would take for its own where other Markdown has plain text: escaped. And the whole made inert for Liquid."""

from __future__ import annotations

import re

from .parsing import blocks, tables
from .work import Work

_HARMLESS = re.compile(r"\{:?(?:[.#][\w:-]+|[\w-]*(?:width|height|align|target|rel|start)=\"[\w%.: -]*\"|\s)*+\}")
_OPTION = re.compile(r"\{::options\s+parse_block_html=\"(true|false)\"\s*/\}")
# kramdown puts a list of headings in place of the whole list that says so, and of what had come to stand right before it.
_CONTENTS = re.compile(r"^[ \t]*(?:[*+-]|\d+\.)[ \t]+([^\n]*)\n[ \t]*+\{:([^}\n]*)\}[ \t]*+$", re.M)
_LIST = re.compile(r"\{:[^{}\n]*\}")
_BAR = re.compile(r"(?<!\\)\|")
_FOOTNOTE = re.compile(r"^( {0,3})\[\^([^\]\n]+)\]:[ \t]*", re.M)


# Rows that are a table to kramdown alone: it needs no line below a head, nor as many cells in each.
TABLE = re.compile(r"(?:[ \t]*\|[^\n]*\|[ \t]*(?:\n|\Z))+")


def escape(text: str, work: Work) -> str:
    """Text in which bars, braces and footnotes mean to kramdown what they meant to the author."""
    native = work.source.dialect in {"jekyll", "fastpages"}
    text = without_contents(text, work)
    out = []
    for block in blocks(apart(text, native)):
        if block.kind == "text" and "|" in block.text and not (native and TABLE.fullmatch(block.text)):
            out.append(_braces(_BAR.sub(r"\\|", block.text), native, work))
        elif block.kind in {"row", "rest", "text"}:
            out.append(_braces(block.text, native, work))
        else:
            out.append(block.text)
    return footnotes("\n".join(out))


def without_contents(text: str, work: Work) -> str:
    """The text without the list that kramdown replaces by one of all headings."""
    if "{:" not in text:
        return text
    return _CONTENTS.sub(
        lambda m: work.dropped("the list of headings", m[1]) if re.search(r"\btoc\b", m[2]) else m[0], text
    )


def apart(text: str, native: bool) -> str:
    """Text in which a blank line is before each table: kramdown has none right behind other words."""
    lines = text.split("\n")
    for first in reversed(tables(text)):
        before = lines[first - 1] if first else ""
        prefix = re.match(r"[ >]*", lines[first])
        if native and before.lstrip().startswith("|"):
            continue
        if prefix and before.strip(" \t>") and "|" in lines[first][prefix.end() : prefix.end() + 1] + lines[first + 1]:
            lines.insert(first, prefix[0].rstrip())
    return "\n".join(lines)


def _braces(text: str, native: bool, work: Work) -> str:
    def attribute(match: re.Match[str]) -> str:
        if native and (_HARMLESS.fullmatch(match[0]) or _OPTION.fullmatch(match[0])):
            return match[0]
        if native:
            return work.dropped("attributes", match[0])
        return "\\" + match[0]

    if "{:" in text:
        text = _LIST.sub(attribute, text)
    if "{:" in text and not native:
        text = re.sub(r"(?<!\\)\{(?=::|:[^{}\n]*$)", r"\\{", text, flags=re.M)
    elif "{:" in text:
        text = re.sub(
            r"\{:[:/][^}\n]*+\}?",  # one that never ends is none, nor is what is behind it on its line
            lambda m: (
                m[0] if m[0][-1] != "}" or _OPTION.fullmatch(m[0]) else work.dropped("kramdown's own marks", m[0])
            ),
            text,
        )
    if "*[" in text:
        text = re.sub(r"^([^\S\n]*)\*\[(?=[^\]\n]+\]:)", r"\1\\*[", text, flags=re.M)
    return re.sub(r"^([^\S\n]*)\^[^\S\n]*$", r"\1\\^", text, flags=re.M) if "^" in text else text


def footnotes(text: str) -> str:
    """A footnote that nothing refers to would vanish: it stays as a paragraph."""
    if "[^" not in text:
        return text
    names = {match[2] for match in _FOOTNOTE.finditer(text)}
    if not names:
        return text
    rest = _FOOTNOTE.sub(r"\1", text)
    used = names & {part.partition("]")[0] for part in rest.split("[^")[1:] if "]" in part}
    return _FOOTNOTE.sub(lambda m: m[0] if m[2] in used else f"\n{m[1]}", text)


def inert(body: str) -> str:
    """The body, raw to Liquid where it holds anything of Liquid's; an ``endraw`` within it is written so that it ends nothing."""
    if "{{" not in body and "{%" not in body:
        return body
    body = re.sub(r"\{%(?=-?\s*endraw)", '{% endraw %}{{ "{%" }}{% raw %}', body)
    return "{% raw %}\n" + body.strip("\n") + "\n{% endraw %}\n"
