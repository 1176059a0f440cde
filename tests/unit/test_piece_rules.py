"""What may be said of a piece, and which titles are alike enough to be asked about."""

from __future__ import annotations

import pytest

from services.blog.rules import pieces as rules


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("What I learned from engines", "What I learnt from Engines!", True),
        ("Engines, or how I failed", "How I failed: engines, and what came of it", True),
        ("Transformers from scratch", "A week at a conference", False),
        ("On", "On engines", False),
        ("", "On engines", False),
        ("…", "!", False),
        ("学习笔记 一", "学习笔记 一", True),
        ("x" * 9999, "y" * 9999, False),
    ],
)
def test_titles_that_are_alike(one: str, other: str, alike: bool) -> None:
    for title, there in ((one, other), (other, one)):
        assert (rules.likest(title, [{"title": "Cooking rice"}, {"title": there}]) is not None) is alike


def test_the_most_alike_of_many_is_chosen_and_none_of_none() -> None:
    rows = [{"title": "On engines and more"}, {"title": "On engines"}, {"title": "On engines"}]
    assert rules.likest("On Engines", rows) is rows[1] and rules.likest("On Engines", []) is None


def test_what_is_typed_is_cleaned_or_refused_by_field() -> None:
    said, problems = rules.checked({"title": " On\u202e \x07engines\n", "about": "a\r\nb\n\n\n\n\nc ", "link": ""})
    assert (said, problems) == ({"title": "On engines", "about": "a\nb\n\nc", "link": ""}, [])
    for typed, field in (
        ({"title": "\u2066 \x00"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "x", "about": "y" * 1001}, "about"),
        ({"title": "x", "link": "javascript:alert(1)"}, "link"),
        ({"title": "x", "link": 'https://a.example/"onclick'}, "link"),
    ):
        assert [each["field"] for each in rules.checked(typed)[1]] == [field], typed
    assert rules.commented(" \n\x07")[1] and rules.commented("x" * 4001)[1]
    assert rules.commented("Why?\r\n\r\nBecause.") == ("Why?\n\nBecause.", [])
