"""Every route of every service's API: in the document, closed to whoever may not, and standing up to what is odd.

The routes are read from the apps themselves: one that is added without saying who may open it turns this red.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.blog import blogs, pieces
from services.blog.blogs import marking
from services.sessions.gatherings import proposing
from services.signup import access_links, api_tokens, importing, people, program
from shared import access, bearer, clock, db, tokens
from shared.config import SERVICES
from tests import circles
from tests.conftest import Baton
from tests.meeting import Circle
from tests.offering import Ada

SAFE = {"GET", "HEAD"}
OWN = re.compile(r"/(signup/api/me|(sessions|notifications|blog)/api/mine)\b").match  # what is a person's own
NOBODY = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Route:
    """One method of one address."""

    service: str
    method: str
    rule: str
    view: Any

    def path(self, **known: Any) -> str:
        """Its address, with ids that are known or of nobody."""

        def fill(found: re.Match[str]) -> str:
            kind, name = found[1] or "", found[2]
            if name in known:
                return str(known[name])
            return "7" if kind == "int:" else "csv" if name == "form" else NOBODY

        return re.sub(r"<(\w+:)?(\w+)>", fill, self.rule)

    @property
    def documented(self) -> str:
        """The address as OpenAPI writes it."""
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", self.rule)


def routes(baton: Baton, service: str) -> Iterator[Route]:
    app = baton.app(service)
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(f"/{service}/api/"):
            for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                yield Route(service, method, rule.rule, app.view_functions[rule.endpoint])


def all_routes(baton: Baton) -> list[Route]:
    return [route for service in SERVICES for route in routes(baton, service)]


@pytest.fixture
def olga(baton: Baton) -> str:
    with db.write("signup") as tx:
        return access_links.add_organizer(tx, "system", "olga@example.org", "Olga")


def made(person: str, scope: str = "organizer", days: int = 1) -> bearer.Token:
    with db.write("signup") as tx:
        return api_tokens.create(tx, "system", person, f"{scope} {clock.machine()}", scope, days)


def sent(baton: Baton, route: Route, token: str | None, path: str | None = None, **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    headers.update(more.pop("headers", {}))
    return baton.client(route.service).open(path or route.path(), method=route.method, headers=headers, **more)


def problem(answer: Any, *statuses: int) -> dict[str, Any]:
    """What the answer says is wrong, and what to do."""
    where = f"{answer.request.method} {answer.request.path}"
    assert answer.status_code in statuses, f"{where}: {answer.status_code} {answer.text[:300]}"
    assert answer.mimetype == "application/problem+json", where
    found = json.loads(answer.data)
    assert found["status"] == answer.status_code and found["title"] and len(found["detail"]) > 15, where
    return dict(found)


# ---- the document ----


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_is_documented_and_says_who_may_open_it(baton: Baton, service: str) -> None:
    """The document is what a program's author reads: a route that is missing there, or is open unsaid, is a defect."""
    document = baton.client(service).get(f"/{service}/openapi.json").json
    OpenAPIV31SpecValidator(document).validate()
    written = {(method.upper(), path) for path, item in document["paths"].items() for method in item
               if method != "parameters"}  # fmt: skip
    found = list(routes(baton, service))
    assert {(route.method, route.documented) for route in found} == written and found
    for route in found:
        operation = document["paths"][route.documented][route.method.lower()]
        opened = getattr(route.view, "scopes", None)
        assert opened is not None, f"{route.rule} declares no scope: see access.scopes, access.public"
        wanted = [{"token": list(opened)}, {"cookie": []}] if opened else []
        assert operation["security"] == wanted, route.rule
        assert set(opened) <= set(bearer.SCOPES) and ("organizer" in opened or not opened)
        assert operation["summary"], f"{route.rule} has no words"
        if opened:
            assert {"401", "403"} <= set(operation["responses"])


def test_only_what_is_meant_to_be_is_public(baton: Baton) -> None:
    public = {(r.method, r.rule) for r in all_routes(baton) if not getattr(r.view, "scopes", ())}
    assert public == {("GET", "/signup/api/program"), ("POST", "/signup/api/signups")}


