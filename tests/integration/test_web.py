"""What every service's web side does alike: errors, headers, ids, other sites' forms, health, OpenAPI."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Blueprint, Response, redirect, request
from flask_smorest import Blueprint as ApiBlueprint
from marshmallow import Schema, fields
from openapi_spec_validator import OpenAPIV31SpecValidator
from structlog.testing import capture_logs
from werkzeug.exceptions import TooManyRequests

from shared import access, clock, config, db, faults, revocation, web, worker
from shared.cli.broker import any_port
from shared.config import SERVICES


class Question(Schema):
    """The test's body."""

    n = fields.Integer(required=True)
    inner = fields.Dict(keys=fields.String(), values=fields.Integer())


def _app() -> Any:
    pages = Blueprint("pages", __name__, url_prefix="/blog")
    api = ApiBlueprint("api", __name__, url_prefix="/blog/api")

    @pages.route("/page", methods=["GET", "POST"])
    def page() -> str:
        return "<p>hello"

    @pages.get("/broken/<token>")
    def broken(token: str) -> str:
        raise RuntimeError("it broke")

    @pages.post("/public")
    @web.public_form
    def public() -> str:
        return "taken"

    @pages.get("/nonce")
    def nonce() -> str:
        return f"<script nonce={web.csp_nonce()}>"

    @pages.get("/embed")
    def embed() -> str:
        web.allow_embedding()
        return "<p>framed"

    @pages.get("/away")
    def away() -> Any:
        return redirect("/blog/page")

    @pages.get("/members")
    @access.needs("member")
    def members() -> str:
        return "members"

    @api.post("/questions")
    @api.arguments(Question)
    @api.response(200, Question)
    def ask(found: dict[str, Any]) -> dict[str, Any]:
        return found

    @api.get("/members")
    @access.scopes("read", role="member")
    def api_members() -> Any:
        return {}

    @api.get("/organizers")
    @access.scopes("read")
    def api_organizers() -> Any:
        return {}

    for blueprint in (pages, api):

        @blueprint.get("/crash")
        def crash() -> str:
            raise RuntimeError("the secret is 42")

        @blueprint.get("/slow-down")
        def slow_down() -> str:
            raise TooManyRequests(retry_after=30)

        @blueprint.post("/json")
        def as_json() -> Any:
            return request.get_json()

        @blueprint.post("/body")
        def body() -> Response:
            return Response(request.get_data())

    return web.create("blog", pages, api=[api])


@pytest.fixture
def client(settings: Any) -> Any:
    return _app().test_client()


def signed_in(client: Any, roles: list[str], person: str = "p1") -> Any:
    with client.application.test_request_context():
        answer = access.sign_in(Response(), person, roles)
    client.set_cookie("baton", re.match("baton=([^;]*)", answer.headers["Set-Cookie"])[1])  # type: ignore[index]
    return client


ERRORS = [
    ("post", "questions", {"data": "{", "content_type": "application/json"}, 400),
    ("post", "questions", {"data": b'{"n": "\xff"}', "content_type": "application/json"}, 400),
    ("get", "members", {}, 401),
    ("get", "nowhere", {}, 404),
    ("put", "questions", {}, 405),
    ("post", "body", {"data": b"x" * (web.BODY_LIMIT + 1)}, 413),
    ("post", "json", {"data": "n=1", "content_type": "text/plain"}, 415),
    ("post", "questions", {"json": {}}, 422),
    ("post", "questions", {"json": []}, 422),
    ("post", "questions", {"json": None}, 422),
    ("get", "slow-down", {}, 429),
    ("get", "crash", {}, 500),
]


@pytest.mark.parametrize(("method", "path", "kwargs", "status"), ERRORS)
def test_the_api_answers_every_error_as_a_problem(
    client: Any, method: str, path: str, kwargs: dict[str, Any], status: int
) -> None:
    """RFC 9457, with words on what to do next."""
    answer = client.open(f"/blog/api/{path}", method=method.upper(), **kwargs)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body = json.loads(answer.data)
    assert body["status"] == status and body["title"] and len(body["detail"]) > 10
    assert body["instance"] == f"/blog/api/{path}" and body["type"] == "about:blank"
    assert "secret is 42" not in answer.text and "Traceback" not in answer.text


