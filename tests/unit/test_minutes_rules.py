"""Merging loses no line; what minutes begin with; which links are worth keeping; dates that cannot be."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sessions.rules import agenda, markup, merging, text
from services.sessions.rules.refusals import Refused

LINES = st.lists(st.sampled_from(["", "a", "b", "c", "## Questions", "- one"]), max_size=12)


@st.composite
def edits(draw: st.DrawFn) -> tuple[list[str], list[str], list[str]]:
    """A text and two edits of it; every line that somebody added or changed says whose it is, and is there once."""
    base = draw(LINES)

    def edited(who: str) -> list[str]:
        found, count = [], 0
        for line in [*base, None]:
            for _ in range(draw(st.integers(0, 2))):
                count += 1
                found.append(f"{who}{count}")
            if line is not None and draw(st.integers(0, 4)):
                found.append(line)
        return found

    return base, edited("mine"), edited("theirs")


@given(edits())
def test_a_clean_merge_has_every_line_that_either_side_added(given_: tuple[list[str], list[str], list[str]]) -> None:
    base, mine, theirs = given_
    merged = merging.merge("\n".join(base), "\n".join(mine), "\n".join(theirs))
    if merged is None:
        return
    lines = merged.split("\n")
    for line in [*mine, *theirs]:
        if line.startswith(("mine", "theirs")):
            assert lines.count(line) == 1
    for line in set(base):
        kept = min(mine.count(line), theirs.count(line))
        taken_out = max(base.count(line) - mine.count(line), 0) + max(base.count(line) - theirs.count(line), 0)
        assert lines.count(line) >= min(kept, base.count(line) - taken_out)


@given(LINES, LINES, LINES)
def test_any_three_texts_merge_without_loss_or_not_at_all(b: list[str], m: list[str], t: list[str]) -> None:
    base, mine, theirs = ("\n".join(lines) for lines in (b, m, t))
    merged = merging.merge(base, mine, theirs)
    if merged is not None:
        added = {*mine.split("\n"), *theirs.split("\n")} - {*base.split("\n")}
        assert added <= {*merged.split("\n")}
    assert merging.merge(base, mine, base) == mine and merging.merge(base, base, theirs) == theirs
    assert merging.merge(base, mine, mine) == mine


@given(LINES, LINES)
def test_what_was_changed_can_be_read_back(a: list[str], b: list[str]) -> None:
    old, new = "\n".join(a), "\n".join(b)
    found = merging.changes(old, new, around=1_000)
    if not all(word == "left out" for word, _ in found):
        assert "\n".join(line for word, line in found if word != "added") == old
        assert "\n".join(line for word, line in found if word != "removed") == new
    else:
        assert old == new


def test_people_who_write_under_different_headings_or_at_the_same_place_are_merged() -> None:
    base = "## Progress\n\n## Questions\n"
    mine, theirs = "## Progress\nAda passed.\n\n## Questions\n", "## Progress\n\n## Questions\nHow to sort?\n"
    assert merging.merge(base, mine, theirs) == "## Progress\nAda passed.\n\n## Questions\nHow to sort?\n"
    same = "## Progress\nBo, too.\n\n## Questions\n"
    merged = merging.merge(base, mine, same)
    assert merged == "## Progress\nBo, too.\nAda passed.\n\n## Questions\n"
    assert merging.merge("one", "one, said Ada", "one, said Bo") is None


def test_texts_made_to_be_slow_are_left_to_a_person() -> None:
    lines = "\n".join(f"line {n}" for n in range(merging.LINES_MOST + 10))
    assert merging.merge(lines, lines.replace("line", "mine"), lines.replace("line", "theirs")) is None
    blank = "x" + "\n" * 4_000 + "y"
    merging.merge(blank, blank.replace("\n", "\n\n")[:4_900], "z" + "\n" * 3_000 + "w")
    found = merging.changes(blank, "w" + "\n" * 3_000 + "z")
    assert ("added", "w") in found and ("removed", "x") in found


def test_unchanged_parts_of_a_change_are_left_out() -> None:
    old = "\n".join(map(str, range(20)))
    found = merging.changes(old, old.replace("10", "ten"))
    assert found == [
        ("left out", "8"), ("same", "8"), ("same", "9"), ("removed", "10"), ("added", "ten"), ("same", "11"),
        ("same", "12"), ("left out", "7"),
    ]  # fmt: skip


def test_minutes_begin_with_the_headings_of_the_agenda() -> None:
    begun = agenda.skeleton(agenda.USUAL)
    assert begun.startswith("## Progress and challenges\n\n## Resources\n\n") and "Two minutes" not in begun
    assert agenda.says_nothing(begun) and agenda.says_nothing("") and agenda.says_nothing("\n \n#\n")
    assert not agenda.says_nothing(begun + "Ada passed.") and not agenda.says_nothing("#nospace")
    assert agenda.skeleton("no heading\n```\n# code\n```\n#") == ""


def test_links_worth_keeping() -> None:
    found = markup.resources(
        [
            ("https://docs.example.org/intro/", "https://docs.example.org/intro/"),
            ("https://docs.example.org/intro/", "The introduction"),
            ("https://docs.example.org/intro/", "again"),
            ("http://www.example.org", ""),
            ("https://ann:pw@example.org/", "secret"),
            ("javascript:alert(1)", "x"),
            ("mailto:a@example.org", "write"),
            ("https://[broken", "x"),
            ("https://x.org:0/", "x"),
            ("https://long.org/" + "a" * 2000, "x"),
            ("https://b.org", "w" * 400),
        ]
    )
    assert list(found) == ["https://docs.example.org/intro/", "http://www.example.org", "https://b.org"]
    assert (
        found["https://docs.example.org/intro/"] == "The introduction"
        and found["http://www.example.org"] == "example.org"
    )
    assert len(found["https://b.org"]) == markup.TITLE_MOST


@pytest.mark.parametrize("most", [1, 5, 11, 100])
def test_a_text_is_cut_between_lines_and_letters(most: int) -> None:
    found, missing = markup.cut("äöü\näöü\näöü", most)
    assert missing == (most < 20) and len(found.encode()) <= most and "\ufffd" not in found


@pytest.mark.parametrize(
    "value", ["", "soon", "2027-13-01", "2027-02-30", "20270201", "2027-W05-1", "2027-01-03", "2028-02-01",
              "0000-01-01", "٢٠٢٧-٠١-٠٥", "2027-01-05T00:00", "-2027-1-05"]
)  # fmt: skip
def test_a_day_that_cannot_be_is_refused_with_a_remedy(value: str) -> None:
    with pytest.raises(Refused) as refused:
        text.day("due", value, date(2027, 1, 4))
    assert refused.value.field == "due" and refused.value.remedy


def test_a_day_that_can_be() -> None:
    assert text.day("due", " 2027-01-04 ", date(2027, 1, 4)) == date(2027, 1, 4)


@pytest.mark.parametrize("value", ["a\0b", "a\x1bb", "a\u202eb", "a\ud800b", "a\u2028b"])
def test_letters_that_nobody_types_are_refused(value: str) -> None:
    for take in (text.line, text.paragraphs):
        with pytest.raises(Refused):
            take("text", value, 100)
    with pytest.raises(Refused):
        text.line("text", "a\nb", 100)
    with pytest.raises(Refused) as refused:
        text.paragraphs("text", "é" * 60, 100)
    assert "120" in refused.value.message and "100" in refused.value.remedy
    assert text.paragraphs("text", "a\r\nb\t\n\n", 100) == "a\nb"
