"""Answers to a stream's questions: which kinds there are, and what each accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import text
from .refusals import Refused

KINDS = {
    "short": "one line of text",
    "long": "several lines of text",
    "choice": "one of the options",
    "several": "any of the options",
    "checkbox": "a box to tick",
    "url": "a web address",
}
WITH_OPTIONS = frozenset({"choice", "several"})
OPTIONS_MOST = 50
SAID_MOST = 20  # unknown questions named in one refusal


@dataclass(frozen=True)
class Question:
    """One question of a stream's form; `options` matter to choice and several only."""

    id: str
    label: str
    help: str
    kind: str
    options: tuple[str, ...]
    required: bool


def check(questions: Iterable[Question], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers worth keeping, {question id: value}: str, list of str for several, True for a ticked checkbox.

    What was left empty is left out.

    :raises Refused: with every wrong answer in `all`; fields are named `answers.<question id>`.
    """
    kept: dict[str, Any] = {}
    refused: list[Refused] = []
    known = set()
    for question in questions:
        known.add(question.id)
        try:
            value = _value(question, answers.get(question.id))
            if value:
                kept[question.id] = value
            elif question.required:
                raise Refused(f"answers.{question.id}", "This question needs an answer.", _how(question))
        except Refused as refusal:
            refused.append(refusal)
    strangers = [each for each in answers if each not in known]
    for stranger in strangers[:SAID_MOST]:
        remedy = "Load the form, or the program, again: it may have changed."
        refused.append(Refused(f"answers.{stranger[:64]}", "There is no such question.", remedy))
    Refused.raise_any(refused)
    return kept


def _how(question: Question) -> str:
    if question.kind in WITH_OPTIONS:
        return "Choose from: " + "; ".join(question.options) + "."
    return "Tick the box." if question.kind == "checkbox" else "Write an answer."


def _value(question: Question, value: Any) -> Any:
    field = f"answers.{question.id}"
    if value is None or value == "" or value == []:
        return None
    if question.kind == "checkbox":
        if not isinstance(value, bool):
            raise Refused(field, "This is not a yes or no.", "Send true or false.")
        return value or None
    if question.kind == "several":
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise Refused(field, "This is not a list of options.", _how(question))
        if any(each not in question.options for each in value):
            raise Refused(field, "This is not among the options.", _how(question))
        return [option for option in question.options if option in value]
    if not isinstance(value, str):
        raise Refused(field, "This is not text.", _how(question))
    if question.kind == "choice":
        if value not in question.options:
            raise Refused(field, "This is not among the options.", _how(question))
        return value
    return _TEXTS[question.kind](field, value)


def _url(field: str, value: str) -> str:
    return text.url(field, value) if value.strip() else ""


_TEXTS: dict[str, Callable[[str, str], str]] = {"short": text.line, "long": text.paragraphs, "url": _url}


def from_form(questions: Iterable[Question], values: Callable[[str], list[str]]) -> dict[str, Any]:
    """Answers out of an HTML form, whose fields are named `answers.<question id>`; `values` gives all of a name."""
    answers: dict[str, Any] = {}
    for question in questions:
        given = values(f"answers.{question.id}")
        if question.kind == "several":
            answers[question.id] = given
        elif given:
            answers[question.id] = True if question.kind == "checkbox" else given[0]
    return answers
