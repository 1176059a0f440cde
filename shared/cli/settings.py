"""What a laptop need not set: secret, broker's address and pages' are made by `up` and kept in the data folder.

Every command asks here before it imports anything that reads settings, so that `./baton events` beside a running
`./baton up` speaks of the same system. In production both are set, and nothing here is used.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from .. import config
from . import Refused

SECRET_FILE = "secret"
BROKER_FILE = "broker-url"
ADDRESS_FILE = "base-url"  # where the last `up` here had its pages
PRIVATE = 0o077  # as UMask= in deploy/systemd
ROOT = Path(__file__).resolve().parents[2]


def merged() -> dict[str, str]:
    """`.env` and the environment over it, as strings, files read: what `shared.config` will see.

    :raises Refused: a file that a setting names cannot be read.
    """
    dotenv = {name: value or "" for name, value in dotenv_values(ROOT / ".env").items()}
    try:
        return config.read_files({**dotenv, **os.environ})
    except config.SettingError as wrong:
        raise Refused(str(wrong)) from None


def apply(data: str | None = None, secret: bool = True) -> dict[str, str]:
    """Put the data folder, secret, broker and address of this machine into the environment where they are not set.

    What is made from here on, by this process and those it starts, is for its owner only: databases, mails and logs
    speak of people as much as a backup does.

    :param data: the `--data` of a command, relative to where the command was typed.
    :param secret: make the secret if there is none yet.
    :returns: the settings as they are now.
    :raises Refused: the data folder cannot be written.
    """
    os.umask(PRIVATE)
    settings = merged()
    there = folder(data)
    os.environ["BATON_DATA"] = str(there)
    if not settings.get("BATON_SECRET") and secret:
        os.environ["BATON_SECRET"] = kept_secret(there)
    for name, file in (("BATON_BROKER_URL", BROKER_FILE), ("BATON_BASE_URL", ADDRESS_FILE)):
        if not settings.get(name):
            with contextlib.suppress(OSError):
                os.environ[name] = (there / file).read_text().strip()
    return merged()


def sound() -> config.Config:
    """The settings as every part reads them.

    :raises Refused: one of them is wrong.
    """
    try:
        return config.current()
    except config.SettingError as wrong:
        raise Refused(str(wrong)) from None


def take_options(parser: argparse.ArgumentParser, commands: Any) -> None:
    """`--data` and `--json`, before a subcommand or after it.

    :param commands: what `add_subparsers` gave, with all subcommands.
    """
    parser.add_argument("--data", help="the data folder (default: BATON_DATA, or var)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    for each in commands.choices.values():
        each.add_argument("--data", default=argparse.SUPPRESS, help="the data folder")
        each.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="answer in JSON")


def folder(data: str | None = None) -> Path:
    """The data folder: `--data`, else BATON_DATA, else var."""
    return called_from(data) if data else (ROOT / merged().get("BATON_DATA", "var")).expanduser().absolute()


def called_from(path: str) -> Path:
    """A path of the command line, which is meant from where it was typed."""
    return (Path(os.environ.get("BATON_CALLED_FROM") or ".") / Path(path).expanduser()).absolute()


def has_secret(folder: Path) -> bool:
    """Is there a secret, set or kept?"""
    return bool(merged().get("BATON_SECRET")) or (folder / SECRET_FILE).exists()


def own_broker(folder: Path) -> bool:
    """Is the broker the one that `./baton up` starts itself?"""
    try:
        kept = (folder / BROKER_FILE).read_text().strip()
    except OSError:
        kept = ""
    return merged().get("BATON_BROKER_URL", "") in {"", kept}


def kept_secret(folder: Path) -> str:
    """The secret of this data folder; made, readable by its owner only, when it is not there."""
    path = folder / SECRET_FILE
    try:
        kept = path.read_text().strip()
        if kept:
            return kept
    except FileNotFoundError:
        pass
    except OSError as error:
        raise Refused(unwritable(folder, error)) from None
    made = secrets.token_hex(32)
    write_private(path, made + "\n")
    return made


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all.

    :raises Refused: it cannot be written.
    """
    draft = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise Refused(unwritable(path.parent, error)) from None


def unwritable(folder: Path, error: OSError, other: str = "choose another folder with --data") -> str:
    """The one line for a folder that takes no writes. :param other: what else can be done."""
    why = (error.strerror or str(error)).lower()
    if error.errno in {28, 122}:
        return f"the disk of {folder} is full: free some space, or {other}"
    return f"cannot write to {folder} ({why}): give yourself the right to, or {other}"
