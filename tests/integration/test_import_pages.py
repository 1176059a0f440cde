"""The organizer's pages of moving in and out: odd uploads, what is refused beside its field, downloads."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from services.signup import access_links, importing, models, people
from shared import access, clock, db, export, tokens
from tests.conftest import Baton

FILES = Path(__file__).resolve().parent.parent / "fixtures" / "csv"
URL = "/signup/organizer/import"
SCRIPT = "<script>alert('x')</script>"


@pytest.fixture
def client(baton: Baton) -> Any:
    """An organizer's browser."""
    with db.write("signup") as tx:
        olga = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
    found = baton.client("signup")
    signed = tokens.sign("cookie", {"person": olga, "roles": ["member", "organizer"], "at": clock.machine()})
    found.set_cookie(access.COOKIE, signed)
    return found


def upload(client: Any, content: bytes, name: str = "responses.csv") -> Any:
    return client.post(URL, data={"file": (io.BytesIO(content), name)}, content_type="multipart/form-data")


def file(name: str) -> bytes:
    return (FILES / name).read_bytes()


def columns(*targets: str, **more: str) -> dict[str, str]:
    told = {f"column.{n}": target for n, target in enumerate(targets)}
    return {**told, "stream": "", "timezone": "UTC", "dates": "mdy", **more}


SMALL = b"Email,Name,Stream\nada@example.org,Ada,the red one\n"


def test_from_upload_to_people(baton: Baton, client: Any) -> None:
    assert "No file yet" in client.get(URL).text
    answer = upload(client, SMALL, "../../etc/answers of <b>2024.csv")
    path = answer.headers["Location"]
    assert answer.status_code == 303 and path.endswith("/columns")
    page = client.get(path).text
    assert "What is in which column?" in page and "For example: ada@example.org" in page
    assert "answers of &lt;b&gt;2024" in page and "etc" not in page
    home = path.removesuffix("/columns")
    assert client.post(path, data=columns("email", "name", "stream")).headers["Location"] == f"{home}?said=mapped"
    assert "Reading every row" in client.get(home).text
    baton.tick()
    page = client.get(home).text
    assert "the red one" in page and "Download all refused rows" in page
    assert client.post(f"{home}/start").status_code == 422, "there is nobody new yet"
    meant = {"answer.stream": ["the red one"], "meaning.stream": ["stream3"]}
    assert client.post(f"{home}/meanings", data=meant).status_code == 303
    baton.tick()
    assert "Import 1 person" in client.get(home).text
    assert client.post(f"{home}/start").status_code == 303
    baton.tick()
    assert "came in" in client.get(home).text
    [ada] = [each for each in baton.rows("signup", "person") if each["email"] == "ada@example.org"]
    assert (ada["state"], ada["stream"]) == ("imported", "stream3")
    assert "Imported, and asked to confirm" in client.get(f"/signup/organizer/members/{ada['id']}").text
    assert "1 new, 0 known already" in client.get("/signup/organizer/audit").text

    answer = upload(client, SMALL.replace(b"ada", b"grace"))
    assert not answer.headers["Location"].endswith("/columns"), "this form is known"
    baton.tick()
    again = answer.headers["Location"]
    odd = {"answer.stream": ["\x00", "x"], "meaning.stream": ["stream1", "no such stream"]}
    assert client.post(f"{again}/meanings", data=odd).status_code == 422
    assert "Import 1 person" in client.get(again).text
    with db.write("signup") as tx:
        tx.execute(
            models.imports.update().where(models.imports.c.state == "checked").values(fresh=12345, known=1234567)
        )
    assert "Import 12,345 people" in client.get(again).text and ">1,234,567<" in client.get(URL).text
    assert client.post(f"{again}/columns/undo").headers["Location"] == f"{again}/columns?said=mapping-undone"
    assert client.post(f"{again}/remove").headers["Location"] == f"{URL}?said=thrown-away"
    assert client.get(again).status_code == 404


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("empty.csv", "This file is empty."),
        ("headers-only.csv", "There is nobody in this file"),
        ("workbook.xlsx.csv", "Excel"),
        ("picture.png.csv", "a picture, not a CSV file"),
        ("broken-utf-8.csv", "Line 5"),
    ],
)
def test_what_is_no_file_of_answers_is_said_above_the_form(baton: Baton, client: Any, name: str, says: str) -> None:
    answer = upload(client, file(name), name)
    assert answer.status_code == 422 and says in answer.text
    assert baton.rows("signup", "import") == []


