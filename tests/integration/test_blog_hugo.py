"""Hugo and Astro as the program's blog: real Hugo builds it with the whole corpus; a post's way on plain git."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.blog import profiles, targets
from services.blog.convert import Converted, Target
from services.blog.offers import deciding, mentees
from services.blog.rules.profiles import checked
from shared import config, db
from tests.conftest import Baton
from tests.integration.test_blog_jekyll import Page, canonical, write
from tests.integration.test_profiles import ADA, photo, saves
from tests.offering import PNG, Ada, git
from tests.postgres import absent
from tests.posts import FIXTURES, corpus, one
from tests.repos import Repo
from tests.signup import signed_in

RENDERER = "[markup.goldmark.renderer]\nunsafe = true\n"
CLOSED = [
    "{{< figure src=x >}}",
    "{{% x %}}",
    "{{</* a */>}}",
    "{{< a {{< b >}}",
    "{{<x>}}{{</x>}}",
    "{{% a >}} {{< b %}}",
]


@pytest.fixture(scope="module")
def hugo() -> str:
    return shutil.which("hugo") or absent("Hugo is not installed here: apt-get install hugo")


def build(hugo: str, site: Path) -> dict[str, str]:
    """All pages of a site, by path; Hugo must have nothing to say."""
    built = Path(f"{site}-built")
    shutil.rmtree(built, ignore_errors=True)
    command = [hugo, "--source", str(site), "--destination", str(built), "--cacheDir", f"{site}-cache", "--noTimes"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120)
    told = said.stdout + said.stderr
    assert said.returncode == 0 and not re.search(r"ERROR|WARN", told), told
    return {file.relative_to(built).as_posix(): file.read_text() for file in built.rglob("*.html")}


def listed(site: Path) -> tuple[set[str], targets.Read]:
    """The files of a site, and how to read one."""
    there = {file.relative_to(site).as_posix() for file in site.rglob("*") if file.is_file()}

    def read(path: str) -> bytes | None:
        return (site / path).read_bytes() if path in there else None

    return there, read


def seen(site: Path) -> Target:
    return targets.target(*listed(site))


@pytest.mark.parametrize("unsafe", [False, True], ids=["no-html", "html"])
def test_hugo_builds_the_target_with_every_post(hugo: str, tmp_path: Path, unsafe: bool) -> None:
    # Given the program's blog as it is, which shows HTML within posts or does not
    site = tmp_path / "site"
    shutil.copytree(FIXTURES / "program-blog" / "hugo", site)
    if unsafe:
        (site / "hugo.toml").write_text((site / "hugo.toml").read_text() + RENDERER)
    target = seen(site)
    assert (target.html, target.base) == (unsafe, "/blog")
    before = build(hugo, site)
    # When every post of the corpus is put there
    posts = [made for _, _, made in corpus(target) if isinstance(made, Converted)]
    write(site, posts)
    after = build(hugo, site)
    # Then each made one new page, beside those that list tags and categories
    new = {path for path in set(after) - set(before) if path.startswith("posts/")}
    assert len(new) == len(posts) == 15
    assert {path.split("/")[0] for path in set(after) - set(before)} <= {"posts", "tags", "categories"}
    pages = {canonical(after[path]): after[path] for path in new}
    assert set(pages) == {post.original for post in posts}
    for post in posts:
        page = pages[post.original]
        shown = Page(page)
        assert f"{post.title} • The program's blog" in shown.shown and "raw HTML omitted" not in page
        assert "By Ada Lovelace . Originally published at ada.example" in shown.shown
        for tag, of in shown.tags:
            assert tag not in {"script", "iframe", "object", "embed", "form", "base"}, tag
            assert not [key for key in of if key.startswith("on")], of
            assert not (of.get("href") or of.get("src") or "").lower().startswith(("javascript:", "data:", "vbscript:"))
            source = of.get("src") or ""
            assert tag != "img" or not source.startswith("/") or (site / "static" / source[6:]).is_file(), source
        # and no word of it vanished on the way through goldmark
        for word in re.findall(r"[A-Za-z]{5,}", re.sub(r"\]\([^)]*\)|<[^<>]*>|&\w+;|\{[:#][^}]*\}", " ", post.body)):
            assert word in unescape(page), (post.path, word)


def test_shortcodes_of_every_kind_are_shown_and_not_run_and_the_mentees_page_lists_people(
    hugo: str, tmp_path: Path
) -> None:
    # Given posts with shortcodes that end, and some that never do, in text and in code
    site = tmp_path / "site"
    shutil.copytree(FIXTURES / "program-blog" / "hugo", site)
    target = seen(site)
    body = (
        "".join(f"\nWords {trial} here.\n\n```\n{trial}\n```\n" for trial in CLOSED) + "\nIts end `{{< never` and {{%\n"
    )
    made = one(f"---\ntitle: 'A {{{{< x >}}}}'\ndate: 2020-01-02\n---\n{body}", "readme", target=target)
    write(site, [made])
    # and two mentees
    for name in ("Zoe", ADA["name"]):
        row = {**checked({**ADA, "name": name}, True, True)[0], "id": db.new_id()}
        row["headshot"] = base64.b64encode(profiles.small(photo())).decode()
        brought, path, missing = mentees.files(row, *listed(site), target)
        assert missing == [] and mentees.is_own(path) and path.startswith("data/mentees/")
        for each, data in brought.items():
            (site / each).parent.mkdir(parents=True, exist_ok=True)
            (site / each).write_bytes(data)
    # When Hugo builds it
    pages = build(hugo, site)
    # Then all is there to be read
    [page] = [page for path, page in pages.items() if path.startswith("posts/one")]
    for trial in CLOSED:
        assert trial in "".join(Page(page).words), trial
    assert "{\u2060{< never" in Page(page).shown and "A {{< x >}}" in Page(page).shown
    # and people are listed, in order, as text, with links and pictures
    shown = Page(pages["mentees/index.html"])
    assert shown.shown.index("Ada <b>Lovelace</b>") < shown.shown.index("Zoe")
    assert '<script>alert(1)</script> & "Liquid"' in shown.shown and "b" not in [tag for tag, _ in shown.tags]
    assert {"https://ada.example/?a=1&b=2", "https://x.example/#me"} <= {of.get("href") for _, of in shown.tags}
    images = [of for tag, of in shown.tags if tag == "img"]
    assert len(images) == 2 and all((site / "static" / str(of["src"])[6:]).is_file() for of in images)
    # and with nobody on it the page still builds
    shutil.rmtree(site / "data")
    build(hugo, site)


PLACES = {
    "hugo": ("content/posts", "static/", "data/mentees/", ".yml", "content/mentees.md"),
    "astro": ("src/content/blog", "public/", "src/data/mentees/", ".json", "src/pages/mentees.astro"),
}


@pytest.mark.parametrize("shape", ["hugo", "astro"])
def test_a_post_is_proposed_changed_merged_changed_and_taken_down(baton: Baton, tmp_path: Path, shape: str) -> None:
    """Given a blog that Hugo or Astro makes, at some git remote, Then a post has all of its way there."""
    repo = Repo(tmp_path, "program")
    folder = FIXTURES / "program-blog" / shape
    repo.commit({f.relative_to(folder).as_posix(): f.read_bytes() for f in folder.rglob("*") if f.is_file()})
    config.use(replace(config.current(), blog_repo=str(repo.bare)))
    place, static, data, suffix, people = PLACES[shape]
    post, image = f"{place}/on-engines.md", f"{static}images/posts/on-engines/wheel.png"

    def there(branch: str = "main") -> set[str]:
        return set(git(repo.bare, "ls-tree", "-r", "--name-only", branch).splitlines())

    def decides(row: dict[str, Any], verdict: str = "accept") -> dict[str, Any]:
        with db.write("blog") as tx:
            deciding.decide(tx, "", row["id"], verdict)
        return ada.offer(id)

    ada = Ada(baton, tmp_path)
    words = "Words of {{< x >}}.\n\n![w](wheel.png)"
    files: Any = {"content/posts/wheel.png": PNG}
    id = ada.writes("On Engines", words, **files)
    row = ada.offer(id)
    assert (row["state"], row["reason"]) == ("open", "")
    assert there(row["branch"]) - there() == {post, image}
    written = git(repo.bare, "show", f"{row['branch']}:{post}")
    front = yaml.safe_load(written.split("---")[1])
    assert front["title"] == "On Engines" and front["author"] == "Ada Lovelace" and "](/blog/images/posts/" in written
    assert front["canonicalURL"].startswith("https://ada.example/")
    assert str(front["date" if shape == "hugo" else "pubDate"]) == "2026-10-01" and front["description"]
    # its picture is shown to organizers
    olga = signed_in(baton.app("blog").test_client(), "olga", "organizer")
    assert f"/blog/offers/{row['id']}/images/posts/on-engines/wheel.png" in olga.get(f"/blog/offers/{row['id']}").text
    assert olga.get(f"/blog/offers/{row['id']}/images/posts/on-engines/wheel.png").data == PNG
    # it changes: the same branch; it is merged; it changes again; it is taken down
    ada.writes("On Engines", "Better words.")
    assert ada.offer(id)["branch"] == row["branch"] and there(row["branch"]) - there() == {post}
    assert decides(row)["state"] == "merged" and post in there()
    ada.writes("On Other Engines", "Other words.")
    row = ada.offer(id)
    assert (row["state"], row["kind"], row["path"]) == ("open", "update", post)
    assert decides(row)["state"] == "merged" and "Other words" in git(repo.bare, "show", f"main:{post}")
    ada.sets(id, "declined")
    row = ada.offer(id)
    assert (row["kind"], there() - there(row["branch"])) == ("removal", {post})
    assert decides(row)["state"] == "withdrawn" and post not in there()
    # and a mentee has a place there
    reader = signed_in(baton.app("blog").test_client(), ada.person, "member")
    assert saves(reader, shot=photo()).status_code == 303
    baton.drain()
    [profile] = [each for each in baton.rows("blog", "offer") if each["profile"]]
    brought = there(profile["branch"]) - there()
    assert people in brought and f"{static}images/mentees/" in " ".join(brought)
    assert [path for path in brought if path.startswith(data) and path.endswith(suffix)]
    assert olga.get(f"/blog/offers/{profile['id']}").text.count(f"/blog/offers/{profile['id']}/images/mentees/") == 1


def test_what_makes_the_blog_can_be_said_on_its_page_and_by_programs(baton: Baton, tmp_path: Path) -> None:
    """Given a folder of content that nothing tells of, When an organizer says what makes it, Then posts go there."""
    repo = Repo(tmp_path, "program")
    repo.commit({"README.md": "words", "site/x.md": "x"})
    config.use(replace(config.current(), blog_repo=str(repo.bare)))
    olga = signed_in(baton.app("blog").test_client(), "olga", "organizer")
    page = olga.get("/blog/target").text
    assert "So its files say" in page and "_posts/" in page
    for shape, folder in (("wordpress", ""), ("jekyll", "content/x"), ("hugo", "../etc"), ("hugo", "content/../../x"),
                          ("hugo", "content/.git/hooks"), ("astro", "content/x"), ("", "content/x"), ("hugo", "\0"),
                          ("hugo", "content/" + "x" * 300)):  # fmt: skip
        refused = olga.post("/blog/target/shape", data={"shape": shape, "folder": folder})
        assert refused.status_code == 422 and "error" in refused.text, (shape, folder)
    assert baton.rows("blog", "aim") == []
    said = olga.post("/blog/target/shape", data={"shape": "hugo", "folder": "/content/en/notes/"})
    assert said.status_code == 303
    page = olga.get("/blog/target").text
    assert "its files look like Jekyll" in page and "content/en/notes/" in page and "shows no HTML" in page
    ada = Ada(baton, tmp_path)
    row = ada.offer(ada.writes())
    assert row["path"] == "content/en/notes/on-engines.md"
    # and taken back
    olga.post("/blog/target/shape", data={"shape": "", "folder": ""})
    assert "So its files say" in olga.get("/blog/target").text
    # a blog that cannot be reached now is said to be, and the page is there
    config.use(replace(config.current(), blog_repo=str(tmp_path / "none.git")))
    assert "cannot be looked at now" in olga.get("/blog/target").text


def test_hugo_builds_what_its_heads_lacked(hugo: str, tmp_path: Path) -> None:
    # Given a blog whose pages say of each that it is the original, and nowhere who wrote it
    site = tmp_path / "site"
    shutil.copytree(FIXTURES / "program-blog" / "hugo", site)
    (site / "layouts/partials/head.html").write_text('<link rel="canonical" href="{{ .Permalink }}">\n')
    single = site / "layouts/_default/single.html"
    single.write_text(re.sub(r"\.Params\.\w*author\w*", ".Params.byline", single.read_text()))
    # When what it lacks is brought, and a post
    found = targets.lacks(*listed(site))
    for path, data in found.files.items():
        (site / path).write_bytes(data)
    made = one("---\ntitle: One\ndate: 2020-01-02\n---\nWords.", target=seen(site))
    assert isinstance(made, Converted)
    write(site, [made])
    pages = build(hugo, site)
    # Then the post names the address of the original and its author, and other pages are what they were
    page = next(text for text in pages.values() if "Originally published" in text)
    assert canonical(page) == made.original
    assert ("meta", {"name": "author", "content": "Ada Lovelace"}) in Page(page).tags
    assert canonical(pages["index.html"]) == "https://program.example/blog/"
    assert targets.lacks(*listed(site)) == targets.Setup()
