"""A person's own page: what happens next, what we know of them, and every change they can make themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Response, request

from shared import access, db
from shared.mount import Stream

from .. import people, program, rules
from ..program import Program
from .pages import go, not_found, page, reader_id, refusals, unreadable

blueprint = Blueprint("me", __name__, url_prefix="/signup/me")
HOME = "/signup/me"
BACK = {"href": HOME, "label": "My page"}


@blueprint.get("")
@access.needs("member")
def home() -> Response:
    """The page itself."""
    with db.read("signup") as tx:
        now, person, asked = program.load(tx), own(tx), program.questions(tx)
    return page(
        "me.html",
        person=person,
        stream=now.stream(person["stream"]),
        more_streams=len(now.streams) > 1,
        checklist=_checklist(now, person),
        answers=answered(asked, person),
    )


def answered(asked: Mapping[str, rules.Question], person: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the person answered, as (question, words), in the order of the form."""
    given = person["answers"] or {}
    return [(q.label, program.answer(q, given[q.id])) for q in asked.values() if q.id in given]


_STEPS = {
    "chat": ("Join the chat", "Say hello; circles talk there between sessions."),
    "github": ("Tell us your GitHub name", "Write it into your answers. No account yet? Signing up there is free."),
    "blog": (
        "Start a blog, or tell us yours",
        "Writing is how people here learn twice. Your answers have a place for its address.",
    ),
    "profile": ("Polish your profile", "On GitHub or LinkedIn: a photo, two sentences, one project."),
}


def _checklist(now: Program, person: Mapping[str, Any]) -> list[dict[str, Any]]:
    links = {
        "chat": (now.chat_invite, "Open the invitation"),
        "github": (f"{HOME}/answers", "Write it down"),
        "blog": (f"{HOME}/answers", "Write it down"),
    }
    ticked = person["checklist"] or {}
    items = []
    for key, (title, text) in _STEPS.items():
        href, link = links.get(key, (None, ""))
        known = person[key] if key in ("github", "blog") else None  # written into the answers: nobody need tick it too
        if key == "chat" and not href:
            text = "The organizers have not put the invitation here yet."
        if known:
            text, link = f"{known}, as you told us.", "Change it"
        item = {"key": key, "title": title, "text": text, "href": href, "link": link}
        items.append({**item, "done": bool(known) or key in ticked, "known": bool(known)})
    return items


@blueprint.post("/checklist")
@access.needs("member")
def checklist() -> Response:
    """Tick or untick one thing."""
    with db.write("signup") as tx:
        people.tick(tx, _actor(), reader_id(), request.form.get("item", ""), bool(request.form.get("done")))
    return go(HOME)


@blueprint.route("/answers", methods=["GET", "POST"])
@access.needs("member")
def answers() -> Response:
    """Correct what one told us."""
    with db.read("signup") as tx:
        now, person = program.load(tx), own(tx)
    stream = now.stream(person["stream"])
    asked = stream.questions if stream else ()
    if request.method != "POST":
        typed = {field: person[field] for field in ("name", "timezone", "github", "blog")}
        typed["answers"] = person["answers"] or {}
        return page("me_answers.html", person=person, questions=asked, typed=typed)
    typed = {field: request.form.get(field, "") for field in ("name", "timezone", "github", "blog")}
    typed["answers"] = rules.from_form(asked, request.form.getlist)
    problems = unreadable()
    if not problems:
        try:
            with db.write("signup") as tx:
                people.correct(tx, _actor(), person["id"], typed)
            return go(HOME, "saved")
        except rules.Refused as refused:
            problems = refusals(refused)
    return page("me_answers.html", 422, person=person, questions=asked, typed=typed, problems=problems)


@blueprint.route("/address", methods=["GET", "POST"])
@access.needs("member")
def address() -> Response:
    """Have one's mail sent to another address, once its link is pressed."""
    problems: list[dict[str, str]] = []
    email = request.form.get("email", "")
    if request.method == "POST":
        problems = unreadable()
        try:
            if not problems:
                with db.write("signup") as tx:
                    people.ask_new_address(tx, _actor(), reader_id(), email)
                return go(f"{HOME}/address")
        except rules.Refused as refused:
            problems = refusals(refused)
    with db.read("signup") as tx:
        person = own(tx)
    status = 422 if problems else 200
    return page("me_address.html", status, person=person, email=email, problems=problems)


@blueprint.route("/stream", methods=["GET", "POST"])
@access.needs("member")
def stream() -> Response:
    """Change to another stream."""
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        try:
            with db.write("signup") as tx:
                before = own(tx)["stream"]
                people.change_stream(tx, _actor(), reader_id(), request.form.get("stream", ""))
            return go(HOME, "same-stream" if before == request.form.get("stream") else "stream")
        except rules.Refused as refused:
            problems = refusals(refused)
    with db.read("signup") as tx:
        now, person = program.load(tx), own(tx)
    options = [(each.slug, each.name) for each in now.streams if each.open or each.slug == person["stream"]]
    return page("me_stream.html", 422 if problems else 200, person=person, options=options, problems=problems)


