"""One run: start everything, let people come, do mischief (or walk the named gaps), drain, judge."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.notifications.mail.sending import IN_FLIGHT
from shared import db, die
from shared.config import SERVICES
from tests.postgres import Postgres

from . import drain, effects
from .crowd import Crowd
from .deployed import Deployed
from .mischief import Deed, Mischief
from .post import PostOffice
from .system import System
from .verdict import Verdict, judge

SETTLE_WITHIN = 240.0
LATE = 20.0  # for deeds whose victims were down when it was their turn
GAP_WITHIN = 30.0
WITHOUT = {"inbox": "tests.chaos.unboxed"}


@dataclass
class Report:
    """A verdict, and how it came about."""

    verdict: Verdict
    done: Counter[tuple[str, str]]
    drained: float
    unsettled: str
    trouble: int
    missed: int = 0  # deeds whose victims stayed down
    gaps: dict[str, int] = field(default_factory=dict)  # named gaps: how often somebody died there

    @property
    def green(self) -> bool:
        """Did every promise hold, and everything come to an end?"""
        return self.verdict.kept and not (self.unsettled or self.missed) and all(self.gaps.values())

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        done: dict[str, dict[str, int]] = {}
        for (what, victim), count in sorted(self.done.items()):
            done.setdefault(what, {})[victim] = count
        return {
            **self.verdict.as_dict(),
            "done": done,
            "gaps": self.gaps,
            "drained_s": round(self.drained, 1),
            "unsettled": self.unsettled,
            "answers_missed": self.trouble,
            "green": self.green,
        }


class Run:
    """The parts of a run; use it as a context: it ends what it started, whatever happens."""

    def __init__(
        self, seed: int, database: str, without: str | None = None, keep: bool = False, broker: str | None = None
    ) -> None:
        """
        :param database: sqlite or postgres.
        :param broker: redis or rabbitmq: then not as `./baton up` runs it, but as docker-compose.yml does.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="baton chaos "))
        self.keep = keep
        self.postgres = Postgres(durable=True) if database == "postgres" and not broker else None
        self.post = PostOffice(seed)
        self.system: System | Deployed
        if broker:
            self.system = Deployed(self.post.port, broker == "rabbitmq")
        else:
            module = WITHOUT[without] if without else "shared.work"
            self.system = System(self.folder, self.post.port, self.postgres, module)
        self.crowd = Crowd(self.system.base_url, seed, self.system.certificate)
        self.post.tell = self.crowd.hear

    def __enter__(self) -> Run:
        self.system.migrate()
        effects.watch()
        return self

    def __exit__(self, *_: object) -> None:
        self.crowd.stop()
        try:
            self.system.stop()
        finally:
            self.post.stop()
            if self.postgres:
                self.postgres.stop()
            if not self.keep:
                shutil.rmtree(self.folder, ignore_errors=True)

    def storm(self, deeds: list[Deed], seconds: float, signups: int) -> Report:
        """People come for `seconds`, while the deeds are done."""
        self.system.start_all()
        mischief = Mischief(self.system, deeds)
        began = time.monotonic()
        self.crowd.add(signups, seconds * 0.95)
        while time.monotonic() < began + seconds or (mischief.deeds and time.monotonic() < began + seconds + LATE):
            mischief.step()
            self.system.look()
            time.sleep(0.02)
        missed = [deed.victim for deed in mischief.deeds]
        mischief.stop()
        killed = mischief.done
        # Each of a worker's children, of which there may be two, may have had a mail in flight.
        report = self._report(killed, IN_FLIGHT * (killed["kill", "pool"] + 2 * killed["kill", "worker"]))
        report.verdict.notes += [f"never came back to be a victim: {victim}" for victim in missed]
        report.missed = len(missed)
        return report

    def walk(self, points: list[tuple[str, str]], people: int) -> Report:
        """Die once at each of the points, (point, part), while people come."""
        gaps: dict[str, int] = {}
        assert isinstance(self.system, System), "gaps are walked as ./baton up runs"
        self.system.start_all()
        # What the first start tells is told by now, so that the gaps are fallen into with people's events in hand.
        drain.settle(self.crowd, self.post, self.system.look, SETTLE_WITHIN)
        for point, role in points:
            gaps[f"{point} ({role})"] = self._fall_into(self.system, point, role, people)
        done = Counter({("gap", name): count for name, count in gaps.items()})
        return self._report(done, IN_FLIGHT * sum(gaps.values()), gaps)

    def _fall_into(self, system: System, point: str, role: str, people: int) -> int:
        part = getattr(system, role)
        marker = self.folder / "run" / f"died at {point} in {role}"
        part.signal(signal.SIGKILL)
        part.process.wait()
        if point == "schedule.ran":
            self._forget_runs()
        system.start(part, BATON_DIE_AT=f"{point}@{marker}")
        system.wait()
        self.crowd.add(people, 1.0)
        end = time.monotonic() + GAP_WITHIN
        while not marker.exists() and time.monotonic() < end:
            system.look()
            time.sleep(0.05)
        return int(marker.exists())

    def _forget_runs(self) -> None:
        """Make the day's jobs due again."""
        for service in SERVICES:
            with db.write(service) as tx:
                tx.execute(sa.text("DELETE FROM run"))

    def _report(self, done: Counter[tuple[str, str]], held_most: int, gaps: dict[str, int] | None = None) -> Report:
        began = time.monotonic()
        unsettled = drain.settle(self.crowd, self.post, self.system.look, SETTLE_WITHIN)
        drained = time.monotonic() - began
        verdict = judge(self.crowd.people.values(), self.post, held_most)
        return Report(verdict, done, drained, unsettled, self.crowd.trouble, gaps=gaps or {})


