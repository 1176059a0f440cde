"""Sessions: everything around a meeting of a circle. This file only wires; see views, circles, meetings, minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a worker loads this package, too, and nothing of the web
    from flask import Flask


def create_app() -> Flask:
    """The Flask app of sessions."""
    from shared import exporting, face, web
    from shared.ops import api
    from shared.ops import pages as ops

    from . import exports, figures, models, views
    from .rules.refusals import Refused

    del exports, figures  # imported for what they register
    blueprints = (*views.blueprints, ops.blueprint(models.SERVICE), exporting.blueprint(models.SERVICE))
    apis = (*views.apis, api.blueprint(models.SERVICE), exporting.api(models.SERVICE))
    app = web.create(models.SERVICE, *blueprints, api=apis, context=views.context)
    app.register_error_handler(Refused, views.refused_page)
    face.dress(app)
    return app
