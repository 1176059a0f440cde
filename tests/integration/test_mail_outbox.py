"""The outbox pages: organizers only, nothing changes by looking, and a mail's HTML cannot do anything."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from flask import Response

from services.notifications import create_app, outbox
from shared import access, config, db
from shared.config import Config
from tests.told import PROGRAM, applicant, mails, member, tell


@pytest.fixture
def client(settings: Config) -> Any:
    app = create_app()
    tell("program.changed", PROGRAM)
    return app.test_client()


def sign_in(client: Any, *roles: str) -> None:
    answer = access.sign_in(Response(), "o1", list(roles))
    client.set_cookie("baton", answer.headers["Set-Cookie"].split(";")[0].partition("=")[2])


def everything() -> list[Any]:
    tables = db.metadata("notifications").tables
    with db.read("notifications") as tx:
        return [tx.execute(table.select()).all() for table in tables.values()]


def test_only_organizers(client: Any) -> None:
    tell("member.confirmed", member())
    (mail,) = mails()
    pages = ["", f"/{mail.id}", f"/{mail.id}/html", f"/{mail.id}/mail.eml"]
    for page in pages:
        answer = client.get(f"/notifications/outbox{page}")
        assert answer.status_code == 303 and answer.location.startswith("/signup/sign-in?next=/notifications/outbox")
    assert client.get("/notifications/api/mails").status_code == 401
    sign_in(client, "member")
    assert {client.get(f"/notifications/outbox{page}").status_code for page in pages} == {403}
    sign_in(client, "member", "organizer")
    assert {client.get(f"/notifications/outbox{page}").status_code for page in pages} == {200}


def test_looking_changes_nothing(client: Any) -> None:
    sign_in(client, "organizer")
    tell("member.confirmed", member())
    (mail,) = mails()
    before = everything()
    for part in ("", "?part=html", "?part=text", "?part=headers", "?part=raw", "?part=else", "/html", "/mail.eml"):
        for method in (client.get, client.head):
            assert method(f"/notifications/outbox/{mail.id}{part}").status_code == 200
    assert client.post(f"/notifications/outbox/{mail.id}").status_code == 405
    assert everything() == before


def test_finding_a_mail(client: Any) -> None:
    sign_in(client, "organizer")
    page = client.get("/notifications/outbox").text
    assert "No mail yet" in page and "BATON_SMTP_URL" in page
    tell("application.received", applicant("ann", name="Änn 100%"))
    tell("member.left", member("bo", name="<script>alert(1)</script>"))
    page = client.get("/notifications/outbox").text
    assert "kept here" in page and "ann@example.org" in page and "<script>alert" not in page
    assert "bo@example.org" not in client.get("/notifications/outbox?q=ANN").text
    assert "ann@example.org" in client.get("/notifications/outbox?q=100%25").text
    assert "No such mail" in client.get("/notifications/outbox?q=1_0").text
    assert "ann@example.org" not in client.get("/notifications/outbox?kind=goodbye").text
    assert "No such mail" in client.get("/notifications/outbox?state=held").text
    assert client.get("/notifications/outbox?state=nonsense&kind=x&before=nonsense").status_code == 200
    assert client.get("/notifications/outbox/nonsense").status_code == 404
    listed = client.get("/notifications/api/mails?recipient=ann").json
    assert [mail["address"] for mail in listed["mails"]] == ["ann@example.org"] and listed["next"] is None
    wrong = client.get("/notifications/api/mails?state=nonsense")
    assert wrong.status_code == 422 and wrong.mimetype == "application/problem+json"
    assert wrong.json["errors"][0]["field"] == "state"


def test_pages_of_the_list(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(client, "organizer")
    monkeypatch.setattr(outbox, "SIZE", 3)
    for i in range(8):
        tell("application.received", applicant(f"p{i}"))
    seen, before = [], ""
    while before is not None:
        page = client.get("/notifications/api/mails", query_string={"before": before}).json
        seen += [mail["id"] for mail in page["mails"]]
        before = page["next"]
    assert sorted(seen) == sorted(row.id for row in mails()) and len(seen) == 8
    assert "Older mails" in client.get("/notifications/outbox").text


def test_the_mails_own_html_can_do_nothing(client: Any) -> None:
    sign_in(client, "organizer")
    tell("member.confirmed", member(name='"><img src=x onerror=alert(1)>'))
    (mail,) = mails()
    answer = client.get(f"/notifications/outbox/{mail.id}/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "allow-scripts" not in policy
    assert "<img" not in answer.text and '<base target="_blank">' in answer.text
    frame = client.get(f"/notifications/outbox/{mail.id}").text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame
    eml = client.get(f"/notifications/outbox/{mail.id}/mail.eml")
    assert eml.data == mail.raw and eml.mimetype == "message/rfc822"
    assert eml.headers["Content-Disposition"].startswith("attachment;")


def test_text_with_its_links(client: Any) -> None:
    sign_in(client, "organizer")
    tell("application.received", applicant(name="<b>Ann</b>"))
    (mail,) = mails()
    page = client.get(f"/notifications/outbox/{mail.id}?part=text").text
    assert f'<a href="{config.current().base_url}/signup/confirm/' in page and "<b>Ann" not in page


KINDS: list[tuple[str, dict[str, Any]]] = [
    ("application.received", applicant()),
    ("application.reminded", applicant()),
    ("application.repeated", applicant()),
    ("member.confirmed", member(name="Zoë " + "ö" * 90)),
    ("member.left", member(state="left")),
    ("signin.requested", {"person": "p1", "name": "Ann", "email": "p1@example.org", "next": "/x" * 90, "request": "r"}),
]


def token_in(mail: Any) -> str:
    return next(word for word in mail.text.split() if "/signup/" in word).rpartition("/")[2]


@pytest.mark.parametrize(("type", "data"), KINDS)
def test_links_of_mails_that_go_out_are_their_readers_alone(
    client: Any, change_settings: Any, type: str, data: dict[str, Any]
) -> None:
    sign_in(client, "organizer")
    change_settings(smtp_url="smtp://mail.example.org")
    tell(type, data)
    (mail,) = mails()
    assert mail.state == "queued"
    token = token_in(mail)
    signature = token.rpartition(".")[2]
    shown = {part: client.get(f"/notifications/outbox/{mail.id}{part}") for part in LOOKS}
    for part, answer in shown.items():
        # A token may be broken in two where a line of quoted-printable ends, and mean the same.
        flat = answer.text.replace("=\r\n", "").replace("=\n", "")
        assert answer.status_code == 200 and signature not in flat, part
    assert "hidden here" in shown["?part=text"].text and "…hidden…" in shown["?part=text"].text
    assert "its links work" not in shown["?part=text"].text
    eml = message_from_bytes(shown["/mail.eml"].data, policy=default)
    assert eml["Message-ID"] == f"<{mail.id}@localhost>"
    plain, html = (part.get_content() for part in eml.iter_parts())  # type: ignore[attr-defined]
    assert "/…hidden…" in plain and "/…hidden…" in html and data["name"] in plain
    listed = client.get("/notifications/api/mails").text
    assert signature not in listed
    # Nor is it of use to take the mail server away again.
    change_settings(smtp_url="")
    assert signature not in client.get(f"/notifications/outbox/{mail.id}?part=text").text
    assert mails()[0].raw == mail.raw, "what is sent stays as it is"


LOOKS = ["", "?part=html", "?part=text", "?part=headers", "?part=raw", "/html", "/mail.eml"]


def test_without_a_mail_server_the_outbox_is_the_mailbox(client: Any) -> None:
    sign_in(client, "organizer")
    tell("application.received", applicant())
    (mail,) = mails()
    for part in ("?part=text", "/html"):
        assert token_in(mail) in client.get(f"/notifications/outbox/{mail.id}{part}").text
    assert client.get(f"/notifications/outbox/{mail.id}/mail.eml").data == mail.raw
    assert "hidden here" not in client.get(f"/notifications/outbox/{mail.id}").text


def test_a_mail_that_was_emptied(client: Any) -> None:
    sign_in(client, "organizer")
    tell("application.received", applicant())
    tell("application.expired", {"person": "p1"})
    (mail,) = mails()
    page = client.get(f"/notifications/outbox/{mail.id}")
    assert page.status_code == 200 and "Its text is gone" in page.text
    assert "exactly what would have gone" not in page.text
    assert client.get(f"/notifications/outbox/{mail.id}/mail.eml").status_code == 404
