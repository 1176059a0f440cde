"""Pages and API of blog, a blueprint per file."""

from __future__ import annotations

from . import (
    api,
    comments,
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
    queue,
    target,
    webhooks,
)
from .pages import context, local, refused_page
from .profile import AROUND

blueprints = [
    each.blueprint
    for each in (mine, firsts, pieces, comments, queue, posts, profile, overview, offers, target, webhooks)
]
apis = [each.blueprint for each in (api, offers_api, pieces_api, profile_api)] + [target.api]

__all__ = ["AROUND", "apis", "blueprints", "context", "local", "refused_page"]
