"""Whether a sentence is built like an order: its verb comes first, behind politeness and names only.

Words that tell, deny or suppose ("bob says", "hold off on", "one day we will") cannot all be listed; what may stand
before the verb of an order can. Anything else before it, and a verb that tells ("deploying ... was", "deployed ..."),
makes it no clear order.
"""

from __future__ import annotations

import re

from bizaiops_bot.domain.routing import PlaybookSpec
from bizaiops_bot.router import moods
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import Intent

_NAME = "@"
_KINDS = (
    "model",
    "version",
    "percent",
    "replicas",
    "run",
    "schedule",
    "alert",
    "kpi",
    "fault",
    "window",
    "cron",
    "time_zone",
)
_CLAUSE = re.compile(r"([,.!?;:\n()]+(?=\s|$)|\s-+>?\s|\bso\b|[^\w\s@'%&/<>+=#$\"«»*-]+)")
_WORD = re.compile(r"@|[\w'-]+|\S")
_BEFORE = frozenset(
    re.findall(
        r"\S+",
        "@ the a an all any every some of to for from on in at with by as into out up down back again now here there "
        "please pls plz kindly just also then go get put take bring make let set turn switch give do run start "
        "begin kick trigger launch declare enable call off keep have use move return end "
        "is are be it its can could would looks change emergency copies this that these them us me my our your today's "
        "week's and more new newest fresh last latest "
        "old next current previous two three one "
        "model models version versions run runs release releases deploy deploys deployment deployments rollout canary "
        "traffic serving schedule digest digests report reports kpi kpis number numbers freeze faults fault replicas "
        "needs need gets got want wants like bit weekly daily monthly hourly regular recurring "
        "i i'd we bot everything anything recent thumbs two business code service right injected",
    )
)
_OWN = frozenset({"i", "i'd", "we"})
_SKIPPED = _OWN | {"just", "also", "would", "can", "could", _NAME}
# What someone may say of themselves and mean as an order: "I approve run 7", "we need 3 replicas".
_SAYS_ORDER = re.compile(
    r"(?:want|need|like|love|approv|accept|sign|confirm|reject|veto|declin|deny|refus|say|give|disapprov|no|not|do)"
)
_PAST = re.compile(r"\w+ed$|(?:froze|frozen|sent|took|gave|went|ran|let's)$")
_ING = re.compile(r"\w{3,}ing$")
_STOPS = frozenset({"stop", "quit", "cease"})
_NO_FORM = frozenset({"need", "bring", "string", "feed"})
_MAKES_PAST_NOW = frozenset({"is", "are", "be", "get", "gets", "want", "wants", "need", "needs", "have", "it", _NAME})
_MAKES_ING_NOW = frozenset(
    {"need", "needs", "start", "begin", "trigger", "off", "resume", "continue", "of", "for", "a", "the", "fresh", "new"}
)
_WISHES = frozenset({"want", "wants", "need", "needs", "like", "get"})
_HARMLESS = re.compile(
    r"^(?:hi|hey|hello|hallo|yo|good (?:morning|afternoon|evening|day)|morning|team|bot|sorry|urgent|emergency|quick "
    r"one|important|asap|thanks?|thank you|thx|ty|cheers|great|cool|nice|perfect|lgtm|looks good|ok|okay|yes|alright|"
    r"right|fine|well|please|pls|plz|now|then|listen|guys|folks|all|everyone|no|"
    r"excuse me|request|quick question|one more thing|next|also|so|"
    r"(?:we|i)(?: have|'ve| are|'re| am|'m)\b.*|it(?:'s| is)\b.*|this is\b.*|that(?:'s| is)\b.*|there(?:'s| is|"
    r" are)\b.*)*$"
)
_COLON_OK = re.compile(r"^(?:urgent|emergency|quick one|important|asap|request|bot|team|@|please|ok)$")


# Behind the verb: a statement about the act ("... would be a disaster", "... is done"), or taken back.
_STATED = re.compile(
    r"(?<!it )(?<!this )(?<!that )(?<!there )\b(?:is|are|was|were|would|will|has|had|have been|failed|fails|costs?|"
    r"took|takes|worked|went|broke|breaks|"
    r"sounds|seems|means|needs|done)\b"
)
_TAKEN_BACK = re.compile(
    r"\b(?:no,? wait|wait,? no|nah|nope|kidding|joking|jk|never ?mind|scratch that|forget it|or not|not really|"
    r"in your dreams|haha)\b"
)
_STRANGE_MODEL = re.compile(
    r"\b(?!the|this|that|these|all|old|new|newest|latest|current|previous|last|our|my|your|live|ml|other|of|for|on|"
    r"a|an|any)"
    r"[a-z][\w-]+ models?\b"
)


