"""A service's Flask app: the same for each, so that every service has the same health, errors, headers and look.

Blueprints carry their own prefix, `/<service>`, in every deployment: nothing is mounted under a script name, so links
are the same on a laptop, behind a proxy and in a task.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import (
    Blueprint,
    Flask,
    Request,
    Response,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    send_from_directory,
)
from flask.sessions import SessionInterface
from flask_smorest import Api
from jinja2 import ChoiceLoader, FileSystemLoader
from marshmallow import Schema
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.middleware.proxy_fix import ProxyFix

from . import access, bearer, clock, config, db, faults, ids, log, metrics, migrate
from .problems import SCHEMA as PROBLEM_SCHEMA
from .problems import Problem, as_problem, problem
from .problems import response as problem_response

HERE = Path(__file__).resolve().parent
BODY_LIMIT = 1 << 20  # bytes; routes that need less or more say so
logger = log.get()


class _NoSession(SessionInterface):
    """No Flask session: who reads is a cookie of ours (access), and a form's state is in the form."""

    def open_session(self, app: Flask, request: Request) -> None:
        """None: Flask refuses its use, and writes no cookie."""


class _Problems(Api):
    """flask-smorest, with our errors in place of its own."""

    ERROR_SCHEMA = Schema.from_dict({}, name="Problem")

    def _register_error_handlers(self) -> None:
        """Ours are registered for the whole app."""


