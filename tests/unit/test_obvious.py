"""What is taken for obviously right is what the schema would take, unchanged; all else is the schema's to judge."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields, validate

from services.signup.rules import Refused
from services.signup.schemas.signup import _SIGNUP, signup
from shared import obvious
from shared.events.catalog import ENTRIES

SENT: dict[str, Any] = {name: "x" for name in ("name", "email", "stream", "timezone", "charter")} | {
    "answers": {"why": 1}
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([*SENT, "other"]), JSON), st.booleans())
def test_a_sign_up_comes_out_as_the_schema_would_have_it(given: dict[str, Any], whole: bool) -> None:
    body = {**SENT, **given} if whole else given
    try:
        wanted = _SIGNUP.load(body)
    except ValidationError:
        with pytest.raises(Refused):
            signup(body)
    else:
        assert signup(body) == wanted


@given(st.sampled_from(ENTRIES), st.data())
def test_no_event_fits_that_its_schema_refuses(entry: Any, data: st.DataObject) -> None:
    schema = entry.schema()
    shape = obvious.shape(schema)
    values = JSON if shape is None else st.text(max_size=3) | JSON
    happened = {name: data.draw(values) for name in schema.fields}
    if obvious.fits(happened, shape):
        assert schema.validate(happened) == {}


def test_a_field_with_a_rule_of_its_own_is_never_obvious() -> None:
    kinds: list[Any] = [fields.String(validate=validate.Length(1)), fields.Email(), fields.List(fields.String())]
    for kind in kinds:
        schema = Schema.from_dict({"it": kind})()
        assert obvious.shape(schema) is None
        assert not obvious.fits({"it": "x"}, obvious.shape(schema))
    shape = obvious.shape(Schema.from_dict({"it": fields.Integer(), "is": fields.Boolean()})())
    assert obvious.fits({"it": 1, "is": True}, shape)
    others: list[Any] = [{"it": True, "is": True}, {"it": 1, "is": 1}, {"it": 1}, {"it": 1, "is": True, "more": 1}, []]
    for other in others:
        assert not obvious.fits(other, shape)
