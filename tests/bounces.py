"""Mails that come back, as the servers of this world write them."""

from __future__ import annotations

import email
from base64 import b64encode


def headers_of(raw: bytes) -> bytes:
    """The head of a letter, as servers return it."""
    return raw.partition(b"\r\n\r\n")[0] + b"\r\n"


def report(raw: bytes, status: str = "5.1.1", said: str = "550 5.1.1 no such user", action: str = "failed",
           sender: str = "MAILER-DAEMON@mx.example.net", to: str = "baton@localhost", whole: bool = False,
           number: int = 0) -> bytes:  # fmt: skip
    """A report as RFC 3464 has it, for a letter."""
    letter = email.message_from_bytes(raw)
    kind = "message/rfc822" if whole else "text/rfc822-headers"
    lines = [
        f"From: Mail Delivery System <{sender}>", f"To: {to}", "Subject: Undelivered Mail Returned to Sender",
        f"Message-ID: <report.{number}.{letter['Message-ID'][1:9]}@mx.example.net>", "Auto-Submitted: auto-replied",
        "Date: Mon, 4 Jan 2027 09:30:00 +0000", "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"', "",
        "--b1", "Content-Type: text/plain; charset=us-ascii", "", "I'm sorry to have to inform you.", "",
        "--b1", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.example.net",
        "Arrival-Date: Mon, 4 Jan 2027 09:00:00 +0000", "", f"Final-Recipient: rfc822; {letter['To']}",
        f"Action: {action}", f"Status: {status}", f"Diagnostic-Code: smtp; {said}", "",
        "--b1", f"Content-Type: {kind}", "", "",
    ]  # fmt: skip
    returned = raw if whole else headers_of(raw)
    return "\r\n".join(lines).encode() + returned + b"\r\n--b1--\r\n"


def in_words(raw: bytes, words: str, to: str, **headers: str) -> bytes:
    """A mail of a server that says in words only what became of a letter."""
    given = {"From": "MAILER-DAEMON@qmail.example.net", "To": to, "Subject": "failure notice", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{head}\r\n{words}\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n".encode() + raw


def exchange(raw: bytes, to: str) -> bytes:
    """As an Exchange server of before writes: no report, the words in base64 and UTF-16, a winmail.dat beside them."""
    words = b64encode("Your message did not reach its recipient. 550 5.1.10 RESOLVER.ADR.RecipientNotFound".encode(
        "utf-16")).decode()  # fmt: skip
    letter = email.message_from_bytes(raw)
    lines = [
        "From: MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoso.example", f"To: {to}",
        "Subject: Undeliverable: News", f"In-Reply-To: {letter['Message-ID']}", "X-MS-Exchange-Message-Is-Ndr:",
        "MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b1"', "",
        "--b1", "Content-Type: text/plain; charset=utf-16", "Content-Transfer-Encoding: base64", "", words,
        "--b1", 'Content-Type: application/ms-tnef; name="winmail.dat"', "Content-Transfer-Encoding: base64", "",
        b64encode(b"\x78\x9f\x3e\x22" * 500).decode(), "--b1--", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()
