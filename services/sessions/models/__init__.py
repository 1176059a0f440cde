"""The tables of sessions, by what they are about: copies of what signup tells, circles, meetings, turns, minutes."""

from __future__ import annotations

from shared import db

from .circles import change, circle, place, policy, stream_policy, waiting
from .copies import person, pool, program
from .gatherings import gathering, gathering_plan, no_talks
from .meetings import attendance, feed, invite, remark, rsvp, series, session, told, unannounced
from .minutes import item, minutes, resource, revision
from .turns import absence, checkin, standing, turn

SERVICE = "sessions"
metadata = db.metadata(SERVICE)

__all__ = [
    "SERVICE", "absence", "attendance", "change", "checkin", "circle", "feed", "gathering", "gathering_plan", "invite",
    "item", "metadata", "minutes", "no_talks", "person", "place", "policy", "pool", "program", "remark", "resource",
    "revision", "rsvp", "series", "session", "standing", "stream_policy", "told", "turn", "unannounced", "waiting",
]  # fmt: skip
