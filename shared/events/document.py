"""Writes the catalogue down for readers: docs/events.md for people, docs/asyncapi.json (AsyncAPI 3.0) for programs.

`python -m shared.events.document` writes both; with `--check` it writes nothing and fails when they are stale.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from .catalog import ENTRIES, Data, Entry
from .envelope import Event

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
ENVELOPE: dict[str, tuple[dict[str, Any], str]] = {
    "specversion": ({"const": "1.0"}, "version of CloudEvents"),
    "id": ({"type": "string", "format": "uuid"}, "id of the event; with `source` it says whether it was handled"),
    "source": ({"type": "string"}, "the service that published it, as in `/signup`"),
    "type": ({"type": "string"}, "what happened: a name of this catalogue"),
    "subject": ({"type": "string"}, "whom or what it is about, as in `person/<id>`; order holds within it"),
    "time": ({"type": "string", "format": "date-time"}, "when it happened, program time"),
    "datacontenttype": ({"const": "application/json"}, "always JSON"),
    "dataversion": ({"type": "integer"}, "version of the data's shape; a breaking change is a new one"),
    "position": ({"type": "integer"}, "place among all events of its source; rises, may have gaps"),
    "sequence": ({"type": "integer", "minimum": 1}, "place among the events of its subject: 1, 2, 3, without gaps"),
    "correlationid": ({"type": ["string", "null"]}, "id of the request that began it all"),
    "erased": ({"type": "boolean"}, "personal fields were blanked since: there is nothing left to tell"),
    "data": ({"type": "object"}, "the fields of the event"),
}
SAMPLES = {
    "person": "0b6f5d1c-3f0e-4a53-9d0e-6f0a4d1f7a11",
    "name": "Ada Lovelace",
    "email": "ada@example.org",
    "timezone": "Europe/London",
    "stream": "stream1",
    "state": "waiting",
    "roles": ["member"],
    "github": "ada",
    "blog": None,
    "joined_at": "2027-01-04T09:00:00+00:00",
}


def markdown() -> str:
    """The catalogue as docs/events.md."""
    lines = [
        "# Events",
        "",
        "<!-- Written by ./baton events docs from shared/events/catalog.py; do not edit. -->",
        "",
        "Services speak by events alone. An event is a fact in the past tense, kept by the service it belongs to, and",
        "owed to every subscriber until that one has proved that it handled it. [The architecture](architecture.md)",
        "tells how they travel; [asyncapi.json](asyncapi.json) has the same catalogue for programs.",
        "",
        "| event | published by | owed to | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for entry in ENTRIES:
        link = f"[`{entry.type}`](#{_anchor(entry.type)})"
        lines.append(f"| {link} | {entry.owner} | {', '.join(entry.subscribers)} | {entry.meaning} |")
    lines += ["", "## The envelope", "", "The attributes of CloudEvents 1.0, and a few of our own:", ""]
    lines += ["| attribute | meaning |", "| --- | --- |"]
    lines += [f"| `{name}` | {meaning} |" for name, (_schema, meaning) in ENVELOPE.items()]
    lines += ["", "For example:", "", "```json", json.dumps(example(), indent=2), "```", ""]
    lines += [
        "Up to 100 of them travel in one task message to the subscriber's queue. Fields marked *personal* are blanked",
        "when the person is erased. Adding a field keeps the version; a subscriber ignores those it does not know.",
    ]
    for schema, entries in _by_schema():
        for entry in entries:
            lines += ["", f"## {entry.type}", "", f"{entry.meaning} Version {entry.version}."]
        lines += [""]
        lines += ["The fields of all of these:", ""] if len(entries) > 1 else []
        lines += ["| field | type | meaning |", "| --- | --- | --- |"]
        lines += [f"| `{name}` | {kind} | {meaning} |" for name, kind, meaning in _fields(schema)]
    return "\n".join(lines) + "\n"


def example() -> dict[str, Any]:
    """One event as it travels."""
    return Event(
        position=1042,
        id="6f1d9a52-6f6c-4a0c-8f57-2a8b6f7e3d10",
        source="signup",
        type="member.confirmed",
        version=1,
        subject=f"person/{SAMPLES['person']}",
        seq=2,
        time=datetime(2027, 1, 4, 9, tzinfo=UTC),
        correlation="9a1c4be2f0d34c55",
        erased=False,
        data=dict(SAMPLES),
    ).envelope()


def _anchor(type: str) -> str:
    return type.replace(".", "")


def _by_schema() -> Iterator[tuple[type[Data], list[Entry]]]:
    """Events that carry the same fields, together, in the order of the catalogue."""
    groups: dict[type[Data], list[Entry]] = {}
    for entry in ENTRIES:
        groups.setdefault(entry.schema, []).append(entry)
    yield from groups.items()


def _fields(schema: type[Schema], path: str = "") -> Iterator[tuple[str, str, str]]:
    """(name, type, meaning) of every field, nested ones as `streams[].slug`."""
    for name, field in schema().fields.items():
        inner = field.inner if isinstance(field, fields.List) else field
        words = [str(field.metadata.get("description", ""))]
        words += ["*personal*"] if field.metadata.get("personal") else []
        words += [] if field.required else ["may be missing"]
        yield path + name, _kind(field), ", ".join(word for word in words if word)
        if isinstance(inner, fields.Nested):
            yield from _fields(type(inner.schema), f"{path}{name}[]." if inner is not field else f"{path}{name}.")


def _kind(field: fields.Field[Any]) -> str:
    if isinstance(field, fields.List):
        return f"list of {_kind(field.inner)}"
    if isinstance(field, fields.Dict):
        return f"map of text to {_kind(field.value_field)}" if field.value_field else "map"
    kind = next((name for type, name in _KINDS.items() if isinstance(field, type)), "text")
    return f"{kind} or null" if field.allow_none else kind


_KINDS = {fields.Integer: "integer", fields.Float: "number", fields.Boolean: "true or false", fields.Nested: "object"}


# -- AsyncAPI ---------------------------------------------------------------------------------------------------------


def asyncapi() -> dict[str, Any]:
    """The catalogue as an AsyncAPI 3.0 document: channels are queues, one a service."""
    channels = {name: _channel(name) for name in _services()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Baton's events",
            "version": "1",
            "description": "A queue carries Celery task messages. `<service>.receive` takes one argument, {batch, "
            "events}, with up to 100 events in order; `<service>.confirm` takes a receipt. The broker is a doorbell: "
            "what it loses is sent again until a receipt comes.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": _operations(channels),
        "components": {
            "messages": {entry.type: _message(entry) for entry in ENTRIES} | {"receipt": _RECEIPT_MESSAGE},
            "schemas": _schemas(),
        },
    }


def _services() -> list[str]:
    return sorted({name for entry in ENTRIES for name in (entry.owner, *entry.subscribers)})


def _channel(service: str) -> dict[str, Any]:
    names = [entry.type for entry in ENTRIES if service in entry.subscribers]
    names += ["receipt"] if any(entry.owner == service for entry in ENTRIES) else []
    return {
        "address": service,
        "description": f"The queue of {service}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _operations(channels: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, channel in channels.items():
        if channel["messages"]:
            found[f"{name}.receive"] = _operation("receive", name, list(channel["messages"]))
    for owner in sorted({entry.owner for entry in ENTRIES}):
        for name in sorted({name for entry in ENTRIES if entry.owner == owner for name in entry.subscribers}):
            types = [e.type for e in ENTRIES if e.owner == owner and name in e.subscribers]
            found[f"{owner}.publish.{name}"] = _operation("send", name, types)
            found[f"{name}.confirm.{owner}"] = _operation("send", owner, ["receipt"])
    return found


def _operation(action: str, channel: str, messages: list[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"} for message in messages],
    }


def _message(entry: Entry) -> dict[str, Any]:
    fixed = {
        "type": {"const": entry.type},
        "source": {"const": f"/{entry.owner}"},
        "dataversion": {"const": entry.version},
        "data": {"$ref": f"#/components/schemas/{_name(entry.schema)}"},
    }
    return {
        "name": entry.type,
        "summary": entry.meaning,
        "payload": {"allOf": [{"$ref": "#/components/schemas/Envelope"}, {"properties": fixed}]},
    }


def _name(schema: type[Schema]) -> str:
    return schema.__name__


_RECEIPT_MESSAGE = {
    "name": "receipt",
    "summary": "What became of a batch: positions of its events by outcome.",
    "payload": {"$ref": "#/components/schemas/Receipt"},
}


def _schemas() -> dict[str, Any]:
    positions: dict[str, Any] = {"type": "array", "items": {"type": "integer"}}
    receipt: dict[str, Any] = {
        "subscriber": {"type": "string"},
        "batch": {"type": "string"},
        "done": positions,
        "failed": {"type": "object", "additionalProperties": {"type": "string"}, "description": "position to error"},
        "not_yet": {**positions, "description": "waits for what another publisher will tell; not counted"},
        "later": {**positions, "description": "stays behind, since an earlier event of its subject did"},
    }
    envelope = {name: {**schema, "description": meaning} for name, (schema, meaning) in ENVELOPE.items()}
    found: dict[str, Any] = {
        "Envelope": {"type": "object", "required": list(envelope), "properties": envelope},
        "Receipt": {"type": "object", "required": list(receipt), "properties": receipt},
    }
    plugin = MarshmallowPlugin(schema_name_resolver=_inline)
    APISpec(title="", version="1", openapi_version="3.1.0", plugins=[plugin])
    assert plugin.converter is not None
    for schema, _entries in _by_schema():
        found[_name(schema)] = _json_schema(plugin.converter, schema)
    return found


def _inline(_schema: Any) -> Any:
    """No name for nested schemas: they are written where they stand."""


def _json_schema(converter: OpenAPIConverter, schema: type[Schema]) -> dict[str, Any]:
    """The schema as JSON Schema, personal fields marked; a subscriber must take fields that are added later."""
    made: dict[str, Any] = converter.schema2jsonschema(schema())
    made.pop("additionalProperties", None)
    for name, field in schema().fields.items():
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            nested = _json_schema(converter, type(inner.schema))
            made["properties"][name] = {"type": "array", "items": nested} if inner is not field else nested
        if "description" in field.metadata:
            made["properties"][name]["description"] = field.metadata["description"]
        if field.metadata.get("personal"):
            made["properties"][name]["x-personal"] = True
    return made


# -- the command ------------------------------------------------------------------------------------------------------


def documents() -> dict[Path, str]:
    """What the generated files should contain."""
    return {
        DOCS / "events.md": markdown(),
        DOCS / "asyncapi.json": json.dumps(asyncapi(), indent=2, ensure_ascii=False) + "\n",
    }


def stale() -> list[str]:
    """Names of generated files that differ from the catalogue."""
    return [path.name for path, text in documents().items() if not path.exists() or path.read_text("utf-8") != text]


def main(args: list[str]) -> int:
    """Write the files; with --check, say in one line which are stale (exit code 1)."""
    if "--check" in args:
        names = stale()
        if names:
            which = " and ".join(f"docs/{name}" for name in names)
            print(f"stale beside the catalogue: {which}. Run ./baton events docs", file=sys.stderr)
        return 1 if names else 0
    DOCS.mkdir(exist_ok=True)
    for path, text in documents().items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
