"""The post office: an SMTP server in the harness, which writes down every message it takes before it says so.

It lives in the harness's own process, so its book survives whatever is killed. Standing in for a relay, it offers
PIPELINING (RFC 2920) and 8BITMIME, and takes a few milliseconds for each message.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import random
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

LINK = re.compile(r"https?://\S+/signup/(confirm|enter|sign-in)/[\w.~-]+")


@dataclass(frozen=True)
class Taken:
    """A message that was accepted. `links`: purpose to URL, of the mailed links in its text."""

    id: str
    kind: str
    recipient: str
    links: dict[str, str]


class PostOffice:
    """Serves in a thread of its own; `taken` is the book."""

    def __init__(self, seed: int, tell: Callable[[Taken], None] = lambda taken: None) -> None:
        """
        :param tell: called for each accepted message before its sender hears of it.
        """
        self.taken: list[Taken] = []
        self.tell = tell
        self.port = 0
        self._random = random.Random(seed)
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="post", daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def accepted(self) -> Counter[str]:
        """How often each Message-ID was accepted."""
        return Counter(taken.id for taken in self.taken)

    def stop(self) -> None:
        """Close it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._talk, "127.0.0.1", 0, limit=1 << 20))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        talks = asyncio.all_tasks(self._loop)
        for talk in talks:
            talk.cancel()
        self._loop.run_until_complete(asyncio.gather(*talks, return_exceptions=True))
        self._loop.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._session(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # the sender died, or the run is over; what was not ended with a dot was never taken
        finally:
            writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")

        recipients: list[str] = []
        say("220 post.chaos.test ESMTP")
        while True:
            await writer.drain()
            line = (await reader.readuntil(b"\r\n")).decode(errors="replace").strip()
            verb = line[:4].upper()
            if verb == "EHLO":
                for word in ("250-post.chaos.test", "250-PIPELINING", "250-8BITMIME", "250 SMTPUTF8"):
                    say(word)
            elif verb == "RCPT":
                recipients.append(line.partition("<")[2].partition(">")[0])
                say("250 2.1.5 ok")
            elif verb == "DATA":
                say("354 go on")
                await writer.drain()
                text = await reader.readuntil(b"\r\n.\r\n")
                await asyncio.sleep(self._random.uniform(0.002, 0.02))
                for recipient in recipients:
                    self._take(recipient, text)
                recipients = []
                say("250 2.0.0 taken")
            elif verb == "QUIT":
                say("221 bye")
                await writer.drain()
                return
            else:  # HELO, MAIL, RSET, NOOP
                if verb in {"MAIL", "RSET"}:
                    recipients = []
                say("250 ok")

    def _take(self, recipient: str, text: bytes) -> None:
        message = email.message_from_bytes(text, policy=email.policy.default)
        body = message.get_body(("plain",))
        found = {match[1]: match[0] for match in LINK.finditer(body.get_content() if body else "")}
        kind = str(message["List-Id"] or "").strip("<>").partition(".")[0]
        taken = Taken(str(message["Message-ID"]), kind, recipient, found)
        self.taken.append(taken)
        self.tell(taken)
