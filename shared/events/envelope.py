"""What travels: one event with the attributes of CloudEvents 1.0, or a batch of them in one task message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Event:
    """A past-tense fact.

    :param position: its place among all events of its source; rises, may have gaps.
    :param seq: its place among the events of its subject, from 1 without gaps.
    :param time: when it happened, program time.
    :param correlation: id of the request that began it all.
    :param erased: personal fields were blanked since.
    """

    position: int
    id: str
    source: str
    type: str
    version: int
    subject: str
    seq: int
    time: datetime
    correlation: str | None
    erased: bool
    data: dict[str, Any]

    def envelope(self) -> dict[str, Any]:
        """JSON of CloudEvents 1.0; version, position, seq, correlation and erased are extension attributes."""
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": f"/{self.source}",
            "type": self.type,
            "subject": self.subject,
            "time": self.time.isoformat(),
            "datacontenttype": "application/json",
            "dataversion": self.version,
            "position": self.position,
            "sequence": self.seq,
            "correlationid": self.correlation,
            "erased": self.erased,
            "data": self.data,
        }

    @classmethod
    def from_envelope(cls, envelope: Mapping[str, Any]) -> Event:
        """The event that `envelope` describes."""
        return cls(
            position=envelope["position"],
            id=envelope["id"],
            source=envelope["source"].strip("/"),
            type=envelope["type"],
            version=envelope["dataversion"],
            subject=envelope["subject"],
            seq=envelope["sequence"],
            time=datetime.fromisoformat(envelope["time"]),
            correlation=envelope["correlationid"],
            erased=envelope["erased"],
            data=envelope["data"],
        )
