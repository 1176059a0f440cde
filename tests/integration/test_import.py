"""Moving in: a file is given, mapped and checked without effect; who is in it comes in."""

from __future__ import annotations

import io
from typing import Any

import pytest

from services.signup import importing, people
from services.signup.rules import Refused
from shared import db
from tests.conftest import Baton
from tests.moving_in import (
    BY,
    checked,
    counts,
    do,
    file,
    given_file,
    imported,
    mapped,
    persons,
    refusal,
    refused_rows,
    row,
)

# ---- from the file to people ----


def test_a_form_of_google_is_understood_as_it_is(baton: Baton) -> None:
    id = imported(file("google-forms.csv"))
    assert (row(id)["state"], counts(id)) == ("done", (3, 0, 0, 0))
    found = persons(baton)
    ada, grace, zoe = (found[f"{name}@example.org"] for name in ("ada", "grace", "zoe"))
    assert (ada["state"], ada["name"], ada["stream"], ada["timezone"], ada["github"], ada["blog"]) == (
        "imported", "Ada Lovelace", "stream2", "America/Toronto", "ada", "https://ada.example.org",
    )  # fmt: skip
    assert ada["created_at"].isoformat() == "2024-01-28T20:32:10+00:00"
    assert ada["answers"] == {"stream1-background": 'Sums, and "more" sums.\nOn two lines.'}
    assert (grace["stream"], grace["timezone"], grace["github"]) == ("stream1", "America/Toronto", "ghopper")
    assert (zoe["name"], zoe["stream"], zoe["blog"]) == ("Zoë Müller", "stream3", "https://zoe.example.org/blog")
    assert all(each["charter_version"] is None and each["confirmed_at"] is None for each in found.values())


@pytest.mark.parametrize("name", ["bom.csv", "utf-16.csv", "utf-16-without-bom.csv", "cp1252.csv", "line-feeds.csv"])
def test_the_same_in_other_encodings_is_the_same_form_and_the_same_people(baton: Baton, name: str) -> None:
    first = checked(file("google-forms.csv"))
    other = given_file(file(name))
    assert do(importing.check, other), "its mapping is remembered"
    importing.work(other)
    assert row(other)["form"] == row(first)["form"]
    assert counts(other) == (3, 0, 0, 0)


def test_a_german_form_with_semicolons(baton: Baton) -> None:
    id = imported(file("semicolons-german.csv"))
    assert row(id)["mapping"]["dates"] == "dmy"
    found = persons(baton)
    assert found["ada@example.org"]["name"] == "Lovelace; Ada"
    assert found["zoe@example.org"]["created_at"].isoformat() == "2024-02-13T14:00:00+00:00"


def test_a_dry_run_changes_nobody_and_mails_nobody(baton: Baton) -> None:
    before = {
        name: rows for name, rows in baton.dump().items() if not name.startswith(("signup.import", "signup.audit"))
    }
    id = checked(file("google-forms.csv"))
    baton.drain()
    after = {
        name: rows for name, rows in baton.dump().items() if not name.startswith(("signup.import", "signup.audit"))
    }
    assert (row(id)["state"], counts(id)) == ("checked", (3, 0, 0, 0))
    assert after == before


def test_the_same_file_again_changes_nothing(baton: Baton) -> None:
    imported(file("google-forms.csv"))
    baton.drain()
    before = [baton.rows("signup", name) for name in ("person", "event")] + [baton.rows("notifications", "mail")]
    id = checked(file("google-forms.csv"))
    assert counts(id) == (0, 3, 0, 0)
    assert "nobody new" in refusal(importing.start, id).message
    baton.drain()
    after = [baton.rows("signup", name) for name in ("person", "event")] + [baton.rows("notifications", "mail")]
    assert after == before


def test_members_and_who_left_stay_as_they_are(baton: Baton) -> None:
    with db.write("signup") as tx:
        typed = {"name": "Ada King", "email": "ADA@example.org", "stream": "stream1", "timezone": "UTC", "charter": "1"}
        person = people.apply(tx, {**typed, "answers": {}}).person
        assert person
        people.confirm(tx, person)
        people.leave(tx, f"person/{person}", person)
    before = baton.rows("signup", "person", id=person)
    id = imported(file("google-forms.csv"))
    assert counts(id) == (2, 1, 0, 0)
    assert baton.rows("signup", "person", id=person) == before


