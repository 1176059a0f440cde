"""A member's post in the dialect of the program's blog.

Pure: bytes and a look-up of the tree's files go in, values come out; no database, no network, no clock. Only notebooks cost a
process (``notebook.Kitchen``), since nbconvert is large and a notebook may be hostile. What a conversion takes and gives:

    Source    the blog: dialect, Tree (sizes by path, and a function that reads one), author, addresses
    Target    the program's blog: shape, categories, what it has and can
    When      now, the program's zone, the day of the first commit
    convert(path, raw, source, target, when)  ->  Converted | Skipped
    look(path, raw, source, when)  ->  Looked | Skipped, for a list of posts

    Converted .path .front .body .images   what the target gets; ``text(converted)`` is the file
              .notes                       all that was changed, dropped or missing, in words
              .held                        it seems to hold a secret: nobody may see it before a person has looked
    Skipped   .reason .text                a draft, of tomorrow, no post, unreadable …

One step a module, in this order:

    notebook   to Markdown                   front, meta, dialects   what it says of itself; whether it is a post
    liquid, containers                       what a generator does with a text before Markdown
    masking    code aside                    liquid, containers      shortcodes, boxes, roles, components
    math       math aside                    links, html             addresses, images; tags
    kramdown, commonmark                     what the target's Markdown would misread
    untagged   HTML, where it is not shown   secrets, sites          flags; the target's file (jekyll, hugo, astro)

Why it parses, and what it does not do: docs/decisions/0022-conversion.md.
"""

from __future__ import annotations

import re
from datetime import date

from . import (
    commonmark,
    containers,
    dialects,
    excerpt,
    front,
    html,
    jekyll,
    kramdown,
    links,
    liquid,
    masking,
    math,
    meta,
    secrets,
    sites,
    tags,
    untagged,
)
from .images import Album
from .notebook import Cooked, Kitchen
from .shapes import Author, Converted, Image, Limits, Looked, Note, Said, Skipped, Source, Target, Tree, When
from .work import Work

__all__ = [
    "Author",
    "Converted",
    "Image",
    "Kitchen",
    "Limits",
    "Looked",
    "Note",
    "Said",
    "Skipped",
    "Source",
    "Target",
    "Tree",
    "When",
    "convert",
    "look",
    "text",
]

_LIMITS = Limits()


def text(converted: Converted) -> str:
    """The file to be written at ``converted.path``."""
    return sites.written(converted.front, converted.body)


def convert(
    path: str, raw: bytes, source: Source, target: Target, when: When, kitchen: Kitchen | None = None
) -> Converted | Skipped:
    """A post in the target's dialect, or why there is none.

    :param kitchen: the process for notebooks, where many are converted; without it each has one of its own.
    """
    notes: list[Note] = []
    found = _read(path, raw, source, target.limits, when, kitchen, notes)
    if isinstance(found, Skipped):
        return found
    said, day, embedded = found
    about, left = meta.read(said.data, path)
    return _post(path, said, about, day, [*notes, *left], source, target, embedded)


def look(
    path: str, raw: bytes, source: Source, when: When, kitchen: Kitchen | None = None, limits: Limits = _LIMITS
) -> Looked | Skipped:
    """What a post is called, of which day it is and where its readers find it, or why it is none; nothing is converted."""
    found = _read(path, raw, source, limits, when, kitchen, [])
    if isinstance(found, Skipped):
        return found
    said, day, _ = found
    about, _ = meta.read(said.data, path)
    heading = re.search(r"^#[ \t]+(.+)$", said.body, re.M)
    title = (
        about.title
        or (meta.one_line(meta.headed(heading[1])) if heading else "")
        or about.slug.replace("-", " ").capitalize()
    )
    return Looked(title, day, dialects.address(source, path, said.data, day))


def _read(
    path: str, raw: bytes, source: Source, limits: Limits, when: When, kitchen: Kitchen | None, notes: list[Note]
) -> tuple[front.Front, date, dict[str, bytes]] | Skipped:
    """What a post says of itself, its day, and the images that it holds; or why it is no post."""
    if refused := dialects.refused(path, source.dialect):
        return refused
    is_notebook = path.lower().endswith(".ipynb")
    most = limits.notebook if is_notebook else limits.post
    if len(raw) > most:
        return Skipped("too-large", f"It is larger than {most // 1000} kB.")
    embedded: dict[str, bytes] = {}
    try:
        if is_notebook:
            cooked = kitchen.markdown(raw) if kitchen else _alone(raw)
            whole, embedded = cooked.text, cooked.images
            notes += cooked.notes
        else:
            whole = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Skipped("unreadable", f"It is not UTF-8 (at byte {error.start}).")
    except ValueError as error:
        return Skipped("unreadable", f"This notebook cannot be read: {error}.")
    said = front.read(masking.clean(whole), source.dialect)
    notes += said.notes
    if not said.found and dialects.DIALECTS[source.dialect].header and not (is_notebook and source.dialect == "quarto"):
        return Skipped("not-a-post", "It has no front matter, so its own site does not take it for a post.")
    if twin := dialects.twin(path, source, said.data):
        return Skipped("not-a-post", f"What its site shows is {twin.rsplit('/', 1)[-1]}, beside it.")
    if source.dialect == "pelican" and "{%" in said.body:
        cook = kitchen.markdown if kitchen else _alone
        said.body, taken, of_books = tags.taken_in(said.body, source, limits.notebook, cook)
        embedded |= taken
        notes += of_books
    if hidden := meta.unpublished(said.data, when):
        return hidden
    if (
        "listing" in said.data
        or said.data.get("layout") in {"tagpage", "redirect", "categories"}
        or "redirect_to" in said.data
    ):
        return Skipped("not-a-post", "It is a page that lists posts or leads elsewhere.")
    found = meta.day(said.data, path, when)
    if isinstance(found, Skipped):
        return found
    day, dated = found
    notes += dated
    return said, day, embedded


