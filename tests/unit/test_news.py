"""What reaches the terminal: news once, in words; warnings; no traceback and no chatter of libraries."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from celery import beat
from structlog.testing import capture_logs

from shared import doorbell, log
from shared.cli.news import News


def line_of(level: str, name: str, **values: str) -> str:
    """A line as this code's own log writes it."""
    return log._line(None, "", {"timestamp": "2026-11-22T18:09:26.133002Z", "level": level, "event": name, **values})


AWAY = "2026-11-22T18:09:26.1Z warning  broker.away              reason='Error 111'"
BACK = "2026-11-22T18:09:36.1Z info     broker.back"


def test_news_of_several_parts_are_told_once() -> None:
    news = News()
    assert "does not answer" in (news.told("web", AWAY) or "")
    assert news.told("worker", AWAY) is None, "each process finds out for itself"
    assert news.told("worker", BACK) == "the broker is back"
    assert news.told("web", BACK) is None
    assert news.told("web", AWAY), "and again when it goes again"
    gone = [line_of("warning", "database.away", service=service, said=service) for service in ("signup", "blog")]
    assert [bool(news.told("worker", line)) for line in gone] == [True, False], "whichever it is, one server is gone"
    assert news.told("worker", line_of("info", "database.back", service="blog")) == "the database is back"


def test_the_mail_server_is_told_of_with_what_it_said() -> None:
    news = News()
    line = "2026-11-22T18:09:26.1Z warning  mail.server_away         said='connecting: mail:25 cannot be reached'"
    assert "mail:25 cannot be reached" in (news.told("worker", line) or "")
    as_json = '{"event": "mail.server_away", "level": "warning", "said": "no such host"}'
    assert "no such host" in (news.told("worker", as_json) or "")
    assert news.told("worker", "2026-11-22T18:10:26.1Z info     mail.server_back") == "the mail server is back"


def test_each_worker_knows_of_the_mail_server_and_one_tells() -> None:
    news, away = News(), line_of("warning", "mail.server_away", said="refused")
    assert "refused" in (news.told("worker", away) or "")
    assert news.told("worker", away) is None
    assert "no such host" in (news.told("worker", line_of("warning", "mail.server_away", said="no such host")) or "")
    assert news.told("worker", line_of("info", "mail.server_back")) and news.told("worker", away)


def test_lines_are_read_as_our_log_writes_them() -> None:
    news = News()
    assert "[Errno 111] refused" in (
        news.told("w", line_of("warning", "mail.server_away", said="[Errno 111] refused")) or ""
    )
    assert "refused" in (news.told("w", line_of("warning", "mail.server_away", said="refused")) or "")
    assert news.told("w", line_of("info", "mail.server_back")) == "the mail server is back"
    assert news.told("w", line_of("info", "outbox.broker_refused", error="Error 111")) is None
    assert news.told("w", line_of("error", "delivery.dead"))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("2026-11-22T18:09:26.1Z error    delivery.dead   subscriber=blog", True),
        ("2026-11-22T18:09:26.1Z info     outbox.broker_refused    error='Error 111'", False),
        ('{"error": "x", "event": "outbox.broker_refused", "level": "info"}', False),
        ('{"event": "delivery.dead", "level": "error"}', True),
        ("warning: the worker ends", True),
        ("error: BATON_SECRET is missing", True),
        ("12:M 22 Nov 2026 # WARNING Memory overcommit must be enabled!", False),
        ('    raise ConnectionError("error")', False),
        ("(Background on this error at: https://sqlalche.me/e/21/gkpj)", False),
        ("", False),
    ],
)
def test_other_lines(line: str, shown: bool) -> None:
    assert (News().told("web", line) is not None) is shown


@pytest.fixture
def logs() -> Iterator[Any]:
    doorbell._away = False
    with capture_logs() as found:
        yield found
    doorbell._away = False


def record(name: str, level: int, words: str, error: BaseException | None = None) -> None:
    info = (type(error), error, None) if error else None
    doorbell.Libraries().handle(logging.LogRecord(name, level, "", 1, words, (), info))


def test_what_libraries_say_of_the_broker_is_one_line(logs: Any) -> None:
    record("celery.worker.consumer.consumer", logging.WARNING, "consumer: Connection to broker lost. Trying again")
    record("celery.worker.consumer.consumer", logging.ERROR, "consumer: Cannot connect to redis://x", ConnectionError())
    lost = "Couldn't ack 'e130', reason:ConnectionError('Error while reading from 127.0.0.1:6379')"
    record("celery.worker.request", logging.CRITICAL, lost, ConnectionResetError(104, "reset by peer"))
    record("celery.beat", logging.ERROR, "Message Error: Couldn't apply\n['  File']", ConnectionRefusedError(111, "no"))
    frozen = beat.SchedulingError("Couldn't apply scheduled task notifications.tick: Timeout reading from socket")
    frozen.__context__ = redis.TimeoutError("Timeout reading from socket")
    record("celery.beat", logging.ERROR, f"Message Error: {frozen}", frozen)
    record("py.warnings", logging.WARNING, "x.py:1: CPendingDeprecationWarning: In Celery 5.1")
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("broker.away", "warning")]
    record("celery.worker.consumer.connection", logging.INFO, "Connected to redis://x")
    record("celery.worker.consumer.connection", logging.INFO, "Connected to redis://x")
    assert [entry["event"] for entry in logs] == ["broker.away", "broker.back"]


def test_what_a_task_raises_is_not_taken_for_the_broker(logs: Any) -> None:
    from sqlalchemy.exc import OperationalError

    record("celery.app.trace", logging.ERROR, "Task raised", OperationalError("SELECT", {}, Exception("connection")))
    record("urllib3", logging.WARNING, "Connection pool is full")
    record("celery.worker.request", logging.ERROR, "Hard time limit (60s) exceeded for signup.receive[1]")
    assert [entry["event"] for entry in logs] == ["library.said"] * 3
    assert logs[0]["exc_info"]
