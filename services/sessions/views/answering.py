"""Answering: one's own turn, by the link in its mail or signed in, and taking one that anyone may have.

Opening it shows how things stand; only its buttons change anything, and they say afterwards how to change it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy.engine import Connection

from shared import access, clock, db, tokens
from shared.problems import Problem

from .. import items, minutes, people
from ..models import SERVICE
from ..models import pool as pooled
from ..rules.refusals import Refused
from ..rules.rotation import Role
from ..rules.states import HOLDING, TAKEN, TurnState
from ..turns import absences, mentoring, reading, seats
from ..turns import answering as answers
from .answers import forbidden, go, not_found, page, refusals, unreadable, who

blueprint = Blueprint("answering", __name__, url_prefix="/sessions")
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Door:
    """Who came in, about which turn, and by which address; by a link: `since` when it was mailed."""

    turn: str
    person: str
    base: str
    since: float | None = None

    @property
    def actor(self) -> str:
        """As the journal names them."""
        return f"person/{self.person}"


@blueprint.route("/turn/<token>", methods=["GET", "POST"])
def linked(token: str) -> Response:
    """One's own turn, by the link in the mail."""
    return _work(by_link(token))


def by_link(token: str) -> Door:
    """Who came in by that link, about which turn."""
    said = claims("turn", token)
    return Door(said["turn"], said["person"], f"/sessions/turn/{token}", float(said["iat"]))


@blueprint.route("/turns/<id>", methods=["GET", "POST"])
@access.needs("member", "organizer")
def signed_in(id: str) -> Response:
    """The same, signed in."""
    return _work(Door(id, who().person, f"/sessions/turns/{id}"))


@blueprint.route("/take/<token>", methods=["GET", "POST"])
def take(token: str) -> Response:
    """A turn that anyone of the circle may take, by the link in the mail that told of it."""
    said = claims("take", token)
    return _take(said["session"], said["person"], f"/sessions/take/{token}")


@blueprint.route("/s/<id>/take", methods=["GET", "POST"])
@access.needs("member", "organizer")
def take_signed_in(id: str) -> Response:
    """The same, signed in."""
    return _take(id, who().person, f"/sessions/s/{id}/take")


def claims(purpose: str, token: str) -> dict[str, str]:
    """What the link says.

    :raises Problem: it is broken, too old, or its person is in the program no more.
    """
    wanted = ("person", "iat", *{"turn": ["turn"], "take": ["session"]}.get(purpose, []))
    try:
        found = {name: str(tokens.read(purpose, token)[name]) for name in wanted}
    except (tokens.BadToken, KeyError) as bad:
        if getattr(bad, "reason", "") == "expired":
            words = "Links stop working after a while, in case a mail falls into other hands. Sign in to go on."
            raise Problem(410, "This link is too old", words, [], {}) from None
        words = "Perhaps the mail program broke it in two. Copy all of it, or sign in to go on."
        raise Problem(400, "This link is not complete", words, [], {}) from None
    with db.read(SERVICE) as tx:
        # Who became a guest a second ago may say when they are away before signup's word of them has come.
        fresh = purpose == "away" and people.state(tx, found["person"]) is None
        if not fresh and not people.is_here(tx, found["person"]):
            forbidden("This link belongs to nobody in the program", "Sign up again to come back.")
    return found


# ---- one's own turn ----


def _work(door: Door) -> Response:
    typed = {name: request.form.get(name, "") for name in ("do", "reason", "until", "person")}
    if request.method != "POST":
        return _show(door, {})
    problems, said = unreadable(), ""
    if not problems:
        try:
            with db.write(SERVICE) as tx:
                own(tx, door)
                said = _press(tx, door, typed)
        except Refused as refused:
            problems = refusals(refused)
    if not problems:
        return go(door.base, said)
    return _show(door, typed, problems)


def _press(tx: Connection, door: Door, typed: dict[str, str]) -> str:
    if typed["do"] == "accept":
        return answers.accept(tx, door.turn, door.actor)
    if typed["do"] == "decline":
        said = answers.decline(tx, door.turn, door.actor, typed["reason"])
        if typed["until"].strip():
            days = {"first": clock.now().date().isoformat(), "last": typed["until"], "role": ""}
            _until(tx, door, days)
            return "away"
        return said
    if typed["do"] == "hand":
        row, _ = own(tx, door)
        if not typed["person"]:
            raise Refused("person", "It is not said who is to be asked.", "Choose somebody of the circle.")
        answers.hand_over(tx, row["session"], door.person, typed["person"], door.actor)
        return "handed"
    raise Refused("do", "No answer was chosen.", "Press one of the buttons.")


def _until(tx: Connection, door: Door, days: dict[str, str]) -> None:
    try:
        absences.add(tx, door.person, door.actor, days)
    except Refused as refused:
        first = refused.all[0]
        message = "That day is over." if first.message.startswith("The last day lies") else first.message
        raise Refused("until", message, "Choose a day to come, or leave it empty.") from None


def own(tx: Connection, door: Door) -> tuple[Row, Row]:
    """The turn and its session, if the turn is theirs."""
    row = seats.turn_of(tx, door.turn)
    if row is None:
        not_found("turn")
    if row["person"] != door.person:
        forbidden("This turn is somebody else's", "Your own turns are on the page of your circle.")
    of = seats.about(tx, row["session"])
    assert of is not None, "a turn has a session"
    return row, of


