"""The crowd: people who sign up over HTTP, confirm with the link out of their mail, and change their minds.

A step is tried again, with the same Idempotency-Key, until it is answered: whoever pressed a button and saw an error
presses it again. What counts as accepted is what a person saw: 202 for a sign-up, 303 for the rest.
"""

from __future__ import annotations

import heapq
import http.client
import json
import random
import ssl
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from .post import Taken

TIMEOUT = 15.0
AGAIN_AFTER = 0.5
CHANGES = ("correct", "pause", "come-back", "stream")
PATHS = {"correct": "/signup/me/answers", "pause": "/signup/me/pause", "come-back": "/signup/me/come-back",
         "stream": "/signup/me/stream"}  # fmt: skip


@dataclass
class Person:
    """One of the crowd, and what they were promised."""

    number: int
    email: str
    name: str
    stream: str
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    signed_up: bool = False
    confirmed: bool = False
    changes: list[str] = field(default_factory=list)  # still to do, in order
    changed: int = 0
    link: str = ""
    cookie: str = ""
    tries: int = 0  # of the present step
    refused: str = ""  # an answer that says no: the harness or Baton is wrong


class Crowd:
    """Threads that do what is due; `add` spreads sign-ups over time, `hear` is called by the post office."""

    def __init__(self, base_url: str, seed: int, certificate: Path | None = None, threads: int = 8) -> None:
        """
        :param certificate: whom to trust at an https address.
        """
        self.base = urlsplit(base_url)
        self.tls = ssl.create_default_context(cafile=certificate) if certificate else None
        self.people: dict[str, Person] = {}
        self.trouble = 0  # answers that were none: broken connections, timeouts, 5xx
        self._random = random.Random(seed)
        self._due: list[tuple[float, int, str, Person]] = []
        self._count = 0
        self._busy = 0
        self._changed = threading.Condition()
        self._over = False
        for number in range(threads):
            threading.Thread(target=self._work, name=f"crowd-{number}", daemon=True).start()

    def add(self, count: int, seconds: float) -> None:
        """Let `count` more people sign up, evenly over the next `seconds`."""
        start = time.monotonic()
        for place in range(count):
            number = len(self.people)
            streams = ["stream1", "stream2", "stream3"]
            person = Person(number, f"person{number}@chaos.test", f"Person {number}", self._random.choice(streams))
            if number % 3 == 0:
                person.changes = list(CHANGES[: self._random.randint(1, len(CHANGES))])
            self.people[person.email] = person
            self._put(start + seconds * place / max(count, 1), "sign-up", person)

    def hear(self, taken: Taken) -> None:
        """A mail arrived. People press the button of the first one that asks them to confirm."""
        person = self.people.get(taken.recipient)
        if person and taken.kind == "confirm" and not person.link and "confirm" in taken.links:
            person.link = taken.links["confirm"]
            self._put(time.monotonic(), "confirm", person)

    def idle(self) -> bool:
        """Nobody has anything to do but to wait for mail."""
        with self._changed:
            return not self._due and not self._busy

    def stop(self) -> None:
        """Nobody does anything any more."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _put(self, when: float, step: str, person: Person) -> None:
        with self._changed:
            self._count += 1
            heapq.heappush(self._due, (when, self._count, step, person))
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._over and (not self._due or self._due[0][0] > time.monotonic()):
                    wait = self._due[0][0] - time.monotonic() if self._due else None
                    self._changed.wait(wait)
                if self._over:
                    return
                _, _, step, person = heapq.heappop(self._due)
                self._busy += 1
            try:
                self._do(step, person)
            finally:
                with self._changed:
                    self._busy -= 1

    def _do(self, step: str, person: Person) -> None:
        person.tries += 1
        try:
            status, headers, body = self._step(step, person)
        except (OSError, http.client.HTTPException):
            status, headers, body = 0, {}, b""
        done = status == (202 if step == "sign-up" else 303)
        # The first try may have been taken although its answer was lost; then pausing again is refused.
        done = done or (status == 409 and step in PATHS and person.tries > 1)
        if not done and 400 <= status < 500:
            person.refused = f"{step}: {status} {body[:200].decode(errors='replace')}"
            return
        if not done:
            self.trouble += 1
            return self._put(time.monotonic() + AGAIN_AFTER, step, person)
        person.tries = 0
        if step == "sign-up":
            person.signed_up = True
            return
        if step == "confirm":
            person.confirmed = True
            person.cookie = headers.get("Set-Cookie", "").partition(";")[0]
        else:
            person.changed += 1
        if person.changes:
            self._put(time.monotonic(), person.changes.pop(0), person)

    def _step(self, step: str, person: Person) -> tuple[int, Any, bytes]:
        if step == "sign-up":
            body = {"name": person.name, "email": person.email, "stream": person.stream, "timezone": "America/Toronto",
                    "charter": "1", "answers": {}}  # fmt: skip
            key = {"Idempotency-Key": person.key}
            return self._post("/signup/api/signups", json.dumps(body), "application/json", key)
        form, headers = {}, {"Cookie": person.cookie}
        if step == "confirm":
            return self._post(urlsplit(person.link).path, "", "application/x-www-form-urlencoded", {})
        if step == "correct":
            form = {"name": f"{person.name} the Second", "timezone": "Europe/Berlin", "github": "", "blog": ""}
        if step == "stream":
            form = {"stream": "stream2" if person.stream == "stream1" else "stream1"}
        return self._post(PATHS[step], urlencode(form), "application/x-www-form-urlencoded", headers)

    def _post(self, path: str, body: str, type: str, headers: dict[str, str]) -> tuple[int, Any, bytes]:
        host, port = self.base.hostname or "", self.base.port
        connection = (
            http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=self.tls)
            if self.tls
            else http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        )
        try:
            connection.request("POST", path, body.encode(), {"Content-Type": type, **headers})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()