def test_someone_without_the_role_is_told_so(client: Any) -> None:
    answer = signed_in(client, ["member"]).get("/blog/api/organizers")
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert "organizer" in answer.json["detail"]
    assert client.get("/blog/api/members").status_code == 200


def test_a_wrong_field_is_named_with_its_remedy(client: Any) -> None:
    body = client.post("/blog/api/questions", json={"inner": {"a": "x"}, "m": 1}).json
    found = {error["field"]: error for error in body["errors"]}
    assert {"n", "m"} <= set(found) and any(field.startswith("inner.a") for field in found)
    assert all(error["message"] and error["remedy"] for error in body["errors"])
    assert "n: " in body["detail"]


def test_headers_that_say_what_to_do_are_kept(client: Any) -> None:
    assert "POST" in client.put("/blog/api/questions").headers["Allow"]
    assert client.get("/blog/api/slow-down").headers["Retry-After"] == "30"
    assert client.get("/blog/slow-down").headers["Retry-After"] == "30"


@pytest.mark.parametrize(
    ("path", "status"), [("nowhere", 404), ("crash", 500), ("slow-down", 429), ("static/x/../../web.py", 404)]
)
def test_people_get_a_page(client: Any, path: str, status: int) -> None:
    answer = client.get(f"/blog/{path}")
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert "<h1>" in answer.text and "secret is 42" not in answer.text


def test_a_redirect_is_no_error(client: Any) -> None:
    assert client.get("/blog/away").status_code == 302


def test_headers_that_protect_the_reader(client: Any, change_settings: Any) -> None:
    answer = client.get("/blog/page")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
    for path in ("page", "api/members", "openapi.json"):
        assert client.get(f"/blog/{path}").headers["Cache-Control"] == "no-store"
    policy = answer.headers["Content-Security-Policy"]
    assert "img-src 'self' data:;" in policy, "a picture from elsewhere would tell its host who reads"
    assert "script-src 'self';" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert "Strict-Transport-Security" not in answer.headers
    change_settings(base_url="https://baton.example.org")
    assert "Strict-Transport-Security" in client.get("/blog/page").headers


def test_inline_script_needs_the_nonce_of_this_very_answer(client: Any) -> None:
    seen = set()
    for _ in range(2):
        answer = client.get("/blog/nonce")
        nonce = answer.text.split("nonce=")[1].rstrip(">")
        assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]
        seen.add(nonce)
    assert len(seen) == 2


def test_only_named_sites_may_frame_and_only_what_is_made_for_it(client: Any, change_settings: Any) -> None:
    change_settings(embed_origins=("https://program.example.org",))
    policy = client.get("/blog/embed").headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' https://program.example.org" in policy
    assert "frame-ancestors 'none'" in client.get("/blog/page").headers["Content-Security-Policy"]


def test_a_request_keeps_its_id_and_a_strange_one_is_replaced(client: Any) -> None:
    assert client.get("/blog/page", headers={"X-Request-ID": "abc123"}).headers["X-Request-ID"] == "abc123"
    for strange in ("a b", "a" * 65, "<script>", ""):
        given = client.get("/blog/page", headers={"X-Request-ID": strange}).headers["X-Request-ID"]
        assert given != strange and re.fullmatch("[0-9a-f]{16}", given)
    assert client.get("/blog/api/crash").headers["X-Request-ID"]


def test_a_cookie_is_for_this_site_over_https_and_for_no_script(client: Any, change_settings: Any) -> None:
    for base_url, secure in (("http://localhost:8000", False), ("https://baton.example.org", True)):
        change_settings(base_url=base_url)
        with client.application.test_request_context():
            flags = access.sign_in(Response(), "p1", ["member"]).headers["Set-Cookie"].split("; ")[1:]
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
        assert ("Secure" in flags) is secure


