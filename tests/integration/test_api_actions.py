"""Every action through the API, as a program would do it: what it answers, and that it does what the page does."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.signup import access_links, api_tokens, people, program
from shared import clock, db, tokens
from shared.config import SERVICES
from shared.events import inbox
from tests.conftest import Baton

FILES = Path(__file__).resolve().parent.parent / "fixtures" / "csv"


class Program:
    """A program with a token; `api.get("members")` is asked of signup."""

    def __init__(self, baton: Baton, person: str, scope: str) -> None:
        self.baton, self.person = baton, person
        with db.write("signup") as tx:
            token = api_tokens.create(tx, "system", person, scope, scope)
        self.headers = {"Authorization": f"Bearer {token.text()}"}

    def __call__(self, method: str, path: str, status: int = 200, service: str = "signup", **more: Any) -> Any:
        """The JSON of the answer, or its text."""
        answer = self.baton.client(service).open(
            f"/{service}/api/{path}", method=method, headers={**self.headers, **more.pop("headers", {})}, **more
        )
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        if status >= 400:
            assert answer.mimetype == "application/problem+json"
        return answer.json if answer.is_json and answer.data else answer.text

    def get(self, path: str, **more: Any) -> Any:
        return self("GET", path, **more)

    def post(self, path: str, status: int = 200, body: Any = None, **more: Any) -> Any:
        return self("POST", path, status, **({"json": body} if body is not None else {}), **more)


@pytest.fixture
def api(baton: Baton) -> Program:
    with db.write("signup") as tx:
        olga = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
    baton.drain()
    return Program(baton, olga, "organizer")


def fields(found: dict[str, Any]) -> list[str]:
    return [error["field"] for error in found["errors"]]


def signed_up(api: Program, email: str = "ada@example.org", name: str = "Ada Lovelace") -> str:
    now = api.get("program")
    body = {"name": name, "email": email, "stream": "stream1", "timezone": "Europe/London"}
    api.post("signups", 202, {**body, "charter": now["charter"]["version"], "answers": {}})
    api.baton.drain()
    [found] = api.get(f"members?q={email}")["members"]
    return str(found["id"])


def confirmed(api: Program, email: str = "ada@example.org", name: str = "Ada Lovelace") -> str:
    person = signed_up(api, email, name)
    with db.write("signup") as tx:
        people.confirm(tx, person)
    api.baton.drain()
    return person


# ---- people ----


def test_the_list_is_searched_filtered_sorted_and_paged(api: Program) -> None:
    for n in range(3):
        signed_up(api, f"m{n}@example.org", f"Member {n}")
    found = api.get("members?q=member&state=applied&stream=stream1&sort=-name")
    assert [each["name"] for each in found["members"]] == ["Member 2", "Member 1", "Member 0"]
    assert (found["total"], found["page"], found["pages"]) == (3, 1, 1)
    assert api.get("members?state=left")["members"] == []
    assert api.get("members?stream=nowhere")["total"] == 0
    wrong = api("GET", "members?state=x&sort=y&page=0&colour=blue", 422)
    assert set(fields(wrong)) == {"state", "sort", "page", "colour"}


def test_fifty_are_a_page(api: Program) -> None:
    with db.write("signup") as tx:
        charter = program.load(tx).charter.version
        for n in range(51):
            typed = {"name": f"P{n:02}", "email": f"p{n}@example.org", "timezone": "UTC", "stream": "stream1"}
            people.apply(tx, {**typed, "charter": charter, "answers": {}})
    first, second = (api.get(f"members?q=p&stream=stream1&page={page}") for page in (1, 2))
    assert (len(first["members"]), len(second["members"])) == (50, 1)
    assert (second["total"], second["page"], second["pages"]) == (51, 2, 2)


def test_a_members_way(baton: Baton, api: Program) -> None:
    ada = signed_up(api)
    assert api.get(f"members/{ada}")["can"] == ["resend"]
    assert api.post(f"members/{ada}/resend", 429)["title"] == "Too soon"
    baton.pass_machine_time(3_700)
    assert api.post(f"members/{ada}/resend", 202)["state"] == "applied"
    assert "state" in fields(api.post(f"members/{ada}/pause", 409))
    with db.write("signup") as tx:
        people.confirm(tx, ada)
    assert api.post(f"members/{ada}/pause")["state"] == "paused"
    assert api.post(f"members/{ada}/come-back", body={})["state"] == "confirmed"
    assert api.post(f"members/{ada}/move", body={"stream": "stream2"})["stream"] == "stream2"
    assert fields(api.post(f"members/{ada}/move", 422, {"stream": "nowhere"})) == ["stream"]
    assert api.post(f"members/{ada}/address", body={"email": "new@example.org"})["email"] == "new@example.org"
    assert fields(api.post(f"members/{ada}/address", 422, {"email": "olga@example.org"})) == ["email"]
    left = api.post(f"members/{ada}/leave", body={"reason": "A new job"})
    assert (left["state"], left["leave_reason"]) == ("left", "A new job")
    assert api.post(f"members/{ada}/come-back")["leave_reason"] is None
    assert api.post(f"members/{ada}/erase", 202)["erase_after"]
    assert "state" in fields(api.post(f"members/{ada}/come-back", 409))
    assert api.post(f"members/{ada}/keep")["state"] == "confirmed"
    history = api.get(f"members/{ada}/history")["history"]
    assert [each["what"] for each in history[:2]] == ["person.kept", "person.erasing"]
    assert history[0]["by"] == f"organizer/{api.person}" and history[0]["through"] == "organizer"
    assert "example.org" not in json.dumps(history), "facts are told without what they carry"
    for path in (f"members/{ada}x", "members/nobody/history"):
        api("GET", path, 404)
    for verb in ("resend", "pause", "come-back", "erase", "keep", "leave"):
        api.post(f"members/nobody/{verb}", 404)
    baton.drain()
    assert baton.rows("sessions", "person", id=ada)[0]["stream"] == "stream2"


def test_who_runs_it(api: Program) -> None:
    other = api.post("organizers", 201, {"email": "other@example.org", "name": "Other"})
    assert other["name"] == "Other"
    assert api.post("organizers", 201, {"email": "other@example.org"})["id"] == other["id"], "twice is once"
    assert fields(api.post("organizers", 422, {"email": "no address"})) == ["email"]
    assert [each["email"] for each in api.get("organizers")["organizers"]] == ["olga@example.org", "other@example.org"]
    api("DELETE", f"organizers/{other['id']}", 204)
    assert fields(api("DELETE", f"organizers/{other['id']}", 409)) == ["organizer"]
    assert fields(api("DELETE", f"organizers/{api.person}", 409)) == ["organizer"], "the last one stays"
    api("DELETE", "organizers/nobody", 404)


def test_ones_own_page(baton: Baton, api: Program) -> None:
    """By the cookie of a member, from a page of ours; or by a token, for the organizer who made it."""
    ada = confirmed(api)
    client = baton.client("signup")
    claims = {"person": ada, "roles": ["member"], "at": clock.machine()}
    client.set_cookie("baton", tokens.sign("cookie", claims))
    here = {"Origin": "http://localhost"}
    assert client.get("/signup/api/me").json["email"] == "ada@example.org"
    changed = client.patch("/signup/api/me", json={"name": "Ada King", "blog": None}, headers=here)
    assert (changed.status_code, changed.json["name"]) == (200, "Ada King")
    assert fields(client.patch("/signup/api/me", json={"timezone": "Mars"}, headers=here).json) == ["timezone"]
    assert fields(client.patch("/signup/api/me", json={"state": "active"}, headers=here).json) == ["state"]
    asked = client.put("/signup/api/me/checklist/blog", json={"done": True}, headers=here)
    assert set(asked.json["checklist"]) == {"blog"}
    assert client.put("/signup/api/me/checklist/tea", json={"done": True}, headers=here).status_code == 422
    for verb, status, state in (
        ("pause", 200, "paused"),
        ("come-back", 200, "confirmed"),
        ("leave", 200, "left"),
        ("come-back", 200, "confirmed"),
        ("erase", 202, "left"),
        ("keep", 200, "confirmed"),
    ):
        answer = client.post(f"/signup/api/me/{verb}", headers=here)
        assert (answer.status_code, answer.json["state"]) == (status, state), verb
    assert client.post("/signup/api/me/stream", json={"stream": "stream3"}, headers=here).json["stream"] == "stream3"
    for email in ("olga@example.org", "free@example.org"):
        answer = client.post("/signup/api/me/address", json={"email": email}, headers=here)
        assert (answer.status_code, answer.json["status"]) == (202, "asked"), "the same for a known address"
    assert client.get("/signup/api/me/download").status_code == 404
    assert client.post("/signup/api/me/download", headers=here).status_code == 202
    baton.drain()
    again = client.post("/signup/api/me/download", headers=here)
    assert again.status_code == 429 and int(again.headers["Retry-After"]) > 3_600
    assert client.get("/signup/api/me/download").json["missing"] == []
    assert client.get("/signup/api/me/download/my-data.json").json["signup"]["person"]["name"] == "Ada King"
    assert client.get("/signup/api/members").status_code == 403
    assert api.get("me")["email"] == "olga@example.org"
    assert "organizer" in fields(api.post("me/leave", 409)), "the last organizer"
    assert baton.rows("signup", "audit", what="person.corrected")[0]["by"] == f"person/{ada}"


# ---- the program ----


def test_the_program_and_its_page(baton: Baton, api: Program) -> None:
    assert api("PATCH", "program/settings", json={"name": "Circles", "video_url": "https://meet.example.org/x"})[
        "name"
    ] == "Circles"  # fmt: skip
    assert set(fields(api("PATCH", "program/settings", 422, json={"name": "", "timezone": "Mars"}))) == {
        "name",
        "timezone",
    }
    assert api.get("program/settings")["video_url"] == "https://meet.example.org/x"
    slug = api.post("sections", 201, {"title": "News", "markdown": "*Hello*"})["slug"]
    assert api.get("sections")["sections"][-1] == {"slug": slug, "title": "News", "markdown": "*Hello*"}
    assert api("PUT", f"sections/{slug}", json={"title": "Old news", "markdown": "x"})["slug"] == slug
    api.post(f"sections/{slug}/move", 204, {"to": "up"})
    assert api.get("sections")["sections"][-2]["slug"] == slug
    assert fields(api.post(f"sections/{slug}/move", 422, {"to": "left"})) == ["to"]
    api("DELETE", f"sections/{slug}", 204)
    assert [each["slug"] for each in api.get("sections")["removed"]] == [slug]
    api("DELETE", f"sections/{slug}", 404)
    api.post(f"sections/{slug}/restore", 204)
    api.post(f"sections/{slug}/restore", 404)
    baton.drain()
    assert baton.rows("blog", "program")[0]["name"] == "Circles"


def test_a_key_makes_what_is_sent_twice_one(baton: Baton, api: Program) -> None:
    for path, body, made in (
        ("sections", {"title": "News", "markdown": "x"}, "slug"),
        ("streams", {"name": "Leading"}, "slug"),
        ("streams/stream1/questions", {"label": "Why?", "kind": "short"}, "id"),
    ):
        key = {"Idempotency-Key": f"key-of-{path}"}
        first = api.post(path, 201, body, headers=key)
        before = baton.rows("signup", "program"), baton.rows("signup", "audit")
        assert api.post(path, 201, body, headers=key) == first
        assert (baton.rows("signup", "program"), baton.rows("signup", "audit")) == before
        other = {**body, next(iter(body)): "Another"}
        assert fields(api.post(path, 422, other, headers=key)) == ["Idempotency-Key"]
        assert api.post(path, 201, body)[made] != first[made], "without a key it is asked for twice"
        assert fields(api.post(path, 422, body, headers={"Idempotency-Key": "a b"})) == ["Idempotency-Key"]


def test_streams_and_their_questions(api: Program) -> None:
    slug = api.post("streams", 201, {"name": "Leading", "summary": "Teams", "open": False})["slug"]
    stream = api.get(f"streams/{slug}")
    assert (stream["name"], stream["open"], stream["questions"]) == ("Leading", False, [])
    api("PATCH", f"streams/{slug}", 204, json={"open": True})
    api.post(f"streams/{slug}/move", 204, {"to": "up"})
    assert [each["slug"] for each in api.get("streams")["streams"]] == ["stream1", "stream2", slug, "stream3"]
    asked = {"label": "How many?", "kind": "choice", "options": ["1", "2"]}
    id = api.post(f"streams/{slug}/questions", 201, asked)["id"]
    other = api.post(f"streams/{slug}/questions", 201, {"label": "Why?", "kind": "short", "required": True})["id"]
    api.post(f"streams/{slug}/questions/{other}/move", 204, {"to": "up"})
    assert [each["id"] for each in api.get(f"streams/{slug}")["questions"]] == [other, id]
    api("PUT", f"streams/{slug}/questions/{id}", 204, json={**asked, "options": ["1", "2", "3"]})
    said = fields(api("PUT", f"streams/{slug}/questions/{id}", 422, json={**asked, "options": ["1"]}))
    assert said == ["options"]
    assert api.post(f"streams/{slug}/preview", body={"answers": {other: "x", id: "3"}}) == {"status": "accepted"}
    assert api.post(f"streams/{slug}/preview", 422, {"answers": {id: "9"}})["errors"]
    api("DELETE", f"streams/{slug}/questions/{id}", 204)
    assert [each["id"] for each in api.get(f"streams/{slug}")["retired"]] == [id]
    api.post(f"streams/{slug}/questions/{id}/restore", 204)
    api.post(f"streams/{slug}/questions/{id}/restore", 404)
    api("PUT", f"streams/stream1/questions/{id}", 404, json=asked)
    snippets = api.get(f"streams/{slug}/snippets")
    assert "<iframe" in snippets["frame"] and f"/signup/{slug}" in snippets["form"]
    api("DELETE", f"streams/{slug}", 204)
    assert [each["slug"] for each in api.get("streams")["removed"]] == [slug]
    before = len(api.baton.rows("signup", "audit"))
    api.post("streams/nowhere/restore", 404)
    assert len(api.baton.rows("signup", "audit")) == before, "nothing is noted of what was not there"
    api.post(f"streams/{slug}/restore", 204)
    for gone in ("stream1", "stream2", slug):
        api("DELETE", f"streams/{gone}", 204)
    assert fields(api("DELETE", "streams/stream3", 409)) == ["stream"], "the last one stays"


def test_the_charter(api: Program) -> None:
    text = api.get("charters/1")["text"]
    assert api.post("charters", 201, {"text": text}) == {"version": "1", "published": False}
    assert api.post("charters", 201, {"text": "Be kind."}) == {"version": "2", "published": True}
    assert [each["version"] for each in api.get("charters")["charters"]] == ["2", "1"]
    assert api.get("charters/2")["text"] == "Be kind."
    assert fields(api.post("charters", 422, {"text": " "})) == ["text"]
    api("GET", "charters/9", 404)


def test_tokens(baton: Baton, api: Program) -> None:
    made = api.post("tokens", 201, {"name": "CI", "scope": "read", "days": 7})
    mine = {"Authorization": f"Bearer {made['token']}"}
    assert baton.client("signup").get("/signup/api/organizers", headers=mine).status_code == 200
    listed = {each["name"]: each for each in api.get("tokens")["tokens"]}
    assert listed["CI"]["id"] == made["id"] and listed["CI"]["used"] and listed["CI"]["state"] == "active"
    assert "token" not in listed["CI"]
    wrong = api.post("tokens", 422, {"name": "", "scope": "root", "days": 0})
    assert set(fields(wrong)) == {"name", "scope", "days"}
    assert fields(api.post("tokens", 422, {"name": "CI", "scope": "read"})) == ["name"]
    api("DELETE", f"tokens/{made['id']}", 204)
    api("DELETE", f"tokens/{made['id']}", 204)
    assert baton.client("signup").get("/signup/api/organizers", headers=mine).status_code == 401
    api("DELETE", "tokens/nobody", 404)


# ---- moving in and out ----


def given(api: Program, content: bytes, status: int = 201, name: str = "people.csv") -> Any:
    return api(
        "POST", "imports", status, data={"file": (io.BytesIO(content), name)}, content_type="multipart/form-data"
    )


def test_people_come_in_from_a_file(baton: Baton, api: Program) -> None:
    id = given(api, (FILES / "google-forms.csv").read_bytes())["id"]
    columns = api.get(f"imports/{id}/columns")
    assert len(columns["columns"]) == len(columns["header"]) and "email" in columns["fields"]
    assert "email" in columns["columns"], "guessed"
    assert "stream" in fields(api("PATCH", f"imports/{id}/columns", 422, json={"stream": "nowhere", "columns": [
        None if each == "stream" else each for each in columns["columns"]]}))  # fmt: skip
    assert api("PATCH", f"imports/{id}/columns", 202, json={"columns": columns["columns"]})["state"] == "checking"
    assert fields(api.post(f"imports/{id}/start", 409)) == ["import"], "it is not checked yet"
    baton.tick()
    found = api.get(f"imports/{id}")
    assert found["state"] == "checked"
    unknown = [each["answer"] for each in api.get(f"imports/{id}/columns")["meanings"].get("stream", [])]
    api("PATCH", f"imports/{id}/meanings", 202, json={"stream": {each: "stream1" for each in unknown}})
    assert fields(api("PATCH", f"imports/{id}/meanings", 409, json={"stream": {}})) == ["import"], "it is under way"
    baton.tick()
    found = api.get(f"imports/{id}")
    assert found["fresh"] > 0
    assert baton.rows("signup", "person", state="imported") == [], "so far nobody came in"
    refused = api.get(f"imports/{id}/refused")
    lines = list(csv.reader(io.StringIO(api.get(f"imports/{id}/refused.csv"))))
    assert refused["total"] == found["refused"] == len(lines) - 1
    assert api.post(f"imports/{id}/start", 202)["state"] == "importing"
    baton.tick()
    done = api.get(f"imports/{id}")
    assert (done["state"], done["fresh"]) == ("done", found["fresh"])
    assert api.get("members?state=imported")["total"] == found["fresh"]
    assert baton.rows("signup", "audit", what="import.started")[0]["through"], "by which token"
    assert [each["id"] for each in api.get("imports")["imports"]] == [id]
    again = given(api, (FILES / "google-forms.csv").read_bytes())
    assert again["state"] == "checking", "its form is known"
    api.baton.tick()
    assert api.get(f"imports/{again['id']}")["fresh"] == 0
    assert api.post(f"imports/{again['id']}/columns/undo")["state"] == "mapping"
    api("DELETE", f"imports/{again['id']}", 204)
    api("GET", f"imports/{again['id']}", 404)
    assert fields(api("DELETE", f"imports/{id}", 409)) == ["import"], "what is done stays"
    assert api.get(f"imports/{id}/undo") == {"back": found["fresh"], "confirmed": 0, "applied": 0}
    assert api.post(f"imports/{id}/undo", 202)["state"] == "undoing"
    baton.tick()
    gone = api.get(f"imports/{id}")
    assert (gone["state"], gone["withdrawn"]) == ("undone", found["fresh"])
    assert api.get("members?state=imported")["total"] == 0
    assert fields(api.post(f"imports/{id}/undo", 409)) == ["import"], "once"


def test_what_is_no_file_is_refused(api: Program, change_settings: Any) -> None:
    assert fields(given(api, b"", 422)) == ["file"]
    assert fields(api("POST", "imports", 422, data={"other": "x"})) == ["file"]
    assert fields(api("POST", "imports", 422, data=b"a,b\n1,2\n", content_type="text/csv")) == ["file"]
    change_settings(import_mib=1)
    large = b"Email,Name\n" + b"a@example.org,Ada\n" * 150_000
    assert fields(given(api, large, 413)) == ["file"]
    assert fields(given(api, large[: (1 << 20) + 5_000], 422)) == ["file"]
    assert api.get("imports")["imports"] == []


def test_everything_can_be_taken_along(api: Program) -> None:
    confirmed(api, name="=HYPERLINK(1)")
    for service in ("signup", "notifications"):
        for part in api.get("exports", service=service)["parts"]:
            assert part["json"].startswith(f"/{service}/api/exports/")
            rows = api.get(part["json"].partition("/api/")[2], service=service)
            table = api.get(part["csv"].partition("/api/")[2], service=service)
            assert isinstance(rows, list) and table.count("\n") > len(rows)
    assert "'=HYPERLINK" in api.get("exports/members.csv")
    assert "members" in api("GET", "exports/people.csv", 404)["detail"]
    api("GET", "exports/members.xlsx", 404)
    api("GET", "exports/people.csv", 404, service="sessions")


# ---- how it is doing ----


def test_mails_and_what_is_decided_about_held_ones(baton: Baton, api: Program, change_settings: Any) -> None:
    change_settings(smtp_url="smtp://127.0.0.1:9")
    confirmed(api)
    with db.write("notifications") as tx:
        tx.execute(sa.text("UPDATE mail SET state = 'held', error = 'nobody knows' WHERE kind <> 'welcome'"))

    def mail(method: str, path: str, status: int = 200) -> Any:
        return api(method, f"mails{path}", status, service="notifications")

    held = mail("GET", "/held")["mails"]
    assert {each["kind"] for each in held} >= {"confirm"} and held[0]["error"] == "nobody knows"
    assert {each["id"] for each in mail("GET", "?state=held")["mails"]} == {each["id"] for each in held}
    first = next(each["id"] for each in held if each["kind"] == "confirm")
    assert mail("GET", f"/{first}")["state"] == "held"
    assert "Subject:" in mail("GET", f"/{first}/mail.eml")
    assert mail("POST", f"/{first}/arrived") == {"done": "arrived"}
    assert "not held" in mail("POST", f"/{first}/arrived", 409)["detail"]
    assert mail("POST", f"/{first}/hold") == {"done": "held"}
    assert mail("POST", f"/{first}/again", 202) == {"done": "again"}
    [row] = baton.rows("notifications", "mail", id=first)
    assert (row["state"], row["decided_by"]) == ("queued", f"organizer/{api.person}")
    unknown = "00000000-0000-4000-8000-000000000000"
    mail("GET", f"/{unknown}", 404)
    mail("POST", f"/{unknown}/again", 404)
    mail("GET", "/no-uuid", 404)
    assert api.get("operation", service="notifications")["more"]["queued"] >= 1


def test_dead_deliveries_replays_and_schedules(baton: Baton, api: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:

        def fails(_tx: Any, _event: Any) -> None:
            raise RuntimeError("the disk was full")

        for name in ("sessions", "blog"):
            patch.setitem(inbox._handlers, (name, "program.changed"), fails)
        api("PATCH", "program/settings", json={"name": "Renamed"})
        for _ in range(9):
            baton.drain()
            baton.pass_machine_time(700)
    operate = Program(baton, api.person, "operate")
    dead = {each["subscriber"]: each for each in operate.get("deliveries/dead")["deliveries"]}
    assert set(dead) == {"sessions", "blog"} and "disk was full" in dead["blog"]["error"]
    where = f"deliveries/{dead['blog']['position']}"
    assert operate.post(f"{where}/sessions/retry") == {"done": "retried"}
    baton.drain()
    assert baton.rows("sessions", "program")[0]["name"] == "Renamed"
    assert operate.post(f"{where}/sessions/retry", 409)["detail"]
    assert fields(operate.post(f"{where}/blog/skip", 422, {"why": " "})) == ["why"]
    assert fields(operate.post(f"{where}/blog/skip", 422, {})) == ["why"]
    assert operate.post(f"{where}/blog/skip", 200, {"why": "It will never work"}) == {"done": "skipped"}
    assert operate.post(f"{where}/blog/skip", 409, {"why": "again"})["detail"]
    [skipped] = operate.get("deliveries/skipped")["deliveries"]
    assert (skipped["skipped_why"], skipped["skipped_by"]) == ("It will never work", f"organizer/{api.person}")
    assert operate.post(f"{where}/blog/retry") == {"done": "undone"}
    baton.drain()
    assert baton.rows("blog", "program")[0]["name"] == "Renamed"
    operate.post("deliveries/999999/blog/retry", 409)
    operate.post("deliveries/999999/blog/skip", 404, {"why": "x"})
    operate.post(f"{where}/nobody/retry", 404)
    assert operate.post("replays/blog", 202) == {"done": "asked"}
    assert operate.post("replays/blog", 202) == {"done": "under way"}
    operate.post("replays/signup", 404)
    baton.tick()
    for service in SERVICES:
        found = operate.get("operation", service=service)
        assert found["service"] == service and not found["silent"] and found["versions"]["baton"]
        jobs = {each["job"] for each in operate.get("schedules", service=service)["jobs"]}
        assert "prune" in jobs
    [replayed] = operate.get("operation")["replays"]
    assert replayed["subscriber"] == "blog" and replayed["finished"]
    assert {row["what"] for row in baton.rows("signup", "audit") if row["subject"] == "operation"} == {
        "delivery.retried",
        "delivery.skipped",
        "replay.asked",
    }
    operate("GET", "members", 403)


def test_the_log_by_pages(api: Program) -> None:
    for n in range(60):
        api.post("sections", 201, {"title": f"Section {n}", "markdown": ""})
    first = api.get("audit")
    second = api.get(f"audit?before={first['next']}")
    assert len(first["entries"]) == 50 and second["next"] is None
    assert len(api.baton.rows("signup", "audit")) == 50 + len(second["entries"])
    assert first["entries"][0]["words"] == "A section was added"
    assert fields(api("GET", "audit?before=x", 422)) == fields(api("GET", "audit?before=-1", 422)) == ["before"]
