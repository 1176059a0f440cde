"""What the server took against what the ledger says, for every way a server can answer."""

from __future__ import annotations

import math
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.notifications.mail import ledger, sending, smtp
from services.notifications.rules import LEASE, Step
from shared import clock, db, worker
from shared.config import Config
from tests.postgres import absent
from tests.smtp import DROP, NOISE, STALL, TAKE_AND_DROP, Server, Talk, at
from tests.told import PROGRAM, applicant, mails, member, states, tell


@pytest.fixture(autouse=True)
def _no_broker(settings: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(worker, "send", lambda *_: None)
    monkeypatch.setattr(smtp, "STEP_SECONDS", 1.0)
    monkeypatch.setattr(sending, "END_WITHIN", 3.0)
    smtp._own.__dict__.clear()
    tell("program.changed", PROGRAM)
    yield
    smtp._own.__dict__.clear()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves machine time forward."""
    real, offset = clock.machine, [0.0]
    monkeypatch.setattr(clock, "machine", lambda: real() + offset[0])

    def move(seconds: float) -> None:
        offset[0] += seconds

    return move


@pytest.fixture
def serve(change_settings: Callable[..., Config]) -> Iterator[Callable[..., Server]]:
    """Starts a server and makes it the relay."""
    started: list[Server] = []

    def start(*args: Any, **fields: Any) -> Server:
        server = Server(*args, **fields).__enter__()
        started.append(server)
        change_settings(smtp_url=server.url, base_url="https://mentors.example.org")
        return server

    yield start
    for server in started:
        server.__exit__()


def three() -> None:
    """Three mails: ann, bo, cy."""
    for name in ("ann", "bo", "cy"):
        tell("application.received", applicant(name, email=f"{name}@example.org"))


def to_bo(talk: Talk) -> bool:
    return talk.recipient == "bo@example.org"


NONE = ""
ROWS = [
    # at        answer                       bo is        the server has bo   bo's address is suppressed
    ("rcpt", "550 5.1.1 no such user",       "failed",    False,              True),
    ("rcpt", "550 5.7.1 relaying denied",    "failed",    False,              False),
    ("rcpt", "451 4.7.1 greylisted",         "queued",    False,              False),
    ("rcpt", "421 4.3.0 closing",            "queued",    False,              False),
    ("rcpt", DROP,                           "queued",    False,              False),
    ("rcpt", STALL,                          "queued",    False,              False),
    ("rcpt", NOISE,                          "queued",    False,              False),
    ("data", "451 4.3.0 later",              "queued",    False,              False),
    ("data", "554 5.7.1 no",                 "failed",    False,              False),
    ("data", "421 4.3.0 closing",            "queued",    False,              False),
    ("data", DROP,                           "queued",    False,              False),
    ("dot",  "250 taken",                    "sent",      True,               False),
    ("dot",  "451 4.3.0 later",              "queued",    False,              False),
    ("dot",  "421 4.3.0 closing",            "queued",    False,              False),
    ("dot",  "550 5.7.1 spam",               "failed",    False,              False),
    ("dot",  "554 5.6.0 no",                 "failed",    False,              False),
    ("dot",  DROP,                           "held",      False,              False),
    ("dot",  TAKE_AND_DROP,                  "held",      True,               False),
    ("dot",  STALL,                          "held",      True,               False),
    ("dot",  NOISE,                          "held",      True,               False),
]  # fmt: skip


GROUPS = ("SIZE 10000000", "8BITMIME", "SMTPUTF8", "PIPELINING")


@pytest.mark.parametrize("type", ["application.received", "application.reminded"])  # one in flight, or some
@pytest.mark.parametrize("extensions", [GROUPS[:3], GROUPS], ids=["one by one", "groups"])
@pytest.mark.parametrize(("step", "answer", "state", "taken", "suppressed"), ROWS)
def test_one_bad_answer_hurts_one_mail(
    serve: Callable[..., Server],
    step: str,
    answer: str,
    state: str,
    taken: bool,
    suppressed: bool,
    extensions: tuple[str, ...],
    type: str,
) -> None:
    server = serve(at(step, answer, to_bo), extensions)
    for name in ("ann", "bo", "cy"):
        tell(type, applicant(name, email=f"{name}@example.org"))
    sending.send_due()
    if answer == STALL and step == "dot":  # that one used up its task's time
        sending.send_due()

    said = states()
    assert said == {"ann@example.org": "sent", "bo@example.org": state, "cy@example.org": "sent"}
    has = [mail.recipient for mail in server.taken]
    assert sorted(has) == sorted(["ann@example.org", "cy@example.org"] + ["bo@example.org"] * taken)
    assert not any(row.data_at for row in mails(state="queued"))
    (bo,) = mails(address="bo@example.org")
    assert bo.attempts == 1 and (bo.error is None) == (state == "sent")
    if state == "queued":
        assert 290 < bo.due - clock.machine() < 301
    with db.read("notifications") as tx:
        assert bool(ledger.suppressed(tx, "bo@example.org", duty=type == "application.received")) == suppressed


@pytest.mark.parametrize(
    ("step", "answer"),
    [("connect", "554 go away"), ("connect", "421 busy"), ("connect", DROP), ("connect", STALL), ("ehlo", DROP),
     ("mail", "550 5.7.1 not from you"), ("mail", "451 later"), ("mail", "421 bye"), ("mail", DROP)],
)  # fmt: skip
def test_what_is_the_relays_own_is_tried_again(
    serve: Callable[..., Server], later: Callable[[float], None], step: str, answer: str
) -> None:
    broken = [True]
    plan = at(step, answer)
    server = serve(lambda asked, talk: plan(asked, talk) if broken[0] else None)
    three()
    sending.send_due()
    assert set(states().values()) == {"queued"} and not server.taken
    assert [row.attempts for row in mails()] == [1, 1, 1]
    broken[0] = False
    sending.send_due()
    assert not server.taken, "not before five minutes are over"
    later(301)
    sending.send_due()
    assert set(states().values()) == {"sent"} and sorted(server.ids) == sorted(row.id for row in mails())


def test_nobody_there(change_settings: Callable[..., Config]) -> None:
    change_settings(smtp_url="smtp://127.0.0.1:9")
    three()
    report = sending.send_due()
    assert set(states().values()) == {"queued"} and not report.more
    assert "cannot be reached" in mails()[0].error


def test_three_days_of_451_then_it_fails(serve: Callable[..., Server], later: Callable[[float], None]) -> None:
    serve(at("rcpt", "451 4.3.0 later"))
    tell("application.received", applicant())
    tries = 0
    while states() == {"p1@example.org": "queued"}:
        sending.send_due()
        tries += 1
        later(3601 if tries > 5 else 4801)
        assert tries < 100
    (mail,) = mails()
    assert mail.state == "failed" and tries == mail.attempts == 75 and "three days" in mail.error


def test_one_connection_for_many_and_a_new_one_when_it_went_away(
    serve: Callable[..., Server], later: Callable[[float], None]
) -> None:
    server = serve()
    three()
    sending.send_due()
    assert len(server.talks) == 1 and server.talks[0].mails == 3
    tell("member.confirmed", member())
    sending.send_due()
    assert len(server.talks) == 1, "kept from task to task"
    server.plan = at("rset", DROP, times=1)
    later(600)
    tell("member.left", member())
    sending.send_due()
    assert len(server.talks) == 2 and set(states().values()) == {"sent"}
    server.plan = at("mail", "421 idle too long", times=1)
    tell("member.left", member("p2"))
    sending.send_due()
    assert len(server.talks) == 3 and set(states().values()) == {"sent"}
    assert all(row.attempts == 1 for row in mails())


def test_duty_mail_goes_first(serve: Callable[..., Server]) -> None:
    server = serve()
    tell("application.reminded", applicant("slow"))
    tell("application.received", applicant("quick"))
    sending.send_due()
    assert [mail.recipient for mail in server.taken] == ["quick@example.org", "slow@example.org"]


def test_dots_bytes_and_id_arrive_as_stored(serve: Callable[..., Server]) -> None:
    server = serve()
    tell("program.changed", {**PROGRAM, "name": ".dots\n.\nand more"})
    tell("application.received", applicant(name="...\r\n.\r\n"))
    sending.send_due()
    (mail,) = mails()
    assert server.taken[0].raw == mail.raw and server.ids == [mail.id]


def test_a_link_that_ran_out_is_not_sent(serve: Callable[..., Server], later: Callable[[float], None]) -> None:
    server = serve()
    tell("signin.requested", {"person": "p1", "name": "A", "email": "a@example.org", "next": None, "request": "r"})
    later(1801)
    sending.send_due()
    (mail,) = mails()
    assert mail.state == "dropped" and "ran out" in mail.error and not server.taken


def test_stale_claims_go_back_or_are_held(serve: Callable[..., Server], later: Callable[[float], None]) -> None:
    server = serve()
    three()
    with db.write("notifications") as tx:
        ann, bo, cy = ledger.claim(tx, 3)
        ledger.mark_data(tx, ann)
    with db.write("notifications") as tx:
        assert ledger.sweep(tx) == [], "a lease that runs is left alone"
    later(LEASE + 1)
    with db.write("notifications") as tx:
        assert ledger.waiting(tx)
        assert dict(ledger.sweep(tx)) == {ann.id: Step.LOSE, bo.id: Step.RELEASE, cy.id: Step.RELEASE}
    # the frozen sender wakes: what it lost is not its own any more, what it knows still counts
    with db.write("notifications") as tx:
        assert not ledger.mark_data(tx, bo)
        ledger.settle(tx, [ledger.Outcome(ann, Step.ACCEPT), ledger.Outcome(cy, Step.ACCEPT)])
    assert states() == {"ann@example.org": "sent", "bo@example.org": "queued", "cy@example.org": "queued"}
    sending.send_due()
    assert sorted(server.ids) == sorted([bo.id, cy.id])


def test_a_sender_that_wakes_touches_nothing_that_another_has_claimed_since(
    serve: Callable[..., Server], later: Callable[[float], None]
) -> None:
    """Given a sender frozen past its lease, and another that has its mails by then, When the first wakes, Then it may
    begin none of them, and says nothing of how they end."""
    serve()
    three()
    with db.write("notifications") as tx:
        frozen = ledger.claim(tx, 3)
    later(LEASE + 1)
    with db.write("notifications") as tx:
        assert len(ledger.sweep(tx)) == 3
        ours = ledger.claim(tx, 3)
    with db.write("notifications") as tx:
        assert not any(ledger.mark_data(tx, row) for row in frozen)
        ledger.settle(tx, [ledger.Outcome(row, Step.ACCEPT) for row in frozen])
    assert set(states().values()) == {"sending"}
    with db.write("notifications") as tx:
        assert all(ledger.mark_data(tx, row) for row in ours)


def test_a_sender_takes_back_what_the_dead_had_before_any_tick(
    serve: Callable[..., Server], later: Callable[[float], None]
) -> None:
    """Given mails in the hands of a sender that died, When ticks are late for all there is to send, Then who sends next
    takes them back: what was not begun goes out, what may have gone is held."""
    server = serve()
    three()
    with db.write("notifications") as tx:
        ann, bo, cy = ledger.claim(tx, 3)
        ledger.mark_data(tx, ann)
    sending.send_due()
    assert not server.ids, "a lease that runs is left alone"
    later(LEASE + 1)
    sending.send_due()
    assert sorted(server.ids) == sorted([bo.id, cy.id])
    assert states() == {"ann@example.org": "held", "bo@example.org": "sent", "cy@example.org": "sent"}


def test_what_somebody_waits_for_is_known_to_be_sent_before_bulk_goes_on(serve: Callable[..., Server]) -> None:
    """Given a mail that is awaited and bulk behind it, to a server that takes commands in groups, When the first of
    bulk has its text asked for, Then the ledger knows how the awaited one ended: a death holds it back no more."""
    known: list[str] = []

    def look(step: str, talk: Talk) -> None:
        if step == "data" and talk.recipient == "bulk0@example.org":
            known.append(states()["p1@example.org"])

    server = serve(look)
    server.extensions += ("PIPELINING",)
    tell("application.received", applicant())
    for number in range(3):
        tell("application.reminded", applicant(f"b{number}", email=f"bulk{number}@example.org"))
    sending.send_due()
    assert known == ["sent"] and set(states().values()) == {"sent"}


def test_a_sender_frozen_before_the_dot_keeps_it_to_itself(
    serve: Callable[..., Server], later: Callable[[float], None]
) -> None:
    server = serve(lambda step, _talk: later(LEASE + 1) if step == "data" else None)  # type: ignore[func-returns-value]
    tell("application.received", applicant())
    sending.send_due()
    assert not server.taken and states() == {"p1@example.org": "queued"}


def test_erased_while_in_flight_never_comes_back(serve: Callable[..., Server]) -> None:
    serve(at("dot", "451 later"))
    tell("member.confirmed", member())
    with db.write("notifications") as tx:
        (row,) = ledger.claim(tx, 1)
    tell("member.erased", {"person": "p1"})
    with db.write("notifications") as tx:
        ledger.settle(tx, [ledger.Outcome(row, Step.RETRY, "451 later")])
    assert [mail.state for mail in mails()] == ["dropped"]


def test_what_a_server_says_of_one_who_was_erased_is_not_kept(serve: Callable[..., Server]) -> None:
    serve()
    tell("member.confirmed", member())
    with db.write("notifications") as tx:
        (row,) = ledger.claim(tx, 1)
    tell("member.erased", {"person": "p1"})
    with db.write("notifications") as tx:
        ledger.settle(tx, [ledger.Outcome(row, Step.REFUSE, "550 5.1.1 <p1@example.org> unknown", True)])
    with db.read("notifications") as tx:
        for table in ("mail", "suppression"):
            assert "p1@" not in str(tx.execute(db.metadata("notifications").tables[table].select()).all())


def test_senders_side_by_side_send_each_once(serve: Callable[..., Server], settings: Config) -> None:
    server = serve()
    for i in range(60):
        tell("application.received", applicant(f"p{i:02}"))
    threads = [threading.Thread(target=sending.send_due) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert set(states().values()) == {"sent"}
    assert sorted(server.ids) == sorted(row.id for row in mails())


@pytest.mark.parametrize(
    ("far", "sure", "many"), [(-1.0, 1, True), (-1.0, 10**9, False), (60.0, 1, False)], ids=["far", "unsure", "near"]
)
def test_many_connections_only_to_a_relay_whose_quickest_answer_took_long(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, far: float, sure: int, many: bool
) -> None:
    """One late answer, as of a busy machine, makes nothing far: more connections are more in doubt."""
    for name, value in {"FAR": far, "SURE": sure, "AT_ONCE": 10, "END_WITHIN": 40.0}.items():
        monkeypatch.setattr(sending, name, value)
    server = serve(lambda step, talk: time.sleep(0.5) if step == "mail" and not talk.mails else None, GROUPS)
    for i in range(60):
        tell("application.reminded", applicant(f"p{i:02}"))
    sending.send_due()
    assert set(states().values()) == {"sent"} and (len(server.talks) > 1) == many
    assert sorted(server.ids) == sorted(row.id for row in mails())
    relay = smtp.relay(server.url)
    assert relay.answers > 8 and relay.journey < 0.4


def test_one_pace_for_all_senders_and_what_somebody_waits_for_goes_first(
    serve: Callable[..., Server], change_settings: Callable[..., Config],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    still = clock.machine()
    monkeypatch.setattr(clock, "machine", lambda: still)  # nothing passes but what this test lets pass
    server = serve()
    change_settings(smtp_rate="2/minute")
    for i in range(6):
        tell("application.reminded" if i < 5 else "application.received", applicant(f"p{i}"))
    for sent, passes in ((1, 29), (1, 1), (2, 15), (2, 15), (3, 600), (4, 0), (4, 30), (5, 0)):
        sending.send_due()
        smtp._own.__dict__.clear()  # as of another process
        sending.send_due()
        assert len(server.taken) == sent and list(states().values()).count("queued") == 6 - sent
        still += passes
    assert server.taken[0].recipient == "p5@example.org"
    change_settings(smtp_rate="")
    sending.send_due()
    assert set(states().values()) == {"sent"} and sorted(server.ids) == sorted(row.id for row in mails())


def test_a_clock_that_was_ahead_neither_opens_the_pace_nor_stops_it(
    serve: Callable[..., Server], change_settings: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a sender whose clock was half a minute ahead, as on a second host, then one that was set back an hour."""
    still = clock.machine()
    monkeypatch.setattr(clock, "machine", lambda: still)
    server = serve()
    change_settings(smtp_rate="60/minute")
    for i in range(8):
        tell("application.reminded", applicant(f"p{i}"))
    pace = db.metadata("notifications").tables["mail_server"]
    for ahead, passes, sent in ((0, 0, 3), (30, 0, 3), (30, 31, 4), (3600, 0, 4), (3600, 2, 6)):
        with db.write("notifications") as tx:
            if ahead:
                tx.execute(pace.update().values(given_to=still + ahead))
        sending.send_due()
        still += passes
        sending.send_due()
        assert len(server.taken) == sent and list(states().values()).count("queued") == 8 - sent, (ahead, passes)


def test_a_later_state_waits_for_the_earlier_one_that_is_on_its_way(
    serve: Callable[..., Server], later: Callable[[float], None]
) -> None:
    """Given a mail that its server may have, when a later state of the same thing is written to the same person."""
    server = serve()
    table = db.metadata("notifications").tables["mail"]

    def write(name: str, person: str, rank: int) -> None:
        tell("application.received", applicant(name))
        told = table.update().where(table.c.address == f"{name}@example.org")
        with db.write("notifications") as tx:
            tx.execute(told.values(topic="session/s1", person=person, rank=rank))

    def claimed() -> list[ledger.Claimed]:
        with db.write("notifications") as tx:
            return ledger.claim(tx, 1)

    write("first", "ann", 1)
    (first,) = claimed()
    with db.write("notifications") as tx:
        assert ledger.mark_data(tx, first)
    for name, person, rank in (("second", "ann", 2), ("same", "ann", 1), ("other", "bo", 2)):
        write(name, person, rank)
    sending.send_due()
    assert [mail.recipient for mail in server.taken] == ["other@example.org"]
    assert states()["second@example.org"] == "queued" and states()["same@example.org"] == "dropped"
    with db.write("notifications") as tx:
        ledger.settle(tx, [ledger.Outcome(first, Step.ACCEPT)])
    (second,) = claimed()
    assert second.address == "second@example.org"
    with db.write("notifications") as tx:
        assert ledger.mark_data(tx, second)
    write("third", "ann", 3)
    assert not claimed()
    later(LEASE + 1)
    with db.write("notifications") as tx:
        assert ledger.sweep(tx) == [(second.id, Step.LOSE)], "its sender died"
    sending.send_due()
    assert server.taken[-1].recipient == "third@example.org"


@pytest.mark.parametrize("point", ["mail.claimed", "mail.data_at"])
def test_what_was_taken_when_the_time_was_over_goes_back_at_once(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """A time limit may strike between the commit that takes mails and the first of them: no lease is waited for."""
    server = serve()
    monkeypatch.setattr(sending, "AT_ONCE", 2)
    for name in ("ann", "bo", "cy", "di"):
        tell("application.received", applicant(name))
    left = [1 if point == "mail.claimed" else 2]  # the second mark takes the next two

    def strike(reached: str) -> None:
        left[0] -= reached == point
        if not left[0]:
            left[0] = -1
            raise TimeoutError

    with monkeypatch.context() as patch:
        patch.setattr(sending.die, "at", strike)
        with pytest.raises(TimeoutError):
            sending.send_due()
    tried = point == "mail.data_at"
    assert sorted(states().values()) == ["queued"] * (4 - tried) + ["sent"] * tried
    assert not mails(state="sending") and not [row for row in mails(state="queued") if row.claim]
    assert sum(row.attempts for row in mails(state="queued")) == tried, "the one in hand counts it as a try"
    sending.send_due()
    assert sorted(states().values()) == ["queued"] * tried + ["sent"] * (4 - tried) and len(server.taken) == 4 - tried


def test_how_far_a_relay_is_counts_from_its_answers_on_this_connection(settings: Config) -> None:
    """A server that hung up while nothing was asked had its word waiting: read at once, it is no near server."""
    idle = threading.Event()

    def serve(listener: socket.socket) -> None:
        for last in (b"421 4.4.2 timeout exceeded\r\n", b""):
            talk, _ = listener.accept()
            with talk, talk.makefile("rb") as said:
                talk.sendall(b"220 far\r\n")
                for line in said:
                    time.sleep(0.03)
                    talk.sendall(b"250 far\r\n")
                    if line.startswith(b"RSET") and last:
                        idle.wait(30)
                        talk.sendall(last)
                        break

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        relay = smtp.Relay(smtp.Where("127.0.0.1", listener.getsockname()[1], None, "", False))
        relay.until = clock.machine() + 100
        relay.greet()
        relay.reset()
        assert relay.answers == 1 and relay.journey > 0.015
        idle.set()
        assert relay._smtp and relay._smtp.sock and select.select([relay._smtp.sock], [], [], 30)[0]
        relay.reset()
        assert relay.journey > 0.015, "what was there before it was asked is no answer"
        relay.greet()
        assert relay.answers == 0 and relay.journey == math.inf, "of this connection nothing is known yet"
        relay.reset()
        assert relay.answers == 1 and relay.journey > 0.015
        relay.close()


def test_letters_beyond_ascii_need_smtputf8(serve: Callable[..., Server]) -> None:
    server = serve(extensions=("SIZE",))
    tell("application.received", applicant(email="zoë@example.org"))
    tell("application.received", applicant("p2", email="bo@bücher.example"))
    sending.send_due()
    assert states() == {"zoë@example.org": "failed", "bo@bücher.example": "sent"}
    assert [mail.recipient for mail in server.taken] == ["bo@xn--bcher-kva.example"]
    assert "beyond ASCII" in mails(address="zoë@example.org")[0].error
    server = serve()
    tell("application.received", applicant("p3", email="zoë@bücher.example"))
    sending.send_due()
    assert server.taken[0].recipient == "zoë@xn--bcher-kva.example"
    assert any(line.endswith("SMTPUTF8 BODY=8BITMIME") for line in server.said)


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    if not shutil.which("openssl"):
        absent("no openssl here: install it")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*made, "-subj", "/CN=127.0.0.1", "-days", "2"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def test_starttls_when_offered_and_signing_on(
    serve: Callable[..., Server], certificate: ssl.SSLContext, change_settings: Callable[..., Config]
) -> None:
    server = serve(tls=certificate, login=("post@example.org", "se:cr/et"))
    change_settings(smtp_url=f"smtp://post%40example.org:se%3Acr%2Fet@127.0.0.1:{server.port}")
    tell("application.received", applicant())
    sending.send_due()
    assert states() == {"p1@example.org": "sent"}
    assert server.taken[0].encrypted and server.talks[0].user == "post@example.org"
    change_settings(smtp_url=f"smtp://post%40example.org:wrong@127.0.0.1:{server.port}")
    tell("application.received", applicant("p2"))
    sending.send_due()
    (mail,) = mails(address="p2@example.org")
    assert mail.state == "queued" and "535" in mail.error and "wrong password" in mail.error


def test_a_start_says_that_the_mail_server_is_still_away(
    baton: Any, change_settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a mail server known to be away, when a process begins, its first tick says so, once."""
    from structlog.testing import capture_logs

    from services.notifications import schedule
    from services.notifications.mail import server

    change_settings(smtp_url="smtp://localhost:1")
    for memo in ("_looked", "_told"):
        monkeypatch.setattr(server, memo, None)
    with capture_logs() as logs:
        schedule.look_after_mail()
        server.away("refused")
        server.away("refused")
    assert [each["event"] for each in logs] == ["mail.server_away"], "it was there when the process began"
    for memo in ("_looked", "_told"):  # as in a new process
        monkeypatch.setattr(server, memo, None)
    with capture_logs() as logs:
        schedule.look_after_mail()
        schedule.look_after_mail()
        server.away("refused")
    assert [(each["event"], each["said"]) for each in logs] == [("mail.server_away", "refused")]
