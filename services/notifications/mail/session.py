"""What mails say of a session: plain enough for JSON, so that one that names somebody who goes is written anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared import face

from . import letter

ERASED = "somebody who was erased"
TOPIC = "minutes/"  # and the session's id: whom an answer to the letter is for
_NO_REASONS: dict[str, str | None] = {"minutes": None, "attendance": None, "next": None}


def minutes(data: Mapping[str, Any], names: Mapping[str, str], reader: str, zone: str, type: str) -> dict[str, Any]:
    """The letter with minutes, for one reader: `data` of session.minuted or minutes.corrected."""
    then = data["next"]
    open_items = [
        {**each, "text": letter.line(each["text"], 500), "left": each["person"] not in data["to"]}
        for each in data["items"]
    ]
    return {
        **_meeting(data, zone),
        "corrected": type == "minutes.corrected",
        "text": data["text"],
        "cut": data["cut"],
        "reasons": _NO_REASONS | {each["gap"]: letter.line(each["why"], 500) for each in data["reasons"]},
        "names": dict(names),
        "mine": [each for each in open_items if each["person"] == reader],
        "theirs": [each for each in open_items if each["person"] != reader],
        "present": data["present"],
        "of": len(data["members"]),
        "next_when": _when(then["starts_at"], zone) if then else None,
        "next_coordinator": then["coordinator"] if then else None,
        "for_organizer": reader not in data["to"],
        "led": data["coordinator"] == reader,
        "leads_next": bool(then) and then["coordinator"] == reader,
        "correct_until": _when(data["correct_until"], zone),
    }


def named(data: Mapping[str, Any]) -> list[str]:
    """The ids of those whom the letter names, or whom its free words may name: everybody of the circle."""
    then = data["next"] or {}
    ids = [*data["members"], *data["to"], *data["present"], *(each["person"] for each in data["items"])]
    return list(dict.fromkeys(id for id in (*ids, data["coordinator"], then.get("coordinator")) if id))


def without(context: Mapping[str, Any], person: str) -> dict[str, Any]:
    """The same letter with one name less. What people wrote freely goes with it: nobody can say whom that names."""
    gone = {"text": "", "cut": True, "mine": [], "theirs": [], "reasons": _NO_REASONS}
    return {**context, **gone, "names": {**context["names"], person: ERASED}}


def late(data: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """The letter that asks for minutes: `data` of minutes.missed."""
    return {**_meeting(data, zone), "asked": data["who"], "led": bool(data["coordinator"])}


def _meeting(data: Mapping[str, Any], zone: str) -> dict[str, Any]:
    return {
        "title": letter.line(data["title"], 60),
        "day": face.local(datetime.fromisoformat(data["starts_at"]), zone, short=True),
        "session_when": _when(data["starts_at"], zone),
        "session": data["session"],
    }


def _when(moment: str, zone: str) -> str:
    return face.local(datetime.fromisoformat(moment), zone)
