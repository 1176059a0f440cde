"""blog: members' blogs and what the program's blog takes from them. This file only wires; see views, blogs, offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a worker loads this package, too, and nothing of the web
    from flask import Flask


def create_app() -> Flask:
    """The Flask app of blog."""
    from shared import access, exporting, face, web
    from shared.ops import api, pages

    from . import exports, hooks, models, profiles, views
    from .rules.refusals import Refused

    del exports  # imported for what it registers
    blueprints = (*views.blueprints, pages.blueprint(models.SERVICE), exporting.blueprint(models.SERVICE))
    apis = (*views.apis, api.blueprint(models.SERVICE), exporting.api(models.SERVICE))
    app = web.create(models.SERVICE, *blueprints, api=apis, context=views.context)
    app.register_error_handler(Refused, views.refused_page)
    for path in ("/blog/mine/profile/", "/blog/api/mine/profile/"):
        web.take_uploads(app, path, profiles.LARGEST + views.AROUND, access.shows_role("member"))
    web.take_uploads(app, "/blog/webhooks/", hooks.MOST, hooks.shows_any)
    face.dress(app)
    app.jinja_env.filters["local"] = views.local
    return app
