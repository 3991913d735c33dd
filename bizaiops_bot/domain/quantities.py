"""Everything in a text that is a number: digits, words, percents, durations, times, dates, versions.

What holds a digit and is none of these is a `token`: it can only be right when the facts have it letter by letter.
Every pattern takes linear time.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Literal

from bizaiops_bot.domain import number_words as nw

Kind = Literal["number", "version", "clock", "day", "token", "phrase"]


@dataclass(frozen=True)
class Quantity:
    """One number of a text.

    value: in `unit`; durations are in seconds. step: the size of its last given digit, so that rounding can be told.
    sign: +1 or -1 when a sign is written, 0 without one. key: what must be equal, for those that are no number.
    per: the size in `unit` of one as it is written. at: its place in `plain(text)`.
    """

    kind: Kind
    text: str
    value: float = 0.0
    step: float = 0.0
    unit: str = ""
    sign: int = 0
    key: str = ""
    per: float = 1.0
    at: tuple[int, int] = (0, 0)


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)"
)
_DAY = r"(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs?)?|Fri|Sat(?:ur)?|Sun)(?:day)?s?"
_SECONDS = {
    "ms": 0.001,
    "millisecond": 0.001,
    "milliseconds": 0.001,
    "s": 1,
    "sec": 1,
    "secs": 1,
    "second": 1,
    "seconds": 1,
    "min": 60,
    "mins": 60,
    "minute": 60,
    "minutes": 60,
    "h": 3600,
    "hr": 3600,
    "hrs": 3600,
    "hour": 3600,
    "hours": 3600,
    "d": 86400,
    "day": 86400,
    "days": 86400,
    "week": 604800,
    "weeks": 604800,
    "month": 2629800,
    "months": 2629800,
    "year": 31557600,
    "years": 31557600,
}
_PERCENT_WORDS = r"percent(?:age points?)?|per cent|pp"
_TIMES = r"times|-?fold|x"
_MONEY_WORDS = r"EUR|USD|GBP|euros?|dollars?|pounds?"
_UNIT = (
    rf"(?:{'|'.join(sorted(_SECONDS, key=len, reverse=True))}|{_TIMES}|{_PERCENT_WORDS}|{_MONEY_WORDS})(?!\w)|[%€$£]"
)
_SCALE = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
_HEDGE = re.compile(r"(?:about|around|roughly|approximately|nearly|almost|some|~)\s*$", re.I)
_NUMBER = re.compile(
    r"(?<![\w.,:/])(?P<sign>[+-])?(?P<money>(?:EUR|USD|GBP)\s|[€$£]\s?)?(?P<sign2>(?<![\w+-])[+-])?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?![.,:/]?\d)"
    rf"(?:(?P<ordinal>st|nd|rd|th)(?!\w)|\s?(?P<scale>k|K|M|bn|thousand|million|billion)(?!\w))?"
    rf"(?:[\s-]?(?P<unit>{_UNIT}))?(?![\w/]|[.,:]\d)"
)
_WORDED = re.compile(
    rf"(?<![\w-])(?P<words>{nw.CARDINAL})(?P<half> and a half)?(?:[\s-](?P<unit>{_UNIT}))?(?!\w)", re.I
)
_PART = re.compile(
    rf"(?<![\w-])(?:(?P<top>a|an|one|two|three|four|five|six|seven|eight|nine)[\s-])?(?P<part>{nw.PART})(?!\w)", re.I
)
_HALF_TIME = re.compile(r"(?<!\w)half\s+an?\s+(?P<unit>second|minute|hour|day|week|month|year)(?!\w)", re.I)
_A_TIME = re.compile(
    r"(?<!\w)(?:an?|the last|the past|within the|every)\s+(?P<unit>second|minute|hour|day|week|month|year)(?!\w)", re.I
)
_MULTIPLE = re.compile(rf"(?<!\w)(?:{'|'.join(nw.TIMES)})(?!\w)", re.I)
_TIMES_BEFORE = re.compile(r"(?<!\w)[x×](?P<digits>\d+(?:\.\d+)?)(?![\w.,]?\d|\w)")
_ORDINAL = re.compile(rf"(?<!\w)(?:{'|'.join(nw.ORDINALS)})(?!\w)", re.I)
_CLOCK = re.compile(
    r"(?<![\w:.])(?P<h>\d{1,2}):(?P<m>\d{2})(?::\d{2})?\s?(?P<half>[ap]m)?(?![\w:])|(?<![\w:.])(?P<hour>\d{1,2})\s?(?P<half2>[ap]m)(?!\w)",
    re.I,
)
_VERSION = re.compile(
    r"(?<!\w)(?:v(?P<a>\d+(?:\.\d+)*)|versions?\s+(?P<b>\d+|" + "|".join(nw.ONES) + r"))(?!\w|\.\d)", re.I
)
_NUMBERED = re.compile(
    r"(?<!\w)(?:runs?|alerts?|schedules?|approvals?|steps?|builds?|plans?|tickets?)\s+(?:number\s+|no\.?\s+)?#?\d+(?!\w)|#\d+(?!\w)",
    re.I,
)
_ISO_DAY = re.compile(r"(?<![\w-])(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?![\d-])(?:T(?=\d))?")
_DAY_MONTH = re.compile(
    rf"(?<!\w)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+(?P<m>{_MONTH})(?!\w)(?:,?\s+(?P<y>\d{{4}})(?![\d:]))?", re.I
)
_MONTH_DAY = re.compile(
    rf"(?<!\w)(?P<m>{_MONTH})\.?\s+(?:the\s+)?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\w:]|[.,]\d)(?:,\s+(?P<y>\d{{4}})(?!\d))?",
    re.I,
)
_TIME = r"hour|day|night|week|weekend|fortnight|month|quarter|year"
_PHRASES = tuple(
    re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.I if anyhow else 0)
    for pattern, anyhow in (
        (_DAY, False),
        ("(?:mon|tues|wednes|thurs|fri|satur|sun)days?", True),
        (_MONTH, False),
        ("january|february|april|june|july|august|september|october|november|december", True),
        ("yesterday|today|tomorrow|tonight|overnight|midnight|noon|this morning|recently|lately", True),
        (rf"(?:last|past|previous|next|this|coming)\s+(?:{_TIME})s?", True),
        ("seconds|minutes|hours|days|weeks|months|years", True),
        ("dozens?|hundreds|thousands|millions|billions|couple|handful|majority|fortnight|decades?|century", True),
    )
)
_TOKEN = re.compile(r"[\w#@.,:/+%€$£×*-]*\d[\w#@.,:/+%€$£×*-]*")
_PRONOUN = re.compile(r"(?:no|the|this|that|which|each|every|any|some|another|last|only)\s+$", re.I)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−﹣－", "-") | {"⁄": "/", "’": "'", "‘": "'", "“": '"', "”": '"'})


def plain(text: str) -> str:
    """One spelling of what can be written in many: compatibility forms, dashes, quotes, spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_DASHES).split())


