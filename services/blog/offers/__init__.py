"""A member's post, or their profile, on its way into the program's blog: what is proposed, what became of it.

    touching   a post has changed: its offer is to be looked at
    running    the work on an offer, in steps that are recorded
    making     a post as it is written there: conversion, and what its author agreed to
    mentees    the mentees page: the files that show a member's profile
    setting_up what the program's blog lacks for members' posts
    texts      title, body and commit message of a pull request
    deciding   accept, decline, look, try again
    standing   how members see their posts, and ask again
    reading    the organizers' queue and one offer
    handing    its author opens the pull request: the patch, and who opens it
    patching   a change as `git am` takes it
    trying     a dry run: a post as it would be proposed now
    preview    a post as it will look, without anything that runs

How an offer travels, and why so: docs/decisions/0025-offers.md.
"""

from __future__ import annotations

from .running import diff_of, due, file_of, work
from .touching import WORK, forget, look_again, look_now, touch, touch_profile

__all__ = ["WORK", "diff_of", "due", "file_of", "forget", "look_again", "look_now", "touch", "touch_profile", "work"]
