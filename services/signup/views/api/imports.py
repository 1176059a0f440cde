"""Moving in: give a file, say how it is read, see what would happen, start it, watch it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from shared import access, api, db
from shared.api import CONFLICT, NOT_FOUND, WRONG, Blueprint, Empty
from shared.problems import problem

from ... import importing, program, schemas
from ...rules import Refused
from ..organizer.imports import AROUND, SHOWN, mended, percent
from ..pages import not_found
from .acting import do, organizer

blueprint = Blueprint("signup", "imports", "Bringing people in from a CSV file")
UPLOAD = "/signup/api/imports"
FILE = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {"type": "object", "required": ["file"], "properties": {"file": {"type": "string"}}}
        }
    },
}


@blueprint.get("/imports")
@access.scopes("read")
@blueprint.response(200, schemas.Imports)
def listed() -> dict[str, Any]:
    """The files so far."""
    with db.read("signup") as tx:
        return {"imports": [_told(row) for row in importing.listed(tx)]}


@blueprint.post("/imports")
@access.scopes()
@blueprint.doc(requestBody=FILE, responses={413: WRONG, 422: WRONG})
@blueprint.response(201, schemas.Import)
def give() -> dict[str, Any]:
    """Give a file. If its form is known it is checked at once; else say how it is read (columns)."""
    request.max_content_length = importing.most() + AROUND
    try:
        file = request.files.get("file")
    except RequestEntityTooLarge:
        _wrong(importing.too_large(), 413)
    if file is None or not file.filename:
        _wrong(Refused("file", "There is no file.", "Send multipart/form-data with the CSV file in the field `file`."))
    id = importing.give(organizer(), file.filename, file.stream)  # type: ignore[arg-type]
    do(importing.check, id, by=organizer)
    return _told(_one(id))


@blueprint.get("/imports/<id>")
@access.scopes("read")
@blueprint.response(200, schemas.Import)
@blueprint.doc(responses={404: NOT_FOUND})
def one(id: str) -> dict[str, Any]:
    """How far it is, and what it would do or did."""
    return _told(_one(id))


@blueprint.get("/imports/<id>/columns")
@access.scopes("read")
@blueprint.response(200, schemas.Columns)
@blueprint.doc(responses={404: NOT_FOUND})
def columns(id: str) -> dict[str, Any]:
    """How the file is read, what a column can be, and what answers mean."""
    row = _one(id)
    with db.read("signup") as tx:
        now, made = program.load(tx), importing.columns(tx, row)
    fields = [target for _, members in importing.targets(now) for target, _ in members]
    return {
        **made.as_dict(),
        "header": row["header"],
        "fields_": fields,
        "meanings": importing.unmapped(row, now),
    }


@blueprint.patch("/imports/<id>/columns")
@access.scopes()
@blueprint.arguments(schemas.ColumnsGiven)
@blueprint.response(202, schemas.Import)
@blueprint.doc(responses={404: NOT_FOUND, 409: CONFLICT, 422: WRONG})
def save_columns(body: dict[str, Any], id: str) -> dict[str, Any]:
    """Say how the file is read; it is then checked, without effect. Remembered for files of the same form."""
    row = _one(id)
    if "columns" in body:
        body["columns"] = tuple(each or None for each in body["columns"])
    with db.read("signup") as tx:
        made = replace(importing.columns(tx, row), **body)
    do(importing.check, id, made, by=organizer)
    return _told(_one(id))


@blueprint.patch("/imports/<id>/meanings")
@access.scopes()
@blueprint.arguments(schemas.Meanings)
@blueprint.response(202, schemas.Import)
@blueprint.doc(responses={404: NOT_FOUND, 409: CONFLICT, 422: WRONG})
def save_meanings(body: dict[str, dict[str, str]], id: str) -> dict[str, Any]:
    """Say what answers about stream and time zone mean; the file is then checked again."""
    row = _one(id)
    with db.read("signup") as tx:
        made = importing.with_meanings(importing.columns(tx, row), body)
    do(importing.check, id, made, by=organizer)
    return _told(_one(id))


@blueprint.post("/imports/<id>/columns/undo")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, schemas.Import)
@blueprint.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def undo(_body: Any, id: str) -> dict[str, Any]:
    """Take the last mapping of this form back."""
    return _done(importing.undo_mapping, id)


@blueprint.post("/imports/<id>/start")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(202, schemas.Import)
@blueprint.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def start(_body: Any, id: str) -> dict[str, Any]:
    """Import what was checked: each who is new gets a mail that asks to confirm."""
    return _done(importing.start, id)


@blueprint.get("/imports/<id>/undo")
@access.scopes("read")
@blueprint.response(200, schemas.Undo)
@blueprint.doc(responses={404: NOT_FOUND})
def preview(id: str) -> dict[str, Any]:
    """Whom an undo would take back, and who would stay."""
    _one(id)
    with db.read("signup") as tx:
        return importing.preview(tx, id).as_dict()


@blueprint.post("/imports/<id>/undo")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(202, schemas.Import)
@blueprint.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def take_back(_body: Any, id: str) -> dict[str, Any]:
    """Take an import back: who came in by it and has not confirmed is forgotten. Everybody else stays."""
    return _done(importing.undo, id)


@blueprint.delete("/imports/<id>")
@access.scopes()
@blueprint.response(204)
@blueprint.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def remove(id: str) -> None:
    """Throw the file away. How its columns are read stays remembered."""
    _one(id)
    do(importing.throw_away, id, by=organizer)


@blueprint.get("/imports/<id>/refused")
@access.scopes("read")
@blueprint.response(200, schemas.RefusedRows)
@blueprint.doc(responses={404: NOT_FOUND})
def refused(id: str) -> dict[str, Any]:
    """The rows that cannot be taken, each with why."""
    row = _one(id)
    with db.read("signup") as tx:
        return {"rows": importing.refused_rows(tx, id, SHOWN), "total": row["refused"]}


@blueprint.get("/imports/<id>/refused.csv")
@access.scopes("read")
@blueprint.doc(responses={200: api.file("text/csv", "Their cells, then why"), 404: NOT_FOUND})
def refused_file(id: str) -> Response:
    """All of them, as a file to mend and give again."""
    return mended(_one(id))


def _done(command: Any, id: str) -> dict[str, Any]:
    _one(id)
    do(command, id, by=organizer)
    return _told(_one(id))


def _told(row: importing.Import) -> dict[str, Any]:
    return {**row, "percent": percent(row)}


def _one(id: str) -> Any:
    with db.read("signup") as tx:
        return importing.one(tx, id) or not_found("import")


def _wrong(refusal: Refused, status: int = 422) -> NoReturn:
    problem(status, "There is no file to take", f"{refusal.message} {refusal.remedy}", [refusal.as_dict()])
