"""The smallest pool that is taken is enough: no request of the web process needs two connections of one service."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import request

from services.signup import access_links
from shared import access, clock, config, db, engines, tokens
from tests.conftest import Baton

pytestmark = pytest.mark.parametrize("database", ["postgres"], indirect=True)


@pytest.mark.parametrize("service", config.SERVICES)
def test_one_connection_a_request(
    baton: Baton, service: str, change_settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every page with a pool of one: a request that asked for a second connection would wait in vain for the first."""
    with db.write("signup") as tx:
        olga = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
    baton.drain()
    engines.close()
    change_settings(database_pool=1)
    pool: Any = engines.engine(service).pool
    take, waited = pool._do_get, []

    def taken() -> Any:
        try:
            return take()
        except sa.exc.TimeoutError:
            waited.append(request.path)  # a page may make do without what it asked for
            raise

    monkeypatch.setattr(pool, "_timeout", 0.01)
    monkeypatch.setattr(pool, "_do_get", taken)
    client = baton.client(service)
    signed = tokens.sign("cookie", {"person": olga, "roles": ["member", "organizer"], "at": clock.machine()})
    client.set_cookie(access.COOKIE, signed)
    rules = [rule.rule for rule in baton.app(service).url_map.iter_rules() if "GET" in (rule.methods or ())]
    paths = [rule.replace("<slug>", "stream1").replace("<name>.<form>", "members.csv") for rule in rules]
    seen = {
        path: client.get(path, follow_redirects=True, buffered=True).status_code for path in paths if "<" not in path
    }
    assert len(seen) > 5 and {path: status for path, status in seen.items() if status >= 500} == {}
    assert waited == []


def test_the_least_pool_serves_all_threads_at_once(baton: Baton, change_settings: Any) -> None:
    engines.close()
    change_settings(database_pool=config.LEAST_POOL)
    together = threading.Barrier(config.LEAST_POOL, timeout=30)

    def hold(_n: int) -> bool:
        with db.read("signup") as tx:
            tx.exec_driver_sql("SELECT 1")
            together.wait()  # all have one at the same moment, or this breaks
        return True

    with ThreadPoolExecutor(config.LEAST_POOL) as threads:
        assert all(threads.map(hold, range(config.LEAST_POOL)))
