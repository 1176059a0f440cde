"""The coordinator's page: everything before, during and after a session, on one page and in one form.

It opens by the cookie of who coordinates it (or organizes), or by the link in their mail: then the token stays in the
address, and nothing else is needed. Whichever button is pressed, all that was typed is saved first; what cannot be
taken is shown again beside the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.engine import Connection

from shared import access, db, face, tokens
from shared.web import Problem, answer

from .. import attendance, items, minutes, people, rights
from ..invites import reading as invites
from ..models import SERVICE
from ..rules import merging
from ..rules.refusals import Refused
from ..rules.rotation import Role
from ..rules.states import TAKEN, Gap, SessionState, gaps
from ..turns import answering as turns
from ..turns import reading, seats
from .answers import forbidden, go, not_found, page, refusals, unreadable, who
from .items import bad_link
from .session import facts, history_of

blueprint = Blueprint("lead", __name__, url_prefix="/sessions")
_ABOUT_TURNS = ("ask-mentor", "ask-next", "publish")
ITEM_FIELDS = ("item-text", "item-owner", "item-due")


@dataclass(frozen=True)
class Door:
    """Who came in, to which session, and by which address."""

    session: str
    person: str
    actor: str
    base: str
    linked: bool = False


def _by_cookie(id: str) -> Door:
    reader = who()
    return Door(id, reader.person, reader.actor, f"/sessions/s/{id}/lead")


def _by_link(token: str) -> Door:
    try:
        claims = tokens.read("lead", token)
        person, session = str(claims["person"]), str(claims["session"])
    except tokens.BadToken as bad:
        raise bad_link(bad) from None
    except KeyError:
        raise bad_link(tokens.BadToken("forged")) from None
    return Door(session, person, f"person/{person}", f"/sessions/lead/{token}", linked=True)


def _let_in(tx: Connection, door: Door) -> minutes.Row:
    """The session, if whoever came in may work on it."""
    of = minutes.one(tx, door.session)
    if of is None:
        not_found("session")
    reader = None if door.linked else access.reader()
    if not rights.may_lead(tx, of, door.person, reader.roles if reader else ()):
        forbidden(
            "Somebody else coordinates this session", "Only who said yes to it, and organizers, work on this page."
        )
    return of


@blueprint.route("/s/<id>/lead", methods=["GET", "POST"])
@access.needs("member", "organizer")
def signed_in(id: str) -> Response:
    """The page of whoever is signed in."""
    return _work(_by_cookie(id))


@blueprint.route("/lead/<token>", methods=["GET", "POST"])
def linked(token: str) -> Response:
    """The page that the link in the mail opens."""
    return _work(_by_link(token))


@blueprint.post("/s/<id>/lead/save")
@access.needs("member", "organizer")
def autosave(id: str) -> Response:
    """What the script saves while somebody types."""
    return _autosave(_by_cookie(id))


@blueprint.post("/lead/<token>/save")
def linked_autosave(token: str) -> Response:
    """The same by the link."""
    return _autosave(_by_link(token))


@blueprint.get("/lead/<token>/history")
def linked_history(token: str) -> Response:
    """How the minutes came about, by the link."""
    door = _by_link(token)
    with db.read(SERVICE) as tx:
        given = history_of(tx, _let_in(tx, door), door.person, True)
    return page("history.html", **given, back=door.base)


@blueprint.errorhandler(413)
def too_long(_: Exception) -> Any:
    """More than can be read at all; the browser still has what was typed."""
    most = f"{minutes.MOST['text']:,}"
    remedy = (
        f"Minutes may have {most} bytes. Go back: your text is still in the form. Put what is long into a document."
    )
    return answer(Problem(413, "This is too long", remedy, [], {}))


# ---- autosave ----


def _autosave(door: Door) -> Response:
    form = request.form
    problems, saved = unreadable(), None
    if not problems:
        try:
            with db.write(SERVICE) as tx:
                _let_in(tx, door)
                part = "agenda" if form.get("part") == "agenda" else "text"
                saved = minutes.save(tx, door.session, part, _number("version"), form.get("text", ""), door.actor)
        except Refused as refused:
            problems = refusals(refused)
    if saved is None:
        words = " ".join(f"{each['message']} {each['remedy']}" for each in problems)
        return jsonify(state="refused", words=words)
    shown = {"state": saved.state, "version": saved.version, "sent": saved.sent}
    if saved.state == "merged":
        shown["text"] = saved.text
    return jsonify(**shown, html=str(face.markdown(saved.text, level=4)))


def _number(name: str) -> int:
    asked = request.form.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else -1


# ---- the form ----


@dataclass
class Outcome:
    """What became of a posted form. `typed` is what has to be shown again, by field."""

    problems: list[dict[str, str]] = field(default_factory=list)
    typed: dict[str, str] = field(default_factory=dict)
    said: str = "saved"
    anchor: str = ""
    conflict: minutes.Saved | None = None


def _work(door: Door) -> Response:
    if request.method != "POST":
        return _show(door, Outcome())
    outcome = Outcome(problems=unreadable())
    if outcome.problems:
        outcome.typed = dict(request.form)
    else:
        with db.write(SERVICE) as tx:
            if request.form.get("do") in _ABOUT_TURNS:
                seats.lock(tx)  # before the session's, as everywhere
            of = _let_in(tx, door)
            _save_everything(tx, door, outcome)
            if not outcome.problems and not outcome.conflict:
                _press(tx, door, of, outcome)
    if not outcome.problems and not outcome.conflict and not outcome.typed:
        return go(door.base, outcome.said, outcome.anchor)
    return _show(door, outcome)


def _try(outcome: Outcome, fields: Iterable[str], command: Callable[[], Any]) -> Any:
    """Do it; what is refused is shown beside `fields`, with all that was typed into them."""
    try:
        return command()
    except Refused as refused:
        outcome.problems += refusals(refused)
        outcome.typed |= {name: request.form.get(name, "") for name in fields}
        return None


def _save_everything(tx: Connection, door: Door, outcome: Outcome) -> None:
    form, id, by = request.form, door.session, door.actor
    for part in ("text", "agenda"):
        if part in form:
            _save_text(tx, door, part, outcome)
    of = minutes.taken(tx, id)
    _try(outcome, [name for name in form if name.startswith("there-")], lambda: _mark(tx, of, by))
    for gap in Gap:
        name = f"reason-{gap}"
        if name in form:
            _try(outcome, [name], partial(minutes.record_gap, tx, id, gap, form[name], by))
    if form.get("item-text", "").strip() or form.get("do") == "add-item":
        fresh = {name.removeprefix("item-"): form.get(name, "") for name in ITEM_FIELDS}
        if _try(outcome, ITEM_FIELDS, lambda: items.add(tx, of, fresh, by)):
            outcome.said, outcome.anchor = "added", "f-item"


def _save_text(tx: Connection, door: Door, part: str, outcome: Outcome) -> None:
    form, based_on = request.form, _number("agenda-version" if part == "agenda" else "version")
    typed = form[part]
    if part == "text" and form.get("do") == "correct":
        saved = _try(
            outcome, ["text", "version"],
            lambda: minutes.correct(tx, door.session, based_on, typed, door.actor, bool(form.get("tell"))),
        )  # fmt: skip
        if saved and saved.state == "same":
            outcome.problems.append(
                {"field": "text", "message": "Nothing was changed.", "remedy": "Correct the text, then save it."}
            )
        outcome.said, outcome.anchor = ("corrected-told" if form.get("tell") else "corrected"), "f-minutes"
    else:
        saved = _try(
            outcome, [part, "version" if part == "text" else "agenda-version"],
            lambda: minutes.save(tx, door.session, part, based_on, typed, door.actor),
        )  # fmt: skip
    if saved is None or saved.state in ("saved", "same"):
        return
    if saved.state == "merged":
        outcome.said = "merged"
    elif saved.state == "conflict":
        outcome.conflict = saved
        outcome.typed |= {part: typed.replace("\r\n", "\n"), "conflict": part}
    elif typed.replace("\r\n", "\n").rstrip() != saved.text.rstrip():
        # It is published. A correction that was begun stays in the form, whatever other button was pressed.
        outcome.typed |= {part: typed, "version": form.get("version", "")}
        if form.get("stage") != "published":
            outcome.problems.append(
                {
                    "field": part,
                    "message": "The minutes were published in the meantime.",
                    "remedy": "What you typed is still here: press Save the correction to put it in their place.",
                }
            )


def _mark(tx: Connection, of: minutes.Row, by: str) -> None:
    """Who was there. What was only offered counts when a button about attendance, or Publish, is pressed."""
    do = request.form.get("do", "")
    meant = do in ("attendance", "rest-present", "rest-absent", "publish")
    sheet = {mark.person: mark for mark in attendance.sheet(tx, of)}
    marks = {}
    for name, value in request.form.items():
        person = name.removeprefix("there-")
        if person == name or value not in ("yes", "no"):
            continue
        known = sheet.get(person)
        if meant or known is None or known.offered is not (value == "yes"):
            marks[person] = value == "yes"
    if do.startswith("rest-"):
        marks |= {id: do == "rest-present" for id, mark in sheet.items() if id not in marks and mark.offered is None}
    attendance.record(tx, of, marks, by)


def _press(tx: Connection, door: Door, of: minutes.Row, outcome: Outcome) -> None:
    do, _, about = request.form.get("do", "").partition(":")
    by = door.actor
    if do in ("attendance", "rest-present", "rest-absent"):
        outcome.anchor = "f-attendance"
    elif do == "preview":
        outcome.anchor = "preview"
    elif do == "publish":
        outcome.anchor = "f-state"
        served = request.form.get("served", "")
        if _try(outcome, ["served"], lambda: minutes.publish(tx, door.session, by, served)) is not None:
            outcome.said = "published"
    elif do in ("ask-mentor", "ask-next"):
        outcome.said, outcome.anchor = "asked", do.removeprefix("ask-")
        _try(outcome, [f"{do}-person"], lambda: _ask(tx, of, do, by))
    elif do in (*items.VERBS, "undo", "give"):
        outcome.anchor = "f-item"
        _try(outcome, [f"give-{about}"], lambda: _settle(tx, of, do, about, by))
        outcome.said = {"undo": "undone", "give": "given"}.get(do, do)


def _ask(tx: Connection, of: minutes.Row, do: str, by: str) -> None:
    """Ask the chosen person to mentor this session, or to coordinate the next one."""
    then, role = (of, Role.MENTOR) if do == "ask-mentor" else (minutes.following(tx, of), Role.COORDINATOR)
    try:
        if then is None:
            raise Refused("person", "No next session is planned.", "An organizer sets its date.")
        turns.ask(tx, then["id"], request.form.get(f"{do}-person", ""), by, role)
    except Refused as refused:
        raise Refused(f"{do}-person", refused.message, refused.remedy) from None


def _settle(tx: Connection, of: minutes.Row, do: str, id: str, by: str) -> None:
    row = items.one(tx, id)
    mine = row is not None and (row["circle"] == of["circle"] if of["circle"] else row["session"] == of["id"])
    if not mine:
        raise Refused("item", "This action item is another circle's.", "Load the page again.")
    if do == "undo":
        items.undo(tx, id, by)
    elif do == "give":
        items.give(tx, id, request.form.get(f"give-{id}", ""), by)
    else:
        items.settle(tx, id, do, by)


# ---- the page ----

_STEPS = {
    "attendance": "Tick who was there",
    "text": "Write the minutes",
    "next": "See who coordinates next",
    "publish": "Publish the minutes",
}


def _show(door: Door, outcome: Outcome) -> Response:
    with db.read(SERVICE) as tx:
        given = _given(tx, door, _let_in(tx, door), outcome)
    return page("lead.html", 409 if outcome.conflict else 422 if outcome.problems else 200, **given)


def _given(tx: Connection, door: Door, of: minutes.Row, outcome: Outcome) -> dict[str, Any]:
    shown = facts(tx, of, door.person)
    now, texts = shown["now"], shown["texts"]
    published = minutes.texts(tx, of).published_at
    missing = gaps(minutes.left(tx, of) if published else minutes.to_publish(tx, of))
    reasons = of["gaps"] or {}
    begun, over = now >= of["starts_at"], now >= of["ends_at"]
    then, sheet = minutes.following(tx, of), attendance.sheet(tx, of)
    members = people.members(tx, of["circle"])
    names = people.names(tx, members)
    conflict = None
    if outcome.conflict:
        part = outcome.typed["conflict"]
        conflict = {"part": part, "lines": merging.changes(outcome.conflict.text, outcome.typed[part])}
    return dict(
        **{**shown, "names": {**shown["names"], **names}},
        base=door.base,
        linked=door.linked,
        problems=outcome.problems,
        typed=outcome.typed,
        conflict=conflict,
        begun=begun,
        over=over,
        cancelled=of["state"] == SessionState.CANCELLED,
        correcting=bool(texts.published_at) and now < shown["until"] if texts.published_at else False,
        missing=[gap for gap in missing if gap not in reasons],
        reasons=reasons,
        main=_main_step(texts, begun, [gap for gap in missing if gap not in reasons]),
        steps=_STEPS,
        coming=_answers(tx, of, members, names),
        sheet=sheet,
        present=[(mark.person, mark.name) for mark in sheet if mark.present],
        turnouts=attendance.turnouts(tx, of),
        open_items=items.open_ones(tx, of),
        settled=items.settled_lately(tx, of),
        due=items.due_by_itself(tx, of),
        members=[(id, names[id]) for id in members],
        then=then,
        then_leads=people.names(tx, [people.duties(tx, then["id"]).get("coordinator")]) if then else {},
        mentor=_seat(tx, of, Role.MENTOR),
        next_seat=_seat(tx, then, Role.COORDINATOR) if then else None,
        absent=people.names(tx, [minutes.absent_coordinator(tx, of)]) if not texts.published_at else {},
        most=minutes.MOST,
        saved_by=people.actor_name(tx, texts.saved_by) if texts.saved_by else None,
    )


def _seat(tx: Connection, of: minutes.Row, role: Role) -> dict[str, Any]:
    """Who has a seat or is asked for it, until when, and who else could be asked."""
    row = seats.holder(seats.turns(tx, of["id"], role))
    open_now = of["state"] in seats.AHEAD and of["circle"] and not (row and row["state"] in TAKEN)
    free = reading.choices(tx, of["circle"], role) if open_now else []
    return {
        "name": people.names(tx, [row["person"]])[row["person"]] if row else None,
        "accepted": bool(row and row["state"] in TAKEN),
        "until": row["answer_by"] if row else None,
        "choices": [each for each in free if not row or each[0] != row["person"]],
    }


def _main_step(texts: minutes.Texts, begun: bool, missing: list[Gap]) -> str | None:
    """What comes next on this page; None before the session, and when all is done."""
    if not begun or texts.published_at:
        return None
    if Gap.ATTENDANCE in missing:
        return "attendance"
    if Gap.MINUTES in missing:
        return "text"
    return "next" if missing else "publish"


def _answers(
    tx: Connection, of: minutes.Row, members: list[str], names: dict[str | None, str]
) -> list[tuple[str | None, str, minutes.Row | None]]:
    """Who comes, as they said themselves: (name, answer, what their calendar sent that is no answer)."""
    said, remarks = invites.answers(tx, [of["id"]])[of["id"]], invites.remarks(tx, of["id"])
    return [(names[id], said.get(id, "no answer"), remarks.get(id)) for id in members]
