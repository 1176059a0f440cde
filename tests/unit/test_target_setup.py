"""What a Jekyll blog lacks, and the files that mend it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from html import escape

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.blog import targets
from services.blog.convert.jekyll import front
from services.blog.convert.shapes import Author, Said
from services.blog.forges.embedded import FIRST
from services.blog.rules.offers import lines
from services.blog.targets import lacking as rules

HARD = "<link rel=\"canonical\" href=\"{{ page.url | replace:'index.html','' | prepend: site.url }}\">"
LAYOUT = f"<html>\r\n<head><title>{{{{ page.title }}}}</title>\r\n  {HARD}\r\n  </head>\r\n{{{{ content }}}}</html>\r\n"
BYLINE = '{% assign author = site.data.authors[page.author] %}<img src="{{ site.url }}/{{ author.avatar }}" alt="">'
AUTHORS = (
    'ada:\n  name: Ada\n  links:\n    - label: "x: y"\n      url: https://x.example/\n\n'
    "bob:\n    name: 'Bob'\n    web: on\n"
)
SAID = Said("", date(2027, 1, 12), "blog", Author("Ada", "ada"), "Words.")
INDEX = "---\n---\n{% for post in site.posts %}{{ post.title }} {{- post.title | truncate: 9 -}} {{site.title}}"


def lacks(files: dict[str, str | bytes]) -> targets.Setup:
    made = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return targets.lacks(made, made.get)


def after(files: dict[str, str | bytes]) -> dict[str, str | bytes]:
    found = lacks(files)
    return {path: text for path, text in files.items() if path not in found.removed} | dict(found.files)


def test_what_is_lacking_is_mended_at_its_place_and_then_nothing_is_lacking() -> None:
    files: dict[str, str | bytes] = {
        "_layouts/article.html": LAYOUT, "_includes/page-author.html": BYLINE, "_data/authors.yml": AUTHORS,
        "index.html": INDEX,
        "static.html": "<p>{{ item.title }}</p>", "assets/app/x/y/deep.html": "---\n---\n{{ a.title }}",
        "_layouts/odd.html": b"\xff{{ page.title }}", "atom.xml": "---\n---\n{{ post.title | xml_escape }}",
        "_includes/nav.html": "{{ link.title }} {{ site.title }} {{ page.title | url_encode }} {{ x.title | escape }}",
    }  # fmt: skip
    found = lacks(files)
    assert found.mends == (rules.CANONICAL, rules.TITLES, rules.SPLIT, rules.AUTHORS) and found.left == ()
    assert found.removed == {"_data/authors.yml"}
    assert set(found.files) == {
        "_layouts/article.html", "_includes/page-author.html", "index.html",
        "_data/authors/ada.yml", "_data/authors/bob.yml",
    }  # fmt: skip
    layout = found.files["_layouts/article.html"].decode()
    chosen = (
        "{% if page.canonical_url %}{{ page.canonical_url | escape }}{% else %}{{ page.url | replace:'index.html',''"
    )
    assert f'href="{chosen} | prepend: site.url }}}}{{% endif %}}">' in layout
    assert "<title>{{ page.title | escape_once }}</title>" in layout and layout.count("\r\n") == LAYOUT.count("\r\n")
    page = found.files["index.html"].decode()
    assert "{{ post.title | escape_once }} {{- post.title | truncate: 9 | escape_once -}} {{site.title}}" in page
    assert (
        found.files["_includes/page-author.html"]
        .decode()
        .endswith('{% if author.avatar %}<img src="{{ site.url }}/{{ author.avatar }}" alt="">{% endif %}')
    )
    for key, said in yaml.load(AUTHORS, yaml.BaseLoader).items():  # noqa: S506  strings
        assert yaml.load(found.files[f"_data/authors/{key}.yml"], yaml.BaseLoader) == said  # noqa: S506
    # the preview says the same, by lines
    told = lines(targets.diff(found, lambda path: str(files.get(path, "")).encode() or None))
    assert ("added", "{% if author.avatar %}") not in told and ("file", "_data/authors.yml") in told
    assert ("removed", "ada:") in told and ("added", "name: Ada") in told
    # what it is then, lacks nothing, and is a target with authors and raw titles
    mended = after(files)
    assert lacks(mended) == targets.Setup()
    read = {path: text.encode() if isinstance(text, str) else text for path, text in mended.items()}
    of = targets.target(read, read.get)
    assert (of.shape, of.authors, of.escapes) == ("skinny", True, True)


def test_a_title_is_escaped_once_wherever_it_is_kept_meanwhile() -> None:
    """Given templates that keep a title before they print it, or print it where nothing is HTML, When they are mended,
    Then each is escaped at one place alone."""
    safe = "{% seo %}"
    cases = {
        "{% capture t %}{{ page.title }} · {{ site.title }}{% endcapture %}<title>{{ t | strip | escape }}</title>": 0,
        "{% capture t %}{{ page.title }}{% endcapture %}<i>{{ t | escape }}</i><b>{{ t }}</b>":
            "<b>{{ t | escape_once }}</b>",
        "{% capture t %}{{ page.title }}{% endcapture %}<b>{{ t }}</b>": "t %}{{ page.title | escape_once }}{%",
        "{%- capture t -%}<h1>{{ page.title }}</h1>{%- endcapture -%}{{ t }}{{ t | escape }}":
            "<h1>{{ page.title | escape_once }}<",
        "{% assign t = page.title | strip %}<b>{{ t }}</b>{{ t | escape }}":
            "<b>{{ t | escape_once }}</b>{{ t | escape }}",
        "{% assign t = page.title | escape %}<b>{{ t }}</b>": 0,
        "{% assign t = page.title %}{% assign t = '<i>' %}{{ t }}":
            "page.title | escape_once %}{% assign t = '<i>' %}{{ t }}",
        "{% assign t = page.title | append: '<small>by</small>' %}<h1>{{ t }}</h1>":
            "page.title | escape_once | append: '<small>by</small>' %}<h1>{{ t }}<",
        "{% for t in site.tags %}{{ t }}{% endfor %}{% assign t = page.title %}":
            "{{ t }}{% endfor %}{% assign t = page.title | esc",
        "{% capture a %}{% capture b %}{{ page.title }}{% endcapture %}{{ b }}{% endcapture %}{{ a | escape }}{{ b }}":
            "b %}{{ page.title | escape_once }}{%",
        "{% capture a %}{{ page.title }}{% capture b %}{% endcapture %}{% endcapture %}{{ b | escape }}":
            "a %}{{ page.title | esc",
        "{% capture t %}{{ page.title }}{% endcapture %}{{ t | escape }}{% assign v = t %}{% assign w = v %}{{ w }}":
            "t %}{{ page.title | escape_once }}{%",
        "{% capture t %}{{ page.title }}{% endcapture %}{{ t | escape }}{% assign v = t %}{{ v | escape }}{% if t %}":
            0,
        "{% capture t %}{{ page.title }}{% endcapture %}{{ t | escape }}{{ '<' | append: t }}":
            "t %}{{ page.title | escape_once }}{%",
        "{% capture t %}{{ page.title }}{% endcapture %}{{ t | escape }}{% include x.html of=t %}":
            "t %}{{ page.title | escape_once }}{%",
        "{% capture t %}{{ page.title }}{% endcapture %}{{ t | escape }}{% include t.html title=t %}": 0,
        "{% assign t = page.title %}{% assign u = t | append: 'x' %}{{ u }}":
            "{% assign t = page.title | escape_once %}",
        '<script>//<![CDATA[\nvar t="{{ page.title }}";\n//]]></script>': 'var t="{{ page.title | escape_once }}"',
        "{% raw %}{{ page.title }}{% endraw %}{% comment %}{{ page.title }}{% endcomment %}": 0,
    }  # fmt: skip
    for text, wanted in cases.items():
        found = lacks({"_layouts/post.html": safe + text, "_data/authors/x.yml": ""})
        if not wanted:
            assert found == targets.Setup(), text
            continue
        made = found.files["_layouts/post.html"].decode()
        assert str(wanted) in made and made.count("escape_once") == 1, made
        assert lacks({"_layouts/post.html": made, "_data/authors/x.yml": ""}) == targets.Setup()
    feed = "---\n---\n<title><![CDATA[{{ post.title }}]]></title>"
    assert lacks({"_layouts/a.html": safe, "_data/authors/x.yml": "", "atom.xml": feed}) == targets.Setup()
    for kept, wanted in (
        ("{% capture t %}{{ page.title }}{% endcapture %}",
            "{% capture t %}{{ page.title | escape_once }}{% endcapture %}"),
        ("{% assign t = page.title | strip %}", "{% assign t = page.title | escape_once | strip %}"),
    ):  # fmt: skip
        files: dict[str, str | bytes] = {
            "_layouts/post.html": safe, "_data/authors/x.yml": "", "_includes/a.html": kept,
            "_includes/b.html": "<h1>{{ t }}</h1>", "_includes/c.html": "{{ t | escape }}",
        }  # fmt: skip
        assert not seen(files).target.escapes
        assert lacks(files).files == {"_includes/a.html": wanted.encode()}, "what another template prints"
        assert seen(after(files)).target.escapes


def test_a_title_that_goes_on_under_another_name_or_into_a_script_runs_nowhere() -> None:
    """What an include prints is escaped there; what JSON or Markdown lets through is held escaped if it has a tag."""
    safe = "{% seo %}<h1>{{ page.title | escape }}</h1>"
    files: dict[str, str | bytes] = {
        "_layouts/post.html": safe + "{% include head.html heading=page.title %}", "_data/authors/x.yml": "",
        "_includes/head.html": "<h2>{{ include.heading }}</h2><i>{{ include.other }}</i>",
        "_includes/notice.html": "<p>{{ include.heading }}</p>",  # hands on what its callers made, no title
    }  # fmt: skip
    assert list(lacks(files).files) == ["_includes/head.html"], "of that include alone"
    assert lacks(files).files["_includes/head.html"].count(b"escape_once") == 1 and not seen(files).target.escapes
    assert seen(after(files)).target.escapes and lacks(after(files)) == targets.Setup()
    evil, fine = "x</script><script>alert(1)</script>", "a < b & c"
    for where, text, tags in (
        ("_layouts/p.html", "<script>{{ page.title | jsonify }}</script>", True),
        ("_layouts/p.html", "{% assign t = page.title %}<script>var t = {{ t | jsonify }}</script>", True),
        ("_layouts/p.html", "<h1>{{ page.title | markdownify }}</h1>", True),
        ("_layouts/p.html", "<h1>{{ page.title | escape | markdownify }}</h1>", False),
        ("_layouts/p.html", "{{ content | markdownify }}{{ site.title | jsonify }}", False),
        ("search.json", "---\n---\n[{{ page.title | jsonify }}]", False),
    ):
        of = seen({"_layouts/post.html": safe, "_data/authors/x.yml": "", where: text}).target
        assert (of.escapes, of.lets_tags) == (True, tags), text
        held = [front(replace(SAID, title=title), of)["title"] for title in (evil, fine)]
        assert held == [escape(evil) if tags else evil, fine], text


@pytest.mark.parametrize(
    "files, mends, left",
    [
        ({"_layouts/post.html": "<head></head>{{ content }}"}, (rules.CANONICAL, rules.AUTHORS), ()),
        ({"_layouts/post.html": "<head>{% seo %}</head>", "_data/authors/x.yml": ""}, (), ()),
        ({"_config.yml": "theme: minima"}, (), (rules.NO_HEAD,)),
        ({"_layouts/p.html": "<head>{%- seo -%}</head>", "_data/authors.json": "{}"}, (), (rules.NO_SPLIT,)),
        ({"_layouts/p.html": "{% seo %}", "_data/authors.yml": "a: &x {b: c}\nd: *x\n"}, (), (rules.NO_SPLIT,)),
        ({"_layouts/p.html": "{% seo %}", "_data/authors.yml": "../a:\n  b: c\n"}, (), (rules.NO_SPLIT,)),
        ({"_layouts/p.html": "{% seo %}", "_data/authors.yml": "a: {b: c}\n"}, (), (rules.NO_SPLIT,)),
        ({"hugo.toml": "", "content/p.md": ""}, (), ()),
        ({"astro.config.mjs": ""}, (), ()),
    ],
)
def test_what_cannot_be_mended_is_only_said(files: dict[str, str | bytes], mends: tuple[str], left: tuple[str]) -> None:
    found = lacks(files)
    assert (found.mends, found.left) == (mends, left)
    assert bool(found.files) == bool(mends) and lacks(after(files)).mends == ()


HUGO = {
    "hugo.toml": "",
    "layouts/_default/baseof.html": '<head>\n  <title>{{ .Title }}</title>\n  {{ partial "head.html" . }}\n</head>',
    "layouts/partials/head.html": '<link rel="canonical" href="{{ .Permalink }}">\n'
    '<link rel="icon" href="{{ .Permalink }}">',
}
SCHEMA = """
const other = defineCollection({ schema: z.object({ x: z.string() }) });
const blog = defineCollection({
  loader: glob({ base: "./src/content/blog", pattern: "**/*.md" }),
  schema: ({ image }) =>
    z.object({
      title: z.string(),
    }),
});
export const collections = { blog, other };
"""
ASTRO = {
    "astro.config.mjs": "", "src/content.config.ts": SCHEMA, "src/content/blog/a.md": "",
    "src/components/BaseHead.astro": '---\nconst x = 1;\n---\n<link rel="canonical" href={Astro.url} />',
    "src/layouts/BlogPost.astro": "<html><head><BaseHead title={title} /></head><slot /></html>",
    "src/pages/blog/[...slug].astro": "<BlogPost {...post.data}><Content /></BlogPost>",
    "src/pages/index.astro": "<BaseHead title={title} />",
}  # fmt: skip


def test_the_heads_of_hugo_and_astro_say_whose_a_post_is() -> None:
    hugo: dict[str, str | bytes] = dict(HUGO)
    found = lacks(hugo)
    assert found.mends == (rules.CANONICAL, rules.AUTHOR)
    assert len(targets.said(seen(hugo), found)) == len(seen(hugo).notes) - 1, "what is mended is not said twice"
    assert found.files["layouts/partials/head.html"].decode() == (
        '<link rel="canonical" href="{{ with .Params.canonicalURL }}{{ . }}{{ else }}{{ .Permalink }}{{ end }}">\n'
        '<link rel="icon" href="{{ .Permalink }}">'
    )
    head = found.files["layouts/_default/baseof.html"].decode()
    assert head.endswith(
        "{{ with .Params.author }}{{ if not (or (reflect.IsSlice .) (reflect.IsMap .)) }}"
        '<meta name="author" content="{{ . }}">{{ end }}{{ end }}\n</head>'
    )
    assert lacks(after(hugo)) == targets.Setup()
    bare = {**hugo, "layouts/partials/head.html": ""}
    assert "{{ with .Params.canonicalURL }}<link" in lacks(bare).files["layouts/_default/baseof.html"].decode()
    assert lacks(after(bare)) == targets.Setup()
    for odd in (
        "{{ with .OutputFormats.Get }}<link rel=canonical href={{ .Permalink }}>",
        "<link rel=canonical href=x>",
    ):
        assert lacks({**hugo, "layouts/partials/head.html": odd}).mends == (rules.AUTHOR,), "left to people"
    assert lacks({"hugo.toml": "", "layouts/x.html": "<head></head>"}) == targets.Setup(), "of what is not known"
    bald = "<head><title>{{ .Title }}</title></head>{{ .Params.author }}"
    several: dict[str, str | bytes] = {
        "hugo.toml": "", "layouts/404.html": bald, "layouts/_default/list.html": bald,
        "layouts/shortcodes/x.html": bald,
        "layouts/_default/single.html": bald.replace("</head>", '{{ partial "seo" . }}</head>'),
        "layouts/index.html": bald.replace("{{ .Params.author }}", ""), "themes/t/layouts/index.html": bald,
        "layouts/partials/seo.html": "{{ .Params.canonicalURL }}",
    }  # fmt: skip
    found = lacks(several)
    assert set(found.files) == {"layouts/_default/list.html", "layouts/index.html"}, "each head that lacks it"
    assert [b"canonicalURL" in said for said in found.files.values()] == [True, True]
    assert [b'name="author"' in found.files[path] for path in sorted(found.files)] == [False, True]
    plain: dict[str, str | bytes] = {"hugo.toml": "", "layouts/_default/single.html": bald}
    assert lacks(after(several)) == lacks(after(plain)) == targets.Setup()
    assert not any("canonicalURL" in note for note in seen(after(plain)).notes), "wherever it is read"
    blocked = {**plain, "layouts/_default/baseof.html": '<head>{{ .Title }}{{ block "head" . }}{{ end }}</head>'}
    assert (
        "layouts/_default/baseof.html" not in lacks({**blocked, "layouts/x.html": "{{ .Params.canonicalURL }}"}).files
    )

    astro: dict[str, str | bytes] = dict(ASTRO)
    found = lacks(astro)
    assert found.mends == (rules.CANONICAL, rules.AUTHOR)
    assert set(found.files) == {
        "src/content.config.ts", "src/components/BaseHead.astro", "src/layouts/BlogPost.astro",
    }  # fmt: skip
    schema = found.files["src/content.config.ts"].decode()
    assert schema == SCHEMA.replace(
        "z.object({\n", "z.object({\n      canonicalURL: z.string().optional(),\n      author: z.string().optional(),\n"
    )
    assert "href={Astro.props.canonicalURL ?? Astro.url}" in found.files["src/components/BaseHead.astro"].decode()
    layout = found.files["src/layouts/BlogPost.astro"].decode()
    assert "<BaseHead canonicalURL={Astro.props.canonicalURL} author={Astro.props.author} title" in layout
    made = after(astro)
    assert lacks(made) == targets.Setup() and not any("canonical" in note for note in seen(made).notes)
    assert {"author", "canonicalURL"} <= set(dict(seen(made).target.keys).values())
    for path, text in (
        ("src/pages/blog/[...slug].astro", "<BlogPost title={post.data.title} />"), ("src/content.config.ts", ""),
        ("src/components/BaseHead.astro", '<link rel="canonical" href="https://x.example/">'),
        ("src/layouts/BlogPost.astro", "<BaseHead {...props} />"),
        ("src/content.config.ts",
            SCHEMA.replace(SCHEMA[SCHEMA.index("({ image })"):SCHEMA.index("});\nexport")], "ours ")
            + "const more = defineCollection({ schema: z.object({ x: z.string() }) });"),
        ("src/components/BaseHead.astro", f"type Props = Ours;\n{ASTRO['src/components/BaseHead.astro']}"),
        ("src/components/BaseHead.astro", f"type Props = {{ author: Ours }}\n{ASTRO['src/components/BaseHead.astro']}"),
    ):  # fmt: skip
        assert lacks({**astro, path: text}) == targets.Setup(), path
        assert any("canonicalURL" in note for note in seen({**astro, path: text}).notes), "it is said instead"


def test_what_astro_has_as_another_type_is_left_alone_and_what_is_typed_stays_so() -> None:
    typed: dict[str, str | bytes] = {
        **ASTRO,
        "src/components/BaseHead.astro": "---\ninterface Props {\n\ttitle: string;\n}\n---\n"
        '<link rel="canonical" href={Astro.url} />',
        "src/layouts/BlogPost.astro": "type Props = CollectionEntry<'blog'>['data'];\n<BaseHead title={title} />",
        "src/layouts/Page.astro": "---\ntype Props = { title: string };\n---\n<BaseHead title={title} />",
    }  # fmt: skip
    made = lacks(typed).files
    assert (
        b"interface Props {\n\tcanonicalURL?: string;\n\tauthor?: string;\n\ttitle: string;\n}"
        in (made["src/components/BaseHead.astro"])
    )
    assert b"type Props = CollectionEntry<'blog'>['data'];" in made["src/layouts/BlogPost.astro"]
    assert b"type Props = { canonicalURL?: string; author?: string; title: string };" in made["src/layouts/Page.astro"]
    referred = SCHEMA.replace("title: z.string(),", 'title: z.string(),\n      author: reference("authors"),')
    found = lacks({**typed, "src/content.config.ts": referred})
    assert found.mends == (rules.CANONICAL,) and len(found.files) == 4
    for path, said in found.files.items():
        assert b"canonicalURL" in said and (b"author" not in said or path == "src/content.config.ts"), path
    known = SCHEMA.replace("title: z.string(),", "title: z.string(),\n      author: z.string().default('x'),")
    assert lacks({**typed, "src/content.config.ts": known}).mends == (rules.CANONICAL, rules.AUTHOR)


def seen(files: dict[str, str | bytes]) -> targets.Seen:
    made = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return targets.look(made, made.get)


def test_the_embedded_blog_lacks_nothing() -> None:
    files: dict[str, str | bytes] = {
        file.relative_to(FIRST).as_posix(): file.read_bytes() for file in FIRST.rglob("*") if file.is_file()
    }
    assert lacks(files) == targets.Setup()


@given(st.text(alphabet="<>{}%| link rel=canonical href\"'{{page.title}}</head>\n", max_size=120))
def test_whatever_a_layout_holds_mended_once_is_mended_and_nothing_of_it_is_lost(text: str) -> None:
    files: dict[str, str | bytes] = {"_layouts/a.html": f"{text}<head>{HARD}{{{{ page.title }}}}</head>"}
    mended = after(files)
    assert lacks(mended).mends == ()
    made = mended["_layouts/a.html"]
    assert isinstance(made, bytes)
    kept = iter(made.decode())
    assert all(letter in kept for letter in str(files["_layouts/a.html"])), "nothing was taken out"
