"""The generated documents say what the code does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shared.events import document
from shared.events.catalog import ENTRIES


def test_they_are_fresh() -> None:
    assert document.stale() == [], "run ./baton events docs"


def test_a_stale_one_is_named_in_one_line(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(document, "DOCS", tmp_path)
    assert document.main(["--check"]) == 1
    assert list(tmp_path.iterdir()) == [], "a check writes nothing"
    assert document.main([]) == 0
    assert document.main(["--check"]) == 0
    (tmp_path / "events.md").write_text("old")
    capsys.readouterr()
    assert document.main(["--check"]) == 1
    said = capsys.readouterr().err
    assert "docs/events.md" in said and "asyncapi" not in said and said.count("\n") == 1


def test_every_reference_leads_somewhere() -> None:
    whole = document.asyncapi()

    def follow(part: Any) -> int:
        if isinstance(part, list):
            return sum(follow(item) for item in part)
        if not isinstance(part, dict):
            return 0
        if "$ref" in part:
            found: Any = whole
            for step in part["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            return 1
        return sum(follow(item) for item in part.values())

    assert follow(whole) > len(ENTRIES)


def test_the_example_fits_its_schema_and_others_do_not() -> None:
    whole = document.asyncapi()
    example = document.example()
    schema = {**whole["components"]["messages"]["member.confirmed"]["payload"], "components": whole["components"]}
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(example)
    wrongs: list[dict[str, Any]] = [{"type": "member.left"}, {"data": {}}, {"sequence": 0}]
    for wrong in wrongs:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(schema).validate({**example, **wrong})


def test_personal_fields_are_marked() -> None:
    schemas = document.asyncapi()["components"]["schemas"]
    personal = {name for name, field in schemas["Member"]["properties"].items() if field.get("x-personal")}
    assert personal == {"name", "email", "github", "blog"}
    listed = schemas["Applications"]["properties"]["organizers"]["items"]["properties"]
    assert listed["email"]["x-personal"]
    assert "| `organizers[].email` | text | *personal* |" in document.markdown()


def test_the_files_are_what_a_program_reads() -> None:
    kept = json.loads((document.DOCS / "asyncapi.json").read_text())
    assert kept["asyncapi"] == "3.0.0"
    assert set(kept["channels"]) == {"signup", "sessions", "notifications", "blog"}