def test_what_only_reads_is_open_to_read_and_nothing_that_changes_is(baton: Baton) -> None:
    """Also the other way round: `read` can see all there is but what is a person's own."""
    for route in all_routes(baton):
        if route.method == "GET" and route.view.scopes and not OWN(route.rule):
            assert "read" in route.view.scopes, route.rule
        if route.method not in SAFE and not route.rule.endswith("/preview"):
            assert "read" not in route.view.scopes, route.rule


# ---- closed to whoever may not ----


def test_without_a_token_nothing_opens(baton: Baton) -> None:
    for route in all_routes(baton):
        if route.view.scopes:
            for headers in ({}, {"Authorization": "Basic b2xnYTp4"}):
                answer = sent(baton, route, None, headers=headers)
                assert "./baton token create" in problem(answer, 401)["detail"], route.rule
                assert answer.headers["WWW-Authenticate"] == 'Bearer realm="baton"'


def worthless(olga: str) -> dict[str, str]:
    """Tokens that are none, each with the reason."""
    good, day = made(olga), 86_400.0
    now = clock.machine()
    claims = {"person": olga, "scope": "organizer", "made": now, "until": now + day}
    text = good.text()
    letter = "A" if text[-2] != "A" else "B"
    return {
        "nothing": "",
        "of letters": "baton_abc",
        "not ASCII": "baton_\xe9\xff",
        "changed": text[:-2] + letter + text[-1],
        "cut": text[:-5],
        "without its prefix": text.removeprefix(bearer.PREFIX),
        "ended": bearer.Token(NOBODY, olga, "organizer", now - 2 * day, now - day).text(),
        "of a scope that is none": bearer.Token(NOBODY, olga, "root", now, now + day).text(),
        "without claims": bearer.PREFIX + tokens.sign(bearer.PURPOSE, {}),
        "with odd claims": bearer.PREFIX + tokens.sign(bearer.PURPOSE, {**claims, "until": "never"}),
        **{
            f"a {purpose}": prefix + tokens.sign(purpose, {**claims, "roles": ["organizer"], "at": now, "request": "r"})
            for purpose in ("cookie", *tokens.LINKS)
            for prefix in ("", bearer.PREFIX)
        },
    }


def test_a_token_that_is_none_opens_nothing(baton: Baton, olga: str) -> None:
    found = [route for route in all_routes(baton) if route.view.scopes]
    before = baton.dump()
    bad = worthless(olga)
    with_good = baton.dump()
    for route in found:
        for text in bad.values():
            answer = sent(baton, route, text.encode().decode("latin-1"))
            assert "Make one with" in problem(answer, 401)["detail"]
            assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert baton.dump() == with_good, "not even its use is noted"
    assert before != with_good


def test_a_revoked_token_opens_nothing_anywhere(baton: Baton, olga: str) -> None:
    token = made(olga)
    with db.write("signup") as tx:
        api_tokens.revoke(tx, "system", token.id)
    baton.drain()
    for route in all_routes(baton):
        if route.view.scopes:
            assert "revoked" in problem(sent(baton, route, token.text()), 401)["detail"]


def test_the_tokens_of_who_is_an_organizer_no_more_open_nothing(baton: Baton, olga: str) -> None:
    with db.write("signup") as tx:
        access_links.add_organizer(tx, "system", "other@example.org", "Other")
    token = made(olga)
    with db.write("signup") as tx:
        access_links.remove_organizer(tx, "system", olga)
    baton.drain()
    for route in all_routes(baton):
        if route.view.scopes:
            problem(sent(baton, route, token.text()), 401)
    assert baton.rows("signup", "api_token")[0]["revoked_at"]
    with db.write("signup") as tx:
        access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
    baton.drain()
    route = next(routes(baton, "sessions"))
    problem(sent(baton, route, token.text()), 401)
    assert sent(baton, route, made(olga).text()).status_code == 200, "a new one does"


