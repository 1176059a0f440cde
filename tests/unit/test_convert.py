"""A post's conversion: what each dialect becomes, that nothing vanishes, and that nothing hostile gets through."""

from __future__ import annotations

import io
import json
import re
import struct
import subprocess
import sys
import zlib
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Picture

from services.blog.blogs import detecting
from services.blog.convert import Converted, Kitchen, Limits, Skipped, Target, When, convert, text
from services.blog.convert.dialects import of_paths

from ..posts import BLOGS, SKINNY, WHEN, blog, body, corpus, of, one

HIDDEN = {"hiddenwords", "inputhidden", "taggedsource", "echohidden", "includehidden", "removedcode"}


def said(made: Converted) -> str:
    """All that a reader or reviewer of it gets to see."""
    return text(made) + "\n".join(note.text for note in made.notes)


# Every dialect


def test_every_word_of_the_corpus_is_in_its_post_or_in_a_note_but_hidden_ones_are_in_neither() -> None:
    for dialect, path, made in corpus(SKINNY):
        if isinstance(made, Skipped):
            beside = path.endswith(("notebooks/book.ipynb", "knitted.Rmd"))  # of another post, or what it is made of
            assert made.reason in ({"not-a-post"} if beside else {"draft", "future"}), (path, made)
            continue
        source = blog(BLOGS / dialect).tree.read(path).decode()
        if path.endswith(".ipynb"):
            source = "\n".join("".join(cell["source"]) for cell in json.loads(source)["cells"])
        for word in set(re.findall(r"\b[A-Za-z]+words\b|\b\w+hidden\b|taggedsource|removedcode", source)):
            assert (word in said(made)) == (word not in HIDDEN), (path, word)


def test_drafts_of_every_dialect_make_no_post() -> None:
    skipped = {
        (dialect, path.rsplit("/", 1)[-1])
        for dialect, path, made in corpus(SKINNY)
        if isinstance(made, Skipped) and made.reason != "not-a-post"
    }
    assert {dialect for dialect, _ in skipped} == {"astro", "hugo", "jekyll", "pelican", "quarto"}


@pytest.mark.parametrize(
    "line",
    [
        "draft: true",
        "draft: Yes",
        "published: false",
        "status: hidden",
        "private: true",
        "visibility: private",
        "build: {render: never}",
        "password: x",
        "expiryDate: 2020-01-01",
    ],
)
def test_whatever_says_that_it_is_not_public_makes_no_post(line: str) -> None:
    assert isinstance(one(f"---\ntitle: x\ndate: 2019-01-01\n{line}\n---\nwords"), Skipped)
    assert isinstance(one(f"---\ntitle: [broken\n{line}\n---\nwords"), Skipped) or "{" in line


def test_code_stays_as_it_is_and_fences_become_plain_ones() -> None:
    assert "```python\na = '{x}' # <b> $a$ | [l](x)\n```" in body(
        "~~~{.python .numberLines}\na = '{x}' # <b> $a$ | [l](x)\n~~~"
    )
    assert "````\n```\ninner\n```\n````" in body("````\n```\ninner\n```\n````")
    assert body("> ```js {1}\n> a\n> ```").count("> ```") == 2


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("has $x_i$.", "has $$x_i$$."),
        ("has \\(x\\).", "has $$x$$."),
        ("$p(x|y)$", "$$p(x\\vert y)$$"),
        ("costs $5 or $10", "costs $5 or $10"),
        ("costs $5/month and US$ 4", "costs $5/month and US$ 4"),
        ("$HOME/bin:$PATH", "$HOME/bin:$PATH"),
        ("`$x$`", "`$x$`"),
        ("a\n$$\nx\n$$\nb", "a\n\n$$\nx\n$$\n\nb"),
        ("see \\[1\\]", "see \\[1\\]"),
        ("a\n\n$$\n\\begin{align}\nx\n\\end{align}\n$$\n\nb", "a\n\n\n$$\n\\begin{align}\nx\n\\end{align}\n$$\n\n\nb"),
        (
            "a\n\n\\[\\begin{align*}\nx\n\\end{align*}\\]\n\nb",
            "a\n\n\n$$\n\\begin{align*}\nx\n\\end{align*}\n$$\n\n\nb",
        ),
        ("$$\nq\n$$\n\\begin{align}\nx\n\\end{align}\nb", "$$\nq\n$$\n\n$$\n\\begin{align}\nx\n\\end{align}\n$$\n\nb"),
        (
            "$$\nq\n$$\n\\begin{align}\ny\n\\end{align}\n$$\nz\n$$\n\n$$\n\\begin{align}\nx\n\\end{align}\n$$",
            "$$\nq\n$$\n\n$$\n\\begin{align}\ny\n\\end{align}\n$$\n\n$$\nz\n$$\n\n\n$$\n\\begin{align}\nx\n\\end{align}\n$$\n",
        ),
        (
            "\\[\n\\begin{align}\ny\n\\end{align}\n$$\nz\n$$",
            "\\end{align}\n$$\n\n$$\nz\n$$",
        ),
        (
            "$$\n\\begin{align}\n\\begin{aligned}a\\end{aligned}\n\\end{align}\n$$",
            "*\n\n$$\n\\begin{align}\n\\begin{aligned}a\\end{aligned}\n\\end{align}\n$$\n",
        ),
        ("a | b", "a \\| b"),
    ],
)
def test_math_is_kramdowns_and_money_is_money(written: str, wanted: str) -> None:
    assert wanted in body(written)


