"""A chat's server on loopback: what it answers is the test's to say."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ALL = ["joined", "session", "minutes", "post", "turn"]


class Chat:
    """`said` are the texts it got, by path; `answers` what it says to the next, by path: (status, headers, body)."""

    def __init__(self) -> None:
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                chat.said.setdefault(self.path, []).append(
                    body["text"] if "text" in body else body["message"]
                )  # as apprise puts it
                chat.heads.append(dict(self.headers))
                if chat.before:
                    chat.before()
                status, headers, text = chat.answers.get(self.path, [(200, {}, b"ok")])[0]
                if len(chat.answers.get(self.path, ())) > 1:
                    chat.answers[self.path].pop(0)
                if status == 0:
                    self.close_connection = True  # it took it, and says nothing
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_args: Any) -> None:
                """Nothing: it would bury what failed."""

        self.said: dict[str, list[str]] = {}
        self.heads: list[dict[str, str]] = []
        self.answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
        self.before: Any = None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()
