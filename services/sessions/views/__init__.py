"""Pages and API of sessions, a blueprint per file."""

from __future__ import annotations

from . import (
    absences,
    agendas,
    answering,
    api,
    checkins,
    circles,
    deciding,
    feeds,
    gatherings,
    gatherings_api,
    items,
    lead,
    meetings,
    mentoring,
    mine,
    minutes_api,
    offers,
    organizing_api,
    overview,
    own_api,
    resources,
    rsvp,
    session,
    shaping,
    turns,
    turns_api,
)
from .pages import context, refused_page

_MODULES = (
    overview,
    circles,
    deciding,
    shaping,
    meetings,
    mine,
    offers,
    session,
    lead,
    items,
    resources,
    agendas,
    turns,
    answering,
    mentoring,
    absences,
    rsvp,
    checkins,
    feeds,
    gatherings,
)
blueprints = [each.blueprint for each in _MODULES]
apis = [each.blueprint for each in (api, minutes_api, turns_api, own_api, organizing_api, gatherings_api)]

__all__ = ["apis", "blueprints", "context", "refused_page"]
