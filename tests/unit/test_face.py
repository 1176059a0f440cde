"""Markdown on pages and in mails: no script, links that lead somewhere, bare addresses as links."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import face

PIECES = st.sampled_from(
    ["[", "](", ")", "!", "<", ">",
     '"', "'", "javascript:alert(1)", "https://e.org/a", "data:text/html,x", "//evil.org",
     "<script>", "onerror=", "\n", "`", "*", "&#106;avascript:", "a", " ", "\\", "|", "-", "#", "\x00", "vbscript:x"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map("".join))
def test_whatever_is_typed_no_script_and_no_other_scheme_comes_out(text: str) -> None:
    shown = str(face.markdown(text))
    assert not re.search(
        r"<(?!/?(p|a|em|strong|code|pre|h[3-6]|ul|ol|li|blockquote|hr|br|table|thead|tbody|tr|t[hd])\b)", shown
    )
    for href in re.findall(r'href="([^"]*)"', shown):
        assert re.match(r"(https?:|mailto:|/(?!/)|#)", href, re.IGNORECASE), href
    assert set(re.findall(r"<a[^>]*? (\w+)=", shown)) <= {"href", "title"}
    for url, words in face.links(text):
        assert url.lower().startswith(("http://", "https://")) and isinstance(words, str)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://e.org/a_b_c.", 'see <a href="https://e.org/a_b_c">https://e.org/a_b_c</a>.'),
        ("(https://e.org/x_(y))", '(<a href="https://e.org/x_(y)">https://e.org/x_(y)</a>)'),
        ("![pic](https://e.org/p.png)", '<a href="https://e.org/p.png">pic</a>'),
        ("[](https://e.org)", '<a href="https://e.org">https://e.org</a>'),
        ("[a](ftp://e.org) [b](//e.org) [c](e.org)", "a b c"),
        ("`https://e.org`", "<code>https://e.org</code>"),
        ("https://", "https://"),
        ("[https://e.org](https://f.org)", '<a href="https://f.org">https://e.org</a>'),
    ],
)
def test_addresses_become_links(text: str, shown: str) -> None:
    assert str(face.markdown(text)).strip() == f"<p>{shown}</p>"


def test_links_with_their_words() -> None:
    found = face.links(
        "[The **docs**](https://e.org/a) https://e.org/b\n\n> <https://e.org/c> [x](/signup)\n\n`https://no`"
    )
    assert found == [
        ("https://e.org/a", "The docs"), ("https://e.org/b", "https://e.org/b"), ("https://e.org/c", "https://e.org/c")
    ]  # fmt: skip


def test_for_readers_elsewhere_a_path_is_an_address_and_tags_have_their_look() -> None:
    shown = str(face.markdown("[x](/signup)", look={"a": {"style": "color:red"}}, origin="https://m.example.org"))
    assert 'href="https://m.example.org/signup"' in shown and 'style="color:red"' in shown
    assert face.day("2027-01-05") == "Tue 5 Jan 2027"
