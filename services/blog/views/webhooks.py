"""Where forges say that something happened: `/blog/webhooks/<forge>/<blog>` for a member's blog, signed with its own
secret; `/blog/webhooks/<forge>` for whoever holds BATON_WEBHOOK_SECRET, which names the repository.

Nothing is parsed before the signature is known to be right, and nothing is fetched before it is answered.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from flask import Blueprint, Response, jsonify, request

from shared import config, db, web
from shared.problems import problem

from .. import following, forges, hooks, offers
from ..models import SERVICE
from .pages import not_found

blueprint = Blueprint("webhooks", __name__, url_prefix="/blog/webhooks")


@blueprint.post("/<forge>/<blog>")
@web.public_form
def of_blog(forge: str, blog: str) -> Response:
    """A member's own webhook. Also ping is answered well: it is how a forge shows its owner that this works."""
    _known(forge)
    with db.read(SERVICE) as tx:
        secret = hooks.secret(tx, blog)
    raw = _signed(forge, secret)
    with db.write(SERVICE) as tx:
        hooks.seen(tx, blog)
        fresh = hooks.take(tx, forge, request.headers, raw, blog)
        rings = fresh and hooks.event(forge, request.headers) not in hooks.SILENT
        if rings:
            following.ring(tx, blog)
    return _answered(fresh, rings)


@blueprint.post("/<forge>")
@web.public_form
def of_program(forge: str) -> Response:
    """A webhook for many repositories (of an organization, or the program's own): the payload names which."""
    _known(forge)
    raw = _signed(forge, config.current().webhook_secret)
    addresses = _addresses(raw)
    with db.write(SERVICE) as tx:
        fresh = hooks.take(tx, forge, request.headers, raw, None)
        named = hooks.named(tx, addresses) if fresh and hooks.event(forge, request.headers) not in hooks.SILENT else []
        for id in named:
            following.ring(tx, id)
        place = forges.place()
        is_target = bool(place) and place in {forges.at(address) for address in addresses}
        if is_target:
            hooks.target_seen(tx, place)
        rings = is_target and fresh and hooks.event(forge, request.headers) not in hooks.SILENT
        if rings:
            offers.look_now(tx)
    return _answered(fresh, bool(named) or rings)


def _answered(fresh: bool, rings: bool) -> Response:
    why = "" if rings else "It was here before." if not fresh else "Nothing that is followed has changed by it."
    return jsonify({"taken": rings, "why": why})


def _known(forge: str) -> None:
    if forge not in hooks.FORGES:
        not_found("forge")


def _signed(forge: str, secret: str) -> bytes:
    """The body, once it is known who sent it."""
    if not secret or not hooks.shown(forge, request.headers):
        _stranger(forge)
    request.max_content_length = hooks.MOST
    raw = request.get_data(cache=False, parse_form_data=False)
    if not hooks.is_signed(forge, request.headers, raw, secret):
        _stranger(forge)
    return raw


def _stranger(forge: str) -> NoReturn:
    name = hooks.FORGES[forge].signature[-1]
    remedy = "Copy the secret from the blog's page into the webhook."
    problem(401, "This webhook is not signed as it should be", f"Its {name} is missing, or of another secret. {remedy}")


def _addresses(raw: bytes) -> set[str]:
    """The addresses under which a payload names its repository, as JSON or as a form that holds JSON."""
    if raw.startswith(b"payload="):
        raw = unquote_to_bytes(raw.removeprefix(b"payload=").replace(b"+", b" "))
    try:
        said: Any = json.loads(raw)
    except (ValueError, RecursionError):
        problem(400, "This payload cannot be read", "Choose the content type application/json for this webhook.")
    about = [said.get(name) for name in ("repository", "project")] if isinstance(said, dict) else []
    keys = ("clone_url", "html_url", "git_http_url", "web_url", "http_url", "ssh_url")
    found = [each.get(key) for each in about if isinstance(each, dict) for key in keys]
    return {address for address in found if isinstance(address, str)}
