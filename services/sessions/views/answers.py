"""How views of sessions answer: the template, what was said after a redirect, refusals beside their fields."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import Response, make_response, render_template, request

from shared import access
from shared.problems import problem
from shared.web import go as go

from .. import people
from ..rules.refusals import Refused, Stale

SAID = {
    "placed": "They have their place in this circle now, and get a mail that says so.",
    "circles-merged": "The circles are merged. Who has another circle now gets a mail that says so.",
    "nothing": "Nothing was different, so nothing has changed.",
    "dates": "The dates are saved. What has changed is told to the circle.",
    "skipped": "That date is skipped. You can undo it below.",
    "moved-date": "The session is moved. You can undo it below.",
    "split": "The circle is split. Who has another circle now gets a mail that says so.",
    "decided": "It is done, and stands in the journal of the circle.",
    "place": "The place is yours. Welcome!",
    "coming": "Noted: you are coming.",
    "cannot": "Noted: you cannot come. Should that change, answer again.",
    "checkin-yes": "Thank you for saying so.",
    "checkin-pause": "Noted: you take a break.",
    "checkin-leave": "Noted: you leave the program.",
    "new-address": "Your calendar has a new address. The old one is dead: subscribe to the new one.",
    "not-now": "You said not now. You stay in line, at its end, and are not asked for the next two weeks.",
    "saved": "Saved.",
    "merged": "Saved, together with what somebody else wrote meanwhile.",
    "published": "Published. The circle gets the minutes by mail.",
    "published-before": "The minutes were published already. Nothing was sent twice.",
    "corrected": "The correction is saved.",
    "corrected-told": "The correction is saved, and the circle gets it by mail.",
    "added": "The action item is added.",
    "done": "Done. Well done.",
    "dropped": "Dropped: nobody does it any more.",
    "moved": "Moved to the session after.",
    "given": "It has another owner now.",
    "undone": "Undone.",
    "accepted": "Thank you. The turn is yours.",
    "already": "You had said so before. Nothing has changed.",
    "declined": "Thank you for saying so. Somebody else is asked now.",
    "away": "Thank you for saying so. Somebody else is asked now, and nobody asks you until you are back.",
    "handed": "They are asked by mail. Until they say yes, the turn stays yours.",
    "changed": "It is changed, and whom it concerns gets a mail. You can undo it below.",
    "absent": "Noted. Nobody asks you for these days.",
    "absent-freed": "Noted. Turns that you had on these days are free again, and the next person is asked.",
    "withdrawn": "Taken back. You can be asked for these days again.",
    "asked": "They are asked by mail. It is theirs when they say yes, and not before.",
    "proposed": "Proposed. Nobody is told of it before you send it.",
    "gathering-sent": "Sent: the invites are on their way.",
    "gathering-split": "Split: there is a proposal for each stream now.",
    "gathering-dropped": "It is not sent. You can undo that below.",
    "gathering-cancelled": "Cancelled: everybody is told. You can undo it below.",
    "gathering-restored": "It takes place after all: everybody is invited again.",
    "gathering-shared": "Shared: who was invited gets a mail.",
    "guest-forgotten": "The guest's name and address are taken out.",
    "talks": "You get invites to talks again.",
    "no-talks": "Noted: you get no invites to talks any more. You can change that below.",
    "no-address": "Cut off. Calendars that had the address get nothing any more.",
    "hidden": "Hidden. You can show it again below.",
    "shown": "It is shown again.",
}


def page(template: str, status: int = 200, **given: Any) -> Response:
    """The page of that template; pages.context says what was said before a redirect."""
    return make_response(render_template(f"sessions/{template}", **given), status)


def refusals(refused: Refused) -> list[dict[str, str]]:
    """Every refusal of a form, as the templates show them."""
    return [each.as_dict() | ({"stale": "yes"} if isinstance(each, Stale) else {}) for each in refused.all]


def unreadable() -> list[dict[str, str]]:
    """A refusal for every field of the posted form that is no UTF-8, or has a NUL in it."""
    broken = [name for name, values in request.form.lists() if any("\ufffd" in v or "\0" in v for v in values)]
    return [
        {"field": name, "message": "Some letters could not be read.", "remedy": "Please type them again."}
        for name in broken
    ]


def not_found(what: str) -> NoReturn:
    """404 in words."""
    problem(404, f"There is no such {what}", "It may have been removed, or the address is mistyped.")


def forbidden(title: str, remedy: str) -> NoReturn:
    """403 in words."""
    problem(403, title, remedy)


def who() -> access.Reader:
    """The person behind a view that needs somebody (any role will do: what they may see depends on the session).

    The API answers 401; a page leads to sign in.
    """
    found = access.reader()
    if found is None:
        raise LookupError("a view that needs nobody asks who is reading")
    return found


def reader_zone(tx: Any) -> str:
    """The zone in which times are shown to whoever reads."""
    found = access.reader()
    return people.zone(tx, found.person if found else None)
