"""Real Jekyll builds the program's blog with every post of the corpus, and the pages are looked at."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from services.blog.convert import Converted, Target, text
from services.blog.offers import deciding
from services.blog.targets import target as recognised
from shared import db

from ..conftest import Baton
from ..offering import PATH, PNG, Ada, target
from ..postgres import absent
from ..posts import FIXTURES, SKINNY, corpus, of, one

PLAIN = Target("jekyll", ("job",), "blog", base="/blog", authors=True)


@pytest.fixture(scope="module")
def jekyll() -> str:
    found = shutil.which("jekyll")
    return found or absent("Jekyll is not installed here: apt-get install jekyll")


def build(jekyll: str, site: Path) -> dict[str, str]:
    """All pages of a site, by path. What Jekyll says must be nothing that it would build over."""
    command = [jekyll, "build", "--safe", "--source", str(site), "--destination", f"{site}-built", "--trace"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ, "LC_ALL": "C.UTF-8"})
    told = said.stdout + said.stderr
    assert said.returncode == 0, told
    assert not re.search(r"Liquid|YAML|Conflict|Layout|Invalid date|Error|Warning", told), told
    built = Path(f"{site}-built")
    return {
        file.relative_to(built).as_posix(): file.read_text()
        for file in built.rglob("*")
        if file.suffix in {".html", ".xml"}
    }


def write(site: Path, posts: list[Converted]) -> None:
    for post in posts:
        for path, data in [(post.path, text(post).encode()), *((image.path, image.data) for image in post.images)]:
            file = site / path
            assert not file.exists() or path != post.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)


class Page(HTMLParser):
    """What a page shows, and what it would run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def shown(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("target", [SKINNY, PLAIN], ids=["skinny", "jekyll"])
def test_jekyll_builds_the_target_with_every_post(jekyll: str, tmp_path: Path, target: Target) -> None:
    # Given the program's blog, built as it is
    site = tmp_path / "site"
    shutil.copytree(FIXTURES / "program-blog" / target.shape, site)
    before = build(jekyll, site)
    # When every post of the corpus is put there
    posts = [made for _, _, made in corpus(target) if isinstance(made, Converted)]
    write(site, posts)
    after = build(jekyll, site)
    # Then each made one new page, and no other changed but index, feed and sitemap
    new = set(after) - set(before)
    assert len(new) == len(posts) == 15
    assert {path for path in before if after[path] != before[path]} == {"index.html", "atom.xml", "sitemap.xml"}
    pages = {canonical(after[path]): after[path] for path in new}
    assert set(pages) == {post.original for post in posts}
    for post in posts:
        page = pages[post.original]
        shown = Page(page)
        # and shows title, author and where it was first
        assert f"{post.title} • The program's blog" in shown.shown
        assert "By Ada Lovelace . Originally published at ada.example" in shown.shown
        # and runs nothing
        for tag, said in shown.tags:
            assert tag not in {"script", "iframe", "object", "embed", "form", "base"} or (
                tag == "script" and (said.get("type") or "").startswith("math/")
            )
            assert not [key for key in said if key.startswith("on")], said
            assert (
                not (said.get("href") or said.get("src") or "")
                .lower()
                .startswith(("javascript:", "data:", "vbscript:"))
            )
            assert (tag, said.get("http-equiv")) != ("meta", "refresh")
            # and its images are there
            source = (said.get("src") or "").removeprefix(target.base) if tag == "img" else ""
            assert not source.startswith("/") or (site / source.lstrip("/")).is_file(), source
        # and no word of it vanished on the way through kramdown
        for word in re.findall(r"[A-Za-z]{5,}", re.sub(r"\]\([^)]*\)|<[^<>]*>|&\w+;|\{[:#][^}]*\}", " ", post.body)):
            assert word in unescape(page) or word in {"endraw", "raw"}, (post.path, word)


def canonical(page: str) -> str:
    found = re.search(r'<link rel="canonical" href="([^"]*)"', page)
    assert found
    return unescape(found[1])


def test_liquid_of_every_kind_is_shown_and_not_run(jekyll: str, tmp_path: Path) -> None:
    # Given a post that tries to get out of raw in every way, in its title, too
    tries = [
        "{% endraw %}",
        "{%- endraw -%}",
        "{%\nendraw\n%}",
        "{% endraw x %}",
        "{{ {% endraw %}",
        "{% raw %}{% endraw %}{% endraw %}",
    ]
    for number, dialect in enumerate(["hugo", "readme", "quarto"]):
        body = "".join(
            f"\nWords {trial} then {{{{ site.title }}}} and {{% include evil.html %}}.\n\n```\n{trial}{{{{ site.title }}}}\n```\n"
            for trial in tries
        )
        made = one(
            f"---\ntitle: 'A {{{{ site.title }}}} {number}'\nslug: s{number}\ndate: 2020-01-02\nexcerpt: '{{{{ site.title }}}} {{% include x %}}'\n---\n{body}",
            dialect,
        )
        assert isinstance(made, Converted)
        site = tmp_path / dialect
        shutil.copytree(FIXTURES / "program-blog" / "skinny", site)
        write(site, [made])
        # When Jekyll builds it
        pages = build(jekyll, site)
        page = next(html for path, html in pages.items() if f"/s{number}/" in path)
        # Then nothing was replaced by the site's title but what the layout says
        assert page.count("The program's blog") + page.count("The program’s blog") == 1
        if dialect == "readme":
            assert page.count("{{ site.title }}") >= len(tries)


CODE = ["`{}` x", "```\n{}\n```", "    {}"]
AROUND = [
    "<div>\n\n@\n\n</div>", "<p>\n\n@\n\n</p>", "<table><tr><td>\n\n@\n\n</td></tr></table>", "<ul><li>\n\n@\n\n</li></ul>", "<figure>\n\n@\n\n</figure>",
    "<details><summary>s</summary>\n\n@\n\n</details>", "words <code>@</code>", "<kbd>@</kbd>", "<tt>@</tt>", "<b><samp>@</samp></b>", "<div markdown=1><section>\n\n@\n\n</section></div>",
    "<div>words\n@\n</div>", "<div>$@$ {math}@</div>", "<var>@",
]  # fmt: skip


def test_code_within_tags_is_shown_and_not_run(jekyll: str, tmp_path: Path) -> None:
    # Given code with a script in it, in every way, within tags where kramdown sees neither backticks nor fences
    site = tmp_path / "site"
    shutil.copytree(FIXTURES / "program-blog" / "skinny", site)
    posts = []
    for dialect in ("hugo", "jekyll", "quarto", "myst"):
        written = "\n\n".join(
            [around.replace("@", code.format("<script>alert(1)</script>")) for around in AROUND for code in CODE]
            + [
                "> <div>\n>\n> `<script>alert(1)</script>` x\n>\n> </div>",
                "- <div>\n\n  ```\n  <script>alert(1)</script>\n  ```\n  </div>",
            ]
        )
        made = one(f"---\ntitle: One\nslug: s-{dialect}\ndate: 2020-01-02\n---\n{written}", dialect)
        assert isinstance(made, Converted)
        posts.append(made)
    write(site, posts)
    # When Jekyll builds it
    pages = build(jekyll, site)
    for post in posts:
        page = next(html for html in pages.values() if f'href="{post.original}"' in html)
        # Then no script came of it, and the code is there
        assert not [said for tag, said in Page(page).tags if tag == "script" and "math" not in (said.get("type") or "")]
        assert "alert(1)" in Page(page).shown


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_accepted_post_is_one_new_page_of_the_embedded_blog(jekyll: str, baton: Baton, tmp_path: Path) -> None:
    # Given the blog that there is on a laptop, and a member's post that an organizer accepts
    ada = Ada(baton, tmp_path)
    text = "---\ntitle: On Engines & Co\ndate: 2026-10-01\n---\n\n![A map](map.png) of {{ site.title }}.\n\n## More words\n"
    row = ada.offer(ada.pushes({PATH: text, "content/posts/map.png": PNG}))
    before = build(jekyll, checkout(tmp_path / "before"))
    with db.write("blog") as tx:
        deciding.decide(tx, "", row["id"], "accept")
    assert ada.offer(row["post"])["state"] == "merged"
    # When Jekyll builds it
    site = checkout(tmp_path / "after")
    after = build(jekyll, site)
    # Then there is one new page, and no other changed but index and feed
    [new] = set(after) - set(before)
    assert {path for path in before if after[path] != before[path]} == {"index.html", "atom.xml"}
    shown = Page(after[new])
    assert (
        canonical(after[new]) == row["original"] and "On Engines & Co" in shown.shown and "Ada Lovelace" in shown.shown
    )
    assert "{{ site.title }}" in shown.shown and "More words" in shown.shown
    [image] = [said["src"] for tag, said in shown.tags if tag == "img"]
    assert image and (site / image.lstrip("/")).read_bytes() == PNG


def checkout(folder: Path) -> Path:
    """The main branch of the embedded blog, as somebody who clones it has it."""
    subprocess.run(["git", "clone", "--quiet", str(target()), str(folder)], check=True)
    shutil.rmtree(folder / ".git")
    return folder


@pytest.mark.parametrize("shape", ["skinny", "jekyll"])
def test_what_a_target_is_and_has_is_read_off_its_tree(shape: str) -> None:
    folder = FIXTURES / "program-blog" / shape
    paths = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    found = recognised(paths, lambda path: (folder / path).read_bytes() if path in paths else None, ["_posts/x.md"])
    assert (found.shape, found.escapes, found.authors) == (shape, shape == "jekyll", shape == "jekyll")
    assert found.base == ("" if shape == "skinny" else "/blog") and "_posts/x.md" in found.taken
    assert found.categories == (("job",) if shape == "skinny" else ())


def test_a_blog_in_memory_has_the_dialect_that_its_files_tell() -> None:
    assert of({"_quarto.yml": b"", "posts/a.qmd": b""}).dialect == "quarto"
