"""Splitting, merging, moving: each shows what it does before it is saved, and can be undone in the journal."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from shared import access, db

from .. import people as persons
from ..circles import moving, reading, splitting
from ..models import SERVICE
from ..rules.refusals import Missing
from .circles import HOME, url
from .pages import go, page, try_to

blueprint = Blueprint("shaping", __name__, url_prefix=HOME)
GROUPS_MOST = 9


@blueprint.route("/<id>/split", methods=["GET", "POST"])
@access.needs("organizer")
def split(id: str) -> Response:
    """Two or more circles of one: the proposal by hours, which can be changed person by person."""
    problems: list[dict[str, str]] = []
    count = min(max(request.values.get("groups", 2, type=int), 2), GROUPS_MOST)
    if request.method == "POST":
        given = request.form
        named = {name.removeprefix("group."): value for name, value in given.items() if name.startswith("group.")}
        groups = [[person for person, at in named.items() if at == str(number)] for number in range(1, count + 1)]
        problems = try_to(splitting.split, id, groups, given.get("reason", "")[:1000], seen=given.get("seen"))
        if not problems:
            return go(url(id), "split")
    with db.read(SERVICE) as tx:
        row, members = reading.open_one(tx, id), reading.members(tx, id)
        proposed = splitting.proposal(tx, id, count)
    chosen = {person: number for number, group in enumerate(proposed, start=1) for person in group}
    if problems and not any(each.get("stale") for each in problems):
        chosen |= {person: int(at) for person, at in named.items() if at.isdigit()}
    people = sorted(members, key=lambda each: (chosen.get(each["id"], 1), each["name"].casefold()))
    given_back: dict[str, Any] = {"reason": request.form.get("reason", ""), "seen": splitting.state(members)}
    options = [(str(at), f"Circle {at}" + (" (keeps its dates)" if at == 1 else "")) for at in range(1, count + 1)]
    return page(
        "split.html", problems, circle=row, members=people, chosen=chosen, options=options, count=count, **given_back
    )


@blueprint.route("/<id>/merge", methods=["GET", "POST"])
@access.needs("organizer")
def merge(id: str) -> Response:
    """Everybody of this circle into another one."""
    problems: list[dict[str, str]] = []
    target = request.values.get("into", "")
    if request.method == "POST":
        given = request.form
        problems = try_to(moving.merge, id, target, given.get("reason", "")[:1000], seen=given.get("seen") or None)
        if not problems:
            return go(url(target), "circles-merged")
    with db.read(SERVICE) as tx:
        row, members = reading.open_one(tx, id), reading.members(tx, id)
        others = [each for each in reading.listed(tx, row["stream"]) if each["id"] != id]
        chosen = next((each for each in others if each["id"] == target), None)
        seen = moving.merging(tx, id, target) if chosen else ""
        there = reading.members(tx, target) if chosen else []
    options = [(each["id"], f"{each['name']} ({each['count']})") for each in others]
    return page(
        "merge.html", problems, circle=row, members=members, others=others, chosen=chosen, there=there, seen=seen,
        options=options, reason=request.form.get("reason", ""),
    )  # fmt: skip


@blueprint.route("/people/<person>/move", methods=["GET", "POST"])
@access.needs("organizer")
def move(person: str) -> Response:
    """One person to another circle, or out of the line into one."""
    problems: list[dict[str, str]] = []
    given = request.form
    if request.method == "POST":
        to = given.get("circle", "")
        problems = try_to(moving.move, person, to, given.get("reason", "")[:1000], seen=given.get("seen"))
        if not problems:
            return go(url(to), "placed")
    with db.read(SERVICE) as tx:
        place, line = reading.place_of(tx, person), reading.waits(tx, person)
        stream = (place or line or {}).get("stream")
        if stream is None:
            raise Missing(
                "person", "There is no such person in a circle, or in line.", "Choose one from a circle's list."
            )
        circles = [each for each in reading.listed(tx, stream) if not place or each["id"] != place["circle"]]
        name = persons.names(tx, [person])[person]
    options = [(each["id"], f"{each['name']} ({each['count']} members)") for each in circles]
    return page(
        "move.html", problems, options=options, person=person, name=name, place=place, line=line, circles=circles,
        typed=given, seen=place["circle"] if place else "",
    )  # fmt: skip
