"""Take due mails and hand them to the relay, on kept connections, writing down each step first.

Per mail: claim, envelope up to RCPT, commit `data_at`, DATA and text, the final dot, commit `sent`. The commit of one
mail's outcome is the commit of the next one's `data_at` (`_Books.mark`), since its final dot goes out with the next
envelope. What somebody waits for is marked alone, so that a death leaves one mail in doubt. Of bulk eight are in
flight, on many connections four on each, the one that waits for its final dot among them: its commands go out in
groups, and what became of it is written with the mark of the next group.

A relay that is far away gets more connections (`_Lane`, each a thread), since each then mostly waits. Several of these
tasks may run at once, in any number of processes: a mail belongs to whoever claimed it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.engine import Connection

from shared import clock, config, db, die, log

from .. import rules
from ..models import SERVICE
from ..rules import Stage, Step
from . import ledger, letter, proof, server, smtp
from .ledger import Claimed, Outcome

START_WITHIN = 20.0  # no mail is begun later in a task than this, so that its final dot has as long to be answered
END_WITHIN = 40.0  # well under the task's soft limit of 45 s
AT_ONCE = 50  # mails in one claim: few enough that a mail somebody waits for, asked for meanwhile, comes soon
IN_FLIGHT = 8  # on a connection, of bulk: more would be in doubt when a sender dies
FEW = 4  # in flight on each of many connections: together they keep a server that is far as busy
FAR = 0.005  # seconds to a relay and back from which on one connection is not enough
SURE = 8  # answers after which the quickest says how far it is: on a busy machine any one of them may come late

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
    if url:
        take_back()  # with so much to send that ticks come late, too
        lane = _Lane(smtp.relay(url), report, clock.machine())
        helpers = _Helpers(lane)
        try:
            lane.run(helpers.come)
        except _Away as away:
            server.away(str(away.refused))
        finally:
            helpers.end()
    return report


def take_back() -> None:
    """What dead senders had goes out again, or is held; cheap when there are none."""
    with db.read(SERVICE) as tx:
        if not ledger.stale(tx):
            return
    with db.write(SERVICE) as tx:
        swept = ledger.sweep(tx)
    for id, step in swept:
        _log.warning("mail.held" if step is Step.LOSE else "mail.taken_back", mail=id)


class _Away(Exception):
    """The relay itself cannot be reached, or lets us not in: that is true of all mails, and asking once is enough."""

    def __init__(self, refused: smtp.Refused) -> None:
        super().__init__(str(refused))
        self.refused = refused


class _Helpers:
    """More lanes to a relay that is far away."""

    def __init__(self, lane: _Lane) -> None:
        self.lane = lane
        self.threads: list[threading.Thread] = []

    def come(self, batch: int) -> None:
        """To a relay that is far, when there is more to do than fits into one claim."""
        relay = self.lane.relay
        if not self.threads and batch == AT_ONCE and relay.answers >= SURE and relay.journey > FAR:
            self.lane.share()
            for number in range(1, config.current().smtp_connections):
                self.threads.append(threading.Thread(target=self._help, name=f"mail-lane-{number}", daemon=True))
                self.threads[-1].start()

    def _help(self) -> None:
        relay = smtp.Relay(self.lane.relay.where)
        try:
            _Lane(relay, self.lane.report, self.lane.started, first=False).run()
        except _Away:
            pass  # so many connections it does not want
        except Exception as error:
            _log.warning("mail.lane_failed", error=type(error).__name__)
        finally:
            relay.close()

    def end(self) -> None:
        for thread in self.threads:
            thread.join()


class _Lane:
    """One connection, and the mails that go over it."""

    def __init__(self, relay: smtp.Relay, report: Report, started: float, first: bool = True) -> None:
        self.relay, self.report, self.started, self.first = relay, report, started, first
        relay.until = started + END_WITHIN
        self.books = _Books(report)
        self.together = IN_FLIGHT if first else FEW
        # Others claim few: what a dead sender had claimed waits for the end of its lease.
        self.most = AT_ONCE if first else 3 * FEW
        self.size = 0  # of the last claim
        self.sender = letter.address_of(config.current().mail_from)
        self.waiting: list[Claimed] = []  # claimed, and not begun
        self.at: Claimed | None = None  # the one in hand
        self.open: Claimed | None = None  # its text went out, its final dot may have
        self.dotted = False  # it may, from now on
        self.known = False  # that the server is there

    def run(self, come: Callable[[int], None] = lambda _: None) -> None:
        """Send until nothing is due, or the time is over.

        :param come: called now and then with the size of a claim, once there is a connection.
        :raises _Away: the relay is out of reach.
        """
        try:
            while self._more():
                if self._over():
                    self.report.more = True
                    return
                self._group()
                come(self.size)
        except _Away as away:
            self.books.done(*(self._outcome(row, away.refused) for row in self.waiting))
            self.waiting = []
            raise
        except BaseException as error:
            self._broken(error)
            raise
        finally:
            self._take()
            self.books.done(*(Outcome(row, Step.RELEASE) for row in self.waiting))
            try:
                self._end()
            finally:
                self.books.close()

    def _more(self) -> bool:
        if not self.waiting:
            self.books.claim(self.most)
            self.size = self._take()
        return bool(self.waiting)

    def _take(self) -> int:
        """Put what the books took with what waits; how many. Never on the way: a time limit may strike anywhere."""
        taken = len(self.books.taken)
        self.waiting, self.books.taken = self.waiting + self.books.taken, []
        return taken

    def share(self) -> None:
        """Others come to help: be as they are, and let them have what was claimed for more."""
        self.together, self.most = FEW, 3 * FEW
        self.books.done(*(Outcome(row, Step.RELEASE) for row in self.waiting[self.most :]))
        self.waiting = self.waiting[: self.most]

    def _over(self) -> bool:
        return clock.machine() - self.started > START_WITHIN

    def _group(self) -> None:
        """Send the next, alone, or some of bulk together."""
        together = self.together if self.waiting[0].bulk else 1
        # With one of bulk open the server is there: so many but that one are marked before it is asked for the first,
        # whose envelope then needs no journey of its own. What somebody waits for is known to be sent before that.
        asked = together == 1 or self.open is None or not self.open.bulk
        together -= not asked
        while asked and not self._begin(self.waiting[0]):
            self.waiting.pop(0)
            if not self.waiting:
                return
        rows = [row for row in self.waiting[:together] if row.bulk or together == 1]
        last = len(rows) == len(self.waiting) and not self._over()
        ours = self.books.mark(rows, self.most if last else 0)
        if last:
            self.size = self._take()
        if asked:
            first = self.waiting.pop(0)
            if first.id in ours:
                self._data(first)
            else:
                self.at = None
                self.relay.reset()
        for row in rows[1:] if asked else rows:
            if self._over():
                return
            begun = row.id in ours and self._begin(row, data=True)
            self.waiting.pop(0)
            if begun:
                self._text(row)

    def _begin(self, row: Claimed, data: bool = False) -> bool:
        """Its envelope, and DATA if that is marked; False when it was refused, which is then in the books."""
        self.at = row
        told = self._follow((proof.envelope(row.id, self.sender), letter.wire(row.address), len(row.raw)), data)
        if told.refused:
            self._refused(row, told.refused)
        self._there()
        return told.refused is None

    def _data(self, row: Claimed) -> None:
        try:
            self.relay.data()
        except smtp.Refused as refused:
            self._refused(row, refused)
        else:
            self._text(row)

    def _text(self, row: Claimed) -> None:
        self.at = row
        try:
            self.relay.body(row.raw, wait=row.bulk)
        except smtp.Refused as refused:
            self._refused(row, refused)
        else:
            self.open, self.dotted, self.at = row, False, None

    def _end(self) -> None:
        """The final dot of what is open."""
        if self.open:
            self._follow(None)

    def _follow(self, envelope: smtp.Envelope | None, data: bool = False) -> smtp.Followed:
        row = self.open
        if row and clock.machine() - row.claimed_at > rules.LEASE:
            # Frozen so long that somebody may have decided about this mail meanwhile: without its dot it is not sent.
            self.relay.close()
            self.books.done(Outcome(row, Step.RELEASE))
            self.open = row = None
        if row is None and envelope is None:
            return smtp.Followed(None, None)
        self.dotted = row is not None
        told = self.relay.follow(row is not None, envelope, data)
        if row:
            self.open = None
            if told.ended:
                self.books.done(self._outcome(row, told.ended))
            else:
                die.at("mail.dot")
                self.books.done(Outcome(row, Step.ACCEPT))
        return told

    def _refused(self, row: Claimed, refused: smtp.Refused) -> None:
        self.at = None
        if refused.stage in (Stage.CONNECT, Stage.SIGN_ON):
            raise _Away(refused)
        self.books.done(self._outcome(row, refused))

    def _outcome(self, row: Claimed, refused: smtp.Refused) -> Outcome:
        if not self.first and refused.stage in (Stage.CONNECT, Stage.SIGN_ON):
            return Outcome(row, Step.RELEASE)  # so many connections it does not want
        verdict = rules.judge(refused.stage, refused.code, refused.text)
        return Outcome(row, verdict.step, str(refused)[:1000], verdict.suppress)

    def _there(self) -> None:
        if not self.known:
            self.known = True
            server.back()

    def _broken(self, error: BaseException) -> None:
        """A time limit or a broken disk: say what is known of the mails in hand.

        One counts it as a try: a mail that breaks its sender must not be the first in line for ever.
        """
        self.relay.close()
        words = type(error).__name__
        if self.open:
            step = Step.LOSE if self.dotted else Step.RETRY
            self.books.done(Outcome(self.open, step, f"{Stage.DOT if self.dotted else Stage.BODY}: {words}"))
        if self.at:
            self.books.done(Outcome(self.at, Step.RETRY, words))
            self.waiting = [row for row in self.waiting if row is not self.at]
        self.open = self.at = None


class _Books:
    """Outcomes on their way into the ledger: they wait for the next commit that is made anyway."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._pending: list[Outcome] = []
        self._bulk = 0  # accepted, and not said yet: a line for each few would cost as much as to send one
        self.taken: list[Claimed] = []  # and not yet with its lane, which gives it back whatever breaks in between

    def done(self, *outcomes: Outcome) -> None:
        """A try is over."""
        self._pending.extend(outcomes)

    def claim(self, most: int) -> None:
        """Take the next mails (`taken`); what is pending waits for their mark. A power cut may forget that.

        :param most: so many.
        """
        with db.write(SERVICE, durable=False) as tx:
            self._take(tx, most)
        if self.taken:
            die.at("mail.claimed")

    def _take(self, tx: Connection, most: int) -> None:
        """No more than the server may be given now."""
        room = server.room(tx, most) if most else 0
        self.taken = ledger.claim(tx, room) if room else []
        server.given(tx, len(self.taken))

    def mark(self, rows: Sequence[Claimed], most: int) -> set[str]:
        """Settle what is pending, write that the server may have `rows` from now on, and take the next (`taken`).

        :param most: so many.
        :returns: ids of those of `rows` that are ours.
        """
        with db.write(SERVICE) as tx:
            ledger.settle(tx, self._pending)
            ours = {row.id for row in rows if ledger.mark_data(tx, row)}
            self._take(tx, most)
        self._settled()
        die.at("mail.data_at")
        return ours

    def close(self) -> None:
        """Settle the rest."""
        try:
            if self._pending:
                with db.write(SERVICE) as tx:
                    ledger.settle(tx, self._pending)
                self._settled()
        finally:
            self._say()

    def _say(self) -> None:
        if self._bulk:
            _log.info("mail.accept", mails=self._bulk)
        self._bulk = 0

    def _settled(self) -> None:
        sent = bulk = 0
        for outcome in self._pending:
            self.report.steps.append((outcome.mail.id, outcome.step))
            accepted = outcome.step is Step.ACCEPT
            sent, bulk = sent + accepted, bulk + (accepted and outcome.mail.bulk)
            if not (accepted and outcome.mail.bulk):
                _log.info("mail." + outcome.step.value, mail=outcome.mail.id, kind=outcome.mail.kind)
        self._bulk += bulk
        if self._bulk >= AT_ONCE:
            self._say()
        self._pending = []
        if sent:
            die.at("mail.sent")
