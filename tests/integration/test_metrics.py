"""What Prometheus scrapes: the alerts ask only for what there is, the numbers are right, and no scrape reads it all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from prometheus_client.parser import text_string_to_metric_families

from shared import db, engines
from shared.config import SERVICES
from tests.backups import join
from tests.conftest import Baton

ROOT = Path(__file__).resolve().parents[2]
WORDS = {"sum", "max", "min", "by", "and", "or", "unless", "on", "rate", "job", "state", "subscriber", "up"}


def scraped(baton: Baton) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """{metric: {labels: value}} of all services, as Prometheus would have them."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for service in SERVICES:
        answer = baton.client(service).get(f"/{service}/metrics")
        assert answer.status_code == 200
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                labels = {"service": service, **sample.labels}
                found.setdefault(sample.name, {})[tuple(sorted(labels.items()))] = sample.value
    return found


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((ROOT / "docs" / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_alerts_ask_only_for_metrics_that_exist(baton: Baton) -> None:
    join()
    baton.tick()
    there = scraped(baton)
    text = (ROOT / "docs" / "operations.md").read_text()
    assert len(rules()) > 8
    for rule in rules():
        bare = re.sub(r"\{[^}]*\}", "", rule["expr"])
        asked = set(re.findall(r"[a-z_]{2,}", bare)) - WORDS
        assert asked <= set(there), f"{rule['alert']} asks for {asked - set(there)}"
        assert asked or "up" in bare
        for name, label in re.findall(r"(baton_\w+)\{(\w+)=", rule["expr"]):
            labels = {key for entry in there[name] for key, _ in entry} if there.get(name) else {label}
            assert label in labels
        section = re.search(r'"(.+)"', rule["annotations"]["do"])
        assert section and f"### {section[1]}\n" in text, f"{rule['alert']} leads nowhere"


def value(baton: Baton, name: str, **labels: str) -> float:
    return scraped(baton)[name][tuple(sorted(labels.items()))]


def test_the_numbers(baton: Baton, change_settings: Any) -> None:
    change_settings(smtp_url="smtp://127.0.0.1:9")
    join()
    to = {"service": "signup", "subscriber": "blog"}
    baton.pass_machine_time(100)
    assert value(baton, "baton_deliveries_unconfirmed", **to) == 1
    assert value(baton, "baton_delivery_oldest_seconds", **to) == pytest.approx(100, abs=30)
    with db.write("signup") as tx:
        tx.execute(sa.text("UPDATE delivery SET dead_at = 1 WHERE subscriber = 'blog' AND confirmed_at IS NULL"))
    assert value(baton, "baton_deliveries_dead", **to) == 1
    assert value(baton, "baton_deliveries_unconfirmed", **to) == 1
    assert value(baton, "baton_delivery_oldest_seconds", **to) == 0, "the dead do not hide how the living fare"
    baton.drain()
    with db.write("notifications") as tx:
        tx.execute(sa.text("UPDATE mail SET state = 'held' WHERE kind = 'welcome'"))
    assert value(baton, "baton_mails_held", service="notifications") == 1
    assert value(baton, "baton_mails", service="notifications", state="held", kind="welcome") == 1
    assert value(baton, "baton_members", service="signup", state="applied") == 0
    people = baton.rows("signup", "person")
    for state in {row["state"] for row in people}:
        assert value(baton, "baton_members", service="signup", state=state) == len(
            [row for row in people if row["state"] == state]
        )
    baton.tick()
    assert value(baton, "baton_tick_age_seconds", service="blog") < 60
    baton.pass_machine_time(500)
    assert value(baton, "baton_tick_age_seconds", service="blog") >= 500
    late = {"service": "blog", "job": "posts.await"}
    assert value(baton, "baton_job_late", **late) == 0
    baton.pass_time(hours=2)
    assert value(baton, "baton_job_age_seconds", service="blog", job="prune") == pytest.approx(7200, abs=60)
    assert value(baton, "baton_job_late", **late) == 0, "twice its period and half an hour"
    baton.pass_time(hours=1)
    assert value(baton, "baton_job_late", **late) == 0, "time was moved just now"
    baton.pass_machine_time(150)
    assert value(baton, "baton_job_late", **late) == 1
    assert value(baton, "baton_tzdata_age_seconds", service="blog") > 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_scrape_and_no_page_reads_whole_tables(baton: Baton) -> None:
    """By SQLite's own plan: tables that grow for years are only searched by an index, or walked along a partial one."""
    join()
    baton.tick()
    seen: dict[str, list[str]] = {}

    def explained(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().startswith("SELECT") and statement not in seen:
            plan = connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            seen[statement] = [row[3] for row in plan.fetchall()]

    listened = [engines.engine(service) for service in SERVICES]
    for engine in listened:
        sa.event.listen(engine, "before_cursor_execute", explained)
    try:
        scraped(baton)
        from tests.integration.test_ops import runs

        for service in SERVICES:
            assert runs(baton, service).get(f"/{service}/ops").status_code == 200
    finally:
        for engine in listened:
            sa.event.remove(engine, "before_cursor_execute", explained)
    assert len(seen) > 15
    partial = {"delivery_due", "delivery_dead", "delivery_skipped", "mail_due", "mail_claimed", "mail_stuck",
               "ix_person_state", "run_last"}  # fmt: skip
    for statement, plan in seen.items():
        for step in plan:
            walked = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step)
            if not walked or not re.search(r"\b(delivery|event|inbox|mail|person|run|d|e|w|r)\b", walked[1]):
                continue
            counted = "count(*) FROM person" in statement  # from the smallest index
            assert (walked[2] in partial) or counted, f"{step}: {statement}"


def test_with_a_token_only_who_has_it_reads_them(baton: Baton, change_settings: Any) -> None:
    client = baton.client("blog")
    assert client.get("/blog/metrics").status_code == 200, "open as long as nothing is set"
    change_settings(metrics_token="a-token-of-prometheus")
    for odd in ("", "Bearer", "Bearer ", "Bearer a-token-of-prometheu", "Basic a-token-of-prometheus", "Bearer \u00e9"):
        answer = client.get("/blog/metrics", headers={"Authorization": odd.encode()} if odd else {})
        assert answer.status_code == 401 and "BATON_METRICS_TOKEN" in answer.text, odd
        assert answer.headers["WWW-Authenticate"] == "Bearer" and "baton_" not in answer.text
    answer = client.get("/blog/metrics", headers={"Authorization": "Bearer a-token-of-prometheus"})
    assert answer.status_code == 200 and "baton_build_info" in answer.text
