"""A token is worth something for its purpose, for its time, unchanged; and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from shared import config, tokens
from shared.config import Config
from shared.tokens import BadToken


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    config.use(Config(secret="a" * 32))
    yield
    config.use(None)


def why(purpose: str, token: str, max_age: int = 60) -> str:
    with pytest.raises(BadToken) as bad:
        tokens.read(purpose, token, max_age)
    return bad.value.reason


def test_what_was_signed_is_read() -> None:
    claims = tokens.read("confirm", tokens.sign("confirm", {"person": "Zoë", "next": None}), 60)
    assert (claims["person"], claims["next"]) == ("Zoë", None)
    assert claims["jti"] and claims["iat"]


def test_each_has_an_id_of_its_own_unless_it_is_given() -> None:
    first, second = (tokens.read("x", tokens.sign("x", {}), 60)["jti"] for _ in range(2))
    assert first != second
    assert tokens.read("x", tokens.sign("x", {"jti": "mine"}), 60)["jti"] == "mine"


def test_another_purpose_is_forged() -> None:
    assert why("enter", tokens.sign("confirm", {"person": "1"})) == "forged"


def test_another_secret_is_forged() -> None:
    token = tokens.sign("confirm", {})
    config.use(Config(secret="b" * 32))
    assert why("confirm", token) == "forged"


def test_every_changed_character_is_forged() -> None:
    token = tokens.sign("confirm", {"person": "1"})
    for place in range(len(token) - 1):  # the last one carries bits that count for nothing
        other = "A" if token[place] != "A" else "B"
        assert why("confirm", token[:place] + other + token[place + 1 :]) in {"forged", "expired"}


def test_changed_claims_under_the_old_signature_are_forged() -> None:
    body, rest = tokens.sign("confirm", {"person": "1"}).split(".", 1)
    claims = json.dumps({"person": "2"}).encode()
    other = base64.urlsafe_b64encode(claims).decode().rstrip("=")
    assert other != body and why("confirm", f"{other}.{rest}") == "forged"


@pytest.mark.parametrize(
    "token", ["", ".", "..", "...", "x", "é", "\0", "a" * 100_000, "W10.aaaa.bbbb", "%00", "🎉.🎉.🎉"]
)
def test_garbage_is_forged(token: str) -> None:
    assert why("confirm", token) == "forged"


def test_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    from itsdangerous import timed

    token = tokens.sign("confirm", {})
    real = timed.time.time()
    monkeypatch.setattr(timed.time, "time", lambda: real + 59)
    assert tokens.read("confirm", token, 60)
    monkeypatch.setattr(timed.time, "time", lambda: real + 62)
    assert why("confirm", token) == "expired"


def test_its_text_can_stand_in_a_link() -> None:
    import re

    for n in range(50):
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", tokens.sign("confirm", {"person": "ü" * n}))
