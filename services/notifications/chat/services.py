"""Chats that have no webhook like Slack's, through apprise, where that is installed: pip install 'apprise>=2.3,<3'.

Only services whose address is their own are let through: an address that names any host could lead into this network.
So could what stands behind a question mark: `template=` has apprise read a file of this machine, or any page.
What apprise is not told, it cannot say: whether a message that did not go was taken all the same, or when to ask again.
"""

from __future__ import annotations

import importlib.util
import re

from shared import config

from ..rules import Step
from ..rules.chat import Verdict

# By the scheme of apprise's address.
KNOWN = {
    "discord": "Discord",
    "tgram": "Telegram",
    "gchat": "Google Chat",
    "wxteams": "Webex",
    "zulip": "Zulip",
    "twist": "Twist",
    "flock": "Flock",
    "ryver": "Ryver",
    "guilded": "Guilded",
}
BARE = "What stands behind the question mark in this address is not let through. Paste the address anew, without it."
_ADDRESS = re.compile(r"([a-z]+)://[^\s\x00-\x1f?&]{3,900}")


def called(address: str) -> str | None:
    """The service that an address of apprise's names; None for what is none, or is let through to no one."""
    found = _ADDRESS.fullmatch(address)
    return KNOWN.get(found[1]) if found else None


def asks(address: str) -> bool:
    """Whether it is an address of a service that is let through, but for what stands behind a question mark."""
    bare, mark, _ = address.partition("?")
    return bool(mark) and called(bare) is not None


def installed() -> bool:
    """Whether apprise is there."""
    return importlib.util.find_spec("apprise") is not None


def understood(address: str) -> bool:
    """Whether apprise can read this address."""
    import apprise  # an extra: only who uses it has it

    return apprise.Apprise.instantiate(address) is not None


def post(address: str, text: str) -> Verdict:
    """What became of it."""
    if config.current().clock:
        return Verdict(Step.REFUSE, "Program time is set, so nothing is posted off this machine.")
    if not installed():
        return Verdict(Step.RETRY, "apprise is not installed here: pip install 'apprise>=2.3,<3'.", down=True)
    import apprise

    plugin = apprise.Apprise.instantiate(address)
    if plugin is None:
        return Verdict(Step.RETRY, "apprise does not understand this address.", off=True)
    if plugin.notify(body=text, title=""):
        return Verdict(Step.ACCEPT)
    return Verdict(
        Step.LOSE, f"{called(address)} did not take it, or nobody knows: apprise does not say why.", down=True
    )
