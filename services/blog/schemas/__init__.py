"""What the API of blog takes and answers."""

from __future__ import annotations

from .offers import Offers, OffersPage, WholeOffer

__all__ = ["Offers", "OffersPage", "WholeOffer"]
