"""One git command, with nothing of its own to lean on: no configuration but ours, no prompt, no hook, no helper.

Addresses and names come from members. So each command has a deadline, little memory, files and output of bounded size;
it ends with all that it started. Protocols are named one by one (`ext::` runs a command, and is none of them); there
are no credentials anywhere, since only public blogs are read.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PATIENCE = 60.0  # seconds for a look into a mirror
OUTPUT = 64_000_000  # bytes of answer
_MEMORY = 3_000_000  # kB of address space: packs are mapped into it
_CONFIG = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.attributesFile": "/dev/null",
    "core.quotePath": "false",
    "credential.helper": "",
    "diff.external": "",
    "diff.renameLimit": "1000",
    "fetch.recurseSubmodules": "false",
    "gc.autoDetach": "false",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "protocol.http.allow": "always",
    "submodule.recurse": "false",
    "transfer.fsckObjects": "false",
    "uploadpack.allowAnySHA1InWant": "false",
}
# The limits of the shell that becomes git: blocks of 512 bytes, and kB. Where one is not known (macOS), the others
# hold.
_LIMITED = 'ulimit -f "$1" 2>/dev/null; ulimit -v "$2" 2>/dev/null; ulimit -c 0 2>/dev/null; shift 2; exec "$@"'


class Failed(Exception):
    """git ended otherwise than it should.

    :param said: the last of what it wrote to stderr; it may quote what members wrote, so it goes to no page.
    """

    def __init__(self, command: str, said: str) -> None:
        super().__init__(f"git {command}: {said}")
        self.command, self.said = command, said


class TooMuch(Failed):
    """It took longer, or said more, than it may."""


def environment(folders: bool = False, private: Mapping[str, str] | None = None) -> dict[str, str]:
    """All that git is told by its environment: nothing of ours is passed on.

    :param folders: whether repositories in folders may be read.
    :param private: more of its configuration; unlike a command's words, only this user can read it.
    """
    config = {**_CONFIG, **({"protocol.file.allow": "always"} if folders else {}), **(private or {})}
    found = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_ALLOW_PROTOCOL": "https:http" + (":file" if folders else ""),
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_CONFIG_COUNT": str(len(config)),
    }
    if bundle := os.environ.get("SSL_CERT_FILE"):
        found["GIT_SSL_CAINFO"] = bundle
    for number, (key, value) in enumerate(config.items()):
        found[f"GIT_CONFIG_KEY_{number}"], found[f"GIT_CONFIG_VALUE_{number}"] = key, value
    return found


def run(
    folder: Path,
    *words: str,
    given: bytes = b"",
    patience: float = PATIENCE,
    output: int = OUTPUT,
    size: int = 0,
    settings: Sequence[str] = (),
    folders: bool = False,
    private: Mapping[str, str] | None = None,
    more: Mapping[str, str] | None = None,
) -> bytes:
    """What git answers to `words` about the bare repository in `folder`.

    :param given: its stdin.
    :param size: bytes of the largest file that it may write; 0: none.
    :param settings: more configuration, as `key=value`; nothing secret: all can read a command's words.
    :param private: more of its configuration, that may be secret.
    :param more: more of its environment.
    :raises Failed: it failed, TooMuch: it was ended by us.
    """
    told = {**environment(folders, private), **(more or {})}
    with _started(folder, words, size, settings, told) as child:
        ended = threading.Event()

        def end() -> None:
            ended.set()
            kill(child)

        late = threading.Timer(patience, end)
        late.start()
        said: list[bytes] = []
        listener = threading.Thread(target=lambda: said.append(_tail(child.stderr)), daemon=True)
        listener.start()
        feeder = threading.Thread(target=_feed, args=(child.stdin, given), daemon=True)
        feeder.start()
        try:
            assert child.stdout is not None
            answer = child.stdout.read(output + 1)
            if len(answer) > output:
                end()
            code = child.wait()
            listener.join()
        finally:
            late.cancel()
    words_said = (said[0] if said else b"").decode("utf-8", "replace").strip()[-500:]
    if ended.is_set():
        raise TooMuch(words[0], "it took too long, or said too much")
    if code:
        raise Failed(words[0], words_said or f"it ended with {code}")
    return answer


@contextlib.contextmanager
def _started(
    folder: Path, words: Sequence[str], size: int, settings: Sequence[str], told: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    limits = [str((size + 511) // 512), str(_MEMORY)]
    asked = [part for setting in settings for part in ("-c", setting)]
    child = subprocess.Popen(
        ["/bin/sh", "-c", _LIMITED, "git", *limits, "git", *asked, f"--git-dir={folder}", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=told,
        cwd="/",
        start_new_session=True,
    )
    try:
        yield child
    finally:
        kill(child)
        child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):
                    pipe.close()


def kill(child: subprocess.Popen[bytes]) -> None:
    """End a command and whatever it started: it is the leader of a session of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def _feed(pipe: object, given: bytes) -> None:
    with contextlib.suppress(OSError, ValueError):
        pipe.write(given)  # type: ignore[attr-defined]
        pipe.close()  # type: ignore[attr-defined]


def _tail(pipe: object) -> bytes:
    """The last of what is written to a pipe; all of it is read, so that nobody waits."""
    kept = b""
    with contextlib.suppress(OSError, ValueError):
        while part := pipe.read(65_536):  # type: ignore[attr-defined]
            kept = (kept + part)[-4_000:]
    return kept
