"""Texts that repeat one thing without end: a process that its test runs, and that ends itself if one takes long."""

from __future__ import annotations

import signal

from services.blog import targets
from services.blog.blogs import detecting
from services.blog.convert import Target

from .posts import one

SECONDS = 6  # of the processor for one text, whatever else runs; a tenth will do
LENGTH = 40_000  # characters
MANY = [
    "[", "![", "](", "{ ", "{{", "{%", "{{< a ", "{% raw %}", "{% comment %}", "{% include a ",
    "{{'x' | relative_url", "<!--", "<iframe ", "<script>", "<svg><script>", "<A>", "{/*", "\\(", "\\[",
    "\\begin{align}\n", "$$\n\\begin{align}\n", "\\[\\begin{align}x",
    "$", "`", "` `` ", "a__", " ", "\t", "\n", "- ", "> ", "|", "a|b\n", "[^1]: x\n", "{::",
    "{:toc ", "<b>`x`", "-eyJ", "a+", "::: x\n", ":::\n", "```\n", "```{note}\n", "[x]: y\n", "[x](y", "{.a", "#",
    "{{% highlight py %}}", "[a](x:y) ",
]  # fmt: skip
BETWEEN = [
    ("# a", "b\n"), ("![](", " !"), ("{: ", "!}"), ("`a", "b`"), ("{{< a ", "b"), ("[x]:", "a b c"), ("::: ", "(\n"),
    ("<A b", "c"), ("```\n", "\n```"),
]  # fmt: skip
HTML = ["<b>", "<b>x", "<table><tr><td>", "<ul><li>", "<div>\n", "<pre>", "<a href=x>", "<sup>"]  # to be Markdown
HUGO = Target("hugo", folder="content/posts", html=False, math="escaped")
LAYOUT = [
    "<link rel=canonical ",
    "{{ page.",
    "<img {{ author.avatar ",
    "{{ a.title | ",
    "<img {{ x }} ",
    "<link href='{{",
    "{% capture a %}{{ a.title }}",
    "{% raw %}",
    "<![CDATA[",
    "{% assign a = b.title ",
    "{% assign a = b.title %}{{ a }}",
    "{% capture a %}{{ b.title }}{% endcapture %}{{ a | escape }}",
]
DIALECTS = {"{{<": "hugo", "{{%": "hugo", "<A": "astro", "{/*": "astro", ":::": "myst", "```{": "myst"}  # else jekyll


def main() -> None:
    texts = [f"words {bit * (LENGTH // len(bit))} words" for bit in MANY]
    texts += [before + blank * LENGTH + after for before, after in BETWEEN for blank in " \n"]
    for text in texts:
        dialect = next((name for bit, name in DIALECTS.items() if bit in text[:20]), "jekyll")
        print(dialect, repr(text[:20]), flush=True)
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)  # which ends the process
        path = "src/content/posts/one.mdx" if dialect == "astro" else ""
        one(f"---\ntitle: One\ndate: 2020-01-02\n---\n{text}", dialect, path=path)
    for bit in HTML:
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        one(f"---\ntitle: One\ndate: 2020-01-02\n---\nwords {bit * (LENGTH // len(bit))}", "readme", target=HUGO)
    for bit in LAYOUT:
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        layout = (bit * (LENGTH // len(bit))).encode()
        targets.lacks(["_layouts/a.html"], lambda _, layout=layout: layout)  # type: ignore[misc]
    for name in ("_quarto.yml", "hugo.toml"):
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        detecting.shape([name, "posts/a.qmd"], lambda _: "\n" * 5 * LENGTH, "https://git.example/ada/blog", "")
    one(f"---\ntitle: One\ndate: 2020-01-02\nx: [\na:{' ' * LENGTH}b\n---\nwords")


if __name__ == "__main__":
    main()
