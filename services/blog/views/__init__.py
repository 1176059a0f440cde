"""Pages and API of blog."""

from __future__ import annotations

from . import offers, offers_api
from .pages import context, refused_page

__all__ = ["apis", "blueprints", "context", "refused_page"]

blueprints = (offers.blueprint,)
apis = (offers_api.blueprint,)
