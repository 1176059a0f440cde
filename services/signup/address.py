"""E-mail addresses: which are taken, and in which form they are kept.

An internationalized domain is kept in its ASCII form, so that every mail server can be given it and two spellings are
one address. An internationalized part before the @ is refused: only servers with SMTPUTF8 (RFC 6531) could reach it,
and a signup whose confirmation cannot arrive would be lost.
"""

from __future__ import annotations

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from .rules import Refused
from .rules.text import EMAIL_MOST, line

REMEDY = "Write it as in ada@example.org."
_PLAIN = re.compile(r"[A-Za-z0-9_+-]{1,64}(?:\.[A-Za-z0-9_+-]{1,64})*\Z")


def checked(field: str, typed: str) -> str:
    """The address as kept: what stands before the @ as typed, the domain in ASCII and lower case.

    With something plain before the @, whether an address is good hangs on its domain alone, and those repeat.

    :raises Refused: it is no address that mail can be sent to.
    """
    local, _, domain = typed.partition("@")
    if len(local) <= 64 and _PLAIN.match(local) and len(typed) <= EMAIL_MOST:
        known = _domain(domain)
        if known and len(local) + 1 + len(known) <= EMAIL_MOST:
            return f"{local}@{known}"
    return _checked(field, typed)


@lru_cache(maxsize=4096)
def _domain(typed: str) -> str | None:
    """The domain as kept; None when it is none that mail can be sent to."""
    try:
        return _checked("email", f"a@{typed}").partition("@")[2]
    except Refused:
        return None


def _checked(field: str, typed: str) -> str:
    typed = line(field, typed, most=4 * EMAIL_MOST)
    if not typed:
        raise Refused(field, "The e-mail address is missing.", REMEDY)
    try:
        found = validate_email(typed, strict=True, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        why = str(error).rstrip(".").replace("email address", "address")
        raise Refused(field, f"This is not an e-mail address: {why}.", REMEDY) from None
    kept: str | None = found.ascii_email
    if not kept:
        raise Refused(
            field,
            "Many mail servers cannot deliver to letters like these before the @.",
            "Give an address with a-z, digits and . _ + - before the @; the part after it may be in any script.",
        )
    if "." not in found.ascii_domain:
        raise Refused(field, "The part after the @ is not complete.", REMEDY)
    if len(kept) > EMAIL_MOST:
        raise Refused(field, f"This address is longer than {EMAIL_MOST} characters.", REMEDY)
    return kept
