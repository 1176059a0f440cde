"""The small blog that there is when no other is named: plain modern Jekyll in a bare repository, `program-blog.git` in
the data folder. Cloned and built as it is (`jekyll build --safe`) it is a site; all can be tried without an account.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from ..repos import git

NAME = "program-blog.git"
FIRST = Path(__file__).parent / "first"
# So that two who make it at the same moment make the same.
_WHO = {
    f"GIT_{who}_{what}": said
    for who in ("AUTHOR", "COMMITTER")
    for what, said in (("NAME", "Baton"), ("EMAIL", "baton@localhost"), ("DATE", "2026-01-01T00:00:00+00:00"))
}


def made(data: Path) -> Path:
    """Where it is; made if it is not there yet, whole or not at all."""
    folder = data.absolute() / NAME
    if (folder / "HEAD").exists():
        return folder
    data.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{NAME}.", dir=data))
    try:
        _make(draft)
        try:
            os.rename(draft, folder)
        except OSError:
            if not (folder / "HEAD").exists():  # else somebody was quicker
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _make(folder: Path) -> None:
    size = 10_000_000
    git.run(folder, "init", "--quiet", "--bare", "--template=", "--initial-branch=main", size=size)
    with tempfile.TemporaryDirectory(prefix="baton-index-") as place:
        index = {"GIT_INDEX_FILE": str(Path(place) / "index")}
        lines = []
        for file in sorted(path for path in FIRST.rglob("*") if path.is_file()):
            blob = git.run(folder, "hash-object", "-w", "--stdin", given=file.read_bytes(), size=size).decode().strip()
            lines.append(f"100644 {blob}\t{file.relative_to(FIRST).as_posix()}\0")
        given = "".join(lines).encode()
        git.run(folder, "update-index", "-z", "--index-info", given=given, size=size, more=index)
        tree = git.run(folder, "write-tree", size=size, more=index).decode().strip()
    first = git.run(folder, "commit-tree", tree, "-m", "A blog", size=size, more=_WHO).decode().strip()
    git.run(folder, "update-ref", "refs/heads/main", first, size=size)
