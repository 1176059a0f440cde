"""The program's small blog, for a backup: all its branches in one git bundle. Mirrors are not kept: the next look
brings them again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from shared.backup import Wrong

from .forges.embedded import NAME
from .repos import git

LARGEST = 4 << 30  # bytes of a bundle, and of a pack
PATIENCE = 600.0  # seconds


def pack(data: Path, to: Path) -> bool:
    """Write the small blog's bundle; False where there is none yet.

    :raises Wrong: git fails.
    """
    folder = data.absolute() / NAME
    if not (folder / "HEAD").exists():
        return False
    try:
        git.run(folder, "bundle", "create", "--quiet", str(to.absolute()), "--all", size=LARGEST, patience=PATIENCE)
    except git.Failed as failed:
        raise Wrong(f"the program's small blog, {folder}, cannot be read: {failed.said}") from None
    return True


def bring(data: Path, file: Path | None) -> Callable[[Path], None]:
    """Make the repository of a bundle, beside its place; None: there was none, and there shall be none.

    :returns: a function that puts it in its place, and what is there into the folder that it is given.
    :raises Wrong: it is no bundle, or not whole.
    """
    place = data.absolute() / NAME
    draft = Path(tempfile.mkdtemp(prefix=f"{NAME}.", dir=place.parent)) if file else None
    if draft and file:
        try:
            git.run(draft, "init", "--quiet", "--bare", "--template=", "--initial-branch=main", size=LARGEST)
            words = ("fetch", "--quiet", "--no-auto-gc", str(file.absolute()), "refs/*:refs/*")
            git.run(draft, *words, size=LARGEST, patience=PATIENCE, folders=True)
        except git.Failed as failed:
            shutil.rmtree(draft, ignore_errors=True)
            raise Wrong(
                f"the program's small blog cannot be brought back: {failed.said}; nothing was changed"
            ) from None

    def settle(aside: Path) -> None:
        if place.exists():
            aside.mkdir(mode=0o700, exist_ok=True)
            shutil.move(place, aside / NAME)
        if draft:
            os.rename(draft, place)

    return settle
