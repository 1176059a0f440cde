"""What `shared/export.py` has to give, over HTTP: `/<service>/export/` for organizers, `/<service>/api/exports` for
programs. Apart from it, so that a worker that reads or writes CSV loads nothing of the web.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from marshmallow import Schema, fields

from . import access, export, log
from . import api as api_base
from .mount import Stream
from .problems import problem

logger = log.get()


def blueprint(service: str) -> Blueprint:
    """`/<service>/export/<part>.<csv|json>` for organizers."""
    made = Blueprint("export", __name__, url_prefix=f"/{service}/export")

    @made.get("/<name>.<form>")
    @access.needs("organizer")
    def download(name: str, form: str) -> Response:
        return _file(service, name, form)

    return made


class PartSchema(Schema):
    """Something that can be taken along."""

    name = fields.String()
    meaning = fields.String()
    csv = fields.String(metadata={"description": "where it is as CSV"})
    json = fields.String(metadata={"description": "where it is as JSON"})


class Parts(Schema):
    """All of them; not paged."""

    parts = fields.List(fields.Nested(PartSchema))


def api(service: str) -> api_base.Blueprint:
    """`/<service>/api/exports`: the same for programs."""
    made = api_base.Blueprint(service, "exports", "Taking everything along")

    @made.get("/exports")
    @access.scopes("read")
    @made.response(200, Parts)
    def listed() -> dict[str, Any]:
        """What this service has to give."""
        home = f"/{service}/api/exports"
        said = [
            {"name": p.name, "meaning": p.meaning, **{f: f"{home}/{p.name}.{f}" for f in export.FORMATS}}
            for p in export.parts(service)
        ]
        return {"parts": said}

    @made.get("/exports/<name>.<form>")
    @access.scopes("read")
    @made.doc(responses={200: api_base.file("text/csv", "The part, as CSV or as JSON"), 404: api_base.NOT_FOUND})
    def download(name: str, form: str) -> Response:
        """One part, whole, as CSV or as JSON."""
        return _file(service, name, form)

    return made


def _file(service: str, name: str, form: str) -> Response:
    wanted = export.find(service, name)
    if wanted is None or form not in export.FORMATS:
        known = ", ".join(each.name for each in export.parts(service)) or "nothing so far"
        problem(404, "There is no such export", f"Choose from {known}, each as .csv or .json.")
    reader = access.reader()
    logger.info("data.exported", service=service, part=name, by=reader.actor if reader else None)
    answer = Response(Stream(each.encode() for each in export.text(wanted, form)), direct_passthrough=True)
    answer.headers["Content-Type"] = export.FORMATS[form]
    answer.headers["Content-Disposition"] = f'attachment; filename="{service}-{name}.{form}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
