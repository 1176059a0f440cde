"""The four verbs by which people change the plan: swap, substitute, skip me, skip date.

Each takes a ledger and gives a `Change`: which rows would be different, what that means in words (shown before it is
saved), and its undo. Nothing happens until `apply`, which refuses a change whose rows were touched since. Whoever is in
`agreed` has said yes: their turn is accepted. Everybody else is offered theirs, for silence is no yes.

A verb is people's own will, so it may give somebody two sessions running, and says so. But nobody is given a duty while
away, paused or gone, within `near` days of another, or in both roles at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from ..refusals import Refused
from ..states import HOLDING, TAKEN, TURN, TurnState
from .choosing import choose
from .forecasting import holder
from .ledger import Duty, Ledger, Session
from .why import Kind, said


class Move(NamedTuple):
    """One row as it is and as it would be; None: there is none."""

    before: Duty | None
    after: Duty | None


class Effect(StrEnum):
    """What a change means for somebody."""

    TAKES = "takes"
    ASKED = "asked"
    FREED = "freed"
    OWES = "owes"
    KEEPS = "keeps"
    RUNNING = "running"
    OPEN = "open"
    NEXT = "next"
    SKIPPED = "skipped"
    BACK = "back"


_WORDS = {
    Effect.TAKES: "{who} takes {day}.",
    Effect.ASKED: "{who} is asked to take {day}.",
    Effect.FREED: "{who} is free on {day}.",
    Effect.OWES: "{who} still owes a turn.",
    Effect.KEEPS: "{who} keeps the turn on {day}.",
    Effect.RUNNING: "{who} then has two sessions running, with the one on {day}.",
    Effect.OPEN: "Nobody else can be asked for {day}: it is open to anyone.",
    Effect.NEXT: "As it stands, {who} is asked for {day}.",
    Effect.SKIPPED: "There is no session on {day}.",
    Effect.BACK: "All is again as it was before, on {day}.",
}


class Told(NamedTuple):
    """One effect, as data: for whom, and the day it is about."""

    effect: Effect
    day: date
    person: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What a verb would do to the rows of one ledger, what that means, and (`undo`) how it is taken back.

    :param dropped: the session that would not take place.
    :param restored: the session that would take place after all.
    """

    verb: str
    moves: tuple[Move, ...]
    effects: tuple[Told, ...]
    dropped: Session | None = None
    restored: Session | None = None

    def words(self, names: Mapping[str, str]) -> list[str]:
        """The effects as sentences; `names` by id."""
        return [_WORDS[told.effect].format(who=names.get(told.person, ""), day=said(told.day)) for told in self.effects]

    def undo(self) -> Change:
        """The change that puts every row back as it was. Undone again it is this one, but for its words."""
        moves = tuple(Move(after, before) for before, after in self.moves)
        days = {row.date for move in self.moves for row in move if row} | {s.date for s in (self.dropped,) if s}
        back = tuple(Told(Effect.BACK, day) for day in sorted(days))
        return Change(f"undo {self.verb}".replace("undo undo ", ""), moves, back, self.restored, self.dropped)


def apply(ledger: Ledger, change: Change) -> Ledger:
    """The ledger with the change.

    Whoever stores it writes `moves` in this order: a seat is freed before it is taken.

    :raises Refused: something that it touches is not as it was when the change was worked out, a seat would have two,
        or somebody cannot on the date they would get.
    """
    rows = {_key(duty): duty for duty in ledger.duties}
    for before, after in change.moves:
        key = _key(before or after)
        if rows.get(key) != before:
            raise _changed()
        rows.pop(key, None)
        if after is not None:
            rows[key] = after
    sessions = tuple(each for each in ledger.sessions if each != change.dropped)
    if change.restored is not None:
        sessions += (change.restored,)
    found = replace(ledger, duties=tuple(rows.values()), sessions=sessions)
    for before, after in change.moves:
        if after is not None and after.state in HOLDING and (before is None or before.state not in HOLDING):
            _check(found, after)
    return found


def swap(ledger: Ledger, one: tuple[str, str], other: tuple[str, str], agreed: Iterable[str] = ()) -> Change:
    """Two people trade dates. Nobody's score changes.

    :param one: (session, person); so too `other`. A turn that is only forecast can be traded as well.
    :raises Refused: somebody else has one of these turns, or one of the two cannot on the other's date.
    """
    if one[1] == other[1]:
        raise Refused("other", "Both turns are the same person's.", "Choose a turn of somebody else.")
    yes = frozenset(agreed)
    moves: list[Move] = []
    for (id, person), (_, instead) in ((one, other), (other, one)):
        session = _session(ledger, id)
        turn = holder(ledger, session)
        if turn is not None:
            if turn.person != person:
                raise _changed()
            moves.append(_release(turn))
        moves.append(_give(ledger, session, instead, yes))
    return _told(ledger, "swap", moves)


