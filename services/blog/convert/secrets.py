"""What looks like a secret, told before it goes public. The note says what and where, never the secret itself."""

from __future__ import annotations

import re

from .shapes import Note

_KINDS = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "an AWS key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})",
    "a GitLab token": r"\bglpat-[\w-]{20,}",
    "a Slack token": r"\bxox[abprs]-[\w-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w+",
    "an API key (sk-…)": r"\bsk-(?:proj-|ant-|live-)?[A-Za-z0-9_-]{20,}|\bsk_live_[A-Za-z0-9]{16,}",
    "a Google key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "a Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}\b",
    "a JSON web token": r"\beyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{10,}",
    "a password in an address": r"\b[a-z][a-z0-9+]*://[^\s/:@<>\"']+:(?!\*|x{3}|<|\$|\{|pass(?:word)?@|secret@)[^\s/:@<>\"']{4,}@[\w.-]+",
    "a password or key that is assigned": r"(?i)\b(?:api[_-]?key|secret(?:[_-]?key)?|passw(?:or)?d|auth[_-]?token|access[_-]?token)[\"']?\s*[:=]\s*[\"'](?!your|my|<|\*|xxx|\.\.\.|example|changeme|\$|\{)[^\s\"']{8,}[\"']",
}
_COMPILED = {name: re.compile(pattern) for name, pattern in _KINDS.items()}


def look(text: str) -> list[Note]:
    """A note for each kind of secret that the text seems to hold, with the first line it is on."""
    found = []
    for name, pattern in _COMPILED.items():
        if match := pattern.search(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(
                Note("secret", f"Line {line} seems to hold {name}. Nothing is published before somebody has looked.")
            )
    return found


def hidden(text: str) -> str:
    """Text in which no secret can be read, for notes."""
    for pattern in _COMPILED.values():
        text = pattern.sub("(hidden)", text)
    return text
