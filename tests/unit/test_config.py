"""Odd and hostile settings: each is refused by name and with a remedy, and nothing falls back silently."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shared import config
from shared.cli import Refused, settings
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
        ("WEBHOOK_SECRET", "short"),
        ("METRICS_TOKEN", "a token with spaces in it"),
        ("METRICS_TOKEN", "é" * 20),
        ("SECRET", " " * 40),
        ("BASE_URL", "localhost:8000"),
        ("BASE_URL", "javascript:alert(1)"),
        ("BASE_URL", "https://"),
        ("SERVICES", "signup,billing"),
        ("DATABASE_URL", "mysql://localhost"),
        ("BLOG_DATABASE_URL", "sqlite://"),
        ("BLOG_REPO", "--upload-pack=touch x"),
        ("BLOG_REPO", "ext::sh -c x"),
        ("BLOG_REPO", "ext::sh%20-c%20x"),
        ("BLOG_REPO", "relative/folder/of/it"),
        ("BLOG_REPO", "file://x\nurl"),
        ("GITHUB_TOKEN", "a token with spaces"),
        ("GITHUB_API", "api.github.com"),
        ("GITHUB_API", "https://user:password@host/api/v3"),
        ("DATABASE_POOL", "0"),
        ("DATABASE_POOL", "9"),
        ("DATABASE_POOL", "501"),
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
        ("SMTP_RATE", "0/hour"),
        ("SMTP_RATE", "fast"),
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


@pytest.mark.parametrize(
    ("repo", "api", "stays"),
    [
        ("", "", True),
        ("/srv/blog.git", "", True),
        ("http://localhost:3000/blog.git", "", True),
        ("https://git.example.org/blog.git", "", False),
        ("git@git.example.org:program/blog.git", "", False),
        ("program/blog", "", False),
        ("program/blog", "http://127.0.0.1:9000", True),
    ],
)
def test_a_moved_clock_never_reaches_a_forge_elsewhere(repo: str, api: str, stays: bool) -> None:
    env = {"BATON_SECRET": SECRET, "BATON_BLOG_REPO": repo, "BATON_GITHUB_API": api, "BATON_GITHUB_TOKEN": "t" * 20}
    assert load(env).offline is stays
    if not stays:
        with pytest.raises(SettingError, match="BATON_BLOG_REPO leads off"):
            load({**env, "BATON_CLOCK": "2027-01-04T09:00:00Z*0"})


def test_a_repository_on_github_needs_its_token() -> None:
    with pytest.raises(SettingError, match="BATON_GITHUB_TOKEN"):
        load({"BATON_SECRET": SECRET, "BATON_BLOG_REPO": "program/blog"})


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


def test_only_a_demo_may_forget_what_it_accepted() -> None:
    assert load({"BATON_SECRET": SECRET}).disk == "sure"
    for given, why in (({"BATON_DISK": "fast"}, "BATON_CLOCK is not set"), ({"BATON_DISK": "quick"}, "sure or fast")):
        with pytest.raises(SettingError, match=why):
            load({"BATON_SECRET": SECRET, **given})
    assert load({"BATON_SECRET": SECRET, "BATON_DISK": "fast", "BATON_CLOCK": "2027-01-04T09:00:00Z*0"}).disk == "fast"


def test_a_folder_of_blogs_may_have_a_space_in_it() -> None:
    assert load({"BATON_SECRET": SECRET, "BATON_BLOG_LOCAL": "/a%20b/C, Git.example.org"}).blog_local == (
        "/a b/C",
        "git.example.org",
    )


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


def held(folder: Path, content: bytes) -> dict[str, str]:
    """The environment with the secret in a file."""
    (folder / "secret").write_bytes(content)
    return {"BATON_SECRET_FILE": str(folder / "secret")}


@pytest.mark.parametrize("content", [b"%s", b"%s\n", b"\n  %s \r\n\n", b"\xef\xbb\xbf%s\n"])
def test_a_secret_is_read_from_its_file(tmp_path: Path, content: bytes) -> None:
    assert load(held(tmp_path, content % SECRET.encode())).secret == SECRET


def test_any_setting_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://u:p@db:5432/blog\n")
    found = load({"BATON_SECRET": SECRET, "BATON_BLOG_DATABASE_URL_FILE": str(tmp_path / "url"), "BATON_LOG_FILE": " "})
    assert found.database_url("blog") == "postgresql+psycopg://u:p@db:5432/blog"
    assert found.log == "text", "a name left empty is as if unset"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"hunter2hunter2\nhunter2hunter2\n", "not one line"),
        (b"hunter2\0hunter2", "not one line"),
        (b"\xff\xfehunter2", "not one line"),
        (b"hunter2" * 10_000, "not one line"),
    ],
)
def test_a_file_that_holds_no_setting_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(SettingError, match=said) as refused:
        load(held(tmp_path, content))
    assert refused.value.name == "BATON_SECRET_FILE" and "hunter2" not in str(refused.value)
    assert str(tmp_path / "secret") in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, said in (
        (tmp_path / "nowhere", "no such file"),
        (tmp_path, "directory"),
        (tmp_path / "pipe", "no file"),
        ("/dev/zero", "no file"),
        ("a\0b", "cannot be read"),
    ):
        with pytest.raises(SettingError, match=said) as refused:
            load({"BATON_SECRET_FILE": str(path)})
        assert refused.value.name == "BATON_SECRET_FILE"


def test_set_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="BATON_SECRET_FILE is set, and so is BATON_SECRET. Unset"):
        load({**held(tmp_path, SECRET.encode()), "BATON_SECRET": SECRET})


def test_what_is_in_the_file_is_checked_like_any_other(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="BATON_SECRET is missing or shorter"):
        load(held(tmp_path, b"short"))


def test_commands_see_what_is_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BATON_SECRET", "BATON_DATA", "BATON_BROKER_URL"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("BATON_SECRET_FILE", held(tmp_path, SECRET.encode())["BATON_SECRET_FILE"])
    data = tmp_path / "data"
    assert settings.apply(str(data))["BATON_SECRET"] == SECRET
    assert not (data / settings.SECRET_FILE).exists() and not os.environ["BATON_SECRET"], "none is made beside it"
    (tmp_path / "secret").unlink()
    with pytest.raises(Refused, match="BATON_SECRET_FILE names"):
        settings.apply(str(data))
