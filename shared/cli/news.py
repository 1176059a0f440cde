"""What of the parts' logs a person on the terminal should see: warnings, and news that several parts have, once."""

from __future__ import annotations

import re

# (what a log line names, what it is about, is it good news, words). Standard library only: the supervisor stays small.
NEWS = (
    (
        "broker.away",
        "broker",
        False,
        "the broker does not answer; nothing is lost, what waits goes out once it is back",
    ),
    ("broker.back", "broker", True, "the broker is back"),
    (
        "database.away",
        "database",
        False,
        "the database does not answer; what was accepted goes on once it is back, and the log says why",
    ),
    ("database.back", "database", True, "the database is back"),
    ("mail.server_away", "mail", False, "the mail server does not answer; mails wait until it is back ({said})"),
    ("mail.server_back", "mail", True, "the mail server is back"),
)
_OURS = re.compile(r"^\S+Z (\w+) |\"level\": \"(\w+)\"")
_SAID = re.compile(r"said='([^']*)'|said=\"([^\"]*)\"|\"said\": \"([^\"]*)\"|said=(\S+)")
_WARNING = re.compile(r"\b(warning|error|critical|fatal)\b", re.IGNORECASE)
# Valkey's advice about a kernel setting that matters to big servers only; the last line of SQLAlchemy's errors, a link.
_NO_WARNING = re.compile(r"overcommit|^\(Background on this error at: ")


class News:
    """Remembers what was told."""

    def __init__(self) -> None:
        self.bad: dict[str, str] = {}  # what is away, in the words that were told

    def told(self, part: str, line: str) -> str | None:
        """The words for a line of that part's log; None when it is not for the terminal, or known already."""
        for name, about, good, words in NEWS:
            if name in line:
                said = _SAID.search(line)
                told = words.format(said=next(filter(None, said.groups()), "no answer") if said else "no answer")
                if self.bad.get(about) == (None if good else told):
                    return None  # each process finds out for itself
                if good:
                    del self.bad[about]
                else:
                    self.bad[about] = told
                return told
        if line[:1].isspace():
            return None  # of a traceback: the line that names it came before
        ours = _OURS.search(line)
        if ours:
            shown = (ours[1] or ours[2]) in {"warning", "error", "critical"}
        else:
            shown = bool(_WARNING.search(line[:100])) and not _NO_WARNING.search(line)
        return f"{part}: {line.strip()[:300]}" if shown else None
