"""Signing up, and what is current: the two routes that anybody may use."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from shared import obvious

from ..rules import Refused


class Signup(Schema):
    """A sign-up to one stream. Fields that are not named here are refused, so that nothing is lost unnoticed."""

    class Meta:
        unknown = RAISE

    name = fields.String(required=True, metadata={"description": "the name to be called by; 1 to 100 characters"})
    email = fields.String(required=True, metadata={"description": "where the confirmation goes", "format": "email"})
    stream = fields.String(required=True, metadata={"description": "slug of a stream"})
    timezone = fields.String(required=True, metadata={"description": "IANA name", "example": "America/Toronto"})
    charter = fields.String(required=True, metadata={"description": "the version of the charter that is accepted"})
    answers = fields.Dict(
        keys=fields.String(),
        load_default=dict,
        metadata={"description": "question id to answer: text, true or false, or a list of options, by its kind"},
    )


_SIGNUP = Signup()
_SHAPE = obvious.shape(_SIGNUP, obvious.OF_JSON)

_REMEDIES = {
    "name": "Send the person's name as text.",
    "email": "Send the e-mail address as text.",
    "stream": "Send the slug of a stream as text: see GET /signup/api/program.",
    "timezone": "Send an IANA name as text, as in America/Toronto.",
    "charter": "Send the version that the person accepts as text: see GET /signup/api/program.",
    "answers": "Send an object of question ids and answers: see GET /signup/api/program.",
}
SAID_MOST = 20  # fields named in one refusal, our own first


def signup(body: Any) -> dict[str, Any]:
    """The application in a request's JSON.

    :raises Refused: with every missing, unknown or ill-typed field in `all`.
    """
    if obvious.fits(body, _SHAPE):
        return dict(body)
    try:
        loaded: dict[str, Any] = _SIGNUP.load(body)
    except ValidationError as error:
        messages = sorted(error.normalized_messages().items(), key=lambda entry: entry[0] not in _REMEDIES)
        Refused.raise_any([_refused(field, said) for field, said in messages[:SAID_MOST]])
        raise
    return loaded


def _refused(field: str, said: Any) -> Refused:
    if field == "_schema":
        return Refused("body", "This is not a JSON object.", "Send an object with the fields of a sign-up.")
    remedy = _REMEDIES.get(field, "Leave it out, or check its spelling.")
    message = said[0] if isinstance(said, list) else "This cannot be read."
    return Refused(field[:64], str(message), remedy)


class Accepted(Schema):
    """The one answer to every sign-up that was taken."""

    status = fields.String(required=True, metadata={"example": "accepted"})
    next = fields.String(required=True, metadata={"description": "what the person has to do now"})


class Question(Schema):
    """A question of a stream's form."""

    id = fields.String(required=True, metadata={"description": "its key in `answers`"})
    label = fields.String(required=True)
    help = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": ["short", "long", "choice", "several", "checkbox", "url"]})
    options = fields.List(fields.String(), required=True)
    required = fields.Boolean(required=True)


class Stream(Schema):
    """A level of the program."""

    slug = fields.String(required=True)
    name = fields.String(required=True)
    summary = fields.String(required=True)
    open = fields.Boolean(required=True, metadata={"description": "whether it takes sign-ups"})
    questions = fields.List(fields.Nested(Question), required=True)


class Charter(Schema):
    """What people accept when they sign up."""

    version = fields.String(required=True)
    text = fields.String(required=True, metadata={"description": "Markdown"})


class Program(Schema):
    """What is current: streams, questions and charter."""

    name = fields.String(required=True)
    timezone = fields.String(required=True)
    streams = fields.List(fields.Nested(Stream), required=True)
    charter = fields.Nested(Charter, required=True)
