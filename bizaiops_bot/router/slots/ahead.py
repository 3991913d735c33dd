"""Times to come as people say them: a span ("friday 16:00 to monday 8:00", "on weekends", "next week") and a moment
("tomorrow at 10", "in 2 hours").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bizaiops_bot.router.slots import clock, until
from bizaiops_bot.router.slots.mention import Mention
from bizaiops_bot.router.slots.numbers import NUMBER, value

_WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_POINT = re.compile(rf"\b(?<!black )(?<!good )(?:(?:the|this|next|coming) )*{until.NAMED}{until.PART}?")
_PLURAL = re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b")
_AFTER = re.compile(r"\s*,? ?(?:after|from)\s+$")
_THIS = re.compile(r"\bthis (morning|afternoon|evening)\b")
_LEAD = re.compile(r"(?:\b(?:on|at|for|during|over|by)\s+)+$")
_JOIN = re.compile(r"\s*(?:,? ?(?:to|until|till?|through|thru|and)|[-\u2013])\s*(?:the |next |on )*$")
_FROM = re.compile(r"\b(?:from|starting|beginning|as of|effective|between)(?: from)?(?: on)?\s*$")
_EVERY = re.compile(r"\b(?:every|each)(?: week)?(?:,? ?(?:from|on))?\s*$|\b(?:weekly|every week),?(?: from| on)?\s*$")
_EACH_WEEK = re.compile(r"\s*(?:every|each) week\b|\s*weekly\b")
_WEEKENDS = re.compile(
    r"\b(?:(?:on|at|over|during|for)\s+)?(?:(?:the|all|any|every|each)\s+)*weekends\b|\b(?:every|each) week ?end\b"
)
_DAILY = re.compile(r"\b(?:every|each) (?:day|night|evening|morning|hour)\b|\bdaily\b|\bnightly\b|\bat night\b(?!s)")
_NAMED = re.compile(
    r"\b(?:(?:for|over|during|on)\s+)?(?:(?P<next>(?:the )?(?:next|coming))|the|this(?: coming)?|all)\s+"
    r"(?P<unit>week ?end|week|month)\b"
)
_IN = re.compile(
    rf"\bin (?:about |around |another )?(?:(?P<n>{NUMBER})(?P<half> and a half)?|(?P<some>{until.SOME})n?) ?"
    rf"(?P<unit>{until.UNIT})(?![^\W\d])(?P<half2> and a half)?"
)
_TOLD_BEFORE = re.compile(
    r"\b(?:is|are|was|were|be|comes?|coming|starts?|begins?|happens?)\s+(?:(?:up|on|over|for)\s+)?$"
)
_TOLD_BEHIND = re.compile(r"\s+(?:is|are|was|will|comes?|starts?|begins?)\b")
_PASSED = re.compile(r"\b(?:until|till) (?:yesterday|last \w+)\b")
_UNKNOWN = re.compile(
    r"\b(?:until|till) (?!further notice|unfrozen|we\b|i\b|you\b|it\b|some|told|then|now)(?P<end>[^,;.!?]{1,40})"
)
_ONCE = re.compile(r"\b(?:every|each|daily|weekly|hourly|monthly)\b")
_HOURS = {"morning": (0, 12), "noon": (12, 13), "afternoon": (12, 18), "evening": (18, 24), "night": (18, 24)}
_AT = {"morning": 9, "noon": 12, "afternoon": 14, "evening": 18, "night": 20, "tonight": 20}
DAY_BEGINS = 9
"""O'clock, for a reminder on a day without a time of day."""
NOT_DAILY = (
    "I can freeze once, or every week from one time of the week to another, such as "
    "`every friday 16:00 to monday 8:00`."
)
NOT_AGAIN = (
    "I remind once. For something again and again, schedule a digest: "
    "`send the churn KPI digest here every Monday at 9:00`."
)


