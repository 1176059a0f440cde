"""Hugo's shortcodes, Quarto's and MyST's containers and roles, Pelican's marks and Astro's components, as Markdown.

Boxes become quotes with a bold name, figures become images, embedded videos become links. What is not known becomes a visible
line that leads to the original, and its words go to a note.
"""

from __future__ import annotations

import re
from textwrap import dedent

from .liquid import _ARGUMENT as ARGUMENT
from .masking import MARK, fence, language
from .math import bare, hidden
from .pairs import swapped
from .parsing import blocks
from .work import Work

_BOXES = {
    "admonition", "note", "tip", "warning", "danger", "caution", "important", "hint", "attention", "error", "seealso", "notice",
    "alert", "callout", "info", "success", "dropdown", "details", "topic", "sidebar", "margin", "epigraph", "exercise", "solution",
    "theorem", "proof", "definition", "example", "lemma", "collapse", "expand", "aside",
}  # fmt: skip
_PLAIN = {
    "div",
    "grid",
    "grid-item",
    "grid-item-card",
    "card",
    "tab-set",
    "tab-item",
    "table",
}  # only arrange what they hold
_WORDS = ("header", "caption", "footer")  # options that are shown
_FRAMES = {"iframe", "video", "youtube"}
_BRACED = re.compile(r"[`~](?:(?<=`)``|(?<=~)~~)[^\n]*\{")  # begins with a set of signs: those are found fast
_CODE = re.compile(r"\{(code|code-block|code-cell|sourcecode|literalinclude|eval-rst)\}")
_DIRECTIVE = re.compile(r"\s*\{([\w:.+-]+)\}\s*(.*)")
_OPTION = re.compile(r"\A(?:---\n((?:[^\n]*\n)*?)---\n|((?::[\w-]+:[^\n]*(?:\n|\Z))+))")


def quoted(name: str, words: str) -> str:
    """A box: a quote that begins with its name."""
    lines = f"**{name}**\n\n{words.strip()}".split("\n")
    return "\n\n" + "\n".join(f"> {line}".rstrip() for line in lines) + "\n\n"


# MyST and Quarto, whose containers look like fences: done before code is put aside.


def fenced(text: str, work: Work, depth: int = 0) -> str:
    """Directives and executable cells written as fences."""
    if not _BRACED.search(text):
        return text
    out, changed = [], False
    for block in blocks(text):
        held = block.code
        if block.kind != "fence" or held is None or "{" not in held.info:
            out.append(block.text)
            continue
        first = block.text.split("\n", 1)[0]
        prefix = first[: first.index(held.markup)] if held.markup in first else ""
        done = _directive(held.info, held.content, work)
        changed = changed or done is not None
        indent = re.sub(r"[^>\s]", " ", prefix)
        out.append(block.text if done is None else prefix + done.strip("\n").replace("\n", "\n" + indent) + "\n")
    text = "\n".join(out)
    return fenced(text, work, depth + 1) if changed and depth < 8 else text


def _directive(info: str, content: str, work: Work) -> str | None:
    """What a fence with braces becomes; None to leave it as code."""
    match = _DIRECTIVE.match(info)
    if not match or info.lstrip().startswith("{."):
        return None
    name, argument = match[1].lower(), match[2].strip()
    if (
        _CODE.match("{" + name + "}")
        or work.source.dialect == "quarto"
        or "," in info
        or name in {"python", "r", "julia", "bash", "ojs", "sql"}
    ):
        return _cell(info, content, work)
    said, body = _options(content, work)
    if name in _BOXES or name.split(":")[0] == "prf":
        return quoted(argument or name.split(":")[-1].capitalize(), body)
    if name in {"image", "figure", "figure-md"} and argument:
        return f"![{said.get('alt', '')}]({argument})\n\n{body}"
    if name == "math":
        return f"\n$$\n{body.strip()}\n$$\n"
    if name in _FRAMES and "//" in argument:
        return f"\n[See it on {argument.split('/')[2]}]({argument})\n\n{body}"
    if name in {"quote", "blockquote", "epigraph", "pull-quote"}:
        return "\n" + "\n".join(f"> {line}" for line in body.strip().split("\n")) + "\n"
    if name in {"tableofcontents", "toctree", "contents", "bibliography", "index"}:
        return work.dropped(f"“{name}”", body) or "\n"
    if name in _PLAIN:
        return (f"\n**{argument}**\n\n" if argument else "\n") + body
    return work.original(f"“{name} {argument}” {body}")