def substitute(ledger: Ledger, session: str, by: str, agreed: Iterable[str] = ()) -> Change:
    """`by` covers this session and keeps whatever turns they have; who had it still owes one.

    Also how a turn is handed over to a volunteer, and how anyone takes one that nobody has.

    :raises Refused: they have it already, or cannot on that date.
    """
    at = _session(ledger, session)
    turn = holder(ledger, at)
    if turn is not None and turn.person == by:
        raise Refused("by", "This turn is theirs already.", "Choose somebody else.")
    moves = [*([_release(turn)] if turn else []), _give(ledger, at, by, frozenset(agreed))]
    own = sorted(duty.date for duty in _holding(ledger, by) if duty.session != session)
    return _told(ledger, "substitute", moves, owes=turn, keeps=[(by, day) for day in own])


def skip_me(ledger: Ledger, session: str, person: str, late: bool = False) -> Change:
    """`person` passes on this session and still owes a turn. If they had it, the next in line is asked.

    :param late: nobody is asked any more, the turn is open to anyone.
    :raises Refused: somebody else has this turn.
    """
    at = _session(ledger, session)
    turn = holder(ledger, at)
    if turn is not None and turn.person != person:
        raise Refused("person", "This turn is somebody else's.", "Choose a turn of your own.")
    planned = turn or Duty(at.id, ledger.circle, ledger.role, person, at.date, TURN.after(None, "propose"))
    declined = Move(turn or _row(ledger, at, person), planned._replace(state=TURN.after(planned.state, "decline")))
    choice = choose(apply(ledger, Change("", (declined,), ())), at)
    if late or choice.first is None:
        return _told(ledger, "skip me", [declined], owes=planned, opened=at)
    if turn is None:
        return _told(ledger, "skip me", [declined], owes=planned, next_in_line=choice.first)
    return _told(ledger, "skip me", [declined, _give(ledger, at, choice.first, frozenset())], owes=planned)


def skip_date(ledger: Ledger, session: str, agreed: Iterable[str] = ()) -> Change:
    """There is no session on this date: who has it gets the next one, who has that the one after it, and so on.

    Who cannot on the date they would get is freed and still owes a turn, and those behind keep theirs.

    :raises Refused: the ledger has no such session, or it has taken place.
    """
    at = _session(ledger, session)
    later = sorted((each for each in ledger.sessions if _by_date(each) > _by_date(at)), key=_by_date)
    yes = frozenset(agreed)
    carried = holder(ledger, at)
    moves = [_release(carried)] if carried else []
    for following in later:
        if carried is None:
            break
        displaced = holder(ledger, following)
        if displaced is not None and displaced.person == carried.person:
            continue
        try:
            step = [*([_release(displaced)] if displaced else []), _give(ledger, following, carried.person, yes)]
            apply(ledger, Change("", tuple(_folded([*moves, *step])), (), dropped=at))
        except Refused:
            break
        moves += step
        carried = displaced
    return _told(ledger, "skip date", moves, owes=carried, dropped=at)


def freed(ledger: Ledger, person: str, since: date) -> Change:
    """Everything that somebody who leaves or pauses has from `since` on is released."""
    turns = sorted((duty for duty in _holding(ledger, person) if duty.date >= since), key=lambda duty: duty.date)
    return _told(ledger, "free", [_release(duty) for duty in turns])


# ---- rows ----


def _key(duty: Duty | None) -> tuple[str, str, str]:
    assert duty is not None, "a move has a row at one end"
    return duty.session, duty.role, duty.person


def _by_date(session: Session) -> tuple[date, str]:
    return session.date, session.id


def _session(ledger: Ledger, id: str) -> Session:
    for session in ledger.sessions:
        if session.id == id:
            return session
    raise Refused("session", "The circle has no such session.", "Choose one of its coming sessions.")


def _row(ledger: Ledger, session: Session, person: str) -> Duty | None:
    """What is recorded of this person at this session."""
    key = (session.id, ledger.role, person)
    return next((duty for duty in ledger.duties if _key(duty) == key), None)


def _holding(ledger: Ledger, person: str) -> list[Duty]:
    return [
        duty
        for duty in ledger.duties
        if duty.person == person and duty.state in HOLDING and (duty.circle, duty.role) == (ledger.circle, ledger.role)
    ]


