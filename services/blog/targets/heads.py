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
_NAMED = '{{ with .Params.author }}<meta name="author" content="{{ . }}">{{ end }}'
_ADDRESSED = '{{ with .Params.canonicalURL }}<link rel="canonical" href="{{ . }}">{{ end }}'

# Astro
_ASTRO = re.compile(r"src/(?:layouts|components)/(?:.*/)?(\w+)\.astro")
_ASTRO_LINK = re.compile(r"<link\b[^<>]*?\brel=[\"']canonical[\"'][^<>]*?>")
_ASTRO_HREF = re.compile(r"(\bhref=\{)([^{}]+)(\})")
_SPREAD = re.compile(r"\{\.\.\.\s*\w+(?:\.\w+)*\.data\s*\}")
_READS_PROP = re.compile(r"canonicalU(?:RL|rl)\s*[,}?|]|\.canonical\w*")
_OBJECT = re.compile(r"\bz\s*\.\s*(?:object|strictObject)\(\s*\{")


def _changed(before: dict[str, str], after: dict[str, str], *mends: str) -> Setup:
    files = {path: made.encode() for path, made in after.items() if made != before.get(path)}
    return Setup(mends, files) if files else Setup()


def of_hugo(files: frozenset[str], read: Read) -> Setup:
    """What the layouts of a Hugo blog lack; nothing where none of them is in the repository, or none can be told."""
    before = {path: text(read, path) for path in sorted(files) if _LAYOUT.fullmatch(path)}
    before = {path: said for path, said in list(before.items())[:_MOST] if "\ufffd" not in said}
    after = dict(before)
    mends: list[str] = []
    head = next((path for path, said in before.items() if _HEAD_ENDS.search(said) and _PAGE.search(said)), None)
    linked = {path: said for path, said in before.items() if any(map(_IS_CANONICAL.search, _LINK.findall(said)))}
    if not any(map(_READS_ADDRESS.search, before.values())):
        named = {path: made for path, said in linked.items() if (made := _LINK.sub(_chosen(said), said)) != said}
        if not linked and head:
            named = {head: _headed(after[head], _ADDRESSED)}
        after |= named
        mends += [CANONICAL] if named else []
    if head and not any(map(_READS_AUTHOR.search, before.values())):
        after[head] = _headed(after[head], _NAMED)
        mends.append(AUTHOR)
    return _changed(before, after, *mends)


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
    told = _schemed(before[schema], collection)
    if told == before[schema]:
        return Setup()
    after = {**before, schema: told}
    handed = 0
    for path, link in linked.items():
        made = _ASTRO_HREF.sub(r"\1Astro.props.canonicalURL ?? \2\3", link[0], count=1)
        if made == link[0]:
            return Setup()
        named = '{Astro.props.author && <meta name="author" content={Astro.props.author} />}'
        after[path] = after[path].replace(link[0], f"{made}\n{named}", 1)
        handed += path.startswith("src/layouts/")
        for layout in [one for one in parts if one.startswith("src/layouts/") and one != path]:
            passed, count = re.subn(
                rf"<{path.rsplit('/', 1)[-1].removesuffix('.astro')}(?=[\s/>])(?![^<>]*\{{\.\.\.)",
                r"\g<0> canonicalURL={Astro.props.canonicalURL} author={Astro.props.author}",
                after[layout],
            )
            after[layout], handed = passed, handed + count
    return _changed(before, after, CANONICAL, AUTHOR) if handed else Setup()


def _schemed(said: str, collection: str) -> str:
    """The schema with what posts say of themselves, where it does not know it."""
    start = re.search(rf"\b{re.escape(collection)}\b\s*[:=]\s*defineCollection\(", said)
    found = _OBJECT.search(said, start.end()) if start else None
    if found is None:
        return said
    line = re.search(r"\n([ \t]*)\S", said[found.end() :])
    new = f"\n{line[1] if line else ''}"
    end = said.find("defineCollection", found.end())
    names = [name for name in ("canonicalURL", "author") if not re.search(rf"\b{name}\b", said[found.end() : end])]
    return said[: found.end()] + "".join(f"{new}{name}: z.string().optional()," for name in names) + said[found.end() :]