@blueprint.route("/pause", methods=["GET", "POST"])
@access.needs("member")
def pause() -> Response:
    """Pause, after a page that says what it means."""
    if request.method == "POST":
        with db.write("signup") as tx:
            people.pause(tx, _actor(), reader_id())
        return go(HOME, "paused")
    return page(
        "sure.html",
        heading="Pause for a while?",
        happens=["You get no turns and no invitations.", "Your place in the program and your answers stay."],
        undo="press Come back on your own page, whenever you like.",
        label="Pause",
        kind="primary",
        back=BACK,
    )


@blueprint.post("/come-back")
@access.needs("member")
def come_back() -> Response:
    """Come back from a pause, or after leaving."""
    with db.write("signup") as tx:
        people.come_back(tx, _actor(), reader_id())
    return _with_roles(go(HOME, "back"))


@blueprint.route("/leave", methods=["GET", "POST"])
@access.needs("member")
def leave() -> Response:
    """Leave, after a page that says what it means; a reason is welcome and not needed."""
    problems = unreadable()
    if request.method == "POST" and not problems:
        try:
            with db.write("signup") as tx:
                people.leave(tx, _actor(), reader_id(), request.form.get("reason", ""))
            return _with_roles(go(HOME, "left"))
        except rules.Refused as refused:
            problems = refusals(refused)
    with db.read("signup") as tx:
        organizes, days = own(tx)["is_organizer"], rules.ERASE_AFTER_DAYS
    return page(
        "sure.html",
        422 if problems else 200,
        heading="Leave the program?",
        happens=[
            "You get no more turns, invitations or letters: only a goodbye with a link back, "
            "and what takes your sessions out of your calendar.",
            "Your answers stay until you ask us to erase them.",
            *([f"You are not an organizer any more, unless you come back within {days} days."] if organizes else []),
        ],
        undo="press Come back on your own page, or sign up again.",
        label="Leave",
        back=BACK,
        reason="Why do you leave?",
        typed=request.form,
        problems=problems,
    )


@blueprint.route("/erase", methods=["GET", "POST"])
@access.needs("member")
def erase() -> Response:
    """Ask to be erased, with 30 days to think again."""
    if request.method == "POST":
        with db.write("signup") as tx:
            people.erase_later(tx, _actor(), reader_id())
        return _with_roles(go(HOME, "erasing"))
    days = rules.ERASE_AFTER_DAYS
    return page(
        "sure.html",
        heading="Erase everything about you?",
        happens=[
            "You leave the program at once.",
            f"For {days} days nothing else happens. Then your name, address, answers and mails are deleted everywhere.",
            "After that nobody can bring them back, and you can sign up anew like anybody else.",
        ],
        undo=f"press Keep my data on your own page within {days} days. To have a copy, download your data first.",
        label="Erase me",
        back=BACK,
    )


@blueprint.post("/keep")
@access.needs("member")
def keep() -> Response:
    """Take back the wish to be erased."""
    with db.write("signup") as tx:
        people.keep(tx, _actor(), reader_id())
    return _with_roles(go(HOME, "kept"))


# What the parts of a download are called, by the service that holds them.
_HOLDS = {"sessions": "circles and sessions", "notifications": "mails", "blog": "blog and posts"}


@blueprint.route("/download", methods=["GET", "POST"])
@access.needs("member")
def download() -> Response:
    """Ask for everything that is held about the reader, and see how far it is."""
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        try:
            with db.write("signup") as tx:
                people.ask_download(tx, _actor(), reader_id())
            return go(f"{HOME}/download")
        except rules.Refused as refused:
            problems = refusals(refused)
    with db.read("signup") as tx:
        person, found = own(tx), people.gathering(tx, reader_id())
    missing = [_HOLDS.get(each, each) for each in found.missing] if found else []
    status = 429 if problems else 200
    return page("me_download.html", status, person=person, found=found, missing=missing, problems=problems)


@blueprint.get("/download/my-data.json")
@access.needs("member")
def my_data() -> Response:
    """What is gathered so far, as a file; it says what is missing."""
    return gathered_file()


def gathered_file() -> Response:
    """What is gathered so far about the reader, or 404 when they did not ask."""
    with db.read("signup") as tx:
        person = own(tx)
        if people.gathering(tx, person["id"]) is None:
            not_found("download")

    def pieces() -> Iterator[bytes]:
        with db.read("signup") as tx:
            for piece in people.download(tx, person["id"]):
                yield piece.encode()

    response = Response(Stream(pieces()), direct_passthrough=True)
    response.headers["Content-Type"] = "application/json; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _with_roles(response: Response) -> Response:
    """Who leaves is no organizer any more, and who comes back may be one again: their cookie says what holds."""
    with db.read("signup") as tx:
        roles = people.roles(own(tx))
    return access.sign_in(response, reader_id(), roles)  # type: ignore[no-any-return]


def _actor() -> str:
    return f"person/{reader_id()}"


def own(tx: Any) -> Mapping[str, Any]:
    """The reader's own row.

    :raises Refused: they were erased since they signed in.
    """
    person = people.one(tx, reader_id())
    if person is None or person["state"] == "erased":
        raise rules.Refused("person", "There is no page for you here any more.", "Sign out, or sign up again.")
    return person
