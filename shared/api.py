"""What the API of every service shares: its blueprint, how bodies and queries are read, the shapes of lists.

A route is `@blueprint.get(…)`, `@access.scopes(…)` (or `@access.public`), what it takes, what it answers; then five
lines that call what the page of the same action calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import flask_smorest
from flask import Response
from marshmallow import RAISE, Schema, ValidationError, fields, pre_load, validate
from webargs.core import is_json
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge

from .problems import described, problem

PAGES_MOST = 1_000_000
UNREADABLE = {"message": "Some letters could not be read.", "remedy": "Please type them again."}


class _Parser(FlaskParser):
    """webargs, which tells nothing from no JSON, drops unknown words of a query, and falls over deeply nested JSON."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": None}  # as the schema says

    def load_json(self, req: Any, schema: Schema) -> Any:
        try:
            if req.get_data(cache=True) and not is_json(req.mimetype):
                sent = req.mimetype or "nothing"
                problem(415, "This is not JSON", f"The content type is {sent[:80]}. Send application/json.")
            return super().load_json(req, schema)
        except RequestEntityTooLarge:
            raise
        except RecursionError:
            problem(400, "This JSON cannot be taken", "It is nested too deeply: send plain objects and lists.")


class Blueprint(flask_smorest.Blueprint):
    """Routes under `/<service>/api`. The name is the group of routes in the document."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, service: str, name: str, description: str) -> None:
        super().__init__(f"api {name}", __name__, url_prefix=f"/{service}/api", description=description)


class Given(Schema):
    """What a request says: fields that are not named are refused, so that a misspelled one is not lost unnoticed."""

    class Meta:
        unknown = RAISE

    @pre_load
    def readable(self, data: Any, **_kwargs: Any) -> Any:
        """No text of ours has a NUL or half a letter, and no database takes them."""
        if not isinstance(data, Mapping):
            return data  # marshmallow says so
        wrong = {str(key): [UNREADABLE] for key, value in dict(data).items() if _unreadable([key, value])}
        if wrong:
            raise ValidationError({name.encode("utf-8", "backslashreplace").decode(): w for name, w in wrong.items()})
        return data


def _unreadable(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_unreadable(each) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return any(map(_unreadable, value))
    return isinstance(value, str) and ("\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value))


class PageQuery(Given):
    """Which page of a list."""

    page = fields.Integer(
        load_default=1,
        validate=validate.Range(1, PAGES_MOST),
        metadata={"description": "from 1; beyond the last page the last one is answered"},
    )


class Listed(Schema):
    """A page of a list that is numbered: `total` counts all entries, `pages` all pages."""

    total = fields.Integer(required=True)
    page = fields.Integer(required=True)
    pages = fields.Integer(required=True)


class Empty(Given):
    """No body, or an empty object."""


class Nothing(Schema):
    """Nothing to say but that it is done."""


class Step(Given):
    """One place towards the start or the end."""

    to = fields.String(required=True, validate=validate.OneOf(["up", "down"]))


class Machine(fields.Field[float]):
    """A moment of machine time (seconds since the epoch), as RFC 3339 in UTC."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds")


def instant(**metadata: Any) -> fields.AwareDateTime:
    """A field for an instant of program time, RFC 3339."""
    return fields.AwareDateTime(format="iso", allow_none=True, metadata=metadata)


def machine(**metadata: Any) -> Machine:
    """A field for a moment of machine time."""
    return Machine(allow_none=True, metadata={"type": "string", "format": "date-time", **metadata})


def file(media: str, description: str) -> dict[str, Any]:
    """An answer that is a file, for the OpenAPI document."""
    return {"description": description, "content": {media: {"schema": {"type": "string"}}}}


def taken(response: Response) -> Response:
    """The answer as it is: flask-smorest is to make no JSON of it."""
    return response


KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "The same key with the same body has no further effect for 24 hours; with another body: 422",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
NOT_FOUND = described("There is nothing of that name")
CONFLICT = described("It cannot be done as things are")
TOO_SOON = described("Too soon; Retry-After says when")
WRONG = described("Fields that cannot be taken, each with a remedy")