@pytest.mark.parametrize(
    ("dialect", "written", "wanted"),
    [
        ("jekyll", "|a|b|c|\n|---|---|\n|1|2|3|", "|a|b|c|\n|---|---|\n|1|2|3|"),  # a table to kramdown alone
        (
            "jekyll",
            '- one words\n- two words\n\n{: class="x"}\n* TOC\n{:toc}\n\n# H',
            "- one words\n- two words\n\n\n# H",
        ),
        ("jekyll", "| | a |\n| b | c |\n\na | b", "| | a |\n| b | c |\n\na \\| b"),
        ("jekyll", "| -- | -- |\n| a | b |\n| -- | -- |\n| 1 | 2 |", "| -- | -- |\n| a | b |\n| -- | -- |"),
        ("readme", "so:\n|a|b|\n|--|--|\n|1|2|", "so:\n\n|a|b|\n|--|--|\n|1|2|"),
        ("readme", "> so:\n> |a|b|\n> |--|--|\n> |1|2|", "> so:\n>\n> |a|b|\n> |--|--|"),
        ("readme", "as said[^4]:\n\n[^4]: there", "\n[^4]: there"),
        ("readme", "[T](https://x.example/a(1(2(3)))b)", "[T](https://x.example/a%281%282%283%29%29%29b)"),
        ("hugo", "the tag <img> is", "the tag &lt;img> is"),
        (
            "jekyll",
            "<figure>\n\n    <b>words</b>\n\n</figure>\n\n    code",
            "<b>words</b>\n\n</figure>\n\n```\ncode\n```",
        ),
        ("jekyll", "<div>\n\n```py\na < b\n```\n\n</div>", '<pre><code class="language-py">a &#60; b</code></pre>'),
        ("myst", ":::{figure} a.png\n:alt: Seen\n:::", "![Seen](https://ada.example/a.png)"),
        ("myst", ":::{iframe} https://youtu.be/x\n:::", "[See it on youtu.be](https://youtu.be/x)"),
        ("myst", "```{card}\n:header: Above\n:footer: Below\nwords\n```", "**Above**\n\nwords\n\n\n*Below*"),
        ("myst", "```{code-block} python\n:caption: a.py\nx = 1\n```", "**a.py**\n\n```python\nx = 1\n```"),
        ("myst", ":::{postlist}\n:number: 3\n:::", "Only on the original page"),
    ],
)
def test_what_real_blogs_do_is_shown_as_there(dialect: str, written: str, wanted: str) -> None:
    assert wanted in body(written, dialect)


def test_an_image_that_nobody_has_is_its_words() -> None:
    source = of({"one.md": b""}, "readme", site="", pages="")
    made = convert("one.md", b"# One\n\n![Words of it](no.png) end", source, SKINNY, WHEN)
    assert isinstance(made, Converted) and "*Words of it* end" in made.body
    assert any(note.kind == "missing" and "no.png" in note.text for note in made.notes)


@pytest.mark.parametrize("bit", ["\\(", "\\[", "::: x\n", "::: {.callout-tip}\nx\n:::", "{{"])
def test_what_never_ends_does_not_keep_a_worker_for_ever(bit: str) -> None:
    assert isinstance(one("---\ntitle: One\ndate: 2020-01-02\n---\nwords\n" + bit * 2000, "jekyll"), Converted)


