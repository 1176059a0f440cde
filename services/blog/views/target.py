"""Where the program's blog lives, what makes it, and whether its webhook works: the organizers' page, and as JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint as Pages
from flask import Response, request

from shared import access, config, db
from shared.api import Blueprint
from shared.problems import problem

from .. import forges, hooks, targets
from ..models import SERVICE
from ..offers import making
from ..rules.refusals import Refused
from ..schemas import target as schemas
from .api import refuse
from .pages import do, go, page, unreadable

blueprint = Pages("target", __name__, url_prefix="/blog/target")
api = Blueprint(SERVICE, "target", "The program's blog")


def _told() -> dict[str, Any]:
    place = forges.place()
    with db.read(SERVICE) as tx:
        seen = hooks.target(tx, place)
        choice = targets.chosen(tx)
    forge = hooks.forge(f"https://{place}") if place else ""
    webhook = f"{config.current().base_url}/blog/webhooks/{forge}" if forge else ""
    told = {"name": forges.name(), "decides": forges.decides(), "forge": forge, "webhook": webhook}
    told |= {"chosen": {"shape": choice.shape or "", "folder": choice.folder}}
    return {**told, "secret": bool(config.current().webhook_secret), **seen}


def _seen() -> dict[str, Any]:
    """What its files say of it. It may be far away, and away.

    :raises Unreachable, Denied: it cannot be looked at now.
    """
    with db.read(SERVICE) as tx:
        choice = targets.chosen(tx)
    seen = making.looked(forges.current(), choice)
    of = seen.target
    told = {"shape": of.shape, "folder": of.folder, "html": of.html, "authors": of.authors}
    return {**told, "detected": seen.detected, "notes": list(seen.notes)}


def _page(problems: list[dict[str, str]] | None = None, typed: dict[str, str] | None = None) -> Response:
    told, seen, away = _told(), None, ""
    try:
        seen = _seen()
    except (forges.Unreachable, forges.Denied) as why:
        away = why.said
    given: dict[str, Any] = {"target": told, "seen": seen, "away": away, "typed": typed or told["chosen"]}
    return page("target.html", problems, names=targets.NAMES, **given)


@blueprint.get("")
@access.needs("organizer")
def shown() -> Response:
    """Where it lives, what makes it; the webhook to add, and whether it works."""
    return _page()


@blueprint.post("/shape")
@access.needs("organizer")
def choose() -> Response:
    """Say what makes it, and where posts go; or that its files say it."""
    typed = {name: request.form.get(name, "") for name in ("shape", "folder")}
    problems = unreadable()
    if not problems:
        try:
            do(targets.choose, typed["shape"], typed["folder"])
            return go("/blog/target", "aimed")
        except Refused as refused:
            problems = [refused.as_dict()]
    return _page(problems, typed)


@api.get("/target")
@access.scopes("read")
@api.response(200, schemas.Target)
def told() -> dict[str, Any]:
    """Where the program's blog lives, the webhook to add there, and whether it works."""
    return _told()


@api.get("/target/look")
@access.scopes("read")
@api.response(200, schemas.Look)
def seen() -> dict[str, Any]:
    """What its files say of it now: what makes it, where posts go, what to know."""
    try:
        return _seen()
    except (forges.Unreachable, forges.Denied) as away:
        problem(503, "The program's blog cannot be looked at", f"{away.said} Try once more in a few minutes.")


@api.put("/target/shape")
@access.scopes("organizer")
@api.arguments(schemas.Aim)
@api.response(200, schemas.Target)
def aimed(asked: dict[str, str]) -> dict[str, Any]:
    """Say what makes the program's blog, and where posts go; empty: as its files say."""
    try:
        do(targets.choose, asked["shape"], asked["folder"])
    except Refused as refused:
        refuse(refused)
    return _told()
