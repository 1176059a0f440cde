"""Pages and API of notifications: the outbox, digests, operation, webhooks."""

from .api import blueprints as api
from .digests import blueprint as digests
from .operation import blueprint as operation
from .pages import blueprint as outbox
from .pages import context
from .webhooks import blueprint as webhooks

__all__ = ["api", "context", "digests", "operation", "outbox", "webhooks"]
