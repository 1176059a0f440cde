"""The pool: who may be asked to mentor where nobody of the program is above. Nobody is in it who has not said yes."""

from __future__ import annotations

from .refusals import Refused

# verb -> {word before: word after}; None: nothing was ever said. What is not here cannot happen.
WORDS: dict[str, dict[str | None, str]] = {
    "ask": dict.fromkeys((None, "asked", "declined", "left", "removed"), "asked"),
    "agree": dict.fromkeys(("asked", "declined", "left", "agreed"), "agreed"),  # by the link of who was asked
    "offer": dict.fromkeys((None, "asked", "agreed", "declined", "left"), "agreed"),  # of their own accord
    "decline": {"asked": "declined", "declined": "declined"},
    "leave": {"agreed": "left", "left": "left"},
    "remove": {"asked": "removed", "agreed": "removed", "declined": "removed", "left": "removed"},
}
# Whose yes holds by what they are; an organizer's holds in whatever state they take part.
KINDS = ("guest", "alumni", "organizer")


def after(verb: str, word: str | None) -> str:
    """What is said after `verb`.

    :raises Refused: it cannot be said then.
    """
    try:
        return WORDS[verb][word]
    except KeyError:
        said = {"agreed": "They have said yes already.", "removed": "An organizer took this person out of the pool."}
        raise Refused(
            "pool",
            said.get(word or "", "Nobody is asked, so there is nothing to answer."),
            "Load the page again, or ask an organizer.",
        ) from None


def restored(was: str | None) -> str:
    """What is said once more when the removal is taken back.

    :raises Refused: nobody was removed.
    """
    if was is None:
        raise Refused("pool", "They were not removed.", "Load the page again.")
    return was


def kind(state: str, organizer: bool) -> str | None:
    """As what somebody may be in the pool; None: members are asked by themselves, for the streams below theirs."""
    if organizer and state not in ("left", "erased"):
        return "organizer"
    return state if state in KINDS else None


def mentors(word: str | None, streams: list[str] | None, state: str, organizer: bool) -> list[str]:
    """The slugs of the streams in which somebody may be asked from the pool, in their order."""
    return list(streams or []) if word == "agreed" and kind(state, organizer) else []
