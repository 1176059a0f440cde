"""A member's place on the mentees page: their yes, their picture, and that all of it goes when they say so."""

from __future__ import annotations

import base64
import shutil
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from services.blog import profiles
from services.blog.convert import Target
from services.blog.offers import mentees
from services.blog.rules.profiles import checked, is_address
from services.blog.rules.refusals import Refused
from shared import db, worker
from tests.conftest import Baton
from tests.integration.test_blog_jekyll import Page, build, jekyll
from tests.offering import branches, files, git, target
from tests.posts import FIXTURES
from tests.signup import signed_in
from tests.told import PROGRAM, member, spoken, tell

assert jekyll  # a fixture
HOME = "/blog/mine/profile/"
BIO = 'I learn <script>alert(1)</script> & "Liquid" {{ site.title }} {% raw %}\n\n    and *Markdown* --- : yes'
ADA: dict[str, Any] = {"name": "Ada <b>Lovelace</b>", "bio": BIO, "site": "https://ada.example/?a=1&b=2",
                       "links": "GitHub https://github.com/ada\nhttps://x.example/#me",
                       "alt": 'Ada "laughs"'}  # fmt: skip


def photo(size: tuple[int, int] = (900, 600), kind: str = "JPEG", **more: Any) -> bytes:
    made = BytesIO()
    Image.new("RGB", size, (200, 30, 60)).save(made, kind, **more)
    return made.getvalue()


