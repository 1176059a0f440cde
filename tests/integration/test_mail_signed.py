"""Mails that are signed: what stands in the ledger verifies, whatever kind it is; and how one comes to a key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dkim as verifier

from services.notifications.mail import dkim
from shared import config, migrate
from shared.cli import mail as command
from tests.conftest import Baton
from tests.integration.test_chat import announced
from tests.told import PROGRAM, mails, member, tell


def test_every_mail_is_signed_once_there_is_a_key(
    baton: Baton, change_settings: Any, capsys: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(command.settings, "apply", lambda _data: None)
    change_settings(mail_from="Baton <baton@mentors.example.org>", smtp_url="smtp://127.0.0.1:9")
    monkeypatch.setattr(migrate, "current", lambda _service: None)  # as before the first start
    assert command.main(["dkim", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["made"] and told["file"] == str(tmp_path / "dkim.pem") and not told["in_use"]
    assert command.main(["dkim"]) == 0
    said = capsys.readouterr().out
    assert "There is" in said and "BATON_DKIM_KEY=" in said and told["value"] in said, "what is there is not changed"
    change_settings(dkim_key=told["file"])

    tell("program.changed", PROGRAM)
    tell("member.confirmed", member("ann", state="active"))
    attendees = [{"person": "ann", "answer": None}]
    assert tell("session.announced", {**announced("s1", 60), "attendees": attendees}, subject="session/s1").done
    welcome, invite = sorted(mails(), key=lambda row: row.kind, reverse=True)
    assert (welcome.kind, invite.kind) == ("welcome", "invite") and b"application/ics" in invite.raw
    asked: list[str] = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name.decode().rstrip("."))
        return str(told["value"]).encode()

    for row in (welcome, invite):
        assert verifier.verify(row.raw, dnsfunc=dns) and row.state == "queued"
        assert not verifier.verify(row.raw.replace(b"X-Baton-Mail:", b"Subject: You won\r\nX-Baton-Mail:"), dnsfunc=dns)
    assert set(asked) == {told["name"]} == {"baton._domainkey.mentors.example.org"}
    assert told["value"] == dkim.public(config.current().dkim_key)
