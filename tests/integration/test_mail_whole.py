"""From a form to a mail at the server, through the real outbox, inbox, tick and task."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from services.notifications import tasks
from services.notifications.mail import smtp
from shared.config import Config
from tests.smtp import Server


def test_a_signup_becomes_a_mail_and_a_press_a_welcome(baton: Any, change_settings: Callable[..., Config]) -> None:
    smtp._own.__dict__.clear()
    with Server() as server:
        change_settings(smtp_url=server.url)
        charter = baton.client("signup").get("/signup/api/program").json["charter"]["version"]
        answer = baton.client("signup").post(
            "/signup/api/signups",
            json={"name": "Ann", "email": "ann@example.org", "stream": "stream1", "timezone": "Europe/Berlin",
                  "charter": charter, "answers": {}},
        )  # fmt: skip
        assert answer.status_code == 202
        baton.drain()
        until_rung(baton)
        baton.drain()
        (confirm,) = [mail for mail in server.taken if mail.recipient == "ann@example.org"]
        (row,) = baton.rows("notifications", "mail", id=confirm.id)
        assert (row["kind"], row["state"]) == ("confirm", "sent")

        link = next(word for word in row["text"].split() if "/signup/confirm/" in word)
        assert baton.client("signup").post(link.partition("8000")[2]).status_code == 303
        baton.drain()
        baton.tick()  # the doorbell may be lost: the tick asks, too
        until_rung(baton)
        baton.drain()
        kinds = [row["kind"] for row in baton.rows("notifications", "mail", address="ann@example.org", state="sent")]
        assert sorted(kinds) == ["confirm", "placed", "welcome"]


def until_rung(baton: Any) -> None:
    """The bell is a thread of its own: wait until it has put its task on the queue."""
    until = time.monotonic() + 5
    while not any(name == "notifications.send" for name, _ in baton.queue) and time.monotonic() < until:
        tasks.ring()
        time.sleep(0.01)
