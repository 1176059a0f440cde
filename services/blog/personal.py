"""What blog holds about one person, for their download."""

from __future__ import annotations

from shared import personal

from .models import SERVICE, person

personal.table(SERVICE, "person", person.c.id)
