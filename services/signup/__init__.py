"""Signup: the program and its people. This file only wires; see views, people, program, access_links."""

from __future__ import annotations

from flask import Flask


def create_app() -> Flask:
    """The Flask app of signup."""
    from shared import export, face, web

    from . import exports, figures, importing, rules
    from .views import links, me, operation, organizer, pages, public
    from .views.api import blueprint as api

    del exports, figures  # imported for what they register
    app = web.create(
        "signup",
        public.blueprint,
        links.blueprint,
        me.blueprint,
        *organizer.blueprints,
        operation.blueprint,
        export.blueprint("signup"),
        api=[api],
        context=pages.context,
    )
    app.register_error_handler(rules.Refused, pages.refused_page)
    app.before_request(pages.keep_body)
    web.take_uploads(app, organizer.UPLOAD, importing.most() + organizer.AROUND)
    face.dress(app)
    return app
