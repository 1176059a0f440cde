"""Program time can be set and is one for all processes; machine time cannot."""

from __future__ import annotations

import threading
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared import clock, config
from shared.config import Config, SettingError

START = datetime(2027, 1, 4, 9, tzinfo=UTC)


@pytest.fixture
def set_clock(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    def set_to(value: str) -> None:
        config.use(Config(secret="x" * 32, data=tmp_path / "var", clock=value))

    yield set_to
    config.use(None)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Machine time, held by the test."""
    at = [1_000_000_000.0]
    monkeypatch.setattr(clock, "machine", lambda: at[0])
    return at


def test_unset_it_is_the_real_time(set_clock: Callable[[str], None]) -> None:
    set_clock("")
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    with pytest.raises(SettingError, match="BATON_CLOCK"):
        clock.advance(timedelta(days=1))


def test_it_runs_at_its_speed(set_clock: Callable[[str], None], machine: list[float]) -> None:
    set_clock("2027-01-04T09:00:00Z*60")
    assert clock.now() == START
    machine[0] += 60
    assert clock.now() == START + timedelta(hours=1)


def test_it_stands_still_until_it_is_moved(set_clock: Callable[[str], None], machine: list[float]) -> None:
    set_clock("2027-01-04T09:00:00+00:00*0")
    machine[0] += 10**6
    assert clock.now() == START
    assert clock.advance(timedelta(days=3)) == START + timedelta(days=3) == clock.now()
    with pytest.raises(SettingError, match="go back"):
        clock.advance(timedelta(seconds=-1))


def test_another_process_and_the_next_start_agree(
    set_clock: Callable[[str], None], machine: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_clock("2027-01-04T09:00:00Z*0")
    clock.advance(timedelta(days=3))
    monkeypatch.setattr(clock, "_seen", None)
    assert clock.now() == START + timedelta(days=3)


def test_another_setting_begins_anew(set_clock: Callable[[str], None], machine: list[float]) -> None:
    set_clock("2027-01-04T09:00:00Z*0")
    clock.advance(timedelta(days=3))
    set_clock("2028-02-29T00:00:00+01:00*0")
    assert clock.now() == datetime(2028, 2, 28, 23, tzinfo=UTC)


def test_a_broken_anchor_is_said(set_clock: Callable[[str], None], machine: list[float], tmp_path: Path) -> None:
    set_clock("2027-01-04T09:00:00Z*0")
    clock.now()
    assert sorted(path.name for path in (tmp_path / "var").iterdir()) == ["clock.json"], "no drafts are left"


@pytest.mark.parametrize(
    "value",
    ["now", "2027-01-04T09:00:00Z", "2027-01-04T09:00:00*1", "2027-01-04T09:00:00Z*-1", "2027-01-04T09:00:00Z*nan",
     "2027-01-04T09:00:00Z*inf", "2027-13-04T09:00:00Z*1", "*", "2027-01-04T09:00:00Z*1e7"],
)  # fmt: skip
def test_what_is_no_clock_is_refused(value: str) -> None:
    with pytest.raises(SettingError, match="START\\*SPEED"):
        clock.parse(value)


def test_zones_come_from_the_wheel_not_from_the_system() -> None:
    assert zoneinfo.TZPATH == ()
    assert clock.zone("America/Toronto").key == "America/Toronto"


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "america/toronto", "Toronto\0"]
)
def test_a_zone_that_does_not_exist_is_none(name: str) -> None:
    with pytest.raises(ValueError, match="not a time zone"):
        clock.zone(name)


def test_all_who_start_the_clock_at_once_agree(tmp_path: Path) -> None:
    for round in range(20):
        config.use(Config(secret="x" * 32, data=tmp_path / str(round), clock="2027-01-04T09:00:00+00:00*0"))
        gate = threading.Barrier(8)
        seen: list[datetime] = []

        def look(gate: threading.Barrier = gate, seen: list[datetime] = seen) -> None:
            gate.wait()
            seen.append(clock.now())

        threads = [threading.Thread(target=look) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [datetime(2027, 1, 4, 9, tzinfo=UTC)] * 8
        assert [path.name for path in (tmp_path / str(round)).iterdir()] == [clock.ANCHOR]
    config.use(None)


def test_an_older_name_of_a_zone_is_told_from_a_zone_that_shares_anothers_time():
    renamed = clock.renamed()
    assert renamed["Asia/Calcutta"] == "Asia/Kolkata" and renamed["Europe/Kiev"] == "Europe/Kyiv"
    assert not {"Europe/Amsterdam", "Asia/Kolkata", "UTC"} & renamed.keys()
    assert set(renamed) <= clock.zones() and set(renamed.values()) <= clock.zones() - renamed.keys()
