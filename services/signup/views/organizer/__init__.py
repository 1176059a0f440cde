"""The organizer's pages, one module per tab (streams have two)."""

from __future__ import annotations

from . import charter, log, members, organizers, program, questions, snippets, streams

blueprints = [each.blueprint for each in (members, program, streams, questions, charter, snippets, organizers, log)]

__all__ = ["blueprints"]
