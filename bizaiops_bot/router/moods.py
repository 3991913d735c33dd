"""How something is meant: an order, or a question, a story, a condition, a wish for later. Only an order may change
anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Mood = Literal["order", "question", "negated", "told", "conditional", "later", "elsewhere", "unchecked"]

_OPENING = r"(?:(?:please|pls|ok|okay|now|then|so|great|well|alright|hey|yes|just|go ahead and|thanks)[,!. ]+)*"
_ASKING = (
    r"(?:(?:can|could|would|will) you|(?:i|we)(?:'d| would)? (?:like|want|need) (?:you )?to|let'?s|let us|time to)\b"
)
_POLITE = re.compile(rf"^{_OPENING}(?:and |also )?(?:{_ASKING}|would you mind\b)")
# What an order may begin with and does not say.
POLITE = re.compile(rf"^{_OPENING}(?:{_ASKING} (?:please |kindly |just |now |quickly )*)?")
_QUESTION = re.compile(
    r"^(?:so |and |but |hey |hi |ok |well )*(?:why|when|who|whom|whose|what|which|how|where|did|does|"
    r"do|is|are|was|were|has|have|had|should|shall|may|"
    r"might|must|can|could|would|will|am)(?:n't)?\b"
)
_NEGATED = re.compile(
    r"\b(?:do not|don'?t|never|should(?:n'?t| not)|must(?:n'?t| not)|won'?t|can'?t|cannot|no need to|"
    r"rather not|not (?:to )?(?:deploy|roll|ship|pause|"
    r"retrain|scale|resume|cancel|approve|yet|now|today))\b"
)
_TOLD = re.compile(
    r"\b(?:i|we|he|she|they|you|it|someone|somebody|engineer|lead|analyst|sre|bot|team|was|were|been|"
    r"got|just|already)\s+(?:has |have |had |just |already |never )*"
    r"(?:deployed|rolled|shipped|paused|resumed|retrained|scaled|cancelled|canceled|approved|rejected|"
    r"froze|frozen|released|sent|stopped|asked|said|told|"
    r"wrote|wants|wanted|says|thinks|tried)\b|[\"«][^\"»]*\s[^\"»]*[\"»]|(?<!\w)'[^']*\s[^']*'(?!\w)"
)
_HEDGED = re.compile(
    r"\b(?:maybe|perhaps|possibly|might|i think|i guess|i wonder|wondering|thinking (?:of|about)|"
    r"consider(?:ing)?|discuss(?:ing)?|talk about|remember(?: to)?|don't forget|remind|nobody|no ?one|"
    r"someone should|somebody should|plan(?:ning|s)? to|going to|about to|supposed to|used to|if i were|"
    r"hypothetically|in theory|what if|pretend|imagine|suppose|translate|explain|spell)\b"
)
_CONDITION = re.compile(
    r"\b(?:if|unless|once|whenever|as soon as|in case|when (?:the|it|we|there|i|you|error|build|that|"
    r"this)|until|till|after|before)\b"
)
_LATER = re.compile(
    r"\b(?:tomorrow|tonight|later|soon|eventually|next (?:week|month|year|quarter|time|monday|tuesday|"
    r"wednesday|thursday|friday|saturday|sunday)|"
    r"this (?:evening|afternoon|weekend)|(?:on|by|this) (?:monday|tuesday|wednesday|thursday|friday|"
    r"saturday|sunday)|in (?:\d+|an?|one|two|few|a few|some) "
    r"(?:min|minutes?|hours?|days?|weeks?)|at (?:\d{1,2}(?::\d\d)?\s?(?:am|pm|o'clock)|\d{1,2}:\d\d|"
    r"noon|midnight)|every (?:day|week|hour|month|night|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday)|nightly|daily|weekly|hourly)\b"
)
_ELSEWHERE = re.compile(
    r"\b(?:staging|stage environment|sandbox|dev(?:elopment)?(?: environment| cluster)|in dev|to dev|"
    r"qa|uat|test environment|(?:us|eu|ap)-\w+-?\d*|"
    r"in (?:europe|asia|the us|germany|france)|(?:eu|us|asia) region|other (?:cluster|region))\b"
)
_UNCHECKED = re.compile(
    r"\b(?:without (?:an? |any |the )?(?:approvals?|gates?|tests?|canary|checks?|plan|asking|review)|"
    r"(?:skip|bypass|ignore|override|disable|no)(?:ping|ing)? "
    r"(?:the |all |any )?(?:approvals?|gates?|tests?|checks?|policy|policies|review|rules?)|force|"
    r"forcefully|--force|sudo|as (?:root|admin))\b"
)


def mood(text: str) -> Mood:
    """The mood of `text`, lower-case and without its reason part ("because ..."), dangerous ones first."""
    for name, pattern in _SIGNS:
        if pattern.search(text):
            return name
    asks = _QUESTION.search(text) or text.rstrip().endswith("?")
    return "question" if asks and not _POLITE.search(text) else "order"


_SIGNS: tuple[tuple[Mood, re.Pattern[str]], ...] = (
    ("unchecked", _UNCHECKED),
    ("negated", _NEGATED),
    ("elsewhere", _ELSEWHERE),
    ("conditional", _CONDITION),
    ("later", _LATER),
    ("told", _TOLD),
    ("told", _HEDGED),
)

WHY: dict[Mood, str] = {
    "unchecked": "I cannot skip tests, approvals or policy for anyone. Nothing was started.",
    "negated": "I read that as a request not to do it. Nothing was started.",
    "elsewhere": "I know only the one place where these models serve, no staging, region or second cluster. "
    "Nothing was started.",
    "conditional": "I cannot wait for a condition with a change; I do it now or not at all. Nothing was started.",
    "later": "I cannot do a change at a later time; I do it now or not at all. Nothing was started.",
    "told": "That reads like news or a thought, not a request. Nothing was started.",
    "question": "That reads like a question, so I have not started anything.",
    "order": "",
}

_VERBS = (
    "deploy|ship|release|roll|rollback|revert|retrain|train|pause|resume|unpause|scale|cancel|abort|"
    "approve|reject|freeze|unfreeze|send|stop|show|list|"
    "compare|inject|clear|schedule|status|promote|restart|undo|delete|remove|drop|kill|set|start|give|tell|help|run"
)
_SEPARATOR = re.compile(
    r"[;\n]+|\.\s+|,?\s+(?:and|then|and then|afterwards|&&|&)\s+(?:then\s+|also\s+|please\s+)*|,\s*(?:then|also)?\s*"
)
_STARTS = re.compile(rf"^(?:please |pls |then |also |now |can you |could you |dry run: ?)*(?:{_VERBS})\b")


def several(text: str) -> list[str]:
    """The requests in a message that holds more than one; empty for a single one."""
    parts = [part.strip() for part in _SEPARATOR.split(text) if part and part.strip()]
    orders = [part for part in parts if _STARTS.match(part)]
    return orders if len(orders) > 1 else []


_LOOSE = re.compile(r"\s(?:for|over|during) (?!me\b|us\b)[^,;]*$")


def without_reason(text: str, slots: Iterable[str]) -> str:
    """`text` without a reason said without "because" ("for the weekend"), for a playbook that takes a reason."""
    return _LOOSE.sub("", text) if "reason" in slots else text
