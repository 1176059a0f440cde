"""Circles: who is in which, who waits, and what organizers change.

`placing` follows what signup tells of a person; `moving` and `splitting` are done by organizers and undone by
`journal`; `standing` is where a person begins in the ledger of turns; `reading` is for pages and for the others here.
Commands take the open transaction first, and who does it: "organizer/<id>", "person/<id>" or "system".
"""
