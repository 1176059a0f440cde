"""The tables of states, what closing needs, when who is asked; and the page that is made of the tables."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.sessions import document
from services.sessions.rules.refusals import Refused
from services.sessions.rules.rotation import asking
from services.sessions.rules.rotation.asking import Step
from services.sessions.rules.states import (
    PASSED,
    SESSION,
    TAKEN,
    TURN,
    Gap,
    Left,
    SessionState,
    TurnState,
    close,
    gaps,
    settled,
    take,
)

PROOF = settings(deadline=None, derandomize=True)
TORONTO = ZoneInfo("America/Toronto")
steps = st.sampled_from([transition.name for transition in TURN.transitions])


# ---- the tables ----


@pytest.mark.parametrize(("life", "states"), [(SESSION, SessionState), (TURN, TurnState)], ids=["session", "turn"])
def test_every_state_can_be_reached_and_every_transition_has_words(life: Any, states: Any) -> None:
    reached: set[Any] = {None}
    for _ in states:
        reached |= {after for step in life.transitions for before, after in step.moves.items() if before in reached}
    assert reached - {None} == set(states)
    names = [step.name for step in life.transitions]
    assert len(set(names)) == len(names)
    assert all(step.of and step.meaning for step in life.transitions)


def test_what_is_not_in_the_table_is_refused_with_words() -> None:
    with pytest.raises(Refused) as caught:
        SESSION.after("closed", "cancel")
    assert caught.value.message == "A session that is closed cannot be cancelled."
    assert caught.value.field == "state" and caught.value.remedy
    with pytest.raises(Refused, match="A turn that does not exist yet cannot be served"):
        TURN.after(None, "serve")
    assert SESSION.may("planned", "cancel") and not SESSION.may("held", "cancel")
    assert SESSION.after("planned", "confirm") is SessionState.CONFIRMED, "states come from tables as text"
    for odd in ("", "PLANNED", "planned ", "x" * 9000):
        assert not SESSION.may(odd, "confirm")
    with pytest.raises(LookupError):
        TURN.may("offered", "explode")


def test_silence_is_never_a_yes() -> None:
    """Only what a person does leads to `accepted`: answering the offer, or stepping forward."""
    yes = {step.name for step in TURN.transitions for after in step.moves.values() if after == TurnState.ACCEPTED}
    assert yes == {"accept", "volunteer"}
    assert TURN.after(TurnState.OFFERED, "lapse") is TurnState.LAPSED
    assert not TURN.may(TurnState.PROPOSED, "accept"), "who was not asked has not answered"
    assert not TURN.may(TurnState.PROPOSED, "serve") and not TURN.may(TurnState.OFFERED, "serve")


@PROOF
@given(st.lists(st.tuples(st.sampled_from("abc"), steps), max_size=60))
def test_never_two_confirmed_coordinators(happenings: list[tuple[str, str]]) -> None:
    seat: dict[str, TurnState] = {}
    session = SessionState.PLANNED
    for person, transition in happenings:
        try:
            seat[person] = take(seat, person, transition)
        except Refused:
            continue
        sure = [state for state in seat.values() if state in TAKEN]
        assert len(sure) <= 1
        session = settled(session, seat.values())
        assert (session is SessionState.CONFIRMED) == bool(sure), "confirmed by a yes, by nothing else"


def test_the_second_yes_is_told_so() -> None:
    with pytest.raises(Refused, match="Somebody else has said yes already"):
        take({"a": TurnState.ACCEPTED, "b": TurnState.OFFERED}, "b", "accept")
    assert take({"a": TurnState.LAPSED, "b": TurnState.OFFERED}, "b", "accept") is TurnState.ACCEPTED
    for state in PASSED:
        assert take({"a": state}, "a", "volunteer") is TurnState.ACCEPTED, "who said no may change their mind"


def test_what_lies_behind_is_settled() -> None:
    for state in (SessionState.HELD, SessionState.MINUTED, SessionState.CLOSED, SessionState.CANCELLED):
        assert settled(state, []) is state and settled(state, ["accepted"]) is state
    assert settled(SessionState.PLANNED, ["offered", "declined", "proposed"]) is SessionState.PLANNED


# ---- closing ----


@PROOF
@given(
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.dictionaries(st.sampled_from(Gap), st.sampled_from(["", " \n", "ill"])),
)
def test_a_session_is_closed_with_everything_or_a_reason_for_each_gap(
    minutes: bool, attendance: bool, following: bool, reasons: dict[str, str]
) -> None:
    there = {"minutes": minutes, "attendance": attendance, "next": following}
    missing = [name for name, is_there in there.items() if not is_there]
    unexplained = [name for name in missing if reasons.get(name) != "ill"]
    left = Left(minutes, attendance, following)
    assert [gap.value for gap in gaps(left)] == missing
    for state in (SessionState.HELD, SessionState.MINUTED):
        if unexplained:
            with pytest.raises(Refused) as caught:
                close(state, left, reasons)
            assert caught.value.field == unexplained[0] and "why" in caught.value.remedy
        else:
            assert close(state, left, reasons) is SessionState.CLOSED


@pytest.mark.parametrize("state", ["planned", "confirmed", "closed", "cancelled"])
def test_what_was_not_held_is_not_closed(state: str) -> None:
    with pytest.raises(Refused, match="cannot be closed"):
        close(SessionState(state), Left(True, True, True), {})


# ---- when who is asked ----

THURSDAY = datetime(2027, 3, 18, 18, 30, tzinfo=TORONTO)  # four days after the clocks went forward


def test_five_days_before_is_the_same_wall_time_across_a_clock_change() -> None:
    asked = datetime(2027, 3, 4, 19, 30, tzinfo=TORONTO)
    assert asking.answer_by(THURSDAY, asked) == datetime(2027, 3, 13, 18, 30, tzinfo=TORONTO)
    assert asking.answer_by(THURSDAY, asked).tzinfo is UTC
    assert THURSDAY - asking.answer_by(THURSDAY, asked).astimezone(TORONTO) == timedelta(days=5)
    assert asking.open_at(THURSDAY) == datetime(2027, 3, 16, 18, 30, tzinfo=TORONTO)


def test_whoever_is_asked_later_has_a_day_of_24_hours_and_never_beyond_the_start() -> None:
    asked = datetime(2027, 3, 13, 20, 0, tzinfo=TORONTO)
    assert asking.answer_by(THURSDAY, asked) == datetime(2027, 3, 14, 21, 0, tzinfo=TORONTO), "hours are hours"
    assert asking.answer_by(THURSDAY, THURSDAY - timedelta(hours=3)) == THURSDAY
    with pytest.raises(ValueError):
        asking.answer_by(datetime(2027, 3, 18, 18, 30), asked)


def test_what_is_to_be_done_about_an_open_seat() -> None:
    def at(days: float, asked: float | None = None, taken: bool = False, opened: bool = False) -> Step:
        """`days` before the session."""
        start = datetime(2027, 6, 17, 18, 30, tzinfo=TORONTO)
        then = None if asked is None else start - timedelta(days=asked)
        return asking.step(start, start - timedelta(days=days), then, taken, opened)

    assert at(13) is Step.ASK
    assert at(6, asked=13) is Step.WAIT
    assert at(5, asked=13) is Step.LAPSE
    assert at(5) is Step.ASK
    assert at(4.01, asked=5) is Step.WAIT
    assert at(4, asked=5) is Step.LAPSE
    assert at(2.01) is Step.ASK
    assert at(2) is Step.OPEN
    assert at(2, opened=True) is Step.WAIT
    assert at(2, asked=2.5) is Step.OPEN, "the offer stands beside it"
    assert at(1.6, asked=2.5, opened=True) is Step.WAIT
    assert at(1.5, asked=2.5, opened=True) is Step.LAPSE
    assert at(13, taken=True) is Step.WAIT
    assert at(0) is Step.WAIT and at(-1, asked=0.5) is Step.WAIT


@pytest.mark.parametrize(
    ("turns", "offered"),
    [
        ("", False), ("lapsed", False), ("lapsed lapsed", True), ("served lapsed lapsed", True),
        ("lapsed declined lapsed", False), ("lapsed released lapsed", True), ("lapsed lapsed accepted", False),
        ("lapsed lapsed offered", True), ("lapsed served", False),
    ],
)  # fmt: skip
def test_a_pause_is_offered_after_two_silences_running(turns: str, offered: bool) -> None:
    assert asking.pause_offered(turns.split()) is offered


# ---- the page ----


def test_the_page_is_fresh() -> None:
    assert document.main(["--check"]) == 0, "run ./baton events docs"


def test_a_stale_page_is_named_in_one_line(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(document, "DOCS", tmp_path)
    assert document.main(["--check"]) == 1
    assert list(tmp_path.iterdir()) == [], "a check writes nothing"
    assert document.main([]) == 0 and document.main(["--check"]) == 0
    (tmp_path / "states.md").write_text("old")
    capsys.readouterr()
    assert document.main(["--check"]) == 1
    said = capsys.readouterr().err
    assert "docs/states.md" in said and "./baton events docs" in said and said.count("\n") == 1


def test_the_command_writes_all_documents_and_fails_when_any_is_stale(tmp_path: Path, monkeypatch: Any) -> None:
    from shared.cli import events
    from shared.events import document as catalogue

    monkeypatch.setattr(document, "DOCS", tmp_path)
    monkeypatch.setattr(catalogue, "DOCS", tmp_path)
    assert events.main(["docs"]) == 0 and events.main(["docs", "--check"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"events.md", "asyncapi.json", "states.md"}
    for name in ("events.md", "states.md"):
        text = (tmp_path / name).read_text()
        (tmp_path / name).write_text("old")
        assert events.main(["docs", "--check"]) == 1
        (tmp_path / name).write_text(text)


def test_the_picture_has_every_arrow_and_the_table_too() -> None:
    page = document.markdown()
    for life in (SESSION, TURN):
        for step in life.transitions:
            for before, after in step.moves.items():
                assert re.search(rf"^    {re.escape(before or '[*]')} --> {after}: .*\b{step.name}\b", page, re.M)
            assert f"| {step.name} | " in page
