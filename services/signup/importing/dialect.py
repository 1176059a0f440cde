"""How a file of comma-separated values is written: letters, what stands between cells, and what is no such file at all.

Pure: bytes in, records out. RFC 4180 is the rule; Google, Excel and LibreOffice each have their exceptions to it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from ..rules import Refused

DELIMITERS = (",", ";", "\t", "|")
SAMPLE = 256 << 10  # bytes that are looked at to tell how a file is written
SAMPLE_ROWS = 500
BEGINNING = 4096  # bytes that give other kinds of files, and UTF-16, away
LONGEST_LINE = 1 << 20  # characters; csv itself allows 128 Ki in a cell
COLUMNS_MOST = 400
HEADER_MOST = 1000  # characters of a question
# What a file of refused rows has beside its own columns. Mended and given again, it is read without them.
MENDED = ("Row", "What to mend")

_AS_CSV = "Open it in the program it comes from and download or export it as CSV."
_SHEETS = "Open it in Google Sheets, Excel or LibreOffice and choose Download or Save as: comma-separated values (CSV)."

# What a file begins with, if it is something else.
_OTHERS = {
    b"PK\x03\x04": ("an Excel or OpenDocument workbook, or a ZIP archive", _SHEETS),
    b"PK\x05\x06": ("a ZIP archive", _SHEETS),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", _SHEETS),
    b"\x89PNG": ("a picture", _AS_CSV),
    b"\xff\xd8\xff": ("a picture", _AS_CSV),
    b"GIF8": ("a picture", _AS_CSV),
    b"%PDF": ("a PDF document", _AS_CSV),
    b"\x1f\x8b": ("a gzip archive", "Unpack it first."),
    b"7z\xbc\xaf": ("a 7-Zip archive", "Unpack it first."),
    b"SQLite format 3": ("a database", _AS_CSV),
    b"<!DOCTYPE": ("a web page", _AS_CSV),
    b"<html": ("a web page", _AS_CSV),
}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
FALLBACK = "cp1252"


class Unreadable(Exception):
    """The file cannot be read on: what is wrong, in which row, and the remedy."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True)
class Dialect:
    """How a file is written. `encoding` is Python's name, `delimiter` one character."""

    encoding: str
    delimiter: str


@dataclass(frozen=True)
class Broken:
    """A record that could not be split into cells, and why."""

    message: str
    remedy: str


