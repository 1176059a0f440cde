"""What lies at an address that a member pasted: asked once, with care for who else might answer there.

A member's address must not lead to this machine or its network (SSRF). So a name is looked up, every address behind
it must be a public one, and the connection is made to one of those that were seen, by our own client and by git alike
(`http.curloptResolve`): who answers a second look-up otherwise gets nothing. Each redirect is looked at in the same
way. What BATON_BLOG_LOCAL lists (hosts, networks, folders) may be reached, too.
"""

from __future__ import annotations

import http.client
import ipaddress
import os
import re
import socket
import ssl
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from shared import clock, config

PATIENCE = 20.0  # seconds for one answer with all its redirects
HOPS = 5
LONGEST = 500  # letters of an address


class Unreachable(Exception):
    """Nothing can be had from an address.

    :param words: why, and what to do, for whoever pasted it.
    :param gone: there is nothing, or nothing public; otherwise it may be another time.
    """

    def __init__(self, words: str, gone: bool = False) -> None:
        super().__init__(words)
        self.words, self.gone = words, gone


class Place(NamedTuple):
    """A server that may be asked: `addresses` are those that its name had when it was looked up."""

    host: str
    port: int
    addresses: tuple[str, ...]

    @property
    def pinned(self) -> str:
        """As curl is told to take these addresses and to ask nobody."""
        told = ",".join(f"[{each}]" if ":" in each else each for each in self.addresses)
        return f"{self.host}:{self.port}:{told}"


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
    parts = urlsplit(url)
    try:
        host, port = (parts.hostname or "").rstrip("."), parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError:
        host, port = "", 0
    if parts.scheme not in {"http", "https"} or not host or not re.fullmatch(r"[A-Za-z0-9._:%-]+", host):
        raise Unreachable("This is no web address. Paste one that begins with https://", gone=True)
    if parts.username or parts.password:
        raise Unreachable("Take the name and password out of this address: only public blogs are read.", gone=True)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable(f"There is no server of the name {host[:200]}. Is it spelled as in your browser?") from None
    addresses = tuple(dict.fromkeys(str(each[4][0]) for each in found))
    local = config.current().blog_local
    if host.lower() not in local and not all(map(_allowed, addresses)):
        raise Unreachable(
            f"{host[:200]} is within a private network, where Baton reads nothing. Paste a public address, or ask an "
            "organizer to list it in BATON_BLOG_LOCAL.",
            gone=True,
        )
    return Place(host, port, addresses)


def _allowed(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in network for network in _networks()):
        return True
    inner = _within(ip)
    return all(each.is_global and not each.is_multicast and not each.is_reserved for each in (ip, inner))


def _within(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 one stands for (mapped, 6to4, NAT64), else itself."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped or ip.sixtofour:
            return ip.ipv4_mapped or ip.sixtofour or ip
        if ip in ipaddress.ip_network("64:ff9b::/96") or ip in ipaddress.ip_network("::/96"):
            return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _networks() -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    found = []
    for each in config.current().blog_local:
        try:
            found.append(ipaddress.ip_network(each, strict=False))
        except ValueError:
            continue
    return found


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
