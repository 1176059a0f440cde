"""The states of an offer (a member's post on its way into the program's blog), and every way from one to another.

waiting ──open──► open ──merge──► merged        what is proposed is `post` first; once the post is live, `update`
   │ ▲              │ close                      or `removal`: the same states, on a branch of its own
   │ └── ask ──► closed (stays so until its author asks again, or an organizer does)
   ├─ hold ──► held (a person looks first)       └─ withdraw ─► withdrawn   the post is gone, or its author said no
   ├─ skip ──► skipped (there is nothing to offer)
   ├─ hand ──► handed (its author opens the pull request; open, once it is seen)
   └─ fail ──► failed (a person has to mend something; it is tried again each hour)
"""

from __future__ import annotations

STATES = ("waiting", "held", "skipped", "failed", "handed", "open", "merged", "closed", "withdrawn")
KINDS = ("post", "update", "removal")
# (what happens): {from: to}
TRANSITIONS: dict[str, dict[str, str]] = {
    "wait": {state: "waiting" for state in STATES},
    "ask": {state: "waiting" for state in ("closed", "failed", "handed", "held", "skipped", "waiting")},
    "hand": {state: "handed" for state in ("failed", "handed", "held", "skipped", "waiting", "withdrawn")},
    "hold": {state: "held" for state in STATES if state != "closed"},
    "skip": {state: "skipped" for state in STATES if state not in ("closed", "merged")},
    "fail": {state: "failed" for state in STATES},
    "open": {state: "open" for state in ("waiting", "handed", "open")},
    "merge": {state: "merged" for state in STATES},
    "close": {state: "closed" for state in STATES},
    "withdraw": {state: "withdrawn" for state in STATES},
}
VERDICTS = ("accept", "decline")
# In the order in which organizers look at them.
QUEUE = (
    ("open", "In review"),
    ("held", "Held until somebody looks"),
    ("failed", "Not working"),
    ("waiting", "On its way"),
    ("handed", "Opened by its author"),
    ("merged", "Live"),
    ("closed", "Declined"),
    ("skipped", "Nothing to offer"),
    ("withdrawn", "Withdrawn"),
)
WORDS = {
    "waiting": "on its way", "held": "held", "skipped": "nothing to offer", "failed": "not working",
    "handed": "opened by its author", "open": "in review",
    "merged": "live", "closed": "declined", "withdrawn": "withdrawn",
}  # fmt: skip
LINES_MOST = 2_000
# What conversion notes, in the order in which people should read it.
NOTES = (("secret", "Look at this first"), ("missing", "Missing"), ("dropped", "Left out"), ("changed", "Changed"))


class Impossible(ValueError):
    """There is no such way from that state."""


def after(happened: str, state: str) -> str:
    """The state after what happened.

    :raises Impossible: it cannot happen in that state.
    """
    try:
        return TRANSITIONS[happened][state]
    except KeyError:
        raise Impossible(f"{happened} cannot happen to what is {state}") from None


def branch(slug: str, id: str, round: int) -> str:
    """The name of a branch: the post's, the offer's so that no two share one, and which proposal it is."""
    return f"baton/{slug[:60].strip('-') or 'post'}-{id.replace('-', '')[-10:]}" + (f"-{round}" if round > 1 else "")


def proposes(state: str, kind: str, live: bool, wanted: bool) -> str | None:
    """What is to be proposed now: post, update, removal or nothing.

    :param state: of the offer, whose present or last proposal was `kind`.
    :param live: whether the post is in the program's blog.
    :param wanted: whether it shall be there.
    """
    if wanted:
        if state == "closed" and kind != "removal":
            return None
        return "update" if live else "post"
    if not live or (kind == "removal" and state == "closed"):
        return None
    return "removal"


def lines(diff: str) -> list[tuple[str, str]]:
    """What `git diff` says, line by line, for people: (added, removed, same or file, line); the first LINES_MOST."""
    found: list[tuple[str, str]] = []
    within = False
    for line in diff.split("\n"):
        if line.startswith("diff --git "):
            within = False
            found.append(("file", line.rsplit(" b/", 1)[-1]))
        elif line.startswith("@@"):
            within = True
        elif within and line[:1] in {"+", "-", " "}:
            found.append(({"+": "added", "-": "removed"}.get(line[0], "same"), line[1:]))
        if len(found) == LINES_MOST:
            found.append(("file", "and more"))
            break
    return found
