"""What a Hugo or an Astro blog lacks for members' posts in the head of its pages, and what mends it: the address of the
original, and who wrote it.

As for Jekyll, templates are changed as text, at the place that lacks it, and only where what stands there tells that it
is right: a template that is given something else than a page would stop the build. The rest is said (`Seen.notes`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .lacking import AUTHOR, CANONICAL, Setup
from .reading import Read, text

_MOST = 200  # templates that are read
_IS_CANONICAL = re.compile(r"\brel=[\"']?canonical\b", re.I)
_HEAD_ENDS = re.compile(r"^[ \t]*</head>|</head>", re.M | re.I)

# Hugo
_LAYOUT = re.compile(r"(?:themes/[^/]+/)?layouts/.*\.html")
_LINK = re.compile(r"<link\b(?:\{\{.{0,500}?\}\}|[^<>{}])*+>", re.S)
_OF_PAGE = re.compile(r"(\bhref=)([\"']?)(\{\{-?\s*(\$?)\.(?:Permalink|RelPermalink)\b[^{}]*\}\})\2(?=[\s/>])")
_PAGE = re.compile(r"\{\{[^{}]*(?<![\w$)])\.(?:Title|Permalink|IsHome|IsPage|Description|Summary|Params|Kind)\b")
_READS_ADDRESS = re.compile(r"params\.canonical|canonicalurl", re.I)
_READS_AUTHOR = re.compile(r"\.Params\.authors?\b|\.Author\b|\"authors?\"", re.I)
_NAMED = (
    "{{ with .Params.author }}{{ if not (or (reflect.IsSlice .) (reflect.IsMap .)) }}"
    '<meta name="author" content="{{ . }}">{{ end }}{{ end }}'
)
_NO_HEAD = re.compile(r"layouts/(?:.*/)?(?:404\.html|(?:_?shortcodes|_markup)/.*)")
_CALLS = re.compile(r"\{\{-?[^{}]*?\b(block|partial(?:Cached)?|template)\b[ \t]*(?:\"([^\"{}]*)\")?")
_ADDRESSED = '{{ with .Params.canonicalURL }}<link rel="canonical" href="{{ . }}">{{ end }}'

# Astro
_ASTRO = re.compile(r"src/(?:layouts|components)/(?:.*/)?(\w+)\.astro")
_ASTRO_LINK = re.compile(r"<link\b[^<>]*?\brel=[\"']canonical[\"'][^<>]*?>")
_ASTRO_HREF = re.compile(r"(\bhref=\{)([^{}]+)(\})")
_SPREAD = re.compile(r"\{\.\.\.\s*\w+(?:\.\w+)*\.data\s*\}")
_READS_PROP = re.compile(r"canonicalU(?:RL|rl)\s*[,}?|]|\.canonical\w*")
_OBJECT = re.compile(r"\bz\s*\.\s*(?:object|strictObject)\(\s*\{")
_NEXT = re.compile(r"\bdefineCollection\b|^(?:export|const|let|var|function)\b", re.M)
_PROPS = re.compile(r"\binterface\s+Props\b[^{;]*\{|\btype\s+Props\s*=\s*\{")


def _changed(before: dict[str, str], after: dict[str, str], *mends: str) -> Setup:
    files = {path: made.encode() for path, made in after.items() if made != before.get(path)}
    return Setup(mends, files) if files else Setup()


def of_hugo(files: frozenset[str], read: Read) -> Setup:
    """What the layouts of a Hugo blog lack; nothing where none of them is in the repository, or none can be told."""
    before = {path: text(read, path) for path in sorted(files) if _LAYOUT.fullmatch(path)}
    before = {path: said for path, said in list(before.items())[:_MOST] if "\ufffd" not in said}
    after = dict(before)
    mends: list[str] = []
    own = {path for path in before if path.startswith("layouts/")}
    heads = [path for path, said in before.items() if _HEAD_ENDS.search(said) and _PAGE.search(said)]
    heads = [path for path in heads if not _NO_HEAD.search(path) and (path in own or path.split("/", 2)[2] not in own)]
    for path, said in before.items():
        if any(map(_IS_CANONICAL.search, _LINK.findall(said))) and not _READS_ADDRESS.search(said):
            after[path] = _LINK.sub(_chosen(said), said)
    for path in heads:
        inside = _reached(before[path][: _end(before[path])], before)
        if not any(_READS_ADDRESS.search(one) or any(map(_IS_CANONICAL.search, _LINK.findall(one))) for one in inside):
            after[path] = _headed(after[path], _ADDRESSED)
    mends += [CANONICAL] if after != before else []
    for path in heads:
        if not any(map(_READS_AUTHOR.search, _reached(before[path], before))):
            after[path] = _headed(after[path], _NAMED)
            mends += [AUTHOR] if AUTHOR not in mends else []
    return _changed(before, after, *mends)


def _end(said: str) -> int:
    end = _HEAD_ENDS.search(said)
    return end.start() if end else len(said)


def _reached(said: str, layouts: dict[str, str]) -> list[str]:
    """A part of a layout and the partials that it shows, and theirs; all, where that cannot be told."""
    texts, seen = [said], set[str]()
    for part in texts:
        for kind, name in _CALLS.findall(part):
            end = f"/{name.removesuffix('.html').removeprefix('partials/')}.html"
            found = {path for path in layouts if "partials/" in path and path.endswith(end)}
            defined = kind == "template" and not found and not name.startswith("_internal/")
            if kind == "block" or not name or defined:
                return [said, *layouts.values()]
            texts += [layouts[path] for path in sorted(found - seen)]
            seen |= found
    return texts


def _chosen(whole: str) -> Callable[[re.Match[str]], str]:
    """What a canonical link becomes: of the post's own word, where it has one."""

    def choose(link: re.Match[str]) -> str:
        if not _IS_CANONICAL.search(link[0]) or "OutputFormats" in whole[max(0, link.start() - 300) : link.start()]:
            return link[0]  # there the dot is a format, which has no front matter
        return _OF_PAGE.sub(
            lambda m: f'{m[1]}"{{{{ with {m[4]}.Params.canonicalURL }}}}{{{{ . }}}}{{{{ else }}}}{m[3]}{{{{ end }}}}"',
            link[0],
        )

    return choose


