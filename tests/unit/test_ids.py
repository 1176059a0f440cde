"""Ids of rows: in the order of their making, never the same, not even in a forked process."""

from __future__ import annotations

import os
import uuid

from shared import clock, ids


def test_they_are_uuids_of_version_7_that_begin_with_the_time() -> None:
    before = int(clock.machine() * 1000)
    made = uuid.UUID(ids.new_id())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= clock.machine() * 1000


def test_those_of_many_rows_follow_one_another_and_are_never_the_same() -> None:
    some, more = ids.new_ids(1000), ids.new_ids(1000)
    assert some == sorted(some) and len({*some, *more, *(ids.new_id() for _ in range(5000))}) == 7000
    assert {uuid.UUID(each).version for each in (*some, *more)} == {7}


def test_no_two_processes_make_the_same_though_one_is_the_others_fork() -> None:
    ids.token(1)  # the parent has random bytes in hand
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.write(theirs, ids.token(16).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(ours, 64).decode() != ids.token(16)
    os.close(ours)
    os.close(theirs)


def test_a_token_has_as_many_bytes_as_asked_for_even_more_than_are_fetched_at_once() -> None:
    assert [len(ids.token(size)) for size in (1, 16, 4096, 5000)] == [2, 32, 8192, 10000]
