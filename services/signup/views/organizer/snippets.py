"""The sign-up on the program's own site: an iframe or a plain form, to copy, each with a preview."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from shared import access, config, db
from shared.web import allow_embedding

from ... import program
from ..pages import base_url, not_found
from ..pages import page as any_page
from .acting import HOME, page

blueprint = Blueprint("organizer_snippets", __name__, url_prefix=f"{HOME}/snippets")


@blueprint.get("")
@access.needs("organizer")
def both() -> Response:
    """Both snippets for one stream."""
    with db.read("signup") as tx:
        now = program.load(tx)
    streams = [each for each in now.streams if each.open]
    stream = now.stream(request.args.get("stream")) or (streams[0] if streams else None)
    frame, form = codes(stream) if stream else ("", "")
    return page(
        "snippets",
        "snippets.html",
        streams=streams,
        stream=stream,
        stream_options=[(each.slug, each.name) for each in streams],
        origins=config.current().embed_origins,
        frame_code=frame,
        form_code=form,
    )


def codes(stream: program.Stream) -> tuple[str, str]:
    """The HTML of the iframe, and of the plain form."""
    with db.read("signup") as tx:
        given = {"program": program.load(tx), "stream": stream, "base_url": base_url()}
    frame, form = (render_template(f"signup/snippets/{name}.html", **given).strip() for name in ("frame", "form"))
    return frame, form


@blueprint.get("/<slug>/plain")
@access.needs("organizer")
def plain(slug: str) -> Response:
    """The plain form as a page without any style, for the preview."""
    allow_embedding()
    with db.read("signup") as tx:
        now = program.load(tx)
    stream = now.stream(slug) or not_found("stream")
    return any_page("snippets/page.html", program=now, stream=stream, base_url=base_url())
