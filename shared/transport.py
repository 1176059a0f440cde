"""Kombu's Redis transport, less a leak that made workers deaf.

A message that is delivered holds one of its consumer's prefetch slots until it is acknowledged. Kombu gives the slot
back only once the broker has taken the acknowledgement; when that fails, Celery logs it and goes on. If the broker is
killed while every slot is held, none ever comes back: the worker asks for nothing more, and so never notices that its
connection is gone.
"""

from __future__ import annotations

from kombu.transport import redis, virtual


class QoS(redis.QoS):  # type: ignore[misc]
    """Gives the slot back however the acknowledgement ends. A broker that kept the message rings again, later."""

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        finally:
            virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue=requeue)
        finally:
            virtual.QoS.ack(self, delivery_tag)


def mend() -> None:
    """Use it for every Redis connection of this process, whatever its scheme (`redis`, `rediss`, a socket)."""
    redis.Channel.QoS = QoS
