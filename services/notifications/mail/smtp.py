"""One kept connection to the relay, spoken step by step.

Not `smtplib.SMTP.sendmail`: the ledger must be able to commit between RCPT and DATA and must know whether the final dot
may have gone out, so the steps of one mail are methods of their own here. smtplib still does the talking: replies,
TLS, AUTH.

The end of one mail goes out with the envelope of the next, and with its DATA if that is marked already: as one packet
to a server that takes commands in groups (RFC 2920), so that a mail costs one journey there and back; else one by one.

Every failure comes out as `Refused` with its stage and reply; `rules.judge` says what it means. After a failure the
connection is reset or closed, so that the next mail starts clean.
"""

from __future__ import annotations

import math
import select
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from shared import clock, config

from ..rules import Stage

STEP_SECONDS = 10.0  # for one command; the final dot may take what is left of the task
IDLE_SECONDS = 5.0  # a connection unused for longer is asked whether it still lives


class Refused(Exception):
    """The relay said no, or nothing that can be understood (`code` None)."""

    def __init__(self, stage: Stage, code: int | None, text: str) -> None:
        super().__init__(f"{stage}: {f'{code} ' if code else ''}{text}")
        self.stage, self.code, self.text = stage, code, text


Envelope = tuple[str, str, int]  # sender, recipient, octets
_GOOD = {Stage.MAIL: (250,), Stage.RCPT: (250, 251), Stage.DATA: (354,), Stage.DOT: range(200, 300)}


class Followed(NamedTuple):
    """How the end of one mail (`ended`) and the beginning of the next (`refused`) were answered; None: well."""

    ended: Refused | None
    refused: Refused | None


@dataclass(frozen=True)
class Where:
    """A relay as BATON_SMTP_URL names it: `smtp://user:password@host:port`, or `smtps://` for TLS from the start."""

    host: str
    port: int
    user: str | None
    password: str
    tls: bool

    @classmethod
    def parse(cls, url: str) -> Where:
        parts = urlsplit(url)
        tls = parts.scheme == "smtps"
        user = unquote(parts.username) if parts.username else None
        return cls(parts.hostname or "", parts.port or (465 if tls else 25), user, unquote(parts.password or ""), tls)

    @property
    def near(self) -> bool:
        """On this machine: nobody listens in between, and certificates there are self-made."""
        return self.host in config.LOOPBACK


