"""The outbox: every mail that went or would have gone, as its reader sees it and as the server got it.

Only organizers; and only GETs: looking at a mail changes nothing.
"""

from __future__ import annotations

from typing import Any, NoReturn

import sqlalchemy as sa
from flask import Blueprint, Response, render_template, request
from markupsafe import Markup, escape

from shared import access, config, db, tokens
from shared.web import problem

from .. import outbox, suppressed
from ..mail import server
from ..mail.kinds import KINDS
from ..models import SERVICE, person, program
from ..rules import State

blueprint = Blueprint("outbox", __name__, url_prefix="/notifications")
PARTS = {"html": "As it looks", "text": "Text", "headers": "Headers", "raw": "Source"}
# How the pages show a state: the word people read, and the one whose icon is meant.
WORDS = {State.KEPT.value: ("kept here", "stored")}


def context() -> dict[str, Any]:
    """What every template of notifications may use, error pages included."""
    try:
        with db.read(SERVICE) as tx:
            name, known = tx.execute(sa.select(program.c.name)).scalar(), server.state(tx)
    except sa.exc.SQLAlchemyError:
        name, known = None, server.Server()
    return {"program_name": name, "words": WORDS, "server": known}


@blueprint.get("/outbox")
@access.needs("organizer")
def index() -> str:
    """All mails, newest first."""
    asked = request.args
    wanted = outbox.Wanted(
        recipient=asked.get("q", "").strip(),
        state=asked.get("state", "") if asked.get("state") in set(State) else "",
        kind=asked.get("kind", "") if asked.get("kind") in KINDS else "",
        before=asked.get("before", ""),
    )
    with db.read(SERVICE) as tx:
        found, waiting, zone = outbox.find(tx, wanted), outbox.counts(tx), reader_zone(tx)
        refusing = suppressed.count(tx)
    return render_template(
        "notifications/outbox.html",
        found=found,
        wanted=wanted,
        waiting=waiting,
        zone=zone,
        refusing=refusing,
        kinds=[(kind.name, kind.title) for kind in KINDS.values()],
        titles={kind.name: kind.title for kind in KINDS.values()},
        states=[(state.value, WORDS.get(state.value, (state.value,))[0]) for state in State],
        offline=not config.current().smtp_url,
    )


@blueprint.get("/outbox/<id>")
@access.needs("organizer")
def show(id: str) -> str:
    """One mail; `?part=` chooses what of it."""
    part = request.args.get("part", "html")
    shown = found(id)
    with db.read(SERVICE) as tx:
        zone, refusing = reader_zone(tx), suppressed.listed(tx, shown.row.address) if shown.row.address else []
    kind = KINDS.get(shown.row.kind)
    return render_template(
        "notifications/mail.html",
        mail=shown.row,
        shown=shown,
        title=kind.title if kind else shown.row.kind,
        part=part if part in PARTS else "html",
        parts=[(words, f"/notifications/outbox/{id}?part={name}", name) for name, words in PARTS.items()],
        text=linked(shown.text),
        raw=shown.raw.decode("utf-8", "replace"),
        zone=zone,
        refusing=[each for each in refusing if not each.lifted],
    )


@blueprint.get("/outbox/<id>/html")
@access.needs("organizer")
def html(id: str) -> Response:
    """The HTML alone, for the frame: no script, no form, nothing loaded from anywhere; its links open in a new tab."""
    mail = found(id)
    page = mail.html.replace("<head>", '<head><base target="_blank">', 1)
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    return response


@blueprint.get("/outbox/<id>/mail.eml")
@access.needs("organizer")
def eml(id: str) -> Response:
    """The mail as a file that mail programs open."""
    return attached(found(id))


def attached(mail: outbox.Shown) -> Response:
    """That mail as a file."""
    if not mail.raw:
        _unknown()
    response = Response(mail.raw, mimetype="message/rfc822")
    response.headers["Content-Disposition"] = f'attachment; filename="{mail.row.kind}-{mail.row.id[:8]}.eml"'
    response.headers["Cache-Control"] = "no-store"
    return response


def found(id: str, hidden: bool = False) -> outbox.Shown:
    """The mail of that id, or 404. :param hidden: without its tokens, whatever else holds."""
    with db.read(SERVICE) as tx:
        return outbox.one(tx, id, hidden) or _unknown()


def linked(text: str) -> Markup:
    """Plain text with its web addresses as links, less those that are hidden; everything else is escaped."""
    words = []
    for line in text.split("\n"):
        start = line.find("http")
        address = line[start:].split(" ")[0].rstrip(".,") if start >= 0 else ""
        if address.startswith(("http://", "https://")) and tokens.HIDDEN not in address:
            after = line[start + len(address) :]
            words.append(escape(line[:start]) + Markup('<a href="{0}">{0}</a>').format(address) + escape(after))
        else:
            words.append(escape(line))
    return Markup("\n").join(words)


def reader_zone(tx: Any) -> str:
    """The reader's time zone: their own, or the program's."""
    who = access.reader()
    own = tx.execute(sa.select(person.c.timezone).where(person.c.id == (who.person if who else ""))).scalar()
    return own or tx.execute(sa.select(program.c.timezone)).scalar() or "UTC"


def _unknown() -> NoReturn:
    problem(404, "There is no such mail", "Look for it in the list at /notifications/outbox.")
