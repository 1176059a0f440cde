"""Who came in by a file: asked once, reminded once, and a member by their own word alone."""

from __future__ import annotations

import io
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.signup import access_links, importing, people, program
from shared import db, tokens
from tests import signup
from tests.conftest import Baton
from tests.moving_in import (
    BY,
    checked,
    counts,
    do,
    imported,
    persons,
    refusal,
)

# ---- who came in that way ----


def ada(baton: Baton) -> str:
    imported("Email,Name,Stream\nada@example.org,Ada Lovelace,stream2\n")
    baton.drain()
    return str(persons(baton)["ada@example.org"]["id"])


def mails(baton: Baton) -> list[str]:
    return sorted(each["kind"] for each in baton.rows("notifications", "mail"))


def link(baton: Baton, kind: str) -> str:
    [mail] = baton.rows("notifications", "mail", kind=kind)
    return str(next(word for word in mail["text"].split() if "/signup/confirm/" in word)).partition("8000")[2]


def test_they_are_asked_once_and_confirm_with_the_charter(baton: Baton) -> None:
    person = ada(baton)
    client = baton.client("signup")
    for _ in range(3):
        baton.tick()
    assert mails(baton) == ["imported"]
    page = client.get(link(baton, "imported"))
    assert page.status_code == 200 and "What we promise each other" in page.text
    assert persons(baton)["ada@example.org"]["state"] == "imported", "a GET changes nothing"
    assert client.post(link(baton, "imported"), data={}).status_code == 409, "without the charter it is shown again"
    assert persons(baton)["ada@example.org"]["state"] == "imported"
    answer = client.post(link(baton, "imported"), data={"charter": "1"})
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/signup/me")
    baton.drain()
    found = persons(baton)["ada@example.org"]
    assert (found["state"], found["charter_version"]) == ("active", 1)
    assert mails(baton) == ["imported", "placed", "welcome"]
    assert client.get("/signup/me").status_code == 200
    assert client.post(link(baton, "imported"), data={"charter": "1"}).status_code == 303, "and twice is once"
    baton.pass_time(days=20)
    baton.tick()
    assert [each["id"] for each in baton.rows("signup", "person")] == [person]


def test_a_charter_that_changed_meanwhile_is_shown_anew(baton: Baton) -> None:
    ada(baton)
    do(program.publish_charter, "Be kind, and bring cake.")
    answer = baton.client("signup").post(link(baton, "imported"), data={"charter": "1"})
    assert answer.status_code == 409 and "bring cake" in answer.text
    assert baton.client("signup").post(link(baton, "imported"), data={"charter": "2"}).status_code == 303


def test_before_they_confirm_nothing_of_theirs_opens(baton: Baton) -> None:
    person = ada(baton)
    client = baton.client("signup")
    assert client.post(f"/signup/enter/{tokens.sign('enter', {'person': person})}").status_code == 410
    with db.read("signup") as tx:
        assert people.roles(people.one(tx, person) or {}) == []


def test_one_reminder_then_they_are_forgotten(baton: Baton) -> None:
    person = ada(baton)
    baton.pass_time(days=4)
    baton.tick()
    assert mails(baton) == ["imported", "imported-reminder"]
    baton.pass_time(days=6)
    baton.tick()
    assert mails(baton) == ["imported", "imported-reminder"]
    baton.pass_time(days=5)
    baton.tick()
    assert baton.rows("signup", "person") == []
    told = [each["type"] for each in baton.rows("signup", "event", subject=f"person/{person}")]
    assert told == ["application.imported", "application.imported", "application.expired"]
    whole = json.dumps([baton.rows("signup", "event"), baton.rows("notifications", "mail")], default=str)
    assert "Lovelace" not in whole and "ada@example.org" not in whole


def test_the_daily_summary_does_not_call_them_applicants(baton: Baton) -> None:
    ada(baton)
    with db.write("signup") as tx:
        access_links.add_organizer(tx, BY, "olga@example.org", "Olga")
    baton.pass_time(days=1, hours=6)
    baton.tick()
    assert "applications" not in mails(baton)


def test_who_signs_up_by_themselves_meanwhile_counts_with_what_they_typed(baton: Baton) -> None:
    person = ada(baton)
    baton.pass_machine_time(4000)
    typed = {"name": "Ada King", "email": "ada@example.org", "stream": "stream3", "timezone": "UTC", "charter": "1"}
    with db.write("signup") as tx:
        assert people.apply(tx, {**typed, "answers": {}}).person == person
    baton.drain()
    assert persons(baton)["ada@example.org"]["name"] == "Ada Lovelace", "not before they prove the address"
    assert mails(baton) == ["confirm", "imported"]
    assert baton.client("signup").post(link(baton, "confirm")).status_code == 303
    found = persons(baton)["ada@example.org"]
    assert (found["state"], found["name"], found["stream"], found["charter_version"]) == (
        "confirmed", "Ada King", "stream3", 1,
    )  # fmt: skip


