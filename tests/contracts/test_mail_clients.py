"""What Gmail and Outlook drop of our mails: by the data of caniemail.com, nothing that a mail cannot do without."""

from __future__ import annotations

import email
import json
import shutil
import subprocess
from email.policy import default
from pathlib import Path

from tests.calendars import NODE
from tests.postgres import absent

GOLDEN = Path(__file__).resolve().parent / "golden" / "mail"
CLIENTS = ["gmail.*", "outlook.*"]
# What one of them does not know, and what its readers have then.
SPARED = {
    "<style> element": "colours of the dark and the room on phones are in it; all else is at the elements",
    "@media": "likewise",
    "color-scheme CSS property": "light, as it is written, or what that program makes of it",
    "color-scheme meta tag": "likewise",
    "display:none": "the line that lists of mails show stands above the letter: it is its first sentence",
    "max-height property": "likewise",
    "overflow": "likewise",
    "<body> element": "its background is at the table within, too",
    "border-radius": "corners are not round",
    "white-space": "words may break at another place",
    "word-break": "a word of a hundred letters makes the letter wide",
    "role attribute": "Windows Mail, which has no readers any more, says that there is a table",
}  # fmt: skip


def test_no_kind_of_mail_needs_what_gmail_or_outlook_drop() -> None:
    """All of them in one run, with one that has what nobody shows."""
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None or not (NODE / "node_modules" / "caniemail").is_dir():
        absent("caniemail: install Node.js, then npm ci --prefix tests/node")
        return
    letters = {}
    for path in sorted(GOLDEN.glob("*.eml")):
        body = email.message_from_bytes(path.read_bytes(), policy=default).get_body(("html",))
        assert body, path
        letters[path.stem] = body.get_content()
    letters["a bad one"] = letters["welcome"].replace(
        "</body>", '<p style="position:absolute;clip-path:circle(1px)">x</p></body>'
    )
    done = subprocess.run(
        [node, str(NODE / "clients.mjs")],
        input=json.dumps([CLIENTS, letters]), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    judged = json.loads(done.stdout)
    assert judged.keys() == letters.keys() and len(judged) > 30
    assert {"position", "clip-path"} <= judged.pop("a bad one").keys(), "it does judge"
    found = {
        name: {feature: clients for feature, clients in unknown.items() if feature not in SPARED}
        for name, unknown in judged.items()
    }
    assert not {name: features for name, features in found.items() if features}
    assert SPARED.keys() == {feature for unknown in judged.values() for feature in unknown}, "what is spared is there"
