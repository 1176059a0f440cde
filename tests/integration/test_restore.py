"""The commands restore and move: what they ask for, what they keep, what is void afterwards."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.signup import access_links, api_tokens
from shared import access, clock, config, db, engines, tokens
from shared.cli import Refused, move, restore
from shared.cli import backup as command
from tests.backups import bring_back, elsewhere, join, make
from tests.conftest import SECRET, Baton


def test_over_live_data_only_after_setting_it_aside(alone: Baton, tmp_path: Path, capsys: Any) -> None:
    join()
    alone.drain()
    before = alone.dump()
    (tmp_path / "valkey").mkdir()
    (tmp_path / "valkey" / "appendonly.aof").write_text("what was rung")
    assert command.main(["b.baton"]) == 0
    assert (tmp_path / "b.baton").stat().st_mode & 0o077 == 0
    join("Later", "later@example.org")
    after = alone.dump()
    engines.close()
    with pytest.raises(Refused, match="there is data already .signup, sessions, notifications, blog.*--set-aside"):
        restore.main(["b.baton"])
    assert alone.dump() == after
    engines.close()
    capsys.readouterr()
    assert restore.main(["b.baton", "--set-aside", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    now = alone.dump()
    assert now["signup.person"] == before["signup.person"] and report["secret"] == "same"
    old = report["aside"]
    assert (tmp_path / old / "valkey" / "appendonly.aof").exists() and not (tmp_path / "valkey").exists()
    if engines.engine("signup").dialect.name == "sqlite":
        assert (tmp_path / old / "signup.db").exists()
    else:
        with db.read("signup") as tx:
            kept = tx.execute(sa.text(f'SELECT count(*) FROM "{old}".person')).scalar()
            assert kept == len(after["signup.person"])
    with db.write("signup") as tx:
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql(f'DROP SCHEMA "{old}" CASCADE')


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_running_baton_is_not_restored_under(alone: Baton, tmp_path: Path) -> None:
    import fcntl

    make(tmp_path / "b.baton")
    with open(tmp_path / "up.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711\n")
        lock.flush()
        for args in (["b.baton"], ["b.baton", "--set-aside"]):
            with pytest.raises(Refused, match="already runs on .*4711"):
                restore.main(args)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_databases_in_use_are_not_restored_over(alone: Baton, tmp_path: Path) -> None:
    make(tmp_path / "b.baton")
    engines.close()
    other = sa.create_engine(config.current().database_url("blog"))
    with other.connect() as tx, pytest.raises(Refused, match="^1 program is connected to the database of blog: stop"):
        tx.execute(sa.text("SELECT 1"))
        restore.main(["b.baton", "--set-aside"])
    other.dispose()
    assert restore.main(["b.baton", "--set-aside"]) == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("secret", "said"), [(None, "new"), ("y" * 16 + "another one of tests", "another"), (SECRET, "same")]
)
def test_into_another_empty_folder_with_and_without_a_secret(
    alone: Baton, tmp_path: Path, secret: str | None, said: str, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    join()
    alone.drain()
    make(tmp_path / "b.baton")
    other = tmp_path / "other"
    monkeypatch.delenv("BATON_SECRET")
    if secret:
        monkeypatch.setenv("BATON_SECRET", secret)
    config.use(None)
    assert restore.main(["b.baton", "--data", str(other)]) == 0
    out = capsys.readouterr().out
    words = {
        "new": "a new one was made",
        "another": "another than at the backup",
        "same": "links in mails go on working",
    }
    assert words[said] in out
    assert {row["email"] for row in alone.rows("notifications", "person")} >= {"zoe@example.org"}
    assert SECRET.encode() not in (tmp_path / "b.baton").read_bytes()
    with zipfile.ZipFile(tmp_path / "b.baton") as archive:
        assert not [name for name in archive.namelist() if SECRET.encode() in archive.read(name)]


def test_whatever_let_somebody_in_before_is_void(baton: Baton, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Given an organizer and a token that are removed and revoked after the backup, When it is restored, Then neither
    opens anything, in any service; and what is made afterwards does."""
    with db.write("signup") as tx:
        olga = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
        token = api_tokens.create(tx, "system", olga, "sync", "organizer")
    baton.drain()
    made = make(tmp_path / "b.baton")
    cookie = tokens.sign("cookie", {"person": olga, "roles": ["organizer"], "at": clock.machine()})
    unknown = tokens.sign("cookie", {"person": db.new_id(), "roles": ["organizer"], "at": clock.machine()})
    link = tokens.sign(access_links.PURPOSE, {"person": olga, "request": db.new_id(), "next": None})
    mine = tokens.sign("enter", {"person": olga, "next": None})
    with db.write("signup") as tx:
        access_links.add_organizer(tx, "system", "second@example.org", "Second")
        access_links.remove_organizer(tx, "system", olga)
    report = bring_back(made, elsewhere("sqlite", tmp_path / "other", request))
    assert report["tokens"] == [("sync", "never")]
    pages = {"signup": "/signup/organizer/", "sessions": "/sessions/ops", "notifications": "/notifications/ops"}

    def opens(service: str, path: str, signed: str) -> bool:
        client = baton.app(service).test_client()
        client.set_cookie(access.COOKIE, signed)
        return bool(client.get(path).status_code == 200)

    for service, path in pages.items():
        assert not opens(service, path, cookie) and not opens(service, path, unknown)
        answer = baton.client(service).get(
            f"/{service}/api/operation", headers={"Authorization": f"Bearer {token.text()}"}
        )
        assert answer.status_code == 401
    assert baton.client("signup").post(f"/signup/sign-in/{link}").status_code == 410
    assert baton.client("signup").post(f"/signup/enter/{mine}").status_code == 303, "one's own page, by a mail"
    assert baton.rows("signup", "api_token")[0]["revoked_by"] == "system"
    baton.pass_machine_time(2)
    fresh = tokens.sign(access_links.PURPOSE, {"person": olga, "request": db.new_id(), "next": None})
    assert baton.client("signup").post(f"/signup/sign-in/{fresh}").status_code == 303
    with db.write("signup") as tx:
        again = api_tokens.create(tx, "system", olga, "sync", "read")
    headers = {"Authorization": f"Bearer {again.text()}"}
    assert baton.client("signup").get("/signup/api/members", headers=headers).status_code == 200


