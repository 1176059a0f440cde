"""The life of a session and of a turn, each in one table; and what must be true before a session is closed.

What is not in a table cannot happen. docs/states.md is generated from both (`./baton events docs`). A session is
*confirmed* when one person has accepted to coordinate it. Neither a proposal nor an unanswered question is a yes, and
so only a person's own word leads to `accepted`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from .refusals import Refused


class SessionState(StrEnum):
    """Where one meeting of a circle is."""

    PLANNED = "planned"
    CONFIRMED = "confirmed"
    HELD = "held"
    MINUTED = "minuted"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class TurnState(StrEnum):
    """Where one person's duty at one session is."""

    PROPOSED = "proposed"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    SERVED = "served"
    DECLINED = "declined"
    LAPSED = "lapsed"
    RELEASED = "released"


# The person has the turn, or is being asked: it counts as if it were served. A proposal is only a plan.
HOLDING = frozenset({TurnState.OFFERED, TurnState.ACCEPTED})
# The seat is taken. A partial unique index on (session, role) where the state is one of these keeps it to one person.
TAKEN = frozenset({TurnState.ACCEPTED, TurnState.SERVED})
# The person is not asked for this session again.
PASSED = frozenset({TurnState.DECLINED, TurnState.LAPSED, TurnState.RELEASED})

State = TypeVar("State", SessionState, TurnState)


@dataclass(frozen=True)
class Transition(Generic[State]):
    """A named step: `of` is what cannot be done, as in "be cancelled"; `moves` leads from state to state, None: new."""

    name: str
    of: str
    meaning: str
    moves: Mapping[State | None, State]


@dataclass(frozen=True)
class Life(Generic[State]):
    """All transitions of one kind of thing."""

    noun: str
    transitions: tuple[Transition[State], ...]

    def may(self, state: State | str | None, transition: str) -> bool:
        """Whether `transition` can happen to something in `state` (None: it does not exist yet)."""
        return state in self._named(transition).moves

    def after(self, state: State | str | None, transition: str) -> State:
        """The state that `transition` leads to.

        :raises Refused: it leads nowhere from there.
        """
        step = self._named(transition)
        found = step.moves.get(state)  # type: ignore[arg-type]
        if found is None:
            what = f"A {self.noun} that is {state}" if state else f"A {self.noun} that does not exist yet"
            remedy = "Load the page again: it shows what can be done now."
            raise Refused("state", f"{what} cannot {step.of}.", remedy)
        return found

    def _named(self, name: str) -> Transition[State]:
        for transition in self.transitions:
            if transition.name == name:
                return transition
        raise LookupError(f"a {self.noun} has no transition {name!r}")


_S, _T = SessionState, TurnState

SESSION: Life[SessionState] = Life(
    "session",
    (
        Transition("plan", "be planned", "its date comes into the calendar", {None: _S.PLANNED}),
        Transition("confirm", "be confirmed", "one person accepted to coordinate it", {_S.PLANNED: _S.CONFIRMED}),
        Transition("reopen", "lose its coordinator", "that person can no longer", {_S.CONFIRMED: _S.PLANNED}),
        Transition(
            "hold", "be held", "its end has come", {_S.PLANNED: _S.HELD, _S.CONFIRMED: _S.HELD}
        ),
        Transition("minute", "get minutes", "its minutes are there", {_S.HELD: _S.MINUTED}),
        Transition(
            "close",
            "be closed",
            "minutes, attendance and a next coordinator are there, or a reason for each that is not; "
            "of a meeting or talk for many circles: its end has come",
            {_S.HELD: _S.CLOSED, _S.MINUTED: _S.CLOSED},
        ),
        Transition(
            "cancel",
            "be cancelled",
            "it will not take place",
            {_S.PLANNED: _S.CANCELLED, _S.CONFIRMED: _S.CANCELLED},
        ),
        Transition("unlock", "be corrected again", "an organizer opens its minutes once more", {_S.CLOSED: _S.MINUTED}),
        Transition("unclose", "be opened again", "closing it with gaps is taken back", {_S.CLOSED: _S.HELD}),
        Transition("restore", "be brought back", "it will take place after all", {_S.CANCELLED: _S.PLANNED}),
    ),
)  # fmt: skip

