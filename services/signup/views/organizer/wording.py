"""What the log's names say in words. A name that is missing here is shown as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...program import Program
from ...rules import Question

WORDS = {
    "application.received": "Signed up",
    "application.reminded": "Reminded to confirm",
    "application.repeated": "Signed up again, being a member",
    "application.imported": "Imported, and asked to confirm",
    "application.expired": "The application was deleted: nobody confirmed it",
    "application.withdrawn": "Taken back: the import was undone",
    "confirmation.resent": "The confirmation was mailed again",
    "signin.requested": "A sign-in link was asked for",
    "person.confirmed": "Confirmed",
    "person.readdressed": "Changed the address",
    "address.asked": "Asked for another address",
    "person.corrected": "Corrected",
    "person.placed": "Got a place in a circle",
    "person.waiting": "Waits for a place",
    "person.paused": "Paused",
    "person.returned": "Came back",
    "person.moved": "Changed stream",
    "person.left": "Left",
    "person.erasing": "Asked to be erased",
    "person.kept": "Wants to stay after all",
    "person.erased": "Erased",
    "person.graduated": "Became alumni",
    "goal.reached": "Reached their goal",
    "goal.withdrawn": "Took a reached goal back",
    "mentor.asked": "Asked to be in the pool of mentors",
    "mentor.agreed": "May be asked to mentor",
    "mentor.declined": "Does not want to be asked to mentor",
    "mentor.left": "Left the pool of mentors",
    "mentor.removed": "Was taken out of the pool of mentors",
    "mentor.restored": "Was put back into the pool of mentors",
    "checklist.ticked": "Ticked off",
    "checklist.unticked": "Unticked",
    "import.given": "A file was given to be imported",
    "import.started": "An import was started",
    "import.undo_started": "The undo of an import was started",
    "import.undone": "An import was undone",
    "import.thrown_away": "A file was thrown away",
    "people.imported": "People were imported",
    "token.made": "An API token was made",
    "access.voided": "A backup was restored: all sign-ins and tokens of before are void",
    "token.revoked": "An API token was revoked",
    "mapping.saved": "The columns of a form were mapped",
    "mapping.undone": "The mapping of a form was undone",
    "download.asked": "Asked for all that is held about them",
    "organizer.added": "Became an organizer",
    "organizer.removed": "Stopped being an organizer",
    "program.seeded": "The program was set up",
    "program.saved": "The program was changed",
    "section.added": "A section was added",
    "section.saved": "A section was changed",
    "section.moved": "A section was moved",
    "section.removed": "A section was removed",
    "section.restored": "A section was put back",
    "stream.added": "A stream was added",
    "stream.saved": "A stream was changed",
    "stream.moved": "A stream was moved",
    "stream.removed": "A stream was removed",
    "stream.restored": "A stream was put back",
    "question.added": "A question was added",
    "question.saved": "A question was changed",
    "question.moved": "A question was moved",
    "question.retired": "A question was retired",
    "question.restored": "A question is asked again",
    "charter.published": "A new charter was published",
    "delivery.retried": "A delivery was tried again",
    "delivery.skipped": "A delivery was skipped",
    "replay.asked": "The present state was told again",
}

# Facts that other services were told, and that no deed of the log says already: worth a line in somebody's history.
FACTS = frozenset(name for name in WORDS if name.startswith(("application.", "signin.")))

# What a detail calls by a short name that the pages do not use.
_SHORT_NAMES = ("section", "stream", "question")


def names(now: Program, asked: Mapping[str, Question]) -> dict[str, str]:
    """What the short names of streams, sections and questions in a detail are called on the pages."""
    found = {each.slug: each.title for each in now.sections} | {each.slug: each.name for each in now.streams}
    return found | {each.id: each.label for each in asked.values()}


def moment(each: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """A moment of a person's history as the page shows it."""
    by = each.by_name or ("the program" if each.by == "system" else "")
    detail = detail_words(each.detail, names) if each.by else ""
    return {
        "at": each.at,
        "words": words(each.what),
        "by_words": actor(each.by, by, each.through),
        "detail_words": detail,
    }


def entry(row: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A row of the audit log as the page shows it."""
    kind, _, who = row["subject"].partition("/")
    return {
        "at": row["at"],
        "words": words(row["what"], row["detail"]),
        "detail_words": detail_words(row["detail"], names),
        "by_words": actor(row["by"], row["by_name"], row["through_name"]),
        "person": who if kind == "person" else None,
        "person_name": row["subject_name"],
        "subject_words": row["subject_name"] if kind == "circle" else f"the {kind}",
        "circle": who if kind == "circle" else None,
    }


def words(what: str, detail: Mapping[str, Any] | None = None) -> str:
    """The name of a deed or fact in words; of a deed in another service the words that it sent along (`said`)."""
    return (detail or {}).get("said") or WORDS.get(what, what)


def actor(by: str | None, name: str, through: str | None = None) -> str:
    """Who did it, and by which API token."""
    if not by:
        return ""
    called = {"system": "the program itself", "terminal": "somebody at the command line"}.get(by)
    who = called or (f"{name} (organizer)" if by.startswith("organizer/") else name)
    return f"{who}, by the token “{through}”" if through else who


def detail_words(detail: dict[str, Any] | None, names: Mapping[str, str]) -> str:
    """The detail of a deed: which fields, from what to what."""
    found = dict(detail or {})
    if "said" in found:
        return ""  # its words and its subject say all there is
    if "version" in found:
        found["version"] = f"version {found['version']}"
    if "from" in found and "to" in found:
        return " ".join(f"{way} {names.get(found[way], found[way])}" for way in ("from", "to"))
    called = [names.get(value, value) for name, value in found.items() if name in _SHORT_NAMES]
    values = [
        value
        for name, value in found.items()
        if name not in {*_SHORT_NAMES, "from", "after", "step", "import", "circle"}
    ]
    flat = [each for value in values for each in (value if isinstance(value, list) else [value])]
    return ", ".join([*called, *(str(each).replace("_", " ") for each in flat)])