class Relay:
    """A connection that is opened when needed and kept from mail to mail. Not for two threads at once."""

    def __init__(self, where: Where) -> None:
        self.where = where
        self.until = 0.0  # machine time at which the task must be over; set by its user
        self._smtp: smtplib.SMTP | None = None
        # Of this connection: seconds that its quickest answer took, since it cannot be further away than that.
        self.journey = math.inf
        self.answers = 0
        self._asked: float | None = None  # when what is not answered yet was sent
        self._text = b""  # of the open mail, and not sent yet
        self._used = 0.0
        self._clean = False  # no transaction open

    def greet(self) -> None:
        """Connect and sign on, nothing more: is it there, and does it let us in?

        :raises Refused: it is out of reach, or refuses us.
        """
        self._ready()

    # ---- one mail: follow (its envelope), data, body, follow (its end) ----

    def follow(self, end: bool, envelope: Envelope | None = None, data: bool = False) -> Followed:
        """End the mail whose text went out, if `end`, and begin the next, if any: MAIL, RCPT and, with `data`, DATA.

        A kept connection that has gone away meanwhile is replaced once, silently.

        :returns: how each was answered; nothing is raised.
        """
        kept, ended = self._smtp is not None, None
        told = self._follow(end, envelope, data)
        if end:
            kept, ended = True, told.ended
        gone = told.refused
        if kept and gone and gone.stage in (Stage.MAIL, Stage.RCPT) and (gone.code is None or gone.code == 421):
            self.close()
            told = self._follow(False, envelope, data)
        return Followed(ended, told.refused)

    def data(self) -> None:
        """DATA.

        :raises Refused: anything but 354.
        """
        code, text = self._say(Stage.DATA, "DATA")
        if code != 354:
            self._fail(Stage.DATA, code, text)

    def body(self, raw: bytes, wait: bool = False) -> None:
        """The text, with dots quoted, but for the line that ends it: without that the server may not deliver.

        :param wait: send it with what ends it, where that can be: one packet less.
        :raises Refused: the connection broke.
        """
        text = raw.replace(b"\n.", b"\n..")  # RFC 5321, 4.5.2; a regular expression takes as long as all the rest
        if text.startswith(b"."):
            text = b"." + text
        if not text.endswith(b"\r\n"):
            text += b"\r\n"
        if wait and self._groups and self._listens():
            self._text = text
        else:
            self._send(Stage.BODY, text)

    def _follow(self, end: bool, envelope: Envelope | None, data: bool) -> Followed:
        ended: Refused | None = None
        refused: Refused | None = None
        steps: list[tuple[Stage, bytes]] = [(Stage.DOT, b".\r\n")] if end else []
        try:
            if not end:
                self._ready()
            if envelope:
                try:
                    steps += self._envelope(envelope, data)
                except Refused as cannot:
                    refused = cannot
            for stage, code, text in self._talk(steps):
                answer = None if code in _GOOD[stage] else Refused(stage, code, text)
                if stage is Stage.DOT:
                    ended, self._used, self._clean = answer, clock.machine(), True
                elif stage is Stage.MAIL:
                    self._clean = False
                if stage is not Stage.DOT:
                    if refused and stage is Stage.DATA and answer is None:
                        self._say(Stage.DATA, ".")  # RFC 2920, 3.1: it waits for a text that has no reader
                    refused = refused or answer
                if code == 421:  # RFC 5321, 3.8: the server closes
                    self.close()
                    if envelope and refused is None:
                        refused = Refused(Stage.MAIL, None, "the server closed the connection")
                    break
                if refused and not self._groups:
                    break
        except Refused as broken:
            if broken.stage is Stage.DOT:
                ended, refused = broken, Refused(Stage.MAIL, None, "the connection broke") if envelope else None
            else:
                refused = refused or broken
        return Followed(ended, refused)

    def _talk(self, steps: list[tuple[Stage, bytes]]) -> Iterator[tuple[Stage, int, str]]:
        """Stage, code and words of each answer."""
        if self._groups and steps:
            text, self._text = self._text, b""
            self._send(steps[0][0], text + b"".join(octets for _, octets in steps))
        for stage, octets in steps:
            patient = stage is Stage.DOT
            if not self._groups:
                self._send(stage, octets, self._left(patient))
            yield stage, *self._reply(stage, patient)

    @property
    def _groups(self) -> bool:
        return self._smtp is not None and self._smtp.has_extn("pipelining")

    def _listens(self) -> bool:
        """Whether it can be seen without waiting that the server has neither hung up nor spoken: TLS hides that.

        :raises Refused: it has hung up, so it has nothing of the text.
        """
        sock = self._smtp.sock if self._smtp else None
        if sock is None or isinstance(sock, ssl.SSLSocket):
            return False
        if not _speaks(sock):
            return True
        try:
            gone = not sock.recv(1, socket.MSG_PEEK)
        except OSError:
            gone = True
        if gone:
            self.close()
            raise Refused(Stage.BODY, None, "the connection broke: the server hung up")
        return False

    def reset(self) -> None:
        """Give up a started transaction that has not reached DATA."""
        try:
            if self._say(Stage.MAIL, "RSET")[0] == 250:
                self._clean = True
                return
        except Refused:
            pass
        self.close()

    def close(self) -> None:
        """Drop the connection, whatever is open on it."""
        self._text, self._asked = b"", None
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    # ---- the connection ----

    def _ready(self) -> None:
        if self._smtp is not None and (not self._clean or clock.machine() - self._used > IDLE_SECONDS):
            self.reset()
        if self._smtp is None:
            self._open()

    def _open(self) -> None:
        where = self.where
        self.journey, self.answers, self._asked = math.inf, 0, None
        helo = urlsplit(config.current().base_url).hostname or "localhost"
        timeout = self._left()
        try:
            # Without a host smtplib does not connect yet, so that the greeting's own code is ours to judge.
            if where.tls:
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(local_hostname=helo, timeout=timeout, context=_trust(where.near))
            else:
                smtp = smtplib.SMTP(local_hostname=helo, timeout=timeout)
            smtp._host = where.host  # type: ignore[attr-defined]  # what TLS checks the certificate against
            self._smtp = smtp
            code, text = smtp.connect(where.host, where.port)
            if smtp.sock is not None:
                # The dot is a small packet after the text: Nagle would hold it until the text is acknowledged, 40 ms.
                smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self.close()
            raise Refused(Stage.CONNECT, None, f"{where.host}:{where.port} cannot be reached: {error}") from error
        if code != 220:
            self._fail(Stage.SIGN_ON, code, text.decode("utf-8", "replace"))
        try:
            self._sign_on(smtp)
        except smtplib.SMTPResponseException as error:
            self.close()
            said = error.smtp_error
            text_ = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
            raise Refused(Stage.SIGN_ON, error.smtp_code, text_) from error
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Refused(Stage.SIGN_ON, None, str(error)) from error
        self._used, self._clean = clock.machine(), True

    def _sign_on(self, smtp: smtplib.SMTP) -> None:
        where = self.where
        smtp.ehlo_or_helo_if_needed()
        encrypted = where.tls
        if not encrypted and smtp.has_extn("starttls"):
            smtp.starttls(context=_trust(where.near))
            self._hurry(smtp)
            smtp.ehlo()
            encrypted = True
        if where.user is not None:
            if not encrypted and not where.near:
                raise smtplib.SMTPException(
                    "the relay offers no encryption, so its password was not sent: use smtps:// or another port"
                )
            self._hurry(smtp)
            smtp.login(where.user, where.password)

    def _hurry(self, smtp: smtplib.SMTP) -> None:
        """smtplib's own steps share one timeout a socket; a server slow at each must not eat the whole task."""
        if smtp.sock is not None:
            smtp.sock.settimeout(self._left())

    def _envelope(self, envelope: Envelope, data: bool) -> list[tuple[Stage, bytes]]:
        smtp, (sender, recipient, size) = self._smtp, envelope
        if smtp is None:
            raise Refused(Stage.MAIL, None, "the connection is closed")
        options = f" SIZE={size}" if smtp.has_extn("size") else ""
        if not (recipient.isascii() and sender.isascii()):
            if not smtp.has_extn("smtputf8"):
                raise Refused(Stage.RCPT, 553, "5.6.7 the relay cannot send to an address with letters beyond ASCII")
            options += " SMTPUTF8 BODY=8BITMIME"
        steps = [(Stage.MAIL, f"MAIL FROM:<{sender}>{options}\r\n"), (Stage.RCPT, f"RCPT TO:<{recipient}>\r\n")]
        if data:
            steps.append((Stage.DATA, "DATA\r\n"))
        return [(stage, line.encode()) for stage, line in steps]

    # ---- lines ----

    def _say(self, stage: Stage, line: str) -> tuple[int, str]:
        self._send(stage, line.encode() + b"\r\n")
        return self._reply(stage)

    def _send(self, stage: Stage, octets: bytes, timeout: float | None = None) -> None:
        smtp = self._smtp
        if smtp is None or smtp.sock is None:
            raise Refused(stage, None, "the connection is closed")
        try:
            smtp.sock.settimeout(timeout or self._left())
            spoken = _speaks(smtp.sock)  # unasked, as a server that is about to hang up: that is no answer
            smtp.sock.sendall(octets)
            self._asked = None if spoken else time.perf_counter()
        except OSError as error:
            self.close()
            raise Refused(stage, None, f"the connection broke: {error}") from error

    def _reply(self, stage: Stage, patient: bool = False) -> tuple[int, str]:
        smtp = self._smtp
        if smtp is None or smtp.sock is None:
            raise Refused(stage, None, "the connection is closed")
        try:
            smtp.sock.settimeout(self._left(patient))
            code, text = smtp.getreply()
            if self._asked is not None:
                self.journey = min(self.journey, time.perf_counter() - self._asked)
                self.answers, self._asked = self.answers + 1, None
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Refused(stage, None, f"the connection broke: {error}") from error
        if not 200 <= code <= 599:
            self.close()
            raise Refused(stage, None, f"an answer that is not SMTP: {text.decode('utf-8', 'replace')[:200]}")
        return code, text.decode("utf-8", "replace")

    def _fail(self, stage: Stage, code: int, text: str) -> None:
        if code == 421 or stage in (Stage.CONNECT, Stage.SIGN_ON):
            self.close()  # RFC 5321, 3.8: 421 says that the server closes
        raise Refused(stage, code, text)

    def _left(self, patient: bool = False) -> float:
        """Seconds the next read or write may take; never 0, which would mean "do not block"."""
        left = max(self.until - clock.machine(), 0.5)
        return left if patient else min(STEP_SECONDS, left)


@lru_cache(2)  # to read the certificates of this world takes 30 ms, which each connection would wait for
def _trust(near: bool) -> ssl.SSLContext:
    """What a server's certificate is checked by; one on this machine may have made its own."""
    context = ssl.create_default_context()
    if near:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _speaks(sock: socket.socket) -> bool:
    """Whether there is something to read, be it the end."""
    asked = select.poll()
    asked.register(sock, select.POLLIN)
    return bool(asked.poll(0))


_own = threading.local()


def relay(url: str) -> Relay:
    """This thread's relay, kept from task to task; a new one when the setting changed."""
    kept: Relay | None = getattr(_own, "relay", None)
    where = Where.parse(url)
    if kept is None or kept.where != where:
        if kept is not None:
            kept.close()
        kept = _own.relay = Relay(where)
    return kept
