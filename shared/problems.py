"""Errors as RFC 9457 problem details: what happened, to which field, and what to do next."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import Response, jsonify
from werkzeug.exceptions import HTTPException


def problem(
    status: int,
    title: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> NoReturn:
    """Stop this request with an error: problem+json for the API, a page for people.

    :param errors: one entry per wrong field: `field`, `message`, `remedy`.
    """
    raise Problem(status, title, detail, errors or [], headers or {})


class Problem(HTTPException):
    """An error with everything its reader needs."""

    def __init__(
        self, status: int, title: str, detail: str, errors: list[dict[str, str]], headers: dict[str, str]
    ) -> None:
        super().__init__(description=detail)
        self.code = status
        self.title = title
        self.errors = errors
        self.headers = headers

    @property
    def name(self) -> str:
        return self.title


REMEDIES = {
    400: "Check the request: it could not be read.",
    404: "Check the address, or start from the front page.",
    405: "Use one of the methods in the Allow header.",
    413: "Send less: this is more than can be taken.",
    415: "Send application/json.",
    429: "Wait as many seconds as the Retry-After header says, then try again.",
    500: "It is not your fault and has been logged. Try again in a minute.",
}


def as_problem(error: HTTPException) -> Problem:
    """Any HTTP error as a Problem; validation errors of the API become one entry per field."""
    if isinstance(error, Problem):
        return error
    status = error.code or 500
    headers = dict(getattr(error, "data", {}).get("headers") or {})
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            headers[name] = value
    messages = getattr(error, "data", {}).get("messages")
    if messages:
        errors = field_errors(messages)
        return Problem(status, "Some fields need your attention", _summary(errors), errors, headers)
    return Problem(status, error.name, REMEDIES.get(status, error.description or error.name), [], headers)


def field_errors(messages: Any, path: str = "") -> list[dict[str, str]]:
    """Marshmallow's nested messages as a flat list, fields named like `answers.why`."""
    if isinstance(messages, dict):
        found = []
        for key, value in messages.items():
            if key in {"json", "query", "form", "headers"} and not path:
                found += field_errors(value, path)
            else:
                found += field_errors(value, path if key == "_schema" else f"{path}.{key}" if path else str(key))
        return found
    entries = messages if isinstance(messages, list) else [messages]
    return [_entry(path or "body", entry) for entry in entries]


def _entry(field: str, message: Any) -> dict[str, str]:
    if isinstance(message, dict) and "message" in message:
        return {"field": field, "message": str(message["message"]), "remedy": str(message.get("remedy", ""))}
    text = str(message)
    remedies = {"Missing data": "Add this field.", "Unknown field": "Leave it out, or check its spelling."}
    remedy = next((r for start, r in remedies.items() if text.startswith(start)), "Correct it and send it again.")
    return {"field": field, "message": text, "remedy": remedy}


def _summary(errors: list[dict[str, str]]) -> str:
    return " ".join(f"{error['field']}: {error['message']} {error['remedy']}".strip() for error in errors)


def response(found: Problem, instance: str) -> Response:
    """The answer that the API gives."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": found.title,
        "status": found.code,
        "detail": found.description,
        "instance": instance,
    }
    if found.errors:
        body["errors"] = found.errors
    answer = jsonify(body)
    answer.status_code = found.code or 500
    answer.mimetype = "application/problem+json"
    answer.headers.update(found.headers)
    return answer


SCHEMA = {
    "type": "object",
    "description": "A problem as in RFC 9457",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message", "remedy"],
                "properties": {k: {"type": "string"} for k in ("field", "message", "remedy")},
            },
        },
    },
}


def described(description: str) -> dict[str, Any]:
    """A problem as an answer of a route, for the OpenAPI document."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}
