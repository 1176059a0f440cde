"""The organizers' monthly meeting and talks: proposed, looked at, sent, changed, noted; and what members see."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy.engine import Connection

from shared import access, clock, db
from shared.web import problem

from .. import people
from ..circles import reading as circles
from ..gatherings import asking, notes, plans, proposing, reading, recipients
from ..invites import feeds
from ..invites import reading as invites
from ..models import SERVICE
from ..rules import gatherings as rules
from .pages import do, go, page, reader_id, reader_zone, try_to, unreadable

blueprint = Blueprint("gatherings", __name__, url_prefix="/sessions")
HOME = "/sessions/gatherings"
WEEKS = {1: "First", 2: "Second", 3: "Third", 4: "Fourth", rules.LAST: "Last"}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def url(id: str, more: str = "") -> str:
    """The page of a gathering, or one below it."""
    return f"{HOME}/{id}{more}"


@blueprint.get("/gatherings")
@access.needs("organizer")
def listed() -> Response:
    """All of them, and the plans."""
    with db.read(SERVICE) as tx:
        rows, zone = reading.listed(tx), reader_zone(tx)
        schedules = [(kind, name, plan, plans.following(plan)[1])
                     for kind, name in reading.KINDS.items() for plan in [plans.one(tx, kind)]]  # fmt: skip
        feed = feeds.address(tx, reader_id())
    off = ("dropped", "cancelled")
    return page(
        "gatherings.html",
        ahead=sorted(
            (row for row in rows if not row["past"] and row["state"] not in off), key=lambda r: r["starts_at"]
        ),
        before=[row for row in rows if row["past"] or row["state"] in off],
        schedules=schedules,
        kinds=reading.KINDS,
        weeks=WEEKS,
        days=DAYS,
        zone=zone,
        feed=feed,
    )


@blueprint.post("/gatherings")
@access.needs("organizer")
def propose() -> Response:
    """Propose one: nobody is told before it is sent."""
    return go(url(do(proposing.propose, request.form.get("kind", ""))), "proposed")


@blueprint.get("/gatherings/<id>")
@access.needs("member", "organizer")
def show(id: str) -> Response:
    """One of them: for organizers with all that can be done, for who is invited what it is about."""
    reader = access.reader()
    roles = reader.roles if reader else ()
    with db.read(SERVICE) as tx:
        row = reading.one(tx, id)
        manages = "organizer" in roles
        allowed = manages or reading.may_read(tx, row, reader_id(), roles)
        shown = _managed(tx, row) if manages else read(tx, row, reader_id())
    if not allowed:
        problem(403, "This meeting is for others", "Its page is for who is invited, and the organizers.")
    return page("gathering.html" if manages else "gathering_read.html", **shown)


def read(tx: Connection, row: reading.Row, person: str) -> dict[str, Any]:
    """What somebody who is invited sees of it."""
    told = invites.invited(tx, row["id"], person)
    return {
        "gathering": row,
        "zone": people.zone(tx, person),
        "answer": invites.answer_of(tx, row["id"], person),
        "can_answer": bool(told) and row["state"] in reading.AHEAD and row["starts_at"] > clock.now(),
    }


def _managed(tx: Connection, row: reading.Row) -> dict[str, Any]:
    """What organizers see."""
    sent = row["sequence"] is not None
    who = recipients.of(tx, row)
    told = reading.people_told(tx, row["id"]) if sent else []
    said = invites.answers(tx, [row["id"]])[row["id"]]
    named = people.names(tx, [*who.people, *told]) | {row["guest"]: row["guest_name"]}
    return {
        "gathering": row,
        "zone": reader_zone(tx),
        "streams": people.streams(tx),
        "who": who,
        "names": named,
        "circles": _circle_names(tx, [*who.circles, *who.without]),
        "told": sorted(told, key=lambda id: (named[id] or "").casefold()),
        "answered": said,
        "counts": Counter(said.get(id, "no answer") for id in told),
        "many": row["kind"] == reading.ORGANIZERS and len(who.people) > rules.MANY,
        "begun": row["starts_at"] <= clock.now(),
        "expected": reading.expects(row),
        "typed": row,
        "invite": _invite(row),
    }


def _invite(row: reading.Row) -> dict[str, Any]:
    """What the invite will say, as the fields of the form by which notifications shows it."""
    said = reading.about(row)
    return {
        "title": said["name"],
        "starts_at": row["starts_at"].isoformat(),
        "minutes": row["minutes"],
        "link": row["link"] or "",
        "location": row["location"] or "",
        "speaker": said["also"].get("speaker", ""),
        "abstract": said["also"].get("abstract", ""),
    }


def _circle_names(tx: Connection, ids: list[str]) -> dict[str, tuple[str, str]]:
    """{circle: (its name, its stream's)}."""
    streams = people.streams(tx)
    wanted = set(ids)
    return {
        row["id"]: (row["name"], streams.get(row["stream"], row["stream"]))
        for row in circles.listed(tx)
        if row["id"] in wanted
    }


@blueprint.route("/gatherings/<id>/edit", methods=["GET", "POST"])
@access.needs("organizer")
def edit(id: str) -> Response:
    """What it is, when, where, and for whom."""
    problems: list[dict[str, str]] = []
    given = request.form
    if request.method == "POST":
        typed = {name: given.get(name, "") for name in asking.FIELDS}
        anew, streams = given.get("do") == "anew", given.getlist("streams")
        problems = try_to(proposing.save, id, typed, streams, given.get("seen"), anew)
        if not problems:
            return go(url(id, "/edit") if anew else url(id), "saved")
    with db.read(SERVICE) as tx:
        row, known = reading.one(tx, id), people.streams(tx)
        told = len(reading.people_told(tx, id))
    shown: Any = row
    if request.method == "POST":
        shown = {**typed, "streams": streams, "version": given.get("seen")}
    return page("gathering_edit.html", problems, gathering=row, typed=shown, streams=known, told=told)


@blueprint.post("/gatherings/<id>/send")
@access.needs("organizer")
def send(id: str) -> Response:
    """Invite everybody who is shown."""
    problems = try_to(proposing.send, id, request.form.get("seen"))
    if not problems:
        return go(url(id), "gathering-sent")
    with db.read(SERVICE) as tx:
        shown = _managed(tx, reading.one(tx, id))
    return page("gathering.html", problems, **shown)


@blueprint.post("/gatherings/<id>/split")
@access.needs("organizer")
def split(id: str) -> Response:
    """One per stream in place of one for all."""
    do(proposing.split, id)
    return go(HOME, "gathering-split")


@blueprint.post("/gatherings/<id>/drop")
@access.needs("organizer")
def drop(id: str) -> Response:
    """Do not send this proposal."""
    do(proposing.drop, id)
    return go(url(id), "gathering-dropped")


@blueprint.post("/gatherings/<id>/take-up")
@access.needs("organizer")
def take_up(id: str) -> Response:
    """Undo that."""
    do(proposing.take_up, id)
    return go(url(id), "undone")


@blueprint.route("/gatherings/<id>/cancel", methods=["GET", "POST"])
@access.needs("organizer")
def cancel(id: str) -> Response:
    """Call it off."""
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        problems = try_to(proposing.cancel, id, request.form.get("reason", ""))
        if not problems:
            return go(url(id), "gathering-cancelled")
    with db.read(SERVICE) as tx:
        row, told, zone = reading.one(tx, id), len(reading.people_told(tx, id)), reader_zone(tx)
    typed = request.form.get("reason", "")
    return page("gathering_cancel.html", problems, gathering=row, told=told, zone=zone, reason=typed)


@blueprint.post("/gatherings/<id>/restore")
@access.needs("organizer")
def restore(id: str) -> Response:
    """It takes place after all."""
    do(proposing.restore, id)
    return go(url(id), "gathering-restored")


@blueprint.post("/gatherings/<id>/notes")
@access.needs("organizer")
def keep_notes(id: str) -> Response:
    """Notes and the recording; shared with who was invited when the button says so."""
    given = request.form
    problems, shared = unreadable(), False
    if not problems:
        typed = (given.get("notes", ""), given.get("recording", ""), given.get("seen"))
        share = given.get("do") == "share"
        problems = try_to(notes.save, id, *typed, share)
        shared = share and not problems
    if not problems:
        return go(url(id), "gathering-shared" if shared else "saved")
    with db.read(SERVICE) as tx:
        shown = _managed(tx, reading.one(tx, id))
    shown["typed"] = {**given, "version": given.get("seen")}
    return page("gathering.html", problems, **shown)


@blueprint.post("/gatherings/<id>/forget-guest")
@access.needs("organizer")
def forget_guest(id: str) -> Response:
    """Take the guest's name and address out, everywhere."""
    do(notes.forget_guest, id)
    return go(url(id), "guest-forgotten")


@blueprint.route("/gatherings/plans/<kind>", methods=["GET", "POST"])
@access.needs("organizer")
def plan(kind: str) -> Response:
    """When the next one is proposed by itself."""
    if kind not in reading.KINDS:
        problem(404, "There is no such plan", "Choose one from the list of meetings and talks.")
    problems: list[dict[str, str]] = []
    given = request.form.to_dict()
    if request.method == "POST":
        problems = try_to(_save_plan, kind, given, given.get("do") != "stop")
        if not problems:
            return go(HOME, "saved")
    with db.read(SERVICE) as tx:
        held = plans.one(tx, kind)
    typed = given or {**held, "week": str(held["week"]), "weekday": str(held["weekday"])}
    return page(
        "gathering_plan.html",
        problems,
        kind=kind,
        name=reading.KINDS[kind],
        held=held,
        typed=typed,
        weeks=[(str(number), name) for number, name in WEEKS.items()],
        days=[(str(number), name) for number, name in enumerate(DAYS)],
    )


def _save_plan(tx: Connection, _by: str, kind: str, typed: dict[str, str], active: bool) -> None:
    plans.save(tx, kind, typed, active)


@blueprint.get("/talks")
@access.needs("member", "organizer")
def talks() -> Response:
    """All talks that were announced: to come, and past ones with their recordings."""
    with db.read(SERVICE) as tx:
        rows = [row for row in reading.listed(tx, reading.TALK) if row["state"] not in ("proposed", "dropped")]
        unwanted, zone = reading.wants_no_talks(tx, reader_id()), reader_zone(tx)
        open_ones = invites.open_invites(tx, reader_id())
    return page(
        "talks.html",
        ahead=[row for row in reversed(rows) if not row["past"]],
        before=[row for row in rows if row["past"] and row["state"] != "cancelled"],
        unwanted=unwanted,
        zone=zone,
        can_answer=open_ones,
    )


@blueprint.post("/talks/wanted")
@access.needs("member", "organizer")
def want_talks() -> Response:
    """Whether one wants invites to talks."""
    wanted = request.form.get("wanted") == "yes"
    with db.write(SERVICE) as tx:
        notes.want_talks(tx, reader_id(), wanted)
    return go("/sessions/talks", "talks" if wanted else "no-talks")
