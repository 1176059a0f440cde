"""Notifications: whatever leaves as mail, and the ledger that knows where each one is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a worker loads this package, too, and nothing of the web
    from flask import Flask


def create_app() -> Flask:
    """The Flask app of this service: wiring only."""
    from shared import exporting, face, web

    from . import exports, figures, models, views

    del exports, figures  # imported for what they register
    blueprints = (
        views.outbox,
        views.operation,
        views.webhooks,
        views.catalogue,
        views.chat,
        views.dashboard,
        views.digests,
        views.preferences,
        views.quiet,
        views.suppressed,
        views.inbound,
        exporting.blueprint(models.SERVICE),
    )
    app = web.create(models.SERVICE, *blueprints, api=views.api, context=views.context)
    face.dress(app)
    app.jinja_env.filters["machine"] = lambda seconds: datetime.fromtimestamp(seconds, UTC)
    return app
