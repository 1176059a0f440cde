"""The parts of a mail whose words organizers may change: what they are in the original, whether others can stand there,
and the mail made of them.

A part is Jinja that can say no more than the originals do: it is parsed and every node of it is known, it runs in a
sandbox, and each of its names is one that the original knows. What says why somebody got a mail, and how to get less of
it, is no part: it stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError, nodes
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from shared.calendar.text import line

from . import text

# part: (file of the kind, block of it; None: all of it, what people call it, most letters)
PARTS: dict[str, tuple[str, str | None, str, int]] = {
    "subject": ("subject.txt", None, "Subject", 300),
    "text": ("text.txt", "main", "Text", 10_000),
    "title": ("body.html", "title", "Heading", 300),
    "preview": ("body.html", "preview", "What inboxes show beside it", 300),
    "html": ("body.html", "main", "HTML", 20_000),
}
_HTML = {"title", "preview", "html"}
ALWAYS = {"program", "name", "zone", "base_url"}
_BLOCK = r"\{%-? block NAME -?%\}\n?(.*?)\n?\{%-? endblock -?%\}"
_PRELUDE = re.compile(r"^\{% (?:import|from) .*?%\}$|^\{% set said = .*?%\}$", re.MULTILINE)
_FILTERS = {"local", "day", "city", "markdown", "join", "length", "first", "last", "truncate", "upper", "lower",
            "capitalize", "trim", "default", "escape", "e"}  # fmt: skip
_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem,
    nodes.Filter, nodes.If, nodes.For, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr,
    nodes.Concat, nodes.Add, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Call, nodes.CallBlock,
    nodes.Keyword, nodes.Test,
)  # fmt: skip
_TAGS = {"p", "h2", "h3", "a", "strong", "em", "b", "i", "br", "hr", "ul", "ol", "li", "blockquote", "code", "pre",
         "span", "div", "table", "thead", "tbody", "tr", "td", "th", "small", "s", "u"}  # fmt: skip
_ATTRIBUTES = {"href", "class", "style", "role", "width", "height", "align", "valign", "border", "cellpadding",
               "cellspacing", "bgcolor", "title", "lang", "dir", "scope"}  # fmt: skip
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_ADDRESS = re.compile(r"(https?://|mailto:)", re.IGNORECASE)
Words = Mapping[str, str]


@dataclass(frozen=True)
class Fault:
    """What is wrong, in which part, at which line of it (counted from 1; 0: of the whole part)."""

    part: str
    line: int
    message: str

    @property
    def words(self) -> str:
        """As a form shows it."""
        return f"Line {self.line}: {self.message}" if self.line else self.message


@lru_cache(128)
def original(kind: str) -> dict[str, str]:
    """The parts as they come with Baton."""
    found = {}
    for part, (file, block, _, _) in PARTS.items():
        source = _source(kind, file)
        if block:
            match = re.search(_BLOCK.replace("NAME", block), source, re.DOTALL)
            source = match[1] if match else ""
        found[part] = source.strip("\n")
    return found


@lru_cache(128)
def editable(kind: str) -> tuple[str, ...]:
    """The parts whose words may be changed: all, or none where the original says more than parts can, as the digest."""
    own = original(kind)
    return () if any(fault for part, source in own.items() for fault in _unknown_nodes(kind, part, source)) else (*own,)


@lru_cache(128)
def names(kind: str) -> frozenset[str]:
    """The names that parts of that kind may use: those of its original, and what every mail knows."""
    known: set[str] = set()
    for file in {file for file, _, _, _ in PARTS.values()}:
        for source in (_source(kind, file), *(_source("", each) for each in _imported(kind, file))):
            known |= find_undeclared_variables(text.environment().parse(source))
    return frozenset((known - {"ui", "caller", "preferences", "self"}) | ALWAYS)


def faults(kind: str, words: Words, sample: Mapping[str, Any]) -> list[Fault]:
    """Everything for which these words cannot stand in a mail of that kind.

    :param words: by part; those that are as in the original need not be there.
    :param sample: values to try them with, as `text.render` takes them.
    """
    found = [fault for part, source in words.items() for fault in _faults(kind, part, source)]
    return found or _tried(kind, words, sample)


def render(kind: str, words: Words, context: Mapping[str, Any]) -> text.Text:
    """The mail with these words; what they do not name is as in the original.

    :raises Broken: they cannot be put into words with these values.
    """
    own = {part: source for part, source in words.items() if part in editable(kind)}
    values = dict(context)
    done: dict[str, str] = {}
    for part, source in own.items():
        try:
            done[part] = _template(kind, part, source).render(values)
        except Exception as error:  # of whatever kind: what somebody typed must never stop a mail
            raise Broken(Fault(part, _line_of(error), _said(error))) from error
    plain = text.render(kind, values) if set(own) != set(PARTS) else text.Text("", "", "")
    return text.Text(
        subject=line(done["subject"], 200) if "subject" in own else plain.subject,
        text=_framed(kind, "text.txt", {"main": done["text"]}, values) if "text" in own else plain.text,
        html=_framed(kind, "body.html", {PARTS[p][1]: Markup(done[p]) for p in own if p in _HTML}, values)  # type: ignore[misc]
        if _HTML & set(own)
        else plain.html,
    )


class Broken(Exception):
    """Words that cannot be rendered: `fault` says where, and why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.words)
        self.fault = fault


