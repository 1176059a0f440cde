"""`./baton backup FILE`: all services in one file, as of one instant, while everything runs."""

from __future__ import annotations

import argparse
import importlib
import json
from dataclasses import replace
from pathlib import Path

from .. import config
from . import Refused, settings
from .progress import Progress


def main(args: list[str]) -> int:
    """Write the file, and say what is in it."""
    parser = argparse.ArgumentParser(prog="./baton backup", description="Write everything into one file.")
    parser.add_argument("file", help="where to; it must not be there yet")
    parser.add_argument("--data", help="the data folder (default: BATON_DATA, or var)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args(args)
    ready(options.data)
    from .. import backup
    from ..backup import cut, file

    path, tell = settings.called_from(options.file), Progress()
    try:
        with cut.views(config.SERVICES) as views:
            manifest = file.write(path, views, tell)
    except backup.Wrong as wrong:
        raise Refused(str(wrong)) from None
    finally:
        tell.end()
    rows = {
        service: sum(table["rows"] for table in described["tables"])
        for service, described in manifest["services"].items()
    }
    size = path.stat().st_size
    if options.json:
        print(json.dumps({"file": str(path), "bytes": size, "rows": rows, "baton": manifest["baton"]}))
    else:
        print(
            f"{path}: {size / 1e6:.1f} MB, {sum(rows.values())} rows ({', '.join(f'{s} {n}' for s, n in rows.items())})"
        )
        print("It holds what people told the program: keep it as safe as that. It does not hold BATON_SECRET: keep")
        print("that elsewhere, or links in mails and sign-ins are void after a restore.")
    return 0


def ready(data: str | None, secret: bool = True) -> config.Config:
    """The settings, and the tables of all services; whatever this machine carries, a backup is of all."""
    settings.apply(data, secret)
    found = settings.sound()
    found = replace(found, database_pool=max(4, found.database_pool), services=config.SERVICES)
    config.use(found)
    for service in config.SERVICES:
        importlib.import_module(f"services.{service}.models")
    return found


def locked(data: Path) -> Path:
    """The file that a running `./baton up` holds."""
    return data / "up.lock"
