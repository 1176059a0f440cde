"""Reading settings that others wrote, as nothing but text."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from ..convert import front

Read = Callable[[str], bytes | None]
MOST = 200_000  # bytes
_POST = re.compile(r"\.(md|mdx|markdown)$", re.I)


def text(read: Read, path: str) -> str:
    """The beginning of a file; empty when it is not there."""
    return (read(path) or b"")[:MOST].decode("utf-8", "replace")


def settings(read: Read, path: str) -> dict[str, Any]:
    """Settings in YAML, TOML or JSON, all values as strings; what cannot be read is left out."""
    found = text(read, path)
    if path.endswith(".json"):
        try:
            data = json.loads(found)
        except (ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}
    marks = "+++" if path.endswith(".toml") else "---"
    return front.read(f"{marks}\n{found}\n{marks}\n", "hugo").data


def within(data: Any, *keys: str) -> Any:
    """What is below these keys, however they are spelt; None when it is not there."""
    for key in keys:
        if not isinstance(data, dict):
            return None
        data = next((value for name, value in data.items() if str(name).lower() == key.lower()), None)
    return data


def base(address: Any) -> str:
    """The path of an address below which a site lies, without a slash at its end."""
    said = re.sub(r"^(?:https?:)?//[^/]*", "", address) if isinstance(address, str) else ""
    return said.rstrip("/") if re.fullmatch(r"(/[\w.~-]+)*/?", said) else ""


def folders(files: Iterable[str], below: str) -> Counter[str]:
    """How many posts there are in each folder of one; a post that is a folder of its own counts for the one above."""
    found: Counter[str] = Counter()
    for path in files:
        if path.startswith(below) and _POST.search(path):
            *parts, name = path.split("/")
            if name.startswith("_"):
                continue
            if re.match(r"index\.", name):
                parts = parts[:-1]
            found["/".join(parts)] += 1
    return found
