"""Members' blogs: commands take the open transaction first, then whose blog it is."""

from __future__ import annotations

from .erasing import blank

__all__ = ["blank"]
