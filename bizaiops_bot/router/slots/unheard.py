"""What a sentence says of time beyond the schedule that was understood: every such word must be accounted for.

A schedule that is kept without "until december", "except holidays" or "or tuesday" is a wrong one. No list of limits is
ever whole, so it is turned round: what was understood is taken out, and what is left may hold no word of time; and in
the part of the sentence that tells the time, no word at all that is not known to be harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

Span = tuple[int, int]

_HEARD, _NAMED, _FREE = "\x01", "\x02", "\x03"
_MONTHS = "january|february|march|april|june|july|august|september|october|november|december"
_MONTH_SHORT = "jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec"
_DAYS = "mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun|(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_NEAR_MONTH = (
    r"(?:in|from|until|till?|since|before|after|during|through|only|of|by|start\w*|begin\w*|end\w*|and|or|,|-)"
)
_TIME_WORD = re.compile(
    rf"(?<![\w#@<])(?:{_DAYS}|{_MONTHS}|"
    r"(?:milli)?seconds?|secs?|minut\w+|mins?|hours?|hourly|hrs?|days?|daily|weekdays?|weekends?|weeks?|(?:bi-?|semi-?)?"
    r"weekly|fortnight\w*|months?|(?:bi-?|semi-?)?monthly|quarters?|quarterly|years?|yearly|annual\w*|decades?|"
    r"(?:bi|semi)-\w+|q[1-4]|h[12]|eo[dwmqy]|cob|"
    r"mornings?|afternoons?|evenings?|nights?|nightly|noon\w*|midday|midnight|dawn|dusk|sunrise|sunset|lunch\w*|"
    r"breakfast|dinner|today'?s?|tomorrow\w*|yesterday'?s?|tonight'?s?|o'?clock|a\.?m\.?|p\.?m\.?|past|ish|"
    r"first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|final|penultimate|next|previous|other|"
    r"alternat\w*|odd|even|leap|half|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|"
    r"fifteen|twenty|thirty|forty|fifty|sixty|dozen|couple|several|few|times|twice|thrice|once|"
    r"until|till?|ends?|ending|expir\w*|starts|starting|begins|beginning|since|before|after|during|through\w*|thru|"
    r"between|within|except\w*|exclud\w*|excl|excepting|unless|whenever|while|whilst|skip\w*|omit\w*|minus|besides|"
    r"apart|barring|provided|depending|sometimes|occasionally|randomly|only (?:if|when)|or (?:so|on|at)|"
    r"holidays?|vacations?|christmas|xmas|easter|new year\w*|thanksgiving|ramadan|summer|winter|spring|autumn|seasons?|"
    r"business|working|workdays?|office|closing|payday\w*|if|when|\w*\d\w*|\d+[:.]\d+|every|each)(?!\w)"
)
_SHORT_MONTH = re.compile(
    rf"\b{_NEAR_MONTH}\s*(?:{_MONTH_SHORT})\b|\b(?:{_MONTH_SHORT})\b\.? ?(?:the )?\d|\d(?:st|nd|rd|th)? ?(?:of )?"
    rf"(?:{_MONTH_SHORT})\b"
)
_LIMITING = re.compile(
    r"\b(?:from|to|until|till?|before|after|since|within|between|except|but|not|no|or|unless|skip|without)\s*$"
)
# Words that hold a word of time and limit nothing.
_HARMLESS = re.compile(
    r"^(?:good )?(?:morning|afternoon|evening|day)\b(?: all| team| everyone| everybody| folks| bot)?[,!.]?|"
    r"\b(?:until further notice|from now on(?:wards)?|as of now|starting (?:right )?now|from today(?: on)?|forever|"
    r"starting (?:today|immediately)|indefinitely|effective immediately|sharp|on the dot)\b|"
    r"\bif (?:you (?:can|could|may|like|please|don'?t mind|do not mind)|possible|"
    r"that'?s (?:ok(?:ay)?|possible|fine))\b|"
    r"\bwhen(?:ever)? you (?:can|could|get (?:a|the) (?:chance|minute|moment))\b|"
    r"\bhave a (?:nice|good|great|lovely) (?:day|one|week|weekend|evening)\b|"
    r"\b(?:each|every) (?:one )?(?:of )?(?:the |our )?(?:kpis?|models?|metrics?|numbers?|one)\b|"
    r"\b(?:company|local|office|our) time\b|\b(?:at )?the same time\b|\bon time\b|(?<!\w)[#@<]\S+|"
    r"\b(?:in|into|to|for|on) (?:the |our |my |this )?(?:[\w-]+ ){0,2}(?:channel|room|thread|team|group|chat|"
    r"conversation)\b"
)
_ORDER = re.compile(
    r"\b(?:send|sent|post|schedul|subscrib|deliver|e?-?mail|digest|report|summar|kpi|number|metric|figure|update|shar|"
    r"put|give|gimme|get|show|want|need|like|love|remind|keep|set|creat|make|add|have|run|mak|drop|push|ping|tell|"
    r"prepare|compile|be|is|change|move|do|let|can|could|would)\w*"
)
_FINE = frozenset(
    re.findall(
        r"\S+",
        "and at on the a an plus also each per of to us me here there for in into this that it its our my we i you "
        "please pls plz kindly thanks thx ty thank cheers ok okay yes yep yeah sure no nope sorry actually rather "
        "instead bitte danke exactly precisely regularly automatically again then as well too just only hi hey hello "
        "hallo team all bot everyone everybody folks guys recurring regular repeat repeating repeatedly always time "
        "timezone zone s so lot lots much many very what about how maybe make now from with change by around "
        "about work works go for use",
    )
)
_GAP_OF_TIMES = re.compile(r"[\s,&\x02]*(?:\b(?:and|at|plus|also|then|as well as)\b[\s,&]*)*")
_REPEATS = re.compile(
    r"\b(?P<day>daily|(?:every|each|per|a) day)\b|\b(?P<week>weekly|(?:every|each|per|once a|a) week)\b|"
    r"\b(?P<month>monthly|(?:every|each|per|once a|a|of (?:the|each|every)) month)\b|"
    r"\b(?P<quarter>quarterly|(?:every|each) quarter)\b|\b(?P<hour>hourly|(?:every|each) hour)\b"
)
_CLAUSE = re.compile(r"[.!?;\n]+(?:\s|$)")


def words(text: str, heard: Iterable[Span], times: Iterable[Span], named: Iterable[Span], line: str) -> str:
    """The words of lower-case `text` that the schedule `line` does not hold; "" when all are accounted for.

    heard: what was understood as the schedule; times: those of it that are times of day. named: models, KPIs and the
    like, a time zone among them.
    """
    spans = sorted(heard)
    left = _marked(text, named, _NAMED)
    left = _marked(left, spans, _HEARD)
    left = _HARMLESS.sub(lambda m: _FREE * len(m[0]), left)
    left = _REPEATS.sub(lambda m: _FREE * len(m[0]) if _says(line, str(m.lastgroup)) else m[0], left)
    if m := _SHORT_MONTH.search(left) or _TIME_WORD.search(left):
        return _phrase(left, m.start())
    for start, _ in spans:
        if m := _LIMITING.search(left[:start]):
            return text[m.start() : _end_of(spans, start)]
    ordered = sorted(times)
    for (_, end), (start, _) in pairwise(ordered):
        if start > end and not _GAP_OF_TIMES.fullmatch(left[end:start]):
            return text[end:start].strip()
    return _strange(left, spans)


def _says(line: str, word: str) -> bool:
    """Whether a schedule is what one word calls it: a "weekly digest" on Mondays, no "weekly" one on the 1st."""
    _, hour, day, month, weekday = line.replace("{time}", "0 0").split()
    by_week = weekday != "*" and not re.search(r"[#L]", weekday)
    return {
        "day": day == month == "*" and not re.search(r"[#L]", weekday) and hour.replace(",", "").isdigit(),
        "week": day == month == "*" and by_week,
        "month": month == "*" and (day != "*" or bool(re.search(r"[#L]", weekday))),
        "quarter": month == "1,4,7,10",
        "hour": not hour.replace(",", "").isdigit(),
    }[word]


def _marked(text: str, spans: Iterable[Span], mark: str) -> str:
    for start, end in spans:
        text = f"{text[:start]}{mark * (end - start)}{text[end:]}"
    return text


def _end_of(spans: list[Span], start: int) -> int:
    return next(end for first, end in spans if first == start)


def _phrase(left: str, start: int) -> str:
    """The words around `start`, for the answer: with what leads up to them, until something else begins."""
    lead = re.search(
        r"(?:\b(?:but|not|only|except|for|in|on|until|till|from|starting|of|the|and|or|no|ends|with|at|to)\s+)*$",
        left[:start],
    )
    begin = lead.start() if lead else start
    tail = re.match(r"(?:[^\s,.!?;\x01-\x03]+[ ]?){1,6}", left[start:])
    return left[begin : start + (tail.end() if tail else 1)].strip()


def _strange(left: str, spans: list[Span]) -> str:
    """The first part that tells neither the order nor a known time: before, between and behind what was heard."""
    edges = [0, *(edge for span in spans for edge in span), len(left)]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        for part in _CLAUSE.split(left[start:end]):
            said = re.findall(r"[^\W\d_][\w'’-]*", part)
            if _ORDER.search(part) or all(word in _FINE for word in said):
                continue
            return " ".join(re.sub(f"[{_NAMED}{_FREE}]", " ", part).split()).strip(" ,:()\"'-")
    return ""