class _App(Flask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As it is: Flask asks of each function, at each request, whether it is async, and none of ours is."""
        return func


def create(
    service: str,
    *blueprints: Blueprint,
    api: Iterable[Any] = (),
    context: Callable[[], dict[str, Any]] | None = None,
) -> Flask:
    """The Flask app of `service`.

    :param blueprints: pages; each with the prefix `/<service>` (signup's front page has none).
    :param api: flask-smorest blueprints under `/<service>/api/`.
    :param context: more variables for all templates.
    """
    found = config.current()
    log.configure(found.log)
    app = _App(f"services.{service}", template_folder="templates", static_folder=None)
    app.extensions["baton"] = service
    app.session_interface = _NoSession()
    app.config.update(
        SECRET_KEY=found.secret,
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
        API_TITLE=f"Baton: {service}",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=f"/{service}",
        OPENAPI_JSON_PATH="openapi.json",
        PROPAGATE_EXCEPTIONS=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    own: Any = app.jinja_loader
    app.jinja_loader = ChoiceLoader([own, FileSystemLoader(HERE / "templates")])  # type: ignore[assignment]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if found.trusted_proxies:
        n = found.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    _before_and_after(app)
    _errors(app)
    _templates(app, service, context)
    app.register_blueprint(_health(service))
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    document = _Problems(app)
    document.spec.components.schemas["Problem"] = PROBLEM_SCHEMA  # type: ignore[attr-defined]
    for name, scheme in _SCHEMES.items():
        document.spec.components.security_scheme(name, scheme)  # type: ignore[attr-defined]
    for blueprint in api:
        document.register_blueprint(blueprint)
    return app


_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token (`./baton token create`). Its scope is one of those that a route names: "
        + " ".join(f"`{name}`: {meaning}" for name, meaning in bearer.SCOPES.items()),
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": access.COOKIE,
        "description": "Whoever is signed in, in a browser, from a page of this Baton.",
    },
}


def _before_and_after(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        log.clear()
        sent = request.environ  # every look through Flask's proxy costs as much as all else here
        given = sent.get("HTTP_X_REQUEST_ID", "")
        id = g.request_id = given if given.isalnum() and len(given) <= 64 else ids.token(8)
        log.bind(request=id, correlation=id)
        if ("\0" in sent["PATH_INFO"] or "%00" in sent["QUERY_STRING"]) and _holds_nul():
            problem(
                400, "This address cannot be read", "There is a %00 in it. Take it out, or start from the front page."
            )
        # Also without a cookie: another site must not sign its visitors in here, as somebody of its choice.
        unsafe = sent["REQUEST_METHOD"] not in {"GET", "HEAD", "OPTIONS"}
        if unsafe and access.from_elsewhere() and not _is_public() and access.shown_token() is None:
            problem(403, "This came from another site", "Open the page here and press its button again.")

    def _holds_nul() -> bool:
        # No text of ours has one, and PostgreSQL refuses to look for it. (Tokens are not looked for; a broken one is
        # answered with the way to a new one.)
        parts = {name: value for name, value in (request.view_args or {}).items() if name != "token"}
        return any("\0" in str(value) for value in (*parts.values(), *request.args.values()))

    def _is_public() -> bool:
        # Public forms are posted from any site, and read no cookie.
        return bool(getattr(app.view_functions.get(request.endpoint or ""), "public_form", False))

    @app.after_request
    def end(response: Response) -> Response:
        headers = response.headers
        present = {name.lower() for name, _ in headers}
        headers.add("X-Request-ID", g.get("request_id", ""))
        for name, value in _SAID:
            if name.lower() not in present:
                headers.add(name, value)
        if "content-security-policy" not in present:
            headers.add("Content-Security-Policy", _policy())
        if config.current().base_url.startswith("https:"):
            headers.add("Strict-Transport-Security", "max-age=31536000")
        return response

    @app.teardown_request
    def over(_error: BaseException | None) -> None:
        log.unbind("through")  # what this thread does next is nobody's deed


_SAID = (
    ("X-Content-Type-Options", "nosniff"),
    # Links carry tokens, so no other site is told them. Not "no-referrer": with it browsers hide the origin of our own
    # forms too ("Origin: null"), and over plain HTTP in a local network nothing else tells them apart.
    ("Referrer-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)


def take_uploads(app: Flask, path: str, most: int, may: Callable[[Any], bool] | None = None) -> None:
    """Let organizers post up to `most` bytes to `path`. Anybody else is refused as everywhere, before it is read.

    :param path: with a slash at its end, all below it. :param may: who else, by the request's headers.
    """
    app.extensions.setdefault("uploads", {})[path] = (most, may or access.shows_role("organizer"))


def public_form(view: Any) -> Any:
    """Mark a view that any site may post to: it must neither read a cookie nor trust its sender."""
    view.public_form = True
    return view


def allow_embedding() -> None:
    """Let the program's own sites (BATON_EMBED_ORIGINS) show this answer in a frame."""
    g.frame_ancestors = " ".join(("'self'", *config.current().embed_origins))


def csp_nonce() -> str:
    """The nonce of this answer's inline scripts."""
    if "csp_nonce" not in g:
        g.csp_nonce = ids.token(12)
    return str(g.csp_nonce)


def _policy() -> str:
    script = f"'self' 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else "'self'"
    return (
        f"default-src 'self'; script-src {script}; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; "
        f"frame-ancestors {g.get('frame_ancestors', chr(39) + 'none' + chr(39))}"
    )


def _errors(app: Flask) -> None:
    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Any:
        if error.code and error.code < 400:
            return error
        return answer(as_problem(error))

    @app.errorhandler(Exception)
    def crash(error: Exception) -> Any:
        # The rule, not the path: paths of mailed links are as good as a password.
        if not faults.full(error) and not faults.away(error):
            logger.exception("web.failed", rule=str(request.url_rule), method=request.method)
        return answer(failure(error))


def answer(found: Problem) -> Any:
    """The error as the API or a page says it; for handlers of errors, in which nothing can be raised any more."""
    if "/api/" in request.path or "/webhooks/" in request.path:
        return problem_response(found, request.path)
    page = render_template("error.html", problem=found, status=found.code)
    return page, found.code or 500, found.headers


def failure(error: BaseException) -> Problem:
    """What is said of an error that nobody foresaw."""
    if faults.away(error):
        _say("database.away", said=faults.first_line(error))
        return Problem(
            503,
            "The database does not answer",
            "So this cannot be shown or done just now. Press Back: what you typed is still there. Try again in a "
            "minute; if it lasts, tell an organizer.",
            [],
            {"Retry-After": "60"},
        )
    if not faults.full(error):
        return as_problem(InternalServerError())
    remedy = f"free some space at {config.current().data.absolute()}, or where the databases are"
    _say("disk.full", effect="nothing new is taken", remedy=remedy)
    return Problem(
        503,
        "There is no room to keep this",
        "The disk is full, so nothing of this was taken. Press Back: what you typed is still there. Tell an organizer, "
        "and send it again once they have freed some space.",
        [],
        {"Retry-After": "60"},
    )


_said: dict[str, float] = {}


def _say(event: str, **told: str) -> None:
    """It lasts until a person does something, so they are told; and not once a request."""
    if clock.machine() > _said.get(event, 0.0) + 60:
        _said[event] = clock.machine()
        logger.error(event, **told)


def failed(app: Flask, environ: dict[str, Any], error: BaseException) -> tuple[int, list[tuple[str, str]], bytes]:
    """The answer to a request whose view was content and whose commit failed: (status, headers, body)."""
    with app.request_context(environ):
        g.request_id = ids.token(8)
        said = app.process_response(app.make_response(answer(failure(error))))
        return said.status_code, [(name.lower(), value) for name, value in said.headers], said.get_data()


def _templates(app: Flask, service: str, context: Callable[[], dict[str, Any]] | None) -> None:
    @app.context_processor
    def common() -> dict[str, Any]:
        return {
            "asset": lambda name: f"/{service}/static/{_fingerprint(name)}/{name}",
            "csp_nonce": csp_nonce,
            "reader": access.reader,
            "service": service,
            "base_url": config.current().base_url,
            **(context() if context else {}),
        }


@lru_cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:12]


def _health(service: str) -> Blueprint:
    blueprint = Blueprint("health", __name__, url_prefix=f"/{service}")

    @blueprint.get("/live")
    def live() -> Any:
        return jsonify(status="live")

    @blueprint.get("/ready")
    def ready() -> Any:
        """Ready when the database answers at this code's revision. The broker is a doorbell: no part of it."""
        try:
            with db.read(service) as tx:
                at = tx.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
        except sa.exc.SQLAlchemyError as error:
            logger.error("ready.no_database", service=service, error=str(error.__cause__ or error)[:200])
            problem(503, "The database does not answer", "See the log; check BATON_DATABASE_URL and run: baton migrate")
        if at != migrate.head(service):
            problem(503, "The database is at another revision", "Run: baton migrate")
        return jsonify(status="ready", revision=at)

    @blueprint.get("/metrics")
    def scrape() -> Response:
        token = config.current().metrics_token
        given = request.headers.get("Authorization", "")
        if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            problem(401, "This needs the token of BATON_METRICS_TOKEN", "Send it as: Authorization: Bearer TOKEN",
                    headers={"WWW-Authenticate": "Bearer"})  # fmt: skip
        return Response(metrics.exposition(service), content_type="text/plain; version=0.0.4; charset=utf-8")

    @blueprint.get("/static/<fingerprint>/<path:name>")
    def static(fingerprint: str, name: str) -> Response:
        """Files under a name that changes with their content, so that browsers may keep them for a year."""
        answer = send_from_directory(HERE / "static", name, max_age=31_536_000 if len(fingerprint) == 12 else 60)
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return answer

    return blueprint


def go(path: str, said: str | None = None, anchor: str = "") -> Response:
    """See Other: after a POST, so that loading the page again posts nothing.

    :param said: what was done, in one word, which the page that comes puts into a sentence.
    """
    query = f"?said={said}" if said else ""
    return redirect(f"{path}{query}{'#' + anchor if anchor else ''}", 303)  # type: ignore[return-value]


def local_path(target: str | None, default: str) -> str:
    """`target` when it is a path on this site, else `default`: no link may lead a reader elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    if urlsplit(target).netloc or any(ord(c) < 33 or c == "\\" for c in target):
        return default
    return target


__all__ = ["Problem", "answer", "allow_embedding", "create", "csp_nonce", "go", "local_path", "problem", "public_form"]
