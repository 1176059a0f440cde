"""What the program's blog lacks is offered once, proposed like a post, and then built by real Jekyll."""

from __future__ import annotations

import shutil
from html import unescape
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.blog import targets
from services.blog.convert import Converted
from services.blog.models import offer as table
from shared import db, worker
from tests.conftest import Baton
from tests.integration.test_blog_jekyll import Page, build, canonical, jekyll, write
from tests.offering import Ada, branches, git, show, target
from tests.posts import FIXTURES, one
from tests.repos import Repo
from tests.signup import signed_in
from tests.told import spoken

__all__ = ["jekyll"]
LAYOUT = "_layouts/default.html"
PAGE = "/blog/target"


def offer(baton: Baton) -> dict[str, Any]:
    """The offer of what is lacking, once all that is due was done."""
    worker.app.tasks["blog.tick"].run()
    baton.drain()
    [row] = [each for each in baton.rows("blog", "offer") if each["setup"]]
    return row


def pushes(tmp_path: Path, layout: str, message: str = "Mine") -> None:
    """Somebody changes the layout of the embedded blog by hand."""
    clone = tmp_path / "clone"
    shutil.rmtree(clone, ignore_errors=True)
    repo = Repo.__new__(Repo)
    repo.bare, repo.work = target(), clone
    repo._git("clone", "--quiet", str(target()), str(clone), cwd=tmp_path)
    repo.commit({LAYOUT: layout}, message)


def test_what_the_embedded_blog_lacks_is_offered_once_proposed_declined_merged_and_seen_again(
    baton: Baton, tmp_path: Path
) -> None:
    # Given the embedded blog, which lacks nothing
    olga = signed_in(baton.app("blog").test_client(), "olga", "organizer")
    assert "it has all they need" in spoken(olga.get(PAGE).text) and baton.rows("blog", "offer") == []
    # When somebody hard-wires its canonical address and prints titles as they are
    whole = show(LAYOUT)
    bare = whole.replace(
        "{% if page.canonical_url %}{{ page.canonical_url | escape }}{% else %}"
        "{{ page.url | absolute_url }}{% endif %}",
        "{{ page.url | absolute_url }}",
    ).replace("{{ page.title | escape }}", "{{ page.title }}")
    pushes(tmp_path, bare)
    # Then the page says so, shows what would change, and changes nothing by being looked at
    page = olga.get(PAGE).text
    assert "take the author" in page and "printed as they are" in page and "Propose it" in page
    assert "{% if page.canonical_url %}" in unescape(page) and baton.rows("blog", "offer") == []
    # it can be waved away, and had back
    assert olga.post(f"{PAGE}/setup/dismiss").status_code == 303
    page = olga.get(PAGE).text
    assert "not to be brought" in page and "Propose it" not in page
    assert olga.post(f"{PAGE}/setup/restore").status_code == 303 and olga.post(f"{PAGE}/setup/x").status_code == 404
    # When it is proposed, twice at once
    for _ in range(2):
        assert olga.post(f"{PAGE}/setup").status_code == 303
    row = offer(baton)
    # Then there is one proposal, of its own, with nobody's name
    assert (row["state"], row["person"], branches()) == ("open", "", [row["branch"]])
    assert git(target(), "diff", "--name-only", "main", row["branch"]) == LAYOUT
    assert "in review" in olga.get(PAGE).text and olga.post(f"{PAGE}/setup").status_code == 409
    shown = olga.get(f"/blog/offers/{row['id']}").text
    assert "What it mends" in shown and "Agreed to" not in shown and "escape_once" in shown
    assert "for all posts" in olga.get("/blog/offers/?state=open").text
    # When it is declined, it stays so until somebody asks again
    olga.post(f"/blog/offers/{row['id']}/decline")
    assert offer(baton)["state"] == "closed" and branches() == []
    baton.pass_time(hours=1)
    assert offer(baton)["state"] == "closed" and "proposed and declined" in olga.get(PAGE).text
    olga.post(f"{PAGE}/setup")
    row = offer(baton)
    assert row["state"] == "open" and row["branch"].endswith("-2")
    # When somebody commits to its branch, that is left alone
    theirs = git(target(), "commit-tree", f"{row['branch']}^{{tree}}", "-p", row["commit"], "-m", "By hand")
    git(target(), "update-ref", f"refs/heads/{row['branch']}", theirs)
    baton.pass_time(hours=1)
    assert offer(baton)["moved"] and git(target(), "rev-parse", row["branch"]) == theirs
    # When it is merged by hand, it is known, and nothing is lacking; nothing was published, nobody told
    git(target(), "update-ref", "refs/heads/main", theirs)
    baton.pass_time(hours=1)
    row = offer(baton)
    assert row["state"] == "merged" and "it has all they need" in spoken(olga.get(PAGE).text)
    assert baton.rows("blog", "event", type="post.published") == baton.rows("blog", "event", type="offer.moved") == []
    # posts go on as before, and what is lacking again is offered again
    ada = Ada(baton, tmp_path)
    assert ada.offer(ada.writes("A <b> & more"))["text"].count('title: "A <b> & more"') == 1
    pushes(tmp_path, bare, "Mine again")
    assert "Propose it" in olga.get(PAGE).text
    olga.post(f"{PAGE}/setup")
    row = offer(baton)
    assert (row["state"], row["kind"]) == ("open", "update")
    # What somebody undoes on its branch and then accepts is theirs: it is not proposed again unasked
    undone = git(target(), "commit-tree", "main^{tree}", "-p", row["commit"], "-m", "Not that")
    git(target(), "update-ref", f"refs/heads/{row['branch']}", undone)
    baton.pass_time(hours=1)
    assert offer(baton)["moved"]
    olga.post(f"/blog/offers/{row['id']}/accept")
    assert offer(baton)["state"] == "merged" and "escape_once" not in show(LAYOUT)
    baton.pass_time(hours=1)
    assert offer(baton)["state"] == "merged" and not any("set-up" in name for name in branches())
    olga.post(f"{PAGE}/setup")
    row = offer(baton)
    olga.post(f"/blog/offers/{row['id']}/accept")
    assert offer(baton)["state"] == "merged" and "escape_once" in show(LAYOUT)
    # and asked for where nothing is lacking, nothing is proposed, then or later
    olga.post(f"{PAGE}/setup")
    assert offer(baton)["state"] == "merged"
    with db.write("blog") as tx:
        tx.execute(sa.update(table).where(table.c.setup.is_not(None)).values(live=[]))
    olga.post(f"{PAGE}/setup")
    assert (offer(baton)["state"], offer(baton)["reason"]) == ("skipped", "It lacks nothing that could be brought.")
    pushes(tmp_path, bare, "Mine for good")
    baton.pass_time(hours=1)
    assert offer(baton)["state"] == "skipped" and not any("set-up" in name for name in branches())


