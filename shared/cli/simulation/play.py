"""From one due moment to the next: what was owed is done, mails are read, and time goes on to whatever comes first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ... import clock, schedule
from . import worlds
from .company import Company
from .worlds import Post, World


def play(world: World, company: Company, post: Post, end: datetime, look: Callable[[], None]) -> int:
    """Let everything happen until `end`; returns how many moments there were.

    :param look: called at each moment, when all is quiet.
    """
    moments = 0
    while True:
        world.settle()
        company.read(post.fetch())
        look()
        if clock.now() >= end:
            return moments
        at = schedule.soonest(end, company.next(), world.upcoming())
        assert at is not None, "the end is one"
        worlds.go(at)
        moments += 1
        world.settle()
        company.read(post.fetch())
        company.act(clock.now())
