"""Odd and hostile settings: each is refused by name and with a remedy, and nothing falls back silently."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared import config
from shared.config import SERVICES, SettingError, load

SECRET = "s" * 32


def test_the_defaults_are_a_laptop() -> None:
    found = load({"BATON_SECRET": SECRET})
    assert found.services == SERVICES
    assert found.database_url("blog") == f"sqlite:///{Path('var').absolute() / 'blog'}.db"
    assert found.smtp_url == "" and found.offline


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET", ""),
        ("SECRET", "short"),
        ("METRICS_TOKEN", "short"),
        ("METRICS_TOKEN", "a token with spaces in it"),
        ("METRICS_TOKEN", "é" * 20),
        ("SECRET", " " * 40),
        ("BASE_URL", "localhost:8000"),
        ("BASE_URL", "javascript:alert(1)"),
        ("BASE_URL", "https://"),
        ("SERVICES", "signup,billing"),
        ("DATABASE_URL", "mysql://localhost"),
        ("BLOG_DATABASE_URL", "sqlite://"),
        ("DATABASE_POOL", "0"),
        ("DATABASE_POOL", "many"),
        ("DATABASE_POOL", "-1"),
        ("DATABASE_POOL", "1e3"),
        ("BROKER_URL", "http://localhost"),
        ("BROKER_URL", "localhost:6379"),
        ("SMTP_URL", "mail.example.org"),
        ("SMTP_URL", "smtp://"),
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", "a@b\r\nBcc: all@example.org"),
        ("ORGANIZER", "nobody"),
        ("EMBED_ORIGINS", "example.org"),
        ("EMBED_ORIGINS", "https://example.org/path"),
        ("EMBED_ORIGINS", "https://a.org;script-src *"),
        ("EMBED_ORIGINS", "*"),
        ("SIGNUP_RATE", "0/minute"),
        ("SIGNUP_RATE", "10"),
        ("SIGNUP_RATE", "10/fortnight"),
        ("SIGNUP_RATE", "unlimited"),
        ("IMPORT_MIB", "0"),
        ("IMPORT_MIB", "64 MB"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "all"),
        ("LOG", "xml"),
    ],
)
def test_a_wrong_one_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingError) as refused:
        load({"BATON_SECRET": SECRET, f"BATON_{name}": value})
    assert refused.value.name == f"BATON_{name}"
    said = str(refused.value)
    assert said.startswith(f"BATON_{name} ") and ". " in said and "\n" not in said


def test_a_refusal_does_not_repeat_a_secret() -> None:
    with pytest.raises(SettingError) as refused:
        load({"BATON_SECRET": "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_an_empty_one_is_as_if_unset() -> None:
    assert load({"BATON_SECRET": SECRET, "BATON_BASE_URL": " ", "BATON_SERVICES": ""}) == load({"BATON_SECRET": SECRET})


def test_one_server_holds_a_database_for_each_service() -> None:
    found = load({"BATON_SECRET": SECRET, "BATON_DATABASE_URL": "postgres://u:p@db:5432/?sslmode=require"})
    assert found.database_url("blog") == "postgresql+psycopg://u:p@db:5432/baton_blog?sslmode=require"


def test_a_service_may_have_a_server_of_its_own() -> None:
    found = load(
        {
            "BATON_SECRET": SECRET,
            "BATON_DATABASE_URL": "postgresql://db",
            "BATON_SIGNUP_DATABASE_URL": "postgresql://other/people",
        }
    )
    assert found.database_url("signup") == "postgresql+psycopg://other/people"
    assert found.database_url("blog") == "postgresql+psycopg://db/baton_blog"


@pytest.mark.parametrize("smtp", ["", "smtp://localhost:1025", "smtp://127.0.0.1", "smtp://[::1]:25"])
def test_the_clock_may_be_moved_where_no_mail_leaves(smtp: str) -> None:
    env = {"BATON_SECRET": SECRET, "BATON_CLOCK": "2027-01-04T09:00:00Z*60", "BATON_SMTP_URL": smtp}
    assert load(env).clock


@pytest.mark.parametrize(
    "smtp", ["smtp://mail.example.org", "smtps://u:p@10.0.0.1:465", "smtp://localhost.example.org"]
)
def test_a_moved_clock_never_reaches_real_people(smtp: str) -> None:
    with pytest.raises(SettingError, match="BATON_CLOCK"):
        load({"BATON_SECRET": SECRET, "BATON_CLOCK": "2027-01-04T09:00:00Z*60", "BATON_SMTP_URL": smtp})


def test_what_is_secret_is_not_in_its_repr() -> None:
    """A configuration may end up in an error that is printed or logged."""
    found = load(
        {
            "BATON_SECRET": "topsecret" * 4,
            "BATON_DATABASE_URL": "postgresql://u:topsecret@host",
            "BATON_BROKER_URL": "redis://:topsecret@host:6379/0",
            "BATON_SMTP_URL": "smtp://u:topsecret@host:587",
        }
    )
    assert "topsecret" in found.secret and "topsecret" in found.smtp_url and "topsecret" in found.broker_url
    assert "topsecret" not in repr(found) and "base_url" in repr(found)


def test_a_wrong_clock_is_refused_at_the_door() -> None:
    with pytest.raises(SettingError, match="BATON_CLOCK"):
        load({"BATON_SECRET": SECRET, "BATON_CLOCK": "tomorrow"})


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"BATON_SECRET={'f' * 32}\nBATON_LOG=json\n")
    for name in ("BATON_SECRET", "BATON_LOG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BATON_SECRET", "e" * 32)
    config.use(None)
    try:
        assert (config.current().secret, config.current().log) == ("e" * 32, "json")
    finally:
        config.use(None)