def test_a_token_of_another_scope_is_told_which_it_needs(baton: Baton, olga: str) -> None:
    held = {scope: made(olga, scope).text() for scope in bearer.SCOPES}
    for route in all_routes(baton):
        for scope in set(bearer.SCOPES) - set(route.view.scopes) if route.view.scopes else ():
            answer = sent(baton, route, held[scope])
            assert f"Its scope is {scope}" in problem(answer, 403)["detail"]
            assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def signed_in(baton: Baton, service: str, person: str, *roles: str) -> Any:
    client = baton.client(service)
    client.set_cookie(
        access.COOKIE, tokens.sign("cookie", {"person": person, "roles": list(roles), "at": clock.machine()})
    )
    return client


def test_a_cookie_alone_changes_nothing_from_another_site_nor_from_nowhere(baton: Baton, olga: str) -> None:
    baton.drain()
    before = baton.dump()
    for route in all_routes(baton):
        if route.method in SAFE or not route.view.scopes:
            continue
        client = signed_in(baton, route.service, olga, "member", "organizer")
        for headers in (
            {},
            {"Origin": "https://evil.example.org"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
            {"Referer": "http://localhost/signup/me"},
        ):
            for kind in ("application/json", "text/plain"):
                answer = client.open(route.path(), method=route.method, headers=headers, data="{}", content_type=kind)
                problem(answer, 403)
    assert baton.dump() == before


def test_a_cookie_opens_what_its_role_may_from_our_own_pages(baton: Baton, olga: str) -> None:
    here = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    for route in all_routes(baton):
        if not route.view.scopes:
            continue
        options: dict[str, Any] = {"json": {}} if route.method not in {"GET", "DELETE"} else {}
        answer = signed_in(baton, route.service, olga, "member", "organizer").open(
            route.path(), method=route.method, headers=here, **options
        )
        assert answer.status_code not in {401, 403} and answer.status_code < 500, f"{route.rule}: {answer.text}"
        if "member" in route.view.roles:
            continue
        answer = signed_in(baton, route.service, olga, "member").open(route.path(), method=route.method, headers=here)
        problem(answer, 403)


def test_a_token_needs_no_word_of_where_it_comes_from(baton: Baton, olga: str) -> None:
    """No browser sends it by itself, so no other site can make one do it."""
    token = made(olga).text()
    headers = {"Origin": "https://tools.example.org", "Sec-Fetch-Site": "cross-site"}
    for route in all_routes(baton):
        if route.method not in SAFE and route.view.scopes:
            options: dict[str, Any] = {"json": {}} if route.method != "DELETE" else {}
            answer = sent(baton, route, token, headers=headers, **options)
            assert answer.status_code not in {401, 403} and answer.status_code < 500, f"{route.rule}: {answer.text}"


def test_who_shows_a_token_is_judged_by_it_and_by_no_cookie_beside_it(baton: Baton, olga: str) -> None:
    client = signed_in(baton, "signup", olga, "member", "organizer")
    read = {"Authorization": f"Bearer {made(olga, 'read').text()}", "Origin": "http://localhost"}
    assert client.get("/signup/api/members", headers=read).status_code == 200
    problem(client.post("/signup/api/sections", headers=read, json={"title": "x", "markdown": ""}), 403)
    problem(client.get("/signup/api/members", headers={"Authorization": "Bearer x"}), 401)


def test_pages_take_no_token(baton: Baton, olga: str) -> None:
    headers = {"Authorization": f"Bearer {made(olga).text()}"}
    for service, path in (
        ("signup", "/signup/organizer/"),
        ("signup", "/signup/me"),
        ("signup", "/signup/export/members.csv"),
        ("notifications", "/notifications/outbox"),
        ("blog", "/blog/ops"),
    ):
        answer = baton.client(service).get(path, headers=headers)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/signup/sign-in"), path
    cross = {**headers, "Origin": "https://evil.example.org"}
    assert baton.client("signup").post("/signup/me/pause", headers=cross).status_code == 403


# ---- standing up to what is odd ----


def _blog(person: str) -> str:
    with db.write("blog") as tx:
        return blogs.register(tx, lambda tx, id: None, person, "https://ada.example.org")


def _post(blog: str) -> str:
    """An entry of that blog's feed."""
    entry = {"path": "1", "commit": "", "blob": "1", "title": "One", "url": "https://ada.example.org/1", "reason": ""}
    with db.write("blog") as tx:
        marking.put(tx, "listed", blog=blog, day="2026-10-01", first_day=None, **entry)
        table = db.metadata("blog").tables
        tx.execute(table["blog"].update().where(table["blog"].c.id == blog).values(kind="feed"))
        return str(tx.execute(table["post"].select().where(table["post"].c.blog == blog)).one().id)


def _piece(person: str) -> str:
    with db.write("blog") as tx:
        return pieces.note(tx, person, {"title": "One", "about": "", "link": ""})


def known(baton: Baton, olga: str) -> dict[str, Any]:
    """Ids of things that are there."""
    with db.write("signup") as tx:
        now = program.load(tx)
    given = io.BytesIO(b"Email,Name,Stream\nada@example.org,Ada,stream1\n")
    id = importing.give(f"organizer/{olga}", "people.csv", given)
    circles.join(baton, "Bo")
    ada = Ada(baton, baton.config.data)
    blog = _blog(olga)
    mails, found = baton.rows("notifications", "mail"), baton.rows("sessions", "circle")
    return {
        "person": olga,
        "slug": now.streams[0].slug,
        "question": now.streams[0].questions[0].id,
        "version": "1",
        "id": mails[0]["id"] if mails else id,
        "import": id,
        "circle": found[0]["id"],
        "session": Circle(baton).first,
        "gathering": circles.do(proposing.propose, "organizers"),
        "offer": ada.offer(ada.writes())["id"],
        "blog": blog,
        "post": _post(blog),
        "piece": _piece(olga),
        "kind": "talk",
        "stream": "stream1",
        "item": "blog",
        "subscriber": "notifications",
        "name": "members",
    }


def test_a_get_changes_nothing(baton: Baton, olga: str) -> None:
    """But the note of when the token was last used, which the first one leaves."""
    with db.write("signup") as tx:
        people.apply(tx, {"name": "Ada", "email": "ada@example.org", "timezone": "UTC", "stream": "stream1",
                          "charter": program.load(tx).charter.version, "answers": {}})  # fmt: skip
        people.ask_download(tx, f"person/{olga}", olga)
    baton.drain()
    ids, token = known(baton, olga), made(olga).text()
    for service in SERVICES:
        sent(baton, next(route for route in routes(baton, service) if route.view.scopes), token)
    baton.drain()
    before, fine = baton.dump(), 0
    for route in all_routes(baton):
        if route.method != "GET":
            continue
        kind = next(
            (
                kind
                for kind in ("import", "circle", "session", "gathering", "offer", "blog", "post", "piece")
                if f"/{kind}s/<id>" in route.rule
            ),
            "id",
        )
        there = {**ids, "id": ids[kind]}
        if "/sections/" in route.rule:
            there["slug"] = "faq"
        for method in ("GET", "HEAD"):
            answer = baton.client(route.service).open(
                route.path(**there), method=method, headers={"Authorization": f"Bearer {token}"}
            )
            unknown = answer.status_code == 404 and route.service != "signup" and "/exports/" in route.rule
            assert answer.status_code == 200 or unknown, f"{route.rule}: {answer.text}"
            fine += answer.status_code == 200
    assert baton.dump() == before and fine > 40


DEEP = "[" * 100_000 + "]" * 100_000
BODIES: list[Any] = [
    "",
    "{",
    "null",
    "[]",
    "[1]",
    '"x"',
    "5",
    "NaN",
    '{"a": NaN}',
    DEEP,
    '{"a":' * 50_000 + "1" + "}" * 50_000,
    b"\xff\xfe",
    b'{"name": "\xff"}',
    '{"nobody knows this": 1}',
    '{"\\u0000": "\\ud800"}',
]
ODD: list[Any] = [
    None,
    5,
    -1,
    10**40,
    1e308,
    True,
    "",
    "x" * 70_000,
    "\0",
    "\ud800",
    "a\nb\r\u202e\u0007",
    [],
    [None],
    ["\0"],
    {},
    {"\0": "\0"},
    {"a": {"b": []}},
    [[[]]],
]


def test_odd_bodies_are_refused_in_words(baton: Baton, olga: str) -> None:
    token = made(olga).text()
    for route in all_routes(baton):
        if route.method in {"GET", "DELETE"} or not route.view.scopes:
            continue
        for body in BODIES:
            answer = sent(baton, route, token, data=body, content_type="application/json")
            if body in ("", "null"):  # no body is what many take; of nobody
                assert answer.status_code < 500, f"{route.rule} {body!r}: {answer.text}"
                continue
            if route.rule == "/signup/api/imports":
                problem(answer, 422)
                continue
            problem(answer, 400, 404, 409, 422)


def test_odd_values_in_every_field_are_refused_in_words(baton: Baton, olga: str) -> None:
    """Each field of each body in turn; what is taken after all must be text that the database takes, too."""
    document = {service: baton.client(service).get(f"/{service}/openapi.json").json for service in SERVICES}
    ids, tried = known(baton, olga), 0
    with db.write("signup") as tx:
        access_links.add_organizer(tx, "system", "stays@example.org", "Stays")
    token = made(olga).text()
    for route in all_routes(baton):
        found = document[route.service]["paths"][route.documented][route.method.lower()]
        schema = found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if not schema or not route.view.scopes or route.rule.endswith(("/me/leave", "/leave", "/readdress")):
            continue
        shape = document[route.service]["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        kind = next(
            (
                kind
                for kind in ("import", "circle", "session", "gathering", "offer", "blog", "post", "piece")
                if f"/{kind}s/<id>" in route.rule
            ),
            "id",
        )
        there = {**ids, "id": ids[kind]}
        for field in shape.get("properties", {}):
            good = {"scope": "read", "name": "n", "title": "t", "markdown": "m", "label": "l", "kind": "short"}
            others = {name: good.get(name, "x") for name in shape.get("required", ()) if name != field}
            for value in ODD:
                body = json.dumps({**others, field: value})
                answer = sent(baton, route, token, route.path(**there), data=body, content_type="application/json")
                assert answer.status_code != 401, "the token was revoked on the way"
                if answer.status_code >= 400:
                    problem(answer, 400, 404, 409, 422, 429)
                tried += 1
    assert tried > 300


def test_odd_ids_are_of_nobody(baton: Baton, olga: str) -> None:
    token = made(olga).text()
    odd = [
        "%00",
        "a%00b",
        "%ff",
        "..",
        "%2e%2e%2fx",
        "x" * 5_000,
        "%F0%9F%8E%B7",
        "'%20OR%201=1--",
        "9" * 40,
        "-1",
        NOBODY,
    ]
    for route in all_routes(baton):
        if "<" not in route.rule:
            continue
        for id in odd:
            path = re.sub(r"<(\w+:)?(\w+)>", id, route.rule)
            answer = sent(baton, route, token, path, **({"json": {}} if route.method not in {"GET", "DELETE"} else {}))
            problem(answer, 400, 404, 405, 409, 422)


def test_odd_queries_are_refused_in_words(baton: Baton, olga: str) -> None:
    token = made(olga).text()
    asked = ["page=0", "page=-1", "page=x", "page=1e3", "page=" + "9" * 30, "page=", "page=1&page=2", "nobody=1",
             "state=nobody", "sort=id", "q=" + "x" * 900, "q=%00", "stream=%ff", "before=x", "before=%00",
             "recipient=" + "x" * 900, "q=%25_%27%22"]  # fmt: skip
    statuses: dict[str, set[int]] = {}
    for route in all_routes(baton):
        if route.method == "GET":
            for query in asked:
                answer = sent(baton, route, token, f"{route.path()}?{query}")
                statuses.setdefault(route.rule, set()).add(answer.status_code)
                if answer.status_code >= 400:
                    problem(answer, 400, 404, 422)
    assert statuses["/signup/api/members"] >= {200, 400, 422}


def test_a_page_beyond_the_last_is_the_last(baton: Baton, olga: str) -> None:
    headers = {"Authorization": f"Bearer {made(olga, 'read').text()}"}
    found = baton.client("signup").get("/signup/api/members?page=900000", headers=headers).json
    assert set(found) == {"members", "total", "page", "pages"}
    assert (found["page"], found["pages"]) == (1, 1) and found["total"] == len(found["members"]) > 0