TURN: Life[TurnState] = Life(
    "turn",
    (
        Transition("propose", "be proposed", "the program's plan; nobody was asked", {None: _T.PROPOSED}),
        Transition(
            "offer",
            "be offered",
            "the person is asked, with a deadline; again only if the program had freed them",
            {state: _T.OFFERED for state in (None, _T.PROPOSED, _T.RELEASED)},
        ),
        Transition("accept", "be accepted", "the person says yes", {_T.OFFERED: _T.ACCEPTED}),
        Transition(
            "volunteer",
            "be volunteered for",
            "somebody says yes of their own accord, perhaps after a no",
            {state: _T.ACCEPTED for state in (None, _T.PROPOSED, *sorted(PASSED))},
        ),
        Transition(
            "decline",
            "be declined",
            "the person says no, now or after all",
            {state: _T.DECLINED for state in (_T.PROPOSED, _T.OFFERED, _T.ACCEPTED)},
        ),
        Transition("lapse", "lapse", "the deadline passes without a word: that is no yes", {_T.OFFERED: _T.LAPSED}),
        Transition(
            "release",
            "be released",
            "the program frees the person: they left, the session is cancelled, another one covers",
            {state: _T.RELEASED for state in (_T.PROPOSED, _T.OFFERED, _T.ACCEPTED)},
        ),
        Transition("serve", "be served", "the session took place with them", {_T.ACCEPTED: _T.SERVED}),
        Transition(
            "stand_in",
            "be stood in for",
            "the session took place, and they did it unasked",
            {state: _T.SERVED for state in (None, _T.PROPOSED, _T.OFFERED, *sorted(PASSED))},
        ),
        Transition("retract", "be retracted", "it turns out that they did not serve", {_T.SERVED: _T.RELEASED}),
    ),
)  # fmt: skip


# ---- the seat: never two who are confirmed ----


def take(seat: Mapping[str, TurnState], person: str, transition: str) -> TurnState:
    """The state of `person`'s turn after `transition`, where `seat` has everybody's turn at one session and role.

    :param transition: any of `TURN`; those that take the seat are refused while somebody else has it.
    :raises Refused: the table has no such step, or the seat is taken.
    """
    found = TURN.after(seat.get(person), transition)
    if found in TAKEN and any(state in TAKEN for other, state in seat.items() if other != person):
        raise Refused("turn", "Somebody else has said yes already.", "Nothing is left to do; thank you all the same.")
    return found


def settled(state: SessionState, turns: Iterable[TurnState | str]) -> SessionState:
    """What a session that lies ahead is with these turns of coordinators: confirmed by one yes, and by nothing else."""
    yes = any(turn in TAKEN for turn in turns)
    if state is SessionState.PLANNED and yes:
        return SESSION.after(state, "confirm")
    if state is SessionState.CONFIRMED and not yes:
        return SESSION.after(state, "reopen")
    return state


# ---- closing ----


class Gap(StrEnum):
    """What a session leaves behind, and may lack; the names under which its reasons are recorded."""

    MINUTES = "minutes"
    ATTENDANCE = "attendance"
    NEXT_COORDINATOR = "next"


_GAPS = {
    Gap.MINUTES: ("There are no minutes.", "Write them, or say why there are none."),
    Gap.ATTENDANCE: ("Nobody noted who was there.", "Tick who came, or say why nobody knows."),
    Gap.NEXT_COORDINATOR: (
        "Nobody has accepted to coordinate the next session.",
        "Find somebody, or say why there is nobody.",
    ),
}


@dataclass(frozen=True)
class Left:
    """What a session has left behind so far; the next coordinator is one who *accepted*."""

    minutes: bool
    attendance: bool
    next_coordinator: bool


def gaps(left: Left) -> tuple[Gap, ...]:
    """What is missing."""
    there = {
        Gap.MINUTES: left.minutes,
        Gap.ATTENDANCE: left.attendance,
        Gap.NEXT_COORDINATOR: left.next_coordinator,
    }
    return tuple(gap for gap in Gap if not there[gap])


def close(state: SessionState, left: Left, reasons: Mapping[str, str]) -> SessionState:
    """The state after closing.

    :param reasons: by gap, why it stays open; an empty one is none.
    :raises Refused: the session is not over, or a gap has no reason: the first such gap is the field.
    """
    found = SESSION.after(state, "close")
    for gap in gaps(left):
        if not reasons.get(gap, "").strip():
            raise Refused(gap.value, *_GAPS[gap])
    return found
