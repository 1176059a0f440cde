"""blog: members' blogs and what the program's blog takes from them. This file only wires; see views, offers."""

from __future__ import annotations

from flask import Flask


def create_app() -> Flask:
    """The Flask app of blog."""
    from shared import face, web
    from shared.ops import api, pages

    from . import models, views
    from .rules.refusals import Refused

    blueprints = (*views.blueprints, pages.blueprint(models.SERVICE))
    apis = (*views.apis, api.blueprint(models.SERVICE))
    app = web.create(models.SERVICE, *blueprints, api=apis, context=views.context)
    app.register_error_handler(Refused, views.refused_page)
    face.dress(app)
    return app
