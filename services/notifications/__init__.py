"""Notifications: whatever leaves as mail, and the ledger that knows where each one is."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask


def create_app() -> Flask:
    """The Flask app of this service: wiring only."""
    from shared import face, web

    from . import figures, models, views

    del figures  # imported for what it registers
    app = web.create(models.SERVICE, views.outbox, views.operation, api=[views.api], context=views.context)
    face.dress(app)
    app.jinja_env.filters["machine"] = lambda seconds: datetime.fromtimestamp(seconds, UTC)
    return app
