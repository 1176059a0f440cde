"""Pages and API of sessions, a blueprint per file."""

from __future__ import annotations

from . import api, circles, meetings, mine, offers, shaping
from .pages import context, refused_page

blueprints = [each.blueprint for each in (circles, shaping, meetings, mine, offers)]
apis = [api.blueprint]

__all__ = ["apis", "blueprints", "context", "refused_page"]
