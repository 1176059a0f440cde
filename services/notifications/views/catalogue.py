"""The kinds of mail, for organizers: how each looks, its words changed and taken back, a test to one's own address."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, Response, make_response, render_template, request
from markupsafe import escape
from sqlalchemy.engine import Connection

from shared import access, db
from shared.api import CONFLICT, NOT_FOUND, Empty
from shared.api import Blueprint as ApiBlueprint
from shared.problems import Problem
from shared.web import go, problem

from .. import people, schemas
from ..mail import catalogue, compose, invitation, parts, rewording
from ..mail.compose import Reader
from ..mail.kinds import KINDS
from ..models import SERVICE, person
from . import pages

blueprint = Blueprint("catalogue", __name__, url_prefix="/notifications/catalogue")
api = ApiBlueprint(SERVICE, "kinds", "The kinds of mail, and their words")
HOME = "/notifications/catalogue"
SAID = {
    "saved": "Saved. Mails that are written from now on say it so.",
    "back": "The original words are in use again.",
    "used": "That version is in use again.",
    "tested": "The test is on its way to your own address.",
}
# What a mail looks like stands in a frame of its own: nothing in it is loaded, runs or can be sent.
FRAME = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
_BODY = re.compile(r"<body[^>]*>")
_SUBJECT = "margin: 0; padding: 12px 16px; font: bold 16px sans-serif"


@blueprint.get("")
@access.needs("organizer")
def index() -> str:
    """All kinds."""
    with db.read(SERVICE) as tx:
        changed = rewording.reworded(tx)
    return render_template("notifications/catalogue.html", kinds=catalogue.everything(), changed=changed)


@blueprint.get("/<kind>")
@access.needs("organizer")
def show(kind: str) -> str:
    """One kind: what it is for, how it looks, which versions of its words there were."""
    known(kind)
    with db.read(SERVICE) as tx:
        now, versions, zone = rewording.current(tx, kind), rewording.versions(tx, kind), pages.reader_zone(tx)
        seen, real = seen_as(tx, kind, now.words)
        by = people.called(tx, {each.by.partition("/")[2] for each in versions}, hold=False)
    return render_template(
        "notifications/kind.html",
        about=catalogue.about(kind),
        seen=seen,
        real=real,
        now=now,
        versions=versions,
        by=by,
        zone=zone,
        part="text" if request.args.get("part") == "text" else "html",
        editable=parts.editable(kind),
        said=SAID.get(request.args.get("said", "")),
        press=db.new_id(),
    )


@blueprint.get("/<kind>/html")
@access.needs("organizer")
def html(kind: str) -> Response:
    """How it looks now, for the frame."""
    known(kind)
    with db.read(SERVICE) as tx:
        seen, _ = seen_as(tx, kind, rewording.current(tx, kind).words)
    return _framed(seen.html if isinstance(seen, catalogue.text.Text) else _sorry([seen]))


@blueprint.post("/<kind>/html")
@access.needs("organizer")
def html_typed(kind: str) -> Response:
    """How it would look with what is typed, for the frame: nothing is kept."""
    known(kind)
    with db.read(SERVICE) as tx:
        try:
            return _framed(catalogue.try_words(tx, kind, typed(kind), own(tx)).html)
        except rewording.Refused as refused:
            return _framed(_sorry(refused.faults))


@blueprint.post("/<kind>/look")
@access.needs("organizer")
def look(kind: str) -> Response:
    """How an invite would look that is about what is posted: nothing is kept, nobody is mailed."""
    if kind not in invitation.FIRST.values():
        problem(404, "There is no such invite", f"Choose one of those at {HOME}.")
    with db.read(SERVICE) as tx:
        try:
            values = {**catalogue.sample(tx, kind, own(tx)), **invitation.posted(request.form)}
        except ValueError as error:
            return _framed(_sorry([parts.Fault("", 0, f"It cannot be shown: {error}.")]))
        try:
            seen = catalogue.shown(kind, rewording.current(tx, kind).words, values)
        except parts.Broken as broken:
            return _framed(_sorry([broken.fault]))
    return _framed(seen.html, seen.subject)


@blueprint.route("/<kind>/edit", methods=["GET", "POST"])
@access.needs("organizer")
def edit(kind: str) -> Response:
    """Its words, to change."""
    known(kind)
    if not parts.editable(kind):
        problem(409, "These words cannot be changed", "This mail is put together anew each time.")
    faults: list[parts.Fault] = []
    with db.read(SERVICE) as tx:
        now = rewording.current(tx, kind)
    words, based = {**parts.original(kind), **now.words}, now.version
    if request.method == "POST":
        words, based = {**words, **typed(kind)}, _number(request.form.get("version", ""))
        faults = save(kind, words, based)
        if not faults:
            return go(f"{HOME}/{kind}", "saved")
    page = render_template(
        "notifications/kind_edit.html",
        about=catalogue.about(kind),
        words=words,
        based=based,
        parts=[(part, *parts.PARTS[part][2:]) for part in parts.editable(kind)],
        names=sorted(parts.names(kind)),
        problems=[{"field": each.part, "message": each.words, "remedy": ""} for each in faults],
        changed=[*rewording.cleaned(kind, words)],
    )
    return make_response(page, 422 if faults else 200)


@blueprint.post("/<kind>/use")
@access.needs("organizer")
def use(kind: str) -> Response:
    """An earlier version again; 0 is the original."""
    known(kind)
    wanted = _number(request.form.get("version", ""))
    with db.read(SERVICE) as tx:
        words = {each.version: each.words for each in (*rewording.versions(tx, kind), rewording.ORIGINAL)}
        based = rewording.current(tx, kind).version
    if wanted not in words:
        problem(404, "There is no such version", f"Choose one of those at {HOME}/{kind}.")
    if faults := save(kind, words[wanted], based):
        problem(409, "That version cannot be used any more", faults[0].words)
    return go(f"{HOME}/{kind}", "used" if words[wanted] else "back")


@blueprint.post("/<kind>/test")
@access.needs("organizer")
def test(kind: str) -> Response:
    """Send one to the organizer who asks: of a sample, so that nobody else's words are in it."""
    known(kind)
    send_test(kind, request.form.get("press", ""))
    return go(f"{HOME}/{kind}", "tested")


