"""The program of the first start: mentorship for people in machine learning, to be made one's own by organizers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, db
from shared.events import emit

from . import access_links, audit, program
from .models import charter, question, stream
from .models import program as programs

NAME = "Machine Learning Peer Mentorship"
TIMEZONE = "America/Toronto"

SECTIONS = [
    {
        "slug": "what-it-is",
        "title": "What it is",
        "markdown": """\
People who learn and practise machine learning meet every two weeks in small circles, and help each other along. Nobody
lectures, nobody pays. Each session one member **coordinates**: they choose what to talk about, keep the time, and
write down what everybody will do next. Then the baton passes on.

From time to time somebody who is a step ahead joins as a **mentor**, answers questions, and remembers how it was.
""",
    },
    {
        "slug": "organization",
        "title": "How it is organized",
        "markdown": """\
- There are three **streams**, from starting out to growing in a career. You choose the one that fits you today, and
  move on when you are ready.
- A circle has up to twelve members and meets online for an hour, at the same local time every other week.
- Everybody coordinates in turn. You are asked well ahead, and can swap or skip.
- After each session there are short minutes with action items, for the circle alone.
""",
    },
    {
        "slug": "faq",
        "title": "Questions people ask",
        "markdown": """\
**How much time does it take?** About an hour and a half every two weeks, and a little more when you coordinate.

**What if I cannot come for a while?** Pause on your own page, and come back when you can. Nobody has to explain.

**Do I need to be an expert to coordinate?** No. The page for coordinators takes you through it step by step.

**What do you do with my data?** We use it to run the program, and nothing else. On your page you can correct it,
download it, and have it erased.
""",
    },
    {
        "slug": "resources",
        "title": "Resources",
        "markdown": """\
- [Dive into Deep Learning](https://d2l.ai/), a book with code you can run
- [scikit-learn's user guide](https://scikit-learn.org/stable/user_guide.html)
- [Made With ML](https://madewithml.com/), on taking models to production
- [Papers with plain words](https://distill.pub/), still worth reading
""",
    },
]

CHARTER = """\
## What we promise each other

1. **We turn up.** If we cannot, we say so ahead of time.
2. **We take our turn** as coordinator, or swap it with somebody.
3. **What is said in the circle stays there.** Minutes are for the circle.
4. **We are kind.** There are no silly questions. Harassment of any sort ends a membership.
5. **We help by asking** before we help by telling.
6. **We give back.** When a stream is behind us, we join it now and then as a mentor.
"""

STREAMS = [
    ("stream1", "Starting out", "You are learning the foundations, and want company and a plan."),
    ("stream2", "Towards the first job", "You know the basics, and are looking for your first role in the field."),
    ("stream3", "Growing in the career", "You work with machine learning, and want to get further."),
]

# Per stream: (id, label, help, kind, options). None is required: whoever wants to come should not be kept at the door.
QUESTIONS: dict[str, list[tuple[str, str, str, str, list[str]]]] = {
    "stream1": [
        ("stream1-background", "What have you learned or done so far?", "A few sentences are enough.", "long", []),
        (
            "stream1-topics",
            "What would you like to start with?",
            "As many as you like.",
            "several",
            ["Python", "Statistics", "Classical machine learning", "Deep learning", "Working with data"],
        ),
        ("stream1-hours", "How many hours a week can you give it?", "", "choice", ["Up to 3", "3 to 6", "More than 6"]),
    ],
    "stream2": [
        (
            "stream2-role",
            "Which kind of role are you looking for?",
            "",
            "choice",
            ["Data scientist", "Machine learning engineer", "Data engineer", "Research", "Not sure yet"],
        ),
        ("stream2-portfolio", "Where can one see something you made?", "A repository, a notebook, a post.", "url", []),
        ("stream2-obstacle", "What stands in your way at present?", "", "long", []),
    ],
    "stream3": [
        ("stream3-work", "What do you do now?", "Your role, in a line.", "short", []),
        ("stream3-goal", "Where would you like to be in two years?", "", "long", []),
        ("stream3-mentor", "I would also like to mentor people in the other streams", "", "checkbox", []),
    ],
}


def start(tx: Connection) -> None:
    """What must be there before people come: the program, and the organizer whom BATON_ORGANIZER names.

    That one asks for a link at /signup/sign-in, as all do later. Two starts at once wait for each other.
    """
    db.lock(tx, "seed")
    seed(tx)
    if config.current().organizer != config.Config.organizer:
        access_links.first_organizer(tx)


def seed(tx: Connection) -> bool:
    """Write the first program, if there is none yet; True when it was written."""
    row: dict[str, Any] = {"id": 1, "version": db.new_id(), "name": NAME, "timezone": TIMEZONE, "sections": SECTIONS}
    if not tx.execute(db.insert(tx, programs).on_conflict_do_nothing(), row).rowcount:
        return False
    for position, (slug, name, summary) in enumerate(STREAMS, start=1):
        values = {"slug": slug, "name": name, "summary": summary, "position": position, "open": True}
        tx.execute(sa.insert(stream).values(values))
        for place, (id, label, help, kind, options) in enumerate(QUESTIONS[slug], start=1):
            asked = {"id": id, "stream": slug, "position": place, "label": label, "help": help, "kind": kind}
            tx.execute(sa.insert(question).values(**asked, options=options, required=False))
    tx.execute(sa.insert(charter).values(version=1, text=CHARTER.strip(), published_at=clock.now()))
    audit.note(tx, audit.SYSTEM, "program.seeded", program.SUBJECT)
    emit(tx, "program.changed", program.SUBJECT, program.announced(tx))
    return True
