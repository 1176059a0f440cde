"""WSGI apps behind granian's RSGI: the body of a request is awaited first, then the app computes.

Why not granian's own WSGI: there a thread waits for the body, and with the single thread that is best on SQLite one
client that sends half a form and stalls stops everybody (tried). Many threads that take turns only move the limit,
and cost a quarter of the throughput. Awaiting costs nothing: any number of slow senders wait in the event loop, and
requests compute one at a time in it (SQLite), or eight at a time in threads (PostgreSQL). A file that is given computes
in a thread of its own, where the others do not wait for it. On SQLite, what those who ask at the same moment write is
one commit: they wait for the disk, and for the file's lock, together. There is no deadline for a body: asyncio's costs
a tenth of the throughput, and a public server stands behind a proxy that has one.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

from . import clock, db, faults, log

logger = log.get()

Environ = dict[str, Any]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Body = bytes | BinaryIO | None  # a file: an upload, spooled to disk; None: too large, unread


class Stream:
    """The parts of a long answer, made one after another while it is sent, so that it never lies in memory whole.

    An app gives it as its response (`direct_passthrough`, so that Flask hands it through as it is).
    """

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        """End the making of parts; what they are read from is closed."""
        getattr(self._parts, "close", lambda: None)()


Answer = tuple[int, list[tuple[str, str]], bytes | Stream]
Uploads = Mapping[str, tuple[int, Callable[[Any], bool]]]

FAILED: Answer = (500, [("content-type", "text/plain; charset=utf-8")], b"This could not be kept. Please try again.\n")
LONGEST_COMPANY = 0.02  # seconds of computing before a commit: how long those who write elsewhere may have to wait
LARGEST_BODY = 2 << 20  # apps refuse earlier, with words; this only bounds the memory


class Mount:
    """RSGI: sends a request to the app its first path segment names; `/` and unknown paths to the one in front."""

    def __init__(
        self,
        apps: dict[str, App],
        front: str,
        at_once: int,
        uploads: Uploads | None = None,
        failed: Callable[[Any, Environ, BaseException], Answer] | None = None,
    ) -> None:
        """
        :param at_once: how many requests compute at the same time; 1 means in the event loop itself.
        :param uploads: paths that take more than LARGEST_BODY, all below those that end in a slash: (bytes, who may, by
            the request's headers).
        :param failed: what an app says when the commit of its answer failed (web.failed).
        """
        self.failed = failed
        self.uploads = uploads or {}
        self.below = [(path, taken) for path, taken in self.uploads.items() if path.endswith("/")]
        self.apps = apps
        self.front = apps.get(front) or next(iter(apps.values()))
        self.waiting: deque[tuple[Any, Body, asyncio.Future[Answer]]] = deque()
        self.pool = ThreadPoolExecutor(at_once, "web") if at_once > 1 else None
        self.files = ThreadPoolExecutor(1, "upload")

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        if scope.proto != "http":
            protocol.close(403)
            return
        try:
            body = await read(scope, protocol, self._most(scope))
        except RuntimeError:  # RSGIProtocolClosed: the sender went away
            return
        file = body is not None and not isinstance(body, bytes)
        pool = self.pool or (self.files if file else None)  # a file takes seconds, and all others would wait for it
        if pool is None:
            answer = await self._in_company(scope, body)
        else:
            answer = await asyncio.get_running_loop().run_in_executor(pool, self.answer, scope, body)
        if body is not None and not isinstance(body, bytes):
            body.close()
        if isinstance(answer[2], Stream):
            await self._send(protocol, *answer[:2], answer[2])
        else:
            protocol.response_bytes(*answer)

    def _most(self, scope: Any) -> int:
        """How long a body may be: more than usual where files are given, by whom may give them."""
        found = self.uploads.get(scope.path)
        if found is None:
            found = next((taken for path, taken in self.below if scope.path.startswith(path)), None)
        return found[0] if found and found[1](scope.headers) else LARGEST_BODY

    async def _send(self, protocol: Any, status: int, headers: list[tuple[str, str]], parts: Stream) -> None:
        """A long answer, part by part; between two parts others are answered."""
        transport, loop = protocol.response_stream(status, headers), asyncio.get_running_loop()
        try:
            while True:
                part = (
                    next(parts, None) if self.pool is None else await loop.run_in_executor(self.pool, next, parts, None)
                )
                if part is None:
                    break
                await transport.send_bytes(part)
        except RuntimeError:  # RSGIProtocolClosed: the reader went away
            pass
        except (
            Exception
        ):  # of whatever makes the parts; the server would close the connection without a word in the log
            logger.exception("web.stream_failed")
            raise
        finally:
            parts.close()

    async def _in_company(self, scope: Any, body: Body) -> Answer:
        """The answer, computed with those of whoever else asks now: what they all write is one commit."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self.waiting.append((scope, body, answer))
        if len(self.waiting) == 1:
            loop.call_soon(self._answer_waiting)
        return await answer

    def _answer_waiting(self) -> None:
        """Compute for everybody who waits, for LONGEST_COMPANY at most, commit, and only then answer."""
        answers: list[tuple[asyncio.Future[Answer], Answer]] = []
        asked: list[Any] = []
        end = clock.machine() + LONGEST_COMPANY
        try:
            with db.together():
                while self.waiting and (not answers or clock.machine() < end):
                    scope, body, answer = self.waiting.popleft()
                    answers.append((answer, self._computed(scope, body)))
                    asked.append(scope)
        except Exception as error:
            # The commit failed, for whatever reason: nothing of it happened, whatever the apps have said, and everybody
            # who waits gets an answer.
            if not faults.full(error) and not faults.away(error):
                logger.exception("web.commit_failed", answers=len(answers))
            said = [self._failed(scope, error) for scope in asked]
            answers = [(answer, words) for (answer, _), words in zip(answers, said, strict=True)]
        for answer, computed in answers:
            if not answer.done():
                answer.set_result(computed)
        if self.waiting:
            asyncio.get_running_loop().call_soon(self._answer_waiting)

    def _failed(self, scope: Any, error: Exception) -> Answer:
        """What is said instead of an answer that was not committed."""
        if self.failed is None:
            return FAILED
        try:
            app, path = self._app(scope)
            return self.failed(app, environ(scope, path, b""), error)
        except Exception:  # the words for a failure may fail too; FAILED cannot
            logger.exception("web.app_failed")
            return FAILED

    def _computed(self, scope: Any, body: Body) -> Answer:
        """The answer; an app that breaks spoils nobody else's."""
        try:
            return self.answer(scope, body)
        except Exception:  # of any app; unanswered, it would leave this request and those beside it waiting
            logger.exception("web.app_failed")
            return FAILED

    def _app(self, scope: Any) -> tuple[App, str]:
        """The app that the path names, and the path as apps take it."""
        path = unquote_to_bytes(scope.path).decode("latin-1")
        return self.apps.get(path.split("/", 2)[1] if "/" in path else "", self.front), path

    def answer(self, scope: Any, body: Body) -> Answer:
        """(status, headers, body) of the app the path names. A body of None is too large: the app refuses it unread."""
        app, path = self._app(scope)
        answer: list[Any] = [500, []]

        def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
            answer[:] = int(status[:3]), [(name.lower(), value) for name, value in headers]

        parts = app(environ(scope, path, body), start_response)
        if isinstance(parts, Stream):
            return answer[0], answer[1], parts
        try:
            return answer[0], answer[1], b"".join(parts)
        finally:
            close = getattr(parts, "close", None)
            if close:
                close()


async def read(scope: Any, protocol: Any, most: int = LARGEST_BODY) -> Body:
    """The whole body, or None when it is more than `most`: then nothing of it is read, if its length is told.

    What may be more than LARGEST_BODY lies in a file, not in memory.
    """
    headers = scope.headers
    length = headers.get("content-length")
    if length is None and headers.get("transfer-encoding") is None and not scope.http_version.startswith("2"):
        return b""
    if length is not None:
        if not length.isdigit() or int(length) > most:
            return None
        if int(length) <= LARGEST_BODY:
            return bytes(await protocol())
    file = tempfile.SpooledTemporaryFile(LARGEST_BODY) if most > LARGEST_BODY else io.BytesIO()
    total = 0
    async for chunk in protocol:
        total += len(chunk)
        if total > most:
            file.close()
            return None
        file.write(bytes(chunk))
    if total > LARGEST_BODY:
        return file  # type: ignore[return-value]
    with file:
        file.seek(0)
        return file.read()


def environ(scope: Any, path: str, body: Body) -> Environ:
    """PEP 3333's dictionary. An unread body keeps a length over every app's limit, and nothing to read."""
    host, _, port = scope.server.rpartition(":")
    length = len(body) if isinstance(body, bytes) else body.seek(0, io.SEEK_END) if body else 0
    if body and not isinstance(body, bytes):
        body.seek(0)
    made: Environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "RAW_URI": scope.path,
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body if body and not isinstance(body, bytes) else io.BytesIO(body or b""),  # type: ignore[arg-type]
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:
            continue  # X_Forwarded_For would pass for X-Forwarded-For, behind a proxy that replaces only the latter
        key = f"HTTP_{name.upper().replace('-', '_')}"
        if key in made:
            value = f"{made[key]}{'; ' if name == 'cookie' else ','}{value}"
        made[key] = value
    made.pop("HTTP_TRANSFER_ENCODING", None)
    if "HTTP_CONTENT_TYPE" in made:
        made["CONTENT_TYPE"] = made.pop("HTTP_CONTENT_TYPE")
    made.pop("HTTP_CONTENT_LENGTH", None)
    if body is None:
        made["CONTENT_LENGTH"] = str(1 << 40)
    elif length:
        made["CONTENT_LENGTH"] = str(length)
    if scope.authority and "HTTP_HOST" not in made:
        made["HTTP_HOST"] = scope.authority
    return made