def quantities(text: str) -> list[Quantity]:
    """Every number of `text`, in no promised order. Nothing with a digit is left out."""
    found: list[Quantity] = []
    rest = spelt = plain(text)
    for pattern, read in _READERS:
        rest = _take(rest, pattern, read, found)
    found += [Quantity("token", m[0], key=m[0].strip(".,:/").lower()) for m in _TOKEN.finditer(rest)]
    found += [Quantity("token", c, key=c) for c in rest if unicodedata.numeric(c, None) is not None and not c.isascii()]
    return _ranges(_joined(found, spelt), spelt)


def _take(rest: str, pattern: re.Pattern[str], read: object, found: list[Quantity]) -> str:
    """Reads what matches, and puts blanks of another kind in its place, so that it is read once."""

    def one(match: re.Match[str]) -> str:
        quantity = read(match)  # type: ignore[operator]
        if quantity is None:
            return match[0]
        found.append(replace(quantity, at=match.span()))
        return "\0" * len(match[0])

    return pattern.sub(one, rest)


def _number(m: re.Match[str]) -> Quantity:
    digits = m["digits"].replace(",", "")
    decimals = len(digits.partition(".")[2])
    scale = _SCALE.get((m["scale"] or "").lower(), 1.0)
    step = 10.0**-decimals
    if decimals == 0 and _HEDGE.search(m.string[max(0, m.start() - 16) : m.start()]):
        step = 10.0 ** min(len(digits) - len(digits.rstrip("0")), max(0, len(digits) - 2))
    sign = m["sign"] or m["sign2"] or ""
    unit = (m["unit"] or m["money"] or "").strip()
    value = float(digits) * (-1 if sign == "-" else 1)
    return _in_unit(m[0], value * scale, step * scale, unit, {"": 0, "+": 1, "-": -1}[sign])


def _in_unit(text: str, value: float, step: float, unit: str, sign: int = 0) -> Quantity:
    low = unit.lower().lstrip("-")
    if low in _SECONDS:
        per = float(_SECONDS[low])
        return Quantity("number", text, value * per, step * per, "s", sign, per=per)
    if low == "%" or re.fullmatch(_PERCENT_WORDS, low):
        return Quantity("number", text, value, step, "percent", sign)
    if low in ("times", "fold", "x"):
        return Quantity("number", text, value, step, "times", sign)
    return Quantity("number", text, value, step, "money" if unit else "", sign)


