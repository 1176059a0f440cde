"""What sessions holds about one person, for their download."""

from __future__ import annotations

from shared import personal

from .models import SERVICE, person, place, standing, waiting

personal.table(SERVICE, "person", person.c.id)
personal.table(SERVICE, "place", place.c.person, latest=place.c.since)
personal.table(SERVICE, "waiting", waiting.c.person)
personal.table(SERVICE, "standing", standing.c.person)