def _headed(whole: str, line: str) -> str:
    """The text with a line at the end of its head, as far in as that."""
    end = _HEAD_ENDS.search(whole)
    if end is None:
        return whole
    newline = "\r\n" if "\r\n" in whole else "\n"
    indent = end[0][: len(end[0]) - len(end[0].lstrip())]
    before = whole[: end.start()]
    start = "" if not before or before.endswith("\n") else newline
    return f"{before}{start}{indent}{line}{newline}{whole[end.start() :]}"


def of_astro(files: frozenset[str], read: Read, schema: str, collection: str) -> Setup:
    """What the layouts of an Astro blog lack, where its pages hand all of a post's data to them.

    :param schema: the path of its collections' schema. :param collection: the name of that of posts.
    """
    pages = [path for path in sorted(files) if re.fullmatch(r"src/pages/.*\.astro", path)][:_MOST]
    parts = {path: text(read, path) for path in [one for one in sorted(files) if _ASTRO.fullmatch(one)][:_MOST]}
    linked = {path: link for path, said in parts.items() if (link := _ASTRO_LINK.search(said))}
    if any(map(_READS_PROP.search, parts.values())) or not linked:
        return Setup()
    if not schema or not any(_SPREAD.search(text(read, path)) for path in pages):
        return Setup()
    before = {**parts, schema: text(read, schema)}
    told, named = _schemed(before[schema], collection)
    if told == before[schema]:
        return Setup()
    after = {**before, schema: told}
    names = ["canonicalURL", *(["author"] if named else [])]
    handing = "".join(f" {name}={{Astro.props.{name}}}" for name in names)
    handed = 0
    for path, link in linked.items():
        made = _ASTRO_HREF.sub(r"\1Astro.props.canonicalURL ?? \2\3", link[0], count=1)
        if made == link[0]:
            return Setup()
        made += '\n{Astro.props.author && <meta name="author" content={Astro.props.author} />}' if named else ""
        after[path] = after[path].replace(link[0], made, 1)
        handed += path.startswith("src/layouts/")
        for layout in [one for one in parts if one.startswith("src/layouts/") and one != path]:
            passed, count = re.subn(
                rf"<{path.rsplit('/', 1)[-1].removesuffix('.astro')}(?=[\s/>])(?![^<>]*\{{\.\.\.)",
                lambda tag: tag[0] + handing,
                after[layout],
            )
            after[layout], handed = passed, handed + count
    for path in parts:
        typed = _typed(after[path], names) if after[path] != before[path] else after[path]
        if not typed and after[path]:
            return Setup()
        after[path] = typed
    return _changed(before, after, CANONICAL, *([AUTHOR] if named else [])) if handed else Setup()


def _typed(said: str, names: list[str]) -> str:
    """A component whose type of its props has these, where it says one; empty where that cannot be told."""
    found = _PROPS.search(said)
    if found is None:
        # what the schema says, or anything
        return said if not re.search(r"\bProps\b", said) or "CollectionEntry" in said else ""
    inside = said[found.end() : said.find("}", found.end())]
    known = dict(re.findall(r"\b(canonicalURL|author)\??\s*:\s*([^;,\n]*)", inside))
    if any(not kind.strip().startswith("string") for kind in known.values()):
        return ""
    line = re.match(r"[ \t]*(\r?\n[ \t]*)", said[found.end() :])
    new = "".join(f"{line[1] if line else ' '}{name}?: string;" for name in names if name not in known)
    return said[: found.end()] + new + said[found.end() :]


def _schemed(said: str, collection: str) -> tuple[str, bool]:
    """(the schema with what posts say of themselves, where it does not know it; whether an author is text in it)."""
    start = re.search(rf"\b{re.escape(collection)}\b\s*[:=]\s*defineCollection\(", said)
    if start is None:
        return said, False
    bound = _NEXT.search(said, start.end())
    end = bound.start() if bound else len(said)
    found = _OBJECT.search(said, start.end(), end)
    if found is None:
        return said, False
    line = re.search(r"\n([ \t]*)\S", said[found.end() :])
    new = f"\n{line[1] if line else ''}"
    inside = said[found.end() : end]
    names = [name for name in ("canonicalURL", "author") if not re.search(rf"\b{name}\b", inside)]
    named = "author" in names or bool(re.search(r"\bauthor[\"']?\s*:\s*z\s*\.\s*string\(", inside))
    told = "".join(f"{new}{name}: z.string().optional()," for name in names)
    return said[: found.end()] + told + said[found.end() :], named
