"""What somebody wants of mail, of duty mail by which way: by the link in the foot of a mail, or signed in.

Opening it changes nothing; its buttons do, and say how to change it back. The same address takes the one click of mail
programs (RFC 8058): a POST from anywhere, without a cookie, for the one list of that mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Blueprint, Response, make_response, render_template, request
from sqlalchemy.engine import Connection

from shared import access, db, tokens
from shared.api import Blueprint as ApiBlueprint
from shared.problems import Problem, described
from shared.web import go, problem

from .. import people
from ..mail import preferences
from ..mail.kinds import list_called
from ..models import SERVICE, person
from ..rules import lists
from ..schemas import Preferences, Wanted

api = ApiBlueprint(SERVICE, "preferences", "What mails one gets")
OWN = access.scopes(role=("member", "organizer"))
blueprint = Blueprint("preferences", __name__, url_prefix="/notifications/preferences")
HOME = "/notifications/preferences"


@dataclass(frozen=True)
class Door:
    """Who came in, and at which address; by a link: of which mail, and which list that came by."""

    person: str
    base: str
    mail: str = ""
    list: lists.List | None = None

    @property
    def free(self) -> lists.List | None:
        """The same, if one can have none of it."""
        return self.list if self.list and not self.list.owed else None


@blueprint.route("", methods=["GET", "POST"])
@access.needs("member", "organizer")
def signed_in() -> Response:
    """The tab of one's own pages."""
    who = access.reader()
    assert who
    return _work(Door(who.person, HOME))


@blueprint.route("/<token>", methods=["GET", "POST"])
def linked(token: str) -> Response:
    """The same by the link in a mail; and the one click."""
    door = _by_link(token)
    if request.method == "POST" and request.form.get("List-Unsubscribe") == "One-Click" and door.free:
        with db.write(SERVICE) as tx:
            preferences.unsubscribe(tx, door.mail, door.person, door.free.name)
        return make_response(render_template("notifications/unsubscribed.html", door=door))
    return _work(door)


linked.public_form = True  # type: ignore[attr-defined]  # the token says who it is, and no cookie is read


def _by_link(token: str) -> Door:
    try:
        said = tokens.read("preferences", token)
        who, mail, of = str(said["person"]), str(said["jti"]), list_called(str(said["list"]))
    except (tokens.BadToken, KeyError) as bad:
        if getattr(bad, "reason", "") == "expired":
            words = "Take the link of a newer mail, or sign in: the tab Mail of your page has the same."
            raise Problem(410, "This link is too old", words, [], {}) from None
        words = "Perhaps the mail program broke it in two. Copy all of it, or sign in: the tab Mail has the same."
        raise Problem(400, "This link is not complete", words, [], {}) from None
    with db.read(SERVICE) as tx:
        row = _row(tx, who)
    if row and row.state == people.ERASED:
        problem(403, "This link belongs to nobody in the program", "No mail goes to that address any more.")
    return Door(who, f"{HOME}/{token}", mail, of)


def _work(door: Door) -> Response:
    typed, problems = {}, []
    if request.method == "POST":
        typed = {name: value for name, value in request.form.items() if name in _names(door)}
        try:
            with db.write(SERVICE) as tx:
                before = preferences.choose(tx, door.person, typed)
        except preferences.Wrong as wrong:
            problems = wrong.problems
        else:
            query = urlencode({"said": "saved" if before else "same", **{f"was-{k}": v for k, v in before.items()}})
            return go(f"{door.base}?{query}")
    with db.read(SERVICE) as tx:
        shown = _shown(tx, door)
        now = {each.name: preferences.choice(tx, door.person, each) for each in shown}
        silent = [each.title for each in shown if preferences.silent(tx, door.person, each)]
        row = _row(tx, door.person)
    page = render_template(
        "notifications/preferences.html",
        door=door,
        lists=shown,
        now=now,
        silent=silent,
        typed={**now, **typed},
        problems=problems,
        said=SAID.get(request.args.get("said", "")),
        was=_was(shown, now),
        joined=bool(row and row.state not in (people.APPLIED, "imported")),
    )
    return make_response(page, 422 if problems else 200)


SAID = {"saved": "Saved. It holds from now on.", "same": "Nothing was different, so nothing has changed."}


def _was(shown: list[lists.List], now: dict[str, str]) -> dict[str, str]:
    """What the button Undo would choose: what was so before the choice that led here."""
    asked = {each.name: request.args.get(f"was-{each.name}", "") for each in shown}
    return {
        each.name: asked[each.name]
        for each in shown
        if asked[each.name] in dict(each.choices) and asked[each.name] != now[each.name]
    }


def _names(door: Door) -> set[str]:
    with db.read(SERVICE) as tx:
        return {each.name for each in _shown(tx, door)}


def _shown(tx: Connection, door: Door) -> list[lists.List]:
    """The lists of which they can choose something, that of the mail first."""
    row = _row(tx, door.person)
    found = lists.shown(row.roles, row.state) if row else []
    first = [door.list] if door.list else []
    every = [*first, *(each for each in found if each not in first)]
    offered = [each if preferences.chat_can_be(tx, door.person, each) else each.without_chat() for each in every]
    return [each for each in offered if len(each.choices) > 1 or (door.list and each.name == door.list.name)]


def _row(tx: Connection, id: str) -> Any:
    return tx.execute(sa.select(person.c.roles, person.c.state).where(person.c.id == id)).first()


# ---- the same for programs ----


@api.get("/mine/preferences")
@OWN
@api.response(200, Preferences)
def mine() -> dict[str, Any]:
    """What the reader gets of each list, and what else of it could be chosen."""
    with db.read(SERVICE) as tx:
        return _mine(tx, Door(_me(), HOME))


@api.put("/mine/preferences")
@OWN
@api.arguments(Wanted)
@api.response(200, Preferences)
@api.doc(responses={422: described("A list, or a choice, that is none")})
def want(asked: dict[str, Any]) -> dict[str, Any]:
    """Get more or less of the lists named; of the others nothing changes."""
    door = Door(_me(), HOME)
    names = _names(door)
    unknown = [
        {"field": name, "message": "There is no such list.", "remedy": f"Name one of {', '.join(sorted(names))}."}
        for name in asked["choices"]
        if name not in names
    ]
    try:
        if unknown:
            raise preferences.Wrong(unknown)
        with db.write(SERVICE) as tx:
            preferences.choose(tx, door.person, asked["choices"])
            return _mine(tx, door)
    except preferences.Wrong as wrong:
        raise Problem(422, "This cannot be chosen", "Nothing has changed.", wrong.problems, {}) from None


def _me() -> str:
    who = access.reader()
    assert who
    return who.person


def _mine(tx: Connection, door: Door) -> dict[str, Any]:
    return {"preferences": [_told(tx, door.person, each) for each in _shown(tx, door)]}


def _told(tx: Connection, person: str, of: lists.List) -> dict[str, Any]:
    return {
        "list": of.name,
        "title": of.title,
        "about": of.about,
        "owed": of.owed,
        "choice": preferences.choice(tx, person, of),
        "silent": preferences.silent(tx, person, of),
        "choices": [{"choice": choice, "words": words} for choice, words in of.choices],
    }
