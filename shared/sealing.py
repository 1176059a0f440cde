"""Secrets that people type and Baton has to say again (a chat's webhook): in tables they stand sealed by BATON_SECRET.

So neither a backup nor a copy of a database shows them. What Baton only compares is hashed or signed instead (tokens).
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from . import config

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class Unsealable(ValueError):
    """It was sealed by another secret, or is no seal."""


def seal(text: str) -> str:
    """The text as it may stand in a table; another one each time."""
    return _fernet().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed.

    :raises Unsealable: with another BATON_SECRET, or never.
    """
    from cryptography.fernet import InvalidToken

    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unsealable("it was sealed by another BATON_SECRET") from None


def _fernet() -> Fernet:
    from cryptography.fernet import Fernet  # here: few ever seal anything, and it is large

    # The secret is long and random (config sees to that), so that a plain hash is as good as a slow one.
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"baton.seal {config.current().secret}".encode()).digest()))
