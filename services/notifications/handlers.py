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

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from shared import config
from shared.events import Event, NotYet, erase, on

from . import people
from .chat import telling
from .digest import projection
from .mail import compose, gathering, invitation, ledger, letter, preferences, session, summary
from .mail.compose import Reader
from .models import SERVICE
from .rules import lists

COPIES = ("member.snapshot", "member.changed", "member.paused", "member.returned", "member.moved", "member.kept",
          "member.placed", "member.waiting", "member.pooled", "member.unpooled", "organizer.removed")  # fmt: skip


@on(SERVICE, "program.changed")
def program_changed(tx: Connection, event: Event) -> None:
    people.keep_program(tx, event.data)


@on(SERVICE, *COPIES)
def person_changed(tx: Connection, event: Event) -> None:
    people.keep(tx, event.data)
    projection.became(tx, event)
    projection.arrived(tx, event)


@on(SERVICE, "application.received")
def application_received(tx: Connection, event: Event) -> None:
    _ask_to_confirm(tx, event, "confirm", again=bool(event.data.get("again")))
    projection.applied(tx, event)


@on(SERVICE, "application.reminded")
def application_reminded(tx: Connection, event: Event) -> None:
    _ask_to_confirm(tx, event, "confirm-reminder", again=False)


@on(SERVICE, "application.imported")
def application_imported(tx: Connection, event: Event) -> None:
    """A file named them: they are asked, and reminded once, and get nothing else before they confirm."""
    data = event.data
    to = people.keep(tx, data, "imported")
    organizer = people.name_of(tx, data["by"])
    context = {"stream": compose.stream_name(tx, data["stream"]), "organizer": letter.line(organizer)}
    kind = "imported-reminder" if data["reminder"] else "imported"
    compose.write(tx, kind, event.id, to, context, mentions=[data["by"]] if organizer else [])
    projection.applied(tx, event)


@on(SERVICE, "application.repeated")
def application_repeated(tx: Connection, event: Event) -> None:
    """The form was sent with a member's address: no second member, but no silence either."""
    data = event.data
    to = Reader(data["person"], data["name"], data["email"], data.get("timezone") or "")
    context = {"already": True, "stream": compose.stream_name(tx, data.get("stream"))}
    compose.write(tx, "sign-in", event.id, to, context, link="enter")


@on(SERVICE, "application.expired", "application.withdrawn", "member.erased")
def person_gone(tx: Connection, event: Event) -> None:
    people.forget(tx, event.data["person"])
    if event.type == "application.withdrawn":
        projection.never_came(tx, event.data["person"])
    erase(tx, event.subject)


@on(SERVICE, "guest.forgotten")
def guest_forgotten(tx: Connection, event: Event) -> None:
    """Not before they know that they are not expected any more: afterwards there is no address to tell them."""
    if ledger.waits(tx, event.data["person"], "invite-cancel"):
        raise NotYet("the mail that it is off waits still")
    person_gone(tx, event)


@on(SERVICE, "applications.summarized")
def applications_summarized(tx: Connection, event: Event) -> None:
    """One letter to each organizer. Who was erased meanwhile is counted, not named."""
    data = event.data
    known = compose.the_program(tx)
    gone = people.forgotten(tx, [entry["person"] for entry in data["applications"]])
    context = summary.context(data, people.streams(tx), gone)
    for organizer in data["organizers"]:
        zone = people.zone_of(tx, organizer["person"]) or known.timezone
        to = Reader(organizer["person"], organizer["name"], organizer["email"], zone)
        compose.write(tx, "applications", event.id, to, context, mentions=summary.named(context))


@on(SERVICE, "signin.requested")
def signin_requested(tx: Connection, event: Event) -> None:
    data = event.data
    to = Reader(data["person"], data["name"], data["email"], people.zone_of(tx, data["person"]))
    claims = {"request": data["request"], "next": data.get("next")}
    compose.write(tx, "sign-in", event.id, to, {"already": False, "stream": None}, claims)