def test_links_are_absolute_and_images_come_along() -> None:
    # Given images by other case, by a static root, by the repository's own raw address, and elsewhere
    png = picture("PNG")
    files = {"static/img/A.PNG": png, "content/posts/b c.png": png}
    written = (
        "![a](/IMG/a.png) ![b](<b c.png>) ![d](https://raw.example/ada/blog/main/static/img/A.PNG)\n"
        "![e](https://else.example/e.png)\n[up](../other/) [root](/about) [mail](mailto:a@b.example) [here](#x)\n\n[ref]: /deep/page\n"
    )
    made = one(f"---\ntitle: x\ndate: 2020-01-02\n---\n{written}", files=files)
    # When it is converted, then each is copied once and everything else is absolute
    assert [image.path for image in made.images] == ["images/posts/one/a.png", "images/posts/one/b-c.png"]
    assert made.body.count("](/images/posts/one/a.png)") == 2
    for wanted in (
        "(https://else.example/e.png)",
        "(https://ada.example/posts/other/)",
        "(https://ada.example/about)",
        "(mailto:a@b.example)",
        "(#x)",
        "[ref]: https://ada.example/deep/page",
    ):
        assert wanted in made.body


def test_front_matter_is_a_whitelist_and_the_rest_is_told() -> None:
    made = one(
        "---\ntitle: x\ndate: 2020-01-02\npermalink: /\nlayout: home\nredirect_from: [/]\ntags: [Job]\n---\nwords"
    )
    assert list(made.front) == ["layout", "title", "date", "categories", "tags", "excerpt", "canonical_url", "comments"]
    assert made.front["categories"] == "job" and made.path == "_posts/job/2020-01-02-one.md"
    assert any("permalink: /" in note.text and "redirect_from" in note.text for note in made.notes)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("2021-02-30", date(2026, 4, 1)),
        ("2020-05-30T23:30:00-07:00", date(2020, 5, 31)),
        ("last-modified", date(2026, 4, 1)),
        ("June 3, 2022", date(2022, 6, 3)),
        ("'2020-08-30T19:44-00:00'", date(2020, 8, 30)),
    ],
)
def test_dates_real_and_impossible(written: str, wanted: date) -> None:
    made = one(f"---\ntitle: x\ndate: {written}\n---\nwords")
    assert made.date == wanted
    assert any("is not a date" in note.text for note in made.notes) == (wanted.year == 2026)


@pytest.mark.parametrize("said", ["posted: true", "added: yes", "date-created: no"])
def test_a_switch_is_no_date_and_is_said_to_be_left_out(said: str) -> None:
    made = one(f"---\ntitle: x\n{said}\n---\nwords")
    assert not any("is not a date" in note.text for note in made.notes)
    assert any("left out" in note.text and said in note.text for note in made.notes)
    assert one(f"---\ntitle: x\n{said}\ncreated: 2021-02-03\n---\nwords").date == date(2021, 2, 3)


def test_the_day_of_a_post_is_found_under_any_name_of_its_key() -> None:
    for key in ("pubDatetime", "datetime", "added", "published", "published-on", "date_created"):
        made = one(f"---\ntitle: x\n{key}: 2021-02-03T10:00:00Z\n---\nwords")
        assert made.date == date(2021, 2, 3) and not made.notes, key
    made = one("---\ntitle: x\npublished: true\ncreated: 2021-02-03\n---\nwords")
    assert made.date == date(2021, 2, 3) and not made.notes
    assert one("---\ntitle: x\npublished: false\ncreated: 2021-02-03\n---\nwords").reason == "draft"


def test_a_post_of_tomorrow_waits_and_today_is_the_earlier_of_the_programs_and_utc() -> None:
    assert one("---\ntitle: x\ndate: 2026-05-07\n---\nwords").reason == "future"
    assert When(datetime(2026, 5, 6, 23, tzinfo=UTC), ZoneInfo("Asia/Tokyo")).today == date(2026, 5, 6)


def test_a_post_never_takes_anothers_place() -> None:
    taken = frozenset({"_posts/job/2011-01-01-one.md", "_posts/2012-01-01-one-ada.md"})
    made = one("---\ntitle: x\ndate: 2020-01-02\n---\nwords", target=Target("skinny", taken=taken))
    assert made.path == "_posts/blog/2020-01-02-one-ada-2.md"
    unnamed = one("---\ndate: 2020-01-02\n---\nwords", target=Target("skinny", taken=taken))
    assert (unnamed.path, unnamed.title) == (made.path, "One")  # by its file's name, not by what was free


@pytest.mark.parametrize("dialect", ["astro", "fastpages", "hugo", "jekyll", "myst", "pelican", "quarto", "readme"])
def test_a_repository_tells_its_dialect(dialect: str) -> None:
    folder = BLOGS / dialect
    assert of_paths([file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()]) == dialect


# Nothing vanishes

