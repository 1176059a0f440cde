"""Moving in and out: a file of answers is given, mapped, checked and imported; everything can be taken along again.

The work itself is a worker's; these pages say what is to be done, and show how far it is.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from shared import access, db, export
from shared.face import counted
from shared.mount import Stream

from ... import importing, program
from ...importing import Columns, Import
from ...rules import Refused
from ..pages import go, not_found, refusals
from .acting import HOME, actor, do, page, sure, try_to

blueprint = Blueprint("organizer_imports", __name__, url_prefix=f"{HOME}/import")
UPLOAD = URL = f"{HOME}/import"
AROUND = 1 << 20  # bytes that a form may have beside its file
SHOWN = 50  # refused rows on the page; all are in the download
EXAMPLES = 3


@blueprint.get("")
@access.needs("organizer")
def home() -> Response:
    """Give a file; the files so far; take everything along."""
    return _home()


def _home(problems: list[dict[str, str]] | None = None) -> Response:
    with db.read("signup") as tx:
        now, found = program.load(tx), importing.listed(tx)
    given = {"imports": found, "most": importing.most() >> 20, "parts": export.parts("signup"), "zone": now.timezone}
    return page("import", "imports.html", problems, **given)


@blueprint.post("")
@access.needs("organizer")
def give() -> Response:
    """Take a file in; if its form is known, check it at once."""
    request.max_content_length = importing.most() + AROUND
    try:
        file = request.files.get("file")
    except RequestEntityTooLarge:
        return _home(refusals(importing.too_large()))
    if file is None or not file.filename:
        return _home(refusals(Refused("file", "No file is chosen.", "Choose the CSV file on your device.")))
    try:
        id = importing.give(actor(), file.filename, file.stream)  # type: ignore[arg-type]
        known = not try_to(importing.check, id) and _one(id)["state"] == "checking"
    except Refused as refused:
        return _home(refusals(refused))
    return go(f"{URL}/{id}" if known else f"{URL}/{id}/columns")


@blueprint.get("/<id>")
@access.needs("organizer")
def one(id: str) -> Response:
    """How far an import is, what it would do or did, and what comes next."""
    return _page(_one(id))


def _page(row: Import, problems: list[dict[str, str]] | None = None) -> Response:
    with db.read("signup") as tx:
        now = program.load(tx)
        undo = importing.preview(tx, row["id"]) if row["state"] in ("done", "old") else None
        refused = importing.refused_rows(tx, row["id"], SHOWN)
        remembered = importing.remembered(tx, row["form"]) is not None
    return page(
        "import",
        "import.html",
        problems,
        row=row,
        refused=refused,
        shown=SHOWN,
        meanings=importing.unmapped(row, now),
        options={"stream": [(each.slug, each.name) for each in now.streams]},
        remembered=remembered,
        percent=percent(row),
        undo=undo,
        zone=now.timezone,
    )


def percent(row: Import) -> int:
    """How far the present pass is: by rows once they are counted, by bytes before."""
    done, whole = (row["done"], row["rows"]) if row["state"] == "importing" else (row["read"], row["size"])
    if row["state"] == "undoing":
        done, whole = row["withdrawn"], row["fresh"]
    return min(99, 100 * done // max(1, whole))


@blueprint.route("/<id>/columns", methods=["GET", "POST"])
@access.needs("organizer")
def columns(id: str) -> Response:
    """Which column is what; saving checks the file."""
    row = _one(id)
    if not row["header"]:
        return _page(row)
    with db.read("signup") as tx:
        made = importing.columns(tx, row)
    if request.method != "POST":
        return _columns(row, made)
    made = _typed(row, made)
    problems = try_to(importing.check, id, made)
    return _columns(row, made, problems) if problems else go(f"{URL}/{id}", "mapped")


def _typed(row: Import, before: Columns) -> Columns:
    given = request.form
    return Columns(
        tuple(given.get(f"column.{n}") or None for n in range(len(row["header"]))),
        before.meanings,
        given.get("stream") or None,
        given.get("timezone", ""),
        given.get("dates", ""),
    )


def _columns(row: Import, made: Columns, problems: list[dict[str, str]] | None = None) -> Response:
    with db.read("signup") as tx:
        now, sample = program.load(tx), importing.sample(tx, row)
        remembered = importing.remembered(tx, row["form"]) is not None
    told = [
        {
            "number": n,
            "title": title or f"Column {n + 1}",
            "target": made.columns[n] if n < len(made.columns) else None,
            "examples": _examples(sample, n),
        }
        for n, title in enumerate(row["header"])
    ]
    return page(
        "import",
        "columns.html",
        problems,
        row=row,
        columns=told,
        made=made,
        groups=importing.targets(now),
        streams=[(each.slug, each.name) for each in now.streams],
        orders=[(key, words.capitalize()) for key, words in importing.ORDERS.items()],
        remembered=remembered,
    )


def _examples(sample: list[list[str]], n: int) -> list[str]:
    """The first different cells of a column, in one short line each."""
    cells = (" ".join(cells[n].split())[:80] for cells in sample if n < len(cells))
    return list(dict.fromkeys(cell for cell in cells if cell))[:EXAMPLES]


@blueprint.post("/<id>/columns/undo")
@access.needs("organizer")
def undo(id: str) -> Response:
    """Take the last mapping of this form back."""
    row = _one(id)
    problems = try_to(importing.undo_mapping, id)
    if problems:
        return _page(row, problems)
    return go(f"{URL}/{id}" if row["state"] == "done" else f"{URL}/{id}/columns", "mapping-undone")


@blueprint.post("/<id>/meanings")
@access.needs("organizer")
def meanings(id: str) -> Response:
    """What the answers mean; saving checks the file again."""
    row = _one(id)
    given: dict[str, dict[str, str]] = {field: {} for field in importing.MEANT}
    for field in importing.MEANT:
        for answer, meaning in zip(
            request.form.getlist(f"answer.{field}"), request.form.getlist(f"meaning.{field}"), strict=False
        ):
            given[field][answer] = meaning
    with db.read("signup") as tx:
        made = importing.with_meanings(importing.columns(tx, row), given)
    problems = try_to(importing.check, id, made)
    return _page(row, problems) if problems else go(f"{URL}/{id}", "mapped")


@blueprint.post("/<id>/start")
@access.needs("organizer")
def start(id: str) -> Response:
    """Import what was checked."""
    problems = try_to(importing.start, id)
    return _page(_one(id), problems) if problems else go(f"{URL}/{id}")


@blueprint.route("/<id>/remove", methods=["GET", "POST"])
@access.needs("organizer")
def remove(id: str) -> Response:
    """Throw the file away, after asking."""
    row = _one(id)
    if request.method == "POST":
        do(importing.throw_away, id)
        return go(URL, "thrown-away")
    return sure(
        "import",
        heading=f"Throw “{row['file']}” away?",
        happens=["The file and what was read in it are deleted here. Nobody has been imported from it."],
        undo="give the same file again. How its columns are mapped stays remembered.",
        label="Throw it away",
        back={"href": f"{URL}/{id}", "label": row["file"]},
    )


@blueprint.route("/<id>/undo", methods=["GET", "POST"])
@access.needs("organizer")
def take_back(id: str) -> Response:
    """Take an import back, after saying whom that means."""
    row = _one(id)
    if request.method == "POST":
        problems = try_to(importing.undo, id)
        return _page(_one(id), problems) if problems else go(f"{URL}/{id}")
    with db.read("signup") as tx:
        found = importing.preview(tx, id)
    return sure(
        "import",
        heading=f"Undo the import of “{row['file']}”?",
        happens=undo_words(found),
        undo="give the same file again. Who is new in it is then asked once more.",
        label=f"Take {counted(found.back)} {'person' if found.back == 1 else 'people'} back",
        back={"href": f"{URL}/{id}", "label": row["file"]},
    )


def undo_words(found: importing.Undo) -> list[str]:
    """What an undo would do, in sentences."""
    said = [
        f"Taken back: {counted(found.back)}, who came in by this file and have not confirmed. Their data are "
        "deleted here, mails that have not gone out are dropped, and a link that they got already says what happened.",
        f"Staying: {counted(found.confirmed)}, who have confirmed since.",
    ]
    if found.applied:
        said.append(f"Staying: {counted(found.applied)}, who signed up themselves meanwhile and have yet to confirm.")
    return [*said, "Whoever was known before the import is not touched."]


@blueprint.get("/<id>/refused.csv")
@access.needs("organizer")
def refused(id: str) -> Response:
    """The rows that could not be taken, as a file to mend and give again: their cells, then why."""
    return mended(_one(id))


def mended(row: Import) -> Response:
    """Those rows as a file."""
    lines = importing.mending(row)
    answer = Response(Stream(each.encode() for each in lines), direct_passthrough=True)
    answer.headers["Content-Type"] = export.FORMATS["csv"]
    answer.headers["Content-Disposition"] = 'attachment; filename="refused.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _one(id: str) -> Any:
    with db.read("signup") as tx:
        return importing.one(tx, id) or not_found("import")