@on(SERVICE, "member.confirmed")
def member_confirmed(tx: Connection, event: Event) -> None:
    to = people.keep(tx, event.data)
    context = {"stream": compose.stream_name(tx, event.data["stream"]), "state": event.data["state"]}
    compose.write(tx, "welcome", event.id, to, context)
    projection.became(tx, event)
    projection.arrived(tx, event)
    telling.joined(tx, event)


@on(SERVICE, "member.left")
def member_left(tx: Connection, event: Event) -> None:
    """Who leaves to be erased gets one letter for both, from member.erasing."""
    to = people.keep(tx, event.data)
    if not event.data.get("erase_after"):
        _goodbye(tx, event, to, None)
    projection.became(tx, event)


@on(SERVICE, "member.erasing")
def member_erasing(tx: Connection, event: Event) -> None:
    to, after = people.keep(tx, event.data), event.data.get("erase_after")
    if after:
        _goodbye(tx, event, to, datetime.fromisoformat(after))


@on(SERVICE, "organizer.added")
def organizer_added(tx: Connection, event: Event) -> None:
    to = people.keep(tx, event.data)
    if event.data.get("invited"):
        compose.write(tx, "organizer", event.id, to, {})


@on(SERVICE, "member.graduated")
def member_graduated(tx: Connection, event: Event) -> None:
    to = people.keep(tx, event.data)
    context = {"stream": compose.stream_name(tx, event.data["stream"])}
    compose.write(tx, "alumni", event.id, to, context)
    projection.became(tx, event)


@on(SERVICE, "guest.asked")
def guest_asked(tx: Connection, event: Event) -> None:
    """No copy is kept before their yes. The organizer who asks is named, so it is emptied when they are erased."""
    data = event.data
    to = Reader(data["person"], data["name"], data["email"], data["timezone"])
    names = [name for each in data["streams"] if (name := compose.stream_name(tx, each))]
    context: dict[str, Any] = {"streams": names, "known": data["known"]}
    by = letter.line(people.name_of(tx, data["by"]))
    context["organizer"] = by[:1].upper() + by[1:]  # a sentence begins with it
    mentions = [data["by"]] if context["organizer"] else []
    compose.write(tx, "guest", event.id, to, context, mentions=mentions)


@on(SERVICE, "goal.reached")
def goal_reached(tx: Connection, event: Event) -> None:
    """What they wrote is not in it: that is theirs."""
    data = event.data
    to = people.reader(tx, data["person"])
    if to:
        context = {
            "stream": compose.stream_name(tx, data["stream"]),
            "next_stream": compose.stream_name(tx, data["next_stream"]),
        }
        compose.write(tx, "goal", event.id, to, context, {"next": "/signup/me/goal"})
    projection.became(tx, event)


@on(SERVICE, "address.requested")
def address_requested(tx: Connection, event: Event) -> None:
    data = event.data
    to = Reader(data["person"], data["name"], data["email"], people.zone_of(tx, data["person"]))
    compose.write(tx, "address", event.id, to, {}, {"request": data["request"]})


@on(SERVICE, "member.readdressed")
def member_readdressed(tx: Connection, event: Event) -> None:
    """The old address is told: perhaps it was not its reader who did this."""
    now = people.keep(tx, event.data)
    compose.write(tx, "address-changed", event.id, replace(now, email=event.data["former"]), {})


@on(SERVICE, "post.published")
def post_published(tx: Connection, event: Event) -> None:
    """Congratulations, to the author. Who is not here any more gets none."""
    data = event.data
    to = people.reader(tx, data["person"])
    if to:
        telling.published(tx, event)
    if to and data["title"]:
        context = {"title": letter.line(data["title"]), "original": compose.web(data["original"])}
        context["review"] = compose.web(data["pull_request"])
        compose.write(tx, "published", event.id, to, context)


@on(SERVICE, "offer.moved", "offer.snapshot")
def offer_moved(tx: Connection, event: Event) -> None:
    projection.offer_moved(tx, event)


