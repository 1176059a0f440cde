"""Quoted-printable (RFC 2045, 6.7), line by line: 7 bits, so that any server takes it."""

from __future__ import annotations

import binascii
from functools import lru_cache


def quoted(text: str | bytes) -> bytes:
    """A body, with CRLF."""
    octets = text.encode("utf-8", "replace") if isinstance(text, str) else text
    # A bare CR must not reach the wire: some servers read "\\r.\\r" as the end of a mail.
    lines = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return b"\r\n".join(map(line, lines))


@lru_cache(2048)  # letters of one kind differ in few lines
def line(octets: bytes) -> bytes:
    """One line, without its end, in as many as it takes."""
    return binascii.b2a_qp(octets, istext=True).replace(b"\n", b"\r\n")


def begun(octets: bytes) -> bytes:
    """A part of a line that something follows: it ends softly, where it is not empty."""
    # With a letter behind it, what is before that keeps to lines with room for their end.
    coded = line(octets + b"x")[:-1] if octets else b""
    return coded if not coded or coded.endswith(b"=\r\n") else coded + b"=\r\n"