def points(only: str | None = None) -> list[tuple[str, str]]:
    """All named gaps, or one, each with the part that falls into it; the publisher's in web and worker both.

    Those of offers are walked where there are posts: tests/integration/test_offers_kills.py.
    """
    found = [(point, "web") for point in die.POINTS if point.startswith(("web.", "outbox."))]
    found += [(point, "worker") for point in die.POINTS if not point.startswith(("offer.", "chat."))]
    return [(point, role) for point, role in found if only in {None, point}]


def table(report: Report) -> str:
    """What a person reads at the end."""
    verdict = report.verdict
    rows: list[tuple[str, Any, str]] = [
        ("accepted", verdict.accepted, "sign-ups, confirmations and changes that were answered"),
        ("lost", verdict.lost, "bar 0"),
        ("doubled", verdict.doubled, "bar 0"),
        ("out of order", verdict.out_of_order, "bar 0, per publisher and subject"),
        ("mails", verdict.mails, "taken by the SMTP server"),
        ("mails doubled", verdict.mails_doubled, "bar 0"),
        ("held", verdict.held, f"bar {verdict.held_most}: one per kill and mail in flight"),
        ("second sends", verdict.second_sends, "bar 0"),
    ]
    lines = [f"{name:<14}{value:>7}   {note}" for name, value, note in rows]
    lines.append("")
    deeds: Callable[[str], str] = lambda what: ", ".join(  # noqa: E731
        f"{victim} {count}" for (deed, victim), count in sorted(report.done.items()) if deed == what and count
    )
    for what, plural in (("kill", "kills"), ("freeze", "freezes"), ("wipe", "kill and wipe")):
        if deeds(what):
            total = sum(count for (deed, _), count in report.done.items() if deed == what)
            lines.append(f"{plural:<14}{total:>7}   {deeds(what)}")
    for name, count in report.gaps.items():
        lines.append(f"{'died at' if count else 'NEVER DIED AT':<14}{count:>7}   {name}")
    lines.append(f"{'no answer':<14}{report.trouble:>7}   requests that a person had to repeat")
    lines.append(f"{'drained':<14}{report.drained:>6.1f}s   {report.unsettled}")
    lines += ["", *verdict.notes[:40]]
    if len(verdict.notes) > 40:
        lines.append(f"… and {len(verdict.notes) - 40} more")
    lines.append("green: every promise was kept" if report.green else "RED: a promise was broken")
    return "\n".join(lines)
