"""Backup, restore, move: every row comes back, on either database; nothing doubtful is mailed; damage is refused."""

from __future__ import annotations

import io
import json
import threading
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from services.signup import access_links, api_tokens, people, program
from shared import access, backup, clock, config, db, log, migrate, tokens
from shared.backup import cut, file, load
from shared.cli import Refused, move, restore
from shared.cli import backup as command
from shared.config import SERVICES
from shared.events import relay
from tests.conftest import SECRET, Baton
from tests.postgres import Postgres


def silent(_done: int, _total: int, _what: str) -> None:
    """No progress."""


def join(name: str = "Zoë 🎓", email: str = "zoe@example.org") -> str:
    """Somebody who signed up and confirmed."""
    log.clear()  # as every request begins: what it causes is of no chain before it
    with db.write("signup") as tx:
        version = program.load(tx).charter.version
        typed = {"name": name, "email": email, "timezone": "Europe/London", "stream": "stream1", "charter": version}
        person = str(people.apply(tx, {**typed, "answers": {}}).person)
        people.confirm(tx, person)
    return person


@pytest.fixture
def alone(baton: Baton, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Baton:
    """A Baton whose command line finds its data, and whose broker is its own."""
    monkeypatch.setenv("BATON_DATA", str(tmp_path))
    monkeypatch.setenv("BATON_SECRET", SECRET)
    monkeypatch.setenv("BATON_CALLED_FROM", str(tmp_path))
    monkeypatch.setenv("BATON_BROKER_URL", "")
    return baton


def elsewhere(kind: str, folder: Path, request: pytest.FixtureRequest) -> tuple[tuple[str, str], ...]:
    """Four empty databases of that kind."""
    if kind == "sqlite":
        folder.mkdir()
        return tuple((service, f"sqlite:///{folder / service}.db") for service in SERVICES)
    server: Postgres = request.getfixturevalue("postgres")
    mark = uuid.uuid4().hex[:8]
    return tuple((service, server.create(f"baton_{service}_{mark}")) for service in SERVICES)


def make(path: Path) -> Path:
    with cut.views(SERVICES) as views:
        file.write(path, views, silent)
    return path


def bring_back(
    path: Path, urls: tuple[tuple[str, str], ...], mails: str = "hold", aside: str | None = None, access: str = "void"
) -> Any:
    report: dict[str, Any] = {}
    with file.read(path) as found:
        found.check(silent)
        source = load.Source(found.tables, {s: found.revision(s) for s in SERVICES}, found.rows)
        load.load(source, dict(urls), aside, silent, lambda txs: restore.finish(txs, found, mails, access, report))
    config.use(replace(config.current(), database_urls=urls))
    return report


@pytest.mark.parametrize("target", ["sqlite", "postgres"])
def test_every_row_comes_back_whichever_database(
    baton: Baton, target: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    join()
    baton.tick()
    before = baton.dump()
    made = make(tmp_path / "b.baton")
    bring_back(made, elsewhere(target, tmp_path / "other", request), mails="send", access="keep")
    assert baton.dump() == before
    assert [migrate.current(service) for service in SERVICES] == [migrate.head(service) for service in SERVICES]
    join("Next", "next@example.org")  # positions count on where they ended
    baton.drain()
    newest = max(row["position"] for row in baton.rows("signup", "event"))
    assert newest > max(row["position"] for row in before["signup.event"])
    assert {row["email"] for row in baton.rows("notifications", "person")} >= {"next@example.org", "zoe@example.org"}


def test_what_was_on_its_way_arrives_once_after_a_restore(
    baton: Baton, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Given events handled but not confirmed, and others not handled, When it is restored, Then each counts once."""
    person = join()
    relay.deliver_due("signup")
    name, args = next(entry for entry in baton.queue if entry[0] == "sessions.receive")
    from shared.events import inbox

    inbox.receive("sessions", args[0])  # handled; its receipt is lost
    baton.queue.clear()
    made = make(tmp_path / "b.baton")
    report = bring_back(made, elsewhere("sqlite", tmp_path / "other", request))
    assert report["owed"] > 0
    baton.pass_machine_time(700)
    baton.drain()
    for service in ("sessions", "blog", "notifications"):
        assert [row["state"] for row in baton.rows(service, "person", id=person)] == ["confirmed"] or baton.rows(
            service, "person", id=person
        )
    assert not [row for row in baton.rows("signup", "delivery") if row["confirmed_at"] is None]


def test_four_views_are_of_one_instant(baton: Baton, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given somebody who signs up, and is told of everywhere, after each of the views was opened, When all are open,
    Then what one says was handled another says was published, and what is confirmed was handled."""
    crowd: list[threading.Thread] = []

    def joins(number: int) -> None:
        join(f"P{number}", f"p{number}@example.org")
        baton.drain()

    @contextmanager
    def read(service: str) -> Iterator[Any]:
        with db.read(service) as tx:
            tx.execute(sa.text("SELECT version_num FROM alembic_version"))  # the view begins
            crowd.append(threading.Thread(target=joins, args=(len(crowd),)))
            crowd[-1].start()
            crowd[-1].join(0.5)  # who is held up goes on later
            yield tx

    monkeypatch.setattr(cut, "db", SimpleNamespace(read=read, write=db.write))
    with cut.views(SERVICES) as views:
        published = set(views["signup"].execute(sa.text("SELECT id FROM event")).scalars())
        for name in ("sessions", "notifications", "blog"):
            handled = set(views[name].execute(sa.text("SELECT event FROM inbox")).scalars())
            confirmed = views["signup"].execute(
                sa.text(
                    "SELECT e.id FROM event e JOIN delivery d ON d.event = e.position"
                    " WHERE d.subscriber = :name AND d.confirmed_at IS NOT NULL"
                ),
                {"name": name},
            )
            assert handled <= published
            assert set(confirmed.scalars()) <= handled
    for thread in crowd:
        thread.join()
    baton.drain()
    assert len(baton.rows("signup", "person", state="active")) == 4, "nobody was turned away meanwhile"


# ---- mails ----


def test_no_mail_that_may_have_gone_out_is_sent_by_itself(
    baton: Baton, tmp_path: Path, request: pytest.FixtureRequest, change_settings: Any
) -> None:
    """Given a queued mail, one whose event is on its way, and one due by time: all three may have gone out after the
    backup. When it is restored, Then each is held; but what is asked for afterwards goes out."""
    from services.signup import access_links

    with db.write("signup") as tx:
        access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
    baton.drain()
    change_settings(smtp_url="smtp://127.0.0.1:9")
    join("Queued", "queued@example.org")
    baton.drain()
    join("Owed", "owed@example.org")
    made = make(tmp_path / "b.baton")
    report = bring_back(made, elsewhere("sqlite", tmp_path / "other", request))
    assert report["held"] == 3 and report["owed"], "confirm, welcome and placed"
    baton.drain()
    baton.pass_time(days=1, hours=6)
    baton.tick()
    by_address: dict[str, set[str]] = {}
    for row in baton.rows("notifications", "mail"):
        by_address.setdefault(row["address"], set()).add(row["state"])
    assert by_address["queued@example.org"] == by_address["owed@example.org"] == {"held"}
    assert by_address["olga@example.org"] == {"held"}, "the summary of the day is due again"
    join("New", "new@example.org")
    baton.drain()
    assert {row["state"] for row in baton.rows("notifications", "mail", address="new@example.org")} == {"queued"}
    baton.pass_machine_time(2 * 86_400)
    baton.pass_time(days=1)
    baton.tick()
    summaries = [row["state"] for row in baton.rows("notifications", "mail", kind="applications")]
    assert sorted(summaries) == ["held", "queued"], "a day later nothing is in doubt"


def test_mails_go_out_when_it_was_stopped_since_the_backup(
    baton: Baton, tmp_path: Path, request: pytest.FixtureRequest, change_settings: Any
) -> None:
    change_settings(smtp_url="smtp://127.0.0.1:9")
    join()
    baton.drain()
    bring_back(
        make(tmp_path / "b.baton"), elsewhere("sqlite", tmp_path / "other", request), mails="send", access="keep"
    )
    assert {row["state"] for row in baton.rows("notifications", "mail")} == {"queued"}


# ---- the commands ----


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
    db.close()
    with pytest.raises(Refused, match="there is data already .signup, sessions, notifications, blog.*--set-aside"):
        restore.main(["b.baton"])
    assert alone.dump() == after
    db.close()
    capsys.readouterr()
    assert restore.main(["b.baton", "--set-aside", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    now = alone.dump()
    assert now["signup.person"] == before["signup.person"] and report["secret"] == "same"
    old = report["aside"]
    assert (tmp_path / old / "valkey" / "appendonly.aof").exists() and not (tmp_path / "valkey").exists()
    if db.engine("signup").dialect.name == "sqlite":
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
    db.close()
    other = sa.create_engine(config.current().database_url("blog"))
    with other.connect() as tx, pytest.raises(Refused, match="connected to the database of blog: stop web and workers"):
        tx.execute(sa.text("SELECT 1"))
        restore.main(["b.baton", "--set-aside"])
    other.dispose()


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
    there = "postgres" if db.engine("signup").dialect.name == "sqlite" else "sqlite"
    urls = elsewhere(there, tmp_path / "other", request)
    monkeypatch.setattr(config, "_database_urls", lambda env: urls)
    db.close()
    capsys.readouterr()
    assert move.main(["--to", "postgresql://there", "--json"]) == 0
    counted = json.loads(capsys.readouterr().out)
    assert {f"{row['service']}.{row['table']}": row["arrived"] for row in counted} == {
        name: len(rows) for name, rows in before.items()
    }
    assert all(row["there"] == row["arrived"] for row in counted)
    assert alone.dump() == before, "the old databases stay as they are"
    db.close()
    with pytest.raises(Refused, match="is not empty"):
        move.main(["--to", "postgresql://there"])
    config.use(replace(config.current(), database_urls=urls))
    assert alone.dump() == before


def test_moving_to_nonsense_names_the_option(alone: Baton) -> None:
    with pytest.raises(Refused, match="--to is neither PostgreSQL nor SQLite"):
        move.main(["--to", "mysql://there"])


# ---- older and newer ----


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_backup_of_an_older_revision_is_migrated(
    baton: Baton, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Given a file as revision 0001 wrote it, When it is restored, Then its rows are there in today's tables."""
    person = join()
    baton.drain()
    made = make(tmp_path / "b.baton")
    old = _first_tables(tmp_path / "old")

    def older(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        import hashlib

        for service, described in manifest["services"].items():
            described["revision"] = "0001"
            for table in described["tables"]:
                if table["name"] not in old[service]:
                    members.pop(f"{service}/{table['name']}.jsonl")
            described["tables"] = [table for table in described["tables"] if table["name"] in old[service]]
            for table in described["tables"]:
                kept = old[service][table["name"]]
                places = [i for i, (name, _) in enumerate(table["columns"]) if name in kept]
                table["columns"] = [table["columns"][i] for i in places]
                member = f"{service}/{table['name']}.jsonl"
                rows = [json.loads(line) for line in members[member].splitlines()]
                members[member] = b"".join(json.dumps([row[i] for i in places]).encode() + b"\n" for row in rows)
                table["bytes"] = len(members[member])
                table["sha256"] = hashlib.sha256(members[member]).hexdigest()

    changed(made, older)
    bring_back(made, elsewhere("sqlite", tmp_path / "other", request))
    assert migrate.current("signup") == migrate.head("signup")
    assert baton.rows("signup", "person", id=person)[0]["state"] == "active"


def _first_tables(folder: Path) -> dict[str, dict[str, set[str]]]:
    """{service: {table: its columns}} as revision 0001 made them."""
    folder.mkdir()
    before, found = config.current(), {}
    urls = tuple((service, f"sqlite:///{folder / service}.db") for service in SERVICES)
    config.use(replace(before, database_urls=urls))
    for service in SERVICES:
        with db.write(service) as tx:
            migrate.run(tx, "0001")
            seen = sa.inspect(tx)
            found[service] = {t: {c["name"] for c in seen.get_columns(t)} for t in seen.get_table_names()}
    db.close({url for _, url in urls})
    config.use(before)
    return found


def changed(path: Path, change: Any) -> Path:
    """Rewrite a backup: `change(manifest, members)`."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop(file.MANIFEST))
    change(manifest, members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(file.MANIFEST, json.dumps(manifest))
    return path


def _set(**values: Any) -> Any:
    return lambda manifest, members: manifest.update(values)


def _service(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    manifest["services"]["billing"] = manifest["services"]["blog"]


def _newer(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    manifest["services"]["signup"]["revision"] = "9999"


def _unknown_revision(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    manifest["services"]["signup"]["revision"] = "0000"


def _traversal(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    members["../../etc/passwd"] = b"root"


def _traversal_told(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    manifest["services"]["blog"]["tables"][0]["name"] = "../../../etc/passwd"


def _injection(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    manifest["services"]["blog"]["tables"][0]["columns"][0][0] = 'id"; DROP TABLE person; --'


def _missing(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    members.pop("signup/person.jsonl")


def _bomb(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    members["signup/person.jsonl"] = b"[" * 50_000_000


def _deep(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    table = next(t for t in manifest["services"]["signup"]["tables"] if t["name"] == "person")
    members["signup/person.jsonl"] = b"[" * 100_000 + b"]" * 100_000 + b"\n"
    table["bytes"], table["rows"] = 200_001, 1


def _flipped(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    members["signup/person.jsonl"] = members["signup/person.jsonl"].replace(b"Zo", b"Ze")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_set(format=2, baton="9.9"), "Baton 9.9, which is newer than this one"),
        (_set(format="1"), "does not say which format"),
        (_set(services={}), "is damaged"),
        (_set(services="all"), "is damaged"),
        (_set(machine="noon"), "is damaged"),
        (_set(secret={"salt": "zz", "hash": ""}), "is damaged"),
        (_service, "is damaged.*billing"),
        (_newer, "9999, newer than this code"),
        (_unknown_revision, "no revision 0000"),
        (_traversal, "etc/passwd' has no business in it"),
        (_traversal_told, "makes no sense"),
        (_injection, "makes no sense"),
        (_missing, "'signup/person.jsonl' is missing"),
        (_bomb, "longer than it says"),
        (_deep, "cannot be read"),
        (_flipped, "is not what was written"),
    ],
)
def test_a_file_that_is_not_in_order_changes_nothing(alone: Baton, tmp_path: Path, change: Any, words: str) -> None:
    join()
    made = changed(make(tmp_path / "b.baton"), change)
    before = alone.dump()
    db.close()
    with pytest.raises(Refused, match=words):
        restore.main([str(made), "--set-aside"])
    assert alone.dump() == before
    assert not list(tmp_path.glob("*.restoring*")) and not list(tmp_path.glob("aside-*"))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_refused_restore_leaves_no_secret_for_the_next_try_to_mistake(
    alone: Baton, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    join()
    good, bad = make(tmp_path / "good.baton"), changed(make(tmp_path / "bad.baton"), _flipped)
    other = str(tmp_path / "other")
    monkeypatch.delenv("BATON_SECRET")
    config.use(None)
    with pytest.raises(Refused, match="is not what was written"):
        restore.main([bad.name, "--data", other])
    monkeypatch.delenv("BATON_SECRET")  # each command has an environment of its own
    config.use(None)
    assert restore.main([good.name, "--data", other]) == 0
    assert "a new one was made" in capsys.readouterr().out


def _zip(content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("word/document.xml", content)
    return made.getvalue()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no backup of Baton, or was cut off"),
        (b"PGDMP\x01", "is no backup of Baton"),
        (_zip(b"<xml/>"), "of another program"),
        (None, "cannot read .*no such file"),
    ],
)
def test_what_is_no_backup_is_said_to_be_none(alone: Baton, tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "b.baton"
    if content is not None:
        path.write_bytes(content)
    db.close()
    with pytest.raises(Refused, match=words):
        restore.main([str(path), "--set-aside"])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off(alone: Baton, tmp_path: Path, share: float) -> None:
    made = make(tmp_path / "b.baton")
    whole = made.read_bytes()
    made.write_bytes(whole[: int(len(whole) * share)])
    db.close()
    with pytest.raises(Refused, match="cut off|damaged"):
        restore.main([str(made), "--set-aside"])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_rows_the_database_refuses_leave_the_old_ones(alone: Baton, tmp_path: Path) -> None:
    """Given a file whose checksums are right and whose rows break a rule of the tables."""
    join()

    def twice(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        import hashlib

        table = next(t for t in manifest["services"]["signup"]["tables"] if t["name"] == "person")
        rows = members["signup/person.jsonl"] * 2
        table.update(rows=table["rows"] * 2, bytes=len(rows), sha256=hashlib.sha256(rows).hexdigest())
        members["signup/person.jsonl"] = rows

    made = changed(make(tmp_path / "b.baton"), twice)
    before = alone.dump()
    db.close()
    with pytest.raises(Refused, match="signup.person, rows 1 to .*UNIQUE"):
        restore.main([str(made), "--set-aside"])
    assert alone.dump() == before


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_where_a_backup_cannot_be_written(alone: Baton, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").write_text("mine")
    with pytest.raises(Refused, match="is there already"):
        command.main(["there"])
    assert (tmp_path / "there").read_text() == "mine"
    with pytest.raises(Refused, match="cannot write .*no such file or directory"):
        command.main(["no/such/folder/b.baton"])
    with pytest.raises(Refused, match="cannot write .*not a directory"):
        command.main(["there/b.baton"])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_full_disk_is_said_and_leaves_nothing_half(alone: Baton, tmp_path: Path) -> None:
    """A real ENOSPC: the device that is always full."""
    import errno

    target = tmp_path / "b.baton"
    (tmp_path / "b.baton.part").symlink_to("/dev/full")
    with pytest.raises(Refused, match="another backup is being made, or was broken off"):
        command.main(["b.baton"])
    (tmp_path / "b.baton.part").unlink()
    assert "the disk of" in file._why(target, OSError(errno.ENOSPC, "No space left on device"))
    assert not target.exists()


def test_a_database_at_another_revision_is_not_backed_up(alone: Baton, tmp_path: Path) -> None:
    with db.write("blog") as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(Refused, match="blog is at revision 0001.*migrate"):
        command.main(["b.baton"])
    assert not (tmp_path / "b.baton").exists()
    with db.write("blog") as tx:
        tx.execute(sa.text(f"UPDATE alembic_version SET version_num = '{migrate.head('blog')}'"))


def test_kinds_refuse_what_they_are_not() -> None:
    from shared.backup import kinds

    for kind, value in (
        ("int", "1"),
        ("int", True),
        ("bytes", "%%"),
        ("instant", "noon"),
        ("text", 5),
        ("bool", 1),
        ("real", "x"),
    ):
        with pytest.raises(ValueError):
            kinds.native(kind, value)
    assert kinds.native("bytes", kinds.portable("bytes", b"\x00\xff")) == b"\x00\xff"
    assert issubclass(backup.Wrong, Exception)
