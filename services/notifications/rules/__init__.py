"""Decisions about mail, pure: which state follows which, when a refused mail goes again, what a server's reply means.

The whole life of a mail is `TRANSITIONS`; the ledger (mail/ledger.py) only writes what this table allows.

                 ┌──────────── release, retry ───────────┐
    (new) ► queued ── claim ──► sending ── accept ──► sent
      │        ├─ late, erase ─► dropped  ├─ refuse ─► failed
      ├► kept (no relay is set)           └─ lose ───► held ── accept (the sender was only frozen) ─► sent
      └► dropped (suppressed)                       ▲ │
                                 hold (undo) ┌─────┘ ├─ arrived (a person says so) ─► sent
                                  from sent ─┘       └─ again (a person says so) ───► queued

A mail that was sent or held may come back, and has failed then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a mail is. `sending` with `data_at` means: its server may have it."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    HELD = "held"
    FAILED = "failed"
    DROPPED = "dropped"
    KEPT = "kept"


class Step(StrEnum):
    """What can happen to a mail."""

    CLAIM = "claim"  # a sender takes it, with a lease
    RELEASE = "release"  # it surely was not handed over, and no attempt is counted
    RETRY = "retry"  # refused for now, or the line broke before the server could have it
    ACCEPT = "accept"  # the server said 250 after the final dot
    REFUSE = "refuse"  # the server said 5xx: it does not have it and never will
    LOSE = "lose"  # nobody can know whether the server has it
    LATE = "late"  # past its deadline, or after three days of trying
    ERASE = "erase"  # the person asked to be forgotten
    ARRIVED = "arrived"  # a person says that a held mail reached its reader
    AGAIN = "again"  # a person says that a held mail shall go out once more
    HOLD = "hold"  # a person takes `arrived` back
    RETURN = "return"  # it came back: a server further on did not take it


TRANSITIONS: dict[tuple[State, Step], State] = {
    (State.QUEUED, Step.CLAIM): State.SENDING,
    (State.QUEUED, Step.LATE): State.DROPPED,
    (State.QUEUED, Step.ERASE): State.DROPPED,
    (State.SENDING, Step.RELEASE): State.QUEUED,
    (State.SENDING, Step.RETRY): State.QUEUED,
    (State.SENDING, Step.ACCEPT): State.SENT,
    (State.SENDING, Step.REFUSE): State.FAILED,
    (State.SENDING, Step.LATE): State.FAILED,
    (State.SENDING, Step.LOSE): State.HELD,
    # A frozen sender may wake after its mail was held, and knows how it ended.
    (State.HELD, Step.RELEASE): State.QUEUED,
    (State.HELD, Step.RETRY): State.QUEUED,
    (State.HELD, Step.ACCEPT): State.SENT,
    (State.HELD, Step.REFUSE): State.FAILED,
    (State.HELD, Step.LATE): State.FAILED,
    (State.HELD, Step.LOSE): State.HELD,
    (State.HELD, Step.ARRIVED): State.SENT,
    (State.HELD, Step.AGAIN): State.QUEUED,
    (State.SENT, Step.HOLD): State.HELD,
    (State.SENT, Step.RETURN): State.FAILED,
    (State.HELD, Step.RETURN): State.FAILED,
}


# ---- time (all machine time, in seconds) ----

LEASE = 120.0  # twice a task's hard limit: a sender that lives is done by then
SUPPRESSED_DUTY = 86_400.0  # who asks for a link again a day later deserves a new try
_FIRST = (300, 600, 1200, 2400, 4800)
_HOURLY_UNTIL = 3 * 86_400


def retry_after(attempts: int) -> int | None:
    """Seconds until the next try after that many refused tries (1 or more); None once three days are over."""
    if attempts <= len(_FIRST):
        return _FIRST[attempts - 1]
    waited = sum(_FIRST) + (attempts - len(_FIRST)) * 3600
    return 3600 if waited <= _HOURLY_UNTIL else None


_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}


def apart(rate: str) -> float:
    """Seconds between two mails at a rate such as `30/minute`; 0 where there is none."""
    count, _, of = rate.partition("/")
    return _SECONDS[of] / int(count) if rate else 0.0


def too_late(deadline: datetime | None, expires: float | None, now: datetime, machine: float) -> str | None:
    """Why a mail would now mislead its reader, or None: `deadline` in program time, `expires` in machine time."""
    if deadline is not None and now >= deadline:
        return "It was not sent before what it announces was over."
    if expires is not None and machine >= expires:
        return "It was not sent before its link ran out."
    return None


SUPERSEDED = "What it says is no longer so: a later mail about the same was written before this one was sent."


def after_lease(data_at: float | None) -> Step:
    """What becomes of a mail whose sender is gone: before DATA nobody can have it, later nobody can know."""
    return Step.RELEASE if data_at is None else Step.LOSE


# ---- replies ----


class Stage(StrEnum):
    """How far the talk with the server had come."""

    CONNECT = "connecting"
    SIGN_ON = "signing on"  # greeting, EHLO, STARTTLS, AUTH
    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"
    BODY = "sending the text"
    DOT = "the end of the text"


@dataclass(frozen=True)
class Verdict:
    """What a reply means for the mail, and whether its address is to be suppressed."""

    step: Step
    suppress: bool = False


# A relay that asks for sign-on at RCPT, or will not relay for us, says nothing about the address (RFC 4954, 3463).
_RELAYS_OWN = {530, 534, 535, 538}
_HARD_ENHANCED = re.compile(r"^5\.(1\.(0|1|2|3|6|10)|2\.1)\b")
_HARD_PLAIN = {550, 551, 553, 556}


def judge(stage: Stage, code: int | None, text: str = "") -> Verdict:
    """What a reply at `stage` means; `code` None is a broken, silent or senseless line.

    4xx, a broken line and anything wrong before RCPT: again later. 5xx from RCPT on: this mail has failed; the address
    itself is bad only when the server says so at RCPT (RFC 3463: 5.1.x, 5.2.1; or a bare 550, 551, 553, 556). Once the
    final dot may be out, only a definite answer says that the mail is not there.
    """
    definite = code is not None and 200 <= code <= 599
    if stage is Stage.DOT:
        if definite and code is not None:
            if code < 300:
                return Verdict(Step.ACCEPT)
            if code >= 500:
                return Verdict(Step.REFUSE)
            if code >= 400:
                return Verdict(Step.RETRY)
        return Verdict(Step.LOSE)
    if not definite or code is None or code < 500 or code in _RELAYS_OWN:
        return Verdict(Step.RETRY)
    if stage not in (Stage.RCPT, Stage.DATA):
        return Verdict(Step.RETRY)
    return Verdict(Step.REFUSE, suppress=stage is Stage.RCPT and hard(code, text))


def hard(code: int, text: str) -> bool:
    """True when a refusal at RCPT speaks of the address itself, not of policy, size or the relay."""
    enhanced = re.match(r"^\d\.\d{1,3}\.\d{1,3}\b", text)
    return bool(_HARD_ENHANCED.match(text)) if enhanced else code in _HARD_PLAIN


def scopes(duty: bool) -> tuple[str, ...]:
    """Which kinds of mail a bad address stops: bulk never silences duty mail, a refused duty mail stops both."""
    return ("duty", "other") if duty else ("other",)
