"""People who are not there: they read their real mails, open the links in them, and press the buttons of the pages.

`./baton demo` lets them loose on a running Baton, `./baton rehearse` on a copy of the roster within its own process.
Both are a `World` (worlds.py): where mails come from, where requests go, how time is stepped. Nobody here knows a table
of people's doings, or a function of a service: what they can do is what anybody can do with a browser.

browser     pages, forms and buttons       letters   what a mail says, of its MIME
habits      how likely somebody does what  members   what they do about each kind of mail; organizer: what is left to do
blogs       their repositories             writers   members who write; site: what Jekyll makes of it
worlds      the two worlds                 play      from one due moment to the next
figures     who led when, who got what     promises  DESIGN's, checked over all databases
"""
