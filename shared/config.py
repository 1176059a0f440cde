"""Settings: read once from the environment and `.env`, checked at the door, then never changed.

Every name starts with `BATON_` and stands in `.env.example` with its reason. A wrong value stops the program with one
line that names the setting and the remedy; nothing falls back silently.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dotenv import dotenv_values

SERVICES = ("signup", "sessions", "notifications", "blog")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
# Requests that the web process computes at the same time on PostgreSQL, each with one connection; and as many as it
# needs: one more for its bell, one for a download that is being sent.
WEB_AT_ONCE = 8
LEAST_POOL = WEB_AT_ONCE + 2
GITHUB_REPO = r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}"
LARGEST_SECRET = 16_384  # bytes of a file that holds a setting


_SSH = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!//|:)\S+\Z")  # git@host:path, as git takes it


class SettingError(ValueError):
    """A setting is missing or wrong; the message names it and says what to do."""

    def __init__(self, name: str, problem: str, remedy: str) -> None:
        super().__init__(f"{name} {problem}. {remedy}")
        self.name = name


@dataclass(frozen=True)
class Config:
    """All settings of one process. Fields are named after their variables: `base_url` is BATON_BASE_URL.

    Those that hold a password are not in its repr: it may be printed with an error.
    """

    base_url: str = "http://localhost:8000"
    secret: str = field(default="", repr=False)
    data: Path = Path("var")
    services: tuple[str, ...] = SERVICES
    database_urls: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    database_pool: int = 10
    broker_url: str = field(default="redis://localhost:6379/0", repr=False)
    smtp_url: str = field(default="", repr=False)
    imap_url: str = field(default="", repr=False)
    smtp_connections: int = 16
    smtp_rate: str = ""
    mail_from: str = "Baton <baton@localhost>"
    return_path: str = ""
    dkim_key: str = ""
    dkim_selector: str = "baton"
    dkim_domain: str = ""
    organizer: str = "organizer@localhost"
    clock: str = ""
    disk: str = "sure"
    embed_origins: tuple[str, ...] = ()
    signup_rate: str = "10/minute"
    import_mib: int = 64
    trusted_proxies: int = 0
    metrics_token: str = field(default="", repr=False)
    webhook_secret: str = field(default="", repr=False)
    blog_repo: str = field(default="", repr=False)
    github_token: str = field(default="", repr=False)
    github_api: str = "https://api.github.com"
    blog_local: tuple[str, ...] = ()
    slack_webhook_url: str = field(default="", repr=False)
    chat_local: tuple[str, ...] = ()
    log: str = "text"
    keep_events: int = 90
    keep_mail_texts: int = 180
    keep_mails: int = 730
    keep_replies: int = 90
    keep_runs: int = 400
    keep_audit: int = 1825
    keep_logs: int = 20

    def database_url(self, service: str) -> str:
        """The SQLAlchemy URL of a service's own database; by default a SQLite file in the data folder."""
        return self._urls.get(service) or f"sqlite:///{self.data.absolute() / service}.db"

    @cached_property
    def _urls(self) -> dict[str, str]:
        """Of all services: every transaction asks for one."""
        own = dict(self.database_urls)
        return {name: own.get(name) or f"sqlite:///{self.data.absolute() / name}.db" for name in SERVICES}

    @property
    def offline(self) -> bool:
        """True when nothing can leave this machine, so that program time may be set."""
        leads = (self.smtp_url, self.forge_url, self.slack_webhook_url)
        return all(not url or urlsplit(url).hostname in LOOPBACK for url in leads)

    @property
    def forge_url(self) -> str:
        """Where the program's blog is reached over a network; empty when it is a folder of this machine."""
        if re.fullmatch(GITHUB_REPO, self.blog_repo):
            return self.github_api
        if found := _SSH.match(self.blog_repo):
            return f"ssh://{found[1]}"
        return self.blog_repo if "://" in self.blog_repo else ""


