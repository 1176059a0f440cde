"""Signed tokens for links and cookies. A token carries its claims in the open; the signature is by BATON_SECRET.

The purpose is part of the key, so a token of one purpose is worth nothing for another. Ages are machine time.
"""

from __future__ import annotations

import json
import re
import secrets
from functools import lru_cache
from typing import Any

from itsdangerous import BadData, SignatureExpired, Signer, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode

from . import clock, config

MINUTE, HOUR, DAY = 60, 3_600, 86_400

# How long a mailed link works, by its purpose: its owner checks it, and mails say it.
LINKS = {"confirm": 14 * DAY, "enter": 60 * DAY, "sign-in": 30 * MINUTE, "address": DAY, "place": 4 * DAY,
         "lead": 60 * DAY, "item": 60 * DAY, "turn": 60 * DAY, "take": 60 * DAY, "rsvp": 60 * DAY,
         "checkin": 60 * DAY, "first-post": 60 * DAY, "pool": 60 * DAY, "away": 60 * DAY,
         "preferences": 400 * DAY}  # fmt: skip
# The service whose page a link of that purpose opens, where it is not signup.
_OWNERS = dict.fromkeys(("place", "lead", "item", "turn", "take", "rsvp", "away", "checkin"), "sessions")
_OWNERS |= {"preferences": "notifications", "first-post": "blog"}


# A token as it stands in a link, or in a header: claims, time and signature, each in the letters of base64url.
_SHAPE = re.compile(r"(?:baton_)?\.?[\w-]+\.[\w-]{6}\.[\w-]{27}(?![\w-])", re.ASCII)
HIDDEN = "…hidden…"


def path(purpose: str, token: str) -> str:
    """Where a link of that purpose leads."""
    return f"/{_OWNERS.get(purpose, 'signup')}/{purpose}/{token}"


class BadToken(ValueError):
    """The token is `forged` (or cut off, or of another purpose) or `expired`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def sign(purpose: str, claims: dict[str, Any]) -> str:
    """A URL-safe token of these claims, with the time of signing and an id, `jti`, unless the claims have one."""
    # As the serializer's own `dumps`; that makes a signer, and derives its key, for each.
    made, signer = _pair(purpose, config.current().secret)
    return signer.sign(made.dump_payload({"jti": secrets.token_urlsafe(9), **claims})).decode()


def read(purpose: str, token: str, max_age: int | None = None) -> dict[str, Any]:
    """The claims of a token at most `max_age` seconds old (a link's: as in LINKS), and `iat`, when it was signed.

    :raises BadToken: forged or expired.
    """
    try:
        claims, signed = _serializer(purpose).loads(
            token, max_age=LINKS[purpose] if max_age is None else max_age, return_timestamp=True
        )
    except SignatureExpired:
        raise BadToken("expired") from None
    except (BadData, UnicodeError, ValueError):
        raise BadToken("forged") from None
    if not isinstance(claims, dict):
        raise BadToken("forged")
    return {**claims, "iat": signed.timestamp()}


def hidden(text: str) -> str:
    """`text` with every token in it blotted out, for readers whom its links do not belong to."""
    return _SHAPE.sub(HIDDEN, text)


class _Signer(TimestampSigner):
    _key: bytes | None = None

    def get_timestamp(self) -> int:
        return int(clock.machine())

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        """Derived once."""
        if self._key is None or secret_key is not None:
            self._key = super().derive_key(secret_key)
        return self._key


class _Serializer(URLSafeTimedSerializer):
    def dump_payload(self, obj: Any) -> bytes:
        """Only long claims are compressed: ids get no shorter by it, and it costs as much as all the rest."""
        plain = _compact(obj).encode()
        return base64_encode(plain) if len(plain) <= 300 else super().dump_payload(obj)


_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    return _made(purpose, config.current().secret)


@lru_cache
def _pair(purpose: str, secret: str) -> tuple[URLSafeTimedSerializer, Signer]:
    made = _made(purpose, secret)
    return made, made.make_signer(made.salt)


@lru_cache
def _made(purpose: str, secret: str) -> URLSafeTimedSerializer:
    return _Serializer(secret, salt=f"baton.{purpose}", signer=_Signer)
