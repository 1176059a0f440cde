"""What an organizer decides about deliveries and replays, the same for the page and the API of each service."""

from __future__ import annotations

from typing import Any

from .. import access, db, worker
from ..events import keeping, relay
from ..problems import problem
from . import NOBODY, deeds

LONGEST_REASON = 500


class Decisions:
    """Those of one service, by whoever asks (deeds.py does them). What cannot be done is a Problem that says why."""

    def __init__(self, service: str) -> None:
        self.service, self.home = service, f"/{service}/ops"

    def retry(self, position: int, subscriber: str) -> bool:
        """Owe a dead or skipped delivery again; True when it was skipped."""
        worker.carry(self.service)  # so that its snapshots are
        with db.write(self.service) as tx:
            one = deeds.retry(tx, position, self._known(subscriber), actor())
        if one is None:
            problem(
                409, "This delivery is neither dead nor skipped", f"It may be done since. The list is at {self.home}."
            )
        return bool(one["skipped_at"])

    def dead(self, position: int, subscriber: str) -> dict[str, Any]:
        """The dead delivery of that number."""
        with db.read(self.service) as tx:
            one = keeping.one(tx, position, self._known(subscriber))
        if one is None:
            problem(404, "There is no such delivery", f"Its event may have been deleted. The list is at {self.home}.")
        if not one["dead_at"]:
            self._not_dead()
        return one

    def skip(self, one: dict[str, Any], why: str) -> None:
        """Give that dead delivery up."""
        with db.write(self.service) as tx:
            done = deeds.skip(tx, one["position"], one["subscriber"], actor(), why)
        if not done:
            self._not_dead()

    def replay(self, subscriber: str) -> bool:
        """Ask for a replay; False when one is asked for or under way."""
        with db.write(self.service) as tx:
            return deeds.ask_replay(tx, self._known(subscriber), actor())

    def _not_dead(self) -> None:
        problem(409, "This delivery is not dead", f"Only dead ones can be skipped. The list is at {self.home}.")

    def _known(self, subscriber: str) -> str:
        if subscriber not in relay.subscribers(self.service):
            problem(404, f"No such service hears of {self.service}", f"Those that do are listed at {self.home}.")
        return subscriber


def actor() -> str:
    """Who decides, as logs name them."""
    who = access.reader()
    return who.actor if who else NOBODY


def wrong(why: str) -> dict[str, str] | None:
    """What is the matter with a reason, if anything."""
    if not why:
        return {"message": "Say why.", "remedy": "Whoever looks into it later has nothing else to go by."}
    if len(why) > LONGEST_REASON:
        return {"message": f"This is longer than {LONGEST_REASON} characters.", "remedy": "Shorten it."}
    if any(ord(c) < 32 and c not in "\r\n\t" or c == "\ufffd" for c in why):
        return {"message": "Some letters could not be read.", "remedy": "Please type them again."}
    return None
