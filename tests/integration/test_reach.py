"""What members' addresses lead to: nothing of this machine or its network, whatever names, redirects and feeds say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from services.blog import repos
from services.blog.blogs import feeds, finding
from services.blog.repos import Mirror, Unreachable, git, reach
from shared import config
from shared.config import Config
from tests.conftest import SECRET
from tests.repos import Repo, article

RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>Ada</title><link>https://ada.example.org/</link>
<item><title>One &lt;b&gt;bold&lt;/b&gt;</title><link>/one</link><guid>1</guid>
<pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate></item>
<item><title>Evil</title><link>javascript:alert(1)</link><guid>2</guid></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Ada</title><link href="https://ada.example.org/"/>
<entry><title type="html">Two</title><id>urn:2</id><link rel="edit" href="/x"/><link href="https://ada.example.org/two"/>
<updated>2026-11-03T10:00:00Z</updated></entry></feed>"""


@pytest.fixture(autouse=True)
def settings(tmp_path: Path) -> Iterator[None]:
    config.use(Config(secret=SECRET, data=tmp_path))
    yield
    config.use(None)


def allow(*local: str) -> None:
    config.use(Config(secret=SECRET, data=config.current().data, blog_local=local))


@pytest.fixture
def server() -> Iterator[Any]:
    """A server on loopback; `pages` says what it answers: (status, headers, body) by path. `asked`: what it was."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            status, headers, body = found.pages.get(self.path.partition("?")[0], (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Nothing: it would bury what failed."""

    found: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.pages, found.asked = {}, []
    found.url = f"http://127.0.0.1:{found.server_port}"
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


PRIVATE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[::ffff:127.0.0.1]", "[ff02::1]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "localhost", "2130706433", "0x7f000001", "127.1",
]  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE)
def test_nothing_of_this_network_is_asked(host: str) -> None:
    with pytest.raises(Unreachable):
        reach.get(f"http://{host}:9/", 1000)
    with pytest.raises(Unreachable):
        repos.remote(f"http://{host}:9/ada/blog.git")


def test_a_name_that_leads_here_is_refused_as_well(monkeypatch: pytest.MonkeyPatch, server: Any) -> None:
    """Given a public name with one public and one private address, Then neither is asked."""

    def looked_up(host: str, port: int, **_more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("93.184.216.34", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    with pytest.raises(Unreachable, match="private network"):
        reach.get(f"http://ada.example.org:{server.server_port}/", 1000)
    assert server.asked == []


def test_a_redirect_into_this_network_is_not_followed(server: Any) -> None:
    """Given an allowed server that sends on to another port's address, Then that one is looked at as the first was."""
    allow("127.0.0.1")
    server.pages["/"] = (302, {"Location": "http://127.0.0.2:9/latest/meta-data"}, b"")
    with pytest.raises(Unreachable, match="private network"):
        reach.get(server.url + "/", 1000)
    server.pages["/x"] = (302, {"Location": "file:///etc/passwd"}, b"")
    with pytest.raises(Unreachable, match="no web address"):
        reach.get(server.url + "/x", 1000)
    server.pages["/loop"] = (301, {"Location": "/loop"}, b"")
    with pytest.raises(Unreachable, match="without end"):
        reach.get(server.url + "/loop", 1000)


def test_an_answer_without_end_is_cut(server: Any) -> None:
    allow("127.0.0.1")
    server.pages["/"] = (200, {}, b"x" * 2_000_000)
    with pytest.raises(Unreachable, match="larger than"):
        reach.get(server.url + "/", 1_000_000)


def test_git_asks_only_the_addresses_that_were_seen(server: Any, tmp_path: Path) -> None:
    """Given a name that means another server at a second look-up, When git fetches, Then it asks the first one."""
    repo = Repo(tmp_path)
    head = repo.commit({"a.md": article("A")})
    repo.git("--git-dir", str(repo.bare), "update-server-info")
    for file in repo.bare.rglob("*"):
        if file.is_file():
            server.pages[f"/ada/blog.git/{file.relative_to(repo.bare)}"] = (200, {}, file.read_bytes())
    allow("127.0.0.1", "rebinding.invalid")
    place = reach.Place("rebinding.invalid", server.server_port, ("127.0.0.1",))
    at = repos.Remote(
        f"http://rebinding.invalid:{server.server_port}/ada/blog.git", (f"http.curloptResolve={place.pinned}",)
    )
    mirror = Mirror("a")
    repos.fetch(mirror, at, repos.Seen("main", head))
    assert mirror.holds(head)


def test_git_itself_follows_no_redirect(server: Any, tmp_path: Path) -> None:
    allow("127.0.0.1")
    server.pages["/ada/blog.git/info/refs"] = (302, {"Location": f"{server.url}/secret/info/refs"}, b"")
    with pytest.raises(Unreachable):
        repos.fetch(Mirror("a"), repos.Remote(f"{server.url}/ada/blog.git"), repos.Seen("main", "0" * 40))
    assert not any(path.startswith("/secret") for path in server.asked)


def test_a_folder_needs_leave(tmp_path: Path) -> None:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
        Repo(tmp_path / name)
    (tmp_path / "in/link").symlink_to(tmp_path / "out/blog.git")
    with pytest.raises(Unreachable, match="folder of this machine"):
        repos.remote(str(tmp_path / "in/blog.git"))
    allow(str(tmp_path / "in"))
    assert repos.remote(str(tmp_path / "in/blog.git")).folders
    for outside in ("out/blog.git", "in/../out/blog.git", "in/link"):
        with pytest.raises(Unreachable, match="folder of this machine"):
            repos.remote(str(tmp_path / outside))
    with pytest.raises(git.Failed):
        git.run(Path("/nonexistent"), "ls-remote", f"file://{tmp_path}/in/blog.git")


def test_a_page_leads_to_its_feed(server: Any) -> None:
    allow("127.0.0.1")
    page = b'<html><head><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head></html>'
    server.pages |= {"/": (200, {}, page), "/feed.xml": (200, {}, RSS.encode())}
    found = finding.find(server.url)
    assert (found.kind, found.url) == ("feed", f"{server.url}/feed.xml")
    server.pages["/"] = (200, {}, b"<html></html>")
    with pytest.raises(Unreachable, match="no feed that it names"):
        finding.find(server.url)


@pytest.mark.parametrize(
    "text, title, url", [(RSS, "One bold", "https://x.example/one"), (ATOM, "Two", "https://ada.example.org/two")]
)
def test_feeds_are_read_as_plain_text(text: str, title: str, url: str) -> None:
    found = feeds.read(text.encode(), "https://x.example/feed")
    [entry] = found.entries
    assert (entry.title, entry.url, found.site) == (title, url, "https://ada.example.org/") and entry.day is not None


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><channel><title>&b;</title></channel></rss>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><rss/>',
        b"<rss>" + b"<a>" * 100_000,
        b"<rss>" + b"<a>" * 50 + b"</a>" * 50 + b"</rss>",
        b"<rss><channel>",
        b"",
        b"\xff\xfe<\x00r\x00s\x00s\x00>\x00",
        b"<html></html><rss>",
    ],
)
def test_a_feed_that_is_none_or_hostile_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        feeds.read(body, "https://x.example/feed")