def _options(content: str, work: Work) -> tuple[dict[str, str], str]:
    """What a directive says of itself, and the text after it; what are words for readers is in the text."""
    options = _OPTION.match(content)
    if not options:
        return {}, content
    said = {key: value.strip() for key, value in re.findall(r"^:?([\w-]+):[ \t]*(.*)$", options[0], re.M)}
    for key, value in said.items():
        if value and key not in _WORDS and key not in {"alt", "class", "name"}:
            work.note("dropped", f"An option was left out: {key}: {value[:200]}")
    body = content[options.end() :]
    for key in reversed(_WORDS):
        if said.get(key):
            body = f"{body}\n\n*{said[key]}*\n" if key == "footer" else f"**{said[key]}**\n\n{body}"
    return said, body


def _cell(info: str, content: str, work: Work) -> str | None:
    """A cell that its own site runs: its code, as far as it is shown there. Nothing is run here."""
    lines = content.split("\n")
    options = {line: None for line in lines if re.match(r"\s*(#|//|--)\|", line) or re.match(r":[\w-]+:", line)}
    said = " ".join(options) + " " + info
    code = "\n".join(line for line in lines if line not in options).strip("\n")
    if re.search(
        r"include:\s*false|include\s*=\s*F|echo:\s*false|echo\s*=\s*F|remove[-_]cell|hide[-_]input|remove[-_]input",
        said,
    ):
        work.note("dropped", "A cell whose code is hidden on the original page was left out.")
        return "\n"
    if re.search(r"\{(literalinclude|eval-rst)\}", info):
        return work.original(f"“{info}” {content}")
    if "code-block" not in info and "{code}" not in info and "sourcecode" not in info:
        work.note(
            "missing", "It has code that its own site runs: what that code puts out is only on the original page."
        )
    caption = re.search(r"(?:^:|\|\s*)(?:fig-|lst-)?cap(?:tion)?:[ \t]*[\"']?([^\n\"']+)", "\n".join(options), re.M)
    return (f"**{caption[1].strip()}**\n\n" if caption else "") + fence(code, language(info)) + "\n"


# What is written as lines or marks within the text: done while code is aside.

_DEEPEST = 20  # boxes within boxes, components within components
_COLONS = re.compile(r"^([ \t]*)(:{3,})[ \t]*+(\{[^\n]*|[\w-][^\n]*)?[ \t]*$")


def divs(text: str, work: Work) -> str:
    """``:::`` containers of Quarto, MyST and others. Their inside stays Markdown."""
    out: list[str] = []
    stack: list[tuple[str, list[str]]] = []

    def close() -> None:
        name, inner = stack.pop()
        (stack[-1][1] if stack else out).append(_box(name, "\n".join(inner), work))

    for line in text.split("\n"):
        match = _COLONS.match(line) if ":::" in line else None
        if match and match[3] and len(stack) < _DEEPEST:
            stack.append((match[3], []))
        elif match and stack:
            close()
        else:
            (stack[-1][1] if stack else out).append(line)
    while stack:
        close()
    return "\n".join(out)


def _box(name: str, inner: str, work: Work) -> str:
    if re.search(r"\.hidden|content-visible\s+when-format=\"pdf|\.listing", name):
        return work.dropped(f"a part that the original page does not show ({name})", inner)
    said, inner = _options(dedent(inner) + "\n", work)
    if directive := re.match(r"\{([\w:+-]+)\}[ \t]*(.*)", name):
        kind = directive[1]
        if kind in {"figure", "image"}:
            return f"\n![{said.get('alt', '')}]({directive[2]})\n\n{inner}\n"
        if kind in _FRAMES and "//" in directive[2]:
            return f"\n[See it on {directive[2].split('/')[2]}]({directive[2]})\n\n{inner}\n"
        if not inner.strip() and kind.lower() not in _BOXES:
            return f"\n{work.original(f'“{name}”')}\n"
        if kind in _PLAIN:
            return (f"\n**{directive[2]}**\n\n" if directive[2] else "\n") + inner + "\n"
        return quoted(directive[2] or kind.capitalize(), inner)
    if found := re.search(r"callout-(\w+)", name):
        title = re.search(r"title=\"([^\"]*)\"", name)
        heading = re.match(r"\s*#+\s+(.+)\n", inner)
        if heading and not title:
            inner = inner[heading.end() :]
        return quoted(title[1] if title else heading[1] if heading else found[1].capitalize(), inner)
    plain = re.match(r"(\w+)[ \t]*(?:\[([^\]]*)\]|(.*))$", name)
    if plain and plain[1].lower() in _BOXES:
        return quoted(plain[2] or plain[3] or plain[1].capitalize(), inner)
    work.note("dropped", f"A container was taken off; what it held is here: {work.mask.show(name)}")
    return f"\n{inner}\n"


