"""What is said when something cannot be done: what is wrong, and what to do."""

from __future__ import annotations


class Refused(ValueError):
    """Something asked for cannot be done now."""

    def __init__(self, field: str, message: str, remedy: str) -> None:
        super().__init__(f"{field}: {message} {remedy}")
        self.field, self.message, self.remedy = field, message, remedy

    def as_dict(self) -> dict[str, str]:
        """{field, message, remedy}, as problem+json and the templates show it."""
        return {"field": self.field, "message": self.message, "remedy": self.remedy}


class Missing(Refused):
    """There is no such thing, or it is not theirs to see: 404, and no form is shown again."""
