"""The floor of mail: a bare Celery task per invite, built the usual way and sent on a connection of its own.

`python -m tests.bench.floors.mail` is its worker; FLOOR_BROKER is the broker's URL, FLOOR_SMTP the port of the server.
Building is compiled Jinja, icalendar and EmailMessage, as most programs do it.
"""

from __future__ import annotations

import os
import smtplib
import uuid
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from celery import Celery
from icalendar import Calendar, Event, vCalAddress, vText
from jinja2 import Template

from services.notifications.mail import text

app = Celery("floor", broker=os.environ.get("FLOOR_BROKER", "memory://"), set_as_current=False)
app.conf.task_ignore_result = True
SENDER = "program@example.org"


@lru_cache(1)
def templates() -> list[Template]:
    """Baton's own words of an invite, compiled once."""
    return [text.environment().get_template(f"invite/{name}") for name in ("subject.txt", "text.txt", "body.html")]


def build(data: dict[str, Any]) -> EmailMessage:
    """The invite to one person."""
    start = datetime.fromisoformat(data["starts_at"])
    subject, plain, html = (each.render({**data, "starts_at": start}) for each in templates())
    calendar = Calendar()
    calendar.add("prodid", "-//floor//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "REQUEST")
    event = Event()
    event.add("uid", data["session"])
    event.add("dtstamp", datetime.now(UTC))
    event.add("dtstart", start.astimezone(ZoneInfo(data["zone"])))
    event.add("dtend", start.astimezone(ZoneInfo(data["zone"])) + timedelta(minutes=data["minutes"]))
    event.add("summary", data["title"])
    event.add("sequence", 0)
    event.add("organizer", vCalAddress(f"MAILTO:{SENDER}"))
    who = vCalAddress(f"MAILTO:{data['email']}")
    who.params["CN"], who.params["RSVP"] = vText(data["name"]), vText("TRUE")
    event.add("attendee", who)
    calendar.add_component(event)
    calendar.add_missing_timezones()
    whole = calendar.to_ical().decode()
    message = EmailMessage()
    message["From"], message["To"] = formataddr((data["program"], SENDER)), formataddr((data["name"], data["email"]))
    message["Subject"], message["Date"] = subject.strip(), format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{uuid.uuid4()}@example.org>"
    message.set_content(plain)
    message.add_alternative(html, subtype="html")
    message.add_alternative(whole, subtype="calendar", params={"method": "REQUEST"})
    message.add_attachment(whole.encode(), maintype="application", subtype="ics", filename="invite.ics")
    return message


@app.task(name="invite")
def invite(data: dict[str, Any]) -> None:
    with smtplib.SMTP("127.0.0.1", int(os.environ["FLOOR_SMTP"]), local_hostname="localhost") as server:
        server.send_message(build(data))


if __name__ == "__main__":
    app.worker_main(["worker", "--concurrency=2", "--without-mingle", "--without-gossip", "--loglevel=ERROR"])
