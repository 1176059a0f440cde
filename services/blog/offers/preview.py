"""A post as it will look: the Markdown of the program's blog as HTML in which nothing runs and nothing is fetched.

What is shown was made by conversion, which lets no script through; here that is not relied upon. HTML comes out of a
Markdown parser and goes through a list of allowed tags.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

from markdown_it import MarkdownIt
from markupsafe import Markup

_markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
TAGS = frozenset(
    "a abbr aside b blockquote br caption cite code dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr "
    "i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul "
    "var".split()
)
_ATTRIBUTES = {
    "a": ["href", "title"],
    "img": ["src", "alt", "title"],
    "td": ["colspan", "rowspan"],
    "th": ["colspan", "rowspan"],
}
INLINE_MOST = 6_000_000  # bytes of images that one page holds itself
MEDIA = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}
_RAW = re.compile(r"\{%-?\s*(?:end)?raw\s*-?%\}")
_UNSEEN = re.compile(r'<img(?![^<>]*\bsrc=)[^<>]*\balt="([^"<>]*)"[^<>]*>')  # an image of elsewhere
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.S)


def shown(text: str, images: str) -> Markup:
    """The body of a post as safe HTML.

    :param text: the whole file, front matter included.
    :param images: under which address of ours the post's own images are; others are shown by their words alone.
    """
    import bleach  # here: with its HTML parser it is large, and previews are seldom looked at

    html = _markdown.render(_RAW.sub("", _FRONT.sub("", text, count=1)))

    def allowed(tag: str, name: str, value: str) -> bool:
        if name not in _ATTRIBUTES.get(tag, []):
            return False
        return name != "src" or value.startswith(images)

    own = re.sub(r'(<img\b[^>]*?\bsrc=")(?:/[\w.~-]+)*?/(images/posts/)', rf"\1{images}\2", html)
    clean = bleach.clean(
        own, tags=TAGS, attributes=allowed, protocols={"http", "https", "mailto"}, strip=True, strip_comments=True
    )
    return Markup(_UNSEEN.sub(r"<em>\1</em>", clean))


def held(text: str, images: Iterable[tuple[str, bytes]]) -> Markup:
    """The same with its images in the page, since they are at no address so far; those that are too many, or no
    pictures, are shown by their words.

    :param images: path in the program's blog, and bytes.
    """
    html, left = str(shown(text, _HERE)), INLINE_MOST
    for path, data in images:
        path = re.sub(r"\A(?:static|public)/(?=images/)", "", path)
        kind = MEDIA.get(path[path.rfind(".") :])
        if kind and len(data) <= left and f'src="{_HERE}{path}"' in html:
            left -= len(data)
            within = f"data:{kind};base64,{base64.b64encode(data).decode()}"
            html = html.replace(f'src="{_HERE}{path}"', f'src="{within}"')
    return Markup(_UNSEEN.sub(r"<em>\1</em>", html.replace(f'src="{_HERE}', 'title="')))


_HERE = "/blog/held/"
