"""What lies at an address that a member pasted: asked once, with care for who else might answer there.

A member's address must not lead to this machine or its network (`shared/reach.py`). Our own client and git alike
(`http.curloptResolve`) connect to the addresses that were seen. Each redirect is looked at in the same way. What
BATON_BLOG_LOCAL lists (hosts, networks, folders) may be reached, too.
"""

from __future__ import annotations

import http.client
import os
import re
import socket
import ssl
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from shared import clock, config, reach
from shared.reach import Place, Unreachable

PATIENCE = 20.0  # seconds for one answer with all its redirects
HOPS = 5
LONGEST = 500  # letters of an address


class Answer(NamedTuple):
    """What was answered at the end: `url` after redirects, `status` of HTTP."""

    url: str
    status: int
    kind: str  # the content type, without parameters
    body: bytes


def folder(address: str) -> Path | None:
    """The folder that an address names, `file://` or absolute, where BATON_BLOG_LOCAL allows it.

    :raises Unreachable: it names one, and that is not allowed.
    """
    if not address.startswith(("/", "file:")):
        return None
    said = urlsplit(address) if address.startswith("file:") else None
    path = Path(os.path.realpath(said.path if said else address))
    for root in config.current().blog_local:
        if root.startswith("/") and path.is_relative_to(os.path.realpath(root)) and not (said and said.netloc):
            return path
    raise Unreachable(
        "A folder of this machine cannot be followed. Paste the address of a public repository.", gone=True
    )


def place(url: str) -> Place:
    """The server of an http(s) address, once it is known to be a public one (or one that BATON_BLOG_LOCAL lists).

    :raises Unreachable: it is not, or its name is not known.
    """
    return reach.place(url, config.current().blog_local, "BATON_BLOG_LOCAL")


def get(url: str, most: int, accept: str = "*/*") -> Answer:
    """The answer at an address, up to `most` bytes, redirects followed.

    :raises Unreachable: nobody may be asked there, nobody answers, or they say more than that.
    """
    end = clock.machine() + PATIENCE
    for _ in range(HOPS + 1):
        at = place(url)
        try:
            status, headers, body = _ask(url, at, most, accept, end)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(f"{at.host} does not answer as a web server does ({type(error).__name__}).") from None
        if status in {301, 302, 303, 307, 308} and headers.get("location"):
            url = urljoin(url, headers["location"].strip())[:2000]
            continue
        return Answer(url, status, (headers.get("content-type") or "").partition(";")[0].strip().lower(), body)
    raise Unreachable("This address leads to another, and that to another, without end.", gone=True)


def _connected(at: Place) -> socket.socket:
    for number, address in enumerate(at.addresses):
        try:
            return socket.create_connection((address, at.port), timeout=10)
        except OSError:
            if number == len(at.addresses) - 1:
                raise
    raise OSError("no address")


def _ask(url: str, at: Place, most: int, accept: str, end: float) -> tuple[int, http.client.HTTPMessage, bytes]:
    parts = urlsplit(url)
    sock = _connected(at)
    try:
        if parts.scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=at.host)
        connection = http.client.HTTPConnection(at.host, at.port)
        connection.sock = sock
        path = re.sub(r"[^!-~]", "", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        host = f"[{at.host}]" if ":" in at.host else at.host
        host += "" if parts.port is None else f":{parts.port}"
        connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
        for name, value in (("Host", host), ("Accept", accept), ("User-Agent", "git/2 Baton"), ("Connection", "close")):
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = b""
        while part := answer.read1(65_536):
            body += part
            if len(body) > most:
                raise Unreachable(f"What {at.host} sends is larger than {most // 1_000_000} MB.")
            if clock.machine() > end:
                raise Unreachable(f"{at.host} takes too long to answer.")
        return answer.status, answer.headers, body
    finally:
        sock.close()
