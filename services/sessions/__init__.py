"""sessions: everything around a meeting of a circle.

So far it knows who is in the program, by events alone.
"""

from __future__ import annotations

from flask import Flask


def create_app() -> Flask:
    """The Flask app of sessions."""
    from shared import web
    from shared.ops import pages as ops

    from . import models

    return web.create(models.SERVICE, ops.blueprint(models.SERVICE))
