"""`./baton export FOLDER`: everything that Baton holds, as CSV and JSON, a file for each part of each service."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
from pathlib import Path

from . import Refused, settings


def main(args: list[str]) -> int:
    """Write `<folder>/<service>-<part>.<csv|json>`, each whole or not at all."""
    parser = argparse.ArgumentParser(
        prog="./baton export", description="Everything that Baton holds, as CSV (spreadsheets) and JSON (programs)."
    )
    parser.add_argument("folder", nargs="?", default="export", help="where to (default: export); made if need be")
    parser.add_argument("--format", choices=["csv", "json"], help="only this one")
    parser.add_argument("--data", help="the data folder (default: BATON_DATA, or var)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args(args)
    settings.apply(options.data)
    services = settings.sound().services
    folder = Path(os.environ.get("BATON_CALLED_FROM") or ".", options.folder).expanduser()
    written: dict[str, int] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for service in services:
            for form in [options.format] if options.format else ["csv", "json"]:
                written |= write(service, form, folder)
    except OSError as error:
        raise Refused(settings.unwritable(folder, error, "name another")) from None
    if options.json:
        print(json.dumps({"folder": str(folder), "files": written}))
    else:
        for name, size in written.items():
            print(f"{folder / name}  {size:,} bytes")
    return 0


def write(service: str, form: str, folder: Path) -> dict[str, int]:
    """All parts of one service in one format: {file name: bytes}. Only their owner can read the files."""
    from .. import export, migrate

    importlib.import_module(f"services.{service}.models")
    if migrate.current(service) != migrate.head(service):
        raise Refused(f"{service}'s database is not ready: start `./baton up` once, or run `./baton migrate`")
    if importlib.util.find_spec(f"services.{service}.exports"):
        importlib.import_module(f"services.{service}.exports")
    written = {}
    for part in export.parts(service):
        path = folder / f"{service}-{part.name}.{form}"
        draft = path.with_name(path.name + ".new")
        handle = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.writelines(export.text(part, form))
            draft.replace(path)
        except BaseException:  # Ctrl-C too: a draft left behind is half of everybody's data under an odd name
            draft.unlink(missing_ok=True)
            raise
        written[path.name] = path.stat().st_size
    return written