def test_a_failure_is_logged_without_what_was_secret_in_its_address(client: Any) -> None:
    with capture_logs() as logged:
        assert client.get("/blog/broken/a-secret-token").status_code == 500
    assert logged[0]["rule"] == "/blog/broken/<token>"
    assert "a-secret-token" not in str([{**each, "exc_info": None} for each in logged])


def test_a_form_is_posted_to_this_site_only(client: Any) -> None:
    """What was injected into a page could otherwise send what somebody types elsewhere."""
    assert "form-action 'self'" in client.get("/blog/page").headers["Content-Security-Policy"]


def test_a_cookie_is_worth_nothing_after_30_days(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(client, ["member"])
    real = clock.machine
    monkeypatch.setattr(clock, "machine", lambda: real() + access.MAX_AGE - 60)
    assert client.get("/blog/api/members").status_code == 200
    monkeypatch.setattr(clock, "machine", lambda: real() + access.MAX_AGE + 60)
    assert client.get("/blog/api/members").status_code == 401


@pytest.mark.parametrize(("proxies", "said"), [(0, "127.0.0.1"), (1, "203.0.113.9"), (2, "6.6.6.6")])
def test_of_forwarded_addresses_only_those_of_our_own_proxies_are_believed(
    settings: Any, change_settings: Any, proxies: int, said: str
) -> None:
    """Given a client that claims to be 6.6.6.6, When our one proxy adds where it is, Then that counts."""
    change_settings(trusted_proxies=proxies)
    app = _app()
    app.add_url_rule("/blog/who", view_func=lambda: f"{request.remote_addr} {request.scheme} {request.host}")
    headers = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto": "http, https"}
    seen, scheme, _ = app.test_client().get("/blog/who", headers=headers).text.split()
    assert seen == said
    assert (scheme == "https") is (proxies == 1)


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example.org"},
    {"Origin": "null"},
    {"Referer": "https://evil.example.org/page"},
    {"Origin": "http://localhost.evil.example.org"},
]
OURS = [
    {"Sec-Fetch-Site": "same-origin"},
    {"Origin": "http://localhost"},
    {"Origin": "http://localhost:8000"},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_another_site_cannot_act_in_a_readers_browser(client: Any, headers: dict[str, str]) -> None:
    signed_in(client, ["member"])
    assert client.post("/blog/page", headers=headers).status_code == 403
    assert client.get("/blog/page", headers=headers).status_code == 200, "reading is no harm"
    assert client.post("/blog/public", headers=headers).status_code == 200, "public forms come from anywhere"
    client.delete_cookie("baton")
    assert client.post("/blog/page", headers=headers).status_code == 403, "nor sign anybody in"


@pytest.mark.parametrize("headers", OURS)
def test_our_own_pages_may(client: Any, headers: dict[str, str]) -> None:
    assert signed_in(client, ["member"]).post("/blog/page", headers=headers).status_code == 200


def test_a_stranger_is_sent_to_sign_in_and_back(client: Any) -> None:
    answer = client.get("/blog/members?tab=1&x=a%20b")
    assert answer.status_code == 303
    assert answer.location == "/signup/sign-in?next=/blog/members%3Ftab%3D1%26x%3Da%2520b"


def test_a_revoked_cookie_is_void_and_a_later_one_is_not(client: Any) -> None:
    signed_in(client, ["member"])
    assert client.get("/blog/api/members").status_code == 200
    with db.write("blog") as tx:
        revocation.revoke(tx, "p1", clock.machine())
    assert client.get("/blog/api/members").status_code == 401
    assert signed_in(client, ["member"]).get("/blog/api/members").status_code == 200
    with db.write("blog") as tx:
        revocation.revoke(tx, "somebody-else", clock.machine() + 9)
    assert client.get("/blog/api/members").status_code == 200


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", "é", "x" * 4000])
def test_a_forged_cookie_is_nobody(client: Any, cookie: str) -> None:
    client.set_cookie("baton", cookie)
    assert client.get("/blog/api/members").status_code == 401


@pytest.mark.parametrize(
    ("target", "goes"),
    [
        ("/signup/me", True), ("/signup/me?x=1#y", True), (None, False), ("", False), ("//evil.example.org", False),
        ("/\\evil.example.org", False), ("https://evil.example.org", False), ("javascript:alert(1)", False),
        ("/a\r\nSet-Cookie: x", False), ("/\t/evil.example.org", False), ("signup/me", False), ("/a\\..\\b", False),
    ],
)  # fmt: skip
def test_a_link_leads_to_this_site_only(target: str | None, goes: bool) -> None:
    assert web.local_path(target, "/home") == (target if goes else "/home")


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_live_ready_measured_and_described(baton: Any, service: str) -> None:
    client = baton.client(service)
    assert client.get(f"/{service}/live").json == {"status": "live"}
    assert client.get(f"/{service}/ready").json["status"] == "ready"
    scraped = client.get(f"/{service}/metrics")
    assert scraped.status_code == 200 and "baton_deliveries_unconfirmed" in scraped.text
    document = client.get(f"/{service}/openapi.json").json
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()
    assert set(document["components"]["schemas"]["Problem"]["required"]) == {"type", "title", "status", "detail"}


@pytest.mark.parametrize("service", SERVICES)
def test_without_its_database_it_is_live_and_not_ready(baton: Any, service: str, change_settings: Any) -> None:
    client = baton.client(service)
    missing = baton.config.data / "no such folder" / "x.db"
    change_settings(database_urls=((service, f"sqlite:///{missing}"),))
    assert client.get(f"/{service}/live").status_code == 200
    answer = client.get(f"/{service}/ready")
    assert answer.status_code == 503
    assert "does not answer" in answer.text and "migrate" in answer.text


@pytest.mark.parametrize("service", SERVICES)
def test_at_another_revision_it_is_not_ready(baton: Any, service: str) -> None:
    with db.write(service) as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    answer = baton.client(service).get(f"/{service}/ready")
    assert answer.status_code == 503 and "another revision" in answer.text


def test_with_its_database_gone_a_page_still_says_so(baton: Any, change_settings: Any) -> None:
    client = baton.client("signup")
    file = baton.config.data / "other.db"
    for wrong in (baton.config.data / "gone" / "x.db", file):
        file.write_bytes(b"no database at all, " * 400)
        change_settings(database_urls=(("signup", f"sqlite:///{wrong}"),))
        for path in ("/", "/signup/", "/signup/nowhere"):
            answer = client.get(path)
            assert answer.status_code in {404, 503}
            assert "<h1>" in answer.text and "not your fault" not in answer.text
        answer = client.get("/signup/api/program")
        assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
        assert "The database does not answer" in answer.text and answer.headers["Retry-After"] == "60"
    assert not faults.away(sqlite3.OperationalError("no such table: person"))


def test_while_the_database_does_not_answer_pages_say_so_and_the_log_says_it_once(
    baton: Any, change_settings: Any
) -> None:
    client, urls = baton.client("signup"), config.current().database_urls
    change_settings(database_urls=(("signup", f"postgresql+psycopg://127.0.0.1:{any_port()}/x"),))
    web._said.clear()
    with capture_logs() as logs:
        for path in ("/", "/signup/stream1"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
            assert "The database does not answer" in answer.text and "not your fault" not in answer.text
        answer = client.get("/signup/api/program")
        assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
        for _ in range(2):
            worker.app.tasks["signup.tick"].run()
        change_settings(database_urls=urls)
        worker.app.tasks["signup.tick"].run()
    said = [entry["event"] for entry in logs if entry["event"] != "schedule.ran"]
    assert said == ["database.away", "database.away", "database.back"], "by the pages, and by the ticks"
    assert "127.0.0.1" in logs[0]["said"] and client.get("/").status_code == 200
    assert not faults.away(RuntimeError("another")) and not faults.away(sqlite3.OperationalError("database is locked"))


def test_files_are_kept_for_a_year_under_a_name_that_changes(client: Any) -> None:
    with client.application.test_request_context():
        url = client.application.jinja_env.from_string("{{ asset('baton.css') }}").render(
            **client.application.template_context_processors[None][-1]()
        )
    answer = client.get(url)
    assert answer.status_code == 200 and "max-age=31536000" in answer.headers["Cache-Control"]
