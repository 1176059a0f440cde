"""What a report of a mail that came back says of its address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.rules.bounces import Back, judge

ROWS = [
    # action       status     diagnostic                                            means
    ("failed",     "5.1.1",   "smtp; 550 5.1.1 <x@y>: Recipient address rejected",   Back.HARD),
    ("failed",     "5.2.1",   "smtp; 550 5.2.1 The account is disabled",             Back.HARD),
    ("failed",     "5.1.10",  "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound",      Back.HARD),
    ("failed",     "5.0.0",   "smtp; 550 5.1.1 no such user",                        Back.HARD),
    ("failed",     "5.0.0",   "smtp; 550 no such user",                              Back.HARD),
    ("failed",     "5.0.0",   "smtp; 552 too much",                                  Back.SOFT),
    ("failed",     "5.0.0",   "",                                                    Back.SOFT),
    ("Failed ",    " 5.1.1 (bad destination mailbox address)", "",                   Back.HARD),
    ("failed",     "5.2.2",   "smtp; 552 5.2.2 Mailbox full",                        Back.SOFT),
    ("failed",     "4.4.7",   "smtp; 451 4.4.1 no answer from host",                 Back.SOFT),
    ("failed",     "5.4.4",   "X-Postfix; Host or domain name not found",            Back.SOFT),
    ("failed",     "5.7.1",   "smtp; 550 5.7.1 message refused by policy",           Back.OURS),
    ("failed",     "5.7.26",  "smtp; 550-5.7.26 unauthenticated",                    Back.OURS),
    ("failed",     "5.3.4",   "smtp; 552 5.3.4 too big",                             Back.OURS),
    ("failed",     "5.6.0",   "",                                                    Back.OURS),
    ("failed",     "5.1.8",   "smtp; 550 5.1.8 bad sender",                          Back.OURS),
    ("delayed",    "4.4.1",   "smtp; 451 4.4.1 no answer",                           Back.NONE),
    ("delayed",    "5.1.1",   "",                                                    Back.NONE),
    ("delivered",  "2.0.0",   "",                                                    Back.NONE),
    ("relayed",    "2.0.0",   "",                                                    Back.NONE),
    ("",           "2.1.5",   "",                                                    Back.NONE),
    ("failed",     "",        "",                                                    Back.SOFT),
    ("failed",     "nonsense", "1.2.3.4 said 250 ok",                                Back.SOFT),
    ("failed",     "5.1.1.1", "",                                                    Back.SOFT),
]  # fmt: skip


@pytest.mark.parametrize(("action", "status", "diagnostic", "means"), ROWS)
def test_what_a_report_means(action: str, status: str, diagnostic: str, means: Back) -> None:
    assert judge(action, status, diagnostic) is means


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=200))
def test_whatever_it_says_is_judged(action: str, status: str, diagnostic: str) -> None:
    assert judge(action, status, diagnostic) in Back
