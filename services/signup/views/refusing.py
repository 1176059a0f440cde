"""A refusal that reached no form: as a page for people, as a problem for programs."""

from __future__ import annotations

from typing import Any

from flask import request

from .. import rules
from . import pages
from .api import acting


def refused(refusal: rules.Refused) -> Any:
    """The answer to it."""
    return acting.refused(refusal) if request.path.startswith("/signup/api/") else pages.refused_page(refusal)