def _alone(raw: bytes) -> Cooked:
    with Kitchen() as kitchen:
        return kitchen.markdown(raw)


def _post(
    path: str,
    said: front.Front,
    about: meta.Meta,
    day: date,
    notes: list[Note],
    source: Source,
    target: Target,
    embedded: dict[str, bytes],
) -> Converted | Skipped:
    original = dialects.address(source, path, said.data, day)
    where = sites.category(about.tags, target)
    name = about.slug or meta.slugged(about.title) or "post"
    file, slug = sites.path(name, day, where, source.author, target)
    work = Work(
        source, path, original, Album(f"images/posts/{slug}", target, embedded), target, notes=notes, data=said.data
    )
    teaser = _teaser(about.image, work)
    title, body = excerpt.heading(steps(said.body, work), about.title, work.mask)
    if not re.search(r"\w", work.mask.show(body)):
        return Skipped("empty", "There is no text in it.")
    if not title:
        title = name.replace("-", " ").capitalize()
        work.note("changed", f"It has no title: it is called “{title}” after its file.")
    summary = (
        excerpt.short(jekyll.plain(excerpt.words(about.summary)))
        or excerpt.teaser(body, work.mask)
        or jekyll.plain(title)
    )
    body = work.mask.show(body).strip("\n")
    work.notes += secrets.look(body + "\n" + title)
    body = sites.inert(
        jekyll.attribution(source.author, original) + "\n\n" + re.sub(r"\n{4,}", "\n\n\n", body) + "\n",
        target,
    )
    images = work.album.images
    teaser = teaser or next((image.path for image in images if not image.path.endswith(".svg")), "")
    of = Said(title, day, where, source.author, summary, original, about.tags, teaser, work.mask.math)
    told = tuple(dict.fromkeys(Note(note.kind, secrets.hidden(note.text)) for note in work.notes))
    return Converted(file, sites.front(of, target), body, images, told, title, day, original, of)


def steps(body: str, work: Work) -> str:
    """A post's text, step by step; what was put aside is in ``work.mask``."""
    dialect = work.source.dialect
    if dialect in {"jekyll", "fastpages"}:
        body = liquid.before(body, work)
    if dialect == "hugo":
        body = containers.highlights(body)
    if dialect in {"myst", "quarto"} or "```{" in body:
        body = containers.fenced(body, work)
    native = dialect in {"jekyll", "fastpages"}
    body = masking.hide_code(
        body, work.mask, lambda info: work.note("dropped", f"A fence says of its code: {info}"), native
    )
    if native:
        body = liquid.translate(body, work)
    if dialect in {"hugo", "quarto"}:
        body = containers.shortcodes(body, work)
    if dialect in {"myst", "quarto", "astro"} or ":::" in body:
        body = containers.divs(body, work)
    if dialect == "pelican":
        body = tags.pelican(containers.pelican(body), work)
    if dialect == "astro" and work.path.endswith(".mdx"):
        body = containers.components(body, work)
    body = math.translate(body, work)
    if not native:
        body = containers.marks(body, work)
    body = links.translate(body, work)
    body = html.translate(body, work)
    if work.target.kramdown:
        return kramdown.escape(body, work)
    body = commonmark.escape(body, work)
    return body if work.target.html else untagged.translate(body, work)


def _named(image: str, work: Work) -> str | None:
    """The one file of that name: themes know the folder in which such images lie, and front matter does not say it."""
    found = None if re.match(r"\w+:|//", image) else work.source.tree.named(re.split(r"[?#]", image, maxsplit=1)[0])
    if found:
        work.note("changed", f"The image “{image[:200]}” of its front matter is {found}.")
    return found


def _teaser(image: str, work: Work) -> str:
    """The path of the image that the front matter names, copied where it is in the tree."""
    found = (work.in_tree(image) or _named(image, work)) if image else None
    if found:
        try:
            work.album.add(found, work.source.tree)
            return next(one.path for one in work.album.images if one.found == found)
        except ValueError as refusal:
            work.note("missing", f"The image {found} was not copied: {refusal}.")
    elif image:
        work.note("missing", f"The image “{image[:200]}” of its front matter is not in the repository.")
    return ""
