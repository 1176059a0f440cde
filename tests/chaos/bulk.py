"""One bulk of mail to many while the worker's processes that send it are killed: each once, or held.

Invites to one evening of circles, by their events, through the running system to the harness's post office.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.notifications.mail.sending import FEW, IN_FLIGHT
from services.notifications.models import mail, person
from shared import clock, config, db
from shared.events import emit

from . import drain
from .crowd import Crowd
from .post import PostOffice
from .system import System

CIRCLE = 100  # people in an event
SETTLE_WITHIN = 600.0
WITHIN = 3600.0


@dataclass
class Report:
    """What became of it: mails by their state, and what the post office took of them."""

    recipients: int
    kills: int
    seconds: float
    sent: int
    held: int
    held_most: int  # what a process has with the server when it dies, at most
    strange: int  # held, and in flight at no kill
    held_there: int  # held, and the post office has them: had they been sent again, they would be there twice
    taken: int
    doubled: int  # taken more than once
    false: int  # called sent, and not there
    other: dict[str, int]  # in any other state
    unsettled: str

    @property
    def green(self) -> bool:
        """Did each get it once, or is held and shown?"""
        each = self.sent + self.held == self.recipients and not (self.doubled or self.false or self.unsettled)
        return each and self.held <= self.held_most and not self.strange

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {**asdict(self), "green": self.green}


def run(recipients: int, every: float, seed: int, keep: bool = False) -> Report:
    """Mail to so many people, killing one of the processes that work every `every` seconds or so.

    What it has with the server when it dies may be held, and nothing else: IN_FLIGHT on one connection, or FEW on each.
    """
    folder, dice = Path(tempfile.mkdtemp(prefix="baton chaos ")), random.Random(seed)
    post = PostOffice(seed)
    system = System(folder, post.port, None)
    crowd = Crowd(system.base_url, seed)  # nobody of it comes
    try:
        system.migrate()
        system.start_all()
        drain.settle(crowd, post, system.look, SETTLE_WITHIN)
        began = time.monotonic()
        _announce(recipients)
        kills, then = 0, began + every
        flown: set[str] = set()
        while _left() and time.monotonic() < began + WITHIN:
            system.look()
            # What was in the hands of the dead waits for the end of their lease: nobody is killed over that.
            busy = drain.left()
            if time.monotonic() >= then and (busy["owed"] or busy["queued"]) and (pids := system.pids("pool")):
                pid = dice.choice(pids)
                with suppress(ProcessLookupError):  # it was let go, as one that has nothing to do, or ended meanwhile
                    os.kill(pid, signal.SIGSTOP)  # so that what is in flight is so when it dies
                    flown |= _flying()
                    os.kill(pid, signal.SIGKILL)
                    kills, then = kills + 1, time.monotonic() + every * dice.uniform(0.5, 1.5)
            time.sleep(0.05)
        unsettled = drain.settle(crowd, post, system.look, SETTLE_WITHIN)
        return _judged(recipients, kills, flown, time.monotonic() - began, post, unsettled)
    finally:
        crowd.stop()
        system.stop()
        post.stop()
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _announce(recipients: int) -> None:
    """Who they are, as notifications would know them; and what sessions tells of their evening."""
    ids = [db.new_id() for _ in range(recipients)]
    with db.write("notifications") as tx:
        rows: list[dict[str, Any]] = []
        known = {"timezone": "UTC", "state": "active", "stream": "stream1", "roles": ["member"]}
        for number, id in enumerate(ids):
            known_as = {"id": id, "name": f"Member {number}", "email": f"member{number}@example.org"}
            rows.append({**known_as, **known})
        tx.execute(person.insert(), rows)
    start = clock.now().replace(microsecond=0) + timedelta(days=7)
    with db.write("sessions") as tx:
        for place in range(0, recipients, CIRCLE):
            members = ids[place : place + CIRCLE]
            session = db.new_id()
            data = {
                "session": session, "circle": db.new_id(), "name": f"Circle {place // CIRCLE}", "kind": "circle",
                "stream": "stream1", "day": start.date().isoformat(), "time": f"{start:%H:%M}", "zone": "UTC",
                "minutes": 60, "starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=1)).isoformat(),
                "state": "planned", "sequence": 0, "title": None, "link": None, "location": None, "note": None,
                "coordinator": members[0], "mentor": None, "what": "request", "changed": [], "was": None,
                "attendees": [{"person": id, "answer": None} for id in members], "stamp": clock.now().isoformat(),
            }  # fmt: skip
            emit(tx, "session.announced", f"session/{session}", data)


def _left() -> bool:
    """Whether there is something to hand over, or to send."""
    return any(drain.left().values())


def _flying() -> set[str]:
    """Mails that the server may have, says the ledger, of whichever process: one that lives settles its own."""
    with db.read("notifications") as tx:
        marked = (mail.c.state == "sending", mail.c.data_at.is_not(None))
        return set(tx.execute(sa.select(mail.c.id).where(*marked)).scalars())


def _judged(recipients: int, kills: int, flown: set[str], seconds: float, post: PostOffice, unsettled: str) -> Report:
    with db.read("notifications") as tx:
        states = {
            row.id: row.state for row in tx.execute(sa.select(mail.c.id, mail.c.state).where(mail.c.kind == "invite"))
        }
    taken = Counter(id.strip("<>").partition("@")[0] for id in post.accepted().elements())
    counts = Counter(states.values())
    return Report(
        recipients=recipients,
        kills=kills,
        seconds=round(seconds, 1),
        sent=counts.pop("sent", 0),
        held=counts.pop("held", 0),
        held_most=kills * max(IN_FLIGHT, FEW * config.current().smtp_connections),
        strange=sum(state == "held" and id not in flown for id, state in states.items()),
        held_there=sum(state == "held" and taken[id] > 0 for id, state in states.items()),
        taken=sum(taken[id] for id in states),
        doubled=sum(taken[id] > 1 for id in states),
        false=sum(state == "sent" and not taken[id] for id, state in states.items()),
        other=dict(counts),
        unsettled=unsettled,
    )


def table(report: Report) -> str:
    """What a person reads at the end."""
    rows: list[tuple[str, Any, str]] = [
        ("recipients", report.recipients, "one mail each"),
        ("kills", report.kills, "of a process that works, by SIGKILL"),
        ("sent", report.sent, "says the ledger"),
        ("held", report.held, f"bar {report.held_most}: one per kill and mail in flight"),
        ("held, strange", report.strange, "in flight at no kill; bar 0"),
        ("held, there", report.held_there, "sent again they would have been two"),
        ("taken", report.taken, "by the SMTP server"),
        ("doubled", report.doubled, "bar 0"),
        ("sent, not there", report.false, "bar 0"),
        ("seconds", report.seconds, report.unsettled),
    ]
    lines = [f"{name:<16}{value:>8}   {note}" for name, value, note in rows]
    lines += [f"{state:<16}{count:>8}   bar 0" for state, count in report.other.items()]
    return "\n".join([*lines, "green: each once, or held" if report.green else "RED: a promise was broken"])
