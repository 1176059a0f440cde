"""Pages and API of sessions, a blueprint per file."""

from __future__ import annotations

from . import (
    absences,
    agendas,
    answering,
    api,
    circles,
    feeds,
    items,
    lead,
    meetings,
    mine,
    minutes_api,
    offers,
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
    circles,
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
    absences,
    rsvp,
    feeds,
)
blueprints = [each.blueprint for each in _MODULES]
apis = [api.blueprint, minutes_api.blueprint, turns_api.blueprint, own_api.blueprint]

__all__ = ["apis", "blueprints", "context", "refused_page"]
