"""Reading files: every dialect that forms and spreadsheets write, and what is no such file at all."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.signup.importing import dates, dialect, guess
from services.signup.importing.dialect import Broken, Unreadable
from services.signup.rules import Refused

FILES = Path(__file__).resolve().parent.parent / "fixtures" / "csv"
TORONTO = ZoneInfo("America/Toronto")


def read(content: bytes, chunk: int = 1000) -> tuple[dialect.Dialect, list[Any]]:
    """The dialect of a file and its rows, told in pieces as an upload is."""
    letters = dialect.Letters()
    for start in range(0, len(content), chunk):
        letters.feed(content[start : start + chunk])
    found = dialect.tell(content[: dialect.SAMPLE], letters.encoding())
    return found, [cells for _, cells in dialect.records(io.BytesIO(content), found)]


GOOGLE = ["google-forms.csv", "bom.csv", "utf-16.csv", "utf-16-without-bom.csv", "cp1252.csv", "line-feeds.csv"]


@pytest.mark.parametrize("name", GOOGLE)
def test_the_same_answers_in_another_encoding_are_the_same(name: str) -> None:
    _, rows = read((FILES / name).read_bytes())
    assert [row[2] for row in rows[1:]] == ["Ada Lovelace", "Grace Hopper", "Zoë Müller"]
    assert rows[1][7].splitlines() == ['Sums, and "more" sums.', "On two lines."]
    assert rows[0][0] == "Timestamp", "no byte order mark is left on the first question"


@pytest.mark.parametrize(
    ("name", "delimiter", "first"),
    [
        ("semicolons-german.csv", ";", ["28.01.2024 15:32:10", "ada@example.org", "Lovelace; Ada"]),
        ("tabs.tsv", "\t", ["1/28/2024 15:32:10", "ada@example.org", "Lovelace, Ada"]),
        ("excel-sep.csv", ";", ["ada@example.org", "Ada", "stream1"]),
    ],
)
def test_what_stands_between_cells_is_told(name: str, delimiter: str, first: list[str]) -> None:
    found, rows = read((FILES / name).read_bytes())
    assert found.delimiter == delimiter
    assert rows[1][:3] == first


@pytest.mark.parametrize(
    ("name", "says", "remedy"),
    [
        ("workbook.xlsx.csv", "Excel", "CSV"),
        ("picture.png.csv", "picture", "as CSV"),
        ("page.html.csv", "web page", "as CSV"),
        ("nul-bytes.csv", "not a text file", "CSV"),
        ("broken-utf-8.csv", "Line 5 has letters", "UTF-8"),
        ("only-blank-lines.csv", "empty", "Export"),
    ],
)
def test_what_is_no_csv_file_is_refused_with_a_remedy(name: str, says: str, remedy: str) -> None:
    with pytest.raises(Refused) as caught:
        read((FILES / name).read_bytes())
    assert says in caught.value.message and remedy in caught.value.remedy


@pytest.mark.parametrize(
    "head", [b"%PDF-1.7", b"\x1f\x8b\x08", b"\xd0\xcf\x11\xe0\xa1\xb1", b"GIF89a", b"\xff\xd8\xff\xe0"]
)
def test_other_kinds_are_named(head: bytes) -> None:
    with pytest.raises(Refused) as caught:
        read(head + b"x" * 500)
    assert "not a CSV file" in caught.value.message


def test_bytes_of_no_encoding_at_all_are_refused() -> None:
    with pytest.raises(Refused) as caught:
        read(b"Email,Name\nada@example.org,\x81\x8d\xff\n")
    assert "UTF-8" in caught.value.remedy


def test_a_quotation_mark_that_is_never_closed_swallows_no_rows() -> None:
    with pytest.raises(Unreadable) as caught:
        read((FILES / "unclosed-quote.csv").read_bytes())
    assert "row 2" in caught.value.message
    many = b"Email,Name\n" + b'ada@example.org,"Ada\n' + b"grace@example.org,Grace\n" * 20_000
    with pytest.raises(Unreadable):
        read(many, 1 << 20)


def test_a_quotation_mark_within_a_cell_spoils_its_row_alone() -> None:
    _, rows = read((FILES / "quote-in-a-cell.csv").read_bytes())
    assert isinstance(rows[1], Broken) and "twice" in rows[1].remedy
    assert rows[2] == ["grace@example.org", "Grace", "stream1"]


def test_a_line_without_an_end_is_not_read_to_its_end() -> None:
    with pytest.raises(Unreadable):
        read(b"Email,Name\n" + b"a" * (dialect.LONGEST_LINE + 10), 1 << 20)


def test_rows_are_numbered_as_a_spreadsheet_does() -> None:
    content = (FILES / "empty-and-ragged-rows.csv").read_bytes()
    found, _ = read(content)
    assert [number for number, _ in dialect.records(io.BytesIO(content), found)] == [3, 5, 8, 9]


def test_too_many_columns_are_refused() -> None:
    with pytest.raises(Refused) as caught:
        dialect.header(["x"] * (dialect.COLUMNS_MOST + 1))
    assert str(dialect.COLUMNS_MOST) in caught.value.remedy


# ---- any people in any dialect ----

LETTERS = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp", "Co", "Cn"])
CELLS = st.text(LETTERS | st.sampled_from(",;\t|\"\n'=@-+"), max_size=30)
NAMES = st.text(LETTERS, min_size=1, max_size=30)
PEOPLE = st.lists(st.tuples(NAMES, CELLS, CELLS), min_size=1, max_size=12)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32"]


def line(cells: Any, delimiter: str, quoting: Any) -> str:
    """One row, every cell with a line break in quotation marks (RFC 4180, 2.6), whichever line breaks the file has.

    Before 3.13 Python's writer sees to those of the file's own ends alone: a bare "\\n" in a file with "\\r" is a row's
    end to any reader.
    """
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\r\n").writerow(cells)
    return out.getvalue().removesuffix("\r\n")


@given(
    people=PEOPLE,
    delimiter=st.sampled_from(dialect.DELIMITERS),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    ends=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(ENCODINGS),
    chunk=st.integers(1, 200),
)
def test_what_is_written_in_any_dialect_is_read_again(
    people: list[tuple[str, str, str]], delimiter: str, quoting: Any, ends: str, encoding: str, chunk: int
) -> None:
    rows = [["Email", "Your name", "Which; stream?", "Tell us, please"]]
    rows += [[f"p{n}@example.org", *cells] for n, cells in enumerate(people)]
    text = "".join(line(row, delimiter, quoting) + ends for row in rows)
    content = text.encode(encoding)
    assume(not text.startswith("\ufeff"))
    _, found = read(content, chunk)
    assert found == rows


@given(st.binary(max_size=3000))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        read(content or b"x", 257)
    except (Refused, Unreadable) as refused:
        assert refused.message and refused.remedy


# ---- timestamps ----

NOON = datetime(2024, 1, 28, 20, 32, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("1/28/2024 15:32:10", "mdy"),
        ("28/01/2024 15:32:10", "dmy"),
        ("28.01.2024 15:32:10", "dmy"),
        ("28.1.2024 klo 15.32.10", "dmy"),
        ("2024-01-28 15:32:10", "mdy"),
        ("2024/01/28 3:32:10 PM GMT-5", "dmy"),
        ("2024/01/28 3:32:10 p. m. GMT-5", "dmy"),
        ("1/28/2024 3:32:10\u202fPM", "mdy"),
        ("28/01/2024, 3:32:10 p.m.", "dmy"),
        ("2024. 1. 28 오후 3:32:10", "mdy"),
        ("2024/1/28 下午3:32:10", "mdy"),
        ("28/1/2024 3:32:10 μ.μ.", "dmy"),
        ("2024-01-28T20:32:10Z", "mdy"),
        ("2024-01-28T21:32:10+01:00", "mdy"),
        ("2024/01/29 2:02:10 AM GMT+5:30", "mdy"),
        ("28/01/24 15:32:10", "dmy"),
    ],
)
def test_timestamps_of_many_locales_are_one_instant(text: str, order: str) -> None:
    assert dates.parse(text, order, TORONTO) == NOON


@pytest.mark.parametrize(
    "text", ["", "yesterday", "28/01/2024 15:32:10", "1/28/2024 25:00:00", "2/30/2024 1:00:00", "1/28/0024", "13:00 PM",
             "1/28/2024 13:32:10 PM", "99/99/9999", "1/1/99999999999"]
)  # fmt: skip
def test_what_is_no_timestamp_in_that_order(text: str) -> None:
    assert dates.parse(text, "mdy", TORONTO) is None


def test_midnight_and_noon_of_twelve_hours() -> None:
    assert dates.parse("1/28/2024 12:00:00 AM", "mdy", UTC) == datetime(2024, 1, 28, 0, tzinfo=UTC)
    assert dates.parse("1/28/2024 12:00:00 PM", "mdy", UTC) == datetime(2024, 1, 28, 12, tzinfo=UTC)


def test_the_order_of_dates_is_told_by_those_that_fit_one_way_only() -> None:
    assert dates.order_of(["1/2/2024 10:00:00", "1/28/2024 10:00:00"]) == "mdy"
    assert dates.order_of(["1/2/2024 10:00:00", "28/1/2024 10:00:00"]) == "dmy"
    assert dates.order_of(["01.02.2024 10:00:00"]) == "dmy"
    assert dates.order_of([]) == "mdy"


@given(st.datetimes(datetime(1990, 1, 2), datetime(2190, 1, 1)), st.sampled_from(["mdy", "dmy"]))
def test_any_instant_written_in_either_order_comes_back(at: datetime, order: str) -> None:
    at = at.replace(microsecond=0)
    form = "%m/%d/%Y %I:%M:%S %p" if order == "mdy" else "%d.%m.%Y %H:%M:%S"
    assert dates.parse(at.strftime(form), order, UTC) == at.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ("America/Toronto", "America/Toronto"),
        ("america/new york", "America/New_York"),
        ("Toronto", "America/Toronto"),
        ("Berlin, Germany", "Europe/Berlin"),
        ("EST", "America/New_York"),
        ("Eastern Time (EST)", "America/New_York"),
        ("UTC", "UTC"),
        ("the moon", None),
        ("", None),
    ],
)
def test_time_zones_as_people_write_them(said: str, zone: str | None) -> None:
    assert guess.zone(said) == zone
