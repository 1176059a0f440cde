"""Pages and API: mails, their kinds and what people want of them, what came in, dashboard, digests, operation."""

from .api import blueprints as api
from .catalogue import blueprint as catalogue
from .chat import blueprint as chat
from .dashboard import blueprint as dashboard
from .digests import blueprint as digests
from .inbound import blueprint as inbound
from .operation import blueprint as operation
from .pages import blueprint as outbox
from .pages import context
from .preferences import blueprint as preferences
from .quiet import blueprint as quiet
from .suppressed import blueprint as suppressed
from .webhooks import blueprint as webhooks

__all__ = ["api", "catalogue", "chat", "context", "dashboard", "digests", "inbound", "operation", "outbox",
           "preferences", "quiet", "suppressed", "webhooks"]  # fmt: skip
