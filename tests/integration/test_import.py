"""Moving in: a file is given, mapped, checked without effect, imported in steps; its people are asked to confirm."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.signup import access_links, importing, people, program, rate
from services.signup.importing import running
from services.signup.rules import Refused
from shared import config, db, tokens, worker
from tests.conftest import Baton

FILES = Path(__file__).resolve().parent.parent / "fixtures" / "csv"
BY = "system"


@pytest.fixture(autouse=True)
def fresh_rate() -> None:
    rate.forget()


def do(command: Any, *args: Any) -> Any:
    with db.write("signup") as tx:
        return command(tx, BY, *args)


def row(id: str) -> Any:
    with db.read("signup") as tx:
        return importing.one(tx, id)


def refused_rows(id: str) -> list[Any]:
    with db.read("signup") as tx:
        return importing.refused_rows(tx, id, 1000)


def given_file(content: bytes | str, name: str = "responses.csv") -> str:
    content = content.encode() if isinstance(content, str) else content
    return importing.give(BY, name, io.BytesIO(content))


def mapped(id: str, **changed: Any) -> Any:
    from dataclasses import replace

    with db.read("signup") as tx:
        return replace(importing.columns(tx, row(id)), **changed)


def checked(content: bytes | str, **changed: Any) -> str:
    id = given_file(content)
    do(importing.check, id, mapped(id, **changed))
    assert not importing.work(id)
    return id


def imported(content: bytes | str, **changed: Any) -> str:
    id = checked(content, **changed)
    do(importing.start, id)
    assert not importing.work(id)
    return id


def file(name: str) -> bytes:
    return (FILES / name).read_bytes()


def counts(id: str) -> tuple[int, int, int, int]:
    found = row(id)
    return found["fresh"], found["known"], found["repeated"], found["refused"]


def refusal(command: Any, *args: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        do(command, *args)
    return caught.value


def persons(baton: Baton) -> dict[str, dict[str, Any]]:
    return {each["email"]: each for each in baton.rows("signup", "person")}


# ---- from the file to people ----


def test_a_form_of_google_is_understood_as_it_is(baton: Baton) -> None:
    id = imported(file("google-forms.csv"))
    assert (row(id)["state"], counts(id)) == ("done", (3, 0, 0, 0))
    found = persons(baton)
    ada, grace, zoe = (found[f"{name}@example.org"] for name in ("ada", "grace", "zoe"))
    assert (ada["state"], ada["name"], ada["stream"], ada["timezone"], ada["github"], ada["blog"]) == (
        "imported", "Ada Lovelace", "stream2", "America/Toronto", "ada", "https://ada.example.org",
    )  # fmt: skip
    assert ada["created_at"].isoformat() == "2024-01-28T20:32:10+00:00"
    assert ada["answers"] == {"stream1-background": 'Sums, and "more" sums.\nOn two lines.'}
    assert (grace["stream"], grace["timezone"], grace["github"]) == ("stream1", "America/Toronto", "ghopper")
    assert (zoe["name"], zoe["stream"], zoe["blog"]) == ("Zoë Müller", "stream3", "https://zoe.example.org/blog")
    assert all(each["charter_version"] is None and each["confirmed_at"] is None for each in found.values())


@pytest.mark.parametrize("name", ["bom.csv", "utf-16.csv", "utf-16-without-bom.csv", "cp1252.csv", "line-feeds.csv"])
def test_the_same_in_other_encodings_is_the_same_form_and_the_same_people(baton: Baton, name: str) -> None:
    first = checked(file("google-forms.csv"))
    other = given_file(file(name))
    assert do(importing.check, other), "its mapping is remembered"
    importing.work(other)
    assert row(other)["form"] == row(first)["form"]
    assert counts(other) == (3, 0, 0, 0)


def test_a_german_form_with_semicolons(baton: Baton) -> None:
    id = imported(file("semicolons-german.csv"))
    assert row(id)["mapping"]["dates"] == "dmy"
    found = persons(baton)
    assert found["ada@example.org"]["name"] == "Lovelace; Ada"
    assert found["zoe@example.org"]["created_at"].isoformat() == "2024-02-13T14:00:00+00:00"


def test_a_dry_run_changes_nobody_and_mails_nobody(baton: Baton) -> None:
    before = {
        name: rows for name, rows in baton.dump().items() if not name.startswith(("signup.import", "signup.audit"))
    }
    id = checked(file("google-forms.csv"))
    baton.drain()
    after = {
        name: rows for name, rows in baton.dump().items() if not name.startswith(("signup.import", "signup.audit"))
    }
    assert (row(id)["state"], counts(id)) == ("checked", (3, 0, 0, 0))
    assert after == before


def test_the_same_file_again_changes_nothing(baton: Baton) -> None:
    imported(file("google-forms.csv"))
    baton.drain()
    before = [baton.rows("signup", name) for name in ("person", "event")] + [baton.rows("notifications", "mail")]
    id = checked(file("google-forms.csv"))
    assert counts(id) == (0, 3, 0, 0)
    assert "nobody new" in refusal(importing.start, id).message
    baton.drain()
    after = [baton.rows("signup", name) for name in ("person", "event")] + [baton.rows("notifications", "mail")]
    assert after == before


def test_members_and_who_left_stay_as_they_are(baton: Baton) -> None:
    with db.write("signup") as tx:
        typed = {"name": "Ada King", "email": "ADA@example.org", "stream": "stream1", "timezone": "UTC", "charter": "1"}
        person = people.apply(tx, {**typed, "answers": {}}).person
        assert person
        people.confirm(tx, person)
        people.leave(tx, f"person/{person}", person)
    before = baton.rows("signup", "person", id=person)
    id = imported(file("google-forms.csv"))
    assert counts(id) == (2, 1, 0, 0)
    assert baton.rows("signup", "person", id=person) == before


def test_of_repeated_addresses_the_last_counts(baton: Baton) -> None:
    id = imported(file("repeated-addresses.csv"))
    assert counts(id) == (2, 0, 1, 0)
    found = persons(baton)
    assert set(found) == {"ADA@example.org", "grace@example.org"}
    assert (found["ADA@example.org"]["name"], found["ADA@example.org"]["stream"]) == ("Ada King", "stream2")


def test_empty_and_ragged_rows(baton: Baton) -> None:
    id = imported(file("empty-and-ragged-rows.csv"))
    assert counts(id) == (2, 0, 0, 1)
    [wrong] = refused_rows(id)
    assert wrong["row"] == 9 and "6 cells" in wrong["problems"][0]["message"]


def test_duplicate_headers_are_told_apart_by_their_place(baton: Baton) -> None:
    imported(file("duplicate-headers.csv"), columns=("email", None, "name", "name", "stream"))
    assert persons(baton)["ada@example.org"]["name"] == "Ada Lovelace"


def test_formulas_are_text_and_names_stay_readable(baton: Baton) -> None:
    imported(file("formulas.csv"))
    found = persons(baton)
    assert found["ann@example.org"]["name"] == "-Ann"
    assert found["ann@example.org"]["answers"] == {"stream1-background": "=cmd|' /C calc'!A0"}
    assert found["eq@example.org"]["name"] == '=HYPERLINK(A1,"me")'


HOURS = "How many hours a week can you give it?"
BAD = [
    ("Email", "ada@@example.org", "Email", "Write it as"),
    ("Email", "", "Email", "Write it as"),
    ("Name", "", "Name", "Write the name"),
    ("Name", "x" * 101, "Name", "shorter"),
    ("Name", "Ada\x07", "Name", "Take it out"),
    ("Stream", "the blue one", "Stream", "What the answers mean"),
    ("Stream", "", "Stream", "What the answers mean"),
    ("Time zone", "the moon", "Time zone", "What the answers mean"),
    ("GitHub", "not a name!", "GitHub", "Write the name alone"),
    ("Blog", "javascript:alert(1)", "Blog", "https://"),
    ("Timestamp", "31/31/2024", "Timestamp", "other order"),
    (HOURS, "All of them", "How many", "leave that column out"),
]


@pytest.mark.parametrize(("column", "value", "named", "remedy"), BAD)
def test_what_cannot_be_taken_names_row_column_and_remedy(
    baton: Baton, column: str, value: str, named: str, remedy: str
) -> None:
    good = {"Timestamp": "1/28/2024 10:00:00", "Email": "ada@example.org", "Name": "Ada", "Stream": "stream1",
            "Time zone": "UTC", "GitHub": "", "Blog": "", HOURS: "3 to 6"}  # fmt: skip
    other = {**good, "Email": "grace@example.org"}
    lines = [",".join(good), ",".join(other.values()), ",".join({**good, column: value}.values())]
    id = imported("\n".join(lines))
    assert counts(id) == (1, 0, 0, 1)
    [wrong] = refused_rows(id)
    [problem] = wrong["problems"]
    assert wrong["row"] == 3 and problem["column"].startswith(named)
    assert problem["message"] and remedy in problem["remedy"]
    assert wrong["cells"][list(good).index(column)] == value


def test_a_row_says_everything_that_is_wrong_with_it(baton: Baton) -> None:
    id = checked("Email,Name,Stream\nok@example.org,Ok,stream1\nbad,,nothing\n")
    [wrong] = refused_rows(id)
    assert [each["column"] for each in wrong["problems"]] == ["Email", "Stream", "Name"]


def test_answers_of_several_options_are_taken_apart_as_google_joined_them(baton: Baton) -> None:
    header = "Email,Name,Stream,What would you like to start with?"
    id = imported(
        f'{header}\na@example.org,A,stream1,"Deep learning, Python"\nb@example.org,B,stream1,"Python, Dance"\n'
    )
    assert persons(baton)["a@example.org"]["answers"] == {"stream1-topics": ["Python", "Deep learning"]}
    assert "“Dance”" in refused_rows(id)[0]["problems"][0]["message"]


@pytest.mark.parametrize(
    ("name", "says"),
    [("empty.csv", "empty"), ("headers-only.csv", "nobody in this file"), ("workbook.xlsx.csv", "Excel")],
)
def test_what_cannot_be_a_file_of_answers_leaves_nothing_behind(baton: Baton, name: str, says: str) -> None:
    with pytest.raises(Refused) as caught:
        importing.give(BY, name, io.BytesIO(file(name)))
    assert says in caught.value.message
    assert baton.rows("signup", "import") == baton.rows("signup", "import_part") == []
    assert baton.rows("signup", "import") == baton.rows("signup", "import_part") == []


def test_a_file_that_breaks_off_says_so_and_imports_nobody(baton: Baton) -> None:
    long = "Email,Name,Stream\n" + "".join(f"p{n}@example.org,P,stream1\n" for n in range(20_000))
    id = checked(long + 'ada@example.org,"Ada,stream1\n')
    assert row(id)["state"] == "failed"
    assert "row 20002" in row(id)["problem"]["message"]
    assert refusal(importing.start, id).remedy
    assert baton.rows("signup", "person") == []


def test_two_gigabytes_are_refused_without_being_read(baton: Baton, change_settings: Any) -> None:
    change_settings(import_mib=2)

    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size: int = -1) -> bytes:
            assert 0 < size <= 1 << 20, "never whole"
            self.taken += size
            return b"Email,Name\n" * (size // 11)

    source = Endless()
    with pytest.raises(Refused) as caught:
        importing.give(BY, "big.csv", source)  # type: ignore[arg-type]
    assert "BATON_IMPORT_MIB" in caught.value.remedy
    assert source.taken <= 4 << 20
    assert baton.rows("signup", "import_part") == []


# ---- the mapping ----


def test_a_mapping_is_remembered_corrected_and_undone(baton: Baton) -> None:
    content = "Mail,Who,Which?,Other\nada@example.org,Ada,the red one,x\n"
    id = given_file(content)
    assert not do(importing.check, id), "nobody has looked at this form yet"
    columns = ("email", "name", "stream", None)
    assert do(importing.check, id, mapped(id, columns=columns))
    importing.work(id)
    assert counts(id) == (0, 0, 0, 1)
    assert row(id)["answers"]["stream"] == {"the red one": 1}
    meanings = {"stream": {"the red one": "stream3"}}
    do(importing.check, id, importing.with_meanings(mapped(id), meanings))
    importing.work(id)
    assert counts(id) == (1, 0, 0, 0)

    next_file = given_file(content.replace("ada", "grace"))
    assert do(importing.check, next_file), "the next file of the same form needs nothing"
    importing.work(next_file)
    assert counts(next_file) == (1, 0, 0, 0)

    do(importing.undo_mapping, next_file)
    assert row(next_file)["state"] == "mapping"
    assert mapped(next_file).meanings["stream"] == {} and mapped(next_file).columns == columns
    do(importing.undo_mapping, next_file)
    with db.read("signup") as tx:
        assert importing.remembered(tx, row(next_file)["form"]) is None
    assert refusal(importing.undo_mapping, next_file).message == "There is no mapping to undo."


def test_a_form_is_known_by_its_header_whatever_its_order_of_rows(baton: Baton) -> None:
    one = given_file("Email,Name,Stream\na@example.org,A,stream1\n")
    other = given_file("Email,Name,Streams\na@example.org,A,stream1\n")
    assert row(one)["form"] != row(other)["form"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"columns": (None, "name", "stream")}, "column.0"),
        ({"columns": ("email", None, "stream")}, "column.0"),
        ({"columns": ("email", "email", "stream")}, "column.0"),
        ({"columns": ("email", "name", "horse")}, "column.2"),
        ({"columns": ("email", "name", "answers.horse")}, "column.2"),
        ({"columns": ("email", "name")}, "column.0"),
        ({"columns": ("email", "name", None)}, "stream"),
        ({"columns": ("email", "name", None), "stream": "horse"}, "stream"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"dates": "ymd"}, "dates"),
        ({"meanings": {"stream": {"x": "horse"}, "timezone": {}}}, "meaning.stream.x"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(baton: Baton, changed: dict[str, Any], field: str) -> None:
    id = given_file("Email,Name,Stream\na@example.org,A,stream1\n")
    wrong = refusal(importing.check, id, mapped(id, **changed))
    assert wrong.field == field and wrong.remedy
    assert row(id)["state"] == "mapping"


# ---- the work, in steps ----


def many(count: int) -> str:
    return "Email,Name,Stream\n" + "".join(f"p{n}@example.org,Person {n % 7},stream1\n" for n in range(count))


def test_a_hundred_thousand_rows(baton: Baton) -> None:
    id = imported(many(100_000).replace("Person 3", "Per son"))
    assert counts(id) == (100_000, 0, 0, 0)
    with db.read("signup") as tx:
        assert people.counts(tx) == {"imported": 100_000}
        for table, wanted in (("event", 100_001), ("delivery", 100_003)):
            found = db.metadata("signup").tables[table]
            import sqlalchemy as sa

            assert tx.execute(sa.select(sa.func.count()).select_from(found)).scalar_one() == wanted


def test_a_worker_does_it_when_the_tick_calls(baton: Baton) -> None:
    id = given_file(many(3))
    do(importing.check, id, mapped(id))
    assert row(id)["state"] == "checking"
    baton.tick()
    assert row(id)["state"] == "checked"
    do(importing.start, id)
    baton.tick()
    assert (row(id)["state"], counts(id)) == ("done", (3, 0, 0, 0))
    assert baton.rows("signup", "import_part") == [], "its file is gone"
    baton.tick()
    assert len(baton.rows("signup", "person")) == 3


def test_the_task_may_take_ten_minutes() -> None:
    worker.carry("signup")
    task = worker.app.tasks["slow.import"]
    assert (task.soft_time_limit, task.time_limit) == (600, 630)
    assert worker._route("slow.import") == {"queue": "slow"}


def test_what_does_not_fit_into_one_task_goes_on_in_the_next(baton: Baton, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "STEP", 10)
    id = checked(many(35))
    do(importing.start, id)
    steps = 0
    while importing.work(id, longest=-1.0):
        steps += 1
        assert row(id)["done"] == min(36, 1 + 10 * steps)
        assert len(baton.rows("signup", "person")) == min(35, 10 * steps)
    assert steps == 4 and counts(id) == (35, 0, 0, 0)


def test_a_check_that_broke_off_begins_anew(baton: Baton, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "STEP", 10)
    id = given_file(many(25).replace("p3@", "p4@").replace("p20@", "bad@@"))
    do(importing.check, id, mapped(id))
    assert importing.work(id, longest=-1.0)
    assert importing.work(id, longest=-1.0), "from the beginning"
    while importing.work(id):
        pass
    assert counts(id) == (23, 0, 1, 1)
    assert len(refused_rows(id)) == 1


def test_two_at_once_double_nothing(baton: Baton, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "STEP", 5)
    id = checked(many(40))
    do(importing.start, id)

    def meanwhile(found: Any) -> None:
        if found["done"] == 11:
            importing.work(id)  # somebody else, who thinks that this one has died

    assert not importing.work(id, meanwhile)
    assert (row(id)["state"], counts(id)) == ("done", (40, 0, 0, 0))
    assert len(baton.rows("signup", "person")) == 40
    assert len(baton.rows("signup", "event", type="application.imported")) == 40


def test_who_signs_up_in_the_same_instant_comes_in_once(baton: Baton) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from services.signup.importing.checks import Found
    from services.signup.importing.insert import insert

    def found(n: int) -> Found:
        address = f"p{n}@example.org"
        return Found(n, address, f"P {n}", address, "stream1", "UTC", {}, None, None, None)

    def bring() -> int:
        with db.write("signup") as tx:
            return insert(tx, BY, "import", [found(n) for n in range(5)])

    with ThreadPoolExecutor(1) as pool:
        with db.write("signup") as tx:
            typed = {"name": "P", "email": "p3@example.org", "stream": "stream1", "timezone": "UTC", "charter": "1"}
            people.apply(tx, {**typed, "answers": {}})
            brought = pool.submit(bring)
            time.sleep(0.3)  # time for the other to run into what is not committed yet
        assert brought.result(30) == 4
    assert sorted(persons(baton)) == [f"p{n}@example.org" for n in range(5)]
    assert len(baton.rows("signup", "event", type="application.imported")) == 4
    assert persons(baton)["p3@example.org"]["state"] == "applied"


WORK = """import sys
from services.signup import importing
from services.signup.importing import running
running.STEP = 200
importing.work(sys.argv[1])"""


def test_killed_at_any_moment_it_is_resumed_without_doubling(
    baton: Baton, settings_of_processes: dict[str, str]
) -> None:
    rows = 6000
    id = checked(many(rows))
    do(importing.start, id)
    kills = 0
    while row(id)["state"] == "importing":
        before = row(id)["done"]
        process = subprocess.Popen(
            [sys.executable, "-c", WORK, id], env=settings_of_processes, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and row(id)["done"] <= before + 1000 * (kills < 4):
            time.sleep(0.002)
        if kills < 4 and process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += process.wait(30) == -signal.SIGKILL
        else:
            process.wait(60)
    assert kills >= 2
    assert counts(id) == (rows, 0, 0, 0)
    found = baton.rows("signup", "person")
    assert len({each["email_key"] for each in found}) == len(found) == rows
    events = baton.rows("signup", "event", type="application.imported")
    assert len({each["subject"] for each in events}) == len(events) == rows


@pytest.fixture
def settings_of_processes(settings: config.Config) -> dict[str, str]:
    """The environment of a process of its own that shares this test's database."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
    return own | {
        "BATON_SECRET": settings.secret,
        "BATON_DATA": str(settings.data),
        "BATON_CLOCK": settings.clock,
        "BATON_BROKER_URL": "memory://",
        "BATON_SIGNUP_DATABASE_URL": settings.database_url("signup").replace("+psycopg", "", 1),
    }