def load(env: Mapping[str, str]) -> Config:
    """Check all settings in `env` and return them.

    :raises SettingError: names the first wrong setting and the remedy.
    """
    env = read_files(env)

    def text(name: str, default: str) -> str:
        return env.get(f"BATON_{name}", "").strip() or default

    def days(name: str, default: int, least: int) -> int:
        return _number(text(f"KEEP_{name}", str(default)), f"BATON_KEEP_{name}", least, 36_500)

    defaults = Config()
    base_url = text("BASE_URL", defaults.base_url).rstrip("/")
    if urlsplit(base_url).scheme not in {"http", "https"} or not urlsplit(base_url).hostname:
        raise SettingError("BATON_BASE_URL", f"is {base_url!r}, not a web address", "Write it as https://host[:port].")
    secret = text("SECRET", "")
    if len(secret) < 32:
        raise SettingError(
            "BATON_SECRET", "is missing or shorter than 32 characters", "Set it to the output of: openssl rand -hex 32"
        )
    services = tuple(s.strip() for s in text("SERVICES", ",".join(SERVICES)).split(",") if s.strip())
    for service in services:
        if service not in SERVICES:
            raise SettingError(
                "BATON_SERVICES", f"names {service!r}", f"Choose from {', '.join(SERVICES)}, separated by commas."
            )
    config = Config(
        base_url=base_url,
        secret=secret,
        data=Path(text("DATA", str(defaults.data))),
        services=services,
        database_urls=_database_urls(env),
        database_pool=_pool(text("DATABASE_POOL", str(defaults.database_pool))),
        broker_url=_broker_url(text("BROKER_URL", defaults.broker_url)),
        smtp_url=_smtp_url(text("SMTP_URL", "")),
        imap_url=_imap_url(text("IMAP_URL", "")),
        smtp_connections=_number(
            text("SMTP_CONNECTIONS", str(defaults.smtp_connections)), "BATON_SMTP_CONNECTIONS", 1, 50
        ),
        smtp_rate=_rate(text("SMTP_RATE", ""), "BATON_SMTP_RATE") if text("SMTP_RATE", "") else "",
        mail_from=_mailbox(text("MAIL_FROM", defaults.mail_from), "BATON_MAIL_FROM"),
        return_path=_return_path(text("RETURN_PATH", "")),
        dkim_key=_dkim_key(text("DKIM_KEY", ""), "notifications" in services),
        dkim_selector=_host("DKIM_SELECTOR", text("DKIM_SELECTOR", defaults.dkim_selector)),
        dkim_domain=_host("DKIM_DOMAIN", text("DKIM_DOMAIN", "")),
        organizer=_mailbox(text("ORGANIZER", defaults.organizer), "BATON_ORGANIZER"),
        clock=text("CLOCK", ""),
        disk=text("DISK", defaults.disk),
        embed_origins=_origins(text("EMBED_ORIGINS", "")),
        signup_rate=_rate(text("SIGNUP_RATE", defaults.signup_rate), "BATON_SIGNUP_RATE"),
        import_mib=_number(text("IMPORT_MIB", str(defaults.import_mib)), "BATON_IMPORT_MIB", 1, 1024),
        trusted_proxies=_number(text("TRUSTED_PROXIES", "0"), "BATON_TRUSTED_PROXIES", 0, 10),
        metrics_token=_token("METRICS_TOKEN", text("METRICS_TOKEN", "")),
        webhook_secret=_token("WEBHOOK_SECRET", text("WEBHOOK_SECRET", "")),
        blog_repo=_blog_repo(text("BLOG_REPO", "")),
        github_token=_github_token(text("GITHUB_TOKEN", "")),
        github_api=_github_api(text("GITHUB_API", defaults.github_api)),
        blog_local=_local(text("BLOG_LOCAL", ""), "BATON_BLOG_LOCAL"),
        slack_webhook_url=_webhook(text("SLACK_WEBHOOK_URL", "")),
        chat_local=_local(text("CHAT_LOCAL", ""), "BATON_CHAT_LOCAL"),
        log=text("LOG", defaults.log),
        keep_events=days("EVENTS", defaults.keep_events, 7),
        keep_mail_texts=days("MAIL_TEXTS", defaults.keep_mail_texts, 1),
        keep_mails=days("MAILS", defaults.keep_mails, 37),
        keep_replies=days("REPLIES", defaults.keep_replies, 30),
        keep_runs=days("RUNS", defaults.keep_runs, 40),
        keep_audit=days("AUDIT", defaults.keep_audit, 30),
        keep_logs=_number(text("KEEP_LOGS", str(defaults.keep_logs)), "BATON_KEEP_LOGS", 1, 10_000),
    )
    if config.keep_mails < config.keep_events + 30:
        # The line of a mail is what stops its cause from being mailed again.
        raise SettingError(
            "BATON_KEEP_MAILS",
            f"is {config.keep_mails}",
            f"Keep the lines of mails at least 30 days longer than events: {config.keep_events + 30} or more.",
        )
    if re.fullmatch(GITHUB_REPO, config.blog_repo) and not config.github_token:
        remedy = f"Make a token on GitHub that may write contents and pull requests of {config.blog_repo}."
        raise SettingError("BATON_GITHUB_TOKEN", "is not set, and BATON_BLOG_REPO names a repository on GitHub", remedy)
    if config.log not in {"text", "json"}:
        raise SettingError("BATON_LOG", f"is {config.log!r}", "Choose text or json.")
    if config.clock:
        from . import clock  # which reads its setting from here

        clock.parse(config.clock)
    if config.disk not in {"sure", "fast"}:
        raise SettingError("BATON_DISK", f"is {config.disk!r}", "Choose sure or fast.")
    if config.disk == "fast" and not config.clock:
        remedy = "Unset it: what is accepted must survive a power cut. Only a demo, whose time is set, may be fast."
        raise SettingError("BATON_DISK", "is fast, and BATON_CLOCK is not set", remedy)
    if config.clock and not config.offline:
        leading = next(
            f"BATON_{name}"
            for name, url in (
                ("SMTP_URL", config.smtp_url),
                ("BLOG_REPO", config.forge_url),
                ("SLACK_WEBHOOK_URL", config.slack_webhook_url),
            )
            if url and urlsplit(url).hostname not in LOOPBACK
        )
        raise SettingError(
            "BATON_CLOCK",
            f"is set while {leading} leads off this machine",
            "Unset one of them: a moved clock must never reach real people.",
        )
    return config