def test_of_repeated_addresses_the_last_counts(baton: Baton) -> None:
    id = imported(file("repeated-addresses.csv"))
    assert counts(id) == (2, 0, 1, 0)
    found = persons(baton)
    assert set(found) == {"ADA@example.org", "grace@example.org"}
    assert (found["ADA@example.org"]["name"], found["ADA@example.org"]["stream"]) == ("Ada King", "stream2")


def test_empty_and_ragged_rows(baton: Baton) -> None:
    id = imported(file("empty-and-ragged-rows.csv"))
    assert counts(id) == (2, 0, 0, 1)
    [wrong] = refused_rows(id)
    assert wrong["row"] == 9 and "6 cells" in wrong["problems"][0]["message"]


def test_duplicate_headers_are_told_apart_by_their_place(baton: Baton) -> None:
    imported(file("duplicate-headers.csv"), columns=("email", None, "name", "name", "stream"))
    assert persons(baton)["ada@example.org"]["name"] == "Ada Lovelace"


def test_formulas_are_text_and_names_stay_readable(baton: Baton) -> None:
    imported(file("formulas.csv"))
    found = persons(baton)
    assert found["ann@example.org"]["name"] == "-Ann"
    assert found["ann@example.org"]["answers"] == {"stream1-background": "=cmd|' /C calc'!A0"}
    assert found["eq@example.org"]["name"] == '=HYPERLINK(A1,"me")'


HOURS = "How many hours a week can you give it?"
BAD = [
    ("Email", "ada@@example.org", "Email", "Write it as"),
    ("Email", "", "Email", "Write it as"),
    ("Name", "", "Name", "Write the name"),
    ("Name", "x" * 101, "Name", "shorter"),
    ("Name", "Ada\x07", "Name", "Take it out"),
    ("Stream", "the blue one", "Stream", "What the answers mean"),
    ("Stream", "", "Stream", "What the answers mean"),
    ("Time zone", "the moon", "Time zone", "What the answers mean"),
    ("GitHub", "not a name!", "GitHub", "Write the name alone"),
    ("Blog", "javascript:alert(1)", "Blog", "https://"),
    ("Timestamp", "31/31/2024", "Timestamp", "other order"),
    (HOURS, "All of them", "How many", "leave that column out"),
]


@pytest.mark.parametrize(("column", "value", "named", "remedy"), BAD)
def test_what_cannot_be_taken_names_row_column_and_remedy(
    baton: Baton, column: str, value: str, named: str, remedy: str
) -> None:
    good = {"Timestamp": "1/28/2024 10:00:00", "Email": "ada@example.org", "Name": "Ada", "Stream": "stream1",
            "Time zone": "UTC", "GitHub": "", "Blog": "", HOURS: "3 to 6"}  # fmt: skip
    other = {**good, "Email": "grace@example.org"}
    lines = [",".join(good), ",".join(other.values()), ",".join({**good, column: value}.values())]
    id = imported("\n".join(lines))
    assert counts(id) == (1, 0, 0, 1)
    [wrong] = refused_rows(id)
    [problem] = wrong["problems"]
    assert wrong["row"] == 3 and problem["column"].startswith(named)
    assert problem["message"] and remedy in problem["remedy"]
    assert wrong["cells"][list(good).index(column)] == value


def test_a_row_says_everything_that_is_wrong_with_it(baton: Baton) -> None:
    id = checked("Email,Name,Stream\nok@example.org,Ok,stream1\nbad,,nothing\n")
    [wrong] = refused_rows(id)
    assert [each["column"] for each in wrong["problems"]] == ["Email", "Stream", "Name"]


def test_answers_of_several_options_are_taken_apart_as_google_joined_them(baton: Baton) -> None:
    header = "Email,Name,Stream,What would you like to start with?"
    id = imported(
        f'{header}\na@example.org,A,stream1,"Deep learning, Python"\nb@example.org,B,stream1,"Python, Dance"\n'
    )
    assert persons(baton)["a@example.org"]["answers"] == {"stream1-topics": ["Python", "Deep learning"]}
    assert "“Dance”" in refused_rows(id)[0]["problems"][0]["message"]


