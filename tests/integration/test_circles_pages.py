"""Circles and dates as an organizer, a member and a program use them: pages, links, API."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared import access, clock, tokens
from tests.circles import FOUR, cap, circle, circles, join, line, settled, state
from tests.integration.test_meetings import SERIES, begin

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HOME = "/sessions/circles"


def client(baton: Any, person: str = "olga", *roles: str) -> Any:
    made = baton.client("sessions")
    claims = {"person": person, "roles": list(roles or ("organizer",)), "at": clock.machine()}
    made.set_cookie(access.COOKIE, tokens.sign("cookie", claims))
    made.environ_base["HTTP_ORIGIN"] = "http://localhost"  # as browsers say with each form
    return made


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split())


def test_an_organizer_sets_dates_looks_first_and_takes_it_back(baton: Any) -> None:
    join(baton, "Ada", "America/Toronto"), join(baton, "Kim", "Asia/Kolkata")
    organizer, only = client(baton), circle(next(iter(circles())))
    assert "needs dates" in text(organizer.get(HOME)) and "Set dates" in text(organizer.get(HOME))
    assert "No dates yet" in text(organizer.get(f"{HOME}/{only}"))
    looked = organizer.post(f"{HOME}/{only}/dates", data={**SERIES, "seen": "none", "step": "preview"})
    assert looked.status_code == 200 and "These are new" in text(looked)
    assert baton.rows("sessions", "session") == []
    saved = organizer.post(f"{HOME}/{only}/dates", data={**SERIES, "seen": "none", "step": "save"})
    assert saved.status_code == 303 and len(baton.rows("sessions", "session")) == 6
    page = text(organizer.get(f"{HOME}/{only}?said=dates"))
    assert "Every 2 weeks at 18:30" in page and "Wed 05:00 at night" in page and "The dates are saved" in page
    stale = organizer.post(f"{HOME}/{only}/dates", data={**SERIES, "time": "19:00", "seen": "none", "step": "save"})
    assert (
        stale.status_code == 409 and "Somebody else changed the dates" in text(stale) and 'value="19:00"' in stale.text
    )
    first = baton.rows("sessions", "session", slot="2027-01-12")[0]
    assert organizer.get(f"/sessions/dates/{first['id']}/skip").status_code == 200
    done = organizer.post(
        f"/sessions/dates/{first['id']}/skip", data={"seen": "0", "reason": "<script>alert(1)</script>"}
    )
    assert done.status_code == 303
    page = organizer.get(f"{HOME}/{only}")
    assert "<script>alert(1)" not in page.text and "skipped" in text(page)
    entry = baton.rows("sessions", "change", verb="skip-date")[0]
    assert organizer.post(f"{HOME}/changes/{entry['id']}/undo").status_code == 303
    again = organizer.post(f"{HOME}/changes/{entry['id']}/undo")
    assert again.status_code == 409 and "undone already" in text(again)
    second = baton.rows("sessions", "session", slot="2027-01-26")[0]
    wrong = organizer.post(
        f"/sessions/dates/{second['id']}/move", data={"day": "2027-01-12", "time": "18:30", "seen": "0"}
    )
    assert (
        wrong.status_code == 422 and "meets on 12 January already" in text(wrong) and 'value="2027-01-12"' in wrong.text
    )
    right = organizer.post(
        f"/sessions/dates/{second['id']}/move", data={"day": "2027-03-14", "time": "02:30", "seen": "0"}
    )
    assert right.status_code == 303
    assert "go forward over 02:30" in text(organizer.get(f"{HOME}/{only}"))


def test_a_wrong_series_loses_nothing_that_was_typed(baton: Any) -> None:
    join(baton, "Ada")
    only = circle(next(iter(circles())))
    typed = {
        **SERIES,
        "minutes": "91",
        "weeks": "0",
        "link": "javascript:alert(1)",
        "zone": "Mars/Olympus",
        "reason": "Ünïque",
    }
    answer = client(baton).post(f"{HOME}/{only}/dates", data={**typed, "step": "save", "seen": "none"})
    said = text(answer)
    assert answer.status_code == 422 and "4 things need a change" in said
    assert all(words in said for words in ("91 minutes", "Every 0 weeks", "only http and https", "no time zone"))
    assert 'value="91"' in answer.text and "javascript:alert(1)" in answer.text
    assert baton.rows("sessions", "series") == []


def test_split_merge_and_move_by_page(baton: Any) -> None:
    ids = {name: join(baton, name, zone) for name, zone in FOUR}
    organizer, only = client(baton), circle(next(iter(circles())))
    form = organizer.get(f"{HOME}/{only}/split")
    seen = re.search(r'name="seen" value="(\w+)"', form.text)
    assert seen and form.text.count("<select") == 4
    groups = {f"group.{id}": "1" for id in ids.values()}
    empty = organizer.post(f"{HOME}/{only}/split", data={**groups, "seen": seen[1], "groups": "2"})
    assert empty.status_code == 422 and "would have nobody" in text(empty)
    groups |= {f"group.{ids['Ada']}": "2", f"group.{ids['Lal']}": "2"}
    done = organizer.post(f"{HOME}/{only}/split", data={**groups, "seen": seen[1], "groups": "2", "reason": "By taste"})
    assert done.status_code == 303 and sorted(circles().values()) == [["Ada", "Lal"], ["Bo", "Kim"]]
    stale = organizer.post(f"{HOME}/{only}/split", data={**groups, "seen": seen[1], "groups": "2"})
    assert stale.status_code == 409 and "changed meanwhile" in text(stale)
    assert "By taste" in text(organizer.get(f"{HOME}/{only}"))
    other = next(circle(name) for name in circles() if circle(name) != only)
    move = organizer.get(f"{HOME}/people/{ids['Bo']}/move")
    assert move.status_code == 200 and "Now in" in text(move)
    assert organizer.post(f"{HOME}/people/{ids['Bo']}/move", data={"seen": only}).status_code == 422
    assert organizer.post(f"{HOME}/people/{ids['Bo']}/move", data={"seen": only, "circle": other}).status_code == 303
    look = organizer.get(f"{HOME}/{other}/merge?into={only}")
    assert "Ada, Bo, Lal go to" in text(look)
    seen = re.search(r'name="seen" value="(\w+)"', look.text)
    assert seen and organizer.post(f"{HOME}/{other}/merge", data={"into": only, "seen": seen[1]}).status_code == 303
    settled(baton)
    assert list(circles().values()) == [["Ada", "Bo", "Kim", "Lal"]]
    closed = organizer.get(f"{HOME}/{other}")
    assert "closed" in text(closed) and f"{other}/split" not in closed.text
    assert organizer.get(f"{HOME}/{other}/split").status_code == 409


def test_sizes_and_places_by_page(baton: Any) -> None:
    join(baton, "Ada"), join(baton, "Bo")
    organizer = client(baton)
    bad = organizer.post(f"{HOME}/policy", data={"most": "nine", "places.stream1": "-4", "seen.most": "12"})
    assert bad.status_code == 422 and 'value="nine"' in bad.text and 'value="-4"' in bad.text
    good = {"most": "9", "places.stream1": "1", "places.stream2": "", "seen.most": "12", "seen.places.stream1": ""}
    assert organizer.post(f"{HOME}/policy", data=good).status_code == 303
    assert organizer.post(f"{HOME}/policy", data=good).status_code == 409
    cy = join(baton, "Cy")
    page = text(organizer.get(f"{HOME}/policy"))
    assert "2 are taken now" in page and "Cy" in page and state(baton, cy) == "waiting"
    only = circle(next(iter(circles())))
    assert organizer.post(f"{HOME}/{only}/settings", data={"name": "", "most": "x"}).status_code == 422
    saved = organizer.post(f"{HOME}/{only}/settings", data={"name": "<i>Owls</i>", "most": "5"})
    assert saved.status_code == 303 and "<i>Owls" not in organizer.get(HOME).text


def test_the_members_own_tab(baton: Any) -> None:
    cap("1")
    ada, bo = join(baton, "Ada", "America/Toronto"), join(baton, "Bo")
    assert "No dates yet" in text(client(baton, ada, "member").get("/sessions/"))
    begin(circle(next(iter(circles()))), location="<b>Room 1</b>")
    page = client(baton, ada, "member").get("/sessions/")
    assert "Tue 12 Jan 2027, 18:30 (Toronto)" in text(page) and "Ada (you)" in text(page)
    assert "<b>Room 1" not in page.text and 'href="https://meet.example.org/room"' in page.text
    waits = text(client(baton, bo, "member").get("/sessions/"))
    assert "You wait for a place" in waits and "Position 1" in waits
    assert baton.client("sessions").get("/sessions/").status_code == 303
    for path in (HOME, f"{HOME}/policy", f"{HOME}/{circle(next(iter(circles())))}", "/sessions/api/circles"):
        assert client(baton, ada, "member").get(path).status_code == 403


def test_a_place_is_taken_from_the_mail(baton: Any) -> None:
    cap("1")
    ids = {name: join(baton, name) for name in ("Ada", "Bo", "Cy")}
    cap("2")
    baton.drain()
    [mail] = baton.rows("notifications", "mail", kind="place")
    assert mail["person"] == ids["Bo"] and "7 Jan 2027, 09:00 (London)" in mail["text"]
    path = next(word for word in mail["text"].split() if "/sessions/place/" in word).partition("8000")[2]
    stranger, before = baton.client("sessions"), baton.dump()
    shown = stranger.get(path)
    assert shown.status_code == 200 and "A place is free for you" in text(shown) and "Not now" in text(shown)
    assert stranger.head(path).status_code == 200 and baton.dump() == before, "looking changes nothing"
    assert stranger.get(path[:-3]).status_code == 410
    other = tokens.sign("place", {"person": ids["Cy"], "offer": "made up"})
    assert stranger.post(f"/sessions/place/{other}", data={"answer": "take"}).status_code == 410
    taken = stranger.post(path, data={"answer": "take"})
    assert taken.status_code == 200 and "The place is yours" in text(taken)
    settled(baton)
    assert state(baton, ids["Bo"]) == "active" and line() == ["Cy"]
    assert stranger.post(path, data={"answer": "take"}).status_code == 410
    assert "The place is yours" in text(stranger.get(path))


def test_the_placed_mail_opens_the_circle(baton: Any) -> None:
    ada = join(baton, "Ada")
    [mail] = baton.rows("notifications", "mail", kind="placed", person=ada)
    path = next(word for word in mail["text"].split() if "/signup/enter/" in word).partition("8000")[2]
    answer = baton.client("signup").post(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sessions/")
    elsewhere = tokens.sign("enter", {"person": ada, "next": "https://evil.example/"})
    assert baton.client("signup").post(f"/signup/enter/{elsewhere}").headers["Location"] == "/signup/me"


def test_the_api_does_what_the_pages_do(baton: Any) -> None:
    ids = {name: join(baton, name, zone) for name, zone in FOUR}
    api, only = client(baton), circle(next(iter(circles())))
    url = f"/sessions/api/circles/{only}"
    assert [each["count"] for each in api.get("/sessions/api/circles").json["circles"]] == [4]
    wanted = {**SERIES, "weeks": 2, "minutes": 60}
    looked = api.post(f"{url}/series", json={**wanted, "preview": True}).json
    assert looked["series"] is None and len(looked["adds"]) == 6
    made = api.post(f"{url}/series", json={**wanted, "seen": "none"}).json
    assert made["series"] == api.get(url).json["series_id"]
    assert api.post(f"{url}/series", json={**wanted, "seen": "none"}).status_code == 409
    long = api.post(f"{url}/series", json={**wanted, "minutes": 91, "link": "ftp://x"})
    assert long.status_code == 422 and {each["field"] for each in long.json["errors"]} == {"minutes", "link"}
    assert api.post(f"{url}/series", json={**wanted, "nonsense": 1}).status_code == 422
    session = api.get(url).json["sessions"][0]
    assert api.post(f"/sessions/api/sessions/{session['id']}/skip", json={"seen": 9}).status_code == 409
    assert api.post(f"/sessions/api/sessions/{session['id']}/skip", json={"seen": 0}).json == {"done": "skipped"}
    moved = api.post(f"/sessions/api/sessions/{api.get(url).json['sessions'][1]['id']}/move",
                     json={"day": "2027-03-14", "time": "02:30"})  # fmt: skip
    assert "go forward" in moved.json["done"]
    split = api.post(f"{url}/split", json={"preview": True}).json
    assert split["circles"] == [] and sorted(map(len, split["groups"])) == [2, 2]
    [new] = api.post(f"{url}/split", json={}).json["circles"]
    mover = next(id for id in split["groups"][0])
    assert api.post(f"/sessions/api/circles/{new}/members", json={"person": mover}).status_code == 200
    assert api.post("/sessions/api/circles/none/members", json={"person": mover}).status_code == 404
    assert api.post(f"/sessions/api/circles/{new}/merge", json={"into": only}).status_code == 200
    entry = api.get(url).json["journal"][0]
    assert entry["verb"] == "merge" and api.post(f"/sessions/api/changes/{entry['id']}/undo").status_code == 200
    assert api.put(f"{url}/settings", json={"name": "Owls", "most": 5}).status_code == 200
    assert api.put("/sessions/api/policy", json={"most": 4, "places": {"stream1": 4}}).json["places"] == {"stream1": 4}
    join(baton, "Eve")
    assert [each["name"] for each in api.get("/sessions/api/waiting").json["line"]] == ["Eve"]
    mine = client(baton, ids["Ada"], "member").get("/sessions/api/mine").json
    assert mine["position"] is None and {each["name"] for each in mine["members"]} >= {"Ada"}
    assert baton.client("sessions").get("/sessions/api/circles").status_code == 401
    document = baton.client("sessions").get("/sessions/openapi.json").json
    assert {path for path in document["paths"]} >= {"/sessions/api/circles", "/sessions/api/circles/{id}/series"}


def test_the_list_without_anybody_says_what_comes_next(baton: Any) -> None:
    assert "No circle yet" in text(client(baton).get(HOME))
    for path in (f"{HOME}/none", "/sessions/dates/none/skip", f"{HOME}/none/dates", f"{HOME}/people/none/move"):
        assert client(baton).get(path).status_code == 404
    assert client(baton).post(f"{HOME}/changes/none/undo").status_code == 404


def test_everything_can_be_taken_along(baton: Any) -> None:
    join(baton, "=Ada"), begin(circle(next(iter(circles()))))
    for part in ("circles", "places", "waiting", "series", "sessions", "changes"):
        answer = client(baton).get(f"/sessions/export/{part}.csv")
        assert answer.status_code == 200 and (part == "waiting" or answer.text.count("\n") > 1)
    assert "'=Ada" in client(baton).get("/sessions/export/places.csv").text
    assert "baton_circles 1.0" in baton.client("sessions").get("/sessions/metrics").text
