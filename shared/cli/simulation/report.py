"""A rehearsal's result for people: text for a terminal, or one page with nothing outside it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

STATIC = Path(__file__).resolve().parents[2] / "static"
TEMPLATE = "rehearsal.html"
WIDE = 24  # characters of the longest bar
SAID = {
    "decline": "of the turns they are asked for, people say no to",
    "silent": "of the turns they are asked for, they never answer",
    "away": "of the sessions, they say ahead that they are away",
    "cannot": "of the others, they say that they cannot come to",
    "answers": "of the invites, they answer at all",
    "late": "of the minutes come only after a nudge",
    "never": "of those never come",
    "takes": "of the mails that a turn is free for anyone, somebody takes up",
    "ticks": "of the action items are seen to",
}


def text(report: dict[str, Any]) -> list[str]:
    """Lines for a terminal."""
    lines = [heading(report), "On a copy: nothing was sent, and nothing of yours was changed.", "", "Assumed"]
    lines += [f"  {share:>4.0%}  {words}" for share, words in assumed(report)]
    for circle in report["circles"]:
        lines += ["", f"{circle['name']}: {circle['members']} people, {len(circle['sessions'])} sessions", ""]
        width = max(len(each["when"]) for each in circle["sessions"])
        leads = max(len(who(each)) for each in circle["sessions"])
        for each in circle["sessions"]:
            mentor = f"  mentor {each['mentor']}" if each["mentor"] else ""
            lines.append(f"  {each['when']:<{width}}  {who(each):<{leads}}{mentor}".rstrip())
        lines += ["", "  Turns to coordinate", *bars([(each["name"], each["turns"]) for each in circle["spread"]])]
    if not report["circles"]:
        lines += ["", "No circle meets in this time: set dates on a circle's page, and rehearse again."]
    months = all_months(report)
    lines += ["", "What each person would receive: mails a month"]
    if report["people"]:
        width = max(len(each["name"]) for each in report["people"])
        lines.append(f"  {'':<{width}}  {'  '.join(f'{short(month):>6}' for month in months)}   all")
        for each in report["people"]:
            counts = "  ".join(f"{sum(each['months'].get(month, {}).values()) or '·':>6}" for month in months)
            lines.append(f"  {each['name']:<{width}}  {counts}  {each['mails']:>4}")
    lines += ["", "Mails by kind", *bars(list(report["mails"].items()))]
    lines += ["", "What people did", *bars(list(report["done"].items()))]
    if report["astray"]:
        lines += ["", "Pages that did not do what they offered", *(f"  {each}" for each in report["astray"])]
    return lines


def heading(report: dict[str, Any]) -> str:
    """Which time it is about."""
    first, last = (datetime.fromisoformat(report[name]) for name in ("from", "to"))
    return f"Rehearsal from {first.day} {first:%B %Y} to {last.day} {last:%B %Y}, seed {report['seed']}"


def assumed(report: dict[str, Any]) -> list[tuple[float, str]]:
    """The habits, as (share, words)."""
    return [(report["assumed"][name], words) for name, words in SAID.items()]


def who(session: dict[str, Any]) -> str:
    """Who leads it, in words."""
    if session["state"] == "cancelled":
        return "cancelled"
    return session["coordinator"] or ("nobody" if session["state"] not in ("planned",) else "not asked yet")


def bars(counts: list[tuple[str, int]]) -> list[str]:
    """A picture of counts, labelled, the numbers in it."""
    most = max((count for _, count in counts), default=0)
    width = max((len(name) for name, _ in counts), default=0)
    return [f"  {name:<{width}}  {'█' * round(count * WIDE / most) if most else ''} {count}" for name, count in counts]


def all_months(report: dict[str, Any]) -> list[str]:
    """Every month in which anybody would get a mail, in order."""
    return sorted({month for each in report["people"] for month in each["months"]})


def by_kind(person: dict[str, Any]) -> list[tuple[str, int]]:
    """What somebody would receive in all that time, most first."""
    return sum((Counter(month) for month in person["months"].values()), Counter()).most_common()


def short(month: str) -> str:
    """2027-01 as Jan 27."""
    return f"{datetime.fromisoformat(month + '-01'):%b %y}"


def html(report: dict[str, Any]) -> str:
    """One page in Baton's face, light and dark, with nothing outside it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return env.get_template(TEMPLATE).render(
        report=report,
        heading=heading(report),
        assumed=assumed(report),
        months=all_months(report),
        short=short,
        by_kind=by_kind,
        who=who,
        pairs=lambda spread: [(each["name"], each["turns"]) for each in spread],
        css=(STATIC / "baton.css").read_text(encoding="utf-8"),
    )
