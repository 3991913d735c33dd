"""Is a day whole? The calendar says that it is over; its data say whether all of it came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median
from typing import NamedTuple

LOOK_BACK_DAYS = 28
_LEAST_DAYS = 7
_SLACK_H = 2.0
# 1.4826 makes the median absolute deviation an sd for normal values; 3 of them are the usual mark.
_WIDTH = 3.0 * 1.4826


class Silence(NamedTuple):
    """How many hours before the end of `day` its last data came; None for a day without any."""

    day: date
    hours: float | None


def stopped_early(day: Silence, earlier: Sequence[Silence]) -> bool:
    """Whether the data of `day` stop hours before that source's days usually end.

    earlier: days of the same source in any order; those of the 28 days before count. A source that has its day off is
    judged by the same weekdays too. False without 7 days to learn from, or without data.
    """
    near = [e for e in earlier if timedelta() < day.day - e.day <= timedelta(days=LOOK_BACK_DAYS)]
    usual = [e.hours for e in near if e.hours is not None]
    if day.hours is None or len(usual) < _LEAST_DAYS:
        return False
    middle = median(usual)
    slack = max(_SLACK_H, _WIDTH * median(abs(h - middle) for h in usual))
    same = [e.hours for e in near if e.hours is not None and e.day.weekday() == day.day.weekday()]
    return day.hours > middle + slack and (len(same) < 2 or day.hours > median(same) + slack)
