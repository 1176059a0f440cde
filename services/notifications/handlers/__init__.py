"""Reactions: which event makes which mail, and which changes only what is known.

From signup:

application.received    confirm                  application.expired    everything of theirs emptied
application.reminded    confirm-reminder         applications.summarized  applications, to each organizer
application.imported    imported, or imported-reminder
application.withdrawn   everything of theirs emptied
application.repeated    sign-in ("already here") signin.requested       sign-in
member.confirmed        welcome                  member.left, .erasing  goodbye
organizer.added         organizer, if invited    address.requested      address
member.readdressed      address-changed          member.erased          everything of theirs emptied
guest.asked             guest                    goal.reached           goal
member.graduated        alumni
every other member.*, organizer.*                the copy is replaced
download.requested      (shared/personal.py) what is held about them is told

From sessions:

circle.joined           placed                   place.waiting          waiting
circle.left             kept, for letters of streams alone
place.offered           place                    minutes.missed         minutes-late, to coordinator or organizers
turn.offered            turn, or mentor          turn.accepted          turn-taken, to organizers told it was open
turn.lapsed             turn-lapsed              turn.released          turn-released, if others did it
turn.opened             turn-open to the circle, turn-open-organizer to organizers
session.minuted, minutes.corrected               minutes, to the circle, its mentor, organizers who want it at once
session.announced       invite, invite-update or invite-cancel, to each who is named
session.reminded        reminder, likewise
checkin.asked           checkin, to who fell silent   checkin.ended          told by the digest alone
gathering.proposed      proposal, to organizers
gathering.noted         notes, to who was invited     guest.forgotten        everything of theirs emptied
talks.wanted            their preference, as they said on the page of talks

From blog:

post.published          published, to its author       post.awaited            first-post, to who has none
piece.commented         comment, to the others         review.asked            review, to who is to look
offer.moved             told by the digest alone

Channels of a chat hear of member.confirmed, post.published, session.minuted and turn.opened (chat/telling).

What the digest tells (digest/projection) is kept by the same handlers, by items.changed, and, when it is built anew, by
session.snapshot, place.snapshot, checkin.snapshot and offer.snapshot.
"""

from __future__ import annotations

from . import applications, meetings, members, places, posts, turns

__all__ = ["applications", "meetings", "members", "places", "posts", "turns"]  # imported for what they register
