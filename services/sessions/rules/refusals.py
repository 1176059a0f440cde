"""What is said when something cannot be taken: which field, what is wrong with it, what to do."""

from __future__ import annotations

from collections.abc import Iterable


class Refused(ValueError):
    """Something asked for cannot be done. `all` lists every refusal of the same form, this one first."""

    def __init__(self, field: str, message: str, remedy: str) -> None:
        super().__init__(f"{field}: {message} {remedy}")
        self.field = field
        self.message = message
        self.remedy = remedy
        self.all: list[Refused] = [self]

    @classmethod
    def raise_any(cls, refusals: Iterable[Refused]) -> None:
        """Raise the first of them, carrying all; nothing when there are none."""
        found = [each for refusal in refusals for each in refusal.all]
        if found:
            found[0].all = found
            raise found[0]

    def as_dict(self) -> dict[str, str]:
        """{field, message, remedy}, as problem+json and the templates show it."""
        return {"field": self.field, "message": self.message, "remedy": self.remedy}


class Stale(Refused):
    """Somebody else changed it since the form was shown: nothing was saved."""


class Missing(Refused):
    """There is no such thing, or it is not theirs to see: 404."""
