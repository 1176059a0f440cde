"""Members' blogs: commands take the open transaction first, then whose blog it is.

finding, feeds   what lies at an address         registering   a blog, consent to it, taking it out
detecting        what made it                    choosing      single posts
marking          the one writer of states        reading       what pages show
erasing          only ids are left
"""

from __future__ import annotations

from .choosing import decline, offer
from .detecting import NAMES
from .erasing import blank
from .reading import PAGE, author, everybody, find, of_person, posts
from .registering import consent, describe, leave, look_again, new_secret, one, register

__all__ = [
    "NAMES",
    "PAGE",
    "author",
    "blank",
    "consent",
    "decline",
    "describe",
    "everybody",
    "find",
    "leave",
    "look_again",
    "new_secret",
    "of_person",
    "offer",
    "one",
    "posts",
    "register",
]
