"""Pages and API of notifications: the outbox."""

from .api import blueprint as api
from .pages import blueprint as outbox
from .pages import context

__all__ = ["api", "context", "outbox"]
