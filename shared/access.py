"""Who is reading: the cookie `baton`, verified by each service on its own, and the pages that need somebody.

signup signs people in; every service checks the signature by BATON_SECRET and the revocations it was told by events.
The cookie is a signed statement (person, roles); its age is machine time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from flask import current_app, g, redirect, request
from werkzeug.http import parse_cookie

from . import clock, config, db, revocation, tokens

COOKIE = "baton"
MAX_AGE = 30 * tokens.DAY
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Reader:
    """The person behind a request. :param roles: "member", "organizer"."""

    person: str
    roles: tuple[str, ...]

    @property
    def actor(self) -> str:
        """How logs name them."""
        return f"{'organizer' if 'organizer' in self.roles else 'person'}/{self.person}"


def sign_in(response: Any, person: str, roles: list[str]) -> Any:
    """Give the browser a cookie that says who it is."""
    response.set_cookie(
        COOKIE,
        tokens.sign("cookie", {"person": person, "roles": roles, "at": clock.machine()}),
        max_age=MAX_AGE,
        httponly=True,
        secure=config.current().base_url.startswith("https:"),
        samesite="Lax",
        path="/",
    )
    return response


def sign_out(response: Any) -> Any:
    """Take the cookie away."""
    response.delete_cookie(COOKIE, path="/")
    return response


def reader() -> Reader | None:
    """Who is asking, or None. Looked up once a request."""
    if "reader" not in g:
        g.reader = _read_cookie()
    found: Reader | None = g.reader
    return found


def _read_cookie() -> Reader | None:
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return None
    try:
        claims = tokens.read("cookie", cookie, MAX_AGE)
        person, roles, signed = str(claims["person"]), tuple(claims["roles"]), float(claims["at"])
    except (tokens.BadToken, KeyError, TypeError):
        return None
    service = current_app.extensions["baton"]
    with db.read(service) as tx:
        if revocation.voids(tx, person, signed):
            return None
    return Reader(person, roles)


def shows_role(role: str) -> Callable[[Any], bool]:
    """Whether a request's headers carry a signed cookie with that role: asked before its body is read.

    Not enough to let anybody do anything: who was revoked is only known to `reader`.
    """

    def shows(headers: Any) -> bool:
        cookies = parse_cookie(headers.get("cookie") or "")
        try:
            return role in tokens.read("cookie", cookies.get(COOKIE) or "", MAX_AGE)["roles"]
        except (tokens.BadToken, KeyError, TypeError):
            return False

    return shows


def needs(*roles: str) -> Callable[[View], View]:
    """Only readers with one of these roles see this view: pages send others to sign in, the API answers 401 or 403."""
    wanted = " or ".join(f"{'an' if role[0] in 'aeio' else 'a'} {role}" for role in roles)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            from .web import problem

            who = reader()
            if who is None:
                if "/api/" in request.path:
                    problem(401, "Sign in first", "This needs a session cookie. Ask for a link at /signup/sign-in.")
                target = request.full_path.rstrip("?") if request.method in {"GET", "HEAD"} else request.path
                return redirect(f"/signup/sign-in?next={quote(target)}", 303)
            if not any(role in who.roles for role in roles):
                problem(403, "Not for you", f"Only {wanted} can open this.")
            return view(*args, **kwargs)

        return guarded  # type: ignore[return-value]

    return decorate


def from_elsewhere() -> bool:
    """True when a browser sent this request from another site's page."""
    sent = request.environ  # at every request: werkzeug's own look into it takes ten times as long
    site = sent.get("HTTP_SEC_FETCH_SITE")
    if site:
        return site not in {"same-origin", "none"}
    origin = sent.get("HTTP_ORIGIN") or sent.get("HTTP_REFERER")
    if not origin:
        return False
    theirs = urlsplit(origin).netloc
    return theirs not in {request.host, urlsplit(config.current().base_url).netloc}
