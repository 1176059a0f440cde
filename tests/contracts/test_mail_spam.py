"""What a spam filter makes of our mails: SpamAssassin by its own rules alone, without asking anybody on the network."""

from __future__ import annotations

import mailbox
import os
import shutil
import subprocess
from pathlib import Path

from tests.postgres import absent

GOLDEN = Path(__file__).resolve().parent / "golden" / "mail"
# As a server of elsewhere took it from ours.
RECEIVED = (
    "Received: from mail.mentors.example.org (mail.mentors.example.org [93.184.216.34])\r\n"
    "\tby mx.example.com (Postfix) with ESMTPS id 4ABC; Mon, 04 Jan 2027 09:00:02 +0000 (UTC)\r\n"
)
MOST = 1.0
# By which every such filter can be tried: it says that whatever has it in its text is spam.
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


def test_no_kind_of_mail_looks_like_spam(tmp_path: Path) -> None:
    """All of them in one run: it is the start that takes long."""
    filter = shutil.which("spamassassin") or absent("no SpamAssassin here: install the package spamassassin")
    letters = {path.stem: path.read_bytes() for path in sorted(GOLDEN.glob("*.eml"))}
    letters["a spam"] = letters["welcome"].replace(b"Hello", GTUBE + b"\r\n\r\nHello", 1)
    mails = tmp_path / "all.mbox"
    with mails.open("wb") as file:
        for name, raw in letters.items():
            whole = f"X-Golden: {name}\r\n{RECEIVED}".encode() + raw
            file.write(b"From post@mentors.example.org Mon Jan  4 09:00:02 2027\n")
            file.write(whole.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ") + b"\n")
    done = subprocess.run(
        [filter, "--local", "--nocreate-prefs", "--mbox"],
        stdin=mails.open("rb"), capture_output=True, timeout=300, check=True, env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    (tmp_path / "judged.mbox").write_bytes(done.stdout)
    judged: dict[str, str] = {}
    for mail in mailbox.mbox(tmp_path / "judged.mbox"):
        said = " ".join(str(mail["X-Spam-Status"]).split())
        judged[str(mail["X-Golden"] or "a spam")] = said
    scores = {name: float(said.partition("score=")[2].split()[0]) for name, said in judged.items()}
    assert scores.keys() == letters.keys() and len(scores) > 30
    assert scores.pop("a spam") > 100, "it does judge"
    assert not {name: judged[name] for name, score in scores.items() if score >= MOST}
