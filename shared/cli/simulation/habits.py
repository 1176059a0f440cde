"""How likely people do what. All of it is a statement about people, none of it about the program's rules."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Habits:
    """Shares between 0 and 1.

    :param decline: of the turns somebody is asked for that they say no to.
    :param silent: of the turns somebody is asked for that they never answer.
    :param away: of the invites that somebody answers with "can't until", some days after the session.
    :param cannot: of the other invites that somebody answers with "can't".
    :param answers: of the invites and reminders that somebody answers at all.
    :param late: of the sessions whose coordinator forgets the minutes until the nudge comes.
    :param never: of those, that nobody writes minutes for at all.
    :param takes: of the mails "anyone may take it" whose reader takes it.
    :param ticks: of action items that their owner sees to.
    """

    decline: float = 0.1
    silent: float = 0.1
    away: float = 0.05
    cannot: float = 0.05
    answers: float = 0.7
    late: float = 0.15
    never: float = 0.05
    takes: float = 0.25
    ticks: float = 0.8


@dataclass(frozen=True)
class Lives:
    """What people do of their own accord, beside answering; in a rehearsal nobody does.

    :param confirms: of those who fill in the form, how many confirm; the rest forget, or never meant it.
    :param reminded: of those who forgot, how many confirm when they are reminded.
    :param swaps: of the turns somebody has, how many they trade or hand over.
    :param pauses: how many take a break, once, and come back; leaves: how many leave for good; returns: of those, how
        many come back after all.
    :param reaches: how many reach their goal in that time; moves_up: of those, how many go to the next stream;
        graduates: how many become alumni. The rest stay where they are.
    :param writes: how many have a blog, and publish there now and then.
    :param mends: of the posts that appear on the program's blog, how many their author changes afterwards.
    :param talks: of the invites to talks, how many are answered with "and no more of these".
    """

    confirms: float = 0.9
    reminded: float = 0.5
    swaps: float = 0.08
    pauses: float = 0.12
    leaves: float = 0.08
    returns: float = 0.3
    reaches: float = 0.2
    moves_up: float = 0.4
    graduates: float = 0.3
    writes: float = 0.15
    mends: float = 0.2
    talks: float = 0.05
