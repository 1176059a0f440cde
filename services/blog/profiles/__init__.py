"""What members say of themselves for the program's mentees page. How it gets there: offers, as a post does.

saving      the one writer: what they typed, whether they agree, leaving, erasing
headshots   a picture that somebody gave, made small, with nothing else in it
"""

from __future__ import annotations

from .headshots import LARGEST, small, too_large
from .saving import blank, left, of_person, picture, save

__all__ = ["LARGEST", "blank", "left", "of_person", "picture", "save", "small", "too_large"]