def read_files(env: Mapping[str, str]) -> dict[str, str]:
    """`env` with every BATON_X_FILE replaced by BATON_X, the one line that the file holds.

    So secrets need not stand in the environment, where a crash report or `docker inspect` shows them.

    :raises SettingError: a file cannot be read or holds no such line, or BATON_X is set as well.
    """
    found = dict(env)
    for name in sorted(env):
        if not (name.startswith("BATON_") and name.endswith("_FILE")):
            continue
        path, plain = found.pop(name).strip(), name.removesuffix("_FILE")
        if not path:
            continue
        if found.get(plain, "").strip():
            raise SettingError(name, f"is set, and so is {plain}", "Unset one of the two.")
        found[plain] = _line_of(name, path)
    return found


def _line_of(name: str, path: str) -> str:
    """The one line of a file; what is wrong with it is said without any of its content."""
    try:
        # Not blocking: opening a pipe that nobody writes to would wait for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SettingError(name, f"names {path!r}, which is no file", "Name a text file with one line.")
            held = file.read(LARGEST_SECRET + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, SettingError):
            raise
        why = error.strerror if isinstance(error, OSError) and error.strerror else "no such name"
        raise SettingError(
            name,
            f"names {path!r}, which cannot be read ({why.lower()})",
            "Make the file, and let the user that Baton runs as read it.",
        ) from None
    try:
        lines = [line.strip() for line in held.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        lines = ["", ""]
    if not lines:
        raise SettingError(name, f"names {path!r}, which is empty", "Write the setting into it, as one line.")
    if len(lines) > 1 or len(held) > LARGEST_SECRET or not lines[0].isprintable():
        raise SettingError(name, f"names {path!r}, which is not one line of text", "Write the setting alone into it.")
    return lines[0]


def _database_urls(env: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """(service, URL) for each service whose database is named, alone or through the common server."""
    found = []
    common = env.get("BATON_DATABASE_URL", "").strip().rstrip("/")
    for service in SERVICES:
        name = f"BATON_{service.upper()}_DATABASE_URL"
        url = env.get(name, "").strip()
        if not url and common:
            name = "BATON_DATABASE_URL"
            head, mark, query = common.partition("?")
            url = f"{head.rstrip('/')}/baton_{service}{mark}{query}"
        if not url:
            continue
        url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
        if not url.startswith(("postgresql+psycopg://", "sqlite:///")):
            raise SettingError(name, "is neither PostgreSQL nor SQLite", "Write postgresql://user:password@host:port.")
        found.append((service, url))
    return tuple(found)


def _pool(value: str) -> int:
    if value.isdigit() and int(value) < LEAST_POOL:
        raise SettingError(
            "BATON_DATABASE_POOL",
            f"is {value}, and a web process answers {WEB_AT_ONCE} requests at a time, each with a connection",
            f"Set it to {LEAST_POOL} or more: those that are not needed are not opened.",
        )
    return _number(value, "BATON_DATABASE_POOL", LEAST_POOL, 500)


def _broker_url(url: str) -> str:
    if urlsplit(url).scheme not in {"redis", "rediss", "redis+socket", "unix", "amqp", "amqps", "memory"}:
        raise SettingError("BATON_BROKER_URL", "has an unknown scheme", "Write redis://host:port/0 or amqp://host.")
    return url


def _smtp_url(url: str) -> str:
    if url and (urlsplit(url).scheme not in {"smtp", "smtps"} or not urlsplit(url).hostname):
        raise SettingError("BATON_SMTP_URL", "is not an SMTP address", "Write smtp://user:password@host:port.")
    return url


def _imap_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        whole = parts.scheme in {"imap", "imaps"} and parts.hostname and parts.username and parts.password
        sound = bool(whole and (parts.port or 1)) and all(31 < ord(c) < 127 for c in unquote(url))
    except ValueError:
        sound = False
    if url and not sound:
        raise SettingError(
            "BATON_IMAP_URL",
            "is not a mailbox that can be read",
            "Write imaps://user:password@host:port/folder in plain letters, with marks as %40.",
        )
    return url


def _mailbox(value: str, name: str) -> str:
    if "@" not in value or any(ord(c) < 32 for c in value):
        raise SettingError(name, f"is {value!r}, not a mailbox", "Write name@host or Name <name@host>.")
    return value


def _return_path(value: str) -> str:
    local, _, domain = value.partition("@")
    if value and not (re.fullmatch(r"[a-z0-9._+=-]{0,21}\*[a-z0-9._+=-]{0,1}", local) and re.fullmatch(_HOST, domain)):
        raise SettingError(
            "BATON_RETURN_PATH",
            f"is {value!r}",
            "Write it as bounces+*@example.org, in small letters, at most 22 of them beside the *.",
        )
    return value


def _dkim_key(path: str, used: bool) -> str:
    """The file of a key. It is looked at where mails are written: other services may not even see it."""
    if path and used and not os.access(path, os.R_OK):
        remedy = "Make one with ./baton mail dkim, and let the user that Baton runs as read it."
        raise SettingError("BATON_DKIM_KEY", f"names {path!r}, which cannot be read", remedy)
    return str(Path(path).absolute()) if path else ""


def _host(name: str, value: str) -> str:
    if value and not re.fullmatch(_HOST, value.lower()):
        raise SettingError(
            f"BATON_{name}", f"is {value!r}", "Write it as a name in DNS: letters, digits, dots, dashes."
        )
    return value.lower()


def _origins(value: str) -> tuple[str, ...]:
    origins = tuple(part.rstrip("/") for part in re.split(r"[\s,]+", value) if part)
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or set(origin) & set(";'\""):
            raise SettingError("BATON_EMBED_ORIGINS", f"names {origin!r}", "Write https://host, separated by commas.")
    return origins


def _local(value: str, name: str) -> tuple[str, ...]:
    parts = (part for part in re.split(r"[\s,]+", value) if part)
    found = tuple(part.lower() if part[0] != "/" else unquote(part) for part in parts)  # %20 is a space in a folder
    for each in found:
        if not re.fullmatch(r"(?s:/.*)|[a-z0-9._-]+|[0-9a-f.:]+(/\d{1,3})?", each):
            remedy = "Write hosts, networks (10.0.0.0/8) and absolute folders, separated by commas."
            raise SettingError(name, f"names {each!r}", remedy)
    return found


def _webhook(value: str) -> str:
    """The address is a secret: what is wrong with it is said without it."""
    try:
        parts = urlsplit(value)
        sound = parts.scheme in {"https", "http"} and parts.hostname and (parts.port or 1)
    except ValueError:
        sound = False
    if value and not (sound and re.fullmatch(r"[!-~]{1,1000}", value)):
        remedy = "Copy it whole from Slack: https://hooks.slack.com/services/…"
        raise SettingError("BATON_SLACK_WEBHOOK_URL", "is no web address", remedy)
    return value


def _token(name: str, value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z0-9._~+/=-]{16,200}", value):
        remedy = "Set it to the output of: openssl rand -hex 32, or to nothing."
        raise SettingError(f"BATON_{name}", "is shorter than 16 characters, or has others than a-z 0-9", remedy)
    return value


def _blog_repo(value: str) -> str:
    """A repository on GitHub as owner/name, or what git takes for a remote: an address, or an absolute folder."""
    remote = value.startswith(("https://", "http://", "ssh://", "/")) or _SSH.match(value)
    known = remote or re.fullmatch(GITHUB_REPO, value)
    if value and (re.search(r"[\s\x00-\x1f]", value) or value.startswith("-") or not known):
        remedy = "Write owner/name, the address of a git remote (https://, ssh:// or git@host:path), or a whole path."
        raise SettingError("BATON_BLOG_REPO", "is no repository", remedy)
    return value


def _github_token(value: str) -> str:
    if value and not re.fullmatch(r"[\x21-\x7e]{10,500}", value):
        raise SettingError("BATON_GITHUB_TOKEN", "is no token", "Copy it whole, as GitHub showed it when it was made.")
    return value


def _github_api(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or "@" in parts.netloc:
        raise SettingError("BATON_GITHUB_API", f"is {value!r}", "Write it as https://host/api/v3.")
    return value.rstrip("/")


def _rate(value: str, name: str) -> str:
    if not re.fullmatch(r"[1-9]\d{0,8}/(second|minute|hour|day)", value):
        raise SettingError(name, f"is {value!r}", "Write a number, / and second, minute, hour or day.")
    return value


def _number(value: str, name: str, least: int, most: int) -> int:
    if not value.isdigit() or not least <= int(value) <= most:
        raise SettingError(name, f"is {value!r}", f"Write a whole number from {least} to {most}.")
    return int(value)


_HOST = r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?"
_current: Config | None = None


def current() -> Config:
    """The settings of this process; read at the first call. The environment wins over `.env`."""
    global _current
    if _current is None:
        dotenv = {k: v or "" for k, v in dotenv_values(".env").items()}
        _current = load({**dotenv, **os.environ})
    return _current


def use(config: Config | None) -> None:
    """Replace the settings of this process (tests, and the command line before it starts anything)."""
    global _current
    _current = config
