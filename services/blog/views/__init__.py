"""Pages and API of blog, a blueprint per file."""

from __future__ import annotations

from . import api, mine, offers, offers_api, overview, posts, webhooks
from .pages import context, refused_page

blueprints = [each.blueprint for each in (mine, posts, overview, offers, webhooks)]
apis = [each.blueprint for each in (api, offers_api)]

__all__ = ["apis", "blueprints", "context", "refused_page"]
