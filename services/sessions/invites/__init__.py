"""Invites: what people are told of the sessions near at hand, what they answer, and the calendars they subscribe to.

`due` notes that a circle's invites may be wrong; `telling` compares them with what is true and tells the difference;
`answering` takes answers, from links, pages and calendars; `reminding` is about time; `feeds` is for calendars that
subscribe; `reading` is for pages.
"""