def told() -> bytes:
    """A photo that says where it was taken, and lies on its side."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x9003] = 6, "at home, Elm Street 5", "2026:10:01 10:00:00"
    exif.get_ifd(0x8825)[1] = "N"
    return photo(exif=exif, comment=b"secret comment")


@pytest.fixture
def ada(baton: Baton) -> Any:
    tell("program.changed", PROGRAM, to="blog")
    tell("member.confirmed", member("ada", name="Ada Lovelace", state="active"), to="blog")
    return signed_in(baton.app("blog").test_client(), "ada", "member")


@pytest.fixture
def olga(baton: Baton) -> Any:
    return signed_in(baton.app("blog").test_client(), "olga", "organizer")


def saves(ada: Any, shown: bool = True, shot: bytes | None = None, **typed: Any) -> Any:
    form = {**ADA, **typed, **({"shown": "yes"} if shown else {})}
    if shot is not None:
        form["headshot"] = (BytesIO(shot), "../../me.jpg")
    return ada.post(HOME, data=form, content_type="multipart/form-data")


def offer(baton: Baton) -> Any:
    """The offer, once all that is due was done."""
    worker.app.tasks["blog.tick"].run()
    baton.drain()
    [row] = baton.rows("blog", "offer")
    return row


def own(of: set[str]) -> set[str]:
    return {path for path in of if mentees.is_own(path)}


def test_a_yes_is_proposed_accepted_changed_and_taken_back(baton: Baton, ada: Any, olga: Any) -> None:
    """Given nothing, When Ada writes, then agrees, changes and takes back, Then each is one proposal; nothing without
    her yes, and nothing of hers stays."""
    assert "You are on it if you say so" in ada.get(HOME).text and 'value="Ada Lovelace"' in ada.get(HOME).text
    assert saves(ada, shown=False, shot=told()).status_code == 303
    baton.drain()
    assert baton.rows("blog", "offer") == [], "a draft is nobody's business"
    assert saves(ada).location.endswith("said=shown")
    row = offer(baton)
    assert row["state"] == "open" and len(branches()) == 1 and "ada" not in branches()[0]
    assert "in review" in spoken(ada.get(HOME).text)
    shown = olga.get(f"/blog/offers/{row['id']}").text
    assert "on the mentees page" in olga.get("/blog/offers/").text and "a place on the mentees page" in shown
    picture = next(path for path in row["files"] if path.endswith(".jpg"))
    assert olga.get(f"/blog/offers/{row['id']}/{picture}").content_type == "image/jpeg"
    assert "<script>alert" not in shown and not own(files())
    olga.post(f"/blog/offers/{row['id']}/accept")
    row = offer(baton)
    assert row["state"] == "merged" and own(files()) == own(set(row["live"])) and len(own(files())) == 2
    assert {"mentees.html", "_includes/mentees.html"} < files()
    assert not [each for each in baton.rows("blog", "event") if each["type"] == "post.published"]
    assert "published" in spoken(ada.get(HOME).text)
    # Another picture, in place of the old one, and the page that others are on, too, stays as it is.
    saves(ada, shot=photo(kind="PNG"))
    olga.post(f"/blog/offers/{offer(baton)['id']}/accept")
    row = offer(baton)
    assert picture not in files() and len(own(files())) == 2 and "mentees.html" in files()
    # The same once more is nothing.
    saves(ada)
    assert offer(baton)["state"] == "merged" and branches() == []
    assert saves(ada, shown=False).location.endswith("said=unshown")
    row = offer(baton)
    assert (row["state"], row["kind"]) == ("open", "removal") and "being taken down" in spoken(ada.get(HOME).text)
    assert "Ada" not in git(target(), "log", "-1", "--format=%B%an%ae", branches()[0])
    olga.post(f"/blog/offers/{row['id']}/accept")
    offer(baton)
    assert not own(files()) and "mentees.html" in files()
    assert "not shown" in spoken(ada.get(HOME).text) and BIO.split()[0] in ada.get(HOME).text


def test_declined_it_is_asked_for_again_by_a_button(baton: Baton, ada: Any, olga: Any) -> None:
    saves(ada)
    olga.post(f"/blog/offers/{offer(baton)['id']}/decline")
    assert offer(baton)["state"] == "closed" and "Ask again" in ada.get(HOME).text
    assert ada.post(f"{HOME}again").status_code == 303 and offer(baton)["state"] == "open"
    assert ada.post(f"{HOME}again").status_code == 409


def test_erased_she_is_taken_down_in_the_same_run_and_named_nowhere(baton: Baton, ada: Any, olga: Any) -> None:
    saves(ada, shot=told())
    olga.post(f"/blog/offers/{offer(baton)['id']}/accept")
    offer(baton)
    tell("member.erased", {"person": "ada", "erased": True}, to="blog")
    row = offer(baton)
    assert (row["state"], row["kind"]) == ("open", "removal")
    kept = str(baton.rows("blog", "profile")) + str(row)
    assert "Lovelace" not in kept and "alert(1)" not in kept and "x.example" not in kept
    olga.post(f"/blog/offers/{row['id']}/accept")
    offer(baton)
    assert not own(files())


def test_who_leaves_goes_from_the_page_in_the_same_run_and_alumni_stay(baton: Baton, ada: Any, olga: Any) -> None:
    """Given Ada on the page, When she graduates, leaves and returns, Then she stays, goes, and is asked anew."""
    saves(ada)
    olga.post(f"/blog/offers/{offer(baton)['id']}/accept")
    offer(baton)
    tell("member.graduated", member("ada", name="Ada Lovelace", state="alumni"), to="blog")
    assert offer(baton)["state"] == "merged" and own(files())
    tell("member.left", member("ada", name="Ada Lovelace", state="left"), to="blog")
    row = offer(baton)
    assert (row["state"], row["kind"]) == ("open", "removal")
    olga.post(f"/blog/offers/{row['id']}/accept")
    offer(baton)
    assert not own(files())
    tell("member.returned", member("ada", name="Ada Lovelace", state="active"), to="blog")
    assert offer(baton)["state"] == "withdrawn" and "your yes ends with it" in ada.get(HOME).text
    assert [row["agreed_at"] for row in baton.rows("blog", "profile")] == [None]
    assert "ada" in olga.get("/blog/export/profiles.csv").text and "https://x.example/#me" in (
        olga.get("/blog/export/profiles.json").text
    )


def test_erased_before_it_was_accepted_its_branch_goes(baton: Baton, ada: Any) -> None:
    saves(ada)
    offer(baton)
    tell("member.erased", {"person": "ada", "erased": True}, to="blog")
    assert offer(baton)["state"] == "withdrawn" and branches() == []


@pytest.mark.parametrize("shape", ["skinny", "jekyll", "placeholder"])
def test_jekyll_builds_the_page_with_what_people_wrote(jekyll: str, tmp_path: Path, shape: str) -> None:
    """Given a program's blog, perhaps with a page of that name, Then both mentees are on it, as text, in order."""
    site = tmp_path / "site"
    shutil.copytree(FIXTURES / "program-blog" / ("jekyll" if shape == "placeholder" else shape), site)
    if shape == "placeholder":
        (site / "mentees.md").write_text(
            "---\nlayout: post\ntitle: Mentees\npermalink: /mentees/\n---\nComing *soon*.\n"
        )
    before = build(jekyll, site)

    def read(path: str) -> bytes | None:
        return (site / path).read_bytes() if (site / path).is_file() else None

    for name in ("Zoe", ADA["name"]):
        said, problems = checked({**ADA, "name": name}, True, True)
        assert not problems
        row = {**said, "id": db.new_id(), "headshot": base64.b64encode(profiles.small(photo())).decode()}
        there = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
        brought, _, missing = mentees.files(row, there, read, Target("skinny" if shape == "skinny" else "jekyll"))
        assert missing == []
        for path, data in brought.items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_bytes(data)
    after = build(jekyll, site)
    assert set(after) - set(before) == (set() if shape == "placeholder" else {"mentees/index.html"})
    page = Page(after["mentees/index.html"])
    assert page.shown.index("Ada <b>Lovelace</b>") < page.shown.index("Zoe")
    assert 'I learn <script>alert(1)</script> & "Liquid" {{ site.title }} {% raw %}' in page.shown
    assert ("Coming soon" in page.shown) == (shape == "placeholder")
    tags = [(tag, said) for tag, said in page.tags if tag in {"script", "img", "a", "b"}]
    assert not [tag for tag, _ in tags if tag in {"script", "b"}]
    links = {said.get("href") for tag, said in tags if tag == "a"}
    assert {"https://ada.example/?a=1&b=2", "https://github.com/ada", "https://x.example/#me"} <= links
    images = [said for tag, said in tags if tag == "img"]
    assert len(images) == 2 and all(said["alt"] == 'Ada "laughs"' for said in images)
    base = "/blog" if shape != "skinny" else ""
    for said in images:
        src = str(said["src"])
        assert (site / src.removeprefix(base).lstrip("/")).is_file(), src


