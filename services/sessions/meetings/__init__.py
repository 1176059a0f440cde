"""When circles meet: their series and the sessions that come of them.

`planning` writes sessions 12 weeks ahead and mends their instants when a zone's rules change; `changing` is what
organizers do to a series or a single date, and its undo; `closing` ends and carries on the dates of circles that are
merged and split; `reading` is for pages and for the others here. Every change of a session is told by `telling`.
"""
