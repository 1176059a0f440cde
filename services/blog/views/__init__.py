"""Pages and API of blog, a blueprint per file."""

from __future__ import annotations

from . import (
    api,
    firsts,
    mine,
    offers,
    offers_api,
    overview,
    pieces,
    pieces_api,
    posts,
    profile,
    profile_api,
    target,
    webhooks,
)
from .pages import context, refused_page
from .profile import AROUND

blueprints = [each.blueprint for each in (mine, firsts, pieces, posts, profile, overview, offers, target, webhooks)]
blueprints.append(pieces.queue_blueprint)
apis = [each.blueprint for each in (api, offers_api, pieces_api, profile_api)] + [target.api]

__all__ = ["AROUND", "apis", "blueprints", "context", "refused_page"]
