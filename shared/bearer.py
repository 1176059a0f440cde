"""API tokens: what a program shows instead of a cookie, `Authorization: Bearer baton_…`.

signup makes them; every service believes their signature by BATON_SECRET, and asks its own tables what was revoked. The
text itself is kept nowhere: whoever lost it makes another. Not for links and cookies, which are `tokens`.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import clock, tokens

PURPOSE = "api"
PREFIX = "baton_"  # so that people, and programs that look for leaked secrets, see what it is
DAYS, DAYS_MOST = 365, 3_650

# What each scope may, from the least. `organizer` opens whatever the others do.
SCOPES = {
    "read": "See everything that an organizer sees; change nothing.",
    "operate": "See how Baton is doing, and mend it: deliveries, replays, held mails. Nothing about the program.",
    "organizer": "Do everything that an organizer can do.",
}


@dataclass(frozen=True)
class Token:
    """What a token says. :param made: and `until`: machine time."""

    id: str
    person: str
    scope: str
    made: float
    until: float

    def text(self) -> str:
        """The token as it is shown, once."""
        claims = {"person": self.person, "scope": self.scope, "made": self.made, "until": self.until}
        return PREFIX + tokens.sign(PURPOSE, {"jti": self.id, **claims})


def read(text: str) -> Token:
    """The token of that text.

    :raises tokens.BadToken: "forged" (or broken, or no API token at all), "expired".
    """
    if not text.startswith(PREFIX):
        raise tokens.BadToken("forged")
    claims = tokens.read(PURPOSE, text.removeprefix(PREFIX), (DAYS_MOST + 1) * tokens.DAY)
    try:
        id, person, scope = (str(claims[name]) for name in ("jti", "person", "scope"))
        found = Token(id, person, scope, float(claims["made"]), float(claims["until"]))
    except (KeyError, TypeError, ValueError):
        raise tokens.BadToken("forged") from None
    if found.scope not in SCOPES:
        raise tokens.BadToken("forged")
    if clock.machine() >= found.until:
        raise tokens.BadToken("expired")
    return found
