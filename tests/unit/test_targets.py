"""Hugo and Astro as the program's blog: known by their files, and written as each reads it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.blog import targets
from services.blog.convert import Author, Converted, Target, hugo, masking, text, untagged
from services.blog.targets import Choice
from tests.posts import BLOGS, FIXTURES, blog, body, corpus, one
from tests.unit.test_convert import HIDDEN, said

HUGO = Target("hugo", folder="content/posts", html=False, math="escaped")
BRACKETS = Target("hugo", folder="content/posts", math="brackets")
ASTRO = Target("astro", folder="src/content/blog", base="/blog", math="dollars")
SCHEMA = """
import { z } from "astro/zod"; // from https://astro.build
const articles = defineCollection({
  loader: glob({ pattern: "**/*.md", base: "./src/data/articles" }),
  schema: ({ image }) => z.object({
    author: z.string().default("us"), pubDatetime: z.date(),
    title: z.string(),
    tags: z.array(z.string()).default(["others"]),
    ogImage: image().or(z.string()).optional(),
    summary: z.string(),
    level: z.enum(["a", "b"]),
    canonicalURL: z
      .string()
      .optional(),
  }).strict(),
});
const other = defineCollection({ loader: glob({ pattern: "**/*.md", base: "src/data/other" }),
  schema: z.object({ x: z.string() }) });