def _release(turn: Duty) -> Move:
    return Move(turn, turn._replace(state=TURN.after(turn.state, "release")))


def _give(ledger: Ledger, session: Session, person: str, agreed: frozenset[str]) -> Move:
    """The session goes to this person: accepted where they agreed, else offered.

    :raises Refused: they passed on it, and have not agreed since.
    """
    before = _row(ledger, session, person)
    transition = "volunteer" if person in agreed else "offer"
    if before is not None and not TURN.may(before.state, transition):
        raise Refused(
            "person", f"One of them passed on {said(session.date)} before.", "Ask first: with a yes it can be done."
        )
    state = TURN.after(before.state if before else None, transition)
    return Move(before, Duty(session.id, ledger.circle, ledger.role, person, session.date, state))


_NOT = {
    Kind.LEFT: ("has left", "Choose somebody who is in the circle."),
    Kind.PAUSED: ("is paused", "Choose somebody else, or end the pause first."),
    Kind.AWAY: ("is away then", "Choose another date, or correct the absence first."),
    Kind.NEAR: ("has another duty close to it", "Choose a date farther from it, or somebody else."),
    Kind.BOTH: ("has the other role at that session", "Choose somebody else."),
    Kind.CAP: ("has mentored as often that month as is asked of anybody", "Choose another month, or somebody else."),
}


def _changed() -> Refused:
    return Refused(
        "turn", "These turns have changed in the meantime.", "Look at them as they are now, and choose again."
    )


def _check(ledger: Ledger, given: Duty) -> None:
    """Whether the seat is this person's alone, and they can take it, by the same rule that `choose` has.

    :raises Refused: it is not, or they cannot.
    """
    for duty in ledger.duties:
        if (duty.session, duty.role) == (given.session, given.role) and duty != given and duty.state in HOLDING | TAKEN:
            raise _changed()
    others = replace(ledger, duties=tuple(duty for duty in ledger.duties if duty != given))
    choice = choose(others, Session(given.session, given.date))
    bar = choice.barred.get(given.person)
    if bar is None and given.person not in choice.order:
        raise Refused("person", "One of them is not in this circle.", "Choose one of its people.")
    if bar is not None:
        what, remedy = _NOT[bar.kind]
        raise Refused("person", f"One of them {what} ({said(given.date)}).", remedy)


def _told(
    ledger: Ledger,
    verb: str,
    moves: Iterable[Move],
    owes: Duty | None = None,
    keeps: Iterable[tuple[str, date]] = (),
    opened: Session | None = None,
    dropped: Session | None = None,
    next_in_line: str | None = None,
) -> Change:
    """The change with its effects in words, in the order in which people ask: what, who, and then?"""
    moves = _folded(moves)
    effects = [Told(Effect.SKIPPED, dropped.date)] if dropped else []
    taking = [move.after for move in moves if move.after and move.after.state in HOLDING]
    for row in taking:
        effects.append(Told(Effect.TAKES if row.state == TurnState.ACCEPTED else Effect.ASKED, row.date, row.person))
    for move in moves:
        if move.before and move.after and move.after.state not in HOLDING:
            effects.append(Told(Effect.FREED, move.after.date, move.after.person))
    if owes is not None:
        effects.append(Told(Effect.OWES, owes.date, owes.person))
    effects += [Told(Effect.KEEPS, day, person) for person, day in keeps]
    if next_in_line is not None and owes is not None:
        effects.append(Told(Effect.NEXT, owes.date, next_in_line))
    if opened is not None:
        effects.append(Told(Effect.OPEN, opened.date))
    change = Change(verb, tuple(moves), tuple(effects), dropped)
    return replace(change, effects=(*effects, *_running(apply(ledger, change), taking)))


def _folded(moves: Iterable[Move]) -> list[Move]:
    """One move for each row, from its first state to its last."""
    found: dict[tuple[str, str, str], Move] = {}
    for before, after in moves:
        key = _key(before or after)
        found[key] = Move(found[key].before, after) if key in found else Move(before, after)
    return [move for move in found.values() if move.before != move.after]


def _running(ledger: Ledger, taking: list[Duty]) -> list[Told]:
    """Who would have two sessions running because of what they take."""
    ordered = sorted(ledger.sessions, key=_by_date)
    turns = {session.id: holder(ledger, session) for session in ordered}
    found = []
    for before, after in zip(ordered, ordered[1:], strict=False):
        one, two = turns[before.id], turns[after.id]
        if one and two and one.person == two.person and (one in taking or two in taking):
            other = before if two in taking else after
            found.append(Told(Effect.RUNNING, other.date, one.person))
    return found