# ---- the same for programs ----


@api.get("/kinds")
@access.scopes("read")
@api.response(200, schemas.MailKinds)
def kinds() -> dict[str, Any]:
    """All kinds of mail: what each is for, when it comes and to whom."""
    return {"kinds": catalogue.everything()}


@api.get("/kinds/<kind>")
@access.scopes("read")
@api.response(200, schemas.MailKindWhole)
@api.doc(responses={404: NOT_FOUND})
def one(kind: str) -> dict[str, Any]:
    """One kind, with its words."""
    known(kind)
    with db.read(SERVICE) as tx:
        now = rewording.current(tx, kind)
    return {
        **vars(catalogue.about(kind)),
        "version": now.version,
        "words": {**parts.original(kind), **now.words},
        "original": parts.original(kind),
        "names": sorted(parts.names(kind)),
        "failed": now.failed,
    }


@api.post("/kinds/<kind>/preview")
@access.scopes("read")
@api.arguments(schemas.WordsTried)
@api.response(200, schemas.MailSeen)
@api.doc(responses={404: NOT_FOUND})
def preview(asked: dict[str, Any], kind: str) -> Any:
    """How it would look with these words. Nothing is kept."""
    known(kind)
    with db.read(SERVICE) as tx:
        try:
            return catalogue.try_words(tx, kind, asked["words"], own(tx))
        except rewording.Refused as refused:
            raise _refused(refused.faults) from None


