"""Believable values for every kind of mail, so that organizers see it before anybody gets one.

The program, its streams and the reader are the real ones; who else is named is nobody. Its links open nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ..rules import monthly

DAY = timedelta(days=1)
# Where a kind is about no session of a circle.
_OF: dict[str, dict[str, Any]] = {
    "meeting": {"kind": "organizers", "thing": "meeting", "title": "Organizers’ meeting"},
    "proposal": {"kind": "organizers", "thing": "meeting"},
    "notes": {"kind": "talk", "thing": "talk", "title": "How I review code"},
    "chat-invite": {"days": 25, "uses": 312, "lives": 30, "most": 400},
    "published": {
        "title": "What I learnt from my first model",
        "original": "https://ada.example.org/first-model",
        "review": "https://forge.example.org/blog/pulls/7",
    },
    "comment": {
        "writer": "Grace Hopper",
        "title": "What I learnt from my first model",
        "text": "I like the beginning.\n\nWhere does the number in the second part come from?",
        "own": True,
    },
    "review": {
        "author": "Ada Lovelace",
        "title": "What I learnt from my first model",
        "wanted": True,
        "reviews": True,
    },
    "reply": {
        "writer": "Ada Lovelace",
        "address": "ada@example.org",
        "about": "Invite to a session",
        "subject": "Re: Invite to a session",
        "text": "Thank you. I come ten minutes later, please begin without me.",
        "cut": False,
        "left_out": [],
        "known": True,
        "role": "coordinator",
    },
    "talk": {"kind": "talk", "thing": "talk", "title": "How I review code"},
}


def _letter(now: datetime, stream: str, starts: datetime) -> dict[str, Any]:
    """A month of that stream: two sessions of the reader's circle, one of another, and a post."""
    mine = {
        "circle": "a",
        "name": f"{stream}, circle A",
        "held": True,
        "minuted": True,
        "fresh": True,
        "of": 4,
        "links": 1,
    }
    meetings = [
        {**mine, "id": "example-1", "starts_at": starts - 28 * DAY, "present": 3, "excerpt": "Read chapter two."},
        {**mine, "id": "example-2", "starts_at": starts - 14 * DAY, "present": 4, "excerpt": "Show a first result."},
    ]
    meetings.append({**meetings[0], "circle": "b", "name": f"{stream}, circle B", "links": 2})
    post = {"person": "c", "title": _OF["published"]["title"], "original": _OF["published"]["original"]}
    ahead = {"name": mine["name"], "starts_at": starts, "coordinator": "reader", "mentor": None}
    item = {"text": "Write to the library", "due": starts.date().isoformat()}
    told = monthly.compose(
        monthly.Stream("example", stream, now - 30 * DAY, now, meetings, [post]),
        monthly.Own("reader", "a", ("reader",), ahead, ahead, [item]),
    )
    assert told
    return {**told, "names": {"c": "Grace Hopper"}}


def context(kind: str, now: datetime, base_url: str, streams: list[str]) -> dict[str, Any]:
    """What a mail of that kind says, beside what every mail knows.

    :param streams: the names of the program's streams, in order.
    """
    starts = (now + 9 * DAY).replace(hour=18, minute=30, second=0, microsecond=0)
    link = f"{base_url}/example-of-a-link"
    stream, later = (streams or ["First steps"])[0], (streams or ["First steps"])[-1]
    people = {"a": "Ada Lovelace", "b": "Grace Hopper", "c": "Alan Turing"}
    return {
        "link": link,
        "links": {name: f"{link}-{name}" for name in ("lead", "next", "tick", "mentor")},
        "until": now + 14 * DAY,
        "stream": stream,
        "next_stream": later if later != stream else None,
        "streams": [later],
        "state": "waiting",
        "again": False,
        "already": False,
        "known": False,
        "organizer": "Olga Organizer",
        "erased": None,
        "when": "on Sunday, 3 January",
        "short": "on 3 January",
        "groups": [[stream, [{"name": people["a"], "state": "applied"}, {"name": people["b"], "state": "waiting"}]]],
        "total": 2,
        "more": 0,
        "circle": f"{stream}, circle A",
        "how": "placed",
        "others": [people["a"], people["b"]],
        "starts_at": starts,
        "was": starts - DAY,
        "minutes": 60,
        "meets": "https://meet.example.org/circle-a",
        "location": "",
        "position": 3,
        "lapsed": False,
        "answer_by": now + 3 * DAY,
        "due_at": now + 14 * DAY,
        "late": False,
        "blog": True,
        "posts": 2,
        "missed": [starts - number * 14 * DAY for number in (3, 2, 1)],
        "title": f"{stream}, circle A",
        "day": f"{starts:%d %b}",
        "session_when": f"{starts:%A} {starts.day} {starts:%B %Y, %H:%M}",
        "session": "example",
        "corrected": False,
        "text": "## Progress\n\nAda passed her exam.\n\n## Decisions\n\n- Everybody reads chapter two.\n",
        "cut": False,
        "reasons": {"minutes": None, "attendance": None, "next": None},
        "names": people,
        "mine": [{"person": "c", "text": "Write to the library", "due": starts.date().isoformat()}],
        "theirs": [{"person": "a", "text": "Book the room", "due": None, "left": False}],
        "present": ["a", "b", "c"],
        "of": 4,
        "next_when": f"{starts + 14 * DAY:%A}, two weeks later",
        "next_coordinator": "a",
        "for_organizer": False,
        "asked": "coordinator",
        "led": True,
        "leads_next": False,
        "correct_until": f"{starts + 2 * DAY:%A}",
        "why": "Of all who can be asked, you have the fewest turns. You have had one turn here so far.",
        "handed_by": None,
        "changed_by": None,
        "last": False,
        "who": people["b"],
        "next_asked": True,
        "pause": True,
        "role": "coordinator",
        "cause": "covered",
        "turns": f"{base_url}/sessions/",
        "items": [{"person": "c", "text": "Write to the library", "due": starts.date().isoformat()}],
        "coordinator": people["a"],
        "mentor": people["b"],
        "leads": False,
        "mentors": False,
        "note": "",
        "agenda": f"{base_url}/sessions/",
        "changed": ["time"],
        "cancelled": True,
        "hours": 72,
        "answer": None,
        "kind": "circle",
        "thing": "session",
        "speaker": people["b"],
        "speaks": False,
        "abstract": "What a reader of code looks for, and in which order.",
        "page": f"{base_url}/sessions/gatherings",
        "notes": True,
        "recording": None,
        "ends": now + 5 * DAY,
        "letter": _letter(now, stream, starts),
        **_OF.get(kind, {}),
    }
