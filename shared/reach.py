"""Whom Baton may ask over the network, when somebody else typed the address.

Such an address must not lead to this machine or its network (SSRF). So a name is looked up, every address behind it
must be a public one, and the connection is made to one of those that were seen: who answers a second look-up otherwise
gets nothing. What a setting lists (hosts, networks) may be reached, too.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


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


def place(url: str, local: Collection[str], setting: str) -> Place:
    """The server of an http(s) address, once it is known to be a public one, or one that `setting` lists in `local`.

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
        raise Unreachable("Take the name and password out of this address.", gone=True)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable(f"There is no server of the name {host[:200]}. Is it spelled as in your browser?") from None
    addresses = tuple(dict.fromkeys(str(each[4][0]) for each in found))
    if host.lower() not in local and not all(_allowed(each, local) for each in addresses):
        raise Unreachable(
            f"{host[:200]} is within a private network, where Baton asks nobody. Paste a public address, or ask whoever"
            f" runs Baton to list it in {setting}.",
            gone=True,
        )
    return Place(host, port, addresses)


def _allowed(address: str, local: Collection[str]) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in network for network in _networks(local)):
        return True
    inner = _within(ip)
    return all(each.is_global and not each.is_multicast and not each.is_reserved for each in (ip, inner))


def _within(ip: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for (mapped, 6to4, NAT64), else itself."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped or ip.sixtofour:
            return ip.ipv4_mapped or ip.sixtofour or ip
        if ip in ipaddress.ip_network("64:ff9b::/96") or ip in ipaddress.ip_network("::/96"):
            return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _networks(local: Collection[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    found = []
    for each in local:
        try:
            found.append(ipaddress.ip_network(each, strict=False))
        except ValueError:
            continue
    return found


def listed(addresses: Collection[str], local: Collection[str]) -> bool:
    """Whether all of them are in networks of `local`."""
    networks = _networks(local)
    ips = [ipaddress.ip_address(each.partition("%")[0]) for each in addresses]
    return all(any(ip in network for network in networks) for ip in ips)


def loopback(addresses: Collection[str]) -> bool:
    """Whether all of them are this machine."""
    return all(ipaddress.ip_address(each.partition("%")[0]).is_loopback for each in addresses)
