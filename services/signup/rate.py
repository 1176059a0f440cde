"""How often one client may try: counted in memory, in machine time, for the form and the API together.

Each web process counts for itself: behind several of them a client gets as many times the rate.
"""

from __future__ import annotations

from functools import lru_cache

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from shared import clock, config

_limiter = FixedWindowRateLimiter(MemoryStorage())
_parse = lru_cache(parse)


def signups(address: str | None) -> int:
    """Count one sign-up from that client; 0 when it may go on, else the seconds to wait (for Retry-After)."""
    return take(_parse(config.current().signup_rate), "signup", address or "unknown")


def take(limit: RateLimitItem, *who: str) -> int:
    """Count one attempt against `limit`; 0 when it may go on, else the seconds until it may."""
    if _limiter.hit(limit, *who):
        return 0
    return max(1, int(_limiter.get_window_stats(limit, *who).reset_time - clock.machine() + 0.999))


def forget() -> None:
    """Start counting anew (tests)."""
    _limiter.storage.reset()
