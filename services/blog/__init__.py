"""blog: members' blogs and what the program's blog takes from them.

So far it knows who is in the program, by events alone.
"""

from __future__ import annotations

from flask import Flask


def create_app() -> Flask:
    """The Flask app of blog."""
    from shared import web
    from shared.ops import api, pages

    from . import models

    return web.create(models.SERVICE, pages.blueprint(models.SERVICE), api=[api.blueprint(models.SERVICE)])
