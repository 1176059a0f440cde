"""How often one client may try: counted in memory by fixed windows of machine time, for the form and the API together.

Each web process counts for itself: behind several of them a client gets as many times the rate. Counts of a window
are dropped with it, so a flood of many addresses does not fill the memory. (The `limits` library does the same with a
timer thread every 10 ms, which cost some 7 % of the intake.)
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

from shared import clock, config

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_windows: dict[int, tuple[int, Counter[tuple[str, ...]]]] = {}  # seconds -> (number of the window, count by client)
_lock = Lock()


def signups(address: str | None) -> int:
    """Count one sign-up from that client; 0 when it may go on, else the seconds to wait (for Retry-After)."""
    return take(*_parsed(config.current().signup_rate), "signup", client(address))


def asks(address: str | None) -> int:
    """The same for links to sign in: as often as sign-ups, counted apart."""
    return take(*_parsed(config.current().signup_rate), "ask", client(address))


@lru_cache(4096)
def client(address: str | None) -> str:
    """Who is counted: the IPv4 address, or the IPv6 network of 64 bits, of which a single household has them all."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or "unknown"
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return str(found)


@lru_cache
def _parsed(rate: str) -> tuple[int, int]:
    most, _, unit = rate.partition("/")
    return int(most), SECONDS[unit]


def take(most: int, seconds: int, *who: str) -> int:
    """Count one try; 0 when it is among the `most` of this window, else the whole seconds until the next one."""
    now = clock.machine()
    window = int(now // seconds)
    with _lock:
        number, counts = _windows.get(seconds, (-1, Counter()))
        if number != window:
            counts = Counter()
            _windows[seconds] = (window, counts)
        counts[who] += 1
        return 0 if counts[who] <= most else max(1, int((window + 1) * seconds - now + 0.999))


def forget() -> None:
    """Start counting anew (tests)."""
    with _lock:
        _windows.clear()