@on(SERVICE, "post.awaited")
def post_awaited(tx: Connection, event: Event) -> None:
    """A reminder of a first post, to who wants them. What waited for days is not sent: there is another."""
    data = event.data
    to = people.reader(tx, data["person"])
    if to is None:
        return
    projection.became(tx, event)
    if people.readers(tx, [to.person]):
        due_at = datetime.fromisoformat(data["due_at"])
        context = {"due_at": due_at, "late": data["step"] > 0, "blog": data["blog"], "posts": data["posts"]}
        claims = {"pushed": data["pushed"]}
        compose.write(tx, "first-post", event.id, to, context, claims, deadline=event.time + timedelta(days=3))


def _piece(data: Mapping[str, Any], to: Reader) -> dict[str, Any]:
    """How a mail leads to a piece: who writes or reviews it has a link of theirs, an organizer a cookie."""
    if to.person in (data["author"], data["reviewer"]):
        return {"link": "enter", "claims": {"next": f"/blog/pieces/{data['piece']}"}}
    return {}


@on(SERVICE, "piece.commented")
def piece_commented(tx: Connection, event: Event) -> None:
    """To the others in the talk. Who wrote it and whose piece it is are named, so it is emptied with either."""
    data = event.data
    if not data["text"]:
        return  # whoever wrote it is erased
    named = people.called(tx, [data["person"], data["author"]])
    context = {"writer": named[data["person"]], "title": letter.line(data["title"]), "text": data["text"]}
    context["page"] = f"{config.current().base_url}/blog/pieces/{data['piece']}"
    for to in people.readers(tx, data["to"]):
        context["own"] = to.person == data["author"]
        compose.write(tx, "comment", event.id, to, dict(context), mentions=list(named), **_piece(data, to))


@on(SERVICE, "review.asked")
def review_asked(tx: Connection, event: Event) -> None:
    data = event.data
    if not data["title"]:
        return  # its author is erased
    context: dict[str, Any] = {"author": people.called(tx, [data["author"]])[data["author"]]}
    context |= {"title": letter.line(data["title"]), "wanted": data["state"] == "feedback"}
    context["page"] = f"{config.current().base_url}/blog/pieces/{data['piece']}"
    for to in people.readers(tx, data["to"]):
        context["reviews"] = to.person == data["reviewer"]
        compose.write(tx, "review", event.id, to, dict(context), mentions=[data["author"]], **_piece(data, to))


SESSIONS = {"next": "/sessions/"}  # where the button of a mail about sessions leads


@on(SERVICE, "circle.joined")
def circle_joined(tx: Connection, event: Event) -> None:
    """Who is in the circle is named, so this mail is emptied when one of them is erased."""
    projection.arrived(tx, event)
    projection.seated(tx, event)
    data = event.data
    to = people.reader(tx, data["person"])
    if to is None:
        return
    others = people.names(tx, [id for id in data["members"] if id != data["person"]])
    context = {
        "stream": compose.stream_name(tx, data["stream"]),
        "circle": letter.line(data["name"]),
        "how": data["how"],
        "others": [letter.line(name) for _, name in others],
        "starts_at": datetime.fromisoformat(data["starts_at"]) if data["starts_at"] else None,
        "minutes": data["minutes"],
        "meets": compose.web(data["link"]),
        "location": letter.line(data["location"] or "", 400),
    }
    compose.write(tx, "placed", event.id, to, context, SESSIONS, mentions=[id for id, _ in others])


@on(SERVICE, "circle.left")
def circle_left(tx: Connection, event: Event) -> None:
    projection.seated(tx, event)


@on(SERVICE, "place.waiting")
def place_waiting(tx: Connection, event: Event) -> None:
    projection.seated(tx, event)
    data = event.data
    to = people.reader(tx, data["person"])
    if to:
        context = {
            "stream": compose.stream_name(tx, data["stream"]),
            "position": data["position"],
            "lapsed": data["why"] == "lapsed",
        }
        compose.write(tx, "waiting", event.id, to, context, SESSIONS)


