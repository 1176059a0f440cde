"""The proof that a mail was ours, which comes back with it: its id and a signature, in 42 letters and digits.

It goes out as a header, which servers return with what they cannot deliver, and, with BATON_RETURN_PATH, in the address
that they return it to (VERP). Nobody who has not seen the mail can make one, so nobody else can say that it came back.
Upper and lower case mean the same: some servers change the case of addresses.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32decode, b32encode
from collections.abc import Iterator
from uuid import UUID

from shared import config

HEADER = "X-Baton-Mail"
PLACE = "*"  # in BATON_RETURN_PATH, where the proof is put
LENGTH = 42
_SHAPE = re.compile(rb"(?<![A-Za-z0-9])[A-Za-z2-7]{42}(?![A-Za-z0-9])")
_MOST = 2000  # looked at in one mail


def make(id: str) -> str:
    """The proof of the mail with that id."""
    whole = bytes.fromhex(id.replace("-", ""))
    return (b32encode(whole).rstrip(b"=") + b32encode(_signature(whole))).decode().lower()


def find(octets: bytes) -> Iterator[str]:
    """The ids of our mails that these octets prove to have seen."""
    for _, found in zip(range(_MOST), _SHAPE.finditer(octets), strict=False):
        letters = found[0].upper()
        try:
            whole = b32decode(letters[:26] + b"======")
            signature = b32decode(letters[26:])
        except ValueError:
            continue
        if hmac.compare_digest(signature, _signature(whole)):
            yield str(UUID(bytes=whole))


def envelope(id: str, sender: str) -> str:
    """Whom the mail with that id comes back to: its own address under BATON_RETURN_PATH, or else `sender`."""
    path = config.current().return_path
    return path.replace(PLACE, make(id)) if path else sender


def _signature(whole: bytes) -> bytes:
    key = f"notifications.proof/{config.current().secret}".encode()
    return hmac.digest(key, whole, "sha256")[:10]
