"""The backup file: a ZIP of one JSON-lines member per table, one for what a service keeps beside its database (see
`beside.py`), and `baton.json`, which says what must be in it.

Nothing of it is ever unpacked to a path, and nothing is believed before its length and checksum agree with
`baton.json`; a member may not be longer than it says there, nor a line than LONGEST_LINE. It holds all that people
told the program, so only its owner can read it; it holds no secret: see docs/operations.md.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .. import clock, config, db, migrate, versions
from . import Wrong, kinds
from .beside import keeper

FORMAT = 2  # 1 had nothing beside the tables
MANIFEST = "baton.json"
LARGEST_MANIFEST = 4 << 20
LONGEST_LINE = 64 << 20
PIECE = 1 << 20
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")

Tell = Callable[[int, int, str], None]  # (rows done, rows in all, what is being done)


@dataclass(frozen=True)
class Table:
    """One table in the file, as `baton.json` describes it."""

    service: str
    name: str
    columns: list[tuple[str, str]]
    rows: int
    bytes: int
    sha256: str

    @property
    def member(self) -> str:
        return f"{self.service}/{self.name}.jsonl"


@dataclass(frozen=True)
class Beside:
    """What a service keeps beside its database, as `baton.json` describes it."""

    service: str
    bytes: int
    sha256: str

    @property
    def member(self) -> str:
        return f"{self.service}/beside"


# ---- writing ----


def write(path: Path, views: dict[str, Connection], tell: Tell) -> dict[str, Any]:
    """Write the backup, whole or not at all; returns its manifest.

    :raises Wrong: the file is there already, or cannot be written.
    """
    draft = path.with_name(f"{path.name}.part")
    if path.exists():
        raise Wrong(f"{path} is there already: give another name, or remove it first")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
                manifest = _fill(archive, views, tell, draft)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except FileExistsError:
        raise Wrong(
            f"{draft} is there: another backup is being made, or was broken off; remove it if none is"
        ) from None
    except BaseException as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        if isinstance(error, OSError):
            raise Wrong(_why(path, error)) from None
        raise
    return manifest


def _fill(archive: zipfile.ZipFile, views: dict[str, Connection], tell: Tell, draft: Path) -> dict[str, Any]:
    tables = {service: db.metadata(service).sorted_tables for service in views}
    counts = {
        (service, table.name): views[service].execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for service in views
        for table in tables[service]
    }
    total, done = sum(counts.values()), 0
    described: dict[str, Any] = {}
    for service, tx in views.items():
        described[service] = {"revision": migrate.head(service), "tables": []}
        for table in tables[service]:
            columns, digest, length = kinds.columns(table), hashlib.sha256(), 0
            number = 0
            with archive.open(f"{service}/{table.name}.jsonl", "w", force_zip64=True) as member:
                for number, row in enumerate(kinds.rows(tx, table, columns), 1):
                    line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                    digest.update(line)
                    length += len(line)
                    member.write(line)
                    if number % 1000 == 0:
                        tell(done + number, total, f"{service}: {table.name}")
            done += number
            tell(done, total, f"{service}: {table.name}")
            described[service]["tables"].append(
                {"name": table.name, "columns": columns, "rows": number, "bytes": length, "sha256": digest.hexdigest()}
            )
        described[service] |= _pack(archive, service, draft)
    manifest = {
        "format": FORMAT,
        "baton": versions.baton(),
        "machine": clock.machine(),
        "secret": fingerprint(config.current().secret, secrets.token_hex(16)),
        "services": described,
    }
    archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    return manifest


def _pack(archive: zipfile.ZipFile, service: str, draft: Path) -> dict[str, Any]:
    """After the rows: it may be ahead of them, as after a crash between the two, and never behind."""
    found = keeper(service)
    packed = draft.with_name(f"{draft.name}.{service}")
    try:
        if found is None or not found.pack(config.current().data, packed):
            return {}
        digest, length = hashlib.sha256(), 0
        with packed.open("rb") as file, archive.open(f"{service}/beside", "w", force_zip64=True) as member:
            while piece := file.read(PIECE):
                digest.update(piece)
                length += len(piece)
                member.write(piece)
        return {"beside": {"bytes": length, "sha256": digest.hexdigest()}}
    finally:
        packed.unlink(missing_ok=True)


def fingerprint(secret: str, salt: str) -> dict[str, str]:
    """By what one can tell whether a secret is the same, and not what it is."""
    made = hashlib.scrypt(secret.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=16)
    return {"salt": salt, "hash": made.hex()}


# ---- reading ----


class Backup:
    """An open backup file whose description was found in order; its rows were not looked at yet."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
        self.path, self.archive, self.manifest = path, archive, manifest
        self.tables = _tables(path, manifest)
        self.beside = _beside(path, manifest)
        self.total = sum(table.rows for table in self.tables)

    @property
    def made(self) -> datetime:
        """The instant it shows, by the machine's clock."""
        return datetime.fromtimestamp(self.manifest["machine"], UTC)

    def revision(self, service: str) -> str:
        """The revision of that service's tables."""
        return str(self.manifest["services"][service]["revision"])

    def same_secret(self, secret: str) -> bool:
        """Was it made under this secret?"""
        kept = self.manifest["secret"]
        return fingerprint(secret, kept["salt"]) == kept

    def rows(self, table: Table) -> Iterator[list[Any]]:
        """The rows of one table.

        :raises Wrong: they are not what the manifest says.
        """
        digest, length, number = hashlib.sha256(), 0, 0
        try:
            with self.archive.open(table.member) as member:
                while line := member.readline(LONGEST_LINE + 1):
                    length, number = length + len(line), number + 1
                    if length > table.bytes or len(line) > LONGEST_LINE:
                        raise _damaged(self.path, f"{table.member} is longer than it says")
                    digest.update(line)
                    row = json.loads(line)
                    if not isinstance(row, list) or len(row) != len(table.columns):
                        raise _damaged(self.path, f"row {number} of {table.member} does not fit its columns")
                    yield row
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, ValueError, RuntimeError) as error:
            raise _damaged(self.path, f"{table.member} cannot be read ({error})") from None
        if (length, number, digest.hexdigest()) != (table.bytes, table.rows, table.sha256):
            raise _damaged(self.path, f"{table.member} is not what was written")

    def check(self, tell: Tell) -> None:
        """Read all of it once.

        :raises Wrong: any of it is damaged.
        """
        done = 0
        for table in self.tables:
            for number, _ in enumerate(self.rows(table), 1):
                if number % 5000 == 0:
                    tell(done + number, self.total, "checking")
            done += table.rows
            tell(done, self.total, "checking")
        for each in self.beside:
            for _ in self.pieces(each):
                pass

    def pieces(self, beside: Beside) -> Iterator[bytes]:
        """What a service kept beside its database, in pieces.

        :raises Wrong: it is not what the manifest says.
        """
        digest, length = hashlib.sha256(), 0
        try:
            with self.archive.open(beside.member) as member:
                while piece := member.read(PIECE):
                    length += len(piece)
                    if length > beside.bytes:
                        raise _damaged(self.path, f"{beside.member} is longer than it says")
                    digest.update(piece)
                    yield piece
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, ValueError, RuntimeError) as error:
            raise _damaged(self.path, f"{beside.member} cannot be read ({error})") from None
        if (length, digest.hexdigest()) != (beside.bytes, beside.sha256):
            raise _damaged(self.path, f"{beside.member} is not what was written")