@on(SERVICE, "place.offered")
def place_offered(tx: Connection, event: Event) -> None:
    data = event.data
    to = people.reader(tx, data["person"])
    if to:
        context = {
            "stream": compose.stream_name(tx, data["stream"]),
            "answer_by": datetime.fromisoformat(data["until"]),
        }
        compose.write(tx, "place", event.id, to, context, {"offer": data["offer"]})


@on(SERVICE, "session.minuted", "minutes.corrected")
def session_minuted(tx: Connection, event: Event) -> None:
    """To each of the circle, with their own action items first and a link to tick them."""
    projection.minuted(tx, event)
    telling.minuted(tx, event)
    data = event.data
    known = compose.the_program(tx)
    told = people.readers(tx, [*data["to"], *data["organizers"]])
    named = session.named(data)
    names = people.called(tx, named)
    for to in told:
        context = session.minutes(data, names, to.person, to.timezone or known.timezone, event.type)
        link, links = "item" if context["mine"] else None, {}
        if context["led"]:
            links["lead"] = ("lead", {"session": data["session"]})
        if context["leads_next"]:
            links["next"] = ("lead", {"session": data["next"]["session"]})
        by = "all-minutes" if context["for_organizer"] else "minutes"
        about = compose.Told(f"{session.TOPIC}{data['session']}", 0)  # whom an answer to it is for
        compose.write(tx, "minutes", event.id, to, context, link=link, mentions=named, told=about, links=links, list=by)


@on(SERVICE, "minutes.missed")
def minutes_missed(tx: Connection, event: Event) -> None:
    projection.late(tx, event)
    data = event.data
    known = compose.the_program(tx)
    for to in people.readers(tx, data["to"]):
        context = session.late(data, to.timezone or known.timezone)
        link = "lead" if data["who"] == "coordinator" else None
        compose.write(tx, "minutes-late", event.id, to, context, {"session": data["session"]}, link=link)


@on(SERVICE, "turn.offered")
def turn_offered(tx: Connection, event: Event) -> None:
    """Who hands a turn over, or changed the plan, is named, so this mail is emptied when they are erased."""
    data = event.data
    giver, changer = data["handed_by"], data.get("changed_by")
    context = {
        "answer_by": datetime.fromisoformat(data["answer_by"]),
        "why": data["why"],
        "handed_by": letter.line(people.name_of(tx, giver)) if giver else None,
        "changed_by": letter.line(people.name_of(tx, changer)) if changer else None,
    }
    mentors = data["role"] == "mentor"
    _about_turn(
        tx, "mentor" if mentors else "turn", event, data["person"], context, {"turn": data["turn"]},
        [each for each in (giver, changer) if each], invitation.duty(data["session"], not mentors, mentors),
    )  # fmt: skip


@on(SERVICE, "turn.accepted")
def turn_accepted(tx: Connection, event: Event) -> None:
    projection.taken(tx, event)
    for person in event.data["told"]:
        _about_turn(tx, "turn-taken", event, person, {})


@on(SERVICE, "turn.lapsed")
def turn_lapsed(tx: Connection, event: Event) -> None:
    """Where anyone may take it now, turn-open tells them so: one mail is enough, but for who is offered a pause."""
    data = event.data
    context = {"pause": data["pause"], "role": data["role"], "next_asked": data.get("asked", True)}
    if data["pause"] or not data.get("open"):
        _about_turn(tx, "turn-lapsed", event, data["person"], context, {"turn": data["turn"]})


@on(SERVICE, "turn.released")
def turn_released(tx: Connection, event: Event) -> None:
    """Who is away, paused, left or changed the plan did that themselves, and knows."""
    projection.released(tx, event)
    data = event.data
    if data["why"] not in ("away", "gone", "own"):
        _about_turn(tx, "turn-released", event, data["person"], {"cause": data["why"], "role": data["role"]})


@on(SERVICE, "turn.opened")
def turn_opened(tx: Connection, event: Event) -> None:
    projection.opened(tx, event)
    telling.opened(tx, event)
    data = event.data
    for person in data["to"]:
        _about_turn(tx, "turn-open", event, person, {}, {"session": data["session"]})
    for person in data["organizers"]:
        _about_turn(tx, "turn-open-organizer", event, person, {})


