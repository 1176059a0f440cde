"""Requests from granian to the apps and back."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, request

from shared.mount import LARGEST_BODY, Mount, Stream, environ
from tests import loops


class Protocol:
    """What granian gives: the body, at once or in pieces, and where the answer goes."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.answer: tuple[int, dict[str, str], bytes] | None = None

    async def __call__(self) -> bytes:
        return b"".join(self.chunks)

    async def __aiter__(self) -> Any:
        for chunk in self.chunks:
            yield chunk

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.answer = status, dict(headers), body


def app(name: str) -> Flask:
    made = Flask(name)
    made.config["MAX_CONTENT_LENGTH"] = 1000

    @made.route("/<path:path>", methods=["GET", "POST"])
    @made.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    def echo(path: str) -> str:
        return f"{name}|{path}|{request.query_string.decode()}|{request.remote_addr}|{request.get_data(as_text=True)}"

    return made


def ask(path: str, *chunks: bytes, at_once: int = 1, **headers: Any) -> tuple[int, str]:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    path, _, query = path.partition("?")
    scope = SimpleNamespace(
        proto="http", http_version="1.1", server="127.0.0.1:8000", client="10.1.2.3:9999", scheme="http", path=path,
        method="POST" if headers else "GET", query_string=query, headers=fields, authority="localhost:8000",
    )  # fmt: skip
    protocol = Protocol(*chunks)
    mount = Mount({"signup": app("signup"), "blog": app("blog")}, "signup", at_once)
    loops.run(mount.__rsgi__(scope, protocol))
    assert protocol.answer
    return protocol.answer[0], protocol.answer[2].decode()


@pytest.mark.parametrize(
    ("path", "name"),
    [("/", "signup"), ("/signup/x", "signup"), ("/blog/x", "blog"), ("/blog", "blog"), ("/blogger", "signup")],
)
def test_the_first_segment_names_the_service(path: str, name: str) -> None:
    assert ask(path)[1].startswith(f"{name}|")


@pytest.mark.parametrize("at_once", [1, 8])
def test_path_query_sender_and_body_arrive(at_once: int) -> None:
    answer = ask("/blog/caf%C3%A9?q=%20", b"to", b"gether", at_once=at_once, content_length="8")
    assert answer == (200, "blog|blog/café|q=%20|10.1.2.3|together")


def test_a_body_in_pieces() -> None:
    assert ask("/blog/x", b"a", b"b", transfer_encoding="chunked")[1].endswith("|ab")


@pytest.mark.parametrize(
    "headers", [{"content_length": str(LARGEST_BODY + 1)}, {"transfer_encoding": "chunked"}, {"content_length": "1001"}]
)
def test_a_body_that_is_too_large_is_refused_by_the_app(headers: dict[str, Any]) -> None:
    body = b"x" * (1001 if headers == {"content_length": "1001"} else LARGEST_BODY + 1)
    assert ask("/blog/x", body, **headers)[0] == 413


def test_a_header_with_underscores_passes_for_no_other() -> None:
    scope = SimpleNamespace(
        server="127.0.0.1:8000", client="10.1.2.3:9999", scheme="http", path="/", method="GET", query_string="",
        http_version="1.1", authority=None,
        headers={"x-forwarded-for": "192.0.2.1", "x_forwarded_for": "198.51.100.7", "x-request-id": "a"},
    )  # fmt: skip
    made = environ(scope, "/", b"")
    assert (made["HTTP_X_FORWARDED_FOR"], made["HTTP_X_REQUEST_ID"]) == ("192.0.2.1", "a")


