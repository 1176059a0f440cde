"""The tables of blog: its own copy of what it must know about people and the program, members' blogs and their posts.

Copies are written by event handlers alone (handlers.py); nobody else's database is ever read.
"""

from __future__ import annotations

import sqlalchemy as sa

from shared import db
from shared.columns import Day, Instant, Json, Key, Machine

SERVICE = "blog"
metadata = db.metadata(SERVICE)

# A row is a person as signup last told of them: whose blog it is, who they are on GitHub, in which zone they read. No
# address: what is mailed is mailed by notifications. Written by handlers; blanked, never deleted, when they are erased.
person = sa.Table(
    "person",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("name", sa.String(400), nullable=False),
    sa.Column("stream", sa.String(64)),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("github", sa.String(100)),
    sa.Column("timezone", sa.String(64)),  # empty until signup tells of them anew
    sa.Column("blog", sa.String(2000)),
    sa.Column("joined_at", Instant),  # when they confirmed
    sa.Column("roles", Json, nullable=False, server_default="[]"),  # member, organizer
)
sa.Index("ix_person_joined", person.c.joined_at)

# Somebody was reminded of their first post: once for each step (rules/firsts.py), and again for whoever moved it.
# Written by the schedule; deleted when the person is erased.
nudge = sa.Table(
    "nudge",
    metadata,
    sa.Column("person", Key, primary_key=True),
    sa.Column("pushed", sa.Integer, primary_key=True, autoincrement=False),  # days by which they had moved it
    sa.Column("step", sa.Integer, primary_key=True, autoincrement=False),  # days from when it is hoped for
    sa.Column("at", Instant, nullable=False),
)

