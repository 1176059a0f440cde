"""The life of an import, as one table.

    receiving ► mapping ── check ──► checking ── end ──► checked ── start ──► importing ── end ──► done
                   ▲                    └── fail ─► failed              │
                   └────────── map (also from checked and failed) ◄─────┘ not while importing

    importing, done, old (done a week ago) ── undo ──► undoing ── end ──► undone

What has not begun to import can be thrown away; what is done or undone stays, as history.
"""

from __future__ import annotations

from .refusals import Refused

WORKING = frozenset({"checking", "importing", "undoing"})
UNDONE = frozenset({"undoing", "undone"})

# verb -> {state before: state after}. What is not here cannot happen.
TRANSITIONS: dict[str, dict[str, str]] = {
    "map": {state: "mapping" for state in ("mapping", "checked", "failed")},
    "check": {state: "checking" for state in ("mapping", "checked", "failed")},
    "start": {"checked": "importing"},
    "fail": {"checking": "failed", "importing": "failed"},
    "throw_away": {state: "gone" for state in ("mapping", "checking", "checked", "failed")},
    "undo": {state: "undoing" for state in ("importing", "done", "old")},
}
ENDS = {"checking": "checked", "importing": "done", "undoing": "undone"}

_WORDS = {
    "map": "be mapped anew",
    "check": "be checked",
    "start": "be started",
    "fail": "fail",
    "throw_away": "be thrown away",
    "undo": "be undone",
}


def after(verb: str, state: str) -> str:
    """The state that `verb` leads to from `state`.

    :raises Refused: it leads nowhere from there.
    """
    try:
        return TRANSITIONS[verb][state]
    except KeyError:
        what = f"An import that is {state} cannot {_WORDS[verb]}."
        raise Refused("import", what, "Load the page again: it shows what can be done now.") from None
