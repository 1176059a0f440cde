"""`./baton move --to URL`: copy everything to other databases, SQLite or PostgreSQL, and count every row."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from .. import config
from . import Refused, settings
from .backup import ready
from .progress import Progress


def main(args: list[str]) -> int:
    """Copy with Baton stopped; the old databases stay as they are."""
    parser = argparse.ArgumentParser(
        prog="./baton move", description="Copy everything to other databases; Baton must be stopped."
    )
    parser.add_argument("--to", required=True, help="as BATON_DATABASE_URL: postgresql://user:password@host:port")
    parser.add_argument("--data", help="the data folder (default: BATON_DATA, or var)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args(args)
    from .. import backup
    from ..backup import cut, load
    from .restore import stopped

    try:
        urls = dict(config._database_urls({"BATON_DATABASE_URL": options.to}))
    except config.SettingError as wrong:
        raise Refused(str(wrong).replace("BATON_DATABASE_URL", "--to", 1)) from None
    found = ready(options.data)
    here = {service: found.database_url(service) for service in config.SERVICES}
    if set(here.values()) & set(urls.values()):
        raise Refused("that is where the data is already")
    tell = Progress()
    try:
        with stopped(settings.folder(options.data), {**here}), cut.views(config.SERVICES) as views:
            for service, url in urls.items():
                if not load.empty(url):
                    raise Refused(f"the database of {service} there is not empty: give empty ones; nothing was changed")
            counted = load.load(source(views), urls, None, tell, lambda _txs: None)
    except backup.Wrong as wrong:
        raise Refused(str(wrong)) from None
    finally:
        tell.end()
    if options.json:
        print(json.dumps(counted))
        return 0
    width = max(len(f"{row['service']}.{row['table']}") for row in counted)
    for row in counted:
        name = f"{row['service']}.{row['table']}"
        print(f"{name:<{width}}  {row['there']:>9} there  {row['arrived']:>9} arrived  equal")
    total = sum(row["arrived"] for row in counted)
    print(f"All {total} rows arrived. Now set BATON_DATABASE_URL to that address and start;")
    print("the old databases are as they were: remove them once you are content.")
    return 0


def source(views: dict[str, Any]) -> Any:
    """All rows of these views, as `load` takes them."""
    import sqlalchemy as sa

    from .. import db, migrate
    from ..backup import file, kinds, load

    tables = []
    for service, tx in views.items():
        for table in db.metadata(service).sorted_tables:
            rows = tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            tables.append(file.Table(service, table.name, kinds.columns(table), rows, 0, ""))

    def rows_of(table: Any) -> Iterator[list[Any]]:
        return kinds.rows(views[table.service], db.metadata(table.service).tables[table.name], table.columns)

    return load.Source(tables, {service: migrate.head(service) for service in views}, rows_of)
