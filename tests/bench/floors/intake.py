"""The floor of intake: Flask, marshmallow and sqlite3 (WAL, FULL), two INSERTs and a commit, on the same server.

`python -m tests.bench.floors.intake PORT FILE`
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import uuid
from typing import Any

from flask import Flask, Response, request
from marshmallow import Schema, ValidationError, fields, validate

from shared.mount import Mount
from shared.serve import serve


class Signup(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 100))
    email = fields.Email(required=True)
    stream = fields.String(required=True, validate=validate.OneOf(["stream1", "stream2", "stream3"]))
    timezone = fields.String(required=True)
    charter = fields.String(required=True)
    answers = fields.Dict(required=True)


def create(path: str) -> Flask:
    """One endpoint over one connection."""
    app, schema = Flask("floor"), Signup()
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    columns = "id TEXT PRIMARY KEY, name TEXT, email TEXT UNIQUE, stream TEXT, answers TEXT"
    database.execute(f"CREATE TABLE person ({columns})")
    database.execute("CREATE TABLE event (n INTEGER PRIMARY KEY, id TEXT UNIQUE, type TEXT, data TEXT)")

    @app.post("/signup/api/signups")
    def sign_up() -> Any:
        try:
            data = schema.load(request.get_json())
        except ValidationError as error:
            return error.normalized_messages(), 422
        person = str(uuid.uuid4())
        database.execute("BEGIN IMMEDIATE")
        database.execute(
            "INSERT INTO person VALUES (?, ?, ?, ?, ?)",
            (person, data["name"], data["email"], data["stream"], json.dumps(data["answers"])),
        )
        database.execute(
            "INSERT INTO event (id, type, data) VALUES (?, 'application.received', ?)",
            (str(uuid.uuid4()), json.dumps({"person": person, **data})),
        )
        database.execute("COMMIT")
        return Response('{"status": "accepted"}', 202, mimetype="application/json")

    @app.get("/signup/live")
    def live() -> Any:
        return "live"

    return app


if __name__ == "__main__":
    asyncio.run(serve(Mount({"signup": create(sys.argv[2])}, "signup", 1), "127.0.0.1", int(sys.argv[1])))
