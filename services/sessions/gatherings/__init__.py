"""Gatherings: the organizers' monthly meeting with the present coordinators, and talks for the whole program.

Each is proposed (by a click, or by `plans`), edited, and sent by an organizer; from then on it is a session like any
other: invites, answers, reminders and calendars are those of `invites`. `recipients` says who is meant, `agendas` makes
an agenda of the month's minutes, `telling` keeps invites true, `notes` is about what comes afterwards, and `reading` is
for pages.
"""
