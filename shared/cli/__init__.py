"""The commands of `./baton`, each a module of this package with `main(args) -> exit code`.

This list is read by `./baton` before anything is installed: standard library only, and nothing imported.
"""

from __future__ import annotations

from typing import NamedTuple

RUN = "requirements.lock"
TEST = "requirements-test.lock"


class Refused(Exception):
    """A command cannot do what it was asked; the message is one line that says why and what to do."""


class Command(NamedTuple):
    """One command: what it is for, in a line, and the packages it needs."""

    summary: str
    lock: str = RUN


COMMANDS = {
    "up": Command("start everything here, print where it is, keep it running (--port 8000 --data var)"),
    "migrate": Command("bring the databases to this version's tables"),
    "token": Command("make API tokens (create --name N --scope organizer), list and revoke them"),
    "events": Command("how deliveries stand; retry or skip dead ones, replay; write the events' documents"),
    "mail": Command("look at mails; say of held ones that they arrived, or send them again"),
    "doctor": Command("check settings, databases, broker, mail server, disk and what waits; say what to do"),
    "backup": Command("write everything into one file while Baton runs (./baton backup FILE)"),
    "restore": Command("bring a backup back, into empty databases or after setting the old ones aside"),
    "move": Command("copy everything to other databases, counted row by row (--to postgresql://…)"),
    "import": Command(
        "bring people in from a CSV file of Google Forms or any other (--dry-run shows what would happen)"
    ),
    "export": Command("write everything that Baton holds to a folder, as CSV and JSON"),
    "rehearse": Command("what would happen in the next months, by the real rules, on a copy (--months 6 --html FILE)"),
    "demo": Command("months of a program's life in minutes, on the real system (--people 40 --months 2 --show)"),
    "clock": Command("show program time, or move it forward when it stands still (+3d)"),
    "test": Command("set up and run the whole test suite (arguments go to pytest)", TEST),
    "check": Command("style, types, import rules, generated documents", TEST),
    "bench": Command("measure Baton beside its floors (intake, hop, import, start, memory)", TEST),
    "chaos": Command("kill parts at random while people sign up, and count what was lost", TEST),
}


def usage() -> str:
    """What `./baton --help` prints."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {command.summary}" for name, command in COMMANDS.items()]
    return "usage: ./baton COMMAND [ARGUMENTS]\n\n" + "\n".join(lines) + "\n\nEach command explains itself with --help."