@api.put("/kinds/<kind>/words")
@access.scopes()
@api.arguments(schemas.WordsGiven)
@api.response(200, schemas.MailKindWhole)
@api.doc(responses={404: NOT_FOUND})
def use_words(asked: dict[str, Any], kind: str) -> dict[str, Any]:
    """Use these words from now on; none at all: the original ones."""
    known(kind)
    if faults := save(kind, asked["words"], asked["version"]):
        raise _refused(faults)
    return one(kind)


@api.post("/kinds/<kind>/test")
@access.scopes()
@api.arguments(Empty, required=False)
@api.response(202, schemas.TestSent)
@api.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def send_one(_body: Any, kind: str) -> dict[str, str]:
    """Send one of a sample to the organizer whose token it is."""
    known(kind)
    return {"mail": send_test(kind, db.new_id())}


def _refused(faults: list[parts.Fault]) -> Problem:
    found = [{"field": each.part, "message": each.words, "remedy": "What was in use stays in use."} for each in faults]
    return Problem(422, "These words cannot be used", "Nothing has changed.", found, {})


# ---- shared ----


def known(kind: str) -> None:
    """404 for what is no kind of mail."""
    if kind not in KINDS:
        problem(404, "There is no such kind of mail", f"Choose one of those at {HOME}.")


def own(tx: Connection) -> Reader:
    """The organizer who asks, as somebody mails are for."""
    who = access.reader()
    row = tx.execute(sa.select(person).where(person.c.id == (who.person if who else ""))).first()
    if row is None or not row.email:
        return Reader(who.person if who else "", "Olga Organizer", "", pages.reader_zone(tx))
    return Reader(row.id, row.name, row.email, pages.reader_zone(tx))


def seen_as(tx: Connection, kind: str, words: Any) -> tuple[catalogue.text.Text | parts.Fault, bool]:
    """A mail of that kind with these words, and whether its values are those of a real one; or why there is none."""
    values, real = catalogue.real(tx, kind, own(tx))
    try:
        return catalogue.shown(kind, words, values), real
    except parts.Broken as broken:
        return broken.fault, real


def save(kind: str, words: Any, based: int) -> list[parts.Fault]:
    """Use these words from now on; what is wrong with them, if they are not."""
    who = access.reader()
    try:
        with db.write(SERVICE) as tx:
            sample = catalogue.sample(tx, kind, own(tx))
            rewording.save(tx, kind, words, based, sample, who.actor if who else "system")
    except rewording.Refused as refused:
        return refused.faults
    return []


def send_test(kind: str, press: str) -> str:
    """A test to one's own address; the mail's id.

    :raises Problem: there is no address, or no example of that mail.
    """
    try:
        press = str(UUID(press))
    except ValueError:
        problem(422, "This press of the button is not known", "Load the page again, and press it once more.")
    with db.write(SERVICE) as tx:
        to = own(tx)
        if not to.email:
            problem(409, "Your address is not known here yet", "Try again in a minute.")
        try:
            words = catalogue.shown(kind, rewording.current(tx, kind).words, catalogue.sample(tx, kind, to))
        except parts.Broken as broken:
            problem(409, "There is no example of this mail", broken.fault.words)
        text = catalogue.text.Text(f"Test: {words.subject}", words.text, words.html)
        compose.write_test(tx, kind, press, to, text)
        return compose.mail_id(f"test/{press}", to.person, kind)


def typed(kind: str) -> dict[str, str]:
    """The words of the form."""
    return {part: request.form[part] for part in parts.editable(kind) if part in request.form}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1


def _framed(page: str, subject: str = "") -> Response:
    page = page.replace("<head>", '<head><base target="_blank">', 1)
    if subject:
        page = _BODY.sub(lambda found: f'{found[0]}<p style="{_SUBJECT}">Subject: {escape(subject)}</p>', page, count=1)
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = FRAME
    return response


def _sorry(faults: list[parts.Fault]) -> str:
    return render_template("notifications/kind_faults.html", faults=[(_called(each), each.words) for each in faults])


def _called(fault: parts.Fault) -> str:
    return parts.PARTS[fault.part][2] if fault.part in parts.PARTS else ""