def test_a_page_without_front_matter_is_left_alone_and_said() -> None:
    row = {**checked(ADA, False, True)[0], "id": db.new_id(), "headshot": None}
    brought, _, missing = mentees.files(row, {"mentees.html"}, lambda path: b"<p>plain</p>", Target())
    assert "mentees.html" not in brought and "no front matter" in missing[0]


def test_of_a_picture_nothing_is_kept_but_what_one_sees() -> None:
    small = profiles.small(told())
    for secret in (b"Elm Street", b"Exif", b"2026:10", b"comment"):
        assert secret not in small
    with Image.open(BytesIO(small)) as made:
        assert (made.format, made.size, made.mode) == ("JPEG", (400, 400), "RGB") and not made.getexif()
    # A PNG that is clear lies on white, an animated one stands still.
    clear = BytesIO()
    Image.new("RGBA", (200, 200), (0, 0, 0, 0)).save(clear, "PNG")
    with Image.open(BytesIO(profiles.small(clear.getvalue()))) as made:
        pixel = made.getpixel((5, 5))
        assert isinstance(pixel, tuple) and min(pixel) > 250


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND", b"")


def bomb() -> bytes:
    """A picture that is whole, of a few kilobytes, and a quarter of a gigabyte once it is decoded."""
    made = BytesIO()
    Image.new("1", (8_000, 8_000)).save(made, "PNG")
    return made.getvalue()


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"GIF89a" + b"\0" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.4 not a picture",
        b"\xff\xd8\xff\xe0 a JPEG in name alone",
        photo()[:400],
        photo((50, 50)),
        png(60_000, 60_000, chunk(b"IDAT", zlib.compress(b"\0" * 1000))),
        bomb(),
        png(500, 500, chunk(b"zTXt", b"a\0\0" + zlib.compress(b"a" * 80_000_000)), chunk(b"IDAT", b"x")),
        b"\x89PNG\r\n\x1a\n" + b"\0" * 9_000_000,
    ],
    ids=lambda value: f"{len(value)}-{value[:4].hex()}",
)
def test_what_is_no_picture_or_a_bomb_is_refused_in_words(hostile: bytes) -> None:
    with pytest.raises(Refused) as refused:
        profiles.small(hostile)
    assert refused.value.field == "headshot" and refused.value.remedy