def test_no_file_at_all(client: Any) -> None:
    for data in ({}, {"file": "just text"}, {"other": (io.BytesIO(b"x"), "x.csv")}):
        answer = client.post(URL, data=data, content_type="multipart/form-data")
        assert answer.status_code == 422 and "No file is chosen" in answer.text


def test_too_large_a_file_is_said_so(baton: Baton, client: Any, change_settings: Any) -> None:
    change_settings(import_mib=1)
    for size in ((1 << 20) + 10, 3 << 20):
        answer = upload(client, b"Email,Name\n" + b"x" * size)
        assert answer.status_code == 422 and "BATON_IMPORT_MIB" in answer.text
    assert baton.rows("signup", "import_part") == []


def test_only_organizers(baton: Baton, client: Any) -> None:
    upload(client, SMALL)
    [found] = baton.rows("signup", "import")
    paths = [URL, *(f"{URL}/{found['id']}{part}" for part in ("", "/columns", "/remove", "/refused.csv"))]
    exports = [f"/signup/export/{part.name}.{form}" for part in export.parts("signup") for form in ("csv", "json")]
    stranger = baton.client("signup")
    before = baton.dump()
    for path in (*paths, *exports):
        assert stranger.get(path).status_code == 303
    for part in ("", "/columns", "/columns/undo", "/meanings", "/start", "/remove"):
        stranger.post(f"{URL}/{found['id']}{part}" if part else URL)
    foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post(f"{URL}/{found['id']}/remove", headers=foreign).status_code == 403
    for path in (*paths, *exports):
        assert client.get(path).status_code == client.head(path).status_code == 200
    assert baton.dump() == before, "and looking changes nothing"


@pytest.mark.parametrize("part", ["", "/columns", "/remove", "/refused.csv"])
def test_an_unknown_import_is_not_found(client: Any, part: str) -> None:
    assert client.get(f"{URL}/{db.new_id()}{part}").status_code == 404
    assert client.get(f"{URL}/%00{part}").status_code == 400


def test_a_wrong_mapping_is_shown_beside_its_column_and_loses_nothing(baton: Baton, client: Any) -> None:
    path = upload(client, SMALL).headers["Location"]
    answer = client.post(path, data=columns("email", "email", "name", stream="", timezone="Mars/X", dates="x"))
    assert answer.status_code == 422
    for words in ("Several columns are to be the same field", "no such time zone", "no such order", "which stream"):
        assert words in answer.text
    assert '<option value="name" selected>' in answer.text
    for odd in (columns("<script>", "name", "stream"), {}, {"column.0": "\ufffd\x00"}):
        assert client.post(path, data=odd).status_code == 422


def test_what_people_wrote_is_text_on_every_page(baton: Baton, client: Any) -> None:
    content = f'Email,"{SCRIPT}",Stream\nada@example.org,{SCRIPT},"{SCRIPT}"\n{SCRIPT},x,stream1\n'.encode()
    path = upload(client, content, f"{SCRIPT}.csv").headers["Location"]
    assert SCRIPT not in client.get(path).text
    client.post(path, data=columns("email", "name", "stream"))
    baton.tick()
    page = client.get(path.removesuffix("/columns")).text
    assert "&lt;script&gt;" in page and SCRIPT not in page and SCRIPT not in client.get(URL).text


def test_refused_rows_are_mended_and_given_again(baton: Baton, client: Any) -> None:
    content = 'Email,Name,Stream\nok@example.org,Ok,stream1\nbad@,"=cmd|x, with ""quotes""\nand a line",stream1\n'
    path = upload(client, content.encode()).headers["Location"]
    client.post(path, data=columns("email", "name", "stream"))
    baton.tick()
    home = path.removesuffix("/columns")
    told = client.get(f"{home}/refused.csv")
    assert told.headers["Content-Disposition"] == 'attachment; filename="refused.csv"'
    head, row = csv.reader(io.StringIO(told.data.decode("utf-8-sig"), newline=""))
    assert head == ["Email", "Name", "Stream", "Row", "What to mend"]
    assert row[1] == '\'=cmd|x, with "quotes"\nand a line' and row[3] == "3" and "Email: " in row[4]
    mended = told.data.replace(b"bad@", b"good@example.org").replace(b"\nand a line", b"")
    again = upload(client, mended)
    baton.tick()
    found = baton.rows("signup", "import", id=again.headers["Location"].rpartition("/")[2])[0]
    assert (found["state"], found["fresh"], found["refused"]) == ("checked", 1, 0), "and its columns are known"


