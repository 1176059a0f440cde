"""Where the program's blog lives, and whether its webhook works: the organizers' page, and the same as JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint as Pages
from flask import Response

from shared import access, config, db
from shared.api import Blueprint

from .. import forges, hooks
from ..models import SERVICE
from ..schemas.target import Target
from .pages import page

blueprint = Pages("target", __name__, url_prefix="/blog/target")
api = Blueprint(SERVICE, "target", "The program's blog")


def _told() -> dict[str, Any]:
    place = forges.place()
    with db.read(SERVICE) as tx:
        seen = hooks.target(tx, place)
    forge = hooks.forge(f"https://{place}") if place else ""
    webhook = f"{config.current().base_url}/blog/webhooks/{forge}" if forge else ""
    told = {"name": forges.name(), "decides": forges.decides(), "forge": forge, "webhook": webhook}
    return {**told, "secret": bool(config.current().webhook_secret), **seen}


@blueprint.get("")
@access.needs("organizer")
def shown() -> Response:
    """Where it lives; the webhook to add, and whether it works."""
    return page("target.html", target=_told())


@api.get("/target")
@access.scopes("read")
@api.response(200, Target)
def told() -> dict[str, Any]:
    """Where the program's blog lives, the webhook to add there, and whether it works."""
    return _told()
