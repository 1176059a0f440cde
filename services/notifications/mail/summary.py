"""The daily letter about applications: the one mail that names others, and is written anew without those who go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from . import letter


def context(data: Mapping[str, Any], streams: Mapping[str, str], gone: set[str]) -> dict[str, Any]:
    """What the letter says, plain enough for JSON: `data` of applications.summarized, less the names of who is gone."""
    listed = [
        {
            "person": entry["person"],
            "name": letter.line(entry["name"]),
            "stream": streams.get(entry["stream"] or "", entry["stream"] or "No stream"),
            "state": entry["state"],
        }
        for entry in data["applications"]
        if entry["person"] not in gone and entry["name"]
    ]
    total = max(sum(data["counts"].values()), len(data["applications"]))
    titles = list(dict.fromkeys([*streams.values(), *(entry["stream"] for entry in listed)]))
    last = date.fromisoformat(data["day"])
    first = date.fromisoformat(data.get("since") or data["day"])
    return {
        "when": f"between {_long(first)} and {_long(last)}" if first < last else f"on {_long(last)}",
        "short": f"from {_short(first)} to {_short(last)}" if first < last else f"on {_short(last)}",
        "groups": _grouped(titles, listed),
        "total": total,
        "more": total - len(listed),
    }


def named(context: Mapping[str, Any]) -> list[str]:
    """The ids of those whom the letter names."""
    return [entry["person"] for _, entries in context["groups"] for entry in entries]


def without(context: Mapping[str, Any], person: str) -> dict[str, Any]:
    """The same letter less one person, who is still counted."""
    listed = [entry for _, entries in context["groups"] for entry in entries if entry["person"] != person]
    titles = [title for title, _ in context["groups"]]
    return {**context, "groups": _grouped(titles, listed), "more": context["total"] - len(listed)}


def _grouped(titles: list[str], listed: list[dict[str, Any]]) -> list[list[Any]]:
    groups = [[title, [entry for entry in listed if entry["stream"] == title]] for title in titles]
    return [group for group in groups if group[1]]


def _long(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"


def _short(day: date) -> str:
    return f"{day.day} {day:%B}"
