"""Writes docs/states.md: the lives of sessions and turns, drawn and listed from the tables in rules/states.py.

`./baton events docs` calls it by name, after the documents of the events; with `--check` it writes nothing and fails
when the file is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from .rules.states import SESSION, TURN, Life, State

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
NAME = "states.md"


def markdown() -> str:
    """The whole page."""
    lines = [
        "# States of a session and of a turn",
        "",
        "<!-- Written by ./baton events docs from services/sessions/rules/states.py; do not edit. -->",
        "",
        "What has no arrow here cannot happen. A session is confirmed when one person has accepted to coordinate it;",
        "a proposal is only a plan, and an offer that nobody answers lapses: silence is never a yes. How the person is",
        "chosen is in [decision 11](decisions/0011-the-ledger.md).",
        *_life("A session", SESSION),
        "",
        "It is closed with minutes, attendance and a coordinator who accepted the next one, or with a recorded reason",
        "for each of these that is missing.",
        *_life("A turn", TURN),
        "",
        "One session has at most one turn of a role that is accepted or served.",
    ]
    return "\n".join(lines) + "\n"


def _life(title: str, life: Life[State]) -> Iterator[str]:
    """A picture, and the same as a table for those who do not see it."""
    yield from ["", f"## {title}", "", "```mermaid", "stateDiagram-v2"]
    arrows: dict[tuple[str, str], list[str]] = {}
    for step in life.transitions:
        for before, after in step.moves.items():
            arrows.setdefault((before or "[*]", after), []).append(step.name)
    yield from (f"    {before} --> {after}: {', '.join(names)}" for (before, after), names in arrows.items())
    ended = {after for _, after in arrows} - {before for before, _ in arrows}
    yield from (f"    {state} --> [*]" for state in sorted(ended))
    yield from ["```", "", "| transition | from | to | when |", "| --- | --- | --- | --- |"]
    for step in life.transitions:
        for after in dict.fromkeys(step.moves.values()):
            whence = ", ".join(state or "*new*" for state, then in step.moves.items() if then == after)
            yield f"| {step.name} | {whence} | {after} | {step.meaning} |"


def main(args: list[str]) -> int:
    """Write the file; with --check, say in one line that it is stale (exit code 1)."""
    path = DOCS / NAME
    text = markdown()
    if "--check" not in args:
        DOCS.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        return 0
    if path.exists() and path.read_text("utf-8") == text:
        return 0
    print(f"stale beside the tables of states: docs/{NAME}. Run ./baton events docs", file=sys.stderr)
    return 1