_OWN_KINDS = frozenset({"person", "until", "period", "later", "moment", "reminded"})
"""Blanked only for playbooks with such a blank: elsewhere "let lead deploy" is no order to the bot."""


def is_order(hearing: Hearing, intent: Intent, spec: PlaybookSpec) -> bool:
    """Whether the first clause with one of the intent's own words (`cues`) is an order, and what is before it
    harmless.
    """
    own = sorted(_OWN_KINDS & {slot.kind for slot in spec.slots})
    text = moods.plain_words(_blanked(hearing, (*_KINDS, *own)))
    if _TAKEN_BACK.search(text) or _STRANGE_MODEL.search(text):
        return False
    parts = _CLAUSE.split(text)
    for clause, mark in zip(parts[::2], [*parts[1::2], ""], strict=False):
        words = _words(clause.strip(), intent)
        first = next((i for i, word in enumerate(words) if _is_cue(word, intent)), None)
        if first is not None:
            return _may_precede(words, first) and _commands(words, first, intent)
        if not _harmless(words, mark):
            return False
    return False


def _words(clause: str, intent: Intent) -> list[str]:
    """Without a polite opening, unless that is the answer itself ("ok for run 7")."""
    asked, whole = _WORD.findall(clause[moods.opening(clause) :]), _WORD.findall(clause)
    return asked if _has_cue(asked, intent) or not _has_cue(whole, intent) else whole


def _harmless(words: list[str], mark: str) -> bool:
    """Whether a clause before the order only greets or says how things are; `mark` is what ends it."""
    said = " ".join(words)
    if ":" in mark and words and not _COLON_OK.match(said):
        return False
    return not words or _NAME in words or bool(_HARMLESS.match(said))


def _may_precede(words: list[str], first: int) -> bool:
    before = words[:first]
    if any(word not in _BEFORE for word in before):
        return False
    own = next((word for word in words if word not in _SKIPPED), "")
    return not _OWN & set(before) or bool(_SAYS_ORDER.match(own))


def _commands(words: list[str], first: int, intent: Intent) -> bool:
    """Whether the verb has the form of an order, and nothing is stated about the act behind it."""
    verb, rest, previous = words[first], words[first + 1 :], words[first - 1] if first else ""
    if _STATED.search(" ".join(rest)) or (verb in _STOPS and _names_act(rest, intent)):
        return False
    if verb in _NO_FORM or not (_PAST.match(verb) or _ING.match(verb)):
        return True
    if _ING.match(verb):
        return previous in _MAKES_ING_NOW
    if (len(words) == 1 and intent.risk == "control") or _WISHES & set(words[:first]):
        return True
    return previous in _MAKES_PAST_NOW and not (previous == _NAME and intent.risk == "change")


def _names_act(rest: list[str], intent: Intent) -> bool:
    """Whether the act itself is to stop: "stop pausing it" is no order to pause."""
    return any(_ING.match(word) and (_is_cue(word, intent) or word[:3] in {"tak", "put"}) for word in rest[:1])


def _has_cue(words: list[str], intent: Intent) -> bool:
    return any(_is_cue(word, intent) for word in words)


def _is_cue(word: str, intent: Intent) -> bool:
    return any(word == cue if len(cue) <= 3 else word.startswith(cue) for cue in intent.cues)


def _blanked(hearing: Hearing, kinds: tuple[str, ...]) -> str:
    """The words without the reason, every name and value as "@"."""
    text, core = "", hearing.core
    named = bytearray(len(core))
    for kind in kinds:
        for mention in (m for m in hearing.of_kind(kind) if kind != "cron" or not hearing.around_name(m)):
            named[mention.start : mention.end] = b"\x01" * (mention.end - mention.start)
    for i, char in enumerate(core):
        text += char if not named[i] else f" {_NAME} " if i == 0 or not named[i - 1] else ""
    return re.sub(rf"{_NAME} ?:", _NAME, re.sub(r"[ \t]+", " ", text)).strip()