def test_thrown_away_while_it_is_checked(baton: Baton, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "STEP", 5)
    id = given_file(many(20))
    do(importing.check, id, mapped(id))
    assert not importing.work(id, lambda found: do(importing.throw_away, id))
    assert row(id) is None
    assert baton.rows("signup", "import_part") == baton.rows("signup", "import_refusal") == []


def test_what_is_importing_cannot_be_thrown_away_or_mapped(baton: Baton) -> None:
    id = checked(many(5))
    do(importing.start, id)
    for command, *rest in ((importing.throw_away,), (importing.check, mapped(id)), (importing.undo_mapping,)):
        assert "importing" in refusal(command, id, *rest).message


def test_after_a_week_a_file_is_forgotten(baton: Baton) -> None:
    waiting = checked("Email,Name,Stream\na@example.org,A,stream1\nbad,B,stream1\n")
    done = imported("Email,Name,Stream\nb@example.org,A,stream1\nbad2,B,stream1\n")
    baton.pass_time(days=6)
    baton.pass_machine_time(6 * 86_400)
    baton.tick()
    assert row(waiting) and refused_rows(done)
    baton.pass_time(days=2)
    baton.pass_machine_time(2 * 86_400)
    baton.tick()
    assert row(waiting) is None and refused_rows(done) == []
    assert (row(done)["state"], row(done)["header"], row(done)["fresh"]) == ("old", [], 1)
    assert baton.rows("signup", "import_part") == []


