"""What the routes share: acting for whoever asks, and saying what was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Response, request

from shared import db, problems

from ... import once as idempotency
from ... import rules
from .. import pages


def do(command: Callable[..., Any], *given: Any, by: Callable[[], str]) -> Any:
    """One command in one transaction, by whoever asks."""
    with db.write("signup") as tx:
        return command(tx, by(), *given)


def once(command: Callable[..., str], body: dict[str, Any], *given: Any) -> str:
    """The id of what a command adds, by an organizer; the same for the same request with the same Idempotency-Key."""
    said = {"path": request.path, "body": body, "by": organizer()}
    with db.write("signup") as tx:
        key = request.headers.get("Idempotency-Key")
        return idempotency.answer(tx, key, said, lambda: command(tx, organizer(), *given))


def organizer() -> str:
    """An organizer who asks, as the audit log names them."""
    return f"organizer/{pages.reader_id()}"


def person() -> str:
    """Who asks, for themselves."""
    return f"person/{pages.reader_id()}"


# What a refusal is about when no field of the request is wrong, but how things are.
_THINGS = {"state", "person", "organizer", "pool", "goal", "import", "mapping", "section", "question", "token"}


def refused(refusal: rules.Refused) -> Response:
    """The answer to what cannot be done: 422: the request is wrong; 409: things are not so; 429: too soon."""
    errors = [
        {field: said.encode("utf-8", "backslashreplace").decode() for field, said in each.as_dict().items()}
        for each in refusal.all
    ]
    told = " ".join(f"{e['field']}: {e['message']} {e['remedy']}" for e in errors)
    if isinstance(refusal, rules.Busy):
        return _answer(429, "Too soon", told, errors, {"Retry-After": str(refusal.wait)})
    said_something = bool(request.files or request.get_json(silent=True))
    if said_something and {error["field"] for error in errors} - _THINGS:
        return _answer(422, "Nothing was changed: some fields cannot be taken", told, errors)
    return _answer(409, "This cannot be done as things are", told, errors)


def _answer(
    status: int, title: str, told: str, errors: list[dict[str, str]], headers: dict[str, str] | None = None
) -> Response:
    return problems.response(problems.Problem(status, title, told, errors, headers or {}), request.path)


def found(rows: Iterable[Any], what: str, **where: Any) -> Any:
    """The first that has these values, or 404."""
    for row in rows:
        if all(getattr(row, name) == value for name, value in where.items()):
            return row
    return pages.not_found(what)
