"""Free text in a request: the reason after "because", the topic of a call for help, "dry run"."""

from __future__ import annotations

import re

from bizaiops_bot.router.slots import supposed
from bizaiops_bot.router.slots.mention import Mention
from bizaiops_bot.router.slots.names import FAULTS
from bizaiops_bot.router.slots.numbers import SAID

_REASON = re.compile(
    r"(?:^|[\s,;:.(-])\s*(?:because(?: of)?|due to|reason ?(?:is|:|=)|since (?=we|it|the(?! (?:start|beginning|"
    r"end|middle|last|first|\d|day|week|month|quarter|year))|they|there|"
    r"i\b|black|you)|as (?=we|it|the|they|there|i\b|you)|"
    r"on account of|owing to)\s*:?\s*(?P<reason>\S.*)$",
    re.IGNORECASE | re.DOTALL,
)
_LOOSE = re.compile(
    r"(?:^|\s)(?:for|over|during|with the (?:reason|comment|note))\s+(?P<reason>\S.*)$|"
    r"(?:(?<!\d)[,:;]|[,:;](?!\d)|\()\s*(?P<rest>\S.*)$|\s-\s(?P<dash>\S.*)$",
    re.IGNORECASE | re.DOTALL,
)
# "freeze deploys for 36 hours": an end, which nobody means as a reason.
_A_SPAN = re.compile(
    r"(?:the |this |at least )?(?:(?:next|whole|rest of the) )?(?:(?:\d[\d.,]*|half an?|an?|a few|a couple of|"
    rf"{SAID})[ -]?)?(?:min(?:ute)?s?|h(?:ou)?rs?|h|days?|d|nights?|week ?ends?|weeks?|fortnights?|months?)"
    r"(?: (?:please|pls|now|or so))*",
    re.IGNORECASE,
)
_TASK = re.compile(
    r"\b(?:remind\w*|nudge|ping)\b(?:(?!\b(?:to|that|about|of)\b)[^:])*?(?:\b(?:to|that|about|of)\b|:)\s*(?P<task>\S.*)$",
    re.IGNORECASE | re.DOTALL,
)
_TOPIC = re.compile(
    r"^(?:please )?(?:help|man|usage|docs?)(?: me)?(?: (?:with|about|on|for|understand))?[:\s]+(?P<topic>.+?)[?.!]*$|"
    r"^how (?:do|can|should|would) (?:i|we|you|one) (?P<how>.+?)[?.!]*$|^what (?:does|is) "
    r"(?P<what>[\w -]+?) (?:do|mean|for)[?.!]*$|"
    r"^(?:define|what is (?:meant by|the meaning of)|meaning of) (?P<term>.+?)[?.!]*$|"
    r"^how is (?P<made>.+?) (?:defined|calculated|computed|measured)[?.!]*$|"
    r"^(?:explain|tell me) (?:how to |about )?(?P<about>.+?)[?.!]*$",
    re.IGNORECASE,
)
# "simulate latency on churn" asks for the fault itself, "simulate deploy churn v3" for the plan only.
_FAULT = "|".join(re.escape(phrase) for phrases in FAULTS.values() for phrase in phrases)
_DRY = re.compile(
    rf"^\s*(?:(?:as )?a )?(?:dry[ -]?run|simulate(?!\s(?:an? |some |the )?(?:\w+ )?(?:{_FAULT}|drift|fault)s?\b)|"
    r"simulation|plan only|preview)\b(?: of)?[\s:,-]*|"
    r"[\s,(]*(?:--dry-run|\(?as a dry[ -]run\)?|dry[ -]run (?:only|please))[)\s]*$|"
    r"\s*[,;.?:(-]\s*dry[ -]?run[.!)\s]*$",
    re.IGNORECASE,
)


def reason(text: str) -> Mention | None:
    """What follows "because", to the end; at most 500 characters are kept."""
    m = _REASON.search(text)
    return None if m is None else Mention("text", m.start(), len(text), _tidy(m["reason"]))


def loose_reason(text: str, start: int) -> Mention | None:
    """A reason without "because", behind position `start`: "for the sale", ", looks good"."""
    m = _LOOSE.search(text, start)
    if (
        m is None
        or not (said := _tidy(m["reason"] or m["rest"] or m["dash"]))
        or said.lower() in {"now", "please", "me", "us", "today", "the moment", "the time being", "a while", "a bit"}
        or (m["reason"] and _A_SPAN.fullmatch(said))
    ):
        return None
    return Mention("text", m.start(), len(text), said)


def task(text: str, moment: Mention | None) -> Mention | None:
    """What somebody is to be reminded of: what follows "to", "that" or "about", without the moment around it."""
    start, end = (moment.start, moment.end) if moment else (len(text), len(text))
    blank = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    m = _TASK.search(blank)
    if m is None or not (said := _tidy(m["task"])):
        return None
    return Mention("text", m.start("task"), len(text), said)


def topic(text: str) -> str | None:
    """What someone wants help with."""
    m = _TOPIC.search(text.strip())
    said = next((g for g in m.groups() if g), None) if m else None
    return _tidy(said) if said else None


def dry_run(text: str) -> tuple[str, bool]:
    """The text without its "dry run" mark, and whether it had one; what is supposed is only to be shown as well."""
    if deed := supposed.deed(text):
        return deed, True
    rest, count = _DRY.subn("", text, count=1)
    return (rest.strip(), True) if count and rest.strip() else (text, False)


def _tidy(said: str) -> str:
    return re.sub(r"\s+", " ", said).strip(" .,;:!()\"'")[:500]
