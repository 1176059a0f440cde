"""`./baton doctor` says of each thing that can be wrong that it is, and what to do; it changes nothing."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Response

from shared import access, clock, config, db, pulse, schedule, versions
from shared.cli import doctor, mail
from shared.cli.broker import any_port
from tests import smtp
from tests.conftest import SECRET, Baton
from tests.signup import signed_in
from tests.told import PROGRAM, mails, member, tell


@pytest.fixture
def here(baton: Baton, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change_settings: Any) -> Baton:
    monkeypatch.setenv("BATON_DATA", str(tmp_path))
    monkeypatch.setenv("BATON_SECRET", SECRET)
    change_settings(broker_url=f"redis://127.0.0.1:{any_port()}/0", mail_from="Program <program@example.org>")
    baton.tick()
    return baton


def found(capsys: Any) -> dict[str, tuple[str, str, str]]:
    """{check: (level, found, do)} and the exit code's truth."""
    capsys.readouterr()
    code = doctor.main(["--json"])
    lines = json.loads(capsys.readouterr().out)
    assert code == (1 if any(line["level"] == "wrong" for line in lines) else 0)
    return {line["check"]: (line["level"], line["found"], line["do"]) for line in lines}


def test_all_is_well_but_the_broker_that_no_test_starts(here: Baton, capsys: Any) -> None:
    before = here.dump()
    lines = found(capsys)
    assert {check for check, line in lines.items() if line[0] != "ok"} == {"broker"}
    assert "does not answer" in lines["broker"][1] and lines["broker"][2]
    assert here.dump() == before
    assert doctor.main([]) == 1
    assert "wrong    broker" in capsys.readouterr().out


def test_a_job_that_fails_or_does_not_begin_is_named(here: Baton, capsys: Any, monkeypatch: Any) -> None:
    wrong = True

    def fails(_tx: Any, _period: str) -> None:
        if wrong:
            raise RuntimeError("ann@example.org is on purpose")

    def add(name: str) -> None:
        made = schedule.Job("sessions", name, schedule.every(timedelta(days=1)), fails)
        monkeypatch.setitem(schedule._jobs, ("sessions", name), made)

    def page() -> str:
        client = here.client("sessions")
        cookie = access.sign_in(Response(), "o1", ["organizer"]).headers["Set-Cookie"].split(";")[0]
        client.set_cookie("baton", cookie.partition("=")[2])
        return str(client.get("/sessions/ops").text)

    assert found(capsys)["jobs sessions"][0] == "ok" and "failed" not in page()
    add("broken")
    here.tick()
    level, said, do = found(capsys)["jobs sessions"]
    assert level == "warning" and "broken began" in said and "and failed " in said and "schedule.failed" in do
    assert "broken failed and has not ended since" in page() and "ann@" not in page()
    here.pass_time(minutes=31)
    here.pass_machine_time(200)
    level, said, _ = found(capsys)["jobs sessions"]
    assert level == "wrong" and "broken began" in said and "failed 3 min ago" in said
    wrong = False
    here.tick()
    assert found(capsys)["jobs sessions"][0] == "ok" and "failed" not in page()

    here.pass_time(hours=2)
    assert found(capsys)["jobs sessions"][0] == "ok", "time was moved just now, and no tick can have come to it"
    assert "anew" not in page()
    here.pass_machine_time(pulse.SILENT + 1)
    pulse.beat("sessions")
    level, said, do = found(capsys)["jobs sessions"]
    assert level == "wrong" and "turns.ask for 2 h" in said and "start the worker anew" in do
    assert "minutes.ask" in said and "broken" not in said and "sessions.plan" not in said, "not yet due for long"
    assert "turns.ask" in page() and "start the worker of <code>sessions</code> anew" in page()
    here.pass_machine_time(200)
    assert found(capsys)["jobs sessions"][2].startswith("see ticks sessions")
    assert "Without ticks" in page() and "anew" not in page(), "one cause is said once"
    here.tick()
    assert found(capsys)["jobs sessions"][0] == "ok"

    here.pass_time(days=3)
    here.tick()
    assert found(capsys)["jobs sessions"][0] == "ok"
    add("of an update")
    here.pass_machine_time(pulse.SILENT + 1)
    assert "of an update for 3 days" in found(capsys)["jobs sessions"][1], "a worker of before does not know it"


