"""Pages and API of notifications: the outbox, dashboard, digests, operation, addresses that get no mail, webhooks."""

from .api import blueprints as api
from .dashboard import blueprint as dashboard
from .digests import blueprint as digests
from .operation import blueprint as operation
from .pages import blueprint as outbox
from .pages import context
from .suppressed import blueprint as suppressed
from .webhooks import blueprint as webhooks

__all__ = ["api", "context", "dashboard", "digests", "operation", "outbox", "suppressed", "webhooks"]
