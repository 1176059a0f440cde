"""Following a blog: what is at its source is brought here and compared with what is known of its posts.

The source alone is believed. Webhooks, the hourly look and its author's button only ring (`ring`); the work (`work`)
fetches, takes the difference between the last commit that it knows and the present one, and writes it in steps, each
a transaction that also says how far it came. Whoever dies leaves whole steps behind, and whoever goes on finds the
same difference.
"""

from __future__ import annotations

from .running import WORK, call, call_all, counts, poll, ring, waiting, work

__all__ = ["WORK", "call", "call_all", "counts", "poll", "ring", "waiting", "work"]
