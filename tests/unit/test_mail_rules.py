"""Decisions about mail: replies, retries, transitions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.notifications import rules
from services.notifications.rules import Stage, State, Step, Verdict, quiet

RETRY, REFUSE, LOSE, ACCEPT = Step.RETRY, Step.REFUSE, Step.LOSE, Step.ACCEPT


@pytest.mark.parametrize(
    ("stage", "code", "text", "step", "suppress"),
    [
        (Stage.CONNECT, None, "refused", RETRY, False),
        (Stage.SIGN_ON, 554, "go away", RETRY, False),
        (Stage.SIGN_ON, 535, "5.7.8 wrong password", RETRY, False),
        (Stage.MAIL, 550, "5.7.1 sender refused", RETRY, False),
        (Stage.MAIL, 421, "closing", RETRY, False),
        (Stage.RCPT, 451, "4.3.0 later", RETRY, False),
        (Stage.RCPT, None, "line broke", RETRY, False),
        (Stage.RCPT, 550, "5.1.1 no such user", REFUSE, True),
        (Stage.RCPT, 550, "no such user", REFUSE, True),
        (Stage.RCPT, 550, "5.7.1 relaying denied", REFUSE, False),
        (Stage.RCPT, 552, "5.2.2 mailbox full", REFUSE, False),
        (Stage.RCPT, 554, "policy", REFUSE, False),
        (Stage.RCPT, 530, "5.7.0 sign on first", RETRY, False),
        (Stage.DATA, 554, "no", REFUSE, False),
        (Stage.DATA, 451, "later", RETRY, False),
        (Stage.BODY, None, "line broke", RETRY, False),
        (Stage.DOT, 250, "taken", ACCEPT, False),
        (Stage.DOT, 451, "later", RETRY, False),
        (Stage.DOT, 421, "closing", RETRY, False),
        (Stage.DOT, 554, "5.7.1 spam", REFUSE, False),
        (Stage.DOT, None, "line broke", LOSE, False),
        (Stage.DOT, 354, "what", LOSE, False),
        (Stage.DOT, -1, "HTTP/1.1", LOSE, False),
    ],
)
def test_what_a_reply_means(stage: Stage, code: int | None, text: str, step: Step, suppress: bool) -> None:
    assert rules.judge(stage, code, text) == Verdict(step, suppress)


def test_again_after_5_10_20_40_80_minutes_then_hourly_for_three_days() -> None:
    waits: list[int] = []
    while (wait := rules.retry_after(len(waits) + 1)) is not None:
        waits.append(wait)
    assert waits[:7] == [300, 600, 1200, 2400, 4800, 3600, 3600]
    assert set(waits[5:]) == {3600}
    assert 3 * 86_400 - 3600 < sum(waits) <= 3 * 86_400


def test_a_mail_is_late_after_its_deadline_or_when_its_link_is_dead() -> None:
    now = datetime(2027, 1, 4, tzinfo=UTC)
    assert rules.too_late(None, None, now, 100.0) is None
    assert rules.too_late(now + timedelta(seconds=1), 100.1, now, 100.0) is None
    assert rules.too_late(now, None, now, 100.0)
    assert rules.too_late(None, 100.0, now, 100.0)


def test_no_way_leads_out_of_an_end_and_none_from_held_to_sending() -> None:
    ends = {State.SENT, State.FAILED, State.DROPPED, State.KEPT}
    out = [pair for pair in rules.TRANSITIONS if pair[0] in ends]
    assert out == [(State.SENT, Step.HOLD), (State.SENT, Step.RETURN)], "a person's own mistake, and what comes back"
    assert (State.HELD, Step.CLAIM) not in rules.TRANSITIONS
    for step in Step:
        in_hand = {rules.TRANSITIONS.get((s, step)) for s in (State.SENDING, State.HELD)} - {None}
        assert len(in_hand) <= 1


def test_a_refused_duty_mail_stops_bulk_too_but_not_the_other_way_round() -> None:
    assert rules.scopes(duty=True) == ("duty", "other")
    assert rules.scopes(duty=False) == ("other",)


@pytest.mark.parametrize(
    ("now", "zone", "hours", "until"),
    [
        ("2027-01-04T02:00", "America/Toronto", (21, 7), "2027-01-04T12:00"),  # 21:00 there: to seven the next day
        ("2027-01-04T01:59", "America/Toronto", (21, 7), None),
        ("2027-01-04T11:59", "America/Toronto", (21, 7), "2027-01-04T12:00"),
        ("2027-01-04T12:00", "America/Toronto", (21, 7), None),
        ("2027-01-04T02:00", "Asia/Kathmandu", (21, 7), None),  # 07:45 there
        ("2027-03-14T03:00", "America/Toronto", (21, 7), "2027-03-14T11:00"),  # the night in which clocks go forward
        ("2027-11-07T02:00", "America/Toronto", (21, 7), "2027-11-07T12:00"),  # and back: an hour longer
        ("2027-03-14T06:00", "America/Toronto", (22, 2), "2027-03-14T07:00"),  # an end that is not there: the one after
        ("2027-01-04T13:30", "UTC", (13, 15), "2027-01-04T15:00"),
        ("2027-01-04T15:00", "UTC", (13, 15), None),
        ("2027-01-04T02:00", "UTC", (7, 7), None),
    ],
)
def test_quiet_hours_by_the_readers_own_clock(now: str, zone: str, hours: tuple[int, int], until: str | None) -> None:
    found = quiet.until(datetime.fromisoformat(now + "+00:00"), ZoneInfo(zone), *hours)
    assert found == (datetime.fromisoformat(until + "+00:00") if until else None)