export const collections = { articles, other };
"""


def look(files: dict[str, str], choice: Choice = targets.AUTO) -> targets.Seen:
    return targets.look(files, lambda path: files[path].encode() if path in files else None, choice=choice)


@pytest.mark.parametrize(
    "files, shape, folder",
    [
        (["_config.yml", "_posts/2020-01-02-a.md"], "jekyll", "_posts"),
        (["_layouts/article.html", "hugo.toml", "_posts/x/2020-01-02-a.md"], "skinny", "_posts"),
        (["hugo.toml"], "hugo", "content/posts"),
        (["config.yaml", "content/blog/a.md", "content/notes/a.md", "content/notes/b.md"], "hugo", "content/blog"),
        (["config/_default/hugo.yaml", "content/en/notes/a/index.md"], "hugo", "content/en/notes"),
        (["config.toml"], "jekyll", "_posts"),
        (["astro.config.mjs", "package.json"], "astro", "src/content/blog"),
        (["astro.config.ts", "src/content/posts/a.md", "src/content/docs/b.md"], "astro", "src/content/posts"),
    ],
)
def test_what_makes_a_blog_and_where_its_posts_lie_is_told_by_its_files(files: Any, shape: str, folder: str) -> None:
    found = look(dict.fromkeys(files, "")).target
    assert (found.shape, found.folder) == (shape, folder)


def test_hugos_settings_say_what_a_post_may_hold_and_what_is_missing_is_said() -> None:
    plain = look({"hugo.toml": 'baseURL = "https://x.example/a/b/"\n[params]\nmainSections = ["words"]\n'})
    assert (plain.target.base, plain.target.folder, plain.target.html, plain.target.math) == (
        "/a/b", "content/words", False, "escaped",
    )  # fmt: skip
    assert len(plain.notes) == 3 and "canonicalURL" in plain.notes[2]
    markup = (
        "goldmark:\n  renderer:\n    unsafe: true\n  extensions:\n    passthrough:\n      enable: true\n"
        "      delimiters:\n        block: [['$$', '$$']]\n        inline: [['\\(', '\\)']]\n"
    )
    parts = {"config/_default/markup.yaml": markup, "config/_default/hugo.toml": "x = 1", "content/posts/a.md": ""}
    parts |= {"data/authors/bob.json": "{}", "layouts/partials/head.html": "{{ .Params.canonicalURL }}"}
    rich = look(parts)
    assert (rich.target.html, rich.target.math, rich.target.authors, rich.notes) == (True, "brackets", True, ())
    path, data = targets.author_file(Author("Ada", "ada", "https://ada.example/"), rich.target)
    assert path == "data/authors/ada.json" and json.loads(data) == {"name": "Ada", "url": "https://ada.example/"}
    # settings that are broken, or bombs, say nothing and stop nothing
    for broken in ("[[[", "a: &a [*a]", "contentDir = '../../etc'\n", "\x00", "baseURL = 'javascript:alert(1)'\n"):
        found = look({"hugo.toml": broken, "hugo.yaml": broken, "content/x": ""}).target
        assert (found.folder, found.base) == ("content/posts", "")


def test_what_astros_schema_calls_things_is_read_off_it_and_what_it_asks_for_in_vain_is_said() -> None:
    files = {"astro.config.mjs": "remarkPlugins: [remarkMath]", "src/content.config.ts": SCHEMA}
    found = look(files | {"src/data/articles/a.md": "", "src/data/other/b.md": "", "src/data/other/c.md": ""})
    assert (found.target.folder, found.target.math, found.target.strict) == ("src/data/articles", "dollars", True)
    assert dict(found.target.keys) == {
        "title": "title", "description": "summary", "date": "pubDatetime", "author": "author", "tags": "tags",
        "canonical": "canonicalURL",
    }  # fmt: skip
    assert [note for note in found.notes if "`level`" in note] and [note for note in found.notes if "teasers" in note]
    made = one("---\ntitle: One\ndate: 2020-01-02\ntags: [a]\nimage: /a.png\n---\nWords.", target=found.target)
    front = yaml.safe_load(text(made).split("---")[1])
    assert list(front) == ["title", "summary", "pubDatetime", "author", "tags", "canonicalURL"]
    assert front["pubDatetime"].isoformat() == "2020-01-02"


@pytest.mark.parametrize("target", [HUGO, ASTRO, Target()], ids=["hugo", "astro", "jekyll"])
@pytest.mark.parametrize("math", ["", " and $x_1$"])
def test_a_teaser_has_the_words_of_code_links_and_math(target: Target, math: str) -> None:
    made = one(
        f"---\ntitle: One\ndate: 2020-01-02\n---\nWords with `code` and [a link](/x){math} in them.", target=target
    )
    assert made.said.excerpt == f"Words with code and a link{math.replace('$', '')} in them."


def test_organizers_may_say_otherwise() -> None:
    found = look({"_config.yml": "", "content/x.md": ""}, Choice("hugo", "content/en/blog"))
    assert (found.target.shape, found.target.folder, found.detected) == ("hugo", "content/en/blog", "jekyll")


def test_front_matter_is_what_each_of_them_reads() -> None:
    post = (
        "---\ntitle: 'A \"b\" {{ x }}'\ndate: 2020-01-02\ntags: [nets]\nimage: a.gif\nlayout: evil\ntype: about\n---\n"
    )
    post += "Words about the letter $x$."
    files = {"static/a.gif": (BLOGS / "readme/pics/desk.gif").read_bytes()}
    made = one(post, target=Target("hugo", folder="content/posts", base="/b"), files=files)
    assert yaml.safe_load(text(made).split("---")[1]) == {
        "title": 'A "b" {{ x }}', "date": made.date, "draft": False, "author": "Ada Lovelace", "categories": ["blog"],
        "tags": ["nets"], "description": "Words about the letter x.", "summary": "Words about the letter x.",
        "canonicalURL": "https://ada.example/posts/one/", "images": ["images/posts/one/a.gif"],
        "cover": {"image": "images/posts/one/a.gif", "alt": "", "relative": False}, "math": True,
    }  # fmt: skip
    assert (made.path, made.images[0].path) == ("content/posts/one.md", "static/images/posts/one/a.gif")
    made = one(post, target=ASTRO, files=files)
    front = yaml.safe_load(text(made).split("---")[1])
    assert front["pubDate"] == made.date and front["heroImage"] == "/blog/images/posts/one/a.gif"
    assert (
        front["description"] == "Words about the letter x."
        and front["canonicalURL"] == "https://ada.example/posts/one/"
    )
    assert (made.path, made.images[0].path) == ("src/content/blog/one.md", "public/images/posts/one/a.gif")
    # a path is free, in whatever way others have it, and never that of a list
    for taken in ("content/posts/one.md", "content/posts/One/index.md", "content/posts/2019-01-02-one.md"):
        again = one(post, target=Target("hugo", folder="content/posts", taken=frozenset({taken})))
        assert again.path == "content/posts/one-ada.md"
    for name in ("index", "page"):
        assert one(post.replace("layout", f"slug: {name}\nlayout"), target=HUGO).path == f"content/posts/{name}-ada.md"


@pytest.mark.parametrize("target", [HUGO, BRACKETS, ASTRO], ids=["hugo", "brackets", "astro"])
def test_every_word_of_the_corpus_is_in_its_post_or_in_a_note(target: Target) -> None:
    for dialect, path, made in corpus(target):
        if isinstance(made, Converted) and not path.endswith(".ipynb"):
            source = blog(BLOGS / dialect).tree.read(path).decode()
            for word in set(re.findall(r"\b[A-Za-z]+words\b", source)):
                assert (word in said(made)) == (word not in HIDDEN), (path, word)
            assert made.path.endswith(".md") and "{: " not in re.sub(r"`.*?`|Text with.*", "", made.body)
            assert target.html or not re.search(r"^<\w", re.sub(r"```.*?```", "", made.body, flags=re.S), re.M), path


RICH = r"""Some <b>bold</b> H<sub>2</sub>O, x<sup>ab</sup>, <kbd>Ctrl</kbd>, <a href="/x">a link</a>.
It costs $5 or $6, math $x_1*y*$ and \[not math\].

