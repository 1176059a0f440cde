"""Where the program's blog lives, what makes it, and whether its webhook works: the organizers' page, and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint as Pages
from flask import Response, request

from shared import access, config, db
from shared.api import Blueprint, Empty
from shared.problems import problem

from .. import forges, hooks, targets
from ..models import SERVICE
from ..offers import setting_up
from ..rules import offers as rules
from ..rules.refusals import Refused
from ..schemas import target as schemas
from .api import refuse
from .pages import do, go, not_found, page, unreadable

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
        standing = setting_up.standing(tx)
    seen, lacks, diff = setting_up.looked(forges.current(), choice)
    of = seen.target
    told = {"shape": of.shape, "folder": of.folder, "html": of.html, "authors": of.authors, "setup": standing}
    told |= {"mends": list(lacks.mends), "left": list(lacks.left), "diff": diff}
    return {**told, "detected": seen.detected, "notes": list(targets.said(seen, lacks))}


def _page(problems: list[dict[str, str]] | None = None, typed: dict[str, str] | None = None) -> Response:
    told, seen, away = _told(), None, ""
    try:
        seen = _seen()
    except (forges.Unreachable, forges.Denied) as why:
        away = why.said
    lines = rules.lines(seen["diff"]) if seen else []
    given: dict[str, Any] = {
        "diff": lines,
        "words_of": rules.WORDS,
        "target": told,
        "seen": seen,
        "away": away,
        "typed": typed or told["chosen"],
    }
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


@blueprint.post("/setup")
@access.needs("organizer")
def propose() -> Response:
    """Propose what the blog lacks."""
    return go(f"/blog/offers/{do(setting_up.propose)}", "setup")


@blueprint.post("/setup/<what>")
@access.needs("organizer")
def offered(what: str) -> Response:
    """Do not offer it any more; or do after all."""
    commands = {"dismiss": setting_up.dismiss, "restore": setting_up.restore}
    if what not in commands:
        not_found("button")
    do(commands[what])
    return go("/blog/target", "dismissed" if what == "dismiss" else "offered_again", "lacks")


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


@api.post("/target/setup")
@access.scopes("organizer")
@api.arguments(Empty, required=False)
@api.response(202, schemas.Setup)
def proposed(_body: Any) -> dict[str, Any]:
    """Propose what the blog lacks."""
    return _doing(setting_up.propose)


@api.post("/target/setup/dismiss")
@access.scopes("organizer")
@api.arguments(Empty, required=False)
@api.response(200, schemas.Setup)
def dismissed(_body: Any) -> dict[str, Any]:
    """Do not offer it any more."""
    return _doing(setting_up.dismiss)


@api.post("/target/setup/restore")
@access.scopes("organizer")
@api.arguments(Empty, required=False)
@api.response(200, schemas.Setup)
def restored(_body: Any) -> dict[str, Any]:
    """Offer it after all."""
    return _doing(setting_up.restore)


def _doing(command: Callable[..., Any]) -> dict[str, Any]:
    try:
        do(command)
    except Refused as refused:
        problem(409, "This cannot be done", f"{refused.message} {refused.remedy}", [refused.as_dict()])
    with db.read(SERVICE) as tx:
        return setting_up.standing(tx)
