"""How something is meant: an order, or a question, a story, a condition, a wish for later. Only an order may change
anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Mood = Literal["order", "question", "negated", "told", "conditional", "later", "elsewhere", "unchecked", "injected"]

_OPENING = (
    r"(?:(?:please|pls|plz|kindly|ok|okay|k|now|then|so|great|cool|nice|perfect|well|alright|right|hey|hi|hello|"
    r"hallo|yo|"
    r"good (?:morning|afternoon|evening)|yes|yeah|just|go (?:ahead )?and|thanks|thank you|thx|sorry|bitte|mal|team|bot|"
    r"urgent|quick one|asap|actually)(?![\w'-])[,!.: ]*)*"
)
_YOU = r"(?:you|u|ya)"
_ASKING = (
    rf"(?:(?:can|could|would|will|cud|cld) {_YOU}|(?:i|we)(?:'d| would)? (?:really )?(?:like|want|need|love) "
    rf"(?:(?:for )?{_YOU} )?to|(?:can|could|may) (?:we|i)(?= (?:please )?(?:get|have)\b)|let'?s|let us|time to|"
    rf"{_YOU} (?:can|may)(?: now)?|do me a favou?r and|"
    rf"(?:i(?:'d| would) )?(?:really )?(?:appreciate|be glad|be great|love) (?:it )?if {_YOU} (?:could|can|would)|"
    rf"(?:sorry )?to bother {_YOU}(?:,? but)?(?:,? (?:can|could|would) {_YOU})?)(?![\w'-])"
)
_POLITE = re.compile(rf"^{_OPENING}(?:and |also )?(?:{_ASKING}|would {_YOU} mind\b)")
# What an order may begin with and does not say.
POLITE = re.compile(rf"^{_OPENING}(?:{_ASKING} (?:(?:please|pls|plz|kindly|just|now|quickly|mal|bitte|also) )*)?")
_CLOSING = re.compile(
    r"(?:[,.!?\s]+(?:please|pls|plz|thanks(?: a lot| so much| all| team)?|thank you(?: (?:so|very) much)?|thx|ty|"
    r"cheers|"
    r"asap|bitte|danke|then|for me|for (?:now|a (?:bit|while|moment))|team|guys|:\)|;\)|:d))+[.!?\s]*$"
)
_POLITE_IF = re.compile(
    r",?\s*\b(?:if (?:you|u) (?:do not mind|don'?t mind|can|could|may|please|like|have (?:a )?(?:time|minute|moment|"
    r"sec(?:ond)?))|if possible|if that'?s ok(?:ay)?|when(?:ever)? (?:you|u) (?:get|have|find) (?:a |the |some )?"
    r"(?:chance|time|minute|moment|sec(?:ond)?)|when(?:ever)? (?:you|u) can|until further notice)\b"
)
_SLANG = {
    "u": "you",
    "ya": "you",
    "ur": "your",
    "r": "are",
    "pls": "please",
    "plz": "please",
    "rn": "right now",
    "gimme": "give me",
    "lemme": "let me",
    "wanna": "want to",
    "whats": "what's",
    "hows": "how's",
    "whos": "who's",
    "wheres": "where's",
    "w/": "with",
    "prod": "production",
    "deps": "deploys",
    "thx": "thanks",
}
_SLANG_WORD = re.compile(rf"(?<![\w'-])(?:{'|'.join(map(re.escape, _SLANG))})(?![\w'-])")
_SYMBOLS = re.compile(r"[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]+")


_GREETING = re.compile(rf"^{_OPENING}")


def greeting(text: str) -> int:
    """Where what only greets or calls ends at the beginning of lower-case `text`: "hi bot, can you" begins at "can"."""
    m = _GREETING.match(text)
    return m.end() if m else 0


def opening(text: str) -> int:
    """Where the polite opening of lower-case `text` ends and what is asked for begins."""
    m = POLITE.match(text)
    return m.end() if m else 0


_SUPPOSED = re.compile(
    r"\b(?:suppos(?:e|ing)|imagine|hypothetically|what if|assuming|pretend|"
    r"what (?:happens|would happen|will happen) (?:if|when|once))\b"
)


def supposed(text: str) -> bool:
    """Whether lower-case `text` plays with a thought, so that not even a question is meant for sure."""
    return bool(_SUPPOSED.search(text) or _INJECTED.search(text))


def plain_words(text: str) -> str:
    """Slang of the keyboard in full words: "gimme" is "give me"."""
    return _SLANG_WORD.sub(lambda m: _SLANG[m[0]], text)


def bare(text: str) -> str:
    """What lower-case `text` asks for, as examples are learned: no politeness, no emoji, slang in plain words."""
    text = plain_words(_SYMBOLS.sub(" ", text))
    text = _POLITE_IF.sub("", re.sub(r"\s+", " ", text).strip(" .!"))
    before = ""
    while before != text:
        before, text = text, _CLOSING.sub("", POLITE.sub("", text)).strip(" ,.!") or text
    return text


_QUESTION = re.compile(
    r"^(?:so |and |but |hey |hi |ok |well )*(?:why|when|who|whom|whose|what|which|how|where|did|does|"
    r"do|is|are|was|were|has|have|had|should|shall|may|"
    r"might|must|can|could|would|will|am)(?:n't|'?s)?\b"
)
_NEGATED = re.compile(
    r"\b(?:do not|don'?t|never|(?:should|must|would|could|need)(?:n'?t| not)|won'?t|can'?t|cannot|no (?:need|reason|"
    r"point|way|intention)|rather not|(?:let'?s|to|may|will|are|am|is|be|we|i) not (?!ok|okay|good|fine|working|"
    r"well|happy|"
    r"right|healthy|convinced|sure|going)|not (?:to )?(?:deploy|roll|ship|pause|"
    r"retrain|scale|resume|cancel|approve|yet|now|today)|hold(?:ing)? off|refrain|avoid|abstain|forget (?:about|to)|"
    r"forgot|refus(?:e|ed|es) to|declined to|off the table|without (?!canary)\w+ing|hands off|leave \S+(?: \S+)? alone|"
    r"nicht|keine?n?|niemals)\b|^not\b"
)
_TOLD = re.compile(
    r"\b(?<!\bcan )(?<!could )(?<!would )(?<!\bwill )"
    r"(?:i|we|he|she|they|you|it|someone|somebody|engineer|lead|analyst|sre|bot|team|was|were|been|"
    r"got|just|already)\s+(?:has |have |had |just |already |never )*"
    r"(?:deployed|rolled|shipped|paused|resumed|retrained|scaled|cancelled|canceled|approved|rejected|"
    r"froze|frozen|released|sent|stopped|tried|took|put|reverted|lifted|injected|cleared|turned|brought)\b|"
    r"\b(?:asks|asked|asking|said|says|told|tells|wrote|writes|wants|wanted|thinks|thought|claims|claimed|suggests|"
    r"suggested|insists|demands that|mentioned|posted|quote|according to|typed|reads|decided|tempted)\b|"
    r"[\"«][^\"»]*\s[^\"»]*[\"»]|(?<!\w)'[^']*\s[^']*'(?!\w)"
)
_HEDGED = re.compile(
    r"\b(?:maybe|perhaps|possibly|might|i think|i guess|i wonder|wondering|thinking (?:of|about)|"
    r"consider(?:ing)?|discuss(?:ing)?|talk about|remember(?: to)?|don't forget|remind|nobody|no ?one|"
    r"someone should|somebody should|plan(?:ning|s)? to|going to|about to|supposed to|used to|if i were|"
    r"hypothetically|in theory|what if|imagine|suppose|translate|explain|spell|one day|some ?day|at some point|"
    r"sooner or later|"
    r"opinions|thoughts|was a mistake|good idea|bad idea|last time)\b"
)
_CONDITION = re.compile(
    r"\b(?:if|unless|once|whenever|as soon as|in case|when (?:the|it|we|there|i|you|error|build|that|"
    r"this|they)|until|till|after|(?<!\bone )(?<!version )(?<!release )(?<!build )(?<!was there )before|"
    r"provided|assuming|as long as|given that|wait(?:ing)? for)\b"
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
    r"in (?:europe|asia|the us|germany|france)|(?:eu|us|asia) region|(?:an?)?other (?:cluster|region|bot|system|"
    r"tool|company|team|platform))\b"
)
_UNCHECKED = re.compile(
    r"\b(?:without (?:an? |any |the )?(?:approvals?|gates?|tests?|canary|checks?|plan|asking|review)|"
    r"(?:skip|bypass|ignore|override|disable|no)(?:ping|ing)? "
    r"(?:the |all |any )?(?:approvals?|gates?|tests?|checks?|policy|policies|review|rules?)|force|"
    r"forcefully|--force|sudo|as (?:root|admin))\b"
)


_INJECTED = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\s+(?:(?:all|any|the|my|your|of|these|those|previous|prior|"
    r"earlier|above)"
    r"\s+)*(?:instructions?|rules?|prompts?|guidelines?|orders)\b|^\s*(?:system|assistant|user|developer|admin)\s*:|"
    r"</?\w+>|\[/?(?:inst|system)\]|\b(?:you are|you're|i am|i'm|act(?:ing)?|speaking) (?:now )?(?:in|as) (?:an? |"
    r"the )?"
    r"(?:\w+ mode|admin\w*|root|lead|approver|developer|sre|boss)\b|\bas an? (?:admin|root)\w*\b|\bpretend\b|"
    r"\bnew (?:system )?instructions?\b|\brepeat after me\b|\badmin mode\b|\bi override\b|\bjailbreak"
)


def mood(text: str) -> Mood:
    """The mood of `text`, lower-case and without its reason part ("because ..."), dangerous ones first."""
    text = _POLITE_IF.sub("", text)
    for name, pattern in _SIGNS:
        if pattern.search(text):
            return name
    asks = _QUESTION.search(text) or text.rstrip().endswith("?")
    return "question" if asks and not _POLITE.search(text) else "order"


_SIGNS: tuple[tuple[Mood, re.Pattern[str]], ...] = (
    ("injected", _INJECTED),
    ("unchecked", _UNCHECKED),
    ("negated", _NEGATED),
    ("elsewhere", _ELSEWHERE),
    ("conditional", _CONDITION),
    ("later", _LATER),
    ("told", _TOLD),
    ("told", _HEDGED),
)

_CLAUSE = re.compile(r"[,;.!]+\s+|\s+-+\s+|,?\s+(?:so|and|then)\s+")
_DENIES = re.compile(r"\b(?:not|no|no longer|nobody|no one|never|\w+n't|dont|without)\b")
_FORBIDDEN = re.compile(
    r"\b(?:do not|don'?t|never|not|without|stop|let'?s not)(?: (?:you |us |me |to |want |think |need |ever |yet |just |"
    r"should |we |i |really |please )*)?(?: ?)(\w+)"
)


def behind_denial(text: str) -> tuple[str, str]:
    """The clause that says what is not wanted at the beginning of lower-case `text`, and what is asked for behind it
    ("i don't need it anymore, remove it"); ("", "") when it is not so.
    """
    parts = _CLAUSE.split(text, maxsplit=1)
    if len(parts) < 2 or not _DENIES.search(parts[0]):
        return "", ""
    rest = parts[1].strip()
    return (parts[0], rest) if rest and mood(rest) == "order" else ("", "")


def forbidden(text: str) -> list[str]:
    """The words that lower-case `text` says not to do: "approve" of "don't approve run 7"."""
    return [m[1] for m in _FORBIDDEN.finditer(text)]


WHY: dict[Mood, str] = {
    "injected": "I take plain requests only; nobody's words can change my rules or who you are. Nothing was started.",
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

_END = re.compile(r"\b(?:until|till)\b")


def why(mood: Mood, text: str) -> str:
    """Why nothing was started in this mood; lower-case `text` tells a condition from an end."""
    if mood == "conditional" and _END.search(text):
        return "I cannot end a change by itself; say so when it is time. Nothing was started."
    return WHY[mood]


_VERBS = (
    "deploy|ship|release|roll|rollback|revert|retrain|train|pause|resume|unpause|scale|cancel|abort|"
    "approve|reject|freeze|unfreeze|send|stop|show|list|"
    "compare|inject|clear|schedule|status|promote|restart|undo|delete|remove|drop|kill|set|start|give|tell|help|run|mute|"
    "unmute|snooze"
)
_SEPARATOR = re.compile(
    r"[;\n]+|\.\s+|,?\s+(?:and|then|and then|afterwards|&&|&)\s+(?:then\s+|also\s+|please\s+)*|,\s*(?:then|also)?\s*"
)
_STARTS = re.compile(
    rf"^(?:please |pls |then |also |now |can you |could you |dry run: ?)*(?!(?:schedule|run) #?\d)(?:{_VERBS})\b"
)


def several(text: str) -> list[str]:
    """The requests in a message that holds more than one; empty for a single one."""
    parts = [part.strip() for part in _SEPARATOR.split(text) if part and part.strip()]
    orders = [part for part in parts if _STARTS.match(part)]
    return orders if len(orders) > 1 else []


_LOOSE = re.compile(r"\s(?:for|over|during) (?!me\b|us\b)[^,;]*$")


def without_reason(text: str, slots: Iterable[str]) -> str:
    """`text` without a reason said without "because" ("for the weekend"), for a playbook that takes a reason."""
    return _LOOSE.sub("", text) if "reason" in slots else text
