"""DKIM: each letter verifies by somebody else's verifier, and no change of what matters does. What DNS must say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dkim as verifier
import pytest

from services.notifications.mail import dkim, domain, letter
from services.notifications.mail.text import Text
from shared import config
from shared.cli import doctor
from shared.config import Config, SettingError
from tests.conftest import SECRET

ID = "0f9b1e6c-7d52-4c1f-9d57-7a5c5d7f7a11"
ODD = "Grüße,\n\n  two  spaces \t and a tab \n.\n..\nFrom here\n" + "a" * 1200 + "\n\n\n"


@pytest.fixture
def keyed(tmp_path: Path) -> Config:
    dkim.make(tmp_path / "key.pem")
    found = Config(secret=SECRET, data=tmp_path, mail_from="Baton <baton@mentors.example.org>")
    return replace(found, dkim_key=str(tmp_path / "key.pem"))


def made(settings: Config, text: str = ODD, subject: str = "Grüße " * 20, name: str = "Ann Ü") -> bytes:
    more = {**letter.stopping("https://mentors.example.org/stop?x=1"), "Reply-To": "olga@example.org"}
    body = Text(subject, text, f"<p>{text}</p>")
    at = datetime(2027, 1, 4, 9, tzinfo=UTC)
    raw = letter.write(
        ID, "digest", settings.mail_from, "Mentors", name, "ann@example.org", body, at, "x.org", None, more
    ).raw
    return dkim.sign(raw, settings)


def holds(raw: bytes, settings: Config) -> bool:
    def dns(name: bytes, timeout: int = 5) -> bytes:
        assert name.rstrip(b".") == b"baton._domainkey.mentors.example.org"
        return dkim.public(settings.dkim_key).encode()

    return bool(verifier.verify(raw, dnsfunc=dns))


@pytest.mark.parametrize("text", [ODD, "", "\n\n", " ", "one line", "x\r\ny\rz \n"])
def test_letters_verify_and_nothing_that_counts_can_be_changed(keyed: Config, text: str) -> None:
    raw = made(keyed, text)
    assert holds(raw, keyed)
    assert not holds(raw.replace(b"Mon, 04 Jan", b"Tue, 05 Jan"), keyed)
    assert not holds(raw + b"more\r\n", keyed)
    for name in ("From", "To", "Subject", "Date", "Reply-To", "Content-Type"):
        assert not holds(f"{name}: evil@example.com\r\n".encode() + raw, keyed), f"a second {name}"
    for name in dkim.SIGNED:
        head, mark, rest = raw.partition(b"MIME-Version")
        lines = [line for line in head.split(b"\r\n") if line.lower().startswith(name.encode() + b":")]
        if lines:
            assert not holds(raw.replace(lines[0], lines[0] + b"x", 1), keyed), name
        assert mark and rest
    # What servers do to a letter on its way: trace headers in front, other folds and spaces.
    assert holds(b"Received: from here by there\r\nX-Spam: no\r\n" + raw, keyed)
    assert holds(raw.replace(b"Auto-Submitted: auto", b"Auto-Submitted:   auto"), keyed)
    unsigned = replace(keyed, dkim_key="")
    assert made(unsigned, text) == raw[raw.index(b"From:") :] and max(map(len, raw.split(b"\r\n"))) < 998


def test_what_is_no_key_is_said_at_the_start(keyed: Config, tmp_path: Path) -> None:
    env = {"BATON_SECRET": SECRET, "BATON_DKIM_KEY": str(tmp_path / "none.pem")}
    with pytest.raises(SettingError, match="BATON_DKIM_KEY"):
        config.load(env)
    assert config.load({**env, "BATON_SERVICES": "signup"}).dkim_key, "who writes no mail need not see it"
    for wrong in ("a b", "x;y", "-"):
        with pytest.raises(SettingError, match="BATON_DKIM_SELECTOR"):
            config.load({"BATON_SECRET": SECRET, "BATON_DKIM_SELECTOR": wrong})
    (tmp_path / "odd.pem").write_text("no key")
    with pytest.raises(dkim.BadKey, match="no private key"):
        dkim.public(str(tmp_path / "odd.pem"))
    with pytest.raises(FileExistsError):
        dkim.make(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0


def seen(settings: Config, told: dict[tuple[str, str], list[str] | None]) -> dict[str, domain.Seen]:
    found = {}
    for record in domain.wanted(settings):
        found[record.what] = domain.look(record, lambda name, type: told.get((name, type), []))
    return found


def test_what_dns_says_is_compared_with_what_it_should(keyed: Config, monkeypatch: Any) -> None:
    settings = replace(keyed, smtp_url="smtp://smtp.example.net", return_path="bounces+*@mentors.example.org")
    host, key = "mentors.example.org", ("baton._domainkey.mentors.example.org", "TXT")
    nothing = seen(settings, {})
    assert not any(each.ok for each in nothing.values()) and not any(each.wrong for each in nothing.values())
    silent = dict.fromkeys([(host, "TXT"), (host, "MX"), key, (f"_dmarc.{host}", "TXT")])
    assert all(each.ok is None for each in seen(settings, {**silent}).values())
    right: dict[tuple[str, str], list[str] | None] = {
        (host, "TXT"): ["other", "v=spf1 a:smtp.example.net ~all"],
        key: [dkim.public(settings.dkim_key).replace("p=", "p= ")],
        ("_dmarc.example.org", "TXT"): ["v=DMARC1; p=none"],
        (host, "MX"): ["10 mx.example.net."],
    }
    assert all(each.ok for each in seen(settings, right).values())
    assert seen(settings, {**right, key: ["v=DKIM1; p=abc"]})["DKIM"].wrong
    assert seen(settings, {**right, (host, "TXT"): ["v=spf1 -all"]})["SPF"].wrong
    assert seen(settings, {**right, (host, "TXT"): ["v=spf1 a ~all", "v=spf1 mx ~all"]})["SPF"].wrong
    assert not seen(settings, {**right, (host, "MX"): ["0 ."]})["MX"].ok, "RFC 7505: takes no mail"
    monkeypatch.setattr(domain, "public", lambda _settings: True)
    monkeypatch.setattr(domain, "asking", lambda: lambda name, type: right.get((name, type), []))
    assert {line.level for line in doctor.domain(settings)} == {"ok"}
    monkeypatch.setattr(domain, "asking", lambda: lambda name, type: None)
    lines = list(doctor.domain(settings))
    assert {line.level for line in lines} == {"warning"}, "where DNS does not answer nothing fails"
    assert any("v=DKIM1; k=rsa; p=" in line.do for line in lines) and any("v=spf1" in line.do for line in lines)


def test_domains_that_nobody_can_look_up_are_not_asked_for() -> None:
    for address in ("baton@localhost", "baton@mail.lan", "baton@x.test"):
        assert not domain.public(Config(mail_from=address))
    assert domain.public(Config(mail_from="Baton <baton@mentors.ngo>"))
