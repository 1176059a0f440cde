"""No page needs two connections at once: with a pool of one, whoever waits for a second waits for themselves."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pytest

from services.sessions.gatherings import proposing
from services.sessions.turns import answering
from shared import access, clock, config, db, engines, tokens
from shared.config import SERVICES
from tests.browser.conftest import Site
from tests.conftest import Baton
from tests.turns import circle, do, person, sessions, tick, turn

READERS = 4


def signed_in(baton: Baton, service: str, who: str, *roles: str) -> Any:
    client = baton.client(service)
    client.set_cookie(
        access.COOKIE, tokens.sign("cookie", {"person": who, "roles": list(roles), "at": clock.machine()})
    )
    return client


def sent_talk() -> str:
    """A talk in a month, for everybody."""
    day = (clock.now() + timedelta(days=30)).date().isoformat()
    typed = {"title": "Reading code", "guest_name": "Grace", "guest_email": "grace@example.com", "text": "How.",
             "day": day, "time": "18:00", "zone": "Europe/London", "minutes": "60", "location": "Hall"}  # fmt: skip
    with db.write("sessions") as tx:
        id = proposing.propose(tx, "system", "talk")
        proposing.save(tx, "system", id, typed, [], None)
        proposing.send(tx, "system", id, None)
    return id


def pages(baton: Baton, known: dict[str, str], links: dict[str, str]) -> list[tuple[str, str]]:
    """(service, path) of everything that can be got: by what is known, or by nobody's id."""
    found = []
    for service in SERVICES:
        for rule in baton.app(service).url_map.iter_rules():
            if "GET" not in (rule.methods or ()):
                continue
            purpose = rule.rule.removeprefix(f"/{service}/").partition("/")[0]
            if "/gatherings/<id>" in rule.rule:
                found.append((service, _filled(rule.rule, {**known, "id": known["talk"]})))
            kind = "circle" if "/circles/<id>" in rule.rule else "turn" if "/turns/<id>" in rule.rule else "session"
            found.append((service, _filled(rule.rule, {**known, "id": known[kind], "token": links.get(purpose, "no")})))
    return found


def _filled(rule: str, known: dict[str, str]) -> str:
    return re.sub(r"<(\w+:)?(\w+)>", lambda name: known.get(name[2], "1"), rule)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize("roles", [("member", "organizer"), ("member",), ()], ids=["organizer", "member", "anybody"])
def test_every_page_is_shown_with_a_pool_of_one(baton: Baton, change_settings: Any, roles: tuple[str, ...]) -> None:
    where = circle(baton, "Ada", "Bea", "Cem")
    Site("http://localhost", baton).organizer()
    tick(baton)
    first = sessions(baton, where)[0]["id"]
    asked = turn(baton, first, "Ada")["id"]
    do(answering.accept, asked, "person/a")
    talk = sent_talk()
    baton.tick()
    ada = person(baton, "Ada")
    claims = {"person": ada, "session": first, "turn": asked, "offer": "x", "key": "first"}
    links = {purpose: tokens.sign(purpose, claims) for purpose in (*tokens.LINKS, "feed")}
    known = {"circle": where, "session": first, "turn": asked, "person": ada, "slug": "stream1", "stream": "stream1",
             "name": "members", "form": "csv", "talk": talk}  # fmt: skip
    to_talk = f"/sessions/rsvp/{tokens.sign('rsvp', {'person': ada, 'session': talk})}"
    paths = [*pages(baton, known, links), ("sessions", to_talk)]
    change_settings(database_pool=1)
    engines.close()
    assert config.current().database_pool == 1 and len(paths) > 100
    seen: list[tuple[int, str]] = []

    def read(begin: int) -> None:
        """All of them, each reader beginning elsewhere."""
        clients = {s: signed_in(baton, s, ada, *roles) if roles else baton.client(s) for s in SERVICES}
        for service, path in paths[begin:] + paths[:begin]:
            seen.append((clients[service].get(path).status_code, path))

    threads = [threading.Thread(target=read, args=(len(paths) * n // READERS,)) for n in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == READERS * len(paths)
    assert not sorted({(status, path) for status, path in seen if status >= 500})
    good = {path for status, path in seen if status == 200}
    assert {f"/sessions/lead/{links['lead']}", f"/sessions/item/{links['item']}", to_talk} <= good
    if roles:
        assert {"/sessions/", "/sessions/turns", f"/sessions/s/{first}", f"/sessions/s/{first}/lead"} <= good
        assert f"/sessions/gatherings/{talk}" in good