def test_others_write_while_a_file_is_taken_in(baton: Baton, monkeypatch: Any) -> None:
    """SQLite has one writer: none of its transactions may last as long as the file."""
    monkeypatch.setattr("services.signup.importing.files.AT_ONCE", 1)
    monkeypatch.setattr("services.signup.importing.files.PART", 1_000)
    sent, seen = io.BytesIO(many(300).encode()), []

    class Slow(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            seen.append(baton.rows("signup", "import_part"))
            with db.write("signup") as tx:  # waits for ever if a transaction of the file's is open
                tx.exec_driver_sql("UPDATE program SET name = name")
                assert importing.listed(tx) == [], "not before it is whole"
            return sent.read(size)

    id = importing.give(BY, "slow.csv", Slow())  # type: ignore[arg-type]
    assert len(seen) > 10 and len(seen[-1]) > 8
    assert row(id)["state"] == "mapping"


def test_a_file_whose_sender_was_lost_is_forgotten(baton: Baton, monkeypatch: Any) -> None:
    monkeypatch.setattr("services.signup.importing.files.PART", 100)

    class Killed(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise OSError("the line broke")

    with pytest.raises(OSError, match="broke"):
        importing.give(BY, "x.csv", Killed())  # type: ignore[arg-type]
    assert baton.rows("signup", "import") == []
    id = given_file(many(3))  # as a kill in the middle of it would leave it
    with db.write("signup") as tx:
        tx.exec_driver_sql("UPDATE import SET state = 'receiving'")
    baton.pass_time(hours=1)
    baton.tick()
    assert row(id)
    baton.pass_time(hours=1)
    baton.pass_machine_time(3_700)
    baton.tick()
    assert row(id) is None and baton.rows("signup", "import_part") == []


def test_everything_is_in_the_log(baton: Baton) -> None:
    imported(file("google-forms.csv"))
    noted = [each["what"] for each in baton.rows("signup", "audit")]
    assert [what for what in noted if what.startswith(("import", "mapping", "people"))] == [
        "import.given", "mapping.saved", "import.started", "people.imported",
    ]  # fmt: skip
    assert "ada" not in json.dumps(baton.rows("signup", "audit"), default=str).lower()


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
