"""The program: one value to read (`load`), and the commands by which organizers change it.

Every command takes the open transaction and who does it ("organizer/<id>"), writes the audit log and emits
program.changed; `move_*` take a step, -1 towards the start and 1 towards the end. They raise `rules.Refused`.
"""

from __future__ import annotations

from .asking import add_question, move_question, restore_question, retire_question, save_question
from .editing import (
    add_section,
    add_stream,
    announced,
    move_section,
    move_stream,
    publish_charter,
    remove_section,
    remove_stream,
    restore_section,
    restore_stream,
    save_program,
    save_section,
    save_stream,
)
from .reading import (
    SUBJECT,
    Charter,
    NotSeeded,
    Program,
    Question,
    Removed,
    Section,
    Stream,
    answer,
    charter_texts,
    load,
    questions,
    remembered,
    removed,
)

__all__ = [
    "SUBJECT",
    "Charter",
    "NotSeeded",
    "Program",
    "Question",
    "Removed",
    "Section",
    "Stream",
    "add_question",
    "add_section",
    "add_stream",
    "announced",
    "answer",
    "charter_texts",
    "load",
    "move_question",
    "move_section",
    "move_stream",
    "publish_charter",
    "questions",
    "remembered",
    "remove_section",
    "remove_stream",
    "removed",
    "restore_question",
    "restore_section",
    "restore_stream",
    "retire_question",
    "save_program",
    "save_question",
    "save_section",
    "save_stream",
]