# ---- checking ----


def _faults(kind: str, part: str, source: str) -> Iterator[Fault]:
    if part not in PARTS or part not in editable(kind):
        yield Fault(part, 0, "This part cannot be changed.")
        return
    most = PARTS[part][3]
    if len(source) > most:
        yield Fault(part, 0, f"It is too long: at most {most:,} letters.")
        return
    if not source.strip():
        yield Fault(part, 0, "It is empty. To have it as it was, take the original back.")
        return
    for number, row in enumerate(source.split("\n"), 1):
        if any(not (each.isprintable() or each == "\t") or each == "\ufffd" for each in row):
            yield Fault(part, number, "There are letters that cannot be read. Please type the line again.")
            return
    if part == "subject" and "\n" in source.strip():
        yield Fault(part, 2, "A subject is one line.")
        return
    try:
        found = [*_unknown_nodes(kind, part, source)]
        # Not before every node is known: Jinja works out what is constant while it looks for names (9 ** 99 ** 99).
        found = found or [*_unknown_names(kind, part, source)]
    except TemplateError as error:
        found = [Fault(part, getattr(error, "lineno", None) or 1, _said(error))]
    yield from found
    if part in _HTML:
        yield from _unknown_html(part, source)


def _unknown_nodes(kind: str, part: str, source: str) -> Iterator[Fault]:
    """Whatever a part cannot say."""
    given = _given(kind, part)
    for node, depth in _walk(_environment(part in _HTML).parse(source), 0):
        if not isinstance(node, _NODES):
            yield Fault(part, node.lineno, f"This cannot be said in a mail: {type(node).__name__.lower()}.")
        elif isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            yield Fault(part, node.lineno, f"There is no |{node.name} here. There are: {', '.join(sorted(_FILTERS))}.")
        elif isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            yield Fault(part, node.lineno, f"There is nothing called {node.attr}.")
        elif isinstance(node, nodes.Call) and not _known_call(node, given):
            yield Fault(part, node.lineno, f"Only the pieces of mails can be called: {', '.join(sorted(given))}.")
        elif isinstance(node, nodes.For) and (depth > 1 or not isinstance(node.iter, nodes.Name | nodes.Getattr)):
            yield Fault(
                part, node.lineno, "A list can only be gone through by its name, and at most two within another."
            )


def _walk(node: nodes.Node, depth: int) -> Iterator[tuple[nodes.Node, int]]:
    yield node, depth
    for child in node.iter_child_nodes():
        yield from _walk(child, depth + isinstance(node, nodes.For))


def _known_call(node: nodes.Call, given: frozenset[str]) -> bool:
    called = node.node.node if isinstance(node.node, nodes.Getattr) else node.node
    return isinstance(called, nodes.Name) and called.name in given and not (node.dyn_args or node.dyn_kwargs)


def _unknown_names(kind: str, part: str, source: str) -> Iterator[Fault]:
    tree = _environment(part in _HTML).parse(source)
    unknown = find_undeclared_variables(tree) - names(kind) - _given(kind, part)
    for name in tree.find_all(nodes.Name):
        if name.name in unknown:
            unknown.discard(name.name)
            yield Fault(part, name.lineno, f"There is nothing called {name.name} in this mail.")


class _Tags(HTMLParser):
    """Collects what HTML has that mails, or this program, must not have."""

    def __init__(self, part: str) -> None:
        super().__init__(convert_charrefs=True)
        self.part = part
        self.found: list[Fault] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self._note(f"<{tag}> cannot stand in a mail: many programs drop it, or worse.")
        for name, value in attrs:
            if name not in _ATTRIBUTES:
                self._note(f"The attribute {name} cannot stand in a mail.")
            elif name == "href" and not _ADDRESS.match((value or "").strip()) and not (value or "").startswith("\x1a"):
                self._note("A link begins with https://, http:// or mailto:, or is one of the mail’s own names.")
            elif name == "style" and re.search(r"url|expression|@|\\", value or "", re.IGNORECASE):
                self._note("A style cannot load anything.")

    def handle_decl(self, decl: str) -> None:
        self._note("<! and <? cannot stand in a mail.")

    def unknown_decl(self, data: str) -> None:
        self.handle_decl(data)

    def handle_pi(self, data: str) -> None:
        self.handle_decl(data)

    def _note(self, message: str) -> None:
        self.found.append(Fault(self.part, self.getpos()[0], message))


