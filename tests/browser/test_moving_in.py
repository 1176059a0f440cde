"""An organizer moves in with Chromium: a file is given, mapped, checked, imported; a mapping is taken back.

With BATON_SHOTS=folder every page on the way is photographed into that folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from services.signup import importing
from shared import db, tokens
from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, examine

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

FILES = Path(__file__).resolve().parent.parent / "fixtures" / "csv"
FORM = """Timestamp,Email Address,What is your name?,Which of these describes you best?,Time zone,Anything else?
1/28/2024 15:32:10,ada@example.org,Ada Lovelace,I want to land my first job in ML,America/Toronto,
1/29/2024 15:32:10,grace@example.org,Grace Hopper,The red one,Toronto,Hello
1/30/2024 15:32:10,alan@@example.org,Alan Turing,I am starting out,London,
1/31/2024 15:32:10,wu@example.org,Chien-Shiung Wu,I am starting out,somewhere,
"""


class Eye:
    """Looks at what a tab shows."""

    def __init__(self, tab: Any, scheme: str, width: int) -> None:
        self.tab, self.scheme, self.width, self.found = tab, scheme, width, []  # type: tuple[Any, str, int, list[str]]

    def look(self, name: str) -> None:
        self.found += examine(self.tab, self.scheme, self.width, f"import-{name}")


@pytest.fixture(params=FACES, ids=lambda face: f"{face[0]}-{face[1]}")
def eye(request: Any, site: Site, browser: Any) -> Iterator[Eye]:
    scheme, width = request.param
    window = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, reduced_motion="reduce")
    site.sign_in(window, site.organizer(), "organizer")
    tab = window.new_page()
    tab.set_default_timeout(10_000)
    yield Eye(tab, scheme, width)
    window.close()


def test_move_in_and_take_a_mapping_back(site: Site, eye: Eye, tmp_path: Path) -> None:
    tab = eye.tab
    (tmp_path / "responses.csv").write_text(FORM)
    tab.goto(site.url("/signup/organizer/import"))
    eye.look("empty")
    tab.get_by_label("CSV file").set_input_files(FILES / "workbook.xlsx.csv")
    tab.get_by_role("button", name="Look into it").click()
    tab.get_by_text("an Excel or OpenDocument workbook").first.wait_for()
    eye.look("refused-file")

    tab.get_by_label("CSV file").set_input_files(tmp_path / "responses.csv")
    tab.get_by_role("button", name="Look into it").click()
    tab.get_by_role("heading", name="What is in which column?").wait_for()
    expect(tab.get_by_label("What is your name?")).to_have_value("name")
    expect(tab.get_by_label("Which of these describes you best?")).to_have_value("stream")
    eye.look("columns")
    tab.get_by_label("Which of these describes you best?").select_option(label="Leave it out")
    tab.get_by_role("button", name="Save and check").click()
    tab.get_by_text("Nothing says which stream people are in.").first.wait_for()
    eye.look("columns-errors")
    tab.get_by_label("Which of these describes you best?").select_option(label="Stream")
    tab.get_by_role("button", name="Save and check").click()
    tab.get_by_text("Reading every row").wait_for()
    eye.look("checking")
    site.baton.tick()
    tab.get_by_text("would come in").wait_for()  # the page looks again by itself
    expect(tab.get_by_role("button", name="Import 1 person")).to_be_visible()
    eye.look("checked")

    tab.get_by_label("The red one").select_option(label="Growing in the career")
    tab.get_by_label("somewhere").select_option(value="Asia/Taipei")
    tab.get_by_role("button", name="Save and check again").click()
    site.baton.tick()
    tab.get_by_role("button", name="Import 3 people").wait_for()
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Download all refused rows").click()
    assert "alan@@example.org" in Path(download.value.path()).read_text("utf-8-sig")
    tab.get_by_role("button", name="Import 3 people").click()
    tab.get_by_text("Bringing people in.").wait_for()
    eye.look("importing")
    site.baton.tick()
    tab.get_by_text("came in, and were asked").wait_for()
    eye.look("done")
    names = {each["name"] for each in site.baton.rows("signup", "person", state="imported")}
    assert names == {"Ada Lovelace", "Grace Hopper", "Chien-Shiung Wu"}

    tab.get_by_role("button", name="Undo the last mapping").click()
    tab.get_by_text("The last mapping is undone.").wait_for()
    tab.get_by_role("link", name="Import and export").first.click()
    eye.look("files")
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Members as CSV").click()
    assert download.value.suggested_filename == "signup-members.csv"

    tab.get_by_label("CSV file").set_input_files(tmp_path / "responses.csv")
    tab.get_by_role("button", name="Look into it").click()
    tab.get_by_text("Reading every row").wait_for()
    site.baton.tick()
    tab.get_by_text("would come in").wait_for()
    expect(tab.get_by_label("The red one"), "as before the mapping undone").to_have_value("")
    tab.get_by_role("link", name="Throw the file away").click()
    eye.look("throw-away")
    tab.get_by_role("button", name="Throw it away").click()
    tab.get_by_text("The file is thrown away").wait_for()

    grace = site.baton.rows("signup", "person", email="grace@example.org")[0]["id"]
    ada = site.baton.rows("signup", "person", email="ada@example.org")[0]["id"]
    tab.goto(site.url(f"/signup/confirm/{tokens.sign('confirm', {'person': ada})}"))
    eye.look("joining")
    tab.get_by_role("button", name="Yes, I take part and accept the charter").click()
    tab.get_by_role("heading", name="Hello, Ada Lovelace").wait_for()

    site.sign_in(tab.context, site.organizer(), "organizer")
    tab.goto(site.url("/signup/organizer/import"))
    tab.get_by_role("link", name="responses.csv").click()
    tab.get_by_role("link", name="Undo this import").click()
    tab.get_by_text("Staying: 1, who have confirmed since.").wait_for()
    eye.look("undo")
    tab.get_by_role("button", name="Take 2 people back").click()
    tab.get_by_text("Taking people back").wait_for()
    eye.look("undoing")
    site.baton.tick()
    tab.get_by_text("of 3 who came in by this file").wait_for()
    eye.look("undone")
    assert site.baton.rows("signup", "person", state="imported") == []
    tab.goto(site.url(f"/signup/confirm/{tokens.sign('confirm', {'person': grace})}"))
    tab.get_by_role("heading", name="You need not answer any more").wait_for()
    eye.look("withdrawn")
    assert not eye.found, "\n".join(eye.found)


def test_without_script_it_works_as_well(site: Site, browser: Any, tmp_path: Path) -> None:
    (tmp_path / "responses.csv").write_text(FORM)
    window = browser.new_context(java_script_enabled=False)
    site.sign_in(window, site.organizer(), "organizer")
    tab = window.new_page()
    tab.set_default_timeout(10_000)
    tab.goto(site.url("/signup/organizer/import"))
    tab.get_by_label("CSV file").set_input_files(tmp_path / "responses.csv")
    tab.get_by_role("button", name="Look into it").click()
    tab.get_by_role("button", name="Save and check").click()
    site.baton.tick()
    tab.get_by_role("link", name="Look again").click()
    tab.get_by_role("button", name="Import 1 person").click()
    site.baton.tick()
    tab.get_by_role("link", name="Look again").click()
    tab.get_by_text("came in, and were asked").wait_for()
    window.close()
    with db.read("signup") as tx:
        assert [each["state"] for each in importing.listed(tx)] == ["done"]
