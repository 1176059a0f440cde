"""What a domain must say of itself in DNS, so that its mail is believed: SPF, DKIM, DMARC, and where mail comes back.

`wanted` says which records, `look` compares one with what DNS says. Nothing else is asked of anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared import config

from . import dkim, letter

WITHIN = 4.0  # seconds for one answer
_NOBODYS = ("localhost", "local", "lan", "internal", "home.arpa", "test", "invalid", "example")
# What DNS says: texts, none; None: it does not answer.
Ask = Callable[[str, str], list[str] | None]


@dataclass(frozen=True)
class Record:
    """A record that should be: of that name and type, most often with that value."""

    what: str
    name: str
    type: str
    value: str

    @property
    def words(self) -> str:
        return f"{self.type} record of {self.name}: {self.value}"


@dataclass(frozen=True)
class Seen:
    """What was found. :param ok: None: DNS does not answer. :param wrong: mail is refused because of it."""

    ok: bool | None
    words: str
    wrong: bool = False


def public(settings: config.Config) -> bool:
    """Whether mails are from a domain that the world can look up."""
    name = _sender(settings)
    return "." in name and not any(name == each or name.endswith(f".{each}") for each in _NOBODYS)


def wanted(settings: config.Config) -> Iterator[Record]:
    """The records there should be, in the order in which one sets them."""
    back, sender = _returned(settings), _sender(settings)
    relay = urlsplit(settings.smtp_url).hostname or ""
    near = "mx" if relay in config.LOOPBACK else f"a:{relay}"
    yield Record("SPF", back, "TXT", f"v=spf1 {near} ~all, or what your mail provider says")
    if settings.dkim_key:
        name = f"{settings.dkim_selector}._domainkey.{dkim.domain(settings)}"
        yield Record("DKIM", name, "TXT", dkim.public(settings.dkim_key))
    yield Record("DMARC", f"_dmarc.{sender}", "TXT", "v=DMARC1; p=none")
    for name in dict.fromkeys((sender, back)):
        yield Record("MX", name, "MX", "the server that takes the mail of this domain")


def aligned(settings: config.Config) -> bool:
    """Whether the signature's domain is that of From, or one above or below it: DMARC looks at that."""
    one, other = dkim.domain(settings), _sender(settings)
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def look(record: Record, ask: Ask) -> Seen:
    """What DNS says of it."""
    if record.what == "MX":
        return _mx(record, ask)
    names = [record.name]
    if record.what == "DMARC":  # what a domain above says counts, too
        parts = record.name.split(".")[1:]
        names += [f"_dmarc.{'.'.join(parts[start:])}" for start in range(1, len(parts) - 1)]
    begins = {"SPF": "v=spf1", "DKIM": "", "DMARC": "v=DMARC1"}[record.what]
    for name in names:
        told = ask(name, "TXT")
        if told is None:
            return Seen(None, f"DNS does not answer for {name}")
        texts = [each for each in told if each.lower().startswith(begins.lower())]
        if texts:
            return _text(record, name, texts)
    return Seen(False, f"there is none at {record.name}")


def _text(record: Record, name: str, texts: list[str]) -> Seen:
    if record.what == "DKIM":
        key = _tag(record.value, "p")
        if any(_tag(each, "p") == key for each in texts):
            return Seen(True, f"{name} has our key")
        return Seen(False, f"{name} has another key than ours, so signatures count as forged", wrong=True)
    if len(texts) > 1:
        return Seen(False, f"{name} has {len(texts)} of them, so none counts", wrong=True)
    if record.what == "SPF" and "".join(texts[0].split()).lower() == "v=spf1-all":
        return Seen(False, f"{name} says that nobody may send its mail", wrong=True)
    return Seen(True, f"{name} says {texts[0][:120]}")


def _mx(record: Record, ask: Ask) -> Seen:
    told = ask(record.name, "MX")
    if told is None:
        return Seen(None, f"DNS does not answer for {record.name}")
    hosts = [each.split()[-1].rstrip(".") for each in told]
    if told and any(hosts):
        return Seen(True, f"mail to {record.name} goes to {hosts[0]}")
    return Seen(False, f"nobody takes mail to {record.name}: answers and what comes back are lost")


def _tag(text: str, tag: str) -> str:
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if name.strip() == tag:
            return "".join(value.split())
    return ""


def _sender(settings: config.Config) -> str:
    return letter.address_of(settings.mail_from).rpartition("@")[2].lower()


def _returned(settings: config.Config) -> str:
    return settings.return_path.rpartition("@")[2] or _sender(settings)


def asking() -> Ask:
    """The resolver of this machine."""
    import dns.exception
    import dns.resolver

    resolver = dns.resolver.Resolver()
    resolver.lifetime = resolver.timeout = WITHIN

    def ask(name: str, type: str) -> list[str] | None:
        try:
            found = resolver.resolve(name, type)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException:
            return None
        if type == "TXT":
            return [b"".join(each.strings).decode("utf-8", "replace") for each in found]
        return [each.to_text() for each in found]

    return ask
