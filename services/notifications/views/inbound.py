"""Mails that came in, and what became of each. Organizers only; what people wrote is in the mails that passed it on."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, render_template, request

from shared import access, config, db
from shared.calendar import reply

from ..inbound import mailbox, taking
from ..models import SERVICE, mail
from .pages import reader_zone

blueprint = Blueprint("inbound", __name__, url_prefix="/notifications/inbound")
# What became of a mail: the word people read, and the one whose icon is meant.
WHAT = {
    "reply": ("Passed on", "sent"),
    "answer": ("Answer to an invite", "ready"),
    "bounce": ("Came back", "failed"),
    "left": ("Left", "ended"),
}
WHY = {
    **{why.value: words for why, words in reply.SAID.items()},
    "auto-reply": "A machine answered.",
    "empty": "There was nothing in it but what it quotes.",
    "forged-attendee": "It answers an invite for somebody else than its sender.",
    "known-already": "That mail had come back before.",
    "list": "It came by a mailing list.",
    "mail-unknown": "The mail that came back is not known any more.",
    "no-sender": "It has no sender that could be answered.",
    "nobody-to-tell": "Nobody but its writer could be told.",
    "not-invited": "It answers an invite that this address did not get.",
    "not-failed": "A server said that a mail is delayed, or has arrived.",
    "not-ours": "It answers no mail of ours, and nobody here has that address.",
    "own-mail": "It was a mail of ours.",
    "spam": "Your mail server marked it as spam.",
    "too-many": "Its writer sent too many in a day.",
    "unknown-uid": "It answers an invite that is not ours.",
    "unproven-bounce": "It says that a mail came back, and proves nothing: see Mail comes back in the guide.",
    "unreadable": "It cannot be read.",
}


@blueprint.get("")
@access.needs("organizer")
def index() -> str:
    """All of them, newest first."""
    before = request.args.get("before", "")
    with db.read(SERVICE) as tx:
        rows, following = taking.listed(tx, before)
        causes = {f"inbound/{row.id}": row.id for row in rows if row.what == "reply"}
        passed = sa.select(mail.c.id, mail.c.cause, mail.c.name).where(mail.c.cause.in_(causes)).order_by(mail.c.name)
        to: dict[str, list[tuple[str, str]]] = {}
        for each in tx.execute(passed):
            to.setdefault(causes[each.cause], []).append((each.id, each.name))
        zone, box = reader_zone(tx), mailbox.state(tx)
    return render_template(
        "notifications/inbound.html",
        rows=rows, before=before, following=following, to=to, zone=zone, what=WHAT, why=WHY, box=box,
        reads=bool(config.current().imap_url), handed=bool(config.current().webhook_secret),
    )  # fmt: skip
