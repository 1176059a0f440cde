"""The same as JSON: what a member shows on the mentees page."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from shared import access, db
from shared.api import Blueprint, Empty
from shared.problems import problem

from .. import profiles
from ..models import SERVICE
from ..offers import standing
from ..rules import profiles as rules
from ..rules.refusals import Refused
from ..schemas import profiles as schemas
from .api import done, refuse
from .pages import reader_id
from .profile import AROUND, keep

blueprint = Blueprint(SERVICE, "profile", "What a member shows on the mentees page")
MINE = access.scopes(role="member")
PICTURE = {"content": {"multipart/form-data": {"schema": {
    "type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}},
}}}}  # fmt: skip


def _shown() -> dict[str, Any]:
    with db.read(SERVICE) as tx:
        row = standing.of_profile(tx, profiles.of_person(tx, reader_id()))
    return {**row, "shown": row["state"] == "wanted", "headshot": row["headshot"] is not None}


@blueprint.get("/mine/profile")
@MINE
@blueprint.response(200, schemas.Profile)
def one() -> dict[str, Any]:
    """What is kept, and where it stands."""
    return _shown()


@blueprint.put("/mine/profile")
@MINE
@blueprint.arguments(schemas.Said)
@blueprint.response(200, schemas.Profile)
def save(asked: dict[str, Any]) -> dict[str, Any]:
    """Keep it; `shown` is an explicit yes. Without it nothing is proposed, and what is there is asked to be removed."""
    typed = {**asked, "links": rules.lines_of(asked["links"])}
    if problems := keep(typed, None, False, asked["shown"]):
        problem(422, "This cannot be kept", problems[0]["message"] + " " + problems[0]["remedy"], problems)
    return _shown()


@blueprint.put("/mine/profile/headshot")
@MINE
@blueprint.doc(requestBody=PICTURE)
@blueprint.response(200, schemas.Profile)
def picture() -> dict[str, Any]:
    """Give a picture, as multipart/form-data. It is made small and square, and nothing else of its file is kept."""
    request.max_content_length = profiles.LARGEST + AROUND
    try:
        file = request.files.get("file")
        if file is None:
            raise Refused("file", "There is no file.", "Send multipart/form-data with the picture in the field `file`.")
        shot = profiles.small(file.read())
        with db.write(SERVICE) as tx:
            row = profiles.of_person(tx, reader_id())
            shown = row["state"] == "wanted"
            if shown and not row["alt"]:
                raise Refused("alt", "Your picture has no words.", "Say first what is to be seen on it: `alt`.")
            profiles.save(tx, reader_id(), {"headshot": shot}, shown)
    except RequestEntityTooLarge:
        refuse(profiles.too_large())
    except Refused as refused:
        refuse(refused)
    return _shown()


@blueprint.delete("/mine/profile/headshot")
@MINE
@blueprint.response(204)
def no_picture() -> None:
    """Take the picture out."""
    with db.write(SERVICE) as tx:
        row = profiles.of_person(tx, reader_id())
        profiles.save(tx, reader_id(), {"headshot": None}, row["state"] == "wanted")


@blueprint.post("/mine/profile/again")
@MINE
@blueprint.arguments(Empty, required=False)
@blueprint.response(202, schemas.Profile)
def again(_body: Any) -> dict[str, Any]:
    """Ask again for what was declined, or have what did not work tried again."""
    done(lambda tx: standing.again_profile(tx, reader_id(), profiles.of_person(tx, reader_id())))
    return _shown()
