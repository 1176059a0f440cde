"""GitHub's own description of its API judges what is asked of the stand-in, and what that answers.

A request must be one that GitHub documents: path, method, parameters, a body with all that is required and nothing
unknown. An answer must have a documented status and only documented fields of the documented types; what a stand-in
leaves out is not missed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from .postgres import absent

PATH = Path(__file__).parent / "node/node_modules/@octokit/openapi/generated/api.github.com.json"
_NAME = "urn:github"
_USUAL = Draft202012Validator.VALIDATORS


def _properties(validator: Any, properties: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    yield from _USUAL["properties"](validator, properties, instance, schema)
    if isinstance(instance, dict) and not schema.get("additionalProperties"):
        for name in instance.keys() - properties.keys():
            yield ValidationError(f"{name} is not documented")


def _type(validator: Any, types: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """A type of OpenAPI 3.0, where `nullable` stands beside it."""
    if instance is not None or not schema.get("nullable"):
        yield from _USUAL["type"](validator, types, instance, schema)


_Asked = extend(Draft202012Validator, {"properties": _properties, "type": _type})
_Answered = extend(
    Draft202012Validator,
    {"properties": _properties, "type": _type, "required": lambda *_: iter(()), "oneOf": _USUAL["anyOf"]},
)


class Description:
    """What GitHub documents."""

    def __init__(self, file: Path = PATH) -> None:
        self.all = json.loads(file.read_text().replace('"#/components/', f'"{_NAME}#/components/'))
        self._registry = Registry().with_resource(_NAME, DRAFT202012.create_resource(self.all))
        self._paths = [
            (re.compile(re.sub(r"\{(\w+)\}", lambda m: ".+" if m[1] in {"ref", "path"} else "[^/]+", path)), path)
            for path in self.all["paths"]
            if path.startswith("/repos/{owner}/{repo}")
        ]

    def wrong(self, method: str, path: str, query: dict[str, str], body: Any, status: int, said: Any) -> list[str]:
        """What is wrong with a request and its answer, in words; empty when nothing is."""
        what = f"{method} {path}"
        found = [
            name for shape, name in self._paths if shape.fullmatch(path) and method.lower() in self.all["paths"][name]
        ]
        if not found:
            return [f"{what}: there is no such operation"]
        name = min(found, key=lambda each: each.count("{"))  # what is spelled out goes before what is open
        operation = self.all["paths"][name][method.lower()]
        given = [
            self._of(one) for one in [*operation.get("parameters", []), *self.all["paths"][name].get("parameters", [])]
        ]
        known = {one["name"]: one for one in given if one["in"] == "query"}
        told = [f"the parameter {key} is not documented" for key in query.keys() - known.keys()]
        told += [f"{key} is needed" for key, one in known.items() if one.get("required") and key not in query]
        wanted = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if body is not None and status < 400:
            told += ["no body is documented"] if wanted is None else self._errors(_Asked, wanted, body)
        answer = operation["responses"].get(str(status))
        if answer is None:
            told.append(f"no answer {status} is documented")
        elif schema := self._of(answer).get("content", {}).get("application/json", {}).get("schema"):
            told += self._errors(_Answered, schema, said)
        return [f"{what}: {one}" for one in told]

    def _of(self, one: Any) -> Any:
        if "$ref" not in one:
            return one
        found = self.all
        for part in one["$ref"].removeprefix(f"{_NAME}#/").split("/"):
            found = found[part]
        return found

    def _errors(self, kind: Any, schema: Any, value: Any) -> list[str]:
        found = kind(schema, registry=self._registry).iter_errors(value)
        return [f"{error.json_path}: {error.message[:200]}" for error in found]


@lru_cache(maxsize=1)
def description() -> Description:
    """Read once: it is large."""
    if not PATH.exists():
        absent("GitHub's description of its API is not here: npm ci --prefix tests/node")
    return Description()
