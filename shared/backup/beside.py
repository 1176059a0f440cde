"""What a service keeps beside its database, and cannot make anew: a module `beside` of the service, two functions.

pack(data, to)      write all of it into the file `to`; False, and no file, where there is nothing
bring(data, file)   ready what was packed, and return the function that puts it in its place, and what is there
                    into the folder that it is given
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

Settle = Callable[[Path], None]


class Keeper(Protocol):
    """Such a module."""

    def pack(self, data: Path, to: Path) -> bool: ...

    def bring(self, data: Path, file: Path | None) -> Settle: ...


def keeper(service: str) -> Keeper | None:
    """Of that service; None: all it has is in its database."""
    name = f"services.{service}.beside"
    return cast(Keeper, importlib.import_module(name)) if importlib.util.find_spec(name) else None