def test_before_the_first_tick_of_a_start_nothing_is_wrong(here: Baton, capsys: Any, tmp_path: Path) -> None:
    """Given a first start, or one after a long pause, Then the first tick is waited for, and missed later."""
    for service in config.SERVICES:
        with db.write(service) as tx:
            tx.execute(sa.text("DELETE FROM pulse"))
            tx.execute(sa.text("UPDATE subscriber SET since = :now"), {"now": clock.machine() - 15})
    level, said, do = found(capsys)["ticks blog"]
    assert level == "ok" and do == "" and "just started" in said and said.endswith(("within 105 s", "within 104 s"))
    assert {line[0] for check, line in found(capsys).items() if check.startswith("jobs")} == {"ok"}
    page = signed_in(here.client("sessions"), "o1", "organizer")
    assert "No tick was ever noted" not in page.get("/sessions/ops").text
    here.pass_machine_time(pulse.SILENT)
    assert found(capsys)["ticks blog"][:2] == ("wrong", "no tick was ever noted")
    assert "No tick was ever noted" in page.get("/sessions/ops").text
    here.tick()
    here.pass_machine_time(86_400)
    here.pass_time(days=1)
    assert found(capsys)["ticks blog"][:2] == ("wrong", "the last tick was 86400 s ago")
    lock = tmp_path / "up.lock"  # as `up` holds it
    lock.touch()
    os.utime(lock, (clock.machine() - 3,) * 2)
    lines = found(capsys)
    assert lines["ticks blog"][0] == lines["jobs sessions"][0] == "ok" and "first tick is due" in lines["ticks blog"][1]
    here.pass_machine_time(pulse.SILENT)
    lines = found(capsys)
    assert lines["ticks blog"][0] == lines["jobs sessions"][0] == "wrong"
    here.tick()
    assert found(capsys)["ticks blog"][0] == "ok"


def test_each_thing_that_is_wrong_is_said(here: Baton, capsys: Any, change_settings: Any, monkeypatch: Any) -> None:
    with db.write("signup") as tx:
        tx.execute(sa.text("UPDATE delivery SET dead_at = 1, confirmed_at = NULL WHERE subscriber = 'blog'"))
    with db.write("blog") as tx:
        tx.execute(sa.text("UPDATE pulse SET at = at - 1000"))
    tell("program.changed", PROGRAM)
    tell("member.confirmed", member())
    with db.write("notifications") as tx:
        tx.execute(sa.text("UPDATE mail SET state = 'held'"))
    with db.write("sessions") as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    monkeypatch.setattr(versions, "zones_age", lambda: versions.OLD_ZONES + 1)
    change_settings(secret="ab" * 20, smtp_url=f"smtp://127.0.0.1:{any_port()}")
    lines = found(capsys)
    assert "dead deliveries" in lines["signup → blog"][1]
    assert lines["ticks blog"][0] == "wrong" and "beat" in lines["ticks blog"][2]
    assert lines["mails"][:2] == ("wrong", "1 held")
    assert "0001" in lines["database sessions"][1] and "migrate" in lines["database sessions"][2]
    assert lines["time zones"][0] == "warning"
    assert lines["secret"][1] == "is easy to guess"
    assert "cannot be reached" in lines["mail server"][1]
    with db.write("sessions") as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    assert "newer than this code" in found(capsys)["database sessions"][1]
    with db.write("sessions") as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '0002'"))


