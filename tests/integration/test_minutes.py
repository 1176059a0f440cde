"""Minutes from the first letter to the closed session: saving, merging, attendance, items, publishing, correcting."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from services.notifications.mail import session
from services.sessions import attendance, items, minutes, models, people, resources
from services.sessions.circles import membership
from services.sessions.minutes import forgetting, publishing
from services.sessions.rules import agenda
from services.sessions.rules.refusals import Refused
from shared import clock, db, personal
from tests.conftest import Baton
from tests.meeting import Circle, add_person

BY = "person/ada"


@pytest.fixture
def circle(baton: Baton) -> Circle:
    return Circle(baton)


def save(circle: Circle, based_on: int, text: str, part: str = "text", by: str = BY) -> minutes.Saved:
    with db.write("sessions") as tx:
        return minutes.save(tx, circle.first, part, based_on, text, by)


def texts(circle: Circle) -> minutes.Texts:
    with db.read("sessions") as tx:
        of = minutes.one(tx, circle.first)
        assert of is not None
        return minutes.texts(tx, of)


def mark(circle: Circle, session: str | None = None, **marks: bool) -> None:
    with db.write("sessions") as tx:
        attendance.record(
            tx, minutes.taken(tx, session or circle.first), marks or dict.fromkeys(circle.members, True), BY
        )


def publish(circle: Circle) -> bool:
    with db.write("sessions") as tx:
        return minutes.publish(tx, circle.first, BY)


def add_item(circle: Circle, **typed: str) -> str:
    with db.write("sessions") as tx:
        given = {"text": "Write to the library", "owner": circle.bo, **typed}
        return items.add(tx, minutes.taken(tx, circle.first), given, BY)


def ready(circle: Circle, text: str = "We met.") -> None:
    """Everything that publishing needs."""
    circle.begin(1)
    save(circle, 0, text)
    mark(circle)
    circle.accept(circle.second, circle.bo)


def events(baton: Baton, *types: str) -> list[dict[str, Any]]:
    return [row for row in baton.rows("sessions", "event") if row["type"] in types]


def only(rows: list[Any]) -> Any:
    [row] = rows
    return row


def refused(call: Any, *args: Any) -> list[dict[str, str]]:
    with pytest.raises(Refused) as found, db.write("sessions") as tx:
        call(tx, *args)
    for each in found.value.all:
        assert each.message and each.remedy
    return [each.as_dict() for each in found.value.all]


def fields(found: list[dict[str, str]]) -> list[str]:
    return [each["field"] for each in found]


# ---- saving ----


def test_minutes_begin_with_the_headings_of_the_streams_agenda(circle: Circle) -> None:
    assert texts(circle).agenda == agenda.USUAL and texts(circle).version == 0
    with db.write("sessions") as tx:
        minutes.set_agenda(tx, "stream1", "## Wins\r\n\r\nEach one.\n")
    assert texts(circle).agenda == "## Wins\n\nEach one." and texts(circle).text.strip() == "## Wins"
    assert save(circle, 0, "## Wins\n").state == "same"
    assert circle.baton.rows("sessions", "minutes") == [], "what nobody typed is not saved"
    save(circle, 0, "## Ours", "agenda")
    assert texts(circle).text.strip() == "## Ours" and texts(circle).version == 0
    with db.write("sessions") as tx:
        minutes.reset_agenda(tx, "stream1")
    assert texts(circle).agenda == "## Ours", "a session whose agenda was changed keeps it"


def test_two_tabs_write_under_different_headings_and_both_stay(circle: Circle) -> None:
    start = texts(circle).text.rstrip()
    mine = start.replace("## Resources", "## Resources\nA book.")
    theirs = start.replace("## Questions", "## Questions\nHow to sort?")
    assert save(circle, 0, mine).version == 1
    merged = save(circle, 0, theirs, by="organizer/olga")
    assert merged.state == "merged" and "A book." in merged.text and "How to sort?" in merged.text
    assert texts(circle).text == merged.text and texts(circle).version == merged.version
    # Who typed on while that was under way goes on from what was sent.
    onward = save(circle, merged.sent, theirs + "\nMore.", by="organizer/olga")
    assert onward.state == "merged" and "A book." in onward.text and onward.text.endswith("More.")


def test_the_same_lines_are_left_to_a_person_and_both_texts_kept(circle: Circle, baton: Baton) -> None:
    save(circle, 0, "Plan")
    save(circle, 1, "Plan A")
    found = save(circle, 1, "Plan B", by="organizer/olga")
    assert (found.state, found.version, found.text) == ("conflict", 2, "Plan A")
    assert texts(circle).text == "Plan A"
    with db.read("sessions") as tx:
        kept = minutes.history(tx, circle.first, aside=True)
        assert {row["text"] for row in kept} == {"Plan A", "Plan B"}
        assert minutes.history(tx, circle.first, aside=False) == []
    assert save(circle, found.version, "Plan A and B").state == "saved"


@pytest.mark.parametrize("based_on", [-1, 99])
def test_a_version_that_never_was_changes_nothing(circle: Circle, based_on: int) -> None:
    save(circle, 0, "ours")
    assert save(circle, based_on, "forged").state == "conflict" and texts(circle).text == "ours"


def test_many_drafts_do_not_pile_up(circle: Circle, baton: Baton) -> None:
    for version in range(120):
        assert save(circle, version, f"line {version}").version == version + 1
    kept = baton.rows("sessions", "revision")
    assert len(kept) == 100 and max(row["version"] for row in kept) == 120


@pytest.mark.parametrize("text", ["x" * 100_001, "é" * 50_001, "x" * 1_000_000])
def test_too_long_is_refused_with_the_cap(circle: Circle, text: str) -> None:
    found = refused(minutes.save, circle.first, "text", 0, text, BY)
    assert "100,000" in found[0]["remedy"] and texts(circle).version == 0


@pytest.mark.parametrize("text", ["a\0b", "a\ud800", "a\x07", "\u202eb"])
def test_letters_that_cannot_be_are_refused(circle: Circle, text: str) -> None:
    assert fields(refused(minutes.save, circle.first, "text", 0, text, BY)) == ["text"]
    assert fields(refused(add_in, circle, {"text": text, "owner": circle.bo})) == ["item-text"]


def add_in(tx: Any, circle: Circle, typed: dict[str, str]) -> str:
    return items.add(tx, minutes.taken(tx, circle.first), typed, BY)


def test_no_such_session_and_a_cancelled_one(circle: Circle) -> None:
    refused(minutes.save, "nowhere", "text", 0, "x", BY)
    with db.write("sessions") as tx:
        tx.execute(models.session.update().values(state="cancelled"))
    for call in (minutes.save,):
        refused(call, circle.first, "text", 0, "x", BY)
    circle.begin(1)
    refused(minutes.publish, circle.first, BY)
    refused(attended, circle, {circle.ada: True})


def attended(tx: Any, circle: Circle, marks: dict[str, bool]) -> None:
    attendance.record(tx, minutes.taken(tx, circle.first), marks, BY)


# ---- attendance ----


def sheet(circle: Circle) -> dict[str, attendance.Mark]:
    with db.read("sessions") as tx:
        return {each.person: each for each in attendance.sheet(tx, minutes.taken(tx, circle.first))}


def test_marks_are_offered_from_explicit_answers_alone(circle: Circle) -> None:
    circle.answer(circle.ada, "coming")
    circle.answer(circle.bo, "cannot")
    circle.begin()
    offered = {id: each.offered for id, each in sheet(circle).items()}
    assert offered == {circle.ada: True, circle.bo: False, circle.cy: None, circle.dee: None}
    assert all(each.present is None for each in sheet(circle).values()), "an offer is no record"
    mark(circle, bo=True)
    assert sheet(circle)[circle.bo].offered is True, "what was recorded goes before what was said"


def test_who_was_in_the_circle_then_is_listed_also_when_they_left(circle: Circle) -> None:
    circle.begin(1)
    circle.leave(circle.cy)
    with db.write("sessions") as tx:
        add_person(tx, "eve", "Eve")
        row = {"id": "p-eve", "person": "eve", "circle": circle.id, "how": "placed", "by": "system"}
        tx.execute(models.place.insert().values(**row, since=clock.now()))
    assert list(sheet(circle)) == circle.members and sheet(circle)[circle.cy].gone
    assert fields(refused(attended, circle, {"eve": True})) == ["attendance"]
    with db.write("sessions") as tx:
        tx.execute(models.person.update().where(models.person.c.id == circle.cy).values(state="erased", name=""))
    assert sheet(circle)[circle.cy].name == people.ERASED
    mark(circle, ada=True, bo=True, dee=False)
    with db.read("sessions") as tx:
        assert attendance.whole(tx, minutes.taken(tx, circle.first)), "who is erased cannot be asked any more"


def test_nobody_is_marked_before_it_begins_or_from_elsewhere(circle: Circle, baton: Baton) -> None:
    refused(attended, circle, {circle.ada: True})
    circle.begin()
    refused(attended, circle, {"somebody-else": True})
    assert baton.rows("sessions", "attendance") == []
    with db.read("sessions") as tx:
        of = minutes.taken(tx, circle.first)
        assert attendance.turnouts(tx, of) == [] and not attendance.whole(tx, of)
    mark(circle, ada=True, bo=False)
    with db.read("sessions") as tx:
        found = only(attendance.turnouts(tx, minutes.taken(tx, circle.first)))
    assert (found.present, found.marked) == (1, 2)


# ---- items ----


def test_an_item_is_due_at_the_next_session_unless_somebody_says_otherwise(circle: Circle, baton: Baton) -> None:
    id = add_item(circle)
    assert only(baton.rows("sessions", "item", id=id))["due"] == "2027-01-19"
    other = add_item(circle, due="2027-02-01")
    assert only(baton.rows("sessions", "item", id=other))["due"] == "2027-02-01"
    with db.write("sessions") as tx:
        tx.execute(models.session.update().where(models.session.c.id != circle.first).values(state="cancelled"))
    assert only(baton.rows("sessions", "item", id=add_item(circle)))["due"] == "2027-01-19", "in two weeks"


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"owner": ""}, ["item-owner"]),
        ({"owner": "nobody"}, ["item-owner"]),
        ({"text": " "}, ["item-text"]),
        ({"text": "x" * 501}, ["item-text"]),
        ({"text": "a\nb"}, ["item-text"]),
        ({"due": "2027-01-04"}, ["item-due"]),
        ({"due": "9999-12-31"}, ["item-due"]),
        ({"due": "soon"}, ["item-due"]),
        ({"text": "", "owner": "", "due": "1"}, ["item-text", "item-owner", "item-due"]),
    ],
)
def test_an_item_that_cannot_be_taken(circle: Circle, baton: Baton, typed: dict[str, str], wrong: list[str]) -> None:
    assert fields(refused(add_in, circle, {"text": "Do", "owner": circle.bo, **typed})) == wrong
    assert baton.rows("sessions", "item") == []


def test_done_dropped_and_moved_are_different_and_can_be_undone(circle: Circle, baton: Baton) -> None:
    id = add_item(circle)

    def state() -> tuple[str, str, int]:
        row = only(baton.rows("sessions", "item"))
        return row["state"], row["due"], row["moves"]

    for verb, after in (
        ("done", ("done", "2027-01-19", 0)), ("dropped", ("dropped", "2027-01-19", 0)),
        ("moved", ("open", "2027-02-02", 1)),
    ):  # fmt: skip
        with db.write("sessions") as tx:
            items.settle(tx, id, verb, BY)
        assert state() == after
        if verb == "done":
            with db.write("sessions") as tx:
                items.settle(tx, id, verb, BY)
            refused(items.settle, id, "dropped", BY)
        with db.write("sessions") as tx:
            items.undo(tx, id, BY)
        assert state() == ("open", "2027-01-19", 0)
    refused(items.undo, id, BY)
    refused(items.settle, id, "eaten", BY)
    refused(items.settle, "nothing", "done", BY)
    assert [row["verb"] for row in baton.rows("sessions", "change")].count("item-done") == 1


def test_an_item_whose_owner_left_waits_for_another(circle: Circle, baton: Baton) -> None:
    id = add_item(circle)
    circle.leave(circle.bo)
    with db.read("sessions") as tx:
        assert only(items.open_ones(tx, minutes.taken(tx, circle.first)))["left"]
    refused(items.give, id, circle.bo, BY)
    with db.write("sessions") as tx:
        items.give(tx, id, circle.cy, BY)
    with db.read("sessions") as tx:
        assert [row["owner"] for row in items.open_ones(tx, minutes.taken(tx, circle.first))] == [circle.cy]
        assert items.of_owner(tx, circle.bo) == [] and len(items.of_owner(tx, circle.cy)) == 1
    with db.write("sessions") as tx:
        items.undo(tx, id, BY)
    assert only(baton.rows("sessions", "item"))["owner"] == circle.bo


# ---- publishing ----


def test_every_gap_without_a_reason_is_named_and_nothing_is_published(circle: Circle, baton: Baton) -> None:
    refused(minutes.publish, circle.first, BY)  # it has not begun
    circle.begin(1)
    assert fields(refused(minutes.publish, circle.first, BY)) == ["minutes", "attendance", "next"]
    save(circle, 0, "We met.")
    mark(circle)
    assert fields(refused(minutes.publish, circle.first, BY)) == ["next"]
    with db.write("sessions") as tx:
        circle.turn(tx, circle.second, circle.bo, state="proposed")
    assert fields(refused(minutes.publish, circle.first, BY)) == ["next"], "a plan is nobody's turn"
    assert events(baton, "session.minuted") == [] and not texts(circle).published_at


def test_minutes_go_out_once_somebody_is_asked_and_the_session_closes_with_their_yes(
    circle: Circle, baton: Baton
) -> None:
    circle.begin(1)
    save(circle, 0, "We met.")
    mark(circle)
    with db.write("sessions") as tx:
        circle.turn(tx, circle.second, circle.bo, state="offered")
    assert publish(circle)
    assert only(events(baton, "session.minuted"))["data"]["next"]["coordinator"] is None, "an offer is no yes"
    baton.pass_time(hours=49)
    with db.write("sessions") as tx:
        assert not minutes.close_if_done(tx, circle.first)
        tx.execute(models.turn.update().where(models.turn.c.session == circle.second).values(state="accepted"))
        assert minutes.close_if_done(tx, circle.first)


def test_items_are_told_with_their_minutes_and_not_before(circle: Circle, baton: Baton) -> None:
    circle.begin(1)
    first, other = add_item(circle), add_item(circle, text="Bring cake")
    with db.write("sessions") as tx:
        items.settle(tx, other, "done", BY)
    assert only(events(baton, "items.changed"))["data"]["items"] == [], "a draft is nobody's news"
    save(circle, 0, "We met.")
    mark(circle)
    circle.accept(circle.second, circle.bo)
    assert publish(circle)
    assert [each["id"] for each in only(events(baton, "session.minuted"))["data"]["items"]] == [first]
    late = add_item(circle, text="Book the room")
    told = events(baton, "items.changed")[-1]["data"]["items"]
    assert {each["id"] for each in told} == {first, late}, "nothing else would tell of what is added then"


def test_a_session_does_not_wait_for_a_yes_to_a_session_that_is_over(circle: Circle, baton: Baton) -> None:
    circle.begin(1)
    save(circle, 0, "We met.")
    mark(circle)
    with db.write("sessions") as tx:
        circle.turn(tx, circle.second, circle.bo, state="offered")
    assert publish(circle)
    baton.pass_time(days=15)
    with db.write("sessions") as tx:
        tx.execute(models.turn.update().where(models.turn.c.session == circle.second).values(state="declined"))
        tx.execute(models.session.update().where(models.session.c.id == circle.second).values(state="held"))
        assert not minutes.close_if_done(tx, circle.first), "who led it may still be noted"
        tx.execute(models.session.update().where(models.session.c.id == circle.second).values(state="minuted"))
        assert minutes.close_if_done(tx, circle.first)
    row = only(baton.rows("sessions", "session", id=circle.first))
    assert row["state"] == "closed" and row["gaps"] == {"next": publishing.NOBODY_LED}
    assert only([each for each in baton.rows("sessions", "change") if each["verb"] == "gap"])["by"] == "system"


def test_a_reason_stands_in_for_what_is_missing(circle: Circle, baton: Baton) -> None:
    circle.begin(1)
    for gap in ("minutes", "attendance", "next"):
        with db.write("sessions") as tx:
            minutes.record_gap(tx, circle.first, gap, f"Nobody came ({gap})", BY)
    assert publish(circle)
    data = only(events(baton, "session.minuted"))["data"]
    assert data["text"] == "" and [each["gap"] for each in data["reasons"]] == ["attendance", "minutes", "next"]
    assert len([row for row in baton.rows("sessions", "change") if row["verb"] == "gap"]) == 3
    refused(minutes.record_gap, circle.first, "coffee", "There was none", BY)
    refused(minutes.record_gap, circle.first, "next", "x" * 501, BY)


def test_publishing_tells_once_what_the_circle_gets(circle: Circle, baton: Baton) -> None:
    ready(circle, "We met. See https://docs.example.org/intro.")
    circle.accept(circle.first, "mia", "mentor")
    add_item(circle)
    with db.write("sessions") as tx:
        add_person(tx, "mia", "Mia Mentor", stream="stream2")
        add_person(tx, "olga", "Olga", roles=["organizer"], stream=None)
    assert publish(circle) and not publish(circle)
    row = only(events(baton, "session.minuted"))
    data = row["data"]
    assert row["subject"] == f"session/{circle.first}"
    assert data["to"] == [*circle.members, "mia"] and data["organizers"] == []
    assert data["present"] == circle.members and data["coordinator"] == circle.ada and data["mentor"] == "mia"
    assert data["next"]["coordinator"] == circle.bo and data["items"][0]["person"] == circle.bo
    assert only(baton.rows("sessions", "session", id=circle.first))["state"] == "minuted"
    assert (
        only(baton.rows("sessions", "revision", kind="published"))["text"]
        == "We met. See https://docs.example.org/intro."
    )
    link = only(baton.rows("sessions", "resource"))
    assert (link["url"], link["stream"]) == ("https://docs.example.org/intro", "stream1")
    assert save(circle, 1, "too late").state == "published" and texts(circle).text.startswith("We met.")


def test_organizers_may_have_it_at_once(circle: Circle, baton: Baton) -> None:
    ready(circle)
    with db.write("sessions") as tx:
        add_person(tx, "olga", "Olga", roles=["organizer"], stream=None)
        minutes.set_at_once(tx, True)
        assert minutes.at_once(tx)
    publish(circle)
    assert only(events(baton, "session.minuted"))["data"]["organizers"] == ["olga"]


def test_long_minutes_are_cut_in_the_event_and_whole_in_the_table(circle: Circle, baton: Baton) -> None:
    text = "\n".join(f"line {number}" for number in range(5_000))
    ready(circle, text)
    publish(circle)
    data = only(events(baton, "session.minuted"))["data"]
    assert data["cut"] and len(data["text"].encode()) <= 20_000 and text.startswith(data["text"])
    assert texts(circle).text == text


def test_a_correction_is_kept_and_mailed_only_when_asked(circle: Circle, baton: Baton) -> None:
    ready(circle, "We met. https://a.example.org")
    publish(circle)

    def correct(version: int, text: str, tell: bool = False) -> minutes.Saved:
        with db.write("sessions") as tx:
            return minutes.correct(tx, circle.first, version, text, BY, tell)

    version = texts(circle).version
    assert correct(version, "We all met. https://b.example.org").state == "saved"
    assert events(baton, "minutes.corrected") == []
    assert only(baton.rows("sessions", "resource"))["url"] == "https://b.example.org"
    merged = correct(version, "We met. https://a.example.org\nBo sang.", tell=True)
    assert merged.state == "conflict" and texts(circle).text == "We all met. https://b.example.org"
    version = texts(circle).version
    assert correct(version, texts(circle).text + "\nBo sang.", tell=True).state == "saved"
    assert correct(version + 1, texts(circle).text, tell=True).state == "same"
    assert only(events(baton, "minutes.corrected"))["data"]["text"].endswith("Bo sang.")
    with db.read("sessions") as tx:
        kinds = [row["kind"] for row in minutes.history(tx, circle.first, aside=False)]
    assert kinds == ["corrected", "corrected", "published"]
    refused(minutes.correct, circle.first, version + 1, "## Only a heading", BY, False)
    circle.baton.pass_time(hours=48)
    refused(minutes.correct, circle.first, version + 1, "Later", BY, False)


def test_a_draft_cannot_be_corrected(circle: Circle) -> None:
    save(circle, 0, "x")
    refused(minutes.correct, circle.first, 1, "y", BY, True)


# ---- by time ----


def test_a_session_ends_is_asked_about_and_closes(circle: Circle, baton: Baton) -> None:
    with db.write("sessions") as tx:
        add_person(tx, "olga", "Olga", roles=["organizer"], stream=None)

    def missed() -> list[tuple[str, list[str]]]:
        return [(row["data"]["who"], row["data"]["to"]) for row in events(baton, "minutes.missed")]

    def state() -> str:
        return str(only(baton.rows("sessions", "session", id=circle.first))["state"])

    circle.begin(0.5)
    baton.tick()
    assert state() == "confirmed"
    circle.begin(1)
    baton.tick()
    assert state() == "held" and missed() == []
    circle.begin(25)
    for _ in range(3):
        baton.pass_time(minutes=10)
        baton.tick()
    assert missed() == [("coordinator", [circle.ada])]
    circle.begin(74)
    for _ in range(3):
        baton.pass_time(minutes=10)
        baton.tick()
    assert missed() == [("coordinator", [circle.ada]), ("organizers", ["olga"])]
    save(circle, 0, "We met.")
    mark(circle)
    circle.accept(circle.second, circle.bo)
    publish(circle)
    baton.pass_time(hours=47)
    baton.tick()
    assert state() == "minuted"
    with db.write("sessions") as tx:  # the next coordinator can no longer
        tx.execute(models.turn.update().where(models.turn.c.session == circle.second).values(state="released"))
    baton.pass_time(hours=2)
    baton.tick()
    assert state() == "minuted", "a gap without a reason keeps it open"
    with db.write("sessions") as tx:
        minutes.record_gap(tx, circle.first, "next", "Bo moved away", BY)
    baton.pass_time(hours=1)
    baton.tick()
    assert state() == "closed"
    refused(minutes.record_gap, circle.first, "next", "", BY)
    refused(attended, circle, {circle.ada: False})


def test_nobody_is_asked_about_minutes_that_are_there(circle: Circle, baton: Baton) -> None:
    ready(circle)
    publish(circle)
    circle.begin(80)
    baton.tick()
    assert events(baton, "minutes.missed") == []


# ---- resources ----


def test_links_are_shown_once_newest_first_and_stay_hidden(circle: Circle, baton: Baton) -> None:
    def shown(hidden: bool = False) -> list[str]:
        with db.read("sessions") as tx:
            return [row["url"] for row in resources.shown(tx, "stream1", hidden)[0]]

    with db.write("sessions") as tx:
        resources.keep(tx, "stream1", circle.first, {"https://a.org": "A", "https://b.org": "B"})
    baton.pass_time(days=14)
    with db.write("sessions") as tx:
        resources.keep(tx, "stream1", circle.second, {"https://a.org": "A again"})
    assert shown() == ["https://a.org", "https://b.org"]
    with db.write("sessions") as tx:
        hidden = resources.shown(tx, "stream1")[0][0]
        resources.hide(tx, hidden["id"], True)
        resources.keep(tx, "stream1", circle.third, {"https://a.org": "Once more"})
    assert shown() == ["https://b.org"] and shown(True) == ["https://a.org"]
    with db.write("sessions") as tx:
        resources.hide(tx, hidden["id"], False)
        resources.keep(tx, "stream1", circle.first, {})
    assert shown() == ["https://a.org"], "what was taken out of the minutes is gone"
    refused(resources.hide, "nothing", True)


# ---- what is theirs ----


def test_a_member_downloads_their_items_and_attendance(circle: Circle, baton: Baton) -> None:
    circle.begin(1)
    mark(circle)
    add_item(circle)
    with db.read("sessions") as tx:
        held = {name: [dict(row) for row in rows(tx, circle.bo)] for name, rows in personal._parts["sessions"].items()}
    assert only(held["items"])["text"] == "Write to the library" and only(held["attendance"])["present"] is True


# ---- erasing ----


def test_erasing_blanks_what_events_quote_once_they_are_delivered(circle: Circle, baton: Baton) -> None:
    ready(circle, "Bo was ill.")
    publish(circle)
    with db.write("sessions") as tx:
        assert minutes.forget(tx, circle.bo) == 0, "what is still owed is a mail to the others"
    delivery = db.metadata("sessions").tables["delivery"]
    with db.write("sessions") as tx:
        tx.execute(delivery.update().values(confirmed_at=1.0))
        assert minutes.forget(tx, "stranger") == 0
        assert minutes.forget(tx, circle.bo) == 1
    row = only(events(baton, "session.minuted"))
    assert row["data"]["text"] == "" and row["erased"] and row["data"]["present"] == circle.members
    assert texts(circle).text == "Bo was ill.", "the minutes are the circle's"


def test_erasing_reads_no_minutes_of_circles_they_were_not_in(circle: Circle, baton: Baton) -> None:
    ready(circle, "Bo was ill.")
    publish(circle)
    delivery, real = db.metadata("sessions").tables["delivery"], forgetting._concerned
    read: list[Any] = []

    def concerned(data: dict[str, Any]) -> set[str]:
        read.append(data)
        return real(data)

    with db.write("sessions") as tx, pytest.MonkeyPatch.context() as patch:
        patch.setattr(forgetting, "_concerned", concerned)
        tx.execute(delivery.update().values(confirmed_at=1.0))
        assert minutes.forget(tx, "stranger") == minutes.forget(tx, "%") == 0 and read == []
        assert minutes.forget(tx, circle.bo) == len(read) == 1


# ---- at the same moment ----


def at_once(count: int, call: Any) -> list[Any]:
    barrier = Barrier(count)

    def one(number: int) -> Any:
        barrier.wait()
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_saves_at_once_lose_no_line(circle: Circle) -> None:
    save(circle, 0, "begin\n\nend")
    found = at_once(5, lambda n: save(circle, 1, f"begin\nline of {n}\n\nend", by=f"person/{n}"))
    assert {each.state for each in found} == {"saved", "merged"}
    assert sorted(texts(circle).text.split("\n")) == sorted(["begin", "", "end", *(f"line of {n}" for n in range(5))])


def test_first_saves_at_once_lose_nothing(circle: Circle) -> None:
    start = texts(circle).text.rstrip()
    at_once(4, lambda n: save(circle, 0, f"{start}\nline of {n}"))
    assert all(f"line of {n}" in texts(circle).text for n in range(4))


def test_two_who_publish_at_once_make_one_event(circle: Circle, baton: Baton) -> None:
    ready(circle)
    assert sorted(at_once(4, lambda _: publish(circle))) == [False, False, False, True]
    assert len(events(baton, "session.minuted")) == 1


def test_an_item_is_settled_once(circle: Circle, baton: Baton) -> None:
    id = add_item(circle)

    def move(_: int) -> None:
        with db.write("sessions") as tx:
            items.settle(tx, id, "done", BY)

    at_once(4, move)
    assert len([row for row in baton.rows("sessions", "change") if row["verb"] == "item-done"]) == 1


def test_an_item_of_somebody_who_left_asks_who_takes_it(circle: Circle, baton: Baton) -> None:
    ready(circle)
    add_item(circle, owner=circle.dee)
    with db.write("sessions") as tx:
        membership.leave(tx, circle.dee, circle.id)
    assert publish(circle)
    [told] = events(baton, "session.minuted")
    names = dict.fromkeys(circle.members, "Dee")
    [item] = session.minutes(told["data"], names, circle.ada, "UTC", "session.minuted")["theirs"]
    assert item["left"]