@dataclass(frozen=True)
class _Point:
    """A day, a time of day or both; text[start:end] says it. plural: "fridays"."""

    start: int
    end: int
    day: date | None = None
    time: clock.TimeOfDay | None = None
    part: str = ""
    plural: bool = False

    def begins(self, day: date, local: datetime) -> datetime:
        hour, minute = (self.time.hour, self.time.minute) if self.time else (_HOURS.get(self.part, (0, 24))[0], 0)
        return until.wall(self.day or day, hour, minute, local)

    def ends(self, day: date, local: datetime) -> datetime:
        hour, minute = (self.time.hour, self.time.minute) if self.time else (_HOURS.get(self.part, (0, 24))[1], 0)
        return until.wall(self.day or day, hour, minute, local)


def period(text: str, now: datetime, zone: str) -> Mention | None:
    """The span to come in lower-case `text`; a problem when it is none that can be kept, None when there is none.

    now: aware; zone: IANA name in which days begin and end. Value: a Period as JSON has it. A day without a time of day
    is over with its last minute; what has begun already begins at once.
    """
    local = now.astimezone(ZoneInfo(zone))
    points = _points(text, local)
    for point in points:
        if point.time is not None and point.time.problem:
            return Mention("period", point.start, point.end, None, point.time.problem)
    for reader in (_weekly, _range, _from, _named, _until, _day):
        if (found := reader(text, local, points)) is not None:
            return found
    if (m := _UNKNOWN.search(text)) is not None:
        why = f"I do not know when {m['end'].strip()!r} is. Say a day or a time, such as `until monday 8:00`."
        return Mention("period", m.start(), m.end(), None, why)
    return None


def _is_told(text: str, start: int, end: int) -> bool:
    """Whether a day only says when something else is: "the sale is on friday"."""
    return bool(_TOLD_BEFORE.search(text[:start]) or _TOLD_BEHIND.match(text, end))


def moment(text: str, now: datetime, zone: str) -> Mention | None:
    """The moment to come in lower-case `text`, the first one; as `period`. Value: {"at", "label"}, `at` in UTC."""
    local = now.astimezone(ZoneInfo(zone))
    if (m := _ONCE.search(text)) is not None:
        return Mention("moment", m.start(), m.end(), None, NOT_AGAIN)
    if (m := _IN.search(text)) is not None:
        count = value(m["n"]) if m["n"] else until.PARTS_OF[m["some"] or ""]
        count += 0.5 if m["half"] or m["half2"] else 0
        return _at(m.start(), m.end(), now + count * until.step(m["unit"]), text, local)
    if (point := next(iter(_points(text, local)), None)) is not None:
        if point.time is not None and point.time.problem:
            return Mention("moment", point.start, point.end, None, point.time.problem)
        return _at(point.start, point.end, _moment_of(point, local), text, local)
    return _loose_moment(text, local)


def _loose_moment(text: str, local: datetime) -> Mention | None:
    if (m := _THIS.search(text)) is not None:
        return _at(m.start(), m.end(), until.wall(local.date(), _AT[m[1]], 0, local), text, local)
    if (m := _NAMED.search(text)) is not None and m["next"]:
        at = _named_span(m, local)[0] + timedelta(hours=DAY_BEGINS)
        return _at(m.start(), m.end(), at, text, local)
    return None


def _at(start: int, end: int, at: datetime, text: str, local: datetime) -> Mention:
    lead = _LEAD.search(text[:start])
    start = lead.start() if lead else start
    said = " ".join(text[start:end].split())
    if at <= local:
        return Mention("moment", start, end, None, f"{said!r} has passed.")
    return Mention("moment", start, end, {"at": at.astimezone(UTC).isoformat(), "label": said})


def _moment_of(point: _Point, local: datetime) -> datetime:
    if point.time is None:
        return until.wall(point.day or local.date(), _AT.get(point.part, DAY_BEGINS), 0, local)
    at = until.wall(point.day or local.date(), point.time.hour, point.time.minute, local)
    return at if point.day or at > local else until.wall(local.date() + timedelta(days=1), at.hour, at.minute, local)


