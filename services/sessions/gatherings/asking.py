"""What organizers type about a gathering, checked: every wrong field named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..meetings import asking
from ..rules import gatherings as rules
from ..rules import text
from ..rules.agenda import AGENDA_MOST
from ..rules.refusals import Refused
from .reading import TALK

TITLE_MOST, NAME_MOST, EMAIL_MOST, REASON_MOST = 200, 200, 254, 500
WHEN = ("day", "time", "zone", "minutes", "link", "location")
FIELDS = ("title", *WHEN, "text", "guest_name", "guest_email")
AHEAD = range(1, 29)
SOME_DAY = "2099-01-01"  # of a plan, which has none
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"\\]{1,64}@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*")


def when(typed: Mapping[str, Any]) -> dict[str, Any]:
    """{day, time, zone, minutes, link, location} of a form.

    :raises Refused: with every wrong field in `all`.
    """
    said = {name: str(typed.get(name) or "") for name in WHEN}
    try:
        wanted = asking.read({**said, "first": said.pop("day"), "weeks": "1", "other_time": ""})
    except Refused as refused:
        Refused.raise_any(
            Refused("day" if each.field == "first" else each.field, each.message, each.remedy) for each in refused.all
        )
        raise
    columns = wanted.columns()
    return {"day": columns["first"], **{name: columns[name] for name in WHEN if name != "day"}}


def words(typed: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """{title, text, guest_name, guest_email} of a form; the guest's are None where there is none.

    :raises Refused: with every wrong field in `all`.
    """
    refused: list[Refused] = []

    def take(name: str, check: Any, *more: Any) -> Any:
        try:
            return check(name, str(typed.get(name) or ""), *more)
        except Refused as refusal:
            refused.append(refusal)
            return ""

    found = {"title": take("title", text.line, TITLE_MOST), "text": take("text", text.paragraphs, AGENDA_MOST)}
    guest = {"guest_name": None, "guest_email": None}
    if kind == TALK:
        guest = {
            "guest_name": take("guest_name", text.line, NAME_MOST) or None,
            "guest_email": take("guest_email", _email),
        }
        if guest["guest_email"] and not guest["guest_name"] and not refused:
            refused.append(Refused("guest_name", "The guest's name is missing.", "Write it, or take the address out."))
    Refused.raise_any(refused)
    return {**found, **guest}


def _email(field: str, value: str) -> str | None:
    found = text.line(field, value, EMAIL_MOST)
    if found and not _ADDRESS.fullmatch(found):
        raise Refused(field, "This is no mail address.", "Write one alone, as in guest@example.org.")
    return found or None


def plan(typed: Mapping[str, Any]) -> dict[str, Any]:
    """{week, weekday, time, zone, minutes, link, location, ahead} of the form of a schedule.

    :raises Refused: with every wrong field in `all`.
    """
    refused: list[Refused] = []
    found: dict[str, Any] = {}
    try:
        found |= when({**typed, "day": SOME_DAY})
    except Refused as refusal:
        refused += refusal.all
    for name, known, remedy in (
        ("week", rules.WEEKS, "Choose the first to fourth, or the last of the month."),
        ("weekday", range(7), "Choose Monday to Sunday."),
        ("ahead", AHEAD, f"Choose {AHEAD[0]} to {AHEAD[-1]} days."),
    ):
        try:
            found[name] = asking.number(name, str(typed.get(name) or "0").strip())
            if found[name] not in known:
                raise Refused(name, "This cannot be chosen.", remedy)
        except Refused as refusal:
            refused.append(refusal)
    Refused.raise_any(refused)
    del found["day"]
    return found


def link(field: str, value: Any) -> str | None:
    """A web address, or None for an empty field.

    :raises Refused: it is none.
    """
    return asking.web(field, str(value or "").strip())
