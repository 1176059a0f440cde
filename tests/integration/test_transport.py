"""A worker notices that its broker died, whatever it had in hand (`shared/transport.py`)."""

from __future__ import annotations

import logging
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection, Consumer, Queue
from kombu.transport import redis

from shared import transport
from shared.cli import broker

RINGS = Queue("rings", routing_key="rings")


class Server:
    """A Valkey that can be killed."""

    def __init__(self, folder: Path) -> None:
        self.url = broker.configure(folder)
        command = [str(broker.binary()), "valkey.conf"]
        self._process = subprocess.Popen(command, cwd=folder / "valkey", stdout=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while not broker.answers(self.url):
            assert time.monotonic() < end, "Valkey does not answer"
            time.sleep(0.05)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(redis.Channel, "QoS", redis.Channel.QoS)  # so that the mend ends with the test
    transport.mend()
    running = Server(tmp_path)
    yield running
    running.kill()


@pytest.mark.parametrize("answer", ["ack_log_error", "reject_log_error"])
def test_slots_come_back_when_the_broker_dies_with_all_of_them_in_hand(server: Server, answer: str) -> None:
    with Connection(server.url) as connection:
        heard = []
        consumer = Consumer(connection.default_channel, [RINGS], accept=["json"], prefetch_count=2)
        consumer.register_callback(lambda _body, message: heard.append(message))
        consumer.consume()
        _ring(server, 2)
        while len(heard) < 2:
            connection.drain_events(timeout=10)
        assert not connection.default_channel.qos.can_consume()
        server.kill()

        for message in heard:
            getattr(message, answer)(logging.getLogger(__name__), connection.connection_errors)

        # It asks for more, and so notices that nobody is there: Celery then connects anew.
        assert connection.default_channel.qos.can_consume()
        with pytest.raises(connection.connection_errors):
            connection.drain_events(timeout=10)


def _ring(server: Server, times: int) -> None:
    with Connection(server.url) as connection:
        producer = connection.Producer(serializer="json")
        for number in range(times):
            producer.publish({"ring": number}, routing_key="rings", declare=[RINGS])