def _about_turn(
    tx: Connection,
    kind: str,
    event: Event,
    person: str,
    context: dict[str, Any],
    claims: dict[str, Any] | None = None,
    mentions: Iterable[str] = (),
    links: Mapping[str, tuple[str, dict[str, Any]]] | None = None,
) -> None:
    """A mail about a turn: never sent once its session has begun."""
    to = people.reader(tx, person)
    if to is None:
        return
    data = event.data
    starts_at = datetime.fromisoformat(data["starts_at"])
    about = {"circle": letter.line(data["name"]), "starts_at": starts_at, "minutes": data["minutes"]}
    about["turns"] = f"{config.current().base_url}/sessions/circles/{data['circle']}/turns"
    compose.write(
        tx, kind, event.id, to, {**about, **context}, claims, mentions=mentions, deadline=starts_at, links=links
    )


@on(SERVICE, "session.announced")
def session_announced(tx: Connection, event: Event) -> None:
    projection.announced(tx, event.data)
    projection.gathered(tx, event.data)
    invitation.announce(tx, event.id, event.data)


@on(SERVICE, "session.snapshot")
def session_snapshot(tx: Connection, event: Event) -> None:
    projection.remembered(tx, event)


@on(SERVICE, "place.snapshot")
def place_snapshot(tx: Connection, event: Event) -> None:
    projection.arrived(tx, event)
    projection.seated(tx, event)


@on(SERVICE, "checkin.asked")
def checkin_asked(tx: Connection, event: Event) -> None:
    """Still with us? Not sent any more once nobody waits for the answer."""
    projection.checked_in(tx, event)
    data = event.data
    to = people.reader(tx, data["person"])
    if to:
        until = datetime.fromisoformat(data["answer_by"])
        context = {
            "circle": letter.line(data["name"]),
            "missed": [datetime.fromisoformat(each) for each in data["missed"]],
            "answer_by": until,
        }
        compose.write(tx, "checkin", event.id, to, context, {"checkin": data["checkin"]}, deadline=until)


@on(SERVICE, "checkin.ended", "checkin.snapshot")
def checkin_ended(tx: Connection, event: Event) -> None:
    projection.checked_in(tx, event)


@on(SERVICE, "items.changed")
def items_changed(tx: Connection, event: Event) -> None:
    projection.items(tx, event)


@on(SERVICE, "session.reminded")
def session_reminded(tx: Connection, event: Event) -> None:
    projection.gathered(tx, event.data)
    invitation.remind(tx, event.id, event.data)


@on(SERVICE, "gathering.proposed")
def gathering_proposed(tx: Connection, event: Event) -> None:
    gathering.propose(tx, event.id, event.data)


@on(SERVICE, "gathering.noted")
def gathering_noted(tx: Connection, event: Event) -> None:
    gathering.note(tx, event.id, event.data)


@on(SERVICE, "talks.wanted")
def talks_wanted(tx: Connection, event: Event) -> None:
    """They said so to sessions. What they want of notes stays, as long as they want invites."""
    person, wanted = event.data["person"], event.data["wanted"]
    before = preferences.choices(tx, person).get(preferences.TALKS, lists.MAIL)
    if wanted != (before != lists.NONE):
        preferences.choose(tx, person, {preferences.TALKS: lists.MAIL if wanted else lists.NONE}, tell=False)


def _goodbye(tx: Connection, event: Event, to: Reader, erased: datetime | None) -> None:
    context = {"stream": compose.stream_name(tx, event.data["stream"]), "erased": erased}
    compose.write(tx, "goodbye", event.id, to, context)


def _ask_to_confirm(tx: Connection, event: Event, kind: str, again: bool) -> None:
    to = people.keep_applicant(tx, event.data)
    context = {"stream": compose.stream_name(tx, event.data["stream"]), "again": again}
    compose.write(tx, kind, event.id, to, context)