_SHOWN = re.compile(r"\{\{<\s*/\*")  # a shortcode that is to be read, not run
_SHORTCODE = re.compile(r"\{\{[<%]\s*+(?P<shut>/?)\s*+(?P<name>[\w./-]+)")
_PAIRED = re.compile(
    r"\{\{[<%]\s*(?P<name>[\w./-]+)(?P<rest>[^{}]*?)[>%]\}\}(?P<body>(?:(?!\{\{[<%]).)*?)\{\{[<%]\s*/\s*(?P=name)\s*[>%]\}\}",
    re.S,
)
_HIGHLIGHT = re.compile(r"\{\{[<%]\s*highlight\s+\"?([\w+#-]+)\"?.{0,300}?[>%]\}\}\n?", re.S)


def highlights(text: str) -> str:
    """Hugo's highlight as a fence, before code is put aside."""
    return swapped(
        text,
        _HIGHLIGHT,
        lambda _: r"\{\{[<%]\s*/\s*highlight\s*[>%]\}\}",
        lambda tag, code, _: "\n" + fence(code.removesuffix("\n"), tag[1].lower()) + "\n",
    )


def shortcodes(text: str, work: Work) -> str:
    """Shortcodes of Hugo and Quarto: pairs from the inside out, then single ones."""
    if "{{" not in text:
        return text
    text = swapped(text, _SHOWN, lambda _: r"\*/\s*>\}\}", lambda _, inner, _end: "{{< " + inner.strip() + " >}}")
    for _ in range(6):
        text, count = _PAIRED.subn(lambda m: _pair(m["name"], m["rest"].rstrip(), m["body"], work), text)
        if not count:
            break
    return swapped(
        text,
        _SHORTCODE,
        lambda _: r"[>%]\}\}",
        lambda tag, rest, _: "" if tag["shut"] else _one(tag, rest, work),
    )


def _one(tag: re.Match[str], rest: str, work: Work) -> str:
    before = tag.string[max(0, tag.start() - 400) : tag.start()]
    return _single(tag["name"].lower(), rest.rstrip().removesuffix("/"), work, before)


def _said(rest: str) -> tuple[dict[str, str], list[str]]:
    if '=\\"' in rest:  # as Quarto writes them for Hugo
        rest = rest.replace('\\"', '"')
    named = {key.lower(): a or b or c for key, a, b, c in ARGUMENT.findall(rest)}
    plain = [a or b for a, b in re.findall(r"\"([^\"]*)\"|(\S+)", ARGUMENT.sub("", rest))]
    return named, [word for word in plain if word]


def _pair(name: str, rest: str, body: str, work: Work) -> str:
    named, plain = _said(rest)
    if name.lower() in _BOXES:
        return quoted(named.get("title") or named.get("summary") or " ".join(plain) or name.capitalize(), body)
    if name.lower() in {"math", "katex", "latex", "mathjax"}:
        return f"\n$$\n{body.strip()}\n$$\n"
    if name.lower() == "figure":
        return _single("figure", rest, work) + body
    work.note("changed", f"The shortcode “{name} {rest.strip()}” was taken off; what it held is here.")
    return body


def _single(name: str, rest: str, work: Work, before: str = "") -> str:
    named, plain = _said(rest)
    first = plain[0] if plain else ""
    if name in {"figure", "img", "image"} and (where := named.get("src") or first):
        words = named.get("caption") or named.get("title") or ""
        alt = named.get("alt") or words
        image = f"![{alt}]({where})"
        image = f"[{image}]({named['link']})" if named.get("link") else image
        return image + (f"\n\n*{words}*" if words and words != alt else "")
    if name in {"youtube", "video", "vimeo", "tweet", "twitter", "x", "gist", "instagram"} and (
        where := named.get("id") or named.get("src") or first
    ):
        if name == "gist" and len(plain) > 1:
            where = f"https://gist.github.com/{plain[0]}/{plain[1]}"
        elif name in {"tweet", "twitter", "x"} and "/" not in where:
            where = f"https://x.com/{named.get('user', 'i')}/status/{where}"
        elif "//" not in where:
            where = {"youtube": "https://youtu.be/", "vimeo": "https://vimeo.com/"}.get(
                name, "https://youtu.be/" if name == "video" else f"https://{name}.com/p/"
            ) + where
        return f"[See it on {where.split('/')[2]}]({where})"
    if name in {"ref", "relref"}:
        return first.strip('"')
    if name in {"toc", "pagebreak", "meta", "br"}:
        return ""
    if name == "blogdown/postref":  # where its page is: what follows is a file beside it
        return ""
    return work.original(f"“{name} {rest.strip()[:500]}”", before)