<div class="c">
  <h2>Head</h2>
  <ul><li>one <i>two</i></li><li><p>three</p><p>four</p></li></ul>
  <table>astray<tr><th>a</th><th>b|c</th></tr><tr><td>1</td><td>two <b>3</b></td></tr></table>
  <pre><code class="language-py">if a &lt; b:
    `x`
</code></pre>
  <blockquote>quoted <p>para</p></blockquote> rest $z$
</div>

> <div>in quote</div>

<details><summary>Sum</summary>

inner **md**

</details>
"""


def test_html_is_markdown_where_none_is_shown_and_math_is_as_the_target_reads_it() -> None:
    made = body(RICH, "readme", target=HUGO)
    for part in (
        "Some **bold** H₂O, x^(ab), `Ctrl`, [a link](https://ada.example/x).",
        "It costs $5 or $6, math \\\\\\(x\\_1\\*y\\*\\\\\\) and",
        "## Head\n", "- one *two*\n- three\n\n  four\n", "astray\n\n| a | b\\|c |\n| --- | --- |\n| 1 | two **3** |\n",
        "```py\nif a < b:\n    `x`\n```", "> quoted\n>\n> para\n", "rest \\\\\\(z\\\\\\)",
        "> in quote", "**Sum**\n", "inner **md**",
    ):  # fmt: skip
        assert part in made, part
    assert not re.search(r"</?\w", made.replace("if a <", ""))
    assert untagged.NOTE in said(one("---\ntitle: x\ndate: 2020-01-02\n---\n<b>x</b> words", target=HUGO))
    made = body(RICH, "readme", target=BRACKETS)
    assert "<b>bold</b>" in made and "math \\(x_1*y*\\) and &#91;not math&#93;" in made and "rest \\(z\\)" in made
    made = body(RICH, "readme", target=ASTRO)
    assert "costs \\$5 or \\$6, math $x_1*y*$" in made and "rest \\(z\\)" in made and 'markdown="1"' not in made
    native = '<div markdown="1">\n*x*\n</div>\n\nWords\n{:.cls}\n\n|a|b|\n|c|d|\n\n$$\nx\n$$\n'
    made = body(native, "jekyll", target=ASTRO)
    assert "<div>\n\n\n*x*" in made and "{:" not in made and "|---|---|\n|a|b|\n|c|d|" in made and "$$\nx\n$$" in made


@given(st.text(alphabet='<>/bpia td"=&;x\n-', max_size=80), st.sampled_from(["readme", "jekyll", "quarto"]))
def test_no_word_of_any_html_vanishes_and_no_tag_stays(text: str, dialect: str) -> None:
    words = f"first {text} last" if dialect != "readme" else f"<table><tr><td>first {text}\n\nlast</td></tr></table>"
    made = one(f"---\ntitle: One\ndate: 2020-01-02\n---\n{words}", dialect, target=HUGO)
    assert isinstance(made, Converted)
    shown = said(made)
    assert "first" in shown and "last" in shown
    assert not re.search(
        r"(?m)^ {0,3}</?(?:b|p|i|a|td|table|tr)\b[^\n<>]*>",
        re.sub(r"(?ms)^ *```.*?```$|`[^`]*`|^    .*?$", "", made.body),
    )


@given(st.text(alphabet="{<%>}/* x", max_size=60))
def test_no_shortcode_is_left_that_hugo_would_run(text: str) -> None:
    made = hugo.inert(f"words {text} more")
    at = 0
    while (found := re.compile(r"\{\{[<%]").search(made, at)) is not None:
        assert made.startswith("/*", found.end()), made
        at = made.index("*/" + (">" if found[0][-1] == "<" else "%") + "}}", found.end() + 2) + 5
    plain = re.sub(r"(\{\{[<%])/\*(.*?)\*/([>%]\}\})", r"\1\2\3", made, flags=re.S).replace(hugo.JOINER, "")
    assert plain == f"words {text} more"


def test_the_divider_of_a_summary_is_none_within_code() -> None:
    made = body("Words.\n\n```\n<!--more-->\n```\n", "readme", target=HUGO)
    assert "<!--more" not in made and "more-->" in made


def test_the_fixtures_are_what_they_should_be() -> None:
    for shape in ("hugo", "astro"):
        folder = FIXTURES / "program-blog" / shape
        paths = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
        files = {path: (folder / path).read_bytes() for path in paths}
        found = targets.target(paths, files.get)
        assert (found.shape, found.base) == (shape, "/blog") and len(found.taken) == 1


@pytest.mark.parametrize("target", [Target(), HUGO, BRACKETS, ASTRO], ids=["jekyll", "hugo", "brackets", "astro"])
def test_an_address_of_front_matter_brings_nothing_to_run(target: Target) -> None:
    permalink = "/x)<script src=//e.example/x.js></script>{% include a.html %}{{% evil %}}{{< evil >}}("
    made = one(f'---\ntitle: One\ndate: 2020-01-02\npermalink: "{permalink}"\n---\nWords.', target=target)
    assert made.original.startswith("https://") and not re.search(r"[(){}<>\s]", made.original)
    assert not re.search(r"<script|\{%|\{\{[%<]|\{\{", text(made).replace("{% raw %}", "").replace("{% endraw %}", ""))


@pytest.mark.parametrize("target", [Target(), HUGO, BRACKETS, ASTRO], ids=["jekyll", "hugo", "brackets", "astro"])
@pytest.mark.parametrize(
    "words",
    [
        "$${{ page.foo }}$$ `{{ page.foo }}` and $x$",
        "<code>&#xE000;0&#xE001;</code> and `code`",
        "<pre>&#xE000;0&#xE001; &#xE000;99&#xE001;</pre>\n\n`code`",
    ],
)
def test_signs_of_private_use_forge_no_mark(target: Target, words: str) -> None:
    """Given characters that would stand for what was put aside, Then conversion ends, and words stay."""
    made = one(f'---\ntitle: One\ndate: 2020-01-02\nfoo: "\\ue0000\\ue001"\n---\n{words} stay', target=target)
    assert "stay" in made.body and "\ue000" not in made.body


def test_a_mark_that_nothing_was_put_aside_for_is_nothing() -> None:
    mask = masking.Mask()
    own, later = (f"{masking.OPEN}{number}{masking.CLOSE}" for number in (0, 7))
    first = mask.hide(f"a{own}{later}", f"<b>{own}</b>")
    second = mask.hide(f"[{first}]")
    assert mask.show(f"{second} {later}.") == "[a] ."
    mask.tag(0)
    assert mask.show(second) == "[<b></b>]"


def test_a_table_that_would_be_mostly_empty_is_lines() -> None:
    rows = "".join(f"<tr><td>r{number}</td></tr>" for number in range(200))
    wide = "<tr>" + "".join(f"<td>c{number}</td>" for number in range(200)) + "</tr>"
    made = one(f"---\ntitle: One\ndate: 2020-01-02\n---\n<table>{wide}{rows}</table>", target=HUGO).body
    assert len(made) < 6000 and "r199" in made and "c0 · c1" in made
    small = one(
        "---\ntitle: One\ndate: 2020-01-02\n---\n<table><tr><td>a</td><td>b</td></tr></table>", target=HUGO
    ).body
    assert "| a | b |" in small


def test_a_post_that_is_live_stays_while_the_same_generator_makes_the_blog() -> None:
    target = Target("hugo", folder="content/posts/2024")
    assert targets.keeps(target, "content/posts/2023/one.md") and targets.keeps(target, "content/blog/one.md")
    assert not targets.keeps(target, "_posts/2020-01-02-one.md")
    assert targets.keeps(Target(), "_posts/2020-01-02-one.md") and not targets.keeps(Target(), "content/posts/one.md")


def test_what_does_not_fit_astros_schema_is_left_out_and_said() -> None:
    schema = (
        "const blog = defineCollection({ schema: z.object({\n  title: z.string(),\n  date: z.string(),\n"
        "  author: reference('people'),\n  image: z.object({ url: z.string(), alt: z.string() }),\n"
        "  tags: z.array(z.enum(['a'])),\n  description: z.string().optional(),\n})\n})\n"
        "export const collections = { blog };"
    )
    found = look({"astro.config.mjs": "", "src/content/config.ts": schema, "src/content/blog/a.md": ""})
    names = dict(found.target.keys)
    assert names["title"] == "title" and names["description"] == "description"
    assert not {"author", "image", "tags"} & set(names.values()) and names.get("date") != "date"
    for needed in ("author", "image", "tags", "date"):
        assert any(f"`{needed}`" in note for note in found.notes), needed
