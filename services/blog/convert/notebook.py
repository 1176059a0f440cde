"""Notebooks as Markdown, by nbconvert in a process of its own that can be killed.

A notebook is somebody else's JSON: as deep, as large and as odd as they like. The process that reads it has little memory and a
deadline; when it dies, only that notebook is refused. It stays for the next one, since importing nbconvert takes a second.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from .shapes import Note

KEPT, KEPT_MOST = 4, 1_000_000  # notebooks that are remembered, and bytes of the largest: a push is read, then offered
PATIENCE = 60.0  # seconds of machine time for one notebook, the start of the process among them
_CHILD = Path(__file__).with_name("notebook_child.py")


@dataclass(frozen=True)
class Cooked:
    """A notebook as a post's text; ``images`` by the names under which the text calls for ``notebook:<name>``."""

    text: str
    images: dict[str, bytes]
    notes: tuple[Note, ...]


_kept: OrderedDict[bytes, Cooked] = OrderedDict()  # by the hash of the notebook


class Kitchen:
    """The process. Use it as a context manager around everything that one task converts."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Kitchen:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            for pipe in (self._child.stdin, self._child.stdout):
                if pipe is not None:
                    try:
                        pipe.close()
                    except OSError:
                        pass
            self._child = None

    def markdown(self, raw: bytes) -> Cooked:
        """A notebook's bytes as Markdown. ValueError says why not."""
        key = hashlib.sha256(raw).digest()
        if (kept := _kept.get(key)) is not None:
            return kept
        found = self._cook(raw)
        if len(raw) <= KEPT_MOST:
            _kept[key] = found
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
        return found

    def _cook(self, raw: bytes) -> Cooked:
        if self._child is None or self._child.poll() is not None:
            self.close()
            command = [sys.executable, "-I", str(_CHILD)]
            self._child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        child = self._child
        assert child.stdin is not None and child.stdout is not None
        late = threading.Timer(self._patience, child.kill)
        late.start()
        try:
            child.stdin.write(f"{len(raw)}\n".encode() + raw)
            child.stdin.flush()
            line = child.stdout.readline()
        except OSError:
            line = b""
        finally:
            late.cancel()
        if not line:
            self.close()
            raise ValueError("it took too much time or memory")
        said = json.loads(line)
        if "error" in said:
            raise ValueError(said["error"])
        images = {name: base64.b64decode(data) for name, data in said["images"].items()}
        return Cooked(said["text"], images, tuple(Note(kind, text) for kind, text in said["notes"]))
