"""What a mail that comes back says of the address it went to, pure.

Hard: there is no such mailbox. Soft: it takes no mail at present, or the way to it is broken. Ours: the mail itself or
its sender was refused, which says nothing about the address. None: it has not come back at all, as yet.
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import IntEnum

from . import hard


class Back(IntEnum):
    """The heavier the later: of several reports in one mail the heaviest counts."""

    NONE = 0
    OURS = 1
    SOFT = 2
    HARD = 3


SOFT_DAYS = 5  # on so many days an address must have refused mail for a while …
SOFT_WITHIN = timedelta(days=30)  # … within so long, before it gets only duty mail
SOFT_FOR = 30 * 86_400.0  # seconds after which other mail is tried again: a full mailbox may have been read since

_NOT_FAILED = {"delayed", "delivered", "relayed", "expanded"}
_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_PLAIN = re.compile(r"(?<![\d.])([45]\d\d)(?=[ -])")
_OURS = re.compile(r"5\.(7\.\d+|6\.\d+|3\.4|1\.[78])")


def judge(action: str, status: str, diagnostic: str = "") -> Back:
    """What one recipient's part of a report means (RFC 3464, 2.3.3, 2.3.4 and 2.3.6).

    A status that says only "failed" (x.0.0) gives way to what the server said, when that is more exact.
    """
    if action.strip().lower() in _NOT_FAILED:
        return Back.NONE
    told = [found for each in (status, diagnostic) if (found := _ENHANCED.search(each))]
    code = next((found[0] for found in told if (found[2], found[3]) != ("0", "0")), told[0][0] if told else "")
    if code.startswith("2."):
        return Back.NONE
    plain = _PLAIN.search(diagnostic)
    if code.startswith("5.") and not code.endswith(".0.0"):
        return Back.OURS if _OURS.fullmatch(code) else Back.HARD if hard(550, code) else Back.SOFT
    if plain and not code.startswith("4."):
        return Back.HARD if hard(int(plain[1]), "") else Back.SOFT
    return Back.SOFT
