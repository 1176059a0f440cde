"""Decisions about chat, pure: what a channel can hear, what the answer of a chat's server means, when a link runs out.

Chat is a copy, mail is the record: what a chat does not take is not worth a second copy there. So a message of which
nobody can know whether it was taken is held, as a mail is, and what waited for too long is dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from . import Step

TEST = "test"
# What a channel can hear: (word in tables, words on pages).
KINDS = {
    "joined": "Somebody new is in the program",
    "session": "A session, talk or meeting is tomorrow",
    "minutes": "Minutes of a session are out",
    "post": "A post is on the program’s blog",
    "turn": "A session needs a coordinator",
}

# ---- pace (machine time, in seconds) ----

PACE = 1.0  # between two messages to a channel: Slack takes one a second
LEASE = 60.0  # longer than any server is waited for
_FIRST, _MOST = 30.0, 3600.0
PATIENCE = 5 * 86_400.0  # of failures after which a channel is turned off
LONGEST_WAIT = 3600.0  # that a server can ask for


@dataclass(frozen=True)
class Verdict:
    """What an answer means for the message, for its channel (`off`, `down`), and how long to wait (`wait`, s)."""

    step: Step
    words: str = ""
    off: bool = False
    down: bool = False
    wait: float = PACE


_ENDED = re.compile(r"no_service|no_team|invalid_token|action_prohibited|channel_is_archived|channel_not_found")


def judge(status: int | None, text: str = "", retry_after: str | None = None, sent: bool = True) -> Verdict:
    """What an HTTP status means, or None: no answer. :param sent: the request may have reached the server."""
    said = f"{status}: {text}" if text else str(status)
    if status is None:
        if sent:
            return Verdict(Step.LOSE, f"Its server was asked and did not answer ({text}).", down=True)
        return Verdict(Step.RETRY, f"Its server cannot be reached: {text}", down=True)
    if 200 <= status < 300:
        return Verdict(Step.ACCEPT)
    if status == 429:
        return Verdict(Step.RELEASE, "Its server asks to wait.", wait=_seconds(retry_after))
    if status in (401, 404, 410) or (status in (400, 403) and _ENDED.search(text)):
        return Verdict(Step.RETRY, f"Its server says that this webhook is no more ({said}).", off=True)
    if status >= 500 or status in (403, 408) or 300 <= status < 400:
        wait = _seconds(retry_after) if retry_after else PACE
        return Verdict(Step.RETRY, f"Its server answered {said}", down=True, wait=wait)
    return Verdict(Step.REFUSE, f"Its server refused this message: {said}")


def _seconds(retry_after: str | None) -> float:
    """What `Retry-After` asks for; a date is not read, and no server is waited for longer than an hour."""
    try:
        return min(max(float(retry_after or ""), PACE), LONGEST_WAIT)
    except ValueError:
        return 30.0


def backoff(failures: int) -> float:
    """Seconds that a channel rests after that many failures running (1 or more)."""
    return min(_FIRST * 2.0 ** min(failures - 1, 10), _MOST)


def hopeless(failures: int, since: float | None, now: float) -> bool:
    """Whether it has failed for so long that somebody must look."""
    return failures >= 5 and since is not None and now - since > PATIENCE


# ---- the link by which people get into the chat ----

TOLD_AGE, LIVES = timedelta(days=25), timedelta(days=30)
TOLD_USES, USES = 350, 400


def runs_out(link: str | None) -> bool:
    """Whether it is a link of Slack's, which ends after 30 days or 400 people."""
    host = (urlsplit(link or "").hostname or "").lower()
    return host == "join.slack.com" or (host.endswith(".slack.com") and "/signup" in (link or ""))


def ending(link: str | None, since: datetime | None, uses: int, now: datetime) -> bool:
    """Whether organizers should make a new one."""
    return runs_out(link) and since is not None and (now - since >= TOLD_AGE or uses >= TOLD_USES)


# ---- words ----


def plain(text: str) -> str:
    """One line of somebody's words that calls nobody: in some chats an @ rings a bell for hundreds."""
    return " ".join(text.split()).replace("@", "@\u200b")


def slack(text: str) -> str:
    """The same for Slack and its like, where an angle bracket begins markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
