"""Data that is obviously right: where every field of a schema is plain, a look at the types says what loading it would.

Loading takes as long as all else that a sign-up or an event needs, and nearly all are right. What this does not know to
be right, it says nothing about: then the schema decides, and finds the words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

PLAIN: dict[type, type] = {fields.String: str, fields.Integer: int, fields.Boolean: bool}
OF_JSON = PLAIN | {fields.Dict: dict}  # whose keys can only be text: a field of them says no more

Shape = Mapping[str, type] | None


def shape(schema: Schema, plain: Mapping[type, type] = PLAIN) -> Shape:
    """The type of each field, by name; None when a field is of another kind, or has a rule of its own."""
    found = {name: plain.get(field.__class__) for name, field in schema.fields.items() if not field.validators}
    known = {name: kind for name, kind in found.items() if kind}
    return known if known.keys() == schema.fields.keys() else None


def fits(data: Any, shape: Shape) -> bool:
    """Whether these are just those fields, each of just that type."""
    if shape is None or data.__class__ is not dict or data.keys() != shape.keys():
        return False
    return all(data[name].__class__ is kind for name, kind in shape.items())
