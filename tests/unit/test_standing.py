"""Where a post stands, for its author: every state of post and offer has one word, and buttons that fit it."""

from __future__ import annotations

import itertools

from services.blog.rules import offers
from services.blog.rules.standing import STANDINGS, asks_again, can_decline, can_offer, standing

POSTS = ("listed", "skipped", "wanted", "declined", "gone")


def test_every_state_has_a_word_and_no_button_contradicts_another() -> None:
    ways = itertools.product(POSTS, (None, *offers.STATES), offers.KINDS, (True, False))
    found = {standing(post, offer, kind, live) for post, offer, kind, live in ways}
    assert found == set(STANDINGS)
    for each in found:
        assert not (can_offer(each) and each in {"review", "live", "waiting"}), each
        assert not asks_again(each) or each in {"closed", "unchanged", "kept", "failed", "nothing"}
        assert can_offer(each) or can_decline(each) or each == "gone", f"who is at {each} can do something"


def test_what_is_live_is_never_called_declined() -> None:
    assert standing("wanted", "closed", "update", True) == "unchanged"
    assert standing("declined", "closed", "removal", True) == "kept"
    assert standing("declined", "open", "removal", True) == "leaving"
    assert standing("wanted", "closed", "post", False) == "closed"
    assert standing("wanted", "merged", "post", True) == "live"
    assert standing("declined", "withdrawn", "removal", False) == "unwanted"
