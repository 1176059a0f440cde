"""Who of a circle has something else when a session is to be: another circle's session, which they mentor or attend, a
talk or a meeting. Organizers are told before they save, and save all the same if they like.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from .. import people
from ..invites import reading as invites
from . import reading

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Wanted:
    """An hour at which a session is to be. :param session: which, if there is one already."""

    begins: datetime
    ends: datetime
    session: str | None = None


@dataclass
class Clash:
    """Another session, by the name that people know it by, and the names of those who have it then."""

    name: str
    starts_at: datetime
    people: list[str] = field(default_factory=list)


def found(tx: Connection, circle: str, wanted: Iterable[Wanted]) -> list[Clash]:
    """What else the people of a circle, and who mentors one of these sessions, have then, in order of time. Who said
    that they cannot come there is free.
    """
    asked = list(wanted)
    if not asked:
        return []
    first = min(each.begins for each in asked).date() - DAY
    duties = invites.duties(tx, [each.session for each in asked if each.session])
    mentors = {each.session: duties[each.session]["mentor"] for each in asked if each.session}
    members = people.members(tx, circle)
    clashes: dict[str, Clash] = {}
    for person in sorted({*members, *(mentor for mentor in mentors.values() if mentor)}):
        rows = [row for row in invites.of_person(tx, person, first) if row["circle"] != circle]
        rows = [row for row in rows if row["state"] in reading.AHEAD]
        said = invites.answers(tx, [row["id"] for row in rows])
        for row in rows:
            theirs = [each for each in asked if person in members or mentors.get(each.session or "") == person]
            meets = any(each.begins < row["ends_at"] and row["starts_at"] < each.ends for each in theirs)
            if meets and said[row["id"]].get(person) != "cannot":
                clash = clashes.setdefault(row["id"], Clash(row["name"] or row["title"], row["starts_at"]))
                clash.people.append(person)
    names = people.names(tx, [person for clash in clashes.values() for person in clash.people])
    for clash in clashes.values():
        clash.people = sorted(names[person] for person in clash.people)
    return sorted(clashes.values(), key=lambda clash: (clash.starts_at, clash.name))
