"""DKIM: a signature in each letter, by which servers know that it is the domain's and was not changed on its way.

RFC 6376, rsa-sha256, relaxed/relaxed, with the key that BATON_DKIM_KEY names. (dkimpy, which the tests verify with,
signs by an RSA written in Python: that costs more than all else that a mail does.) What a reader or their mail program
acts on is signed; what must not be added to a letter, such as a second From, is signed once more than it is there.
"""

from __future__ import annotations

import hashlib
import os
import re
from base64 import b64encode
from functools import lru_cache
from pathlib import Path
from typing import Any

from shared import clock, config

from . import letter

BITS = 2048
# RFC 6376, 5.4.1; and what RFC 8058 wants to be signed for the one click.
SIGNED = ("from", "to", "subject", "date", "message-id", "reply-to", "mime-version", "content-type", "content-language",
          "auto-submitted", "list-id", "list-unsubscribe", "list-unsubscribe-post")  # fmt: skip
ONCE = ("from", "to", "subject", "date", "reply-to", "content-type")  # a second one would be read by some
_FOLD, _SPACE = re.compile(rb"\r\n(?=[ \t])"), re.compile(rb"[ \t]+")


class BadKey(ValueError):
    """There is no key to sign with; the message says why and what to do."""


def sign(raw: bytes, settings: config.Config) -> bytes:
    """The letter with its signature in front, or as it is where no key is set.

    :param raw: with CRLF, as `letter.write` made it.
    """
    if not settings.dkim_key:
        return raw
    head, _, body = raw.partition(b"\r\n\r\n")
    found: dict[str, list[bytes]] = {}
    for line in _FOLD.sub(b"", head).split(b"\r\n"):
        field, _, words = line.partition(b":")
        found.setdefault(field.strip().lower().decode("ascii", "replace"), []).append(words)
    names: list[str] = []
    signed: list[bytes] = []
    for name in SIGNED:
        for value in reversed(found.get(name, [])):
            names.append(name)
            signed.append(_header(name, value))
        if name in ONCE:
            names.append(name)
    digest = b64encode(hashlib.sha256(_body(body)).digest()).decode()
    tags = (
        f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain(settings)}; s={settings.dkim_selector};\r\n"
        f" t={int(clock.machine())}; bh={digest};\r\n"
        f" h={':'.join(names[:8])}\r\n :{':'.join(names[8:])};\r\n b="
    )
    signed.append(_header("dkim-signature", _FOLD.sub(b"", tags.encode())))
    made = b64encode(_signature(settings.dkim_key, b"\r\n".join(signed))).decode()
    folded = "\r\n ".join(made[start : start + 72] for start in range(0, len(made), 72))
    return f"DKIM-Signature: {tags}{folded}\r\n".encode() + raw


def domain(settings: config.Config) -> str:
    """Whose signature it is: BATON_DKIM_DOMAIN, or that of BATON_MAIL_FROM."""
    return settings.dkim_domain or letter.address_of(settings.mail_from).rpartition("@")[2].lower()


def _header(name: str, value: bytes) -> bytes:
    """A header in relaxed form (3.4.2), without its end."""
    return name.encode() + b":" + _SPACE.sub(b" ", value).strip(b" ")


def _body(body: bytes) -> bytes:
    """A body in relaxed form (3.4.4)."""
    plain = body.replace(b"\t", b" ")  # a pattern that looks at every space takes ten times as long
    while b"  " in plain:
        plain = plain.replace(b"  ", b" ")
    plain = plain.replace(b" \r\n", b"\r\n").rstrip(b"\r\n ")
    return plain + b"\r\n" if plain else b""


def _signature(path: str, octets: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return bytes(_key(path).sign(octets, padding.PKCS1v15(), hashes.SHA256()))


@lru_cache(4)
def _key(path: str) -> Any:
    """The key in that file, read once in a process.

    :raises BadKey: there is none.
    """
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(Path(path).read_bytes(), None)
    except OSError as error:
        raise BadKey(f"{path} cannot be read ({(error.strerror or 'no such name').lower()})") from None
    except (ValueError, TypeError):
        raise BadKey(f"{path} is no private key in PEM without a password") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < 1024:
        raise BadKey(f"{path} is no RSA key of 1024 bits or more")
    return key


def public(path: str) -> str:
    """What the domain tells of the key in that file: the value of its TXT record.

    :raises BadKey: there is no such key.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    spoken = _key(path).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={b64encode(spoken).decode()}"


def make(path: Path) -> None:
    """A new key in a file that nobody else can read.

    :raises FileExistsError: there is a file; it is left as it is.
    """
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(65537, BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
