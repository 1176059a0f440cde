"""What is taken as an address is what the library takes, whichever way it was found out."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.signup import address
from services.signup.rules import Refused

LOCAL = st.from_regex(r"[A-Za-z0-9_+.-]{1,70}", fullmatch=True)
LABEL = st.from_regex(r"[A-Za-z0-9_ÄÖüß-]{1,66}", fullmatch=True)
DOMAIN = st.lists(LABEL, min_size=1, max_size=5).map(".".join)


def both(typed: str) -> tuple[object, object]:
    """By the short way, twice, since the second time it remembers; and by the long one."""
    found: list[object] = []
    for check in (address.checked, address.checked, address._checked):
        try:
            found.append(check("email", typed))
        except Refused as refusal:
            found.append(refusal.as_dict())
    assert found[0] == found[1]
    return found[0], found[2]


@settings(max_examples=300)
@given(LOCAL, st.one_of(DOMAIN, st.sampled_from(["example.org", "Example.ORG", "sub.example.org", "bücher.example"])))
@example("a" * 64, "b" * 63 + "." + "c" * 63 + "." + "d" * 63)
@example("a", "x.org\n")
@example("a", " x.org ")
@example("a", "x.onion")
@example("a", "x@y.org")
@example("a", "")
@example("a", "localhost")
@example("a", "xn--a.org")
@example("a", "[127.0.0.1]")
def test_the_short_way_and_the_long_one_agree(local: str, domain: str) -> None:
    short, long = both(f"{local}@{domain}")
    assert short == long


@pytest.mark.parametrize("typed", ["Ada@Example.ORG", " ada@example.org ", "ada+ml@bücher.example"])
def test_the_domain_is_kept_in_lower_case_and_ascii_what_stands_before_as_typed(typed: str) -> None:
    kept = address.checked("email", typed)
    local, _, domain = kept.partition("@")
    assert local == typed.strip().partition("@")[0] and domain == domain.lower() and domain.isascii()