def _unknown_html(part: str, source: str) -> Iterator[Fault]:
    # What Jinja will put there is one letter that nobody types, and as many lines as it has: so lines count right.
    reader = _Tags(part)
    reader.feed(_JINJA.sub(lambda found: "\x1a" + "\n" * found[0].count("\n"), source))
    reader.close()
    yield from reader.found


def _tried(kind: str, words: Words, sample: Mapping[str, Any]) -> list[Fault]:
    """What goes wrong with values; and whether every link that the original has is still there."""
    try:
        made = render(kind, words, sample)
    except Broken as broken:
        return [broken.fault]
    before = text.render(kind, sample)
    if "subject" in words and not made.subject:
        return [Fault("subject", 1, "Nothing is left of it with the values of a mail.")]
    of = [("text", before.text, made.text), ("html", before.html, made.html)]
    own = [str(each) for each in (sample.get("link"), *(sample.get("links") or {}).values()) if each]
    return [
        Fault(part, 0, f"A link that its reader needs is missing: {{{{ {_name_of(sample, address)} }}}}.")
        for part, old, new in of
        for address in own
        if part in words and address in old and address not in new
    ]


def _name_of(sample: Mapping[str, Any], address: str) -> str:
    if sample.get("link") == address:
        return "link"
    return next(f"links.{name}" for name, each in sample["links"].items() if each == address)


def _said(error: Exception) -> str:
    words = str(getattr(error, "message", None) or error).strip().rstrip(".")
    return f"{words[:1].upper()}{words[1:300]}."


def _line_of(error: BaseException) -> int:
    """The line of the part in which it went wrong, of what Python tells of it."""
    number, at = 0, error.__traceback__
    while at:
        if at.tb_frame.f_code.co_filename == "<template>":
            number = at.tb_lineno
        at = at.tb_next
    return number


# ---- templates ----


@lru_cache(2)
def _environment(html: bool) -> Environment:
    made = ImmutableSandboxedEnvironment(
        loader=text.environment().loader,
        autoescape=html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters = {name: each for name, each in text.environment().filters.items() if name in _FILTERS | {"digested"}}
    made.globals.clear()
    return made


@lru_cache(512)
def _template(kind: str, part: str, source: str) -> Template:
    file, _, _, _ = PARTS[part]
    # On the first line, so that lines are counted as its writer does.
    return _environment(part in _HTML).from_string(_prelude(kind, file) + source)


@lru_cache(128)
def _frame(kind: str, file: str, blocks: tuple[str, ...]) -> Template:
    filled = "".join(f"{{% block {name} %}}{{{{ filled.{name} }}}}\n{{% endblock %}}" for name in blocks)
    # Of an environment that escapes, or does not, as a whole: pieces that are imported go by what this template does.
    environment = text.environment().overlay(autoescape=file.endswith(".html"))
    return environment.from_string(f'{{% extends "{kind}/{file}" %}}{filled}')


def _framed(kind: str, file: str, filled: Mapping[str, str], values: Mapping[str, Any]) -> str:
    made = _frame(kind, file, tuple(filled)).render({**values, "filled": filled})
    return text.plain(made) if file.endswith(".txt") else made


def _prelude(kind: str, file: str) -> str:
    given = ""
    if file.endswith(".html"):
        fonts = re.findall(r"^\{% set (?:sans|serif) = .*?%\}$", _source("", "layout.html"), re.MULTILINE)
        given = '{% import "pieces.html" as ui with context %}' + "".join(fonts)
    return given + "".join(_PRELUDE.findall(_source(kind, file)))


@lru_cache(256)
def _given(kind: str, part: str) -> frozenset[str]:
    """What the head of the original gives to its parts: `ui`, and what it imports."""
    tree = _environment(part in _HTML).parse(_prelude(kind, PARTS[part][0]))
    found = {node.target for node in tree.find_all(nodes.Import)}
    found |= {
        each[1] if isinstance(each, tuple) else each for node in tree.find_all(nodes.FromImport) for each in node.names
    }
    return frozenset(found)


def _imported(kind: str, file: str) -> list[str]:
    tree = text.environment().parse(_prelude(kind, file))
    return [node.template.value for node in tree.find_all((nodes.Import, nodes.FromImport))]  # type: ignore[attr-defined]


def _source(kind: str, file: str) -> str:
    return (text.FOLDER / kind / file).read_text(encoding="utf-8")
