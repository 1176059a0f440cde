"""The members list, one member with their history, and what an organizer does for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from shared import access, db

from ... import people, program, rules
from ...people.reading import PAGE
from ..me import answered
from ..pages import go, not_found
from . import wording
from .acting import HOME, page, sure, try_to

blueprint = Blueprint("organizer_members", __name__, url_prefix=HOME)
RECENT = 10  # moments of somebody's history that are shown before one asks for all
SORTS = (
    ("name", "Name"),
    ("-applied", "Latest first"),
    ("applied", "Earliest first"),
    ("stream", "Stream"),
    ("state", "State"),
)


@blueprint.get("/")
@access.needs("organizer")
def listed() -> Response:
    """Everybody, searched, filtered, sorted, by pages."""
    given = {name: request.args.get(name, "") for name in ("q", "stream", "state", "sort")}
    with db.read("signup") as tx:
        now = program.load(tx)
        filters = {"text": given["q"], "stream": given["stream"], "state": given["state"]}
        found = people.find(tx, filters, given["sort"] or "name", page_number())
    return page(
        "members",
        "members.html",
        rows=found.rows,
        total=found.total,
        page=found.page,
        size=PAGE,
        page_url=lambda number: f"{HOME}/?{urlencode({**{k: v for k, v in given.items() if v}, 'page': number})}",
        filters=given,
        filtered=any(given[name] for name in ("q", "stream", "state")),
        stream_names={each.slug: each.name for each in now.streams},
        stream_options=[(each.slug, each.name) for each in now.streams],
        state_options=[(state, state.capitalize()) for state in rules.STATES],
        sort_options=SORTS,
        zone=now.timezone,
    )


def page_number() -> int:
    """The page asked for; 1 for anything that is no page."""
    return min(max(1, request.args.get("page", 1, type=int)), 1_000_000)


@blueprint.get("/members/<person>")
@access.needs("organizer")
def member(person: str) -> Response:
    """One person."""
    return _member(person)


def _member(person: str, problems: list[dict[str, str]] | None = None) -> Response:
    with db.read("signup") as tx:
        now, asked = program.load(tx), program.questions(tx)
        row = _one(people.one(tx, person))
        most = None if request.args.get("history") == "all" else RECENT + 1
        moments, names = people.history(tx, person, wording.FACTS, most), wording.names(now, asked)
    return page(
        "members",
        "member.html",
        problems,
        person=row,
        stream=now.stream(row["stream"]),
        answers=answered(asked, row),
        history=[wording.moment(each, names) for each in moments[: most and RECENT]],
        older=most is not None and len(moments) > RECENT,
        actions=[
            {"title": label, "label": label, "text": text, "href": f"{HOME}/members/{person}/{path}", "page": has_page}
            for label, path, text, has_page in actions(row)
        ],
        zone=now.timezone,
    )


def actions(row: Mapping[str, Any]) -> list[tuple[str, str, str, bool]]:
    """What can be done for them now: (label, the last part of its address, words, whether a page asks first)."""
    state = row["state"]
    found: list[tuple[str, str, str, bool]] = []
    if state in rules.UNPROVEN:
        found.append(("Resend", "resend", "The mail with the link to confirm, once more.", False))
    if state in rules.TRANSITIONS["pause"]:
        found.append(("Pause", "pause", "No turns and no invitations until they are back.", True))
    if state in rules.TRANSITIONS["come_back"] and not row["erase_after"]:
        found.append(("Bring back", "come-back", "They take part again.", False))
    if row["stream"] and state in rules.TRANSITIONS["move"]:
        found.append(("Move", "move", "To another stream.", True))
    if row["stream"] and state in rules.TRANSITIONS["graduate"]:
        found.append(("Alumni", "alumni", "For somebody who reached their goal.", True))
    if state in rules.TRANSITIONS["readdress"]:
        found.append(("Address", "address", "For somebody whose mail does not arrive.", True))
    if state in rules.TRANSITIONS["leave"]:
        found.append(("Leave", "leave", "For somebody who told you that they leave.", True))
    return found


@blueprint.post("/members/<person>/resend")
@access.needs("organizer")
def resend(person: str) -> Response:
    """The confirmation once more."""
    return _pressed(person, people.resend_confirmation, "resent")


@blueprint.post("/members/<person>/come-back")
@access.needs("organizer")
def come_back(person: str) -> Response:
    """Back from a pause, or after leaving."""
    return _pressed(person, people.come_back, "their-return")


def _pressed(person: str, command: Callable[..., Any], said: str) -> Response:
    problems = try_to(command, person)
    return _member(person, problems) if problems else go(f"{HOME}/members/{person}", said)


@blueprint.route("/members/<person>/pause", methods=["GET", "POST"])
@access.needs("organizer")
def pause(person: str) -> Response:
    """Pause them, after asking."""
    if request.method == "POST":
        return _pressed(person, people.pause, "their-pause")
    row = _read(person)
    return sure(
        "members",
        heading=f"Pause {row['name']}?",
        happens=["They get no turns and no invitations.", "Their place and their answers stay."],
        undo="press Bring back on this person's page; they can also come back by themselves.",
        label="Pause",
        kind="primary",
        back=_back(row),
    )


@blueprint.route("/members/<person>/leave", methods=["GET", "POST"])
@access.needs("organizer")
def leave(person: str) -> Response:
    """Have them leave, after asking."""
    row = _read(person)
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        problems = try_to(people.leave, person, request.form.get("reason", ""))
        if not problems:
            return go(f"{HOME}/members/{person}", "their-leave")
    return sure(
        "members",
        heading=f"Does {row['name']} leave?",
        happens=[
            "They get no more turns, invitations or letters: only a goodbye with a link back, "
            "and what takes their sessions out of their calendar.",
            "Their answers stay.",
        ],
        undo="press Bring back on this person's page; they can also come back by themselves.",
        label="They leave",
        back=_back(row),
        reason="Why?",
        typed=request.form,
        problems=problems,
    )


@blueprint.route("/members/<person>/alumni", methods=["GET", "POST"])
@access.needs("organizer")
def alumni(person: str) -> Response:
    """Make them alumni, after asking."""
    row = _read(person)
    if request.method == "POST":
        return _pressed(person, people.graduate, "their-graduation")
    return sure(
        "members",
        heading=f"Does {row['name']} become alumni?",
        happens=[
            "They leave their circle, and turns that they have become free.",
            "Their history stays. They get a mail that says so.",
            "They are asked to mentor only if they say so themselves, on their own page.",
        ],
        undo="press Bring back on this person's page; they can also come back by themselves.",
        label="Make them alumni",
        kind="primary",
        back=_back(row),
    )


@blueprint.route("/members/<person>/address", methods=["GET", "POST"])
@access.needs("organizer")
def address(person: str) -> Response:
    """Another address for their mail."""
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        problems = try_to(people.readdress, person, request.form.get("email", ""))
        if not problems:
            return go(f"{HOME}/members/{person}", "their-address")
    email = request.form.get("email", "")
    return page("members", "address.html", problems, person=_read(person), email=email)


@blueprint.route("/members/<person>/move", methods=["GET", "POST"])
@access.needs("organizer")
def move(person: str) -> Response:
    """To another stream."""
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        before, stream = _read(person)["stream"], request.form.get("stream", "")
        problems = try_to(people.change_stream, person, stream)
        if not problems:
            return go(f"{HOME}/members/{person}", "their-stream" if before == stream else "moved")
    row = _read(person)
    with db.read("signup") as tx:
        options = [(each.slug, each.name) for each in program.load(tx).streams]
    return page("members", "move.html", problems, person=row, options=options)


def _read(person: str) -> Mapping[str, Any]:
    with db.read("signup") as tx:
        return _one(people.one(tx, person))


def _one(row: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return not_found("member") if row is None else row


def _back(row: Mapping[str, Any]) -> dict[str, str]:
    return {"href": f"{HOME}/members/{row['id']}", "label": row["name"] or "Erased"}
