"""What becomes of a post that was just looked at: whether it is offered is its author's choice, and silence is no
yes."""

from __future__ import annotations

from collections.abc import Iterable

MANY = 10  # new posts at once are no writing but a move: their author is asked


def becomes(was: str | None, choice: str | None, skipped: bool, consent: str | None, ask: bool) -> str:
    """The state of a post, by the one that it had (None: it is new).

    :param choice: its author's own for this post: offer, decline.
    :param skipped: it is no post, or none yet.
    :param consent: the author's for the whole blog; without it nothing is offered.
    :param ask: a new post is not offered by itself: the blog is new, or many came at once.
    """
    if skipped:
        return "skipped"
    if choice == "decline":
        return "declined"
    if choice == "offer" or was == "wanted":
        return "wanted" if consent else "listed"
    if was in {"listed", "declined"}:
        return was
    return "wanted" if consent and not ask else "listed"


def is_many(new: Iterable[bool]) -> bool:
    """Whether so many of these changes bring a new post that their author is asked first."""
    return sum(new) > MANY


CONSENTS = {
    "full": "The whole post, with where it was first published at its top",
    "excerpt": "Its beginning, and a link to the rest on your blog",
    "link": "Its title and a link to it, no text",
}