_word = st.integers(0, 10**6).map(lambda number: "w" + "".join(chr(97 + int(digit)) for digit in str(number)) + "z")
_bits = st.sampled_from(
    ["{}", "**{}**", "`{}`", "``{} ` x``", "<b>{}</b>", "<div>{}", "</div>{}", "<{}>", "<p class=x>{}</p>", "<!-- {} -->", "<script>{}</script>", "<svg>{}", "a < {}", "${}$", "$5 {} $6",
     "$$\n{}\n$$", "![{}](x.png)", "[{}](javascript:x)", "[{}]", "[{}]: x", "[^1]: {}", "{{{{ {} }}}}", "{{% {} %}}", "{{% endraw %}}{}", "{{: {}}}", "{{::comment}}{}{{:/comment}}", "*[{}]: x",
     "```\n{}\n```", "```{{note}} {}\n{}\n```", "```{{note}}\n:class: tip\n{}\n```", "~~~ {}", "    {}", "> {}", "- {}", "1. {}\n   > {}", "# {}", "{}\n===", "| {} | b |\n|--|--|\n| {} | c |", "{} | x",
     "::: {{.callout-tip}}\n{}\n:::", ":::{{note}} {}\nx\n:::", ":::: x\n{}", "{{{{< a \"{}\" >}}}}", "{{{{% box %}}}}{}{{{{% /box %}}}}", "{{{{< highlight go >}}}}{}{{{{< /highlight >}}}}",
     "{{term}}`{}`", "[{}]{{.aside}}", "(x)=\n{}", "% {}", "import {} from 'x'", "<Card a='x'>{}</Card>", "{{/* {} */}}", "^\n{}", "\\{{ {} \\}}", "---\n{}", "+++\n{}", "\\[ {}_x \\]", "\\begin{{align}}\n{}\n\\end{{align}}",
     "{{% raw %}}{}{{% endraw %}}", "{{% highlight py %}}\n{}\n{{% endhighlight %}}", "{{% comment %}}{}{{% endcomment %}}", "{{% include x.html a=\"{}\" %}}", "<details><summary>{}</summary>\n\n{}\n\n</details>", "<iframe src='x'>{}</iframe>"]
)  # fmt: skip


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(_bits, _word, st.sampled_from(["\n\n", "\n", " "])), min_size=1, max_size=8),
    st.sampled_from(["hugo", "jekyll", "quarto", "myst", "readme", "astro"]),
)
def test_every_word_that_goes_in_comes_out_or_is_named_in_a_note(
    parts: list[tuple[str, str, str]], dialect: str
) -> None:
    written = "".join(bit.format(word, word) + between for bit, word, between in parts)
    path = {"astro": "src/content/posts/one.mdx"}.get(dialect, "")
    made = one(f"---\ntitle: One\ndate: 2020-01-02\n---\nStart.\n\n{written}", dialect, path=path)
    assert isinstance(made, Converted)
    seen = said(made)
    for _, word, _ in parts:
        assert word in seen, written
    # and whatever it was, Liquid finds nothing in it, and no mark of ours is left
    assert not re.search("[\ue000-\uf8ff]", made.body)
    outside = re.sub(r"\{% raw %\}.*?\{% endraw %\}", "", made.body, flags=re.S).replace('{{ "{%" }}', "")
    assert "{{" not in outside and "{%" not in outside


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=300), st.sampled_from(["hugo", "jekyll", "quarto", "myst", "readme", "pelican"]))
def test_no_text_breaks_it_and_its_front_matter_is_always_read_back(written: str, dialect: str) -> None:
    path = "content/one.md" if dialect == "pelican" else ""
    made = one(
        f"---\ntitle: {json.dumps(written)}\ndate: 2020-01-02\n---\n{written}".encode("utf-8", "replace"),
        dialect,
        path=path,
    )
    if isinstance(made, Converted):
        head = yaml.safe_load(text(made).split("\n---\n")[0])
        assert head["title"] == made.front["title"] and head["layout"] == "article"


# Hostile input


@pytest.mark.parametrize(
    "head",
    [
        "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\ntitle: Bomb",
        "title: Bomb\nx: " + "[" * 20000,
        "title: Bomb\nx: !ruby/object:Gem::Installer {i: x}",
        "title: Bomb\nx: !!python/object/apply:os.system ['exit 1']",
        "title: Bomb\nkey: " + "x" * 100_000,
        "title: Bomb\nname: 'unclosed",
        "title: Bomb: with a colon",
    ],
)
def test_front_matter_cannot_hurt(head: str) -> None:
    made = one(f"---\ndate: 2020-01-02\n{head}\n---\nwords")
    assert isinstance(made, Converted)
    assert made.title.startswith("Bomb") and made.body.endswith("words\n")
    assert "!ruby" not in text(made).split("---")[1]


