"""Signup: the program and its people. This file only wires; see views, people, program, access_links."""

from __future__ import annotations

from flask import Flask


def create_app() -> Flask:
    """The Flask app of signup."""
    from shared import face, web

    from . import figures, rules
    from .views import links, me, operation, organizer, pages, public
    from .views.api import blueprint as api

    del figures  # imported for what it registers
    app = web.create(
        "signup",
        public.blueprint,
        links.blueprint,
        me.blueprint,
        *organizer.blueprints,
        operation.blueprint,
        api=[api],
        context=pages.context,
    )
    app.register_error_handler(rules.Refused, pages.refused_page)
    app.before_request(pages.keep_body)
    face.dress(app)
    return app