# ---- taking everything along ----


def given_people(baton: Baton) -> None:
    with db.write("signup") as tx:
        for n, name in enumerate(["-Ann", "=cmd|' /C calc'!A0", 'Zoë, the "great"', "@home", "+1"]):
            typed = {"name": name, "email": f"p{n}@example.org", "stream": "stream1", "timezone": "UTC", "charter": "1"}
            person = people.apply(tx, {**typed, "answers": {"stream1-background": f"\t={n}\nand more"}}).person
            people.confirm(tx, str(person))
        people.reach(tx, f"person/{person}", str(person), "=1+1", shared=True)
    baton.drain()


def table(client: Any, path: str) -> list[dict[str, str]]:
    answer = client.get(path)
    assert answer.status_code == 200 and answer.is_streamed
    return list(csv.DictReader(io.StringIO(answer.data.decode(), newline="")))


def test_members_with_their_answers_as_csv_without_formulas(baton: Baton, client: Any) -> None:
    given_people(baton)
    rows = {each["email"]: each for each in table(client, "/signup/export/members.csv")}
    names = [rows[f"p{n}@example.org"]["name"] for n in range(5)]
    assert names == ["'-Ann", "'=cmd|' /C calc'!A0", 'Zoë, the "great"', "'@home", "'+1"]
    assert rows["p1@example.org"]["What have you learned or done so far?"] == "=1\nand more".join(["'", ""])
    for row in rows.values():
        assert not any(cell.startswith(export.FORMULA) for cell in row.values() if cell)


def test_as_json_everything_is_as_it_is(baton: Baton, client: Any) -> None:
    given_people(baton)
    found = json.loads(client.get("/signup/export/members.json").data)
    assert "-Ann" in {each["name"] for each in found}
    for part in export.parts("signup"):
        rows = json.loads(client.get(f"/signup/export/{part.name}.json").data)
        assert isinstance(rows, list) and rows, part.name
    assert json.loads(client.get("/signup/export/charters.json").data)[0]["text"].startswith("## What we promise")


def test_what_was_exported_can_be_imported_again(baton: Baton, client: Any) -> None:
    given_people(baton)
    content = client.get("/signup/export/members.csv").data.replace(b"p0@", b"again0@").replace(b"p1@", b"again1@")
    id = importing.give("system", "members.csv", io.BytesIO(content))
    with db.read("signup") as tx:
        row: Any = importing.one(tx, id)
        made = importing.columns(tx, row)
    with db.write("signup") as tx:
        importing.check(tx, "system", id, made)
    importing.work(id)
    with db.write("signup") as tx:
        importing.start(tx, "system", id)
    importing.work(id)
    found = {each["email"]: each["name"] for each in baton.rows("signup", "person")}
    assert (found["again0@example.org"], found["again1@example.org"]) == ("-Ann", "=cmd|' /C calc'!A0")


def test_an_unknown_export_says_which_there_are(client: Any) -> None:
    for path in ("horses.csv", "members.xlsx", "members", "../members.csv"):
        assert client.get(f"/signup/export/{path}").status_code == 404


def test_mails_go_along_without_the_links_in_them(baton: Baton, client: Any) -> None:
    given_people(baton)
    notifications = baton.client("notifications")
    notifications.set_cookie(access.COOKIE, client.get_cookie(access.COOKIE).value)
    rows = table(notifications, "/notifications/export/mails.csv")
    assert len(rows) == len(baton.rows("notifications", "mail")) >= 10
    assert all(f"/signup/confirm/{tokens.HIDDEN}" in row["text"] for row in rows if row["kind"] == "confirm")
    tokens_sent = [
        word for each in baton.rows("notifications", "mail") for word in each["text"].split() if "/signup/" in word
    ]
    whole = notifications.get("/notifications/export/mails.json").text
    assert tokens_sent and not any(word.rpartition("/")[2] in whole for word in tokens_sent if len(word) > 60)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (True, "yes"), (-5, "-5"), ("-5", "'-5"), ("", ""), ("a", "a"), (" =1", " =1"),
        ("\r=1", "'\r=1"), ("＝1", "'＝1"), (["a", "b"], "a, b"), (["=a"], "'=a"), ({"a": 1}, '{"a": 1}'),
    ],
)  # fmt: skip
def test_cells(value: Any, text: str) -> None:
    assert export.cell(value) == text
