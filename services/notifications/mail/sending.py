"""Take due mails and hand them to the relay, one after another on one kept connection, writing down each step first.

Per mail: claim, envelope up to RCPT, commit `data_at`, DATA and text, the final dot, commit `sent`. The commit of one
mail's outcome is the commit of the next one's `data_at` (`_Ledger.mark`), so each mail costs one. Several of these may
run at once, in any number of processes: a mail belongs to whoever claimed it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from shared import clock, config, db, die, log

from .. import rules
from ..models import SERVICE
from ..rules import Stage, Step
from . import ledger, letter, proof, server, smtp
from .ledger import Claimed, Outcome

START_WITHIN = 20.0  # no mail is begun later in a task than this, so that its final dot has as long to be answered
END_WITHIN = 40.0  # well under the task's soft limit of 45 s
AT_ONCE = 25  # mails in one claim: few enough that duty mail, asked for meanwhile, comes soon

_log = log.get("notifications.sending")


@dataclass
class Report:
    """What one call did: ids by how they ended, and whether more is due now."""

    steps: list[tuple[str, Step]] = field(default_factory=list)
    more: bool = False


def send_due() -> Report:
    """Send what is due, for at most some 20 seconds; a mail in flight then is finished.

    :returns: what became of each mail; `more` asks to be called again at once. When the relay is out of reach `more`
        is False: the tick will ask again.
    """
    report = Report()
    url = config.current().smtp_url
    if not url:
        return report
    started = clock.machine()
    relay = smtp.relay(url)
    relay.until = started + END_WITHIN
    books = _Books(report)
    batch: list[Claimed] = []
    known = False  # that the server is there
    try:
        while True:
            batch = books.claim()
            if not batch:
                return report
            while batch:
                if clock.machine() - started > START_WITHIN:
                    books.done(*(Outcome(row, Step.RELEASE) for row in batch))
                    report.more = True
                    return report
                refused = _hand_over(relay, batch.pop(0), books)
                if refused is not None and refused.stage in (Stage.CONNECT, Stage.SIGN_ON):
                    # The relay itself is away: that is true for all of them, and asking once is enough.
                    verdict = rules.judge(refused.stage, refused.code, refused.text)
                    books.done(*(Outcome(row, verdict.step, str(refused)) for row in batch))
                    server.away(str(refused))
                    return report
                if not known:
                    known = True
                    server.back()
    except BaseException:
        books.done(*(Outcome(row, Step.RELEASE) for row in batch))
        raise
    finally:
        books.close()


def _hand_over(relay: smtp.Relay, row: Claimed, books: _Books) -> smtp.Refused | None:
    """Send one mail, or say what stopped it; its outcome is in the books in any case."""
    sender = letter.address_of(config.current().mail_from)
    try:
        relay.envelope(proof.envelope(row.id, sender), letter.wire(row.address), len(row.raw))
    except smtp.Refused as refused:
        return _refused(row, refused, books)
    except BaseException as error:
        return _broken(row, relay, Stage.RCPT, error, books)
    try:
        ours = books.mark(row)
    except BaseException as error:
        return _broken(row, relay, Stage.RCPT, error, books)
    if not ours:
        relay.reset()
        return None
    stage = Stage.DATA
    try:
        relay.data()
        stage = Stage.BODY
        relay.body(row.raw)
        if clock.machine() - row.claimed_at > rules.LEASE:
            # Frozen so long that somebody may have decided about this mail meanwhile: without its dot it is not sent.
            relay.close()
            books.done(Outcome(row, Step.RELEASE))
            return None
        stage = Stage.DOT
        relay.dot()
        die.at("mail.dot")
    except smtp.Refused as refused:
        return _refused(row, refused, books)
    except BaseException as error:
        return _broken(row, relay, stage, error, books)
    books.done(Outcome(row, Step.ACCEPT))
    return None


def _refused(row: Claimed, refused: smtp.Refused, books: _Books) -> smtp.Refused:
    verdict = rules.judge(refused.stage, refused.code, refused.text)
    books.done(Outcome(row, verdict.step, str(refused)[:1000], verdict.suppress))
    return refused


def _broken(row: Claimed, relay: smtp.Relay, stage: Stage, error: BaseException, books: _Books) -> NoReturn:
    """A time limit or a broken disk: say what is known of this mail, then let the error go on.

    Before the dot it counts as a try: a mail that breaks its sender must not be the first in line for ever.
    """
    relay.close()
    step = Step.LOSE if stage is Stage.DOT else Step.RETRY
    books.done(Outcome(row, step, f"{stage}: {type(error).__name__}"))
    raise error


class _Books:
    """Outcomes on their way into the ledger: they wait for the next commit that is made anyway."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._pending: list[Outcome] = []

    def done(self, *outcomes: Outcome) -> None:
        """A try is over."""
        self._pending.extend(outcomes)

    def claim(self) -> list[Claimed]:
        """Settle what is pending and take the next mails."""
        with db.write(SERVICE) as tx:
            ledger.settle(tx, self._pending)
            batch = ledger.claim(tx, AT_ONCE)
        self._settled()
        if batch:
            die.at("mail.claimed")
        return batch

    def mark(self, row: Claimed) -> bool:
        """Settle what is pending and write that the server may have `row` from now on; False: it is not ours."""
        with db.write(SERVICE) as tx:
            ledger.settle(tx, self._pending)
            ours = ledger.mark_data(tx, row)
        self._settled()
        die.at("mail.data_at")
        return ours

    def close(self) -> None:
        """Settle the rest."""
        if self._pending:
            with db.write(SERVICE) as tx:
                ledger.settle(tx, self._pending)
            self._settled()

    def _settled(self) -> None:
        sent = False
        for outcome in self._pending:
            self.report.steps.append((outcome.mail.id, outcome.step))
            _log.info("mail." + outcome.step.value, mail=outcome.mail.id, kind=outcome.mail.kind)
            sent = sent or outcome.step is Step.ACCEPT
        self._pending = []
        if sent:
            die.at("mail.sent")
