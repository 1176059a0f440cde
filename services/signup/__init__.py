"""Signup: the program and its people. This file only wires; see views, people, program, access_links."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a worker loads this package, too, and nothing of the web
    from flask import Flask


def create_app() -> Flask:
    """The Flask app of signup."""
    from shared import exporting, face, web

    from . import exports, figures, importing, rules
    from .views import api, links, me, mentors, operation, organizer, pages, public, reaching, refusing

    del exports, figures  # imported for what they register
    app = web.create(
        "signup",
        public.blueprint,
        links.blueprint,
        me.blueprint,
        mentors.blueprint,
        reaching.blueprint,
        *organizer.blueprints,
        operation.blueprint,
        exporting.blueprint("signup"),
        api=api.blueprints,
        context=pages.context,
    )
    app.register_error_handler(rules.Refused, refusing.refused)
    app.before_request(pages.keep_body)
    for path in (organizer.UPLOAD, api.UPLOAD):
        web.take_uploads(app, path, importing.most() + organizer.AROUND)
    face.dress(app)
    return app
