"""The kinds of mail there are. Each has a folder of that name in templates/mail: subject.txt, text.txt, body.html."""

from __future__ import annotations

from dataclasses import dataclass

from ..rules import lists


@dataclass(frozen=True)
class Kind:
    """One kind of mail.

    :param duty: asked for by its reader, or owed to them; it is suppressed apart from the rest.
    :param link: the purpose of the signed link in it, if any.
    :param many: it goes to many at once.
    :param timed: it comes at an hour that an organizer chose.
    """

    name: str
    duty: bool
    title: str
    link: str | None = None
    many: bool = False
    timed: bool = False

    @property
    def bulk(self) -> bool:
        """Overtaken by the rest, whose readers wait for it; up to eight of it are in flight together."""
        return self.many or not self.duty

    @property
    def rests(self) -> bool:
        """Nobody waits for it: in its reader's quiet hours it rests until the morning."""
        return not self.duty and not self.timed


KINDS = {
    kind.name: kind
    for kind in (
        Kind("confirm", True, "Confirm a sign-up", "confirm"),
        Kind("confirm-reminder", False, "Reminder to confirm", "confirm"),
        Kind("imported", True, "Asked after an import", "confirm"),
        Kind("imported-reminder", False, "Reminder after an import", "confirm"),
        Kind("welcome", True, "Welcome", "enter"),
        Kind("sign-in", True, "Link to sign in", "sign-in"),
        Kind("applications", False, "New applications"),
        Kind("digest", False, "Digest", timed=True),
        Kind("goodbye", True, "Goodbye", "enter"),
        Kind("organizer", True, "New organizer"),
        Kind("guest", True, "Asked to be a mentor", "pool"),
        Kind("goal", True, "A goal was reached", "enter"),
        Kind("alumni", True, "Alumni from now on", "enter"),
        Kind("address", True, "Confirm a new address", "address"),
        Kind("minutes", False, "Minutes of a session"),
        Kind("minutes-late", True, "Minutes are late"),
        Kind("address-changed", True, "The address was changed"),
        Kind("placed", True, "A place in a circle", "enter"),
        Kind("waiting", True, "In line for a place", "enter"),
        Kind("place", True, "A place is free", "place"),
        Kind("turn", True, "Your turn to coordinate", "turn"),
        Kind("mentor", True, "Invitation to mentor", "turn"),
        Kind("turn-open", True, "A session needs a coordinator", "take"),
        Kind("turn-open-organizer", True, "A session needs a coordinator, to organizers"),
        Kind("turn-taken", True, "Somebody took the turn"),
        Kind("turn-released", True, "Free of a turn"),
        Kind("turn-lapsed", True, "The time to answer is over", "turn"),
        Kind("checkin", True, "Still with us?", "checkin"),
        Kind("invite", True, "Invite to a session", "rsvp", many=True),
        Kind("invite-update", True, "A session has changed", "rsvp", many=True),
        Kind("invite-cancel", True, "A session is off", many=True),
        Kind("meeting", True, "Invite to the monthly meeting", "rsvp", many=True),
        Kind("talk", False, "Invite to a talk", "rsvp"),
        Kind("chat-invite", True, "The link to the chat runs out"),
        Kind("proposal", False, "A meeting or talk is proposed"),
        Kind("notes", False, "Notes of a meeting or talk", "rsvp"),
        Kind("published", True, "A post is on the program's blog"),
        Kind("stream", False, "A stream, once a month"),
        Kind("first-post", False, "Reminder of a first post", "first-post"),
        Kind("comment", False, "A comment on what somebody writes"),
        Kind("review", False, "Asked to review"),
        Kind("reminder", True, "Reminder of a session", "rsvp", many=True),
        Kind("reply", True, "What somebody wrote"),
    )
}


def list_of(kind: str, named: str | None = None) -> lists.List | None:
    """The list by which that kind comes, or the one of it that is `named`; None for duty mail, which is on none."""
    if KINDS[kind].duty:
        return None
    return lists.LISTS[named] if named else lists.of_kind(kind, KINDS[kind].title)


def list_called(name: str) -> lists.List | None:
    """The list of that name, or None."""
    alone = KINDS.get(name)
    known = lists.LISTS.get(name)
    return known or (list_of(name) if alone and not alone.duty else None)
