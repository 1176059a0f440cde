"""A real IMAP server, Dovecot, as an ordinary process on a free port of loopback, with one mailbox in a folder."""

from __future__ import annotations

import getpass
import grp
import imaplib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from shared.cli.broker import any_port

from .postgres import absent

USER, PASSWORD = "post@example.org", "p%ss word"
PROGRAM = "/usr/sbin/dovecot"
_SETTINGS = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
{users}first_valid_uid = 0
mail_location = maildir:{folder}/mail
mail_uid = {user}
mail_gid = {group}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home
}}
"""


class Imap:
    """Use it as a context manager; `url` is what BATON_IMAP_URL takes."""

    def __init__(self) -> None:
        # Not in the folder of the test, which other users may not enter.
        self.folder, self.port = Path(tempfile.mkdtemp(prefix="imap-")), any_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"imap://{quote(USER)}:{quote(PASSWORD)}@127.0.0.1:{self.port}"

    def __enter__(self) -> Imap:
        if shutil.which("dovecot") is None and not Path(PROGRAM).exists():
            absent("no Dovecot here: install the package dovecot-imapd")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, and wait until it lets somebody in."""
        for name in ("run", "state", "mail", "home"):
            (self.folder / name).mkdir(exist_ok=True, parents=True)
        settings = self.folder / "dovecot.conf"
        me, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
        (self.folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        users = f"default_internal_user = {me}\ndefault_internal_group = {group}\ndefault_login_user = {me}\n"
        if os.getuid() == 0:  # which Dovecot refuses to be; it has users of its own
            me, group, users = "nobody", "nogroup", ""
            # A test before may have taken the others' rights from what this process makes (`settings.apply`).
            for folder in (self.folder, *self.folder.iterdir()):
                folder.chmod(0o755)
            (self.folder / "users").chmod(0o644)
            for name in ("mail", "home"):
                shutil.chown(self.folder / name, me, group)
        settings.write_text(_SETTINGS.format(folder=self.folder, users=users, user=me, group=group, port=self.port))
        self._process = subprocess.Popen(
            [PROGRAM, "-F", "-c", str(settings)],
            start_new_session=True,
            umask=0o022,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "errors").open("wb"),
        )
        until = time.monotonic() + 60
        while True:
            try:
                self.box().logout()
                return
            except (OSError, imaplib.IMAP4.error) as error:
                if self._process.poll() is not None or time.monotonic() > until:
                    said = (self.folder / "errors").read_text()
                    log = self.folder / "log"
                    self.stop()
                    raise RuntimeError(f"{error}\n{said}\n{log.read_text() if log.exists() else ''}") from error
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop it and its children."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)
            self._process = None

    def box(self, folder: str = "INBOX") -> imaplib.IMAP4:
        """Signed on, as the owner's own mail program is."""
        box = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
        try:
            box.login(USER, PASSWORD)
            box.select(folder)
        except BaseException:
            box.shutdown()
            raise
        return box

    def put(self, *raws: bytes, folder: str = "INBOX") -> None:
        """Mails come."""
        box = self.box(folder)
        for raw in raws:
            kind, told = box.append(folder, None, None, raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))  # type: ignore[arg-type]
            assert kind == "OK", told
        box.logout()

    def flags(self) -> list[bytes]:
        """The marks of every mail."""
        box = self.box()
        told = box.fetch("1:*", "(FLAGS)")[1]
        box.logout()
        return [each for each in told if isinstance(each, bytes)]

    def anew(self) -> None:
        """The mailbox is lost, and made anew: its UIDs begin at 1 again, under another UIDVALIDITY."""
        self.stop()
        shutil.rmtree(self.folder / "mail")
        time.sleep(1.1)  # UIDVALIDITY is a time in seconds
        self.start()