def test_an_organizer_can_ask_again_and_a_sign_in_asks_again(baton: Baton) -> None:
    person = ada(baton)
    assert "hour" in refusal(people.resend_confirmation, person).message
    baton.pass_machine_time(4000)
    do(people.resend_confirmation, person)
    baton.drain()
    baton.pass_machine_time(4000)
    with db.write("signup") as tx:
        access_links.request_sign_in(tx, "ada@example.org")
    baton.drain()
    assert mails(baton) == ["imported"] * 3


def test_the_mail_names_the_organizer_and_is_emptied_with_them(baton: Baton) -> None:
    with db.write("signup") as tx:
        olga = access_links.add_organizer(tx, BY, "olga@example.org", "Olga Organizer")
        access_links.add_organizer(tx, BY, "otto@example.org", "Otto")
    baton.drain()
    id = checked("Email,Name,Stream\nada@example.org,Ada,stream2\n")
    with db.write("signup") as tx:
        importing.start(tx, f"organizer/{olga}", id)
    importing.work(id)
    baton.drain()
    [mail] = baton.rows("notifications", "mail", kind="imported")
    assert "Olga Organizer has moved" in mail["text"] and "Olga Organizer" in mail["html"]
    with db.write("signup") as tx:
        people.erase_later(tx, f"person/{olga}", olga)
    baton.pass_time(days=31)
    baton.tick()
    assert "Olga" not in json.dumps(baton.rows("notifications", "mail"), default=str)


# ---- any people, by any file, come in as they are ----

LETTERS = st.characters(codec="utf-8", categories=["L", "N"])


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.text(LETTERS, min_size=1, max_size=20), min_size=1, max_size=5),
    said=st.text(LETTERS | st.sampled_from(" ,;\t\"'=-+@\n"), max_size=40),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_people_written_in_any_dialect_are_the_people_that_come_in(
    baton: Baton, names: list[str], said: str, delimiter: str, encoding: str
) -> None:
    import csv
    import unicodedata

    mark = db.new_id()
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(["Email", "Name", "Stream", "What have you learned or done so far?"])
    for n, name in enumerate(names):
        writer.writerow([f"p{n}@{mark}.org", name, "stream1", said])
    id = imported(out.getvalue().encode(encoding))
    found = persons(baton)
    assert counts(id) == (len(names), 0, 0, 0)
    for n, name in enumerate(names):
        person = found[f"p{n}@{mark}.org"]
        assert person["name"] == unicodedata.normalize("NFC", name)
        wanted = said[1:] if said[:1] == "'" and said[1:2] in "=+-@\t" and said[1:2] else said
        kept = unicodedata.normalize("NFC", wanted.strip())
        assert person["answers"] == ({"stream1-background": kept} if kept else {})


# ---- what Baton itself wrote ----


def test_an_export_of_members_is_taken_whole_where_it_comes_from_and_elsewhere(baton: Baton) -> None:
    with db.write("signup") as tx:
        access_links.add_organizer(tx, "system", "olga@example.org", "Olga")  # an organizer without a stream
    ada(baton)
    runs = signup.signed_in(baton.client("signup"), "olga", "member", "organizer")
    file = runs.get("/signup/export/members.csv").data
    before = persons(baton)
    assert counts(checked(file)) == (0, 2, 0, 0)
    assert persons(baton) == before, "who is here is left as they are"
    renamed = file.replace(b"olga@example.org", b"o@example.org").replace(b"ada@example.org", b"a@example.org")
    assert counts(checked(renamed)) == (1, 0, 0, 1), "nobody says which stream is meant"
    assert counts(imported(renamed, stream="stream3")) == (2, 0, 0, 0)
    streams = {each["email"]: each["stream"] for each in persons(baton).values()}
    assert (streams["o@example.org"], streams["a@example.org"]) == ("stream3", "stream2"), "a cell comes first"


def test_who_is_here_is_known_whatever_their_row_says_and_who_came_by_the_same_file_is_not(baton: Baton) -> None:
    ada(baton)
    header = "Email,Name,Stream\n"
    assert counts(checked(f"{header}ada@example.org,Ada,nowhere\n")) == (0, 1, 0, 0)
    id = imported(f"{header}bo@example.org,Bo,stream1\nbo@example.org,Bo,nowhere\nnobody,Cy,nowhere\n")
    assert counts(id) == (1, 0, 0, 2), "a row that is wrong is said, also where the one before it was right"
