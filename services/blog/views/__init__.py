"""Pages and API of blog, a blueprint per file."""

from __future__ import annotations

from . import api, firsts, mine, offers, offers_api, overview, posts, profile, profile_api, target, webhooks
from .pages import context, refused_page
from .profile import AROUND

blueprints = [each.blueprint for each in (mine, firsts, posts, profile, overview, offers, target, webhooks)]
apis = [each.blueprint for each in (api, offers_api, profile_api)] + [target.api]

__all__ = ["AROUND", "apis", "blueprints", "context", "refused_page"]
