"""`./baton import FILE`: people out of a CSV file, with the same steps as the organizer's page.

Everything is checked first and said; then it asks, and imports here, without waiting for a worker. If it is stopped
half-way, a running worker goes on, or the same command again: nobody comes twice.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

from .. import config
from . import Refused, settings

SHOWN = 20
NO_LIMIT = 1e9


def main(args: list[str]) -> int:
    """Give, map, check, ask, import; 1 when nothing could be imported."""
    parser = argparse.ArgumentParser(
        prog="./baton import", description="Bring people in from a CSV file (Google Forms, or any other)."
    )
    parser.add_argument("file", nargs="?", help="the CSV file; - reads it from standard input")
    parser.add_argument("--undo", nargs="?", const="", metavar="ID", help="take an import back (the last, or the one "
                        "of that id): who came in by it and has not confirmed is forgotten")  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="say what would happen; nobody comes in")
    parser.add_argument("--yes", action="store_true", help="import without asking")
    parser.add_argument("--map", action="append", default=[], metavar="COLUMN=FIELD", help="what a column is: email, "
                        "name, stream, timezone, timestamp, github, blog, answers.<question id>, or empty to leave it "
                        "out; COLUMN is its header or number from 1")  # fmt: skip
    parser.add_argument("--meaning", action="append", default=[], metavar="ANSWER=VALUE", help="the stream (its short "
                        "name) or time zone that an answer means")  # fmt: skip
    parser.add_argument("--stream", help="the stream of whoever names none")
    parser.add_argument("--timezone", help="where the form's times hold, and for people who do not say")
    parser.add_argument("--dates", choices=["mdy", "dmy"], help="how dates are written: 1/28/2024 is mdy")
    parser.add_argument("--refused", metavar="FILE", help="write the rows that cannot be taken to this file")
    parser.add_argument("--data", help="the data folder (default: BATON_DATA, or var)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args(args)
    if (options.file is None) == (options.undo is None):
        parser.error("name a CSV file, or say --undo" if options.file is None else "--undo takes no file")
    settings.apply(options.data)
    settings.sound()
    return _Import(options).run() if options.undo is None else _Import(options).undo()


class _Import:
    """One run of the command."""

    def __init__(self, options: argparse.Namespace) -> None:
        from .. import log, migrate

        log.configure(config.current().log)
        importlib.import_module("services.signup.models")
        if migrate.current("signup") != migrate.head("signup"):
            raise Refused("signup's database is not ready: start `./baton up` once, or run `./baton migrate`")
        self.options = options
        self.importing: Any = importlib.import_module("services.signup.importing")
        self.refusal: Any = importlib.import_module("services.signup.rules").Refused

    def run(self) -> int:
        """All of it; what is refused is one line."""
        try:
            id = self._give()
            self._check(id)
            row = self._worked(id)
            if row["state"] == "failed":
                raise Refused(f"{row['problem']['message']} {row['problem']['remedy']}")
            started = self._agreed(row)
            if started:
                self._do(self.importing.start, id)
                row = self._worked(id)
            self._write_refused(row)
            self._report(row, started)
            if not started:
                self._do(self.importing.throw_away, id)
        except self.refusal as refused:
            raise Refused(" ".join(dict.fromkeys(f"{each.message} {each.remedy}" for each in refused.all))) from None
        return 0 if row["fresh"] or row["known"] or row["repeated"] else 1

    def undo(self) -> int:
        """Say whom an undo means, ask, and take them back."""
        from .. import db

        with db.read("signup") as tx:
            id = self.options.undo or self.importing.latest(tx)
            row = self.importing.one(tx, id) if id else None
            if row is None:
                asked = f"there is no import {id!r}" if id else "there is no import to undo"
                raise Refused(f"{asked}: the page Import and export lists them, the id is in the address of each")
            found = self.importing.preview(tx, id)
        if not self.options.json:
            say(f"{row['file']}, given {row['created_at']:%Y-%m-%d %H:%M} UTC, {row['fresh']} came in:")
            say(f"{found.back} would be taken back, {found.confirmed} stay who confirmed, "
                f"{found.applied} who signed up themselves")  # fmt: skip
        undone = not self.options.dry_run and (self.options.yes or self._asked(found.back))
        if undone:
            try:
                self._do(self.importing.undo, id)
            except self.refusal as refused:
                raise Refused(f"{refused.message} {refused.remedy}") from None
            row = self._worked(id)
        if self.options.json:
            print(json.dumps({"import": id, "undone": undone, **found.as_dict(), "withdrawn": row["withdrawn"]}))
        elif undone:
            say(f"{row['withdrawn']} taken back")
        return 0

    def _asked(self, back: int) -> bool:
        if not back:
            raise Refused("nobody is left to be taken back: who came in has confirmed, or is gone")
        if not sys.stdin.isatty():
            raise Refused(f"{back} people would be taken back: add --yes to do it, or --dry-run to look only")
        return input(f"Take {back} back? [y/N] ").strip().casefold() in {"y", "yes"}

    def _do(self, command: Any, *given: Any) -> Any:
        from .. import db
        from ..ops import TERMINAL

        with db.write("signup") as tx:
            return command(tx, TERMINAL, *given)

    def _one(self, id: str) -> Any:
        from .. import db

        with db.read("signup") as tx:
            return self.importing.one(tx, id)

    def _give(self) -> str:
        from ..ops import TERMINAL

        name: str = self.options.file
        if name == "-":
            return str(self.importing.give(TERMINAL, "standard input", sys.stdin.buffer))
        path = Path(os.environ.get("BATON_CALLED_FROM") or ".", name).expanduser()
        try:
            found = path.stat()
            if stat.S_ISDIR(found.st_mode):
                raise Refused(f"{name} is a folder: name the CSV file in it")
            if found.st_size > self.importing.most():
                raise self.importing.too_large(found.st_size)
            with open(path, "rb") as file:
                return str(self.importing.give(TERMINAL, path.name, file))
        except OSError as error:
            raise Refused(f"cannot read {name}: {(error.strerror or str(error)).lower()}") from None

    def _check(self, id: str) -> None:
        from .. import db

        row = self._one(id)
        with db.read("signup") as tx:
            made = self.importing.columns(tx, row)
        try:
            made = self._wanted(row, made)
            self._do(self.importing.check, id, made)
        except (self.refusal, Refused):
            self._do(self.importing.throw_away, id)
            raise
        if not self.options.json:
            for title, target in zip(row["header"], made.columns, strict=True):
                say(f"  {title or '(no title)'}  ->  {target or 'left out'}")

    def _wanted(self, row: Any, made: Any) -> Any:
        """The mapping, with what the options say."""
        from dataclasses import replace

        columns = list(made.columns)
        for said in self.options.map:
            column, equals, target = said.rpartition("=")
            if not equals:
                raise Refused(f"--map {said!r} has no =: write COLUMN=FIELD, as in 'Your name=name'")
            columns[self._place(row["header"], column)] = target or None
        meanings: dict[str, dict[str, str]] = {field: {} for field in self.importing.MEANT}
        for said in self.options.meaning:
            answer, equals, meaning = said.rpartition("=")
            if not equals:
                raise Refused(f"--meaning {said!r} has no =: write ANSWER=VALUE, as in 'My first job=stream2'")
            meanings["timezone" if "/" in meaning or meaning == "UTC" else "stream"][answer] = meaning
        made = replace(
            self.importing.with_meanings(made, meanings),
            columns=tuple(columns),
            stream=self.options.stream or made.stream,
            timezone=self.options.timezone or made.timezone,
            dates=self.options.dates or made.dates,
        )
        return made

    def _place(self, header: list[str], column: str) -> int:
        found = [n for n, title in enumerate(header) if title == column]
        if not found and column.isdigit() and 1 <= int(column) <= len(header):
            found = [int(column) - 1]
        if len(found) != 1:
            what = "there is no column" if not found else "several columns are called"
            raise Refused(f"{what} {column!r}: give its number, 1 to {len(header)}")
        return found[0]

    def _worked(self, id: str) -> Any:
        bar = Bar(sys.stderr.isatty() and not self.options.json)
        while self.importing.work(id, bar.show, NO_LIMIT):
            pass
        bar.end()
        return self._one(id)

    def _agreed(self, row: Any) -> bool:
        if self.options.dry_run or not row["fresh"]:
            return False
        if self.options.yes:
            return True
        if not sys.stdin.isatty() or self.options.file == "-":
            raise Refused(f"{row['fresh']} people would come in: add --yes to import them, or --dry-run to look only")
        self._say_counts(row, False)
        say(f"Each of the {row['fresh']} gets one mail that asks them to confirm.")
        return input(f"Import {row['fresh']}? [y/N] ").strip().casefold() in {"y", "yes"}

    def _write_refused(self, row: Any) -> None:
        if not self.options.refused:
            return
        path = Path(os.environ.get("BATON_CALLED_FROM") or ".", self.options.refused).expanduser()
        try:
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.writelines(self.importing.mending(row))
        except OSError as error:
            raise Refused(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from None

    def _report(self, row: Any, started: bool) -> None:
        from .. import db

        with db.read("signup") as tx:
            refused = self.importing.refused_rows(tx, row["id"], SHOWN)
        if self.options.json:
            counts = {name: row[name] for name in ("rows", "fresh", "known", "repeated", "refused")}
            errors = [{"row": each["row"], "problems": each["problems"]} for each in refused]
            print(
                json.dumps({"imported": started, "import": row["id"] if started else None, **counts, "errors": errors})
            )
            return
        for each in refused:
            for problem in each["problems"]:
                where = f"row {each['row']}" + (f", {problem['column']}" if problem["column"] else "")
                say(f"  {where}: {problem['message']} {problem['remedy']}")
        if row["refused"] > SHOWN:
            say(f"  … and {row['refused'] - SHOWN} more; --refused FILE writes them all")
        self._say_counts(row, started)
        if started:
            say(f"to take it back while people have not confirmed: ./baton import --undo {row['id']}")

    def _say_counts(self, row: Any, started: bool) -> None:
        new = "came in" if started else "would come in"
        say(f"{row['fresh']} {new}, {row['known']} known already, {row['repeated']} repeated, {row['refused']} refused")


class Bar:
    """One line on a terminal that is written over; elsewhere nothing."""

    def __init__(self, shown: bool) -> None:
        self.shown = shown

    def show(self, row: Any) -> None:
        """How far that import is."""
        if not self.shown:
            return
        importing = row["state"] in {"importing", "done"}
        done, whole = (row["done"], row["rows"]) if importing else (row["read"], row["size"])
        if row["state"] in {"undoing", "undone"}:
            done, whole = row["withdrawn"], row["fresh"]
        part = min(1.0, done / max(1, whole))
        bar = "█" * int(part * 30)
        word = {"importing": "importing", "done": "importing", "undoing": "undoing", "undone": "undoing"}
        sys.stderr.write(f"\r\033[K{word.get(row['state'], 'checking'):<10}{bar:<30} {part:4.0%}  {done}")
        sys.stderr.flush()

    def end(self) -> None:
        """Take the line away."""
        if self.shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


def say(text: str) -> None:
    """A line for a person; letters of a file are not to move the cursor."""
    print("".join(each if each.isprintable() else "?" for each in text), flush=True)
