"""What people write: minutes, action items. And what a page said when it refused something."""

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


def minutes(dice: random.Random) -> str:
    """Minutes as people write them, in Markdown."""
    said = "\n".join(f"- {line}" for line in dice.sample(_SAID, dice.randint(2, 4)))
    link = f"\n\n## Links\n\n- {dice.choice(_LINKS)}" if dice.random() < 0.4 else ""
    return f"## {dice.choice(_TOPICS)}\n\n{said}{link}\n"


def item(dice: random.Random) -> str:
    """Something to do."""
    return dice.choice(_ITEMS)


def refusal(page: str) -> str:
    """The words of a page that refused something, without its tags."""
    start = re.search(r'class="[^"]*(?:error|wrong|summary)[^"]*"', page) or re.search(r"<h1", page)
    text = re.sub(r"<[^>]+>", " ", page[start.end() if start else 0 :])
    return " ".join(html.unescape(text).split())[1 if start else 0 :][:200]
