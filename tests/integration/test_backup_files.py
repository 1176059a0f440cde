"""Backups of an older or newer Baton, and files that are none: refused, and nothing is changed."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.blog.forges import embedded
from services.blog.repos import git
from shared import backup, config, db, engines, migrate
from shared.backup import file
from shared.cli import Refused, restore
from shared.config import SERVICES
from tests.backups import bring_back, elsewhere, join, make
from tests.conftest import Baton


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
        _with_what_they_say(manifest["services"]["notifications"]["tables"], members)
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


def _with_what_they_say(tables: list[dict[str, Any]], members: dict[str, bytes]) -> None:
    """Put what mails say back into their rows, where it was at first."""
    content, mail = (next(table for table in tables if table["name"] == name) for name in ("content", "mail"))
    said, rows = ([json.loads(line) for line in members[f"notifications/{name}.jsonl"].splitlines()]
                  for name in ("content", "mail"))  # fmt: skip
    names = [name for name, _ in content["columns"]]
    of = {row[names.index("mail")]: row for row in said}
    id = [name for name, _ in mail["columns"]].index("id")
    more = [place for place, name in enumerate(names) if name not in ("mail", "made_of")]
    mail["columns"] += [content["columns"][place] for place in more]
    whole = [[*row, *("" if of[row[id]][place] is None else of[row[id]][place] for place in more)] for row in rows]
    members["notifications/mail.jsonl"] = b"".join(json.dumps(row).encode() + b"\n" for row in whole)


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
    engines.close({url for _, url in urls})
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
        (_set(format=3, baton="9.9"), "Baton 9.9, which is newer than this one"),
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
    engines.close()
    with pytest.raises(Refused, match=words):
        restore.main([str(made), "--set-aside"])
    assert alone.dump() == before
    assert not list(tmp_path.glob("*.restoring*")) and not list(tmp_path.glob("aside-*"))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_small_blog_comes_back_with_what_was_published(alone: Baton, tmp_path: Path) -> None:
    """Given a blog that has no other home, When a backup is restored, Then it is as it was, and the later one aside."""
    join()
    blog = embedded.made(tmp_path)
    first = _head(blog)
    made = make(tmp_path / "b.baton")
    without = changed(make(tmp_path / "c.baton"), _no_blog)
    lied = changed(make(tmp_path / "d.baton"), _other_blog)
    torn = changed(make(tmp_path / "e.baton"), _torn_blog)
    git.run(blog, "update-ref", "refs/heads/later", first, size=10_000)
    engines.close()
    for broken, words in ((lied, "is not what was written"), (torn, "small blog cannot be brought back")):
        with pytest.raises(Refused, match=words):
            restore.main([str(broken), "--set-aside"])
        assert b"later" in git.run(blog, "branch") and not list(tmp_path.glob("restoring-*"))
        assert [found.name for found in tmp_path.glob("program-blog.git*")] == ["program-blog.git"]
    assert restore.main([str(made), "--set-aside"]) == 0
    assert _head(blog) == first and b"later" not in git.run(blog, "branch")
    [aside] = tmp_path.glob("aside-*/program-blog.git")
    assert b"later" in git.run(aside, "branch")
    shutil.rmtree(aside.parent)
    assert restore.main([str(without), "--set-aside"]) == 0
    assert not blog.exists() and list(tmp_path.glob("aside-*/program-blog.git"))


def _head(blog: Path) -> str:
    return git.run(blog, "rev-parse", "HEAD").decode().strip()


def _no_blog(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    """As the first format was."""
    manifest["format"] = 1
    del manifest["services"]["blog"]["beside"], members["blog/beside"]


def _other_blog(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    members["blog/beside"] = members["blog/beside"][:-1] + b"x"


def _torn_blog(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    content = members["blog/beside"] = members["blog/beside"][:-30]
    manifest["services"]["blog"]["beside"] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


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
    engines.close()
    with pytest.raises(Refused, match=words):
        restore.main([str(path), "--set-aside"])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off(alone: Baton, tmp_path: Path, share: float) -> None:
    made = make(tmp_path / "b.baton")
    whole = made.read_bytes()
    made.write_bytes(whole[: int(len(whole) * share)])
    engines.close()
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
    engines.close()
    with pytest.raises(Refused, match="signup.person, rows 1 to .*UNIQUE"):
        restore.main([str(made), "--set-aside"])
    assert alone.dump() == before


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
