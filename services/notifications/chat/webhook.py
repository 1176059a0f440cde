"""One message to an incoming webhook: Slack's, or that of a chat that takes the same (Mattermost, Rocket.Chat, Discord
with `/slack` at the end). The address is a secret, so that no error of this module has it in its words.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
import requests.adapters
import urllib3

from shared import clock, config, reach

from ..rules import chat as rules

TIMEOUT = (5, 10)  # seconds to connect, and between two bytes
WITHIN = 15.0  # seconds for an answer's body
LONGEST = 2000  # bytes of an answer that are read


def place(address: str) -> reach.Place:
    """The server of a webhook's address, if it may be spoken to.

    :raises reach.Unreachable: it may not, or is not known.
    """
    found = config.current()
    parts = urlsplit(address)
    near = (parts.hostname or "").lower() in found.chat_local
    at = reach.place(address, found.chat_local, "BATON_CHAT_LOCAL")
    if parts.scheme != "https" and not near and not reach.listed(at.addresses, found.chat_local):
        raise reach.Unreachable("Only addresses that begin with https:// are posted to.", gone=True)
    if found.clock and not reach.loopback(at.addresses):
        raise reach.Unreachable("Program time is set, so nothing is posted off this machine.")
    return at


def post(address: str, text: str) -> rules.Verdict:
    """What became of it."""
    try:
        at = place(address)
    except reach.Unreachable as error:
        return rules.judge(None, error.words, sent=False)
    told = rules.judge(None, "it has no address", sent=False)
    for host in sorted(at.addresses, key=lambda each: ":" in each)[:3]:
        told = _post(address, at._replace(addresses=(host,)), text)
        if told.step is not rules.Step.RETRY or not told.down or told.off:
            break
    return told


def _post(address: str, at: reach.Place, text: str) -> rules.Verdict:
    with requests.Session() as session:
        session.trust_env = False  # no netrc, no proxy: the address that was looked at is the one that is asked
        adapter = _Pinned(at)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        said = {"text": rules.slack(text)}
        try:
            with session.post(address, json=said, timeout=TIMEOUT, allow_redirects=False, stream=True) as got:
                return rules.judge(got.status_code, _words(got), got.headers.get("Retry-After"))
        except requests.exceptions.ConnectTimeout:
            return rules.judge(None, "no answer within 5 s", sent=False)
        except requests.exceptions.SSLError:
            return rules.judge(None, "its certificate is not valid", sent=False)
        except requests.exceptions.ConnectionError as error:
            return rules.judge(None, type(error).__name__, sent=not _unconnected(error))
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return rules.judge(None, type(error).__name__)


def _unconnected(error: requests.exceptions.ConnectionError) -> bool:
    inner: Any = error.args[0] if error.args else None
    return isinstance(getattr(inner, "reason", inner), urllib3.exceptions.NewConnectionError)


def _words(answer: requests.Response) -> str:
    """The beginning of what it says, as one line."""
    body, end = b"", clock.machine() + WITHIN
    while len(body) < LONGEST and clock.machine() < end:
        part = answer.raw.read1(LONGEST - len(body))
        if not part:
            break
        body += part
    return " ".join(body.decode("utf-8", "replace").split())[:200]


class _Pinned(requests.adapters.HTTPAdapter):
    """Connects to an address that was looked at, and speaks there for the host by its name."""

    def __init__(self, at: reach.Place) -> None:
        self.at = at
        super().__init__(max_retries=0)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        host = self.at.addresses[0]
        request.headers["Host"] = parts.netloc.rpartition("@")[2]
        self._secure = parts.scheme == "https"
        request.url = parts._replace(netloc=f"{f'[{host}]' if ':' in host else host}:{self.at.port}").geturl()
        return super().send(request, *args, **kwargs)

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any
        host, pool = super().build_connection_pool_key_attributes(*args, **kwargs)
        if self._secure:
            pool |= {"server_hostname": self.at.host, "assert_hostname": self.at.host}
        return host, pool
