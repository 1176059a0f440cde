"""The organizer's pages, one module per tab (streams have two)."""

from __future__ import annotations

from . import charter, imports, log, members, mentors, organizers, program, questions, snippets, streams, tokens
from .imports import AROUND, UPLOAD

blueprints = [
    each.blueprint
    for each in (members, mentors, program, streams, questions, charter, snippets, organizers, tokens, imports, log)
]

__all__ = ["AROUND", "UPLOAD", "blueprints"]