# By how many days somebody moved when their first post is hoped for. Written by them; deleted when they are erased.
pushed = sa.Table(
    "pushed",
    metadata,
    sa.Column("person", Key, primary_key=True),
    sa.Column("days", sa.Integer, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

# The one program (id 1). Written at program.changed; never deleted. `streams`: list of {slug, name, position}.
program = sa.Table(
    "program",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("streams", Json, nullable=False),
)

# A member's blog: a repository that is followed, or a feed. Written when its author registers it, by their choices,
# and by the work on it (blogs/, following/). Kept while its author is in the program; blanked when they are erased,
# never deleted, since offers refer to its posts. Its mirror is `blogs/<id>.git` in the data folder, and can be had
# again.
#
# state: asked (not looked at yet) · active · unreachable (for the moment) · gone (for a week, or not public any more) ·
# left (its author took it out).
blog = sa.Table(
    "blog",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("person", Key, nullable=False),
    sa.Column(
        "kind", sa.String(8), nullable=False
    ),  # repo, feed; what an address leads to is only known once it was seen
    sa.Column("address", sa.String(2000), nullable=False),  # as it was pasted
    sa.Column("clone_url", sa.String(2000)),  # of a repository; of a feed, its own address
    sa.Column("site", sa.String(2000)),  # where readers find it
    sa.Column("dialect", sa.String(16)),  # a key of convert.dialects.DIALECTS
    sa.Column("permalink", sa.String(250)),  # Jekyll's setting of that name
    sa.Column("roots", Json, nullable=False),  # where posts lie, each ending in a slash; empty: as its dialect says
    sa.Column("branch", sa.String(250)),
    sa.Column("consent", sa.String(8)),  # full, excerpt, link; null until it is given, and when it is withdrawn
    sa.Column("consent_at", Instant),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("head", sa.String(64)),  # the commit up to which everything is in `post`
    sa.Column("hook_secret", sa.String(64)),
    sa.Column("hook_seen_at", Instant),  # its first delivery that could be believed
    sa.Column("error", sa.Text),  # why it could not be read, in words for its author
    sa.Column("missing", Json, nullable=False),  # what its author could mend: a list of sentences
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("seen_at", Instant),  # when it was last looked at with success
    sa.Column("failing_since", Instant),
    # The work on it: to be looked at from `due` on (null: nothing to do), rung for so many times, last step at
    # `touched`.
    sa.Column("due", Machine),
    sa.Column("rung", sa.Integer, nullable=False, server_default="0"),
    sa.Column("touched", Machine, nullable=False, server_default="0"),
    sa.Column("next_head", sa.String(64)),  # the commit whose changes are being taken in
    sa.Column("done", sa.Integer, nullable=False, server_default="0"),  # so many of these changes are in `post`
    sa.UniqueConstraint("person", "address", name="one_blog_per_address"),
)
sa.Index("ix_blog_due", blog.c.due)

# A post of a blog: a file of its repository, or an entry of its feed (then `path` is the entry's id, `commit` is
# empty, and `blob` a hash of what it says). Written by the work on its blog and by its author's choice; blanked with
# its blog.
#
# state: listed (was there when the blog was registered, and its author has not chosen) · skipped (`reason` says why) ·
# wanted (to be offered) · declined (its author said no) · gone (deleted at its source, or its blog was taken out).
post = sa.Table(
    "post",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("blog", Key, sa.ForeignKey("blog.id", name="fk_post_blog"), nullable=False),
    sa.Column("path", sa.String(600), nullable=False),
    sa.Column("commit", sa.String(64), nullable=False),  # where it can be read
    sa.Column("blob", sa.String(64), nullable=False),
    sa.Column("rev", sa.Integer, nullable=False),  # rises with each change of what is to be offered
    sa.Column("title", sa.String(500), nullable=False),
    sa.Column("day", Day),  # on which it says it was published
    sa.Column("first_day", Day),  # of its first commit
    sa.Column("url", sa.String(2000)),  # where readers find it
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("choice", sa.String(8)),  # the author's own: offer, decline; null: as the blog's rule is
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.UniqueConstraint("blog", "path", name="one_post_per_path"),
)
sa.Index("ix_post_state", post.c.state)

# What a member says of themselves for the program's mentees page. Written by its owner alone; blanked, never deleted,
# when they are erased, since its offer refers to it.
#
# state: draft (its owner has not agreed to anything) · wanted (to be shown) · declined (not any more) · gone (erased).
profile = sa.Table(
    "profile",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("person", Key, nullable=False),
    sa.Column("name", sa.String(400), nullable=False),
    sa.Column("bio", sa.Text, nullable=False),
    sa.Column("site", sa.String(2000), nullable=False),
    sa.Column("links", Json, nullable=False),  # [{label, url}]
    sa.Column("headshot", sa.Text),  # a small JPEG made by us, in base64
    sa.Column("alt", sa.String(400), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("agreed_at", Instant),  # when its owner agreed to have it shown; null when they do not
    sa.Column("rev", sa.Integer, nullable=False),  # rises with each change of what is to be shown
    sa.Column("changed_at", Instant, nullable=False),
    sa.UniqueConstraint("person", name="one_profile_per_person"),
)
# A post, or a member's profile, on its way into the program's blog, or what that blog lacks for them (`setup`: where it
# lives, then it is of nobody): one row each, for good, whatever becomes of it.
# Written by the work on it (offers/running), in steps, and by who decides on it; what it says is blanked when its
# author is erased, the row stays, since what is live has to be found again. `state`, `kind`: rules/offers.py.
offer = sa.Table(
    "offer",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("post", Key, sa.ForeignKey("post.id", name="fk_offer_post")),
    sa.Column("profile", Key, sa.ForeignKey("profile.id", name="fk_offer_profile")),
    sa.Column("setup", sa.String(500)),
    sa.Column("person", Key, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),  # of the present proposal, or the last: post, update, removal
    sa.Column("reason", sa.Text, nullable=False),  # why it is in this state, in words
    sa.Column("rev", sa.Integer, nullable=False),  # of the post: what was proposed, held, skipped or declined last
    # Of the post: somebody looked at what seemed to be a secret in it. Of a set-up: how often somebody asked for it.
    sa.Column("looked", sa.Integer, nullable=False),
    # The present proposal. `pushing` is the commit about to be put on the branch: noted first, to be known again.
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("branch", sa.String(200)),
    sa.Column("commit", sa.String(64)),
    sa.Column("pushing", sa.String(64)),
    sa.Column("number", sa.Integer),
    sa.Column("url", sa.String(2000)),
    sa.Column("moved", sa.Boolean, nullable=False),  # a person has committed to the branch: it is theirs from then on
    sa.Column("by_author", sa.Boolean, nullable=False, server_default=sa.false()),  # who opens the first one
    sa.Column("files", Json, nullable=False),  # paths that it writes
    sa.Column("live", Json, nullable=False),  # paths that are in the program's blog
    # What it says.
    sa.Column("path", sa.String(300)),
    sa.Column("title", sa.String(500), nullable=False),
    sa.Column("original", sa.String(2000), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("notes", Json, nullable=False),  # [{kind, text}]
    sa.Column("verdict", sa.String(8)),  # accept or decline, asked for on our page and not carried out yet
    sa.Column("opened_at", Instant),
    sa.Column("published_at", Instant),  # when it was first live: post.published was told then, and never again
    sa.Column("changed_at", Instant, nullable=False),
    # The work on it: to be looked at from `due` on (null: nothing to do); somebody does until `leased`; `asked` rises
    # with each reason to look again.
    sa.Column("due", Machine),
    sa.Column("leased", Machine, nullable=False),
    sa.Column("asked", sa.Integer, nullable=False),
    sa.UniqueConstraint("post", name="one_offer_per_post"),
    sa.UniqueConstraint("profile", name="one_offer_per_profile"),
    sa.UniqueConstraint("setup", name="one_offer_per_setup"),
    sa.CheckConstraint(
        "(CASE WHEN post IS NULL THEN 0 ELSE 1 END) + (CASE WHEN profile IS NULL THEN 0 ELSE 1 END)"
        " + (CASE WHEN setup IS NULL THEN 0 ELSE 1 END) = 1",
        name="offer_is_of_one",
    ),
)
sa.Index("ix_offer_due", offer.c.due)
sa.Index("ix_offer_state", offer.c.state)

# What a member writes, or means to: noted as an idea, or begun when somebody wants to talk about a post of theirs.
# Written by its author, by organizers who say who reviews it, and by who begins the talk. Deleted 30 days after it was
# dropped, and when its author is erased. `state`: rules/pieces.py.
piece = sa.Table(
    "piece",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("person", Key, nullable=False),  # its author
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("link", sa.String(1000), nullable=False),  # to the draft, or empty
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("since", Instant, nullable=False),  # when that state began
    sa.Column("reviewer", Key),  # a person: member or organizer
    sa.Column("post", Key, sa.ForeignKey("post.id", name="fk_piece_post")),  # what became of it
    sa.Column("begun", sa.Boolean, nullable=False, server_default=sa.false()),  # for its post, by who wanted to talk
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("post", name="one_piece_per_post"),
)
sa.Index("ix_piece_person", piece.c.person)
sa.Index("ix_piece_reviewer", piece.c.reviewer)

# What somebody said about a piece: plain text. Written by its author, its reviewer and organizers, changed by whoever
# said it; deleted with the piece, and when whoever said it is erased. Of one that its writer deleted the row stays, so
# that the others see that something was said; its text is emptied after 30 days.
comment = sa.Table(
    "comment",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("piece", Key, sa.ForeignKey("piece.id", name="fk_comment_piece", ondelete="CASCADE"), nullable=False),
    sa.Column("person", Key, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("edited_at", Instant),
    sa.Column("deleted_at", Instant),
)
sa.Index("ix_comment_piece", comment.c.piece)
sa.Index("ix_comment_person", comment.c.person)

# A webhook's delivery that could be believed, so that one that is sent again does nothing. Written by
# views/webhooks.py; deleted after 30 days.
hook = sa.Table(
    "hook",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("forge", sa.String(8), nullable=False),
    sa.Column("delivery", sa.String(64), nullable=False),  # a hash of what the forge calls it
    sa.Column("blog", Key, sa.ForeignKey("blog.id", name="fk_hook_blog")),  # null: it is for the program
    sa.Column("event", sa.String(40), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.UniqueConstraint("forge", "delivery", name="one_hook_per_delivery"),
)
sa.Index("ix_hook_at", hook.c.at)

# That the webhook of the program's blog works. Written by views/webhooks.py; a row for each place that the blog had,
# so that another one begins anew; never deleted.
target = sa.Table(
    "target",
    metadata,
    sa.Column("place", sa.String(500), primary_key=True),  # host and path of its repository
    sa.Column("hook_seen_at", Instant, nullable=False),  # its first delivery that could be believed
    sa.Column("hook_last_at", Instant, nullable=False),
)

# What organizers say of the program's blog, where its files tell too little: what makes it, where posts go. Written by
# them (targets/choosing.py); a row for each place that the blog had; never deleted.
aim = sa.Table(
    "aim",
    metadata,
    sa.Column("place", sa.String(500), primary_key=True),  # forges.spot()
    sa.Column("shape", sa.String(16), nullable=False),  # a key of targets.NAMES; empty: as its files say
    sa.Column("folder", sa.String(200), nullable=False),  # empty: likewise
    sa.Column("dismissed", sa.Boolean, nullable=False, server_default=sa.false()),  # what it lacks is not to be brought
)