def _worded(m: re.Match[str]) -> Quantity | None:
    words = m["words"].lower()
    if words == "one" and not m["unit"]:
        after = m.string[m.end() : m.end() + 4]
        if after.startswith(" of ") or _PRONOUN.search(m.string[max(0, m.start() - 10) : m.start()]):
            return None
    value = nw.cardinal(words) + (0.5 if m["half"] else 0.0)
    step = 0.1 if m["half"] or " point " in words else 1.0
    return _in_unit(m[0], value, step, m["unit"] or "")


def _part(m: re.Match[str]) -> Quantity | None:
    part, top = m["part"].lower(), (m["top"] or "").lower()
    if not top and part not in ("half", "halves"):
        return None  # "the third": an ordinal
    share = nw.ONES.get(top, 1) / nw.PARTS[part]
    return Quantity("number", m[0], share * 100.0, 2.0, "percent")


def _a_time(m: re.Match[str]) -> Quantity:
    size = float(_SECONDS[m["unit"].lower()])
    return Quantity("number", m[0], size, size, "s", key=m[0].lower())


def _clock(m: re.Match[str]) -> Quantity:
    hour, minute, half = int(m["h"] or m["hour"]), int(m["m"] or 0), (m["half"] or m["half2"] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return Quantity("clock", m[0], key=f"{hour:02d}:{minute:02d}")


def _version(m: re.Match[str]) -> Quantity:
    name = (m["a"] or m["b"]).lower()
    return Quantity("version", m[0], key=f"v{nw.ONES.get(name, name)}")


def _day(m: re.Match[str]) -> Quantity:
    month = int(m["m"]) if m["m"].isdigit() else _MONTHS.index(m["m"][:3].lower()) + 1
    return Quantity("day", m[0], key=f"{month}-{int(m['d'])}-{m['y'] or ''}")


def _phrase(m: re.Match[str]) -> Quantity:
    return Quantity("phrase", m[0], key=_words_of(m[0]))


def _calendar(m: re.Match[str]) -> Quantity:
    """A day of the week or a month: "Fri" is "Friday"."""
    return Quantity("phrase", m[0], key=m[0][:3].lower())


def _joined(found: list[Quantity], text: str) -> list[Quantity]:
    """ "3 h 5 min" is one duration."""
    joined: list[Quantity] = []
    for quantity in sorted(found, key=lambda q: q.at):
        last = joined[-1] if joined else None
        if last is not None and _goes_on(last, quantity, text):
            span = (last.at[0], quantity.at[1])
            joined[-1] = replace(quantity, text=text[slice(*span)], value=last.value + quantity.value, at=span)
        else:
            joined.append(quantity)
    return joined


def _ranges(found: list[Quantity], text: str) -> list[Quantity]:
    """In "10 to 12%" both are percent, in "EUR 10 to 12" both are money."""
    for i in range(len(found) - 1):
        low, high = found[i], found[i + 1]
        if low.kind != "number" or high.kind != "number" or text[low.at[1] : high.at[0]] not in (" to ", "-"):
            continue
        if low.unit == "" and high.unit not in ("", "count"):
            found[i] = _as(low, high)
        elif low.unit == "money" and high.unit == "":
            found[i + 1] = _as(high, low)
    return found


def _as(bare: Quantity, other: Quantity) -> Quantity:
    per = other.per
    return replace(bare, value=bare.value * per, step=bare.step * per, unit=other.unit, per=per)


def _goes_on(last: Quantity, quantity: Quantity, text: str) -> bool:
    both = last.unit == quantity.unit == "s" and quantity.step < last.step
    return both and text[last.at[1] : quantity.at[0]] in (" ", " and ", ", ", "")


def _words_of(text: str) -> str:
    return " ".join(text.lower().split())


_READERS: tuple[tuple[re.Pattern[str], object], ...] = (
    (_ISO_DAY, _day),
    (_DAY_MONTH, _day),
    (_CLOCK, _clock),
    (_MONTH_DAY, _day),
    (_VERSION, _version),
    (_NUMBERED, lambda m: Quantity("token", m[0], key=_words_of(m[0]))),
    (_TIMES_BEFORE, lambda m: _in_unit(m[0], float(m["digits"]), 10.0 ** -len(m["digits"].partition(".")[2]), "x")),
    (_NUMBER, _number),
    (_HALF_TIME, lambda m: _in_unit(m[0], 0.5, 0.5, m["unit"])),
    (_PART, _part),
    (_WORDED, _worded),
    (_A_TIME, _a_time),
    (_MULTIPLE, lambda m: Quantity("number", m[0], nw.TIMES[m[0].lower()], 0.1, "times")),
    (_ORDINAL, lambda m: Quantity("number", m[0], float(nw.ORDINALS[m[0].lower()]), 1.0, "count")),
    *((pattern, _calendar) for pattern in _PHRASES[:4]),
    *((pattern, _phrase) for pattern in _PHRASES[4:]),
)
