"""The program's name, zone and links, and the sections of its page."""

from __future__ import annotations

from typing import Any

from shared import access, db
from shared.api import CONFLICT, KEY, NOT_FOUND, WRONG, Blueprint, Empty, Step

from ... import program, schemas
from ..organizer.acting import step
from .acting import do, found, once, organizer

blueprint = Blueprint("signup", "program", "The program and the sections of its page, for organizers")


@blueprint.get("/program/settings")
@access.scopes("read")
@blueprint.response(200, schemas.Settings)
def settings() -> program.Program:
    """Name, zone and links, the chat invitation too."""
    return _now()


@blueprint.patch("/program/settings")
@access.scopes()
@blueprint.arguments(schemas.SettingsGiven)
@blueprint.response(200, schemas.Settings)
@blueprint.doc(responses={422: WRONG})
def save(body: dict[str, str]) -> program.Program:
    """Change some of them."""
    do(program.save_program, body, by=organizer)
    return _now()


@blueprint.get("/sections")
@access.scopes("read")
@blueprint.response(200, schemas.Sections)
def sections() -> dict[str, Any]:
    """The sections of the program's page, in their order."""
    with db.read("signup") as tx:
        return {"sections": program.load(tx).sections, "removed": program.removed(tx).sections}


@blueprint.post("/sections")
@access.scopes()
@blueprint.arguments(schemas.SectionGiven)
@blueprint.response(201, schemas.SectionMade)
@blueprint.doc(parameters=[KEY], responses={422: WRONG})
def add(body: dict[str, str]) -> dict[str, str]:
    """A new section, at the end."""
    return {"slug": once(program.add_section, body, body["title"], body["markdown"])}


@blueprint.put("/sections/<slug>")
@access.scopes()
@blueprint.arguments(schemas.SectionGiven)
@blueprint.response(200, schemas.Section)
@blueprint.doc(responses={404: NOT_FOUND, 422: WRONG})
def replace(body: dict[str, str], slug: str) -> program.Section:
    """Its title and text. Its slug stays, since people link to it."""
    _section(slug)
    do(program.save_section, slug, body["title"], body["markdown"], by=organizer)
    return _section(slug)


@blueprint.post("/sections/<slug>/move")
@access.scopes()
@blueprint.arguments(Step)
@blueprint.response(204)
@blueprint.doc(responses={404: NOT_FOUND})
def move(body: dict[str, str], slug: str) -> None:
    """One place up or down; at the end of the list nothing happens."""
    _section(slug)
    do(program.move_section, slug, step(body["to"]), by=organizer)


@blueprint.delete("/sections/<slug>")
@access.scopes()
@blueprint.response(204)
@blueprint.doc(responses={404: NOT_FOUND})
def remove(slug: str) -> None:
    """Take it off the page; restore puts it back."""
    _section(slug)
    do(program.remove_section, slug, by=organizer)


@blueprint.post("/sections/<slug>/restore")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(204)
@blueprint.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def restore(_body: Any, slug: str) -> None:
    """Put a removed section back."""
    with db.read("signup") as tx:
        found(program.removed(tx).sections, "removed section", slug=slug)
    do(program.restore_section, slug, by=organizer)


def _now() -> program.Program:
    with db.read("signup") as tx:
        return program.load(tx)


def _section(slug: str) -> Any:
    return found(_now().sections, "section", slug=slug)