_ROLE = re.compile(r"\{([\w:-]+)\}" + f"({MARK.pattern})")
_SPAN = re.compile(r"(?<!!)\[([^\[\]\n]+)\]\{[^{}\n]*\}")
_ATTRIBUTES = re.compile(r"(?<=\))\{([^{}\n]*)\}|(?<=\S)[ \t]*\{([#.][^{}\n]*)\}[ \t]*$", re.M)


def marks(text: str, work: Work) -> str:
    """Roles (``{term}`x```), spans with attributes, and attributes of images and headings."""
    if ")=" in text:
        text = re.sub(r"^\(([\w:-]+)\)=[ \t]*$", "", text, flags=re.M)
    if "{" in text:
        text = _ROLE.sub(lambda m: _role(m[1], m[2], work), text)
    text = (
        re.sub(r"^%[ \t]+(.*)$", lambda m: work.dropped("a comment", m[1]), text, flags=re.M)
        if work.source.dialect == "myst"
        else text
    )
    if "{" not in text:
        return text
    text = _SPAN.sub(r"\1", text)

    def attributes(match: re.Match[str]) -> str:
        said = match[1] if match[1] is not None else match[2]
        if re.fullmatch(r"#[\w-]+", said.strip()) and match[1] is None:
            return " {" + said.strip() + "}"
        work.note("dropped", f"Attributes left out: {said}")
        return ""

    return _ATTRIBUTES.sub(attributes, text)


def _role(name: str, mark: str, work: Work) -> str:
    """What a role shows: its words, without the target that it names behind them."""
    inner = work.mask.show(mark).strip("`").strip()
    if name == "math":
        return hidden(bare(inner), work)
    if name in {"code", "kbd", "file", "samp", "command", "eval"} or re.search(
        r"[<>|*_{}\[\]]", re.sub(r"(?<!\s)\s*+<[^<>]*>$", "", inner)
    ):
        return mark
    return re.sub(r"(\S)\s*<[^<>]*>$", r"\1", inner)


_MDX = re.compile(r"\{/\*")
_IMPORT = re.compile(r"^(?:import|export)\s[^\n]*(?:\n(?![ \t]*\n)[^\n]*)*", re.M)
_COMPONENT = re.compile(
    r"<(?:/(?P<shut>[A-Z][\w.]*)|(?P<name>[A-Z][\w.]*)(?P<rest>(?:\s++[\w:-]+(?:=(?:\"[^\"]*\"|'[^']*'|\{[^{}]*\}))?)*)\s*+(?P<alone>/?))\s*+>"
)


def components(text: str, work: Work) -> str:
    """MDX: imports, comments, components."""
    text = _IMPORT.sub(lambda m: work.dropped("MDX code", m[0]), text)
    text = swapped(text, _MDX, lambda _: r"\*/\}", lambda _, inner, _end: work.dropped("a comment", inner))
    out: list[str] = []
    opened: list[tuple[str, str, int]] = []  # name, what it says, where in ``out`` it stands
    at = 0
    for tag in _COMPONENT.finditer(text):
        out.append(text[at : tag.start()])
        at = tag.end()
        if tag["alone"]:
            out.append(_component(tag["name"], tag["rest"], "", work))
        elif tag["name"] and len(opened) < _DEEPEST:
            opened.append((tag["name"], tag["rest"], len(out)))
            out.append(tag[0])
        elif tag["shut"] in [name for name, _, _ in opened]:
            while (found := opened.pop())[0] != tag["shut"]:
                pass
            name, rest, start = found
            out[start:] = [_component(name, rest, "".join(out[start + 1 :]), work)]
        else:
            out.append(tag[0])
    return "".join([*out, text[at:]])


def _component(name: str, rest: str, body: str, work: Work) -> str:
    said = {key.lower(): a or b or c for key, a, b, c in ARGUMENT.findall(rest)}
    if name in {"YouTube", "Youtube", "Tweet", "Vimeo"} and (where := said.get("id") or said.get("url")):
        return _single(name.lower(), f'"{where}"', work)
    if name in {"Image", "Img", "Figure", "Picture"} and re.search(r"\.\w{3,4}$", said.get("src", "")):
        return f"![{said.get('alt', '')}]({said['src']})" + (f"\n\n*{said['caption']}*" if said.get("caption") else "")
    if name.lower() in _BOXES:
        return quoted(said.get("title") or said.get("type") or name, body)
    if body.strip():
        work.note("changed", f"The component “{name}{rest}” was taken off; what it held is here.")
        return f"\n\n{dedent(body).strip()}\n\n"
    return work.original(f"“{name}{rest}”")


def pelican(text: str) -> str:
    """Pelican's own marks."""
    return re.sub(r"^\[TOC\][ \t]*$", "", text, flags=re.M)
