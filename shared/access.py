"""Who is reading: the cookie `baton` of a person, or an API token of a program, verified by each service on its own.

signup signs people in and makes tokens; every service checks the signature by BATON_SECRET and the revocations it was
told by events. Both are signed statements about a person, aged by machine time. Pages know cookies alone. The API knows
both: a request that shows a token is judged by it and by no cookie beside it.

A view says who may open it: `needs` on pages, `scopes` or `public` on every route of the API.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from flask import current_app, g, redirect, request
from werkzeug.http import parse_cookie

from . import bearer, clock, config, db, log, revocation, tokens, uses
from .problems import Problem, described, problem

COOKIE = "baton"
MAX_AGE = 30 * tokens.DAY
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Reader:
    """The person behind a request.

    :param roles: "member", "organizer".
    :param token: what a program showed for them.
    """

    person: str
    roles: tuple[str, ...]
    token: bearer.Token | None = None

    @property
    def actor(self) -> str:
        """How logs name them. A token acts for an organizer, whatever part of it is its scope."""
        return f"{'organizer' if self.token or 'organizer' in self.roles else 'person'}/{self.person}"


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
    """Who is asking, or None. Looked up once a request.

    :raises Problem: a token is shown that is worth nothing.
    """
    if "reader" not in g:
        shown = shown_token()
        g.reader = _read_cookie() if shown is None else _read_token(shown)
    found: Reader | None = g.reader
    return found


def shown_token() -> str | None:
    """The bearer token of a request to the API; None where cookies count."""
    service = current_app.extensions["baton"]
    return _bearer(request.headers) if request.path.startswith(f"/{service}/api/") else None


def _bearer(headers: Any) -> str | None:
    scheme, _, text = (headers.get("authorization") or "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None


_MAKE = "Make one with `./baton token create`, or on the page /signup/organizer/tokens."
_WHY = {
    "forged": "It is broken, or not made here, or no API token: sign-in links and cookies are none.",
    "expired": "It has ended: each token is made for a number of days.",
    "revoked": "It was revoked, or the organizer who made it is one no more.",
}


def _read_token(shown: str) -> Reader:
    try:
        token = bearer.read(shown)
    except tokens.BadToken as bad:
        raise _unauthorized(f"{_WHY[bad.reason]} {_MAKE}", "invalid_token") from None
    service = current_app.extensions["baton"]
    with db.read(service) as tx:
        if revocation.voids_token(tx, token.id) or revocation.voids(tx, token.person, token.made):
            raise _unauthorized(f"{_WHY['revoked']} {_MAKE}", "invalid_token")
    log.bind(through=f"token/{token.id}")
    uses.note(service, token)
    return Reader(token.person, ("member", "organizer") if token.scope == "organizer" else (), token)


def _unauthorized(detail: str, error: str = "") -> Problem:
    said = f'Bearer realm="baton", error="{error}"' if error else 'Bearer realm="baton"'
    title = "This token is worth nothing here" if error else "This needs a token"
    return Problem(401, title, detail, [], {"WWW-Authenticate": said})


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
    """Whether a request's headers carry a signed cookie or token with that role: asked before its body is read.

    Not enough to let anybody do anything: who was revoked is only known to `reader`.
    """

    def shows(headers: Any) -> bool:
        shown = _bearer(headers)
        if shown is not None:
            try:
                return bearer.read(shown).scope == role
            except tokens.BadToken:
                return False
        cookies = parse_cookie(headers.get("cookie") or "")
        try:
            return role in tokens.read("cookie", cookies.get(COOKIE) or "", MAX_AGE)["roles"]
        except (tokens.BadToken, KeyError, TypeError):
            return False

    return shows


def needs(*roles: str) -> Callable[[View], View]:
    """Only readers with one of these roles see this page; others are sent to sign in."""
    wanted = " or ".join(f"{'an' if role[0] in 'aeio' else 'a'} {role}" for role in roles)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            who = reader()
            if who is None:
                target = request.full_path.rstrip("?") if request.method in {"GET", "HEAD"} else request.path
                return redirect(f"/signup/sign-in?next={quote(target)}", 303)
            if not any(role in who.roles for role in roles):
                problem(403, "Not for you", f"Only {wanted} can open this.")
            return view(*args, **kwargs)

        return guarded  # type: ignore[return-value]

    return decorate


def scopes(*accepted: str, role: str | tuple[str, ...] = "organizer") -> Callable[[View], View]:
    """A route of the API for tokens of these scopes (`organizer` opens all), and for a cookie with (one of) that role.

    A cookie alone changes something only from a page of ours: a program has a token, which no browser sends by itself.
    """
    opened = tuple(dict.fromkeys((*accepted, "organizer")))
    roles = (role,) if isinstance(role, str) else role
    unknown = set(opened) - set(bearer.SCOPES)
    if unknown:
        raise ValueError(f"there is no scope {', '.join(unknown)}: see bearer.SCOPES")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            who = reader()
            if who is None:
                raise _unauthorized(f"Send it as `Authorization: Bearer …`. {_MAKE}")
            if who.token is not None:
                _within(opened, who.token)
            elif not set(roles) & set(who.roles):
                problem(
                    403, "Not for you", f"This needs a token, or the cookie of a reader who is {' or '.join(roles)}."
                )
            elif request.method not in {"GET", "HEAD"} and not _from_here():
                problem(403, "A cookie alone changes nothing here", f"Send a token, not a cookie. {_MAKE}")
            return view(*args, **kwargs)

        return _documented(guarded, opened, roles, [{"token": list(opened)}, {"cookie": []}])

    return decorate


def public(view: View) -> View:
    """A route of the API for everybody, without token or cookie."""
    return _documented(view, (), (), [])


def _within(opened: tuple[str, ...], token: bearer.Token) -> None:
    if token.scope not in opened:
        raise Problem(
            403,
            "This token may not do that",
            f"Its scope is {token.scope}; this needs one of {', '.join(opened)}. {_MAKE}",
            [],
            {"WWW-Authenticate": f'Bearer realm="baton", error="insufficient_scope", scope="{" ".join(opened)}"'},
        )


def _documented(
    view: Any, opened: tuple[str, ...], roles: tuple[str, ...], security: list[dict[str, list[str]]]
) -> Any:
    """The view, saying in the OpenAPI document who may open it."""
    view.scopes, view.roles = opened, roles
    view._apidoc = deepcopy(getattr(view, "_apidoc", {}))
    said = view._apidoc.setdefault("manual_doc", {})
    said["security"] = security
    if opened:
        said.setdefault("responses", {}).update({401: PROBLEM_401, 403: PROBLEM_403})
    return view


PROBLEM_401 = described("No token, or one that is forged, expired or revoked")
PROBLEM_403 = described("A token of another scope, or a cookie that may not")


def _from_here() -> bool:
    """True when a browser says that a page of ours sent this request."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    return (site == "same-origin" or bool(origin)) and not from_elsewhere()


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