@contextlib.contextmanager
def read(path: Path) -> Iterator[Backup]:
    """Open a backup file.

    :raises Wrong: it is none, is damaged, or a newer Baton made it.
    """
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise Wrong(
            f"cannot read {path} ({(error.strerror or str(error)).lower()}): check its name and rights"
        ) from None
    except zipfile.BadZipFile:
        raise Wrong(f"{path} is no backup of Baton, or was cut off: take another copy of it") from None
    with archive:
        yield Backup(path, archive, _manifest(path, archive))


def _manifest(path: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        if archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
            raise _damaged(path, f"{MANIFEST} is too large")
        with archive.open(MANIFEST) as member:
            found = json.loads(member.read(LARGEST_MANIFEST))
    except KeyError:
        raise Wrong(f"{path} is a ZIP file of another program, not a backup of Baton") from None
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, ValueError, RuntimeError) as error:
        raise _damaged(path, f"{MANIFEST} cannot be read ({error})") from None
    if not isinstance(found, dict) or not isinstance(found.get("format"), int):
        raise _damaged(path, f"{MANIFEST} does not say which format it has")
    if found["format"] > FORMAT:
        raise Wrong(f"{path} was made by Baton {found.get('baton')}, which is newer than this one: run that or a later")
    names = [info.filename for info in archive.infolist()]
    if len(names) != len(set(names)):
        raise _damaged(path, "a name is in it twice")
    described: list[Table | Beside] = [*_tables(path, found), *_beside(path, found)]
    wanted = {each.member for each in described} | {MANIFEST}
    for stranger in sorted(set(names) ^ wanted):
        raise _damaged(path, f"{stranger[:80]!r} {'is missing' if stranger in wanted else 'has no business in it'}")
    for service in config.SERVICES:
        at = found["services"][service]["revision"]
        if at > migrate.head(service):
            raise Wrong(
                f"{path} was made by Baton {found.get('baton')}, whose {service} is at revision {at}, newer than this "
                f"code ({migrate.head(service)}): run that or a later one"
            )
        if not (migrate.versions(service) / ".").exists() or not list(migrate.versions(service).glob(f"{at}_*.py")):
            raise _damaged(path, f"there is no revision {at} of {service}")
    return found


