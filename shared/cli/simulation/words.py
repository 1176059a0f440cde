"""What people write: minutes, action items, posts. And what a page said when it refused something."""

from __future__ import annotations

import html
import random
import re

_TOPICS = (
    "Reading a paper together", "Getting a first model into production", "How to prepare for interviews",
    "Gradient boosting on small tables", "What to put into a portfolio", "Debugging a training run that diverges",
    "Asking for feedback at work", "Writing the first blog post", "Choosing a side project", "Reviewing a pull request",
    "From notebook to package", "Talking to people who are not engineers",
)  # fmt: skip
_SAID = (
    "Everybody told how the last two weeks went.", "We looked at one notebook together and found two leaks.",
    "The hardest part is still to find the time; an hour before work helps.",
    "We agreed to try the same data set until next time.", "Two of us have interviews; we asked each other questions.",
    "The draft of a post was read aloud, and became shorter.", "Nobody had an answer, so we asked the mentor.",
    "Half of it was about motivation, and that was good.",
)  # fmt: skip
_LINKS = (
    "https://d2l.ai/chapter_preliminaries/", "https://scikit-learn.org/stable/modules/ensemble.html",
    "https://docs.python.org/3/howto/logging.html", "https://arxiv.org/abs/1706.03762", "https://distill.pub/2017/momentum/",
    "https://pytorch.org/tutorials/",
)  # fmt: skip
_ITEMS = (
    "Share the notebook", "Try the other loss and tell", "Ask at work whether we may use the data",
    "Write the first paragraph", "Send two questions for the mock interview", "Read chapter three",
    "Set up the repository", "Find a mentor for the topic", "Measure it again with a fixed seed",
)  # fmt: skip


TITLES = (
    "What I learned from a model that would not converge", "Reading papers on the train", "My first pull request",
    "A small data set is a good teacher", "Why my validation score lied to me", "Three months of interviews",
    "From a notebook to a service that runs", "Notes on calibration", "How our circle reads code",
    "A week with gradient boosting", "What I ask before I label anything", "Learning to write every week",
)  # fmt: skip
_PARAGRAPHS = (
    "When I began I thought that the model was the difficult part. It took me a month to see that I had never "
    "looked at the rows themselves. So I printed two hundred of them, and read them with a pencil in hand.",
    "What helped most was to make the question smaller. Instead of *which* model is best I asked whether any of "
    "them beats the mean of last week. None did, and that was worth knowing on the first day.",
    "My circle asked the one question that I had avoided: how would I notice that it is wrong? I had no answer, "
    "so I wrote a test before I wrote anything else.",
    "I keep a list of what I tried and of what came of it. It is short, it is dull, and it has saved me more "
    "hours than any library. Each line has a date, a change, and a number.",
    "There is a picture in my head of somebody who understands all of it at once. I have not met them. Everybody "
    "whom I asked reads the same page three times, too.",
    "Next I want to find out how much of this holds for another data set. If you have one that is small and odd, "
    "write to me.",
)  # fmt: skip


def paragraphs(dice: random.Random) -> list[str]:
    """What a post is made of, in Markdown."""
    first, *rest = dice.sample(_PARAGRAPHS, dice.randint(3, 4))
    return [first, "## What came of it", *rest, f"More of that is in [what I read]({dice.choice(_LINKS)})."]


def minutes(dice: random.Random) -> str:
    """Minutes as people write them, in Markdown."""
    said = "\n".join(f"- {line}" for line in dice.sample(_SAID, dice.randint(2, 4)))
    link = f"\n\n## Links\n\n- {dice.choice(_LINKS)}" if dice.random() < 0.4 else ""
    return f"## {dice.choice(_TOPICS)}\n\n{said}{link}\n"


_GOALS = (
    "I begin in March, as the second person of a data team. The mock interviews made the difference.",
    "A first job, in a hospital. I showed them the notebook that we took apart together.",
    "I moved from reporting to modelling within my company. Asking was the hard part.",
    "A better role, and an hour a week in it to learn.",
)
_TALKS = (
    ("How we test models before anybody sees them", "Rana Aziz"),
    ("Ten years between research and product", "Tomás Herrera"),
    ("What I look for in a portfolio", "Agnes Wirth"),
    ("Data that nobody labelled", "Chen Yu"),
    ("Working in a team of one", "Malika Diop"),
    ("Reading a paper in an hour", "Stefan Novak"),
)


def goal(dice: random.Random) -> str:
    """How somebody reached theirs."""
    return dice.choice(_GOALS)


def talk(number: int) -> tuple[str, str]:
    """(title, who gives it)."""
    return _TALKS[number % len(_TALKS)]


def item(dice: random.Random) -> str:
    """Something to do."""
    return dice.choice(_ITEMS)


def refusal(page: str) -> str:
    """The words of a page that refused something, without its tags."""
    start = re.search(r'<[^<>]*class="[^"]*(?:error|wrong|summary)[^"]*"[^<>]*>', page) or re.search(
        r"<h1[^<>]*>", page
    )
    text = re.sub(r"<[^>]+>", " ", page[start.end() if start else 0 :])
    return " ".join(html.unescape(text).split())[:200]
