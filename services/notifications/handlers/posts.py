"""Posts, pieces and offers of members' blogs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from shared import config
from shared.events import Event, on

from .. import people
from ..chat import telling
from ..digest import projection
from ..mail import compose, letter, preferences
from ..mail.compose import Reader
from ..models import SERVICE
from ..rules import lists


@on(SERVICE, "post.published")
def post_published(tx: Connection, event: Event) -> None:
    """Congratulations, to the author. Who is not here any more gets none."""
    data = event.data
    to = people.reader(tx, data["person"])
    if to and data["title"]:
        stream = people.stream_of(tx, to.person)
        of = lists.Of(stream, telling.published(tx, event, stream))
        context = {"title": letter.line(data["title"]), "original": compose.web(data["original"])}
        context["review"] = compose.web(data["pull_request"])
        compose.write(tx, "published", event.id, to, context, of=of)


@on(SERVICE, "offer.moved", "offer.snapshot")
def offer_moved(tx: Connection, event: Event) -> None:
    projection.offer_moved(tx, event)


@on(SERVICE, "post.awaited")
def post_awaited(tx: Connection, event: Event) -> None:
    """A reminder of a first post, to who wants them. What waited for days is not sent: there is another."""
    data = event.data
    to = people.reader(tx, data["person"])
    if to is None:
        return
    projection.became(tx, event)
    less = preferences.choice(tx, to.person, lists.LISTS["first-post"]) == lists.LESS
    if people.readers(tx, [to.person]) and (data.get("first", True) or not less):
        due_at = datetime.fromisoformat(data["due_at"])
        context = {"due_at": due_at, "late": data["step"] > 0, "blog": data["blog"], "posts": data["posts"]}
        claims = {"pushed": data["pushed"]}
        compose.write(tx, "first-post", event.id, to, context, claims, deadline=event.time + timedelta(days=3))


def _piece(data: Mapping[str, Any], to: Reader) -> dict[str, Any]:
    """How a mail leads to a piece: who writes or reviews it has a link of theirs, an organizer a cookie."""
    if to.person in (data["author"], data["reviewer"]):
        return {"link": "enter", "claims": {"next": f"/blog/pieces/{data['piece']}"}}
    return {}


@on(SERVICE, "piece.commented")
def piece_commented(tx: Connection, event: Event) -> None:
    """To the others in the talk. Who wrote it and whose piece it is are named, so it is emptied with either."""
    data = event.data
    if not data["text"]:
        return  # whoever wrote it is erased
    named = people.called(tx, [data["person"], data["author"]])
    context = {"writer": named[data["person"]], "title": letter.line(data["title"]), "text": data["text"]}
    context["page"] = f"{config.current().base_url}/blog/pieces/{data['piece']}"
    for to in people.readers(tx, data["to"]):
        context["own"] = to.person == data["author"]
        compose.write(tx, "comment", event.id, to, dict(context), mentions=list(named), **_piece(data, to))


@on(SERVICE, "review.asked")
def review_asked(tx: Connection, event: Event) -> None:
    data = event.data
    if not data["title"]:
        return  # its author is erased
    context: dict[str, Any] = {"author": people.called(tx, [data["author"]])[data["author"]]}
    context |= {"title": letter.line(data["title"]), "wanted": data["state"] == "feedback"}
    context["page"] = f"{config.current().base_url}/blog/pieces/{data['piece']}"
    for to in people.readers(tx, data["to"]):
        context["reviews"] = to.person == data["reviewer"]
        compose.write(tx, "review", event.id, to, dict(context), mentions=[data["author"]], **_piece(data, to))