def test_jekyll_builds_what_it_lacked(jekyll: str, tmp_path: Path) -> None:
    # Given a blog in the Skinny-Bones shape whose pages say that each is the original, and whose authors are one file
    site = tmp_path / "site"
    shutil.copytree(FIXTURES / "program-blog" / "skinny", site)
    layout = site / "_layouts/article.html"
    hard = "href=\"{{ page.url | replace:'index.html','' | prepend: site.url }}\""
    layout.write_text(layout.read_text().replace('href="{{ page.canonical_url | default: page.url }}"', hard))
    (site / "_data").mkdir()
    (site / "_data/authors.yml").write_text("olu:\n  name: Olu\n")

    def there() -> dict[str, bytes]:
        return {f.relative_to(site).as_posix(): f.read_bytes() for f in site.rglob("*") if f.is_file()}

    before = there()
    assert (targets.target(before, before.get).escapes, targets.target(before, before.get).authors) == (False, False)
    # When what it lacks is brought, and then a post, beside one with a title that was escaped before
    found = targets.lacks(before, before.get)
    for path in found.removed:
        (site / path).unlink()
    for path, data in found.files.items():
        (site / path).parent.mkdir(exist_ok=True)
        (site / path).write_bytes(data)
    of = targets.target(there(), there().get)
    assert of.shape == "skinny" and of.authors and of.escapes
    made = one("---\ntitle: 'A <T> & \"b\"'\nslug: one\ndate: 2020-01-02\n---\nWords.", target=of)
    assert isinstance(made, Converted) and made.front["title"] == 'A <T> & "b"' and made.front["author"] == "ada"
    write(site, [made])
    path, data = targets.author_file(made.said.author, of)
    (site / path).write_bytes(data)
    old = made.path.replace("-one", "-old")
    (site / old).write_text('---\nlayout: article\ntitle: "Old &lt;T&gt;"\n---\nOld words.\n')
    pages = build(jekyll, site)
    # Then the page says where the original is and who wrote it, and titles are escaped, once, wherever they are
    page = next(
        text for text in pages.values() if "Words." in text and "Originally published" in text and "<h1>A" in text
    )
    assert canonical(page) == made.original
    shown = Page(page)
    assert ("meta", {"name": "author", "content": "Ada Lovelace"}) in shown.tags
    assert 'A <T> & "b"' in shown.shown and "t" not in [tag for tag, _ in shown.tags]
    index = pages["index.html"]
    assert 'A <T> & "b"' in Page(index).shown and "Old <T>" in Page(index).shown
    assert not [path for path, text in pages.items() if path.endswith(".html") and "&amp;lt;" in text]
    assert canonical(index) == "https://program.example/"


def test_nobody_but_organizers_proposes_it(baton: Baton) -> None:
    for path in ("setup", "setup/dismiss", "shape"):
        assert signed_in(baton.app("blog").test_client(), "ada", "member").post(f"{PAGE}/{path}").status_code == 403
        assert baton.client("blog").post(f"{PAGE}/{path}").status_code in {302, 303, 401}
    assert baton.rows("blog", "offer") == baton.rows("blog", "aim") == []
