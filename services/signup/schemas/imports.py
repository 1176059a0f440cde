"""Moving in: a file, how it is read, and what became of it."""

from __future__ import annotations

from marshmallow import Schema, fields

from shared.api import Given, instant

STATES = ["mapping", "checking", "checked", "importing", "done", "failed", "old", "undoing", "undone"]


class Trouble(Schema):
    """Why a file could not be read to its end."""

    message = fields.String()
    remedy = fields.String()


class Import(Schema):
    """A file, and how far it is. Before `done` the counts say what would happen, then what did."""

    id = fields.String()
    file = fields.String()
    state = fields.String(metadata={"enum": STATES})
    size = fields.Integer(metadata={"description": "bytes"})
    header = fields.List(fields.String())
    created_at = instant()
    by = fields.String()
    percent = fields.Integer(metadata={"description": "of the pass that is under way"})
    rows = fields.Integer()
    fresh = fields.Integer(metadata={"description": "who would come in, or came"})
    known = fields.Integer()
    repeated = fields.Integer()
    refused = fields.Integer()
    withdrawn = fields.Integer(metadata={"description": "who was taken back by an undo, so far"})
    problem = fields.Nested(Trouble, allow_none=True)


class Imports(Schema):
    """The latest 20, newest first; not paged."""

    imports = fields.List(fields.Nested(Import))


class Undo(Schema):
    """What an undo would do now to the people whom this import made."""

    back = fields.Integer(metadata={"description": "would be taken back: they have not confirmed"})
    confirmed = fields.Integer(metadata={"description": "would stay: they confirmed"})
    applied = fields.Integer(metadata={"description": "would stay: they signed up themselves, and have yet to confirm"})


class Meaning(Schema):
    """An answer about stream or time zone, and what it means here."""

    answer = fields.String()
    times = fields.Integer()
    meaning = fields.String(allow_none=True, metadata={"description": "null: nobody said, and it cannot be guessed"})


class Columns(Schema):
    """How a file is read: as remembered for its form, or guessed."""

    header = fields.List(fields.String())
    columns = fields.List(fields.String(allow_none=True))
    stream = fields.String(allow_none=True)
    timezone = fields.String()
    dates = fields.String(metadata={"enum": ["mdy", "dmy"]})
    fields_ = fields.List(
        fields.String(), data_key="fields", metadata={"description": "what a column can be; null leaves it out"}
    )
    meanings = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Nested(Meaning)),
        metadata={"description": "of `stream` and `timezone`, once the file was checked; the unknown first"},
    )


class ColumnsGiven(Given):
    """How to read it. What is left out stays as it is."""

    columns = fields.List(
        fields.String(allow_none=True), metadata={"description": "one for each column of the file, in its order"}
    )
    stream = fields.String(allow_none=True, metadata={"description": "of everybody, when no column tells it"})
    timezone = fields.String(metadata={"description": "of people who do not say, and of times in the file"})
    dates = fields.String(metadata={"description": "mdy or dmy: how 1/2/2027 is meant"})


class Meanings(Given):
    """What answers mean: {answer: slug} and {answer: zone}; an empty meaning takes one back."""

    stream = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    timezone = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)


class Wrong(Schema):
    """Something wrong with a row."""

    column = fields.String()
    message = fields.String()
    remedy = fields.String()


class RefusedRow(Schema):
    """A row that cannot be taken."""

    row = fields.Integer(metadata={"description": "its line in the file, from 1, the header being 1"})
    cells = fields.List(fields.String())
    problems = fields.List(fields.Nested(Wrong))


class RefusedRows(Schema):
    """The first 50; all are in refused.csv."""

    rows = fields.List(fields.Nested(RefusedRow))
    total = fields.Integer()
