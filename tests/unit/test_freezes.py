"""Windows in which no change may begin: on the clock of their place, also when it changes; mistakes have their line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.engine.policy.windows import FILE, FreezeWindows

WEEKEND = """
- name: weekend
  why: nobody is there to look
  time_zone: Europe/Berlin
  weekly: {from: "Fri 16:00", to: "Mon 07:00"}
"""
SALE = """
- name: black_friday
  why: the shop has its busiest days
  time_zone: America/New_York
  from: 2026-11-25 12:00
  to: 2026-12-01
"""


def window(name: str, start: str, end: str) -> str:
    """Another one of the kind that its times are of: of the week or of dates."""
    if start[0].isdigit():
        return (
            SALE.replace("black_friday", name)
            .replace("to: 2026-12-01", f"to: {end}")
            .replace("2026-11-25 12:00", start)
        )
    return WEEKEND.replace("weekend", name).replace("Mon 07:00", end).replace("Fri 16:00", start)


def load(folder: Path, text: str) -> FreezeWindows:
    (folder / FILE).write_text(text, encoding="utf-8")
    return FreezeWindows.load(folder)


def mistake(folder: Path, text: str) -> str:
    with pytest.raises(BadInput) as caught:
        load(folder, text)
    return str(caught.value)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "frozen"),
    [
        # winter: Berlin is an hour ahead
        ("2026-02-06 14:59", False),
        ("2026-02-06 15:00", True),
        ("2026-02-09 05:59", True),
        ("2026-02-09 06:00", False),
        ("2026-02-11 12:00", False),
        # over the night of 29 March the clock is put forward: begins in winter time, ends in summer time
        ("2026-03-27 14:59", False),
        ("2026-03-27 15:00", True),
        ("2026-03-30 04:59", True),
        ("2026-03-30 05:00", False),
        # and put back on 25 October
        ("2026-10-23 13:59", False),
        ("2026-10-23 14:00", True),
        ("2026-10-26 05:59", True),
        ("2026-10-26 06:00", False),
    ],
)
def test_a_weekly_window_keeps_the_clock_on_the_wall(tmp_path: Path, now: str, frozen: bool) -> None:
    assert (load(tmp_path, WEEKEND).active(at(now)) is not None) == frozen


def test_an_hour_that_the_clock_skips_or_has_twice_freezes_longer_rather_than_shorter(tmp_path: Path) -> None:
    night = '- {name: n, why: night, time_zone: Europe/Berlin, weekly: {from: "Sun 01:00", to: "Sun 02:30"}}'
    windows = load(tmp_path, night)
    assert windows.active(at("2026-03-29 00:29"))
    assert windows.active(at("2026-03-29 01:29"))  # 2:30 is skipped: over at what 3:30 is
    assert not windows.active(at("2026-03-29 01:30"))
    assert windows.active(at("2026-10-25 01:29"))  # 2:30 comes twice: over at the second
    assert not windows.active(at("2026-10-25 01:30"))


@pytest.mark.parametrize(
    ("now", "frozen"),
    [
        ("2026-11-25 16:59", False),  # 11:59 in New York
        ("2026-11-25 17:00", True),
        ("2026-12-02 04:59", True),  # the whole 1 December
        ("2026-12-02 05:00", False),
    ],
)
def test_dates_are_meant_in_the_time_zone_of_their_window(tmp_path: Path, now: str, frozen: bool) -> None:
    assert (load(tmp_path, SALE).active(at(now)) is not None) == frozen


def test_people_are_told_which_window_until_when_and_why(tmp_path: Path) -> None:
    windows = load(tmp_path, WEEKEND + SALE)
    assert windows.active(at("2026-02-07 12:00")) == (
        "frozen by the window weekend until Mon 07:00 Europe/Berlin: nobody is there to look"
    )
    both = windows.active(at("2026-11-28 12:00"))  # a Saturday of the sale: what lasts longer is told
    assert both == "frozen by the window black_friday until 2 Dec 00:00 America/New_York: the shop has its busiest days"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (WEEKEND.replace("Mon 07:00", "Fri 16:00"), 5, "from and to are the same time of the week"),
        (SALE.replace("2026-12-01", "2026-11-25 12:00"), 2, "it has to end after it begins"),
        (SALE.replace("2026-12-01", "2026-11-24"), 2, "it has to end after it begins"),
        (SALE.replace("2026-12-01", "2026-11-31"), 6, "'2026-11-31' is not a time such as 2026-11-25 12:00"),
        (SALE.replace("12:00", "12:00+01:00"), 5, "time_zone says where"),
        (SALE.replace("America/New_York", "America/NewYork"), 4, "'America/NewYork' is not a time zone"),
        (WEEKEND.replace("Fri 16:00", "Fri 26:00"), 5, "is not a time of the week"),
        (WEEKEND.replace("weekly:", "weakly:"), 5, "weakly"),
        (WEEKEND + "  from: 2026-11-25\n", 2, "either weekly, or both from and to"),
        (SALE.replace("  to: 2026-12-01\n", ""), 2, "either weekly, or both from and to"),
        (WEEKEND + WEEKEND, 7, "the name 'weekend' is used twice"),
        (WEEKEND + "  name: again\n", 6, "name is written twice"),
        ("- {name: [", 1, "is not YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    message = mistake(tmp_path, text)
    assert f"{FILE}:{line}" in message
    assert said in message


def test_windows_that_overlap_are_told_with_the_line_of_the_second(tmp_path: Path) -> None:
    words = "the windows weekend and sunday overlap; make them one, or end the first sooner"
    assert f"{FILE}:7: {words}" in mistake(tmp_path, WEEKEND + window("sunday", "Sun 10:00", "Mon 09:00"))
    december = window("december", "2026-12-01", "2026-12-31")
    assert f"{FILE}:8: the windows black_friday and december overlap" in mistake(tmp_path, SALE + december)


def test_windows_that_touch_do_not_overlap(tmp_path: Path) -> None:
    monday, december = window("monday", "Mon 07:00", "Mon 09:00"), window("december", "2026-12-02", "2026-12-31")
    names = [w.name for w in load(tmp_path, WEEKEND + monday + SALE + december).windows]
    assert names == ["weekend", "monday", "black_friday", "december"]


def test_a_weekly_window_may_fall_into_one_of_dates(tmp_path: Path) -> None:
    assert len(load(tmp_path, WEEKEND + SALE).windows) == 2


def test_without_the_file_or_with_an_empty_one_nothing_is_frozen(tmp_path: Path) -> None:
    assert FreezeWindows.load(tmp_path).active(at("2026-02-07 12:00")) is None
    assert load(tmp_path, "# none yet\n").windows == ()
