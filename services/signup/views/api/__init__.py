"""Signup's JSON API, one module per group of routes. Each route calls what the page of the same action calls."""

from __future__ import annotations

from shared import exporting
from shared.ops import api as operation

from . import charter, imports, log, me, members, mentors, organizers, program, public, streams, tokens

UPLOAD = imports.UPLOAD

blueprints = [
    *(
        each.blueprint
        for each in (public, program, streams, charter, members, mentors, organizers, imports, tokens, log, me)
    ),
    exporting.api("signup"),
    operation.blueprint("signup"),
]

__all__ = ["UPLOAD", "blueprints"]
