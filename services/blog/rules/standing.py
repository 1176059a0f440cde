"""Where a post of a member's stands, in one word for its author: what they said of it, and what became of its offer."""

from __future__ import annotations

from typing import NamedTuple


class Standing(NamedTuple):
    """One of the words of STANDINGS, as pages say it.

    :param shape: a state of the macro `ui.state`: its colour and icon.
    :param says: in a list.
    :param means: in a sentence.
    """

    shape: str
    says: str
    means: str


STANDINGS = {
    "asks": Standing("listed", "asks you",
        "Nobody sees it before you say that it may be offered."),
    "skipped": Standing("skipped", "skipped",
        "There is nothing to offer as it is now. Once that changes, it is looked at again."),
    "unwanted": Standing("declined", "not offered",
        "It stays on your own blog alone."),
    "waiting": Standing("waiting", "on its way",
        "It is being made ready for the program's blog. This takes minutes, not days."),
    "held": Standing("held", "held",
        "An organizer looks at it before anything of it is shown."),
    "handed": Standing("listed", "yours to open",
        "You open its pull request yourself. Once it is there, it is seen within the hour, and followed."),
    "failed": Standing("failed", "not working",
        "It is tried again each hour, and whenever you say so."),
    "nothing": Standing("skipped", "nothing to offer",
        "There is nothing that the program's blog could show."),
    "review": Standing("open", "in review",
        "It is proposed, and waits for somebody to accept it. What you push meanwhile is taken along."),
    "live": Standing("merged", "published",
        "It is on the program's blog."),
    "changing": Standing("open", "published, a change is in review",
        "It is on the program's blog; what you changed waits for somebody to accept it."),
    "unchanged": Standing("merged", "published, a change was declined",
        "It is on the program's blog as it was before your last change."),
    "leaving": Standing("withdrawn", "being taken down",
        "That it goes from the program's blog waits for somebody to accept it."),
    "kept": Standing("lock", "not taken down",
        "That it goes from the program's blog was declined."),
    "closed": Standing("closed", "declined",
        "It is not offered again before you ask for that."),
    "gone": Standing("gone", "deleted",
        "It is not on your blog any more."),
}  # fmt: skip
_UNOFFERED = {"listed": "asks", "skipped": "skipped", "declined": "unwanted", "wanted": "waiting", "gone": "gone"}


def standing(post: str, offer: str | None, kind: str = "post", live: bool = False) -> str:
    """A key of STANDINGS.

    :param post: the post's state.
    :param offer: the state of its offer, None when there is none; `kind` is its present or last proposal's.
    :param live: whether the post is in the program's blog.
    """
    if offer in {None, "withdrawn"}:
        return _UNOFFERED[post]
    if offer in {"held", "failed", "waiting", "handed"}:
        return str(offer)
    if offer == "skipped":
        return "nothing"
    if kind == "removal" and offer in {"open", "closed"}:
        return "leaving" if offer == "open" else "kept"
    if offer == "merged" or live:
        return {"open": "changing", "closed": "unchanged"}.get(str(offer), "live")
    return {"open": "review", "closed": "closed"}[str(offer)]


def asks_again(standing: str) -> str:
    """What the author's button says where somebody declined, or something did not work; empty when there is none."""
    return {
        "closed": "Ask again", "unchanged": "Ask again", "kept": "Ask again to have it taken down",
        "failed": "Try again", "nothing": "Try again",
    }.get(standing, "")  # fmt: skip


def can_offer(standing: str) -> bool:
    """Whether its author may say that it is to be offered."""
    return standing in {"asks", "unwanted", "leaving", "kept"}


def can_open(standing: str, live: bool) -> bool:
    """Whether its author may open its pull request themselves: nothing of it is proposed or live."""
    return not live and standing in {"asks", "unwanted", "waiting", "closed", "failed"}


def can_decline(standing: str) -> bool:
    """Whether its author may say that it is not to be offered, or not any more."""
    return standing not in {"unwanted", "leaving", "kept", "gone"}