def together(*answers: Any, commit: Any = None, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """Ask once for each of `answers` at the same moment, with a commit that does what `commit` does."""
    order: list[str] = []

    @contextlib.contextmanager
    def company() -> Any:
        yield
        order.append("commit")
        if commit:
            commit()

    monkeypatch.setattr("shared.mount.db.together", company)
    monkeypatch.setattr("shared.mount.LONGEST_COMPANY", 60)
    waiting = list(answers)

    def app(_environ: Any, start_response: Any) -> list[bytes]:
        found = waiting.pop(0)
        if isinstance(found, Exception):
            raise found
        start_response("202 Accepted", [])
        order.append(found)
        return [found.encode()]

    async def all_at_once() -> list[Protocol]:
        mount = Mount({"signup": app}, "signup", 1)
        protocols = [Protocol() for _ in answers]
        scope = SimpleNamespace(
            proto="http", http_version="1.1", server="127.0.0.1:8000", client="10.1.2.3:9", scheme="http", path="/",
            method="GET", query_string="", headers={}, authority="localhost",
        )  # fmt: skip
        await asyncio.gather(*(mount.__rsgi__(scope, protocol) for protocol in protocols))
        return protocols

    found = [protocol.answer for protocol in loops.run(all_at_once())]
    assert order[-1] == "commit" and order.count("commit") == 1
    return [(answer[0], answer[2].decode()) for answer in found if answer]


def test_those_who_ask_at_once_share_a_commit_and_are_answered_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = together("one", ValueError("broken app"), "two", monkeypatch=monkeypatch)
    assert [status for status, _ in found] == [202, 500, 202]


def test_nobody_is_told_of_success_when_the_commit_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError("no space left on device")

    found = together("one", "two", commit=fail, monkeypatch=monkeypatch)
    assert [status for status, _ in found] == [500, 500]


# ---- files that are given, and long answers ----

PATH = "/signup/files"


def exchange(app: Any, headers: dict[str, str], *chunks: bytes, at_once: int = 1, **uploads: Any) -> Protocol:
    scope = SimpleNamespace(
        proto="http", http_version="1.1", server="127.0.0.1:8000", client="10.1.2.3:9999", scheme="http", path=PATH,
        method="POST", query_string="", headers=headers, authority="localhost:8000",
    )  # fmt: skip
    protocol = Protocol(*chunks)
    loops.run(Mount({"signup": app}, "signup", at_once, uploads.get("taken")).__rsgi__(scope, protocol))
    return protocol


def reader(seen: list[Any]) -> Any:
    def app(environ: Any, start: Any) -> list[bytes]:
        body = environ["wsgi.input"]
        seen.append((type(body).__name__, int(environ.get("CONTENT_LENGTH", 0)), len(body.read())))
        start("200 OK", [])
        return [b""]

    return app


def test_nobody_waits_for_a_file_that_is_being_taken() -> None:
    others = threading.Event()

    def app(environ: Any, start: Any) -> list[bytes]:
        if int(environ.get("CONTENT_LENGTH", 0)) > LARGEST_BODY:
            assert others.wait(30), "the others wait for the file, and it for them"
        else:
            others.set()
        start("200 OK", [])
        return [b""]

    async def both() -> list[Any]:
        mount = Mount({"signup": app}, "signup", 1, {PATH: (1 << 30, lambda _headers: True)})
        file, other = Protocol(b"x" * (LARGEST_BODY + 1)), Protocol()
        scope = SimpleNamespace(
            proto="http", http_version="1.1", server="127.0.0.1:8000", client="10.1.2.3:9999", scheme="http", path=PATH,
            method="POST", query_string="", headers={"transfer-encoding": "chunked"}, authority="localhost:8000",
        )  # fmt: skip
        small = SimpleNamespace(**{**vars(scope), "path": "/signup/", "method": "GET", "headers": {}})
        await asyncio.gather(mount.__rsgi__(scope, file), mount.__rsgi__(small, other))
        return [file.answer and file.answer[0], other.answer and other.answer[0]]

    assert loops.run(both()) == [200, 200]


@pytest.mark.parametrize("at_once", [1, 8])
@pytest.mark.parametrize("head", ["content-length", "transfer-encoding"])
def test_a_file_lies_on_disk_not_in_memory_where_files_are_taken(at_once: int, head: str) -> None:
    seen: list[Any] = []
    taken = {PATH: (3 * LARGEST_BODY, lambda headers: headers.get("cookie") == "good")}
    chunks = [b"x" * (LARGEST_BODY // 2)] * 5
    size = sum(map(len, chunks))
    headers = {head: str(size) if head == "content-length" else "chunked", "cookie": "good"}
    exchange(reader(seen), headers, *chunks, at_once=at_once, taken=taken)
    assert seen == [("SpooledTemporaryFile", size, size)]


@pytest.mark.parametrize(
    ("cookie", "size"), [("bad", LARGEST_BODY + 1), ("good", 3 * LARGEST_BODY + 1), ("good", 2 << 30)]
)
def test_too_much_or_by_somebody_else_is_refused_without_being_read(cookie: str, size: int) -> None:
    seen: list[Any] = []
    taken = {PATH: (3 * LARGEST_BODY, lambda headers: headers.get("cookie") == "good")}
    protocol = exchange(reader(seen), {"content-length": str(size), "cookie": cookie}, b"never read", taken=taken)
    assert seen == [("BytesIO", 1 << 40, 0)]
    assert protocol.answer and protocol.answer[0] == 200


def test_a_file_that_turns_out_too_long_is_dropped() -> None:
    seen: list[Any] = []
    taken = {PATH: (3 * LARGEST_BODY, lambda headers: True)}
    exchange(reader(seen), {"transfer-encoding": "chunked"}, *[b"x" * LARGEST_BODY] * 4, taken=taken)
    assert seen == [("BytesIO", 1 << 40, 0)]


class Streaming(Protocol):
    """A protocol that keeps what is sent, part by part, and may find the reader gone."""

    def __init__(self, gone_after: int = 1000) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.gone_after = gone_after

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Streaming:
        self.answer = status, dict(headers), b""
        return self

    async def send_bytes(self, part: bytes) -> None:
        if len(self.sent) >= self.gone_after:
            raise RuntimeError("closed")
        self.sent.append(part)


@pytest.mark.parametrize("at_once", [1, 8])
def test_a_long_answer_is_made_while_it_is_sent(at_once: int) -> None:
    made: list[int] = []
    closed: list[bool] = []

    def parts() -> Any:
        try:
            for n in range(5):
                made.append(n)
                yield b"%d" % n
        finally:
            closed.append(True)

    def app(environ: Any, start: Any) -> Any:
        start("200 OK", [("Content-Type", "text/csv")])
        return Stream(parts())

    scope = SimpleNamespace(
        proto="http", http_version="1.1", server="127.0.0.1:8000", client="10.1.2.3:9999", scheme="http", path=PATH,
        method="GET", query_string="", headers={}, authority="localhost:8000",
    )  # fmt: skip
    whole = Streaming()
    loops.run(Mount({"signup": app}, "signup", at_once).__rsgi__(scope, whole))
    assert whole.sent == [b"0", b"1", b"2", b"3", b"4"] and closed == [True]
    made.clear()
    leaves = Streaming(gone_after=2)
    loops.run(Mount({"signup": app}, "signup", at_once).__rsgi__(scope, leaves))
    assert made == [0, 1, 2] and closed == [True, True]
