"""Decisions of sessions: the standard library only, no database, no clock, no network."""
