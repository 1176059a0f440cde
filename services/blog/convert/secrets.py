"""What looks like a secret, told before it goes public. The note says what and where, never the secret itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .shapes import Note

# What it is, its pattern, and words of which any text that holds one must hold one: looked for first, since that is quick.
_KINDS = {
    "a private key": (r"-----BEGIN [A-Z ]*PRIVATE KEY-----", ("private key",)),
    "an AWS key": (r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", ("akia", "asia")),
    "a GitHub token": (r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_")),
    "a GitLab token": (r"\bglpat-[\w-]{20,}", ("glpat-",)),
    "a Slack token": (r"\bxox[abprs]-[\w-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w+", ("xox", "hooks.slack.com")),
    "an API key (sk-…)": (r"\bsk-(?:proj-|ant-|live-)?[A-Za-z0-9_-]{20,}|\bsk_live_[A-Za-z0-9]{16,}", ("sk-", "sk_live_")),
    "a Google key": (r"\bAIza[0-9A-Za-z_-]{35}\b", ("aiza",)),
    "a Hugging Face token": (r"\bhf_[A-Za-z0-9]{30,}\b", ("hf_",)),
    "a JSON web token": (r"\beyJ[\w-]{15,1000}\.eyJ[\w-]{15,4000}\.[\w-]{10,}", (".eyj",)),
    "a password in an address": (r"\b[a-z][a-z0-9+]{0,20}://[^\s/:@<>\"']+:(?!\*|x{3}|<|\$|\{|pass(?:word)?@|secret@)[^\s/:@<>\"']{4,}@[\w.-]+", ("@",)),
    "a password or key that is assigned": (
        r"(?i)\b(?:api[_-]?key|secret(?:[_-]?key)?|passw(?:or)?d|auth[_-]?token|access[_-]?token)[\"']?\s*[:=]\s*[\"'](?!your|my|<|\*|xxx|\.\.\.|example|changeme|\$|\{)[^\s\"']{8,}[\"']",
        ("apikey", "api_key", "api-key", "secret", "passwd", "password", "auth_token", "auth-token", "authtoken", "access_token", "access-token", "accesstoken"),
    ),
}  # fmt: skip
_COMPILED = {name: (re.compile(pattern), words) for name, (pattern, words) in _KINDS.items()}


def _possible(text: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """The kinds of secret that a text may hold."""
    folded = text.casefold()
    return ((name, pattern) for name, (pattern, words) in _COMPILED.items() if any(word in folded for word in words))


def look(text: str) -> list[Note]:
    """A note for each kind of secret that the text seems to hold, with the first line it is on."""
    found = []
    for name, pattern in _possible(text):
        if match := pattern.search(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(
                Note("secret", f"Line {line} seems to hold {name}. Nothing is published before somebody has looked.")
            )
    return found


def hidden(text: str) -> str:
    """Text in which no secret can be read, for notes."""
    for _, pattern in _possible(text):
        text = pattern.sub("(hidden)", text)
    return text