def test_deliveries_that_wait_and_a_clock_that_jumped(here: Baton, capsys: Any) -> None:
    from tests.backups import join

    join()
    here.pass_machine_time(90)
    assert found(capsys)["signup → blog"][0] == "warning"
    here.pass_machine_time(900)
    assert found(capsys)["signup → blog"][0] == "wrong"
    here.pass_machine_time(-5000)
    with db.read("signup") as tx:
        assert tx.execute(sa.text("SELECT max(recorded) FROM event")).scalar()
    capsys.readouterr()
    doctor.main([])
    assert "was the clock set back" in capsys.readouterr().out


def test_a_mail_server_that_lets_us_in_gets_no_mail(here: Baton, capsys: Any, change_settings: Any) -> None:
    with smtp.Server() as taking:
        change_settings(smtp_url=taking.url)
        assert found(capsys)["mail server"][0] == "ok"
        assert taking.taken == [] and not [line for line in taking.said if line.startswith("MAIL")]


def test_no_data_folder_and_a_wrong_setting(capsys: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert doctor.main(["--data", str(tmp_path / "nowhere")]) == 1
    assert "is not there" in capsys.readouterr().out and not (tmp_path / "nowhere").exists()
    monkeypatch.setenv("BATON_LOG", "loud")
    monkeypatch.setenv("BATON_SECRET", SECRET)
    config.use(None)
    try:
        assert doctor.main(["--data", str(tmp_path)]) == 1
        assert "BATON_LOG" in capsys.readouterr().out
    finally:
        config.use(None)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_secret_that_others_can_read(here: Baton, capsys: Any, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    os.chmod(tmp_path / "secret", 0o644)
    lines = found(capsys)
    assert lines["secret"][0] == "warning" and "chmod 600" in lines["secret"][2]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_data_that_others_can_read(here: Baton, capsys: Any, tmp_path: Path) -> None:
    assert found(capsys)["data folder"][0] == "ok"
    file = Path(config.current().database_url("signup").removeprefix("sqlite:///"))
    os.chmod(file, 0o644)
    os.chmod(file.parent, 0o755)
    os.chmod(tmp_path, 0o755)
    level, said, do = found(capsys)["data folder"]
    assert level == "warning" and file.name in said and do == f"chmod -R go= {tmp_path}"
    os.chmod(tmp_path, 0o700)
    assert found(capsys)["data folder"][0] == "ok", "nobody else may enter"


def test_mails_on_the_command_line(here: Baton, capsys: Any, change_settings: Any) -> None:
    from shared.cli import Refused

    change_settings(smtp_url="smtp://127.0.0.1:9")
    tell("program.changed", PROGRAM)
    for name in ("ann", "bo", "cy"):
        tell("member.confirmed", member(name))
    with db.write("notifications") as tx:
        tx.execute(sa.text("UPDATE mail SET state = 'held'"))
    ids = {row.person: row.id for row in mails()}
    capsys.readouterr()
    assert mail.main(["--json", "list", "--recipient", "ann@"]) == 0
    assert [row["id"] for row in json.loads(capsys.readouterr().out)["mails"]] == [ids["ann"]]
    assert mail.main(["held"]) == 0 and ids["bo"] in capsys.readouterr().out
    assert mail.main(["show", ids["bo"]]) == 0 and "bo@example.org" in capsys.readouterr().out
    for args, words in (
        (["show", "nope"], "no mail 'nope'"),
        (["list", "--state", "lost"], "no state 'lost'"),
        (["arrived"], "by their ids, or give --all"),
        (["resend", "x", "--all"], "by their ids, or give --all"),
    ):
        with pytest.raises(Refused, match=words):
            mail.main(args)
    assert mail.main(["arrived", ids["ann"], "nope"]) == 1, "all that can be done is done"
    assert "no such mail" in capsys.readouterr().out
    assert mail.main(["--json", "resend", "--all"]) == 0
    assert sorted(json.loads(capsys.readouterr().out)["done"]) == sorted([ids["bo"], ids["cy"]])
    assert {row.person: row.state for row in mails()} == {"ann": "sent", "bo": "queued", "cy": "queued"}