class Letters:
    """Feed it the whole file: it tells the encoding.

    UTF-8 proves itself: bytes of another encoding hardly ever fit its rules. So what fits throughout is UTF-8; what
    fits almost everywhere is UTF-8 that was damaged, and refused; the rest is taken for Windows-1252, Excel's own.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._pending = False
        self._wide = 0
        self._broken = 0
        self._lines = 1
        self._first_broken = 0
        self._other: str | None = None
        self._started = False
        self._held = b""
        self._undefined = False

    def feed(self, chunk: bytes) -> None:
        """One part of the file.

        :raises Refused: it is no text.
        """
        if not self._started:
            self._held += chunk
            if len(self._held) < BEGINNING:
                return
            chunk = self._begin()
        self._look(chunk)

    def _begin(self) -> bytes:
        """Whatever pieces it comes in, the beginning is looked at whole."""
        held, self._held, self._started = self._held, b"", True
        self._other = _by_beginning(held)
        return held

    def _look(self, chunk: bytes) -> None:
        if self._other:
            return
        if b"\x00" in chunk:
            raise Refused("file", "This is not a text file.", f"Give a CSV file. {_AS_CSV}")
        if chunk.isascii() and not self._pending:
            self._lines += chunk.count(b"\n")
            return
        self._note(self._decoder.decode(chunk))
        self._pending = bool(self._decoder.getstate()[0])
        self._undefined |= bool(_UNDEFINED.search(chunk))

    def _note(self, text: str) -> None:
        found = _ESCAPED.search(text)
        if found and not self._broken:
            self._first_broken = self._lines + text.count("\n", 0, found.start())
        self._broken += len(_ESCAPED.findall(text))
        self._wide += len(_WIDE.findall(text))
        self._lines += text.count("\n")

    def encoding(self) -> str:
        """Python's name of the encoding, after the whole file.

        :raises Refused: it cannot be told, or this is no text.
        """
        if not self._started:
            self._look(self._begin())
        if self._other:
            return self._other
        self._note(self._decoder.decode(b"", True))
        if not self._broken:
            return "utf-8-sig"
        if self._wide >= self._broken:
            raise Refused(
                "file",
                f"Line {self._first_broken} has letters that are not UTF-8, while others are.",
                "Export the file again, as CSV in UTF-8; or mend that line.",
            )
        if self._undefined:
            raise Refused("file", "The letters of this file cannot be read.", "Export it again, as CSV in UTF-8.")
        return FALLBACK


_ESCAPED = re.compile("[\udc80-\udcff]")
_WIDE = re.compile("[\x80-\ud7ff\ue000-\U0010ffff]")
_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")  # the bytes that Windows-1252 has no letters for


def _by_beginning(head: bytes) -> str | None:
    """The encoding that a byte order mark, or a NUL in every other place, gives away; None when nothing does."""
    for mark, (what, remedy) in _OTHERS.items():
        if head[: len(mark)].lower() == mark.lower():
            raise Refused("file", f"This is {what}, not a CSV file.", remedy)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding if encoding != "utf-8-sig" else None
    sample = head[:BEGINNING]
    even, odd, half = sample[::2].count(0), sample[1::2].count(0), max(1, len(sample) // 2)
    if odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.1:
        return "utf-16-be"
    return None


def tell(head: bytes, encoding: str) -> Dialect:
    """How the file is written, by its first bytes.

    :raises Refused: it is empty, or its letters cannot be read.
    """
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        text = decoder.decode(head)
    except UnicodeDecodeError as error:
        raise Refused("file", _letters(error, encoding), "Export it again, as CSV in UTF-8.") from None
    if not text.strip("\ufeff \t\r\n,;|\x00"):
        raise Refused("file", "This file is empty.", "Export the responses again: the first row holds the questions.")
    first = text.split("\n", 1)[0].strip("\ufeff\r\n ")
    if hint := _SEP.fullmatch(first):
        return Dialect(encoding, hint.group(1))
    scores = {each: _score(text, each) for each in DELIMITERS}
    # The first of equals: a file with one column has no delimiter at all.
    return Dialect(encoding, max(DELIMITERS, key=lambda each: scores[each]))


_SEP = re.compile(r'"?sep=([,;\t|])"?', re.I)  # Excel's own first line
ADDRESS = re.compile(r"\s*[^\s@,;|\"<>]+@[^\s@,;|\"<>]+\.[^\s@,;|\"<>]+\s*\Z")


def _score(text: str, delimiter: str) -> tuple[float, ...]:
    """How well a delimiter fits: rows with a cell that is an address alone, rows as wide as the first, cells."""
    if len(text) > 1000 and (cut := max(text.rfind("\n"), text.rfind("\r"))) > 0:
        text = text[: cut + 1]
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(row):
                rows.append(row)
            if len(rows) > SAMPLE_ROWS:
                break
    except csv.Error:
        pass
    if not rows:
        return (0.0, 0.0, 0.0)
    width, below = len(rows[0]), rows[1:] or rows
    if width < 2:
        return (0.0, 0.0, 1.0)
    mailed = sum(any(ADDRESS.match(cell) for cell in row) for row in below) / len(below)
    even = sum(len(row) == width for row in rows) / len(rows)
    return (round(mailed, 3), round(even, 3), float(width))


def records(file: BinaryIO, dialect: Dialect) -> Iterator[tuple[int, list[str] | Broken]]:
    """(row, cells) of every row that is not empty, numbered as a spreadsheet does; the first is the header.

    :raises Unreadable: a quotation mark is never closed, a line is endless, or its letters are of another encoding.
    """
    text = io.TextIOWrapper(file, encoding=dialect.encoding, newline="")
    reader = csv.reader(_lines(text), delimiter=dialect.delimiter, strict=True)
    number, width, begun = 0, None, False
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, _broken(str(error), number)
            continue
        except UnicodeDecodeError as error:
            raise Unreadable(_letters(error, dialect.encoding), "Export it again, as CSV in UTF-8.") from None
        if number == 1 and _SEP.fullmatch(dialect.delimiter.join(cells).strip()):
            continue
        if any(map(str.strip, cells)):
            if not begun and tuple(cells[-len(MENDED) :]) == MENDED:
                width = len(cells) - len(MENDED)
            begun = True
            yield number, cells[:width]


def _lines(text: Any) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        if len(line) >= LONGEST_LINE and line[-1] not in "\r\n":
            raise Unreadable("A line of this file does not end.", f"Is it really a CSV file? {_AS_CSV}")
        yield line


def _broken(error: str, number: int) -> Broken:
    if "unexpected end" in error or "larger than field limit" in error:
        raise Unreadable(
            f"A quotation mark that is opened in row {number} is never closed.",
            'Close it, or take it away; inside a cell it is written twice: "".',
        )
    return Broken(
        "A quotation mark stands in the middle of a cell.",
        'Inside a cell in quotation marks it is written twice: "".',
    )


def _letters(error: UnicodeDecodeError, encoding: str) -> str:
    return f"The byte at {error.start} is no letter in {encoding.removesuffix('-sig').upper()}."


def header(cells: Sequence[str]) -> list[str]:
    """The questions of the first row, in one line each.

    :raises Refused: there are none, or too many.
    """
    if len(cells) > COLUMNS_MOST:
        remedy = f"At most {COLUMNS_MOST} columns are read. Delete those that nobody needs."
        raise Refused("file", f"This file has {len(cells)} columns.", remedy)
    return [" ".join(cell.replace("\ufeff", "").replace("\x00", "").split())[:HEADER_MOST] for cell in cells]
