"""The decisions of sessions, pure: no database, no clock, no network; the standard library only."""
