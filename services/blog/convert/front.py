"""Front matter, in whatever way a dialect writes it, as strings, lists and mappings of strings.

YAML is read with the loader that makes nothing but strings: a tag like ``!ruby/object`` builds nothing, the 30th of February
raises nothing, and ``no`` stays a word. Aliases are refused, so that nothing can be multiplied, and depth is counted on the
stream of events before anything is built.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

import yaml

from .shapes import DialectName, Note

MOST = 64_000
DEEPEST = 12
Value = Any  # str | list[Value] | dict[str, Value]

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_YAML = re.compile(r"\A---[ \t]*\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_TOML = re.compile(r"\A\+\+\+[ \t]*\n(.*?)(?:^|\n)\+\+\+[ \t]*(?:\n|\Z)", re.S)
_HEADER = re.compile(
    r"\A(?:[A-Za-z][\w-]*:[^\n]*\n(?:[ \t]+\S[^\n]*\n)*)+(?:(?:---|\.\.\.)[ \t]*(?=\n|\Z)|(?=\s*\n|\Z))"
)
_CELL = re.compile(
    r"\A#[ \t]+(?P<title>[^\n]+)\n+(?:>[ \t]*(?P<summary>[^\n]+)\n+)?(?P<keys>(?:[-*][ \t]*[\w-]+:[^\n]*(?:\n|\Z))+)"
)
_LINE = re.compile(r"^([A-Za-z_][\w-]*)[ \t]*:[ \t]*(.*)$", re.M)


@dataclass
class Front:
    """What a post says of itself, and the text after it.

    :param found: whether there was any front matter: to Jekyll and Hugo a file without is no post.
    """

    data: dict[str, Value]
    body: str
    found: bool
    notes: list[Note] = field(default_factory=list)


def read(text: str, dialect: DialectName) -> Front:
    """Front matter and body of a post's text (lines end in \\n)."""
    text = text.removeprefix("\ufeff")
    if re.match(r"\s*(---|\+\+\+)[ \t]*\n", text):
        text = text.lstrip()
    if match := _YAML.match(text):
        return _of(match[1], _yaml, text[match.end() :])
    if match := _TOML.match(text):
        return _of(match[1], _toml, text[match.end() :])
    if dialect == "pelican" and (match := _HEADER.match(text)) and re.search(r"^title:", match[0], re.I | re.M):
        return Front({key.lower(): _listed(key, value) for key, value in _headers(match[0])}, text[match.end() :], True)
    if match := _CELL.match(text.lstrip()):
        data = _of(re.sub(r"^[-*][ \t]*", "", match["keys"], flags=re.M), _yaml, "").data
        data |= {"title": _unquoted(match["title"])}
        if match["summary"]:
            data |= {"description": _unquoted(match["summary"])}
        return Front(data, text.lstrip()[match.end() :], True)
    return Front({}, text, False)


def _of(source: str, parse: Any, body: str) -> Front:
    if len(source) > MOST:
        note = Note("dropped", f"The front matter is longer than {MOST} characters: only its first lines were read.")
        return Front(_by_lines(source[:MOST]), body, True, [note])
    try:
        data = parse(source)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).strip().replace("\n", " ")[:200]
        return Front(_by_lines(source), body, True, [Note("changed", f"Front matter read line by line: {reason}")])
    return Front({str(key).lower(): value for key, value in data.items()}, body, True)


def _yaml(source: str) -> dict[str, Value]:
    depth = 0
    for event in yaml.parse(source, _LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("it uses YAML aliases (*name), which are not followed")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} deep")
    data = yaml.load(source, _LOADER)  # noqa: S506  the loader of strings, see above
    if data in (None, ""):
        return {}
    if not isinstance(data, dict):
        raise ValueError("it is not a list of keys and values")
    return data


def _toml(source: str) -> dict[str, Value]:
    return {key: _plain(value) for key, value in tomllib.loads(source).items()}


def _plain(value: Any) -> Value:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _by_lines(source: str) -> dict[str, Value]:
    """What can be had of front matter that is not valid: its plain ``key: value`` lines."""
    return {key.lower(): _unquoted(value) for key, value in _LINE.findall(source) if value and value[0] not in "&*!|>{"}


def _headers(source: str) -> list[tuple[str, str]]:
    return [
        (key, " ".join(value.split()))
        for key, value in re.findall(r"^([A-Za-z][\w-]*):(.*(?:\n[ \t]+.*)*)", source, re.M)
    ]


def _listed(key: str, value: str) -> Value:
    if key.lower() not in {"tags", "keywords", "categories", "authors"}:
        return value
    return [part.strip() for part in re.split(r"[;,]", value) if part.strip()]


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
