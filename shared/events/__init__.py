"""Events that cannot be lost: publish with `emit` inside a transaction, react with `on`.

An event is kept in the publisher's own database together with what it is about; the relay owes it to every subscriber
until a receipt proves that it was handled there. See docs/architecture.md for the picture.
"""

from .envelope import Event
from .erasure import erase
from .inbox import NotYet, ahead, on
from .outbox import emit, emit_all
from .replay import snapshot

__all__ = ["Event", "NotYet", "ahead", "emit", "emit_all", "erase", "on", "snapshot"]