@pytest.mark.parametrize(
    ("name", "says"),
    [("empty.csv", "empty"), ("headers-only.csv", "nobody in this file"), ("workbook.xlsx.csv", "Excel")],
)
def test_what_cannot_be_a_file_of_answers_leaves_nothing_behind(baton: Baton, name: str, says: str) -> None:
    with pytest.raises(Refused) as caught:
        importing.give(BY, name, io.BytesIO(file(name)))
    assert says in caught.value.message
    assert baton.rows("signup", "import") == baton.rows("signup", "import_part") == []
    assert baton.rows("signup", "import") == baton.rows("signup", "import_part") == []


def test_a_file_that_breaks_off_says_so_and_imports_nobody(baton: Baton) -> None:
    long = "Email,Name,Stream\n" + "".join(f"p{n}@example.org,P,stream1\n" for n in range(20_000))
    id = checked(long + 'ada@example.org,"Ada,stream1\n')
    assert row(id)["state"] == "failed"
    assert "row 20002" in row(id)["problem"]["message"]
    assert refusal(importing.start, id).remedy
    assert baton.rows("signup", "person") == []


def test_two_gigabytes_are_refused_without_being_read(baton: Baton, change_settings: Any) -> None:
    change_settings(import_mib=2)

    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size: int = -1) -> bytes:
            assert 0 < size <= 1 << 20, "never whole"
            self.taken += size
            return b"Email,Name\n" * (size // 11)

    source = Endless()
    with pytest.raises(Refused) as caught:
        importing.give(BY, "big.csv", source)  # type: ignore[arg-type]
    assert "BATON_IMPORT_MIB" in caught.value.remedy
    assert source.taken <= 4 << 20
    assert baton.rows("signup", "import_part") == []


# ---- the mapping ----


def test_a_mapping_is_remembered_corrected_and_undone(baton: Baton) -> None:
    content = "Mail,Who,Which?,Other\nada@example.org,Ada,the red one,x\n"
    id = given_file(content)
    assert not do(importing.check, id), "nobody has looked at this form yet"
    columns = ("email", "name", "stream", None)
    assert do(importing.check, id, mapped(id, columns=columns))
    importing.work(id)
    assert counts(id) == (0, 0, 0, 1)
    assert row(id)["answers"]["stream"] == {"the red one": 1}
    meanings = {"stream": {"the red one": "stream3"}}
    do(importing.check, id, importing.with_meanings(mapped(id), meanings))
    importing.work(id)
    assert counts(id) == (1, 0, 0, 0)

    next_file = given_file(content.replace("ada", "grace"))
    assert do(importing.check, next_file), "the next file of the same form needs nothing"
    importing.work(next_file)
    assert counts(next_file) == (1, 0, 0, 0)

    do(importing.undo_mapping, next_file)
    assert row(next_file)["state"] == "mapping"
    assert mapped(next_file).meanings["stream"] == {} and mapped(next_file).columns == columns
    do(importing.undo_mapping, next_file)
    with db.read("signup") as tx:
        assert importing.remembered(tx, row(next_file)["form"]) is None
    assert refusal(importing.undo_mapping, next_file).message == "There is no mapping to undo."


def test_a_form_is_known_by_its_header_whatever_its_order_of_rows(baton: Baton) -> None:
    one = given_file("Email,Name,Stream\na@example.org,A,stream1\n")
    other = given_file("Email,Name,Streams\na@example.org,A,stream1\n")
    assert row(one)["form"] != row(other)["form"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"columns": (None, "name", "stream")}, "column.0"),
        ({"columns": ("email", None, "stream")}, "column.0"),
        ({"columns": ("email", "email", "stream")}, "column.0"),
        ({"columns": ("email", "name", "horse")}, "column.2"),
        ({"columns": ("email", "name", "answers.horse")}, "column.2"),
        ({"columns": ("email", "name")}, "column.0"),
        ({"columns": ("email", "name", None)}, "stream"),
        ({"columns": ("email", "name", None), "stream": "horse"}, "stream"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"dates": "ymd"}, "dates"),
        ({"meanings": {"stream": {"x": "horse"}, "timezone": {}}}, "meaning.stream.x"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(baton: Baton, changed: dict[str, Any], field: str) -> None:
    id = given_file("Email,Name,Stream\na@example.org,A,stream1\n")
    wrong = refusal(importing.check, id, mapped(id, **changed))
    assert wrong.field == field and wrong.remedy
    assert row(id)["state"] == "mapping"