def _tables(path: Path, manifest: dict[str, Any]) -> list[Table]:
    """All tables that the manifest describes, in order; every word of it is checked."""
    try:
        services = manifest["services"]
        if set(services) != set(config.SERVICES):
            raise ValueError(f"it is of the services {', '.join(sorted(services))}")
        if not re.fullmatch(r"[0-9a-f]{32}", manifest["secret"]["salt"]) or not isinstance(manifest["machine"], float):
            raise ValueError("its head is not whole")
        found = []
        for service in config.SERVICES:
            if not re.fullmatch(r"\d{4}", services[service]["revision"]):
                raise ValueError("a revision has four digits")
            for each in services[service]["tables"]:
                columns = [(str(name), str(kind)) for name, kind in each["columns"]]
                table = Table(service, each["name"], columns, each["rows"], each["bytes"], each["sha256"])
                good = all(NAME.fullmatch(name) for name in [table.name, *(name for name, _ in columns)])
                counted = all(type(n) is int and n >= 0 for n in (table.rows, table.bytes))
                if not good or not counted or not {kind for _, kind in columns} <= set(kinds.TYPES):
                    raise ValueError(f"a table of {service} is described in a way that makes no sense")
                found.append(table)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path, f"{MANIFEST} is not in order ({error})") from None
    return found


def _beside(path: Path, manifest: dict[str, Any]) -> list[Beside]:
    """What is in it beside the tables; every word of it is checked."""
    found = []
    for service, told in manifest["services"].items():
        if (each := told.get("beside")) is None:
            continue
        try:
            beside = Beside(service, each["bytes"], each["sha256"])
            if keeper(service) is None or type(beside.bytes) is not int or beside.bytes < 0:
                raise ValueError(f"{service} has no business to keep that")
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(path, f"{MANIFEST} is not in order ({error})") from None
        found.append(beside)
    return found


def _damaged(path: Path, what: str) -> Wrong:
    return Wrong(f"{path} is damaged: {what}. Nothing was changed; take another copy of it")


def _why(path: Path, error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"the disk of {path.parent} is full: free some space, or write the backup elsewhere"
    why = (error.strerror or str(error)).lower()
    return f"cannot write {path} ({why}): check that its folder is there and yours to write to"
