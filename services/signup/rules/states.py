"""A person's life as one table: which verb leads from which state to which."""

from __future__ import annotations

from .refusals import Refused

STATES = (
    "applied",
    "imported",
    "invited",
    "confirmed",
    "waiting",
    "active",
    "paused",
    "guest",
    "alumni",
    "left",
    "erased",
)

# Whose data other services keep, and who may open their own pages: everybody who once confirmed.
KNOWN = frozenset({"confirmed", "waiting", "active", "paused", "guest", "alumni", "left"})
# Who takes part, or will again.
MEMBERS = frozenset({"confirmed", "waiting", "active", "paused"})

# Who is known by an address that nobody has proved yet.
UNPROVEN = frozenset({"applied", "imported"})

# Who is here, or was, without taking part: an application for their address takes effect when its owner confirms it.
OUTSIDE = frozenset({"invited", "guest", "alumni", "left"})

# verb -> {state before: state after}. What is not here cannot happen.
TRANSITIONS: dict[str, dict[str, str]] = {
    "confirm": dict.fromkeys(UNPROVEN | OUTSIDE, "confirmed"),
    "pause": {"confirmed": "paused", "waiting": "paused", "active": "paused"},
    "come_back": {"paused": "confirmed", "left": "confirmed", "alumni": "confirmed"},
    "move": {state: state for state in MEMBERS},
    "correct": {state: state for state in KNOWN},
    "readdress": {state: state for state in KNOWN},
    # What sessions tells. Who paused or left meanwhile stays so: sessions is about to hear of it.
    "place": {"confirmed": "active", "waiting": "active"},
    "wait": {"confirmed": "waiting", "active": "waiting"},
    "leave": dict.fromkeys(MEMBERS | {"guest", "alumni"}, "left"),
    # Who reached their goal goes on as alumni; who is asked from outside and says yes is a guest.
    "graduate": dict.fromkeys(MEMBERS, "alumni"),
    "welcome": {"invited": "guest", "left": "guest", "guest": "guest", "alumni": "alumni"},
    "erase_later": dict.fromkeys(KNOWN, "left"),
    "erase": {"left": "erased"},
}

_WORDS = {
    "confirm": "confirm",
    "pause": "pause",
    "come_back": "come back",
    "move": "change stream",
    "correct": "be changed",
    "readdress": "change their address",
    "place": "be placed",
    "wait": "wait for a place",
    "leave": "leave",
    "graduate": "become alumni",
    "welcome": "become a guest",
    "erase_later": "be erased",
    "erase": "be erased",
}


def after(verb: str, state: str) -> str:
    """The state that `verb` leads to from `state`.

    :raises Refused: it leads nowhere from there.
    """
    try:
        return TRANSITIONS[verb][state]
    except KeyError:
        raise Refused(
            "state",
            f"Somebody who is {state} cannot {_WORDS[verb]}.",
            "Load the page again: it shows what can be done now.",
        ) from None
