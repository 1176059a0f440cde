"""The lists of mail, in people's words: what of each one may want. Pure.

A list is what somebody takes or leaves as a whole; some hold several kinds. Its choices go from most to least, and the
last one is none; where a chat tells the same, that can be enough. Of what is owed (duty mail) only the way can be
chosen, or how often: none is no choice. What no list names (a kind that is no duty all the same) is a list by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

MAIL, LESS, CHAT, NONE = "mail", "less", "chat", "none"
MEMBER, ORGANIZER, APPLICANT = "member", "organizer", "applicant"


@dataclass(frozen=True)
class List:
    """One list.

    :param about: what comes by it, as its readers would say it.
    :param choices: (choice, words), from most to least.
    :param usual: what holds for who never chose.
    :param readers: MEMBER, ORGANIZER or APPLICANT: whom it is shown to.
    :param kinds: {kind: the choices with which it still comes}.
    :param chat: what a chat's channel must hear (rules/chat.KINDS), so that CHAT is a choice, and no mail comes by it.
    :param monthly: LESS is: in the monthly letter of a stream.
    :param owed: its kinds are duty mail: there is no none, and no mail of it has a link to get less.
    """

    name: str
    title: str
    about: str
    choices: tuple[tuple[str, str], ...]
    kinds: Mapping[str, Collection[str]]
    readers: str = MEMBER
    usual: str = MAIL
    chat: str = ""
    monthly: bool = False
    owed: bool = False

    def without_chat(self) -> List:
        """The same where no chat tells of it."""
        return replace(self, choices=tuple(each for each in self.choices if each[0] != CHAT))

    def brings(self, kind: str, choice: str) -> bool:
        """Whether who chose that still gets mails of that kind."""
        return choice in self.kinds.get(kind, ())

    def elsewhere(self, choice: str) -> bool:
        """Whether who chose that reads the same elsewhere; what is not told there comes by mail."""
        return choice == CHAT or (choice == LESS and self.monthly)


@dataclass(frozen=True)
class Of:
    """What a mail is of, for whoever reads the same elsewhere.

    :param stream: None: of all of them.
    :param chat: ids of the messages by which the chat is told of it, if any.
    :param letter: of whom the next monthly letter tells of it, if they get one.
    :param ahead: the chat is told of it later, and should it not be, there is another mail, or another place.
    :param extra: whoever wants less often does without this one.
    """

    stream: str | None = None
    chat: Collection[str] = ()
    letter: Collection[str] = ()
    ahead: bool = False
    extra: bool = False


_ALL = {MAIL}
_CHAT = (CHAT, "Only in the program’s chat, as long as it tells of them")
LISTS = {
    each.name: each
    for each in (
        List(
            "minutes",
            "Minutes of your circle",
            "What was said and agreed, after each session. They are on the session’s page in any case.",
            (
                (MAIL, "Each at once"),
                (LESS, "Once a month, in the letter of your stream"),
                _CHAT,
                (NONE, "None"),
            ),
            {"minutes": _ALL},
            chat="minutes",
            monthly=True,
        ),
        List(
            "talks",
            "Talks",
            "Invites to talks for the whole program, and where their notes and recordings are.",
            ((MAIL, "Invites, and notes afterwards"), (LESS, "Invites alone"), (NONE, "None")),
            {"talk": {MAIL, LESS}, "notes": _ALL},
        ),
        List(
            "first-post",
            "Reminders of a first post",
            "A few, around 60 days after you joined, until there is one. Only you get them.",
            ((MAIL, "Up to four, until there is one"), (LESS, "Two: one before the day, one after it"), (NONE, "None")),
            {"first-post": {MAIL, LESS}},
        ),
        List(
            "writing",
            "What you write and review",
            "Comments on ideas and drafts of yours, or that you look after, and when you are asked to look at one.",
            ((MAIL, "Each at once"), (LESS, "Only when you are asked to review"), (NONE, "None")),
            {"comment": _ALL, "review": {MAIL, LESS}},
        ),
        List(
            "stream",
            "Your stream, once a month",
            "What it did, and what is next for you: on the 1st, and not when nothing is new. Only who asks gets it.",
            ((MAIL, "Once a month"), (NONE, "None")),
            {"stream": _ALL},
            usual=NONE,
        ),
        List(
            "digest",
            "The digest",
            "What needs you, and what changed, in one letter. All of them are kept on the web.",
            (
                (MAIL, "Each one"),
                (LESS, "Only those in which something needs an organizer"),
                (NONE, "None: I read it on the web"),
            ),
            {"digest": {MAIL, LESS}},
            ORGANIZER,
        ),
        List(
            "all-minutes",
            "Minutes of every circle",
            "Mailed to organizers at once where the program has them so; the digest tells of them in any case.",
            ((MAIL, "Each at once"), _CHAT, (NONE, "In the digest alone")),
            {"minutes": _ALL},
            ORGANIZER,
            chat="minutes",
        ),
        List(
            "applications",
            "New applications",
            "Who applied the day before. It comes once a day, and only when somebody did.",
            (
                (MAIL, "Each day there are some"),
                (CHAT, "Only in the program’s chat, once somebody has confirmed, as long as it tells of them"),
                (NONE, "In the digest alone"),
            ),
            {"applications": _ALL},
            ORGANIZER,
            chat="joined",
        ),
        List(
            "proposals",
            "Proposed meetings and talks",
            "A plan has made a proposal, and waits for somebody to look at it.",
            ((MAIL, "Each one"), (NONE, "None")),
            {"proposal": _ALL},
            ORGANIZER,
        ),
        List(
            "reminders",
            "Reminders to confirm",
            "One mail, in case the first was overlooked.",
            ((MAIL, "One reminder"), (NONE, "None")),
            {"confirm-reminder": _ALL, "imported-reminder": _ALL},
            APPLICANT,
        ),
        List(
            "session-reminders",
            "Reminders of your sessions",
            "With your open action items. Who coordinates, mentors or speaks gets both in any case.",
            (
                (MAIL, "Three days before, and two hours before"),
                (LESS, "Two hours before alone"),
                (CHAT, "Only in the program’s chat, a day before and without your items, as long as it tells of them"),
            ),
            {"reminder": {MAIL, LESS}},
            chat="session",
            owed=True,
        ),
        List(
            "turns",
            "Sessions of your circle that need somebody",
            "Nobody was found, and anyone may take it. What is your own turn comes by mail in any case.",
            ((MAIL, "Each at once"), _CHAT),
            {"turn-open": _ALL},
            chat="turn",
            owed=True,
        ),
        List(
            "published",
            "Your posts on the program’s blog",
            "When one is there, and where.",
            ((MAIL, "Each at once"), _CHAT),
            {"published": _ALL},
            chat="post",
            owed=True,
        ),
        List(
            "open-turns",
            "Sessions without a coordinator",
            "In any circle, when nobody was found. The digest tells of them, too.",
            ((MAIL, "Each at once"), _CHAT),
            {"turn-open-organizer": _ALL},
            ORGANIZER,
            chat="turn",
            owed=True,
        ),
    )
}
_BY_KIND: dict[str, str] = {}
for _list in LISTS.values():
    for _kind in _list.kinds:
        _BY_KIND.setdefault(_kind, _list.name)


def of_kind(kind: str, title: str) -> List:
    """The list by which a kind comes that is no duty."""
    known = _BY_KIND.get(kind)
    return LISTS[known] if known else List(kind, title, "", ((MAIL, "Each one"), (NONE, "None")), {kind: _ALL})


def owed(kind: str) -> List | None:
    """The list of a kind that is duty mail, if its way can be chosen."""
    found = LISTS.get(_BY_KIND.get(kind, ""))
    return found if found and found.owed else None


def along(changed: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """What else changes with a choice: whoever has minutes once a month has the letter that they stand in.

    :param changed: what somebody chose otherwise than before. :param now: of both lists, what held before.
    """
    if changed.get("minutes") == LESS:
        return {"stream": MAIL}
    if changed.get("stream") == NONE and changed.get("minutes", now["minutes"]) == LESS:
        return {"minutes": NONE}
    return {}


def shown(roles: Collection[str], state: str) -> list[List]:
    """The lists that concern somebody with these roles in that state of theirs."""
    if state in ("applied", "imported"):
        return [each for each in LISTS.values() if each.readers == APPLICANT]
    wanted = {MEMBER, ORGANIZER} if "organizer" in roles else {MEMBER}
    return [each for each in LISTS.values() if each.readers in wanted]
