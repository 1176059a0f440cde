"""A real browser against a real server: signup (and who else has pages) on one port, another site on another port."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from shared import access, clock, db, tokens
from shared.config import SERVICES
from tests.conftest import Baton

LAN = "baton.lan"  # a host name that is not this machine's, as browsers see it, and leads here
ARGS = [
    *"--no-sandbox --disable-gpu --no-first-run --disable-background-networking".split(),
    *"--disable-component-update --disable-sync".split(),
    f"--host-resolver-rules=MAP {LAN} 127.0.0.1",
]


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """What is asked for would bury what failed."""


@contextmanager
def served(app: Any, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve a WSGI app on a free port while the block runs; gives its origin."""
    server = make_server(host, 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """One Chromium for all tests; each opens contexts of its own."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)  # a loaded machine; what is expected comes with the first look elsewhere

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        yield found
        found.close()


@pytest.fixture
def site(baton: Baton, change_settings: Any) -> Iterator[Any]:
    """The front door: the origin where Baton answers. `site.sign_in(context, person, roles)` puts a cookie there."""
    apps = {f"/{service}": baton.app(service) for service in SERVICES if service != "signup"}
    with served(_under_one_roof(baton.app("signup"), apps)) as origin:
        change_settings(base_url=origin)
        yield Site(origin, baton)


def _under_one_roof(front: Any, others: dict[str, Any]) -> Any:
    def route(environ: Any, start: Any) -> Any:
        for prefix, app in others.items():
            if environ["PATH_INFO"].startswith(f"{prefix}/"):
                return app(environ, start)
        return front(environ, start)

    return route


class Site:
    """Where Baton answers, and shortcuts for what a test needs given."""

    def __init__(self, origin: str, baton: Baton) -> None:
        self.origin = origin
        self.baton = baton

    def url(self, path: str) -> str:
        """The address of a path."""
        return self.origin + path

    def sign_in(self, context: Any, person: str, *roles: str) -> None:
        """Put the cookie of that person into the browser."""
        value = tokens.sign("cookie", {"person": person, "roles": list(roles), "at": clock.machine()})
        context.add_cookies([{"name": access.COOKIE, "value": value, "url": self.origin}])

    def organizer(self, email: str = "olga@example.org", name: str = "Olga Organizer") -> str:
        """The id of an organizer."""
        from services.signup import access_links

        with db.write("signup") as tx:
            return access_links.add_organizer(tx, "system", email, name)

    def member(self, email: str = "ada@example.org", name: str = "Ada Lovelace", confirmed: bool = True) -> str:
        """The id of somebody who signed up for stream1."""
        from services.signup import people, program

        with db.write("signup") as tx:
            version = program.load(tx).charter.version
            typed = {"name": name, "email": email, "timezone": "Europe/London", "stream": "stream1", "charter": version}
            person = people.apply(tx, {**typed, "answers": {}}).person
            if confirmed:
                people.confirm(tx, str(person))
        return str(person)


@pytest.fixture
def elsewhere() -> Iterator[Any]:
    """Serve HTML on another origin: `elsewhere(html)` gives its address."""
    pages: dict[str, str] = {"html": ""}

    def app(environ: Any, start: Any) -> Any:
        start("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [pages["html"].encode()]

    # Another host name, so that it is another site for cookies too.
    with served(app, "localhost") as origin:

        def show(html: str) -> str:
            pages["html"] = html
            return origin

        show.origin = origin  # type: ignore[attr-defined]
        yield show
