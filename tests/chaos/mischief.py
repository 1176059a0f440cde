"""Mischief: who is killed, frozen or robbed, and when. A seed makes one plan; what it meets is up to the system."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass

from .deployed import Deployed
from .system import System

# How often each is chosen. Web and pool are where work is in hand most of the time.
VICTIMS = {"web": 3, "pool": 4, "worker": 3, "beat": 1, "broker": 2}
FREEZE = (2.0, 20.0)  # seconds
WIPE_SHARE = 0.5  # of the broker's kills: its data goes too


@dataclass(order=True)
class Deed:
    """Something to be done at `at` seconds from the start. A kill may come out of a freeze of `frozen` seconds."""

    at: float
    what: str
    victim: str
    frozen: float
    dice: float


def plan(seed: int, seconds: float, kills: int) -> list[Deed]:
    """`kills` kills and half as many freezes, spread over `seconds`."""
    dice = random.Random(seed)
    names, weights = list(VICTIMS), list(VICTIMS.values())
    deeds = []
    for what, count in (("kill", kills), ("freeze", (kills + 1) // 2)):
        for place in range(count):
            victim = dice.choices(names, weights)[0]
            at = seconds * (place + dice.uniform(0.1, 0.9)) / count
            longest = min(FREEZE[1], seconds / 6)
            frozen = dice.uniform(min(FREEZE[0], longest), longest)
            if what == "kill":
                # A worker frozen, sent a message, then killed: the gap that no setting of Celery closes.
                frozen = frozen / 4 if dice.random() < 0.3 else 0.0
            what_now = "wipe" if what == "kill" and victim == "broker" and dice.random() < WIPE_SHARE else what
            deeds.append(Deed(at, what_now, victim, frozen, dice.random()))
    return sorted(deeds)


class Mischief:
    """Carries out a plan; `step` is called often, and never blocks."""

    def __init__(self, system: System | Deployed, deeds: list[Deed]) -> None:
        self.system = system
        self.deeds = deeds
        self.done: Counter[tuple[str, str]] = Counter()
        self._started = time.monotonic()
        self._frozen: list[tuple[float, int, Deed]] = []

    def step(self) -> None:
        """Do what is due; who is down at the moment gets it later."""
        now = time.monotonic() - self._started
        self._thaw(now)
        due = [deed for deed in self.deeds if deed.at <= now]
        for deed in due:
            pids = self.system.pids(deed.victim)
            if not pids:
                deed.at = now + 0.5
                continue
            self.deeds.remove(deed)
            pid = pids[int(deed.dice * len(pids))]
            if deed.frozen:
                if _send(pid, signal.SIGSTOP):
                    self._frozen.append((now + deed.frozen, pid, deed))
            else:
                self._kill(pid, deed)

    def stop(self) -> None:
        """No more of it; everybody wakes."""
        self.deeds.clear()
        self._thaw(float("inf"))

    def _thaw(self, now: float) -> None:
        for entry in [entry for entry in self._frozen if entry[0] <= now]:
            self._frozen.remove(entry)
            _, pid, deed = entry
            if not self._ours(pid):
                continue
            if deed.what == "freeze":
                self.done["freeze", deed.victim] += _send(pid, signal.SIGCONT)
            else:
                self._kill(pid, deed)

    def _kill(self, pid: int, deed: Deed) -> None:
        if deed.what == "wipe":
            self.system.wipe()
            self.done["wipe", deed.victim] += 1
        else:
            self.done["kill", deed.victim] += _send(pid, signal.SIGKILL)

    def _ours(self, pid: int) -> bool:
        """Is it still a process of the system? Its id could have been given to a stranger."""
        return any(pid in self.system.pids(victim) for victim in VICTIMS)


def _send(pid: int, sig: signal.Signals) -> bool:
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        return False
    return True