def test_whoever_was_stopped_since_the_backup_keeps_their_access(
    baton: Baton, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with db.write("signup") as tx:
        olga = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
        token = api_tokens.create(tx, "system", olga, "sync", "read")
    made = make(tmp_path / "b.baton")
    bring_back(made, elsewhere("sqlite", tmp_path / "other", request), access="keep")
    headers = {"Authorization": f"Bearer {token.text()}"}
    assert baton.client("signup").get("/signup/api/members", headers=headers).status_code == 200


def test_moving_counts_every_row(
    alone: Baton, tmp_path: Path, capsys: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    join()
    alone.drain()
    before = alone.dump()
    there = "postgres" if engines.engine("signup").dialect.name == "sqlite" else "sqlite"
    urls = elsewhere(there, tmp_path / "other", request)
    monkeypatch.setattr(config, "_database_urls", lambda env: urls)
    engines.close()
    capsys.readouterr()
    assert move.main(["--to", "postgresql://there", "--json"]) == 0
    counted = json.loads(capsys.readouterr().out)
    assert {f"{row['service']}.{row['table']}": row["arrived"] for row in counted} == {
        name: len(rows) for name, rows in before.items()
    }
    assert all(row["there"] == row["arrived"] for row in counted)
    assert alone.dump() == before, "the old databases stay as they are"
    engines.close()
    with pytest.raises(Refused, match="is not empty"):
        move.main(["--to", "postgresql://there"])
    config.use(replace(config.current(), database_urls=urls))
    assert alone.dump() == before


def test_moving_to_nonsense_names_the_option(alone: Baton) -> None:
    with pytest.raises(Refused, match="--to is neither PostgreSQL nor SQLite"):
        move.main(["--to", "mysql://there"])
