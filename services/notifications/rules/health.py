"""How streams, circles and people are, pure: well, to watch, or in trouble, with the reasons and a way to mend it.

A judgement is {state, reasons, path, label}: reasons are [what, value], put into words by digest/board_words; `path`
and `label` are the one button that leads to where it can be mended. Nobody but organizers ever sees one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .digest import SILENT

WELL, WATCH, TROUBLE, EARLY = "well", "to watch", "in trouble", "too early to say"
STATES = (TROUBLE, WATCH, EARLY, WELL)  # what needs an organizer most comes first
GONE = 2 * SILENT  # sessions running without somebody, from which on it is trouble
RUNNING = 3  # sessions running with fewer than half, from which on it is trouble

Row = Mapping[str, Any]
Judgement = dict[str, Any]


def circle(id: str, last: Sequence[Row], then: Row | None, open: Sequence[Row], late: Sequence[Row]) -> Judgement:
    """How a circle is.

    :param last: its last sessions of which it is known who came, the latest first: {id, present, of, help}.
    :param then: its next session, or None.
    :param open, late: its sessions that nobody leads, and those whose minutes organizers were asked for.
    """
    home = (f"/sessions/circles/{id}", "Look at the circle")
    few = _few(last)
    trouble: list[tuple[list[Any], tuple[str, str]]] = []
    watch: list[tuple[list[Any], tuple[str, str]]] = []
    if open:
        trouble.append((["seat", open[0]["starts_at"].isoformat()], (f"{home[0]}/turns", "Find a coordinator")))
    if late:
        page = (f"/sessions/s/{late[0]['id']}", "Open the session")
        trouble.append((["minutes", late[0]["starts_at"].isoformat()], page))
    if few:
        (trouble if few >= RUNNING else watch).append((["few", few], home))
    if last and last[0]["help"]:
        watch.append((["help", None], (f"/sessions/s/{last[0]['id']}", "Read the minutes")))
    if then is None:
        watch.append((["no date", None], (f"{home[0]}/dates", "Set dates")))
    found = trouble + watch
    if found:
        path, label = found[0][1]
        return _judged(TROUBLE if trouble else WATCH, [reason for reason, _ in found], path, label)
    if not last:
        return _judged(EARLY, [["not met", None]], *home)
    return _judged(WELL, [["came", [last[0]["present"], last[0]["of"]]]], *home)


def _few(last: Sequence[Row]) -> int:
    """To how many sessions running fewer than half came."""
    number = 0
    for row in last:
        if 2 * row["present"] >= row["of"]:
            break
        number += 1
    return number


def stream(slug: str, circles: Mapping[str, int], waiting: int, present: int, of: int) -> Judgement:
    """How a stream is.

    :param circles: {state: how many of its circles are so}.
    :param waiting: how many wait for a place in it.
    :param present, of: who came to its sessions of late.
    """
    number, trouble, watch = sum(circles.values()), circles.get(TROUBLE, 0), circles.get(WATCH, 0)
    reasons: list[list[Any]] = []
    if trouble:
        reasons.append(["circles in trouble", [trouble, number]])
    if watch:
        reasons.append(["circles to watch", [watch, number]])
    if waiting:
        reasons.append(["waiting", waiting])
    few = bool(of) and 2 * present < of
    if few:
        reasons.append(["attendance", [present, of]])
    here = f"/notifications/dashboard/circles?stream={slug}"
    page = (
        ("/sessions/circles/policy", "Sizes and places") if waiting and not (trouble or watch) else (here, "See them")
    )
    if 4 * trouble > number or few:
        return _judged(TROUBLE, reasons, *page)
    if reasons:
        return _judged(WATCH, reasons, *page)
    if not number or not of:
        return _judged(EARLY, [["no circles" if not number else "not met", None]], *page)
    return _judged(WELL, [["attendance", [present, of]]], *page)


def person(id: str, absent: int, circle: str, asked: Sequence[str | None] | None = None) -> Judgement:
    """How somebody is who was not there for so many sessions running (`SILENT` or more).

    :param asked: [when they were asked if they are still with us, what came of it, when]; None: they were not.
    """
    state = TROUBLE if absent >= GONE or (asked and asked[1] == "lapsed") else WATCH
    reasons: list[list[Any]] = [["absent", [absent, circle]], *([["asked", list(asked)]] if asked else [])]
    return _judged(state, reasons, f"/signup/organizer/members/{id}", "Look them up")


def _judged(state: str, reasons: list[list[Any]], path: str, label: str) -> Judgement:
    return {"state": state, "reasons": reasons, "path": path, "label": label}