def test_what_cannot_be_taken_is_shown_again_beside_its_field(baton: Baton, ada: Any) -> None:
    before = baton.dump()
    wrong: dict[str, dict[str, Any]] = {
        "name": {"name": " \u202e "}, "bio": {"bio": "\n"}, "site": {"site": "javascript:alert(1)"},
        "links": {"links": "GitHub github.com/ada"}, "alt": {"alt": "x" * 201},
    }  # fmt: skip
    for field, typed in wrong.items():
        answer = saves(ada, **typed)
        assert answer.status_code == 422 and f'id="f-{field}-wrong"' in answer.text, field
    answer = saves(ada, shot=b"no picture", name="Typed")
    assert answer.status_code == 422 and "no picture that can be read" in answer.text and 'value="Typed"' in answer.text
    assert saves(ada, shot=photo(), alt="").status_code == 422, "a picture needs words"
    assert "larger than 8 MB" in saves(ada, shot=b"x" * (profiles.LARGEST + 200_000)).text
    assert saves(ada, name="a\0b").status_code == 422
    assert baton.dump() == before
    for bad in (
        "https://",
        "https://a b",
        'https://a"b',
        "https://u:p@a.example",
        "ftp://a",
        "https://[::1",
        "https://é.example",
    ):
        assert not is_address(bad), bad


def test_only_she_sees_and_changes_it_and_looking_changes_nothing(baton: Baton, ada: Any) -> None:
    saves(ada, shown=False, shot=photo())
    before = baton.dump()
    for path in (HOME, f"{HOME}headshot.jpg"):
        assert ada.get(path).status_code == ada.head(path).status_code == 200
        assert "sign-in" in baton.app("blog").test_client().get(path).location
    eve = signed_in(baton.app("blog").test_client(), "eve", "member")
    assert "Lovelace" not in eve.get(HOME).text and eve.get(f"{HOME}headshot.jpg").status_code == 404
    assert baton.dump() == before


def test_the_api_keeps_and_tells_the_same(baton: Baton, ada: Any, olga: Any) -> None:
    here = {"Sec-Fetch-Site": "same-origin"}
    said = {**ADA, "links": [{"label": "GitHub", "url": "https://github.com/ada"}]}
    assert ada.get("/blog/api/mine/profile").json["standing"] == ""
    answer = ada.put("/blog/api/mine/profile", json={**said, "shown": True}, headers=here)
    assert answer.status_code == 200 and answer.json["shown"] and answer.json["agreed_at"]
    given = {"file": (BytesIO(told()), "me.jpg")}
    assert ada.put("/blog/api/mine/profile/headshot", data=given, headers=here).json["headshot"]
    bad = {"file": (BytesIO(b"x"), "me.jpg")}
    assert ada.put("/blog/api/mine/profile/headshot", data=bad, headers=here).status_code == 422
    assert ada.put("/blog/api/mine/profile", json={**said, "site": "x"}, headers=here).status_code == 422
    row = offer(baton)
    assert ada.get("/blog/api/mine/profile").json["standing"] == "review"
    assert olga.get(f"/blog/api/offers/{row['id']}").json["profile"]
    assert ada.delete("/blog/api/mine/profile/headshot", headers=here).status_code == 204
    assert not [path for path in offer(baton)["files"] if path.endswith(".jpg")]
    assert ada.post("/blog/api/mine/profile/again", json={}, headers=here).status_code == 422
    ada.put("/blog/api/mine/profile", json={**said, "shown": False}, headers=here)
    assert offer(baton)["state"] == "withdrawn" and ada.get("/blog/api/mine/profile").json["agreed_at"] is None