def _show(door: Door, typed: dict[str, str], problems: list[dict[str, str]] | None = None) -> Response:
    with db.read(SERVICE) as tx:
        given = _given(tx, door)
    status = 422 if problems else 200
    return page(
        "turn.html", status, problems=problems or [], typed=typed, base=door.base, said_no="no" in request.args, **given
    )


def _given(tx: Connection, door: Door) -> dict[str, Any]:
    row, of = own(tx, door)
    rows = seats.turns(tx, of["id"], row["role"])
    holder = seats.holder([each for each in rows if each["person"] != door.person])
    why = row["why"] or {}
    giver = why.get("by") if why.get("kind") == seats.HANDED else None
    changer = seats.asker(row)
    names = people.names(tx, [giver, changer, holder["person"] if holder else None])
    led = row["state"] == TurnState.ACCEPTED and row["role"] == Role.COORDINATOR
    ahead = of["state"] in seats.AHEAD and of["starts_at"] > clock.now()
    handing = ahead and row["state"] in HOLDING and row["role"] == Role.COORDINATOR
    return {
        "turn": row,
        "session": of,
        "zone": people.zone(tx, door.person),
        "why": seats.said(why),
        "giver": names.get(giver),
        "changer": names.get(changer),
        "last": bool(row["answer_by"]) and row["role"] == Role.COORDINATOR and seats.is_last(of, row),
        "lead": lead(door.person, of["id"], by_mail=door.since is not None) if led else None,
        "other": names.get(holder["person"]) if holder else None,
        "stage": _stage(of, row, holder, ahead, giver),
        "asked": any(e["state"] == TurnState.OFFERED and e["person"] != door.person for e in rows),
        "about": about_circle(tx, door.person, of["id"]) if row["role"] == Role.MENTOR else None,
        "doors": _doors(tx, door) if row["role"] == Role.MENTOR else {},
        "colleagues": [e for e in reading.choices(tx, of["circle"]) if e[0] != door.person] if handing else [],
    }


def about_circle(tx: Connection, person: str, session: str) -> dict[str, Any] | None:
    """What a mentor sees of the circle: the agenda; once they have said yes (`sure`), what is open, and past minutes.
    None: nothing.
    """
    whole = minutes.one(tx, session)
    if whole is None or not mentoring.may_see(tx, whole, person):
        return None
    sure = people.duties(tx, session).get(Role.MENTOR) == person
    return {
        "agenda": minutes.texts(tx, whole).agenda,
        "sure": sure,
        "open": items.open_ones(tx, whole) if sure else [],
        "past": mentoring.past(tx, whole) if sure else [],
    }


def lead(person: str, session: str, by_mail: bool) -> str:
    """Where they lead that session: for who came by a link in a mail, one that needs no sign-in either."""
    if not by_mail:
        return f"/sessions/s/{session}/lead"
    return tokens.path("lead", tokens.sign("lead", {"person": person, "session": session}))


def _doors(tx: Connection, door: Door) -> dict[str, str]:
    """Links of their own by which a mentor says that they are away, and, from the pool, that they are asked no more.

    Made for who came by a link they are as old as that one: it may lie in a mailbox that is theirs no more.
    """
    theirs: dict[str, Any] = {"person": door.person, **({"since": door.since} if door.since else {})}
    found = {"away": tokens.path("away", tokens.sign("away", theirs))}
    if tx.execute(pooled.select().where(pooled.c.person == door.person).limit(1)).first():
        found["pool"] = tokens.path("pool", tokens.sign("pool", theirs))
    return found


def _stage(of: Row, row: Row, holder: Row | None, ahead: bool, giver: str | None) -> str:
    """What the page is about: cancelled, over, offered, yours, taken, asking, or free."""
    if of["state"] == "cancelled":
        return "cancelled"
    if not ahead:
        return "over"
    if row["state"] in TAKEN:
        return "yours"
    if row["state"] == TurnState.OFFERED:
        return "taken" if holder and holder["state"] in TAKEN and holder["person"] != giver else "offered"
    if holder is None:
        return "free"
    return "taken" if holder["state"] in TAKEN else "asking"


# ---- a turn that anyone may take ----


def _take(id: str, person: str, base: str) -> Response:
    problems = []
    if request.method == "POST":
        try:
            with db.write(SERVICE) as tx:
                in_circle(tx, id, person)
                said = answers.volunteer(tx, id, person, f"person/{person}")
            return go(base, said)
        except Refused as refused:
            problems = refusals(refused)
    with db.read(SERVICE) as tx:
        of = in_circle(tx, id, person)
        holder = seats.holder(seats.turns(tx, id, Role.COORDINATOR))
        names = people.names(tx, [holder["person"]] if holder else [])
        zone = people.zone(tx, person)
    ahead = of["state"] in seats.AHEAD and of["starts_at"] > clock.now()
    stage = "over" if not ahead else "free" if holder is None else "yours" if holder["person"] == person else "taken"
    name = names.get(holder["person"]) if holder else None
    mine = stage == "yours" and holder is not None and holder["state"] == TurnState.ACCEPTED
    shown = {"session": of, "base": base, "stage": stage, "holder": holder, "name": name, "zone": zone}
    shown["lead"] = lead(person, id, by_mail="/take/" in base) if mine else None
    return page("take.html", 422 if problems else 200, problems=problems, **shown)


def in_circle(tx: Connection, id: str, person: str) -> Row:
    of = seats.about(tx, id)
    if of is None or of["circle"] is None:
        not_found("session")
    if person not in people.members(tx, of["circle"]):
        forbidden("This session is another circle's", "Its turns are taken by its own people.")
    return of