@pytest.mark.parametrize(
    "written",
    [
        "<script>x</script>", "<SCRIPT src=//e.example/x.js></SCRIPT >", "<script\n>x</script\n>", "<script/x>alert(1)</script>", "<iframe src=https://e.example></iframe>",
        '<meta http-equiv="refresh" content="0;url=https://e.example">', "<a href=javascript:alert(1)>x</a>", '<a href="java\tscript:x">x</a>', "<a href='&#106;avascript:x'>x</a>", "[x](javascript:alert(1))",
        "[x](<javascript:x>)", "[x]: javascript:x\n\n[x]", "[x](JaVaScRiPt:x)", "[x](data:text/html,x)", "[x](&#x6a;avascript:x)", "<javascript:alert(1)>", "<img src=x onerror=alert(1)>", "<b onclick=x>y</b>",
        "<svg><script>x</script></svg>", "<svg onload=x>", "<form action=https://e.example><input name=password></form>", "<object data=x></object>", "<embed src=x>", "<base href=//e.example>", "<style>*{}</style>",
        "` <script>x</script> `", "<b " + "a" * 60 + "!", "<scr<script>ipt>x</script>", "<details open ontoggle=x>y</details>", "![x](javascript:x)", "<img src='javascript:x'>", "text <script", "<p>\n<script>x</script>\n</p>", "<video src=x onerror=y>",
        "![x](data:image/svg+xml,<svg onload=x></svg>)", "{: onclick=\"x\"}\nwords", "words{: onclick=\"x\"}", "{::nomarkdown}<script>x</script>{:/}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("dialect", ["hugo", "jekyll"])
def test_what_runs_or_leads_away_does_not_get_through(written: str, dialect: str) -> None:
    # In code it is shown, and stays as it is; everywhere else it is gone or text
    made = body(f"before\n\n{written}\n\nafter", dialect)
    bare = re.sub(r"`[^`]+`", "", made)
    assert "before" in bare and "after" in bare
    assert not re.search(r"<\s*/?(script|iframe|meta|svg|object|embed|base|style|form|input|video)\b", bare, re.I), made
    assert not re.search(r"<[^>]*\son\w+\s*=", bare, re.I), made
    assert not re.search(r"(\]\(|\]:\s*|href=.|src=.|<)\s*(javascript|data|vbscript):", bare, re.I), made
    assert not re.search(r"(?<!\\)\{:[^}]*on\w+=", bare), made


@pytest.mark.parametrize(
    "where",
    [
        "../../../../etc/passwd",
        "..%2f..%2f..%2fsecret.png",
        "/../secret.png",
        "..\\..\\secret.png",
        "file:///etc/passwd",
        "\x00secret.png",
    ],
)
def test_an_image_never_comes_from_outside_the_tree(where: str) -> None:
    asked: list[str] = []
    source = of({"content/posts/one.md": b"", "secret/x.png": b""})
    source.tree.read = lambda path: asked.append(path) or b""  # type: ignore[func-returns-value]
    made = convert(
        "content/posts/one.md",
        f"---\ntitle: x\ndate: 2020-01-02\n---\n![x]({where}) words".encode(),
        source,
        SKINNY,
        WHEN,
    )
    assert isinstance(made, Converted) and made.images == () and asked == []


def test_a_post_is_written_nowhere_but_among_posts() -> None:
    for line in (
        "slug: ../../_layouts/post",
        "slug: /etc/passwd",
        "slug: ..",
        "tags: [../../_includes]",
        "slug: '{{ x }}'",
    ):
        made = one(
            f"---\ntitle: One\ndate: 2020-01-02\n{line}\n---\nwords ![x](a.png)",
            files={"content/posts/a.png": picture("PNG")},
        )
        assert re.fullmatch(r"_posts/data_science/2020-01-02-[a-z-]+\.md", made.path), line
        assert all(re.fullmatch(r"images/posts/[a-z-]+/a\.png", image.path) for image in made.images), line
        assert len(made.images) == 1


def picture(kind: str, size: tuple[int, int] = (4, 4)) -> bytes:
    out = io.BytesIO()
    Picture.new("RGB", size).save(out, kind)
    return out.getvalue()


def bomb() -> bytes:
    """A PNG whose header says 60,000 by 60,000."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (bomb(), "million pixels"),
        (b"<html><script>x</script></html>", "not an image"),
        (b"<svg xmlns='x'><script>x</script></svg>", "script"),
        (b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'b'>]><svg>&a;</svg>", "script or entities"),
        (b"PK\x03\x04" + bytes(100), "not an image"),
        (b"", "not an image"),
        (bytes(6_000_000), "larger than"),
    ],
)
def test_what_is_no_image_or_too_large_is_not_copied_and_told(data: bytes, why: str) -> None:
    made = one("---\ntitle: x\ndate: 2020-01-02\n---\n![x](a.png) words", files={"content/posts/a.png": data})
    assert made.images == ()
    assert any(note.kind == "missing" and why in note.text for note in made.notes)


def test_a_post_brings_only_so_many_images() -> None:
    files = {f"content/posts/{number}.png": picture("PNG", (number + 1, 1)) for number in range(4)}
    made = one(
        "---\ntitle: x\ndate: 2020-01-02\n---\n" + " ".join(f"![x]({number}.png)" for number in range(4)),
        files=files,
        target=Target(limits=Limits(images=2)),
    )
    assert len(made.images) == 2


# Notebooks


def notebook(*cells: dict[str, Any]) -> bytes:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 4}).encode()


def cell(source: str, *outputs: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": metadata, "source": source, "execution_count": 1, "outputs": list(outputs)}


@pytest.fixture(scope="module")
def kitchen() -> Any:
    with Kitchen() as made:
        yield made


def cook(raw: bytes, kitchen: Kitchen) -> Any:
    return convert("_notebooks/2020-01-02-book.ipynb", raw, of({}, "fastpages"), SKINNY, WHEN, kitchen)


def test_a_notebook_runs_nothing_and_hides_what_its_author_hid(tmp_path: Any, kitchen: Kitchen) -> None:
    ran = tmp_path / "ran"
    made = cook(
        notebook(
            cell(f"open({str(ran)!r}, 'w')"),
            cell("secretcode", jupyter={"source_hidden": True}),
            cell("#hide\nhiddenone"),
        ),
        kitchen,
    )
    assert not ran.exists()
    assert "secretcode" not in said(made) and "hiddenone" not in said(made)


def test_a_notebook_that_is_read_and_then_offered_is_converted_once(monkeypatch: Any, kitchen: Kitchen) -> None:
    books = [notebook(cell(f"number = {number}")) for number in range(6)]
    first = cook(books[0], kitchen)
    monkeypatch.setattr(Kitchen, "_cook", lambda self, raw: pytest.fail("it is known"))
    assert said(cook(books[0], Kitchen())) == said(first)
    monkeypatch.undo()
    for book in books[1:]:
        cook(book, kitchen)
    monkeypatch.setattr(Kitchen, "_cook", lambda self, raw: (_ for _ in ()).throw(ValueError("asked anew")))
    assert isinstance(cook(books[0], kitchen), Skipped), "only the last few are remembered"


def test_scripts_and_widgets_of_a_notebook_are_told_and_left(kitchen: Kitchen) -> None:
    html = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/html": "<div><script>plot()</script></div>", "text/plain": "Figure"},
    }
    made = cook(notebook(cell("plot", html)), kitchen)
    assert "<script" not in made.body and "Figure" in made.body
    assert any("needs script" in note.text for note in made.notes)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"null",
        b"[" * 200_000,
        b'{"cells": ' * 5000,
        b"\xff\xfe",
        b'{"nbformat": 4, "cells": 1}',
        notebook(*[cell("x")] * 6000),
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_a_broken_or_deep_notebook_is_refused_alone(raw: bytes, kitchen: Kitchen) -> None:
    made = cook(raw, kitchen)
    assert isinstance(made, Skipped) and made.reason == "unreadable", made
    assert isinstance(cook(notebook(cell("print(1)")), kitchen), Converted)


def test_a_notebook_that_takes_too_long_is_refused_and_one_that_is_huge_is_not_even_read() -> None:
    with Kitchen(patience=0.01) as hasty, pytest.raises(ValueError, match="too much time"):
        hasty.markdown(notebook(cell("x")))
    made = convert(
        "_notebooks/2020-01-02-book.ipynb", bytes(2000), of({}, "fastpages"), Target(limits=Limits(notebook=1000)), WHEN
    )
    assert isinstance(made, Skipped) and made.reason == "too-large"


@pytest.mark.parametrize(
    "secret",
    [
        "AKIA" + "ABCDEFGH12345678",
        "ghp_" + "a1B2" * 9,
        "sk-" + "proj-" + "a1B2" * 8,
        "hf_" + "abcD" * 9,
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        'api_key = "' + "f00ba4" * 4 + '"',
    ],
)
def test_a_secret_holds_the_post_and_is_in_no_note(secret: str, kitchen: Kitchen) -> None:
    made = cook(notebook(cell(f"key = {secret}", {"output_type": "stream", "name": "stdout", "text": "fine"})), kitchen)
    assert made.held
    assert not any(secret in note.text for note in made.notes)
    assert not cook(notebook(cell('api_key = "your-key-goes-here"')), kitchen).held


def test_nothing_heavy_is_imported_for_posts_that_are_text() -> None:
    script = "import sys, services.blog.convert; print([name for name in ('nbconvert', 'nbformat', 'traitlets', 'PIL') if name in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
        == "[]"
    )


# What a post takes in from files beside it


def test_what_a_generator_brings_from_elsewhere_is_brought() -> None:
    """Given posts whose text or pictures lie elsewhere, as knitr, Pelican and themes of Jekyll have it, Then they are
    there, no tag is broken by a line about what is missing, and what is made of another file is no post of its own."""
    made = {f"{dialect}/{path}": done for dialect, path, done in corpus(SKINNY)}
    posts = ("hugo/content/posts/knitted.md", "pelican/content/book.md", "jekyll/_posts/2020-03-04-feature.md")
    knitted, book, feature = (made[name] for name in posts)
    assert [image.found for image in knitted.images] == ["content/posts/knitted/plot.png"]
    assert knitted.body.count("/images/posts/knitted/plot.png") == 2 and "&lt;img" not in knitted.body
    assert "postref" not in said(knitted)
    assert "[more of them](https://ada.example/more/)" in knitted.body
    assert "Left out of an address: “mystery ”" in said(knitted)

    assert "Insidewords" in book.body and "forty-two" in book.body and "Zerothcell" not in said(book)
    assert "def total(numbers):" in book.body and "![A tree with branches](/images/posts/" in book.body
    assert "{%" not in book.body.replace("{% raw %}", "").replace("{% endraw %}", "")
    assert "Only on the original page: “{% video clip.mp4 %}”" in said(book)

    assert [image.found for image in feature.images] == ["images/leaf.png", "uploads/2009/02/stem.png"]
    assert "![A stem](" in feature.body and "told there](https://ada.example/told/)" in feature.body
    assert "Only on the original page: “gallery.html”" in said(feature)
    for path in ("hugo/content/posts/knitted.Rmd", "pelican/content/notebooks/book.ipynb"):
        assert isinstance(made[path], Skipped) and made[path].reason == "not-a-post"


def test_notebooks_that_cannot_be_taken_in_are_named_and_cost_nothing() -> None:
    pairs = {"notebooks/deep.ipynb": b"[" * 100_000, "notebooks/none.ipynb": b"{}", "notebooks/a/two.ipynb": b"{}",
             "notebooks/b/two.ipynb": b"{}", "huge.py": b"x" * 200_000}  # fmt: skip
    tags = ["notebook deep.ipynb cells[:1]", "notebook none.ipynb cells[1:2]", "notebook none.ipynb", "notebook two.ipynb",
            "notebook ../../etc/passwd", "include_code huge.py", "notebook"]  # fmt: skip
    text = "Title: One\nDate: 2020-01-02\n\nWords.\n\n" + "".join(f"{{% {tag} %}}\n\n" for tag in tags)
    done = one(text, "pelican", "content/one.md", files=pairs)
    assert isinstance(done, Converted)
    assert "it is no notebook" in said(done) and "“{% notebook two.ipynb %}”" in said(done)
    for tag in tags[3:6]:
        assert f"{{% {tag} %}}" not in done.body
    assert len(done.body) < 3000


def test_what_pelican_says_of_a_post_may_end_in_a_line() -> None:
    for end in ("", "---\n", "...\n"):
        done = one(f"Title: One\nDate: 2020-01-02\n{end}\nWords: these.\n", "pelican", "content/one.md")
        assert isinstance(done, Converted) and (done.title, done.date) == ("One", date(2020, 1, 2)), end
        assert "Words: these." in done.body and "---" not in done.body and "..." not in done.body


def test_the_picture_of_a_post_is_found_under_any_name_of_its_key() -> None:
    for key in ("featured-image", "header_img", "banner_image", "OG-Image", "cover"):
        text = f"---\ntitle: One\ndate: 2020-01-02\n{key}: one.png\n---\nWords."
        done = one(text, "jekyll", files={"assets/img/one.png": picture("PNG")})
        assert [image.found for image in done.images] == ["assets/img/one.png"], key
        twice = one(text, "jekyll", files={"a/one.png": picture("PNG"), "b/one.png": picture("PNG")})
        assert not twice.images and "is not in the repository" in said(twice)


def test_addresses_are_read_as_their_generators_read_them() -> None:
    wrapped = body("See [the issue](https://a.example/\nissues/1) there.", "jekyll")
    assert "[the issue](https://a.example/issues/1)" in wrapped
    png = {"content/posts/plot.png": picture("PNG"), "img/one.png": picture("PNG")}
    assert "![A plot](/images/posts/one/plot.png)" in body(
        '{{< figure src=\\"plot.png\\" alt=\\"A plot\\" >}}', files=png
    )
    source = of({"_posts/2020-01-02-one.md": b"", **png}, "jekyll", site="https://ada.example/blog/")
    raw = b"---\ntitle: One\n---\n![One](/blog/img/one.png)"
    made = convert("_posts/2020-01-02-one.md", raw, source, SKINNY, WHEN)
    assert isinstance(made, Converted) and [image.found for image in made.images] == ["img/one.png"]


def test_collections_of_astro_lie_anywhere() -> None:
    text = b"---\ntitle: One\npubDate: 2020-01-02\n---\nWords."
    for path, shown in {"src/content/blog/one.md": "blog/one/", "src/data/blog/one/index.mdx": "blog/one/",
                        "src/writing/one.md": "writing/one/", "blog/one.md": "blog/one/"}.items():  # fmt: skip
        made = convert(path, text, of({path: text}, "astro"), SKINNY, WHEN)
        assert isinstance(made, Converted) and made.original == f"https://ada.example/{shown}", path
    for path in ("src/components/one.md", "src/layouts/one.mdx", "README.md"):
        assert isinstance(convert(path, text, of({path: text}, "astro"), SKINNY, WHEN), Skipped), path


@pytest.mark.parametrize(
    "files, roots",
    [
        ("hugo.toml content/about.md content/cv/index.md content/page/x.md content/posts/a.md content/notes/b.md",
         "content/notes/ content/posts/"),
        ("hugo.toml=[params]\nmainSections=['til'] content/til/a.md content/books/b.md content/books/c.md", "content/til/"),
        ("config/_default/hugo.toml config/_default/params.yaml=mainSections:\n-\ttil content/til/a.md content/b/b.md",
         "content/til/"),
        ("hugo.toml content/a.md content/b.md content/c.md content/talks/d.md", "content/ content/talks/"),
        ("hugo.toml content/one/index.md content/two/index.md", "content/one/ content/two/"),
        ("hugo.toml content/about.md", "content/"),
        ("hugo.toml=mainSections\t=\t['til',\t#'books'\n'a'] content/til/a.md content/books/b.md content/a/c.md",
         "content/a/ content/til/"),
        ("hugo.toml=mainSections:\n\t#old\n\t-\ttil content/til/a.md content/books/b.md", "content/til/"),
        ("_quarto.yml posts/a.qmd posts/_b/index.qmd _site/posts/a/x.qmd _extensions/x/template.qmd", "posts/"),
        ("astro.config.mjs src/pages/about.md src/content/blog/a.md src/content/blog/b.md", "src/content/blog/"),
        ("astro.config.mjs src/pages/blog/a.md src/pages/about.md src/pages/blog/b.md", "src/pages/blog/"),
    ],
)  # fmt: skip
def test_pages_that_are_no_posts_are_not_asked_about(files: str, roots: str) -> None:
    tree = dict(one.partition("=")[::2] for one in files.split(" "))
    found = detecting.shape(tree, lambda path: tree[path], "https://git.example.org/ada.git", "")
    assert found.roots == roots.split(), found
    told = [each for each in found.missing if each.startswith("Taken for pages")]
    left = {path for path in tree if path.endswith(".md") and not path.startswith(tuple(roots.split()))}
    left -= {"content/about.md", "content/cv/index.md", "content/page/x.md", "src/pages/about.md"}
    assert bool(told) == bool(left) and all(path.rpartition("/")[0] in told[0] for path in left), found.missing


def test_what_is_taken_for_pages_is_said_with_how_many_files() -> None:
    tree = ["hugo.toml", "content/about.md", *(f"content/p{n}.md" for n in range(3)), "content/first/index.md"]
    tree += [f"content/notes/n{n}.md" for n in range(5)]
    found = detecting.shape(tree, lambda _: "", "https://git.example.org/ada.git", "https://ada.example/")
    assert found.roots == ["content/notes/"]
    assert found.missing == ["Taken for pages, not for posts: content/ (3 files), content/first/ (1 file)."]
