"""The program as organizers edit it: what is read back, what others are told, and that nothing is lost for good."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from services.signup import access_links, audit, program, seed
from services.signup.people import subject
from services.signup.rules import Refused
from shared import db
from tests.conftest import Baton

BOSS = "organizer/somebody"


def do(command, *args, **kwargs):
    with db.write("signup") as tx:
        return command(tx, *args, **kwargs)


def now(baton: Baton) -> program.Program:
    with db.read("signup") as tx:
        return program.load(tx)


def removed(baton: Baton) -> program.Removed:
    with db.read("signup") as tx:
        return program.removed(tx)


def refused(command, *args) -> list[str]:
    with pytest.raises(Refused) as caught, db.write("signup") as tx:
        command(tx, *args)
    assert all(each.message and each.remedy for each in caught.value.all)
    return [each.field for each in caught.value.all]


def announced(baton: Baton) -> dict:
    events = baton.rows("signup", "event", type="program.changed")
    return max(events, key=lambda event: event["seq"])["data"]


def test_the_seed_is_written_once(baton):
    before = baton.dump()
    assert do(seed.seed) is False
    assert baton.dump() == before
    assert [stream.slug for stream in now(baton).streams] == ["stream1", "stream2", "stream3"]
    assert [section.slug for section in now(baton).sections] == ["what-it-is", "organization", "faq", "resources"]


def test_the_program_is_saved_and_announced(baton):
    fields = {"name": "Our program", "timezone": "Europe/Berlin", "video_url": ""}
    fields["chat_invite"] = "https://chat.example/"
    do(program.save_program, BOSS, fields)
    assert (now(baton).name, now(baton).timezone, now(baton).video_url) == ("Our program", "Europe/Berlin", None)
    assert now(baton).chat_invite_at is not None
    assert announced(baton)["chat_invite"] == "https://chat.example/"
    do(program.save_program, BOSS, {"chat_invite": ""})
    assert now(baton).chat_invite is None and now(baton).chat_invite_at is None
    wrong = {"name": " ", "timezone": "Mars", "video_url": "javascript:alert(1)", "chat_invite": "x"}
    assert refused(program.save_program, BOSS, wrong) == ["name", "timezone", "video_url", "chat_invite"]


def test_sections_are_added_moved_removed_and_restored(baton):
    slug = do(program.add_section, BOSS, "House rules", "Be *kind*.")
    assert do(program.add_section, BOSS, "House rules", "Again") == f"{slug}-2"
    do(program.move_section, BOSS, slug, -1)
    do(program.save_section, BOSS, slug, "Our rules", "Be kind.")
    assert [each.slug for each in now(baton).sections][3:5] == [slug, "resources"]
    do(program.remove_section, BOSS, slug)
    assert slug not in [each.slug for each in now(baton).sections]
    assert [each.title for each in removed(baton).sections] == ["Our rules"]
    do(program.restore_section, BOSS, slug)
    assert slug in [each.slug for each in now(baton).sections]
    assert refused(program.save_section, BOSS, "nowhere", "x", "y") == ["section"]
    assert refused(program.add_section, BOSS, "", "y") == ["title"]


def test_streams_are_added_ordered_closed_removed_and_restored(baton):
    slug = do(program.add_stream, BOSS, "Research", "Papers")
    assert slug == "research"
    assert do(program.add_stream, BOSS, "Organizer", "") != "organizer", "an address of ours is not given away"
    do(program.move_stream, BOSS, slug, -1)
    assert [each.slug for each in now(baton).streams][2:4] == [slug, "stream3"]
    assert [each["slug"] for each in announced(baton)["streams"]][2] == slug
    do(program.save_stream, BOSS, slug, {"name": "Reading", "summary": "More papers", "open": False})
    stream = now(baton).stream(slug)
    assert stream and (stream.name, stream.summary, stream.open) == ("Reading", "More papers", False)
    do(program.remove_stream, BOSS, slug)
    assert now(baton).stream(slug) is None
    assert [each.slug for each in removed(baton).streams] == [slug]
    do(program.restore_stream, BOSS, slug)
    assert now(baton).stream(slug)
    assert refused(program.save_stream, BOSS, "nowhere", {}) == ["stream"]
    for each in now(baton).streams[1:]:
        do(program.remove_stream, BOSS, each.slug)
    assert refused(program.remove_stream, BOSS, now(baton).streams[0].slug) == ["stream"]


def test_questions_are_added_changed_moved_retired_and_restored(baton):
    fields = {"label": "Which days?", "help": "", "kind": "several", "options": ["Mon", "Tue", " "], "required": True}
    id = do(program.add_question, BOSS, "stream1", fields)
    do(program.move_question, BOSS, id, -1)
    asked = now(baton).by_slug["stream1"].questions
    assert asked[2].id == id and asked[2].options == ("Mon", "Tue") and asked[2].required
    do(program.save_question, BOSS, id, {**fields, "label": "What days?", "kind": "short", "required": False})
    assert now(baton).by_slug["stream1"].questions[2].options == ()
    do(program.retire_question, BOSS, id)
    assert id not in [each.id for each in now(baton).by_slug["stream1"].questions]
    assert [(stream, each.id) for stream, each in removed(baton).questions] == [("stream1", id)]
    do(program.restore_question, BOSS, id)
    assert id in [each.id for each in now(baton).by_slug["stream1"].questions]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"label": ""}, "label"),
        ({"label": "a\nb"}, "label"),
        ({"kind": "essay"}, "kind"),
        ({"kind": None}, "kind"),
        ({"options": []}, "options"),
        ({"options": ["one"]}, "options"),
        ({"options": ["same", "same"]}, "options"),
        ({"options": [str(n) for n in range(51)]}, "options"),
    ],
)
def test_questions_that_make_no_sense_are_refused(changes, field, monkeypatch):
    from services.signup.program import asking

    fields = {"label": "Which?", "help": "", "kind": "choice", "options": ["a", "b"], "required": False}
    with pytest.raises(Refused) as caught:
        asking._checked({**fields, **changes})
    assert caught.value.field == field


def test_the_charter_has_versions_and_old_texts_stay(baton):
    assert do(program.publish_charter, BOSS, "Be kind.\r\n") == "2"
    assert do(program.publish_charter, BOSS, "Be kind.") == "2", "the same text is no new version"
    assert (now(baton).charter.version, now(baton).charter.text) == ("2", "Be kind.")
    assert announced(baton)["charter_version"] == "2"
    with db.read("signup") as tx:
        assert [each.version for each in program.charter_texts(tx)] == ["2", "1"]
    assert refused(program.publish_charter, BOSS, " \n ") == ["text"]


def test_every_change_is_in_the_log(baton):
    do(program.save_program, BOSS, {"name": "Ours"})
    do(program.publish_charter, BOSS, "Be kind.")
    logged = [(each["by"], each["what"], each["subject"]) for each in baton.rows("signup", "audit")]
    assert (BOSS, "program.saved", "program") in logged and (BOSS, "charter.published", "program") in logged


def test_the_log_names_what_was_changed_alone(baton):
    form = {"name": "Ours", "timezone": now(baton).timezone, "video_url": "", "chat_invite": ""}
    do(program.save_program, BOSS, form)
    do(program.save_program, BOSS, form)
    [entry] = baton.rows("signup", "audit", what="program.saved")
    assert entry["detail"] == {"fields": ["name"]}


def test_a_start_lets_in_the_organizer_whom_the_settings_name(baton: Baton, change_settings: Any) -> None:
    """In production nobody sees a terminal with a link: who is named can ask for one."""
    do(seed.start)
    assert baton.rows("signup", "person") == [], "the default is nobody's address"
    change_settings(organizer="Olga <olga@example.org>")
    for _ in range(2):
        do(seed.start)
    [olga] = baton.rows("signup", "person")
    assert (olga["name"], olga["email"], olga["is_organizer"]) == ("Olga", "olga@example.org", True)
    with db.write("signup") as tx:
        access_links.request_sign_in(tx, "olga@example.org", None)
    baton.drain()
    assert [row["kind"] for row in baton.rows("notifications", "mail")] == ["sign-in"]
    with db.write("signup") as tx:
        tx.execute(sa.text("UPDATE person SET is_organizer = false"))
        audit.note(tx, audit.SYSTEM, "organizer.removed", subject(olga["id"]))
    do(seed.start)
    assert not baton.rows("signup", "person")[0]["is_organizer"], "who stepped down is not brought back"
