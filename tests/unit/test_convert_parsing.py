"""Where blocks are, and that no text keeps a worker: both are about what hundreds of posts of strangers may hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from services.blog.convert import parsing

ROOT = Path(__file__).parents[2]

LINES = [
    "words here", ":::", "::: x", "::--",
    "a | b", "|a|b|", "--|--", "- item", "  more", "1. one", "2020 was", "> quote", "```", "```py",
    "````", "~~~", "    code", "\tcode", "# Head", "#", "##no", "===", "---", "***", "<div>", "</div>", "<!-- c",
    "-->", "<pre>", "</pre>", "<b>x</b> y", "[x]: y", "[x] y", "`c`", "``` `", " ", "   ", "\u00a0x", "   ```",
    "- ```", "  ```", "> ```", "$$", "é", "\ue0001\ue001", "<?x", "?>", "- - x", "-", "a\\", "*b*", "``` a\tb",
    "**b** c", "**", "* * *", "*-*", "__b__", "12) x", "3.5 x", "1990", "[a](b) c", "[a\\](b]: c",
    "[a](b]: c", ">", ">x", "> ", "> *b*", ">  x",
    "> > x", "> - x", "> 1. x", "> # h", "> ---", "> a | b", "> --|--", ">\tx", "> ***", "> [x]: y", "> ===",
]  # fmt: skip


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.lists(st.one_of(st.sampled_from(LINES), st.just("")), max_size=16))
def test_what_is_read_in_parts_is_what_markdown_it_reads_as_a_whole(lines: list[str]) -> None:
    text = "\n".join(lines)
    whole, parts = parsing._read(text), parsing.parsed(text)
    assert (parts.spans, parts.tables) == (whole.spans, whole.tables)
    assert "\n".join(block.text for block in parsing.blocks(text)) == text


def test_plain_prose_costs_no_parser() -> None:
    parsing.parsed.cache_clear()
    before = parsing._short.cache_info()
    text = "Words of a\nparagraph.\n\n# Head\n\n```py\nx\n```\n\nMore.\n\n- a list\n\nEnd.\n\n- a list\n\nEnd.\n"
    assert len(parsing.parsed(text).spans) == 8
    after = parsing._short.cache_info()
    assert after.misses - before.misses <= 1 <= after.hits - before.hits


def test_what_is_repeated_without_end_costs_no_more_than_its_length() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.endless"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, (done.stdout.splitlines()[-1:], done.stderr[-500:])
