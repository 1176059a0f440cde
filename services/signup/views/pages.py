"""How signup's views answer with pages: the template, what was said after a redirect, refusals beside their fields.

Nothing is kept between two requests but the cookie that says who reads: after a change a page is shown by a redirect
whose address says in one word what was done (`?said=saved`), never by a session.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from flask import Response, g, make_response, render_template, request
from sqlalchemy.exc import SQLAlchemyError

from shared import access, clock, config, db, face
from shared.web import Problem, answer, problem
from shared.web import go as go

from .. import program, rules

SAID = {
    "saved": "Saved.",
    "moved": "Moved.",
    "added": "Added.",
    "removed": "Removed. You can put it back below.",
    "restored": "It is back.",
    "published": "Published. Who signs up from now on accepts this version.",
    "same-charter": "This is the text that holds already. No new version was published.",
    "paused": "You are pausing. Come back whenever you like.",
    "back": "Welcome back.",
    "stream": "You have changed the stream. What it asks of everybody waits for you under Correct this.",
    "same-stream": "You are in this stream already. Nothing has changed.",
    "their-stream": "They are in this stream already. Nothing has changed.",
    "left": "You have left. Thank you for the time you were here.",
    "erasing": "You have left, and everything about you will be erased.",
    "kept": "Nothing will be erased.",
    "address": "From now on your mail comes to the new address. The old one was told so.",
    "their-address": "From now on their mail goes to the new address. The old one was told so.",
    "confirmed": "Your address is confirmed. Welcome!",
    "already": "Your address was confirmed before. Here is your page.",
    "their-pause": "They are pausing now.",
    "their-return": "They are back.",
    "their-leave": "They have left.",
    "their-graduation": "They are alumni now.",
    "alumni": "You are alumni now. The door stays open: press Come back whenever you like.",
    "reached": "Noted. Well done!",
    "not-reached": "Taken back. It is counted no more.",
    "pooled": "Thank you. You get a mail when a circle asks for you.",
    "unpooled": "You are asked no more. Should that change, say yes again.",
    "unasked": "Thank you for saying so. Nobody asks you.",
    "asked": "They are asked by mail. Until they say yes, nobody asks them to mentor.",
    "no-mentor": "They are asked no more. You can put them back below.",
    "mentor-again": "They are in the pool again, as they were before.",
    "revoked": "Revoked. Whatever used it is refused from now on.",
    "resent": "The confirmation is on its way again.",
    "mapped": "Saved. The next file of this form is read the same way.",
    "mapping-undone": "The last mapping is undone. What you see is what held before it, or a guess.",
    "thrown-away": "The file is thrown away, and everything that was read in it.",
    "no-organizer": "They are not an organizer any more.",
}


def context() -> dict[str, Any]:
    """What every template of signup may use, error pages included (so a broken database must not break it)."""
    try:
        with db.read("signup") as tx:
            name = program.load(tx).name
    except (SQLAlchemyError, program.NotSeeded):
        name = None
    return {
        "program_name": name,
        "said": SAID.get(request.args.get("said", "")),
        "zones": face.zone_groups,
        "renamed_zones": _renamed_zones(),
        "honeypot": rules.TRAP,
        "problems": [],
    }


@cache
def _renamed_zones() -> str:
    """For the page's script: a browser may say a name that its zone had long ago."""
    return json.dumps(clock.renamed(), separators=(",", ":"))


def page(template: str, status: int = 200, **given: Any) -> Response:
    """The page of that template. Pages of a person are never stored by anybody on the way."""
    response = make_response(render_template(f"signup/{template}", **given), status)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def refusals(refused: rules.Refused) -> list[dict[str, str]]:
    """Every refusal of a form, as the templates show them."""
    return [each.as_dict() for each in refused.all]


def refused_page(refused: rules.Refused) -> Any:
    """A refusal that no form can show, because only a button was pressed."""
    return answer(Problem(409, refused.message, refused.remedy, [], {}))


def not_found(what: str) -> Any:
    """404 in words."""
    return problem(404, f"There is no such {what}", "It may have been removed, or the address is mistyped.")


def reader_id() -> str:
    """The person behind a view that `needs` somebody."""
    who = access.reader()
    if who is None:  # @needs went before
        raise LookupError("a view without @needs asks who is reading")
    return who.person


def base_url() -> str:
    """The address of this Baton, without a slash at the end."""
    return config.current().base_url.rstrip("/")


def keep_body() -> None:
    """Before a posted form is parsed: note which of its fields are no UTF-8, which Werkzeug would not tell."""
    g.unreadable = []
    if request.method != "POST" or request.mimetype != "application/x-www-form-urlencoded":
        return
    for pair in request.get_data().split(b"&"):
        name, _, value = pair.partition(b"=")
        try:
            unquote_to_bytes(value).decode()
        except UnicodeDecodeError:
            g.unreadable.append(unquote(name.decode("ascii", "replace")))


def unreadable() -> list[dict[str, str]]:
    """A refusal for every field of the posted form that could not be read."""
    broken = [name for name, values in request.form.lists() if any("\ufffd" in value for value in values)]
    return [
        {"field": name, "message": "Some letters could not be read.", "remedy": "Please type them again."}
        for name in [*g.unreadable, *broken]
    ]