# -- points ----------------------------------------------------------------------------------------


def _points(text: str, local: datetime) -> list[_Point]:
    plurals = [m.end() for m in _PLURAL.finditer(text)]
    text = _PLURAL.sub(lambda m: f"{m[0][:-1]} ", text)  # of the same length, so that positions hold
    times = clock.find(text)
    found: list[_Point] = []
    for m in _POINT.finditer(text):
        day = until.named_day(m, local.date())
        if day is None:
            continue
        start, end, part = m.start(), m.end(), m["part"] or ("night" if m["near"] == "tonight" else "")
        plural = end + 1 in plurals
        said = _time_of(text, start, end, times)
        if said is not None:
            start, end = min(start, said.start), max(end, said.end)
        found.append(_Point(start, end + (plural and said is None), day, said, part, plural))
    alone = [t for t in times if not any(p.start < t.end and t.start < p.end for p in found)]
    return sorted([*found, *(_Point(t.start, t.end, None, t) for t in alone)], key=lambda p: p.start)


def _time_of(text: str, start: int, end: int, times: list[clock.TimeOfDay]) -> clock.TimeOfDay | None:
    """What is said with the day at text[start:end]: "friday 16:00", "friday after 4 pm", "at 10 tomorrow"."""
    said, behind = until.time_behind(text, end)
    if said is not None:
        return replace(said, start=end, end=behind)
    after = (t for t in times if t.start >= end and _AFTER.fullmatch(text[end : t.start]))
    before = (t for t in times if t.end <= start and re.fullmatch(r"\s*(?:on )?", text[t.end : start]))
    return next(after, None) or next(before, None)


# -- spans -----------------------------------------------------------------------------------------


def _weekly(text: str, local: datetime, points: list[_Point]) -> Mention | None:
    if (m := _WEEKENDS.search(text)) is not None:
        return _mention(text, m.start(), m.end(), local, weekly=("Sat 00:00", "Mon 00:00"))
    if (m := _DAILY.search(text)) is not None:
        return Mention("period", m.start(), m.end(), None, NOT_DAILY)
    for i, first in enumerate(points):
        every = _EVERY.search(text[: first.start])
        last = next(iter(points[i + 1 :]), None)
        joined = last is not None and _JOIN.match(text[first.end : last.start]) is not None
        end = last.end if joined and last else first.end
        again = _EACH_WEEK.match(text, end)
        if first.day is None or not (every or again or first.plural):
            continue
        begins = _of_week(first.begins(first.day, local))
        ends = last.ends(first.day, local) if joined and last else until.wall(first.day, 24, 0, local)
        start = every.start() if every else first.start
        lead = _LEAD.search(text[:start])
        start, end = lead.start() if lead else start, again.end() if again else end
        return _mention(text, start, end, local, weekly=(begins, _of_week(ends)))
    return None


def _of_week(when: datetime) -> str:
    return f"{_WEEK[when.weekday()]} {when:%H:%M}"


def _range(text: str, local: datetime, points: list[_Point]) -> Mention | None:
    for first, last in pairwise(points):
        if not _JOIN.fullmatch(text[first.end : last.start]) or (first.day is None and last.day is None):
            continue
        one_day = last.time is not None and last.time.start == last.start  # "from 16:00 to 18:00 tomorrow"
        begins = first.begins((last.day if one_day else None) or local.date(), local)
        ends = last.ends(begins.date(), local)
        if ends <= begins and last.day is not None:
            ends = until.wall(ends.date() + timedelta(days=7), ends.hour, ends.minute, local)
        lead = _FROM.search(text[: first.start])
        return _mention(text, lead.start() if lead else first.start, last.end, local, begins, ends)
    return None


