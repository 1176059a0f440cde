"""Every verb that is written into the journal anywhere has words, and every word is of a verb that is written."""

from __future__ import annotations

import ast
from pathlib import Path

from services.sessions import items
from services.sessions.circles import journal
from services.sessions.turns import verbs

SERVICE = Path(__file__).parents[2] / "services" / "sessions"
# What is written by a name: where it is taken from.
NAMED = {
    "journal.VERBS[change.verb]": verbs.VERBS,
    "f'item-{verb}'": tuple(f"item-{verb}" for verb in items.VERBS),
    "verb": (),
}


def written() -> dict[str, str]:
    """{verb: where} of all calls of `note`, `_note` and `_change` that write into the journal."""
    found: dict[str, str] = {}
    for path in sorted(SERVICE.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            at = {"note": 2, "_note": 2, "_change": 3 if path.name == "items.py" else None}.get(name)
            if at is None or len(call.args) <= at:
                continue
            verb = call.args[at]
            if isinstance(verb, ast.Constant):
                found[str(verb.value)] = path.name
            else:
                for each in NAMED[ast.unparse(verb)]:  # a new way to name a verb is added there
                    found[each] = path.name
    return found


def test_every_verb_has_words() -> None:
    found = written()
    assert {"gap", "item-done", "item-given", "swap", "assign", "merge"} <= found.keys(), "the walk finds them"
    assert found.keys() == journal.WORDS.keys()
    assert all(words and words[0].isupper() for words in journal.WORDS.values())


def test_there_is_one_writer() -> None:
    """An entry that is inserted elsewhere would be in no audit log, and could have no words."""
    table = {path.name for path in SERVICE.rglob("*.py") if "insert(change)" in path.read_text(encoding="utf-8")}
    assert table == {"journal.py"}
    assert "insert(change)" not in (SERVICE / "turns" / "journal.py").read_text(encoding="utf-8")
    assert not [p for p in SERVICE.rglob("*.py") if "change.insert(" in p.read_text(encoding="utf-8")]
