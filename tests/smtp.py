"""An SMTP server that can misbehave at every step, and remembers what it took.

`Server(plan)` listens on loopback. `plan(step, talk)` is asked before each answer, where step is connect, ehlo, mail,
rcpt, data or dot, and gives None (behave), a reply as "451 4.3.0 later", or one of DROP (hang up at once),
TAKE_AND_DROP (at dot: keep the mail, hang up without a word), STALL (never answer), NOISE (answer what is not SMTP).
Its own list `taken` is the truth that the ledger is held against.
"""

from __future__ import annotations

import email
import socket
import socketserver
import ssl
import threading
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

DROP, TAKE_AND_DROP, STALL, NOISE = "drop", "take and drop", "stall", "noise"


@dataclass
class Talk:
    """One connection: what was said so far."""

    number: int
    sender: str = ""
    recipient: str = ""
    mails: int = 0
    user: str = ""
    encrypted: bool = False


@dataclass(frozen=True)
class Taken:
    """A mail that this server has, whatever it answered."""

    sender: str
    recipient: str
    raw: bytes
    talk: int
    encrypted: bool

    @property
    def id(self) -> str:
        """The left side of the Message-ID: the id of its row in the ledger."""
        return str(email.message_from_bytes(self.raw)["Message-ID"]).strip("<>").partition("@")[0]


Plan = Callable[[str, Talk], str | None]


@dataclass
class Server:
    """Use it as a context manager; `url` is what BATON_SMTP_URL takes."""

    plan: Plan = lambda _step, _talk: None
    extensions: tuple[str, ...] = ("SIZE 10000000", "8BITMIME", "SMTPUTF8")
    tls: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    taken: list[Taken] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __enter__(self) -> Server:
        self.over = threading.Event()
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                try:
                    _Connection(server, self).run()
                except (OSError, _HangUp):
                    pass

        class Listener(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._listener = Listener(("127.0.0.1", 0), Handler)
        self.port = self._listener.server_address[1]
        threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._listener.shutdown()
        self._listener.server_close()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def ids(self) -> list[str]:
        """Ids of the mails it took, in order."""
        return [mail.id for mail in self.taken]

    def wait_for(self, test: Callable[[Server], Any], seconds: float = 10.0) -> None:
        """Wait until `test(self)` holds."""
        until = time.monotonic() + seconds
        while not test(self):
            assert time.monotonic() < until, "the server waited in vain"
            time.sleep(0.01)


class _HangUp(Exception):
    pass


class _Connection:
    def __init__(self, server: Server, handler: socketserver.StreamRequestHandler) -> None:
        self.server, self.handler = server, handler
        self.talk = Talk(len(server.talks) + 1)
        server.talks.append(self.talk)

    def run(self) -> None:
        self._answer("connect", "220 test")
        while line := self.handler.rfile.readline().decode("utf-8", "replace").rstrip("\r\n"):
            self.server.said.append(line)
            verb = line.split(" ")[0].upper()
            getattr(self, f"_{verb.lower()}", self._unknown)(line)

    def _unknown(self, _line: str) -> None:
        self._send("500 what?")

    def _ehlo(self, _line: str) -> None:
        offers = list(self.server.extensions)
        if self.server.tls and not self.talk.encrypted:
            offers.append("STARTTLS")
        if self.server.login:
            offers.append("AUTH PLAIN")
        lines = ["test", *offers]
        self._answer("ehlo", "\r\n".join(f"250{'-' if i < len(lines) - 1 else ' '}{x}" for i, x in enumerate(lines)))

    def _starttls(self, _line: str) -> None:
        assert self.server.tls
        self._send("220 go")
        connection = self.server.tls.wrap_socket(self.handler.connection, server_side=True)
        self.handler.connection = connection
        self.handler.rfile = connection.makefile("rb")
        self.handler.wfile = connection.makefile("wb")
        self.talk.encrypted = True

    def _auth(self, line: str) -> None:
        _, user, password = b64decode(line.split(" ")[2]).decode().split("\0")
        self.talk.user = user
        self._answer("auth", "235 welcome" if (user, password) == self.server.login else "535 5.7.8 wrong password")

    def _rset(self, _line: str) -> None:
        self.talk.sender = self.talk.recipient = ""
        self._answer("rset", "250 ok")

    def _noop(self, _line: str) -> None:
        self._send("250 ok")

    def _quit(self, _line: str) -> None:
        self._send("221 bye")
        raise _HangUp

    def _mail(self, line: str) -> None:
        self.talk.sender, self.talk.recipient = line.split("<")[1].split(">")[0], ""
        self._answer("mail", "250 ok")

    def _rcpt(self, line: str) -> None:
        self.talk.recipient = line.split("<")[1].split(">")[0]
        if not self._answer("rcpt", "250 ok"):
            self.talk.recipient = ""

    def _data(self, _line: str) -> None:
        if not self.talk.recipient:
            self._send("503 5.5.1 nobody to send it to")  # asked in a group with the address that was refused
            return
        if not self._answer("data", "354 go on"):
            return
        lines = []
        while (line := self.handler.rfile.readline()) != b".\r\n":
            if not line:
                raise _HangUp  # no dot: not a mail
            lines.append(line[1:] if line.startswith(b".") else line)
        self.talk.mails += 1
        plan = self.server.plan("dot", self.talk)
        if plan is None or plan in (TAKE_AND_DROP, STALL, NOISE) or plan.startswith("2"):
            talk = self.talk
            self.server.taken.append(Taken(talk.sender, talk.recipient, b"".join(lines), talk.number, talk.encrypted))
        self._act(plan, "250 taken")

    def _answer(self, step: str, usual: str) -> bool:
        """Answer as planned; True when that was the usual answer."""
        plan = self.server.plan(step, self.talk)
        self._act(plan, usual)
        return plan is None

    def _act(self, plan: str | None, usual: str) -> None:
        if plan in (DROP, TAKE_AND_DROP):
            self.handler.connection.shutdown(socket.SHUT_RDWR)
            raise _HangUp
        if plan == STALL:
            self.server.over.wait(60)
            raise _HangUp
        if plan == NOISE:
            self._send("HTTP/1.1 200 OK")
            return
        self._send(plan or usual)
        if plan and plan.startswith("421"):
            raise _HangUp

    def _send(self, line: str) -> None:
        self.handler.wfile.write(line.encode() + b"\r\n")
        self.handler.wfile.flush()


def at(step: str, answer: str, when: Callable[[Talk], bool] = lambda _talk: True, times: int | None = None) -> Plan:
    """A plan: this answer at that step, at most `times` times."""
    left = [times if times is not None else 1_000_000]

    def plan(asked: str, talk: Talk) -> str | None:
        if asked == step and when(talk) and left[0] > 0:
            left[0] -= 1
            return answer
        return None

    return plan
