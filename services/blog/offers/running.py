"""The work on an offer: make true at the forge what is true of the post, in steps, each noted in SQL.

It looks first what became of the proposal that there is, then does what is missing. So it can begin anew at any line,
and whoever is called twice finds nothing to do the second time:

    build       a commit that no branch holds yet; its id is noted as `pushing`
    place       the branch is put there, if it is where we left it; noted as `commit`
    open        the pull request; the forge finds the one that there is
    amend       title and body, where they differ

Whoever works on it holds it meanwhile (visiting).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, die, log
from shared.events import emit

from .. import forges, posts, targets
from ..convert import Skipped
from ..convert import meta as slugs
from ..models import SERVICE, offer
from ..rules import offers as rules
from . import handing, making, mentees, reading, texts
from .visiting import Overtaken, Visit

RACES = 3  # times that somebody else was quicker (two posts accepted at once, mostly), before it is left for a while
AGAIN = 30.0  # seconds after which it is tried again then, or where the forge is away
logger = log.get()


def due(tx: Connection) -> list[str]:
    """Offers that are to be looked at and that nobody works on."""
    now = clock.machine()
    query = sa.select(offer.c.id).where(offer.c.due <= now, offer.c.leased < now).order_by(offer.c.due).limit(100)
    return list(tx.execute(query).scalars())


def work(id: str, forge: Callable[[], forges.Forge] = forges.current) -> str | None:
    """Bring one offer to where it belongs; its state afterwards, or None when somebody else does, or nothing is due."""
    try:
        visit = _Work(id)
    except Overtaken:
        return None
    try:
        for _ in range(RACES):
            with contextlib.suppress(forges.Moved):
                return visit.go(forge)
        return visit.later(AGAIN, "")
    except Overtaken:
        return None
    except forges.Unreachable as away:
        logger.warning("offer.unreachable", offer=id, said=away.said)
        return visit.later(max(away.seconds, AGAIN), away.said)
    except posts.Absent as absent:
        return visit.later(300.0, str(absent))
    except forges.Denied as denied:
        logger.warning("offer.failed", offer=id, said=denied.said)
        visit.note(state=rules.after("fail", visit.row["state"]), reason=denied.said, verdict=None)
        return visit.done()


class _Work(Visit):
    """One look at one offer, and what is done about it."""

    def go(self, forge: Callable[[], forges.Forge]) -> str:
        self.forge = forge()
        self.settle()
        if self.row["verdict"]:
            self.decide()
        wanted = self.post["state"] == "wanted" and bool(self.consent)
        proposes = rules.proposes(self.row["state"], self.row["kind"], bool(self.row["live"]), wanted)
        if self.row["branch"] and self.row["kind"] != "removal" and not wanted:
            self.withdraw("Its author has taken it back.")
        elif self.row["branch"] and self.row["kind"] == "removal" and wanted:
            self.withdraw("Its author offers it again.")
        if proposes == "removal":
            self.take_down()
        elif proposes:
            self.offer(proposes)
        elif not wanted and self.row["state"] not in {"withdrawn", "merged"} and not self.row["branch"]:
            if self.row["kind"] != "removal":
                self.note(state=rules.after("withdraw", self.row["state"]), reason="")
        return self.done()

    def settle(self) -> None:
        """What became of the proposal that there is."""
        row = self.row
        if not row["branch"]:
            return
        seen = self.forge.look(row["number"] or 0, row["branch"], row["commit"] or row["pushing"] or "")
        if row["pushing"] and seen.head == row["pushing"]:
            self.note(commit=row["pushing"], pushing=None)
        if seen.state == "merged":
            self.merged()
        elif seen.state == "closed" and row["number"] is not None:
            self.closed("It was declined where the program's blog lives.")
        elif row["by_author"] and seen.head and row["moved"]:
            self.note(commit=seen.head)  # theirs from the beginning: where they are is where it is
        elif seen.head and row["commit"] and seen.head not in {row["commit"], row["pushing"]} and not row["moved"]:
            self.note(moved=True, reason="Somebody has committed to its branch: it is left alone from now on.")

    def merged(self) -> None:
        """It is live, or taken down: noted once, and the first time told to all, in one transaction."""
        branch, number = self.row["branch"], self.row["number"]
        with db.write(SERVICE) as tx:
            live = [] if self.row["kind"] == "removal" else self.row["files"]
            values: dict[str, Any] = {"state": rules.after("merge", self.row["state"]), "live": live, "reason": ""}
            if not live:
                values |= {"state": rules.after("withdraw", self.row["state"]), "reason": "It is taken down."}
            if live and self.row["published_at"] is None:
                values["published_at"] = clock.now()
            self.note(tx, **values, **_NO_PROPOSAL, verdict=None)
            if "published_at" in values and self.row["title"] and self.row["post"]:
                _published(tx, self.row)
        if branch:
            self.forge.withdraw(number or 0, branch, "")

    def closed(self, why: str) -> None:
        """Declined: it stays so until somebody asks again."""
        rev = self.post["rev"]
        self.note(state=rules.after("close", self.row["state"]), reason=why, rev=rev, verdict=None, **_NO_PROPOSAL)

    def decide(self) -> None:
        """What an organizer asked for on our page."""
        row, verdict = self.row, self.row["verdict"]
        if not row["branch"] or row["number"] is None:
            self.note(verdict=None)
        elif verdict == "accept":
            try:
                self.forge.accept(row["branch"], texts.message(row["kind"], row["title"], row["original"]))
            except forges.Denied as denied:
                self.note(verdict=None, reason=denied.said)
                return
            die.at("offer.accepted")
            self.merged()
        else:
            self.forge.withdraw(row["number"], row["branch"], "An organizer has declined it.")
            self.closed("An organizer has declined it.")

    def withdraw(self, why: str) -> None:
        """Close the proposal that there is."""
        self.forge.withdraw(self.row["number"] or 0, self.row["branch"], why)
        self.note(state=rules.after("withdraw", self.row["state"]), reason=why, **_NO_PROPOSAL)

    def take_down(self) -> None:
        """Propose that what is live goes."""
        if self.row["branch"] and self.row["number"] is not None:
            return
        base = self.forge.base()
        there = self.forge.paths(base)
        erased = self.author["state"] == "erased"  # else the author's data may belong to other posts of theirs
        gone = [path for path in self.row["live"] if path in there and self.own(path, erased)]
        if not gone:
            self.note(
                state=rules.after("withdraw", self.row["state"]), live=[], reason="It is taken down.", kind="removal"
            )
            return
        path = self.row["path"] or gone[0]
        change = forges.Change(
            texts.title("removal", path, ""), texts.removal(path, bool(self.row["profile"])),
            texts.message("removal", path, ""), ("", ""), {}, gone,
        )  # fmt: skip
        self.propose("removal", change, path, base)

    def own(self, path: str, erased: bool = False) -> bool:
        """Whether a file goes when what is offered goes: others may share an author's data, or the mentees page."""
        if self.row["profile"]:
            return mentees.is_own(path)
        return erased or not targets.is_author(path)

    def offer(self, kind: str) -> None:
        """Propose the post as it is now, if that has not been done."""
        row, rev = self.row, self.post["rev"]
        if self.handed(kind):
            return
        settled = row["rev"] == rev and (
            row["state"] in {"merged", "closed"}
            or (row["setup"] and row["state"] == "skipped")
            or (row["state"] == "open" and row["branch"])
        )
        if settled or row["moved"]:
            return
        if row["profile"]:
            self.show(kind)
            return
        if row["setup"]:
            self.set_up(kind)
            return
        with db.read(SERVICE) as tx:
            material = posts.material(tx, row["post"])
            ours, taken = reading.paths(tx, row)
            choice = targets.chosen(tx)
        base, others, target = making.aimed(self.forge, ours, taken, choice)
        found = making.made(material, self.post, str(self.consent), target)
        if isinstance(found, Skipped):
            self.skip(found)
            return
        if row["live"] and row["path"] and targets.keeps(target, row["path"]):
            found = replace(found, path=row["path"])  # whoever links to it finds it where it was
        said = [{"kind": note.kind, "text": note.text} for note in found.notes]
        files = making.files(found, material, target, others)
        shown: dict[str, Any] = {
            "title": found.title[:500], "original": found.original, "path": found.path, "notes": said,
            "text": files[found.path].decode(),
            "body": texts.body(kind, self.id, self.author["name"], found.original, said, found.path),
        }  # fmt: skip
        if found.held and row["looked"] < rev:
            self.note(state=rules.after("hold", row["state"]), rev=rev, reason=HELD, kind=kind, **shown)
            return
        if self.hands(kind):
            state = rules.after("hand", row["state"])
            self.note(state=state, rev=rev, reason="", kind=kind, files=sorted(files), **shown)
            return
        before = set(row["files"]) if row["branch"] else set(row["live"])
        gone = {path for path in before - set(files) if self.own(path)}
        change = forges.Change(
            texts.title(kind, found.title, self.author["name"]), shown["body"],
            texts.message(kind, found.title, found.original),
            handing.author_of(self.author),
            files, gone,
        )  # fmt: skip
        self.propose(kind, change, slugs.slugged(found.title), base, rev=rev, **shown)

    def hands(self, kind: str) -> bool:
        """Whether its author opens it. What changes of it later, we propose."""
        return bool(kind == "post" and self.row["by_author"] and not self.row["branch"] and self.row["post"])

    def handed(self, kind: str) -> bool:
        """Whether its author has the post as it is now, or has opened it: then nothing is left to do."""
        row = self.row
        if not self.hands(kind) or row["state"] != "handed":
            return False
        there = self.forge.read(self.forge.base(), row["path"])
        mark = row["original"].encode() or row["text"].encode()
        if there is not None and mark in there:
            self.merged()
            return True
        found = self.forge.find(handing.branch(row), row["path"], row["original"])
        if found is None:
            return bool(row["rev"] == self.post["rev"])
        opened: dict[str, Any] = {"number": found.number, "url": found.url or None, "opened_at": clock.now()}
        opened |= {"branch": found.branch, "commit": found.head, "round": row["round"] + 1, "moved": True}
        self.note(state=rules.after("open", row["state"]), reason=OPENED, **opened)
        self.settle()
        return True

    def show(self, kind: str) -> None:
        """Propose somebody's place on the mentees page, as they want it now."""
        row, name = self.row, self.post["name"]
        with db.read(SERVICE) as tx:
            choice = targets.chosen(tx)
        base = self.forge.base()
        there = self.forge.paths(base)
        target = targets.target(there, lambda path: self.forge.read(base, path), choice=choice)
        files, path, missing = mentees.files(self.post, there, lambda path: self.forge.read(base, path), target)
        title, body, message = texts.of_profile(kind, self.id, name, missing)
        notes = [{"kind": "missing", "text": one} for one in missing]
        shown: dict[str, Any] = {"title": name, "path": path, "notes": notes, "body": body}
        before = set(row["files"]) if row["branch"] else set(row["live"])
        gone = {path for path in before - set(files) if self.own(path)}
        change = forges.Change(title, body, message, ("", ""), files, gone)
        self.propose(kind, change, "mentee", base, rev=self.post["rev"], text=files[path].decode(), **shown)

    def set_up(self, kind: str) -> None:
        """Propose what the program's blog lacks, as it is now."""
        with db.read(SERVICE) as tx:
            choice = targets.chosen(tx)
        base = self.forge.base()
        found = targets.lacks(self.forge.paths(base), lambda path: self.forge.read(base, path), choice)
        if not found.mends:
            self.skip(Skipped("not-a-post", "It lacks nothing that could be brought."))
            return
        title, body, message = texts.of_setup(self.id, found.mends)
        notes = [{"kind": "changed", "text": one} for one in found.mends]
        change = forges.Change(title, body, message, ("", ""), found.files, found.removed)
        self.propose(kind, change, "set-up", base, rev=self.post["rev"], notes=notes, body=body)

    def skip(self, found: Skipped) -> None:
        """There is nothing to offer. What was proposed before is taken back; what is live stays."""
        if self.row["branch"]:
            self.withdraw(found.text)
        if self.row["live"]:
            self.note(state=rules.after("merge", self.row["state"]), reason=found.text, rev=self.post["rev"])
        else:
            self.note(state=rules.after("skip", self.row["state"]), reason=found.text, rev=self.post["rev"])

    def propose(self, kind: str, change: forges.Change, slug: str, base: str, **shown: Any) -> None:
        """Build, place, open or amend; each step is noted before the next."""
        row = self.row
        if row["state"] != "open":
            self.note(state=rules.after("wait", row["state"]))
        if not row["branch"]:
            round = row["round"] + 1
            branch = rules.branch(slugs.slugged(slug), self.id, round)
            self.note(kind=kind, round=round, branch=branch, commit=None, pushing=None, number=None, url=None, files=[])
        was = row["commit"] or ""
        commit = self.forge.build(change, was or base)
        if commit == base and not was:
            # The program's blog has all of it already, as if somebody had brought it by hand.
            self.note(**shown, files=sorted(change.files), commit=base)
            self.merged()
            return
        both = sorted({*row["files"], *change.files})
        if commit != was:
            # Which revision it is, is said last: until then the whole is done again.
            self.note(pushing=commit, files=both, **{name: value for name, value in shown.items() if name != "rev"})
            die.at("offer.built")
            self.forge.place(row["branch"], commit, was)
            die.at("offer.placed")
        self.note(commit=commit, pushing=None, files=sorted(change.files))
        die.at("offer.noted")
        if row["number"] is None:
            opened = self.forge.open(row["branch"], change)
            die.at("offer.opened")
            self.note(number=opened.number, url=opened.url or None, opened_at=clock.now())
        else:
            self.forge.amend(row["number"], change)
        self.note(state=rules.after("open", row["state"]), reason="", **shown)


def file_of(row: Mapping[str, Any], path: str) -> bytes | None:
    """A file of an offer: as it is proposed, else as it is live; None when it cannot be had now."""
    try:
        forge = forges.current()
        return forge.read(row["commit"] or forge.base(), path)
    except (forges.Unreachable, forges.Denied):
        return None


def diff_of(row: Mapping[str, Any]) -> str:
    """What a proposal changes, as `git diff` says it; empty where the forge shows it, or it cannot be had now."""
    try:
        return forges.current().diff(row["branch"]) if row["branch"] else ""
    except (forges.Unreachable, forges.Denied):
        return ""


OPENED = "Its author has opened it: what it says, and what changes of it, is theirs."
HELD = "It seems to hold a secret: a password, a key. Nothing of it is proposed before somebody has looked."
_NO_PROPOSAL: dict[str, Any] = {
    "branch": None,
    "commit": None,
    "pushing": None,
    "number": None,
    "moved": False,
    "files": [],
}


def _published(tx: Connection, row: dict[str, Any]) -> None:
    data = {"person": row["person"], "post": row["post"], "title": row["title"], "original": row["original"]}
    emit(tx, "post.published", f"post/{row['post']}", {**data, "pull_request": row["url"]})
