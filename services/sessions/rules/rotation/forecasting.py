"""The next turns of a circle as they would come if everybody said yes. A forecast binds nobody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from ..states import HOLDING, TAKEN, TurnState
from .choosing import choose
from .ledger import Duty, Ledger, Session
from .why import Kind, Nobody, Why

AHEAD = 6


@dataclass(frozen=True, slots=True)
class Forecast:
    """Who would have a session. `person` None: nobody can, as `why` says. `state` is that of a turn held already."""

    session: Session
    person: str | None
    why: Why | Nobody
    state: str = TurnState.PROPOSED.value


def forecast(ledger: Ledger, since: date, count: int = AHEAD) -> tuple[Forecast, ...]:
    """The turns of the next `count` sessions from `since` on: those that somebody has, and for the rest who would."""
    ahead = sorted((each for each in ledger.sessions if each.date >= since), key=lambda each: (each.date, each.id))
    found: list[Forecast] = []
    for session in ahead[:count]:
        turn = holder(ledger, session)
        if turn is not None:
            found.append(Forecast(session, turn.person, Why(Kind.HOLDS, ledger.role), turn.state))
            continue
        choice = choose(ledger, session)
        if choice.first is None:
            assert choice.nobody is not None
            found.append(Forecast(session, None, choice.nobody))
            continue
        found.append(Forecast(session, choice.first, choice.why(choice.first)))
        turn = Duty(session.id, ledger.circle, ledger.role, choice.first, session.date, TurnState.OFFERED)
        others = tuple(duty for duty in ledger.duties if (duty.session, duty.role, duty.person) != turn[:1] + turn[2:4])
        ledger = replace(ledger, duties=(*others, turn))
    return tuple(found)


def holder(ledger: Ledger, session: Session) -> Duty | None:
    """The turn of whoever has this session in this role: who said yes before who is being asked."""
    turns = [
        duty
        for duty in ledger.duties
        if duty.session == session.id and duty.role == ledger.role and duty.state in HOLDING | TAKEN
    ]
    return min(turns, key=lambda duty: (duty.state not in TAKEN, duty.person), default=None)