def _from(text: str, local: datetime, points: list[_Point]) -> Mention | None:
    """ "from friday 16:00", "for 3 days starting monday"."""
    for point in points:
        lead = _FROM.search(text[: point.start])
        if lead is None:
            continue
        begins = point.begins(local.date(), local)
        lasts = until.span(text, local)
        if lasts is None or lasts.problem:
            return _mention(text, lead.start(), point.end, local, begins)
        ends = begins + (datetime.fromisoformat(lasts.value["at"]) - local)
        return _mention(text, min(lead.start(), lasts.start), max(point.end, lasts.end), local, begins, ends)
    return None


def _named(text: str, local: datetime, _points: list[_Point]) -> Mention | None:
    """ "next week", "over the weekend": from its begin to its end."""
    m = _NAMED.search(text)
    if (
        m is None
        or _is_told(text, m.start(), m.end())
        or re.search(r"\b(?:until|till?|rest of|end of|up to)\s+$", text[: m.start()])
    ):
        return None
    if m["next"] and m["unit"].startswith("week") and "end" not in m["unit"] and _led_by_for(text, m):
        return None  # "for the next week" is a week from now on
    return _mention(text, m.start(), m.end(), local, *_named_span(m, local))


def _led_by_for(text: str, m: re.Match[str]) -> bool:
    return m[0].startswith("for ") and text[m.start() :].startswith("for the next")


def _named_span(m: re.Match[str], local: datetime) -> tuple[datetime, datetime]:
    today = local.date()
    monday = today - timedelta(days=today.weekday())
    if m["unit"] == "month":
        first = today.replace(day=1)
        months = [first]
        while len(months) < 3:
            months.append((months[-1] + timedelta(days=32)).replace(day=1))
        begin, end = (months[1], months[2]) if m["next"] else (months[0], months[1])
    elif "end" in m["unit"]:
        begin, end = monday + timedelta(days=5), monday + timedelta(days=7)
        if m["next"] and today.weekday() >= 5:
            begin, end = begin + timedelta(days=7), end + timedelta(days=7)
        elif today.weekday() == 4 and not m["next"]:
            begin = today  # said on a friday, it begins with its evening at the latest
    else:
        begin = monday + timedelta(days=7 if m["next"] else 0)
        end = begin + timedelta(days=7)
    return until.wall(begin, 0, 0, local), until.wall(end, 0, 0, local)


def _until(text: str, local: datetime, _points: list[_Point]) -> Mention | None:
    """From now on to an end."""
    if (m := _PASSED.search(text)) is not None:
        return Mention("period", m.start(), m.end(), None, f"{m[0]!r} has passed.")
    found = until.span(text, local) or until.moment(text, local) or until.period(text, local)
    if found is None or found.problem:
        return None if found is None else Mention("period", found.start, found.end, None, found.problem)
    return _mention(text, found.start, found.end, local, None, datetime.fromisoformat(found.value["at"]))


def _day(text: str, local: datetime, points: list[_Point]) -> Mention | None:
    """ "tomorrow", "on friday morning", "on friday after 16:00": one day, or what is left of it."""
    for point in points:
        if point.day is None or _is_told(text, point.start, point.end):
            continue
        begins, ends = point.begins(point.day, local), _Point(0, 0, point.day, None, point.part).ends(point.day, local)
        lead = _LEAD.search(text[: point.start])
        return _mention(text, lead.start() if lead else point.start, point.end, local, begins, ends)
    return None


def _mention(
    text: str,
    start: int,
    end: int,
    local: datetime,
    begins: datetime | None = None,
    ends: datetime | None = None,
    *,
    weekly: tuple[str, str] | None = None,
) -> Mention:
    said = " ".join(text[start:end].split())
    if ends is not None and ends <= local:
        return Mention("period", start, end, None, f"{said!r} has passed.")
    begins = None if begins is None or begins <= local else begins
    times = {"begin": begins, "end": ends}
    found = {name: None if at is None else at.astimezone(UTC).isoformat() for name, at in times.items()}
    more = {"weekly": list(weekly) if weekly else None, "time_zone": str(local.tzinfo), "label": said}
    return Mention("period", start, end, found | more)
