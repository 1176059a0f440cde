"""Sessions in other people's calendars: invitations, feeds, and the replies that come back, as bytes.

    event.py     what is said, as plain values
    invite.py    prepare(event).to(attendee): an invitation, an update or a cancellation for one person
    feed.py      feed(name, events): what somebody's calendar subscribes to
    session.py   event(data, …): a session, from what events say of it
    reply.py     read(raw): an answer, from a mail or its calendar part

Nothing here knows a database or a service. The library that writes calendars is loaded with invite.py and feed.py only.
"""
