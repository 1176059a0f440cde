"""Where Jekyll's templates print a title as it is: there it is escaped, each once.

A title may be kept under a name before it is printed. Where nothing but that template prints the name, it is escaped
where it is printed; else, or where that cannot be told, where it is kept.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

_TITLE = re.compile(r"\{\{-?\s*(?!(?:site|link)\.)[\w.]+\.title\s*(?P<filters>(?:\|[^{}]*?)?)\s*(?P<end>-?\}\})")
_PRINT = re.compile(r"\{\{-?\s*(?P<name>[\w-]*\w)\s*(?P<filters>(?:\|[^{}]*?)?)\s*(?P<end>-?\}\})")
_SAFE = re.compile(r"escape|url_encode|jsonify|slugify|markdownify")
# What is handed to an include under another name, and printed there.
_HANDED = re.compile(
    r"\{%-?\s*include\s+(?P<file>[\w./-]{1,80})[^%]{0,200}?(?<![\w-])(?P<name>[\w-]{1,40})\s*=\s*(?!(?:site|link)\.)[\w.]{1,80}\.title\b"
)
_WITHIN = re.compile(r"\{\{-?\s*include\.(?P<name>[\w-]*\w)\s*(?P<filters>(?:\|[^{}]*?)?)\s*(?P<end>-?\}\})")
# Filters that a tag in a title survives: in a script, where JSON's own signs are no shelter, or as Markdown.
_LIVE = re.compile(r"\bjsonify\b|\bmarkdownify\b")
_DATA = (".json", ".js", ".xml", ".txt", ".css")
# What Liquid does not run: there a title stands for itself. In XML, and there alone, CDATA is no markup either.
_NOT_RUN = r"\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}|\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}"
_ASIDE = re.compile(_NOT_RUN, re.S)
_ASIDE_XML = re.compile(_NOT_RUN + r"|<!\[CDATA\[.*?\]\]>", re.S)
# The innermost captures; what is assigned, and what of it from a title; what else binds a name; all that Liquid runs.
_CAPTURE = re.compile(
    r"\{%-?\s*capture\s+[\"']?([\w-]+)[\"']?\s*-?%\}((?:(?!\{%-?\s*capture\b).)*?)\{%-?\s*endcapture\s*-?%\}", re.S
)
_ASSIGN = re.compile(r"\{%-?\s*assign\s+([\w-]+)\s*=", re.S)
_GIVEN = re.compile(
    r"\{%-?\s*assign\s+([\w-]+)\s*=\s*(?!(?:site|link)\.)[\w.]+\.title\b\s*(?P<end>(?P<filters>.{0,500}?)-?%\})", re.S
)
_LOOP = re.compile(r"\{%-?\s*(?:for|tablerow)\s+([\w-]+)\s+in\b")
_RUN = re.compile(r"\{%-?\s*(?P<tag>\w+)(?P<said>.{0,500}?)-?%\}|\{\{-?\s*(?P<print>.{0,500}?)-?\}\}", re.S)
_ASKS = {"if", "elsif", "unless", "case", "when", "capture"}  # tags that show nothing of what they name
_MORE = re.compile(r"append|prepend|replace|<")
_WORD = re.compile(r"(?<![\w.\"'/-])[\w-]++(?![\"'/]|\.(?:html|md|xml)\b|\s*=(?!=))")
_AS_TITLE = re.compile(r"\btitle\s*=\s*[\w-]+")  # what is handed to an include as its title is a title there


class _Kept(NamedTuple):
    """What templates do with names.

    :param raw: where each is printed as it is. :param safe: those that are escaped where they are printed, somewhere.
    :param handed: what each is handed on to: another name, or empty for where that cannot be told.
    :param going: those of which something is printed as it is, anywhere. :param mixed: (path, name) that hold more
        than words of a title there.
    """

    raw: Mapping[str, set[str]]
    safe: set[str]
    handed: Mapping[str, set[str]]
    going: set[str]
    mixed: set[tuple[str, str]]

    def gone(self, name: str, path: str = "") -> bool:
        """Whether what a name holds is printed as it is, by others than that template, or goes where none can tell."""
        on = self.handed.get(name, set())
        return bool(self.raw.get(name, set()) - {path}) or "" in on or not self.going.isdisjoint(on)

    def stays(self, name: str, path: str) -> bool:
        """Whether it holds nothing but words in a template, and is printed as it is by that one alone."""
        return (path, name) not in self.mixed and not self.gone(name, path)


def bare(everywhere: Mapping[str, str]) -> dict[str, list[re.Match[str]]]:
    """Where each template prints a title, or what holds words of one, and nothing escapes it; only those that do.

    :param everywhere: the text of all of them, by path.
    """
    kept = _kept(everywhere)
    within: dict[str, set[str]] = defaultdict(set)  # by include: the names under which it is handed titles
    for text in everywhere.values():
        for one in _HANDED.finditer(text):
            within[f"_includes/{one['file']}"] |= {one["name"]} - {"title"}
    found = {path: _bare(path, text, kept, within.get(path, set())) for path, text in everywhere.items()}
    return {path: places for path, places in found.items() if places}


def lets_tags(everywhere: Mapping[str, str]) -> bool:
    """Whether a page, for all that it escapes, would still run a tag in a title: made JSON in a script, or Markdown.

    :param everywhere: the text of all templates, by path.
    """
    pages = [text for path, text in everywhere.items() if not path.endswith(_DATA)]
    names = {one[1] for text in everywhere.values() for one in _GIVEN.finditer(text)}
    names |= {one[1] for text in everywhere.values() for one in _CAPTURE.finditer(text) if ".title" in one[2]}
    names |= {one["name"] for text in everywhere.values() for one in _HANDED.finditer(text)}
    found = [one for text in pages for each in (_TITLE, _GIVEN) for one in each.finditer(text)]
    found += [
        one for text in pages for each in (_PRINT, _WITHIN) for one in each.finditer(text) if one["name"] in names
    ]
    return any(_LIVE.search(one["filters"]) and "escape" not in one["filters"] for one in found)


def escaped(text: str, places: list[re.Match[str]]) -> str:
    """The text of a template with its titles escaped at these places."""
    for match in reversed(places):
        text = f"{text[: match.start('end')].rstrip()} | escape_once {text[match.start('end') :]}"
    return text


def _bare(path: str, text: str, kept: _Kept, within: set[str]) -> list[re.Match[str]]:
    aside = [match.span() for match in (_ASIDE_XML if path.endswith(".xml") else _ASIDE).finditer(text)]
    captures = list(_CAPTURE.finditer(text))
    found, printed = [], set()
    for match in filter(_raw, _TITLE.finditer(text)):
        name = next((one[1] for one in captures if one.start(2) <= match.start() < one.end(2)), "")
        if name in kept.safe and kept.stays(name, path):
            printed.add(name)
        else:
            found.append(match)
    for match in filter(_raw, _GIVEN.finditer(text)):
        if kept.stays(match[1], path):
            printed.add(match[1])
        elif kept.gone(match[1]):
            found.append(match)
    found += [match for match in filter(_raw, _PRINT.finditer(text)) if match["name"] in printed]
    found += [match for match in filter(_raw, _WITHIN.finditer(text)) if match["name"] in within]
    out = [match for match in found if not any(start <= match.start() < end for start, end in aside)]
    return sorted(out, key=lambda match: match.start())


def _kept(everywhere: Mapping[str, str]) -> _Kept:
    raw: dict[str, set[str]] = defaultdict(set)
    handed: dict[str, set[str]] = defaultdict(set)
    safe: set[str] = set()
    mixed: set[tuple[str, str]] = set()
    for path, text in everywhere.items():
        for one in _PRINT.finditer(text):
            if _raw(one):
                raw[one["name"]].add(path)
            else:
                safe.add(one["name"])
        for one in _RUN.finditer(text):
            for name, to in _hands(one):
                handed[name].add(to)
        titles = {one.start() for one in _GIVEN.finditer(text) if not _MORE.search(one["filters"])}
        mixed |= {(path, one[1]) for one in _CAPTURE.finditer(text) if "<" in one[2]}
        mixed |= {(path, one[1]) for one in _ASSIGN.finditer(text) if one.start() not in titles}
        mixed |= {(path, one[1]) for one in _LOOP.finditer(text)}
    return _Kept(raw, safe, handed, _going(raw, handed), mixed)


def _hands(run: re.Match[str]) -> list[tuple[str, str]]:
    """(name, what it is handed on to) for whatever is not only printed, or asked for."""
    if run["print"] is not None:
        only = _PRINT.match(run[0])
        said, to = (only["filters"] if only else run["print"]), ""
    elif run["tag"] == "assign":
        to, _, said = (part.strip() for part in run["said"].partition("="))
    elif run["tag"] in _ASKS:
        return []
    else:
        said, to = _AS_TITLE.sub("", run["said"]), ""
    return [] if _SAFE.search(said) else [(name, to) for name in _WORD.findall(said)]


def _going(raw: Mapping[str, set[str]], handed: Mapping[str, set[str]]) -> set[str]:
    comes: dict[str, set[str]] = defaultdict(set)
    for name, on in handed.items():
        for to in on:
            comes[to].add(name)
    going: set[str] = set()
    left = [*raw, ""]
    while left:
        if (name := left.pop()) not in going:
            going.add(name)
            left += comes[name]
    return going


def _raw(match: re.Match[str]) -> bool:
    return not _SAFE.search(match["filters"])
