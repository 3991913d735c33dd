"""Whether a sentence is built like an order: its verb comes first, behind politeness and names only.

Words that tell, deny or suppose ("bob says", "hold off on", "one day we will") cannot all be listed; what may stand
before the verb of an order can. Anything else before it, and a verb that tells ("deploying ... was", "deployed ..."),
makes it no clear order.
"""

from __future__ import annotations

import re

from bizaiops_bot.router import moods
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import Intent

_NAME = "@"
_KINDS = ("model", "version", "percent", "replicas", "run", "schedule", "kpi", "fault", "window", "cron", "time_zone")
_CLAUSE = re.compile(r"([,.!?;:\n()]+(?=\s|$)|\s-+>?\s|\bso\b|[^\w\s@'%&/<>+=#$\"«»*-]+)")
_WORD = re.compile(r"@|[\w'-]+|\S")
_BEFORE = frozenset(
    re.findall(
        r"\S+",
        "@ the a an all any every some of to for from on in at with by as into out up down back again now here there "
        "please pls plz kindly just also then go get put take bring make let set turn switch give do run start "
        "begin kick trigger launch declare enable call off keep have use move return end "
        "is are be it its can could would looks change emergency copies this that these them us me my our your today's week's and more new newest fresh last latest "
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
_WISHES = frozenset({"want", "wants", "need", "needs", "like"})
_HARMLESS = re.compile(
    r"^(?:hi|hey|hello|hallo|yo|good (?:morning|afternoon|evening|day)|morning|team|bot|sorry|urgent|emergency|quick "
    r"one|important|asap|thanks?|thank you|thx|ty|cheers|great|cool|nice|perfect|lgtm|looks good|ok|okay|yes|alright|"
    r"right|fine|well|please|pls|plz|now|then|listen|guys|folks|all|everyone|no|"
    r"excuse me|request|quick question|one more thing|next|also|so|"
    r"(?:we|i)(?: have|'ve| are|'re| am|'m)\b.*|it(?:'s| is)\b.*|this is\b.*|that(?:'s| is)\b.*|there(?:'s| is| are)\b.*)*$"
)
_COLON_OK = re.compile(r"^(?:urgent|emergency|quick one|important|asap|request|bot|team|@|please|ok)$")


def is_order(hearing: Hearing, intent: Intent) -> bool:
    """Whether the first clause with one of the intent's own words (`cues`) is an order, and what is before it
    harmless.
    """
    parts = _CLAUSE.split(moods.plain_words(_blanked(hearing)))
    for clause, mark in zip(parts[::2], [*parts[1::2], ""], strict=False):
        said = clause.strip()
        words = _WORD.findall(said[moods.opening(said) :])
        whole = _WORD.findall(said)
        if not any(_is_cue(word, intent) for word in words) and any(_is_cue(word, intent) for word in whole):
            words = whole  # "ok for run 7": the courtesy is the answer
        first = next((i for i, word in enumerate(words) if _is_cue(word, intent)), None)
        if first is not None:
            return _ordered(words, first, intent)
        if ":" in mark and said and not _COLON_OK.match(" ".join(words)):
            return False
        if words and _NAME not in words and not _HARMLESS.match(" ".join(words)):
            return False
    return False


def _ordered(words: list[str], first: int, intent: Intent) -> bool:
    before, verb = words[:first], words[first]
    if any(word not in _BEFORE for word in before):
        return False
    if _OWN & set(before) and not _SAYS_ORDER.match(next((word for word in words if word not in _SKIPPED), "")):
        return False
    previous = before[-1] if before else ""
    wished = bool(_WISHES & set(before))
    if verb in _NO_FORM:
        return True
    if verb in _STOPS and any(_ING.match(word) and _is_cue(word, intent) for word in words[first + 1 : first + 2]):
        return False  # "stop pausing it" is no order to pause
    if _PAST.match(verb):
        alone = len(words) == 1 and intent.risk == "control"
        return alone or wished or (previous in _MAKES_PAST_NOW and not (previous == _NAME and intent.risk == "change"))
    return not _ING.match(verb) or previous in _MAKES_ING_NOW


def _is_cue(word: str, intent: Intent) -> bool:
    return any(word == cue if len(cue) <= 3 else word.startswith(cue) for cue in intent.cues)


def _blanked(hearing: Hearing) -> str:
    """The words without the reason, every name and value as "@"."""
    taken: list[tuple[int, int]] = []
    for kind in _KINDS:
        for mention in hearing.of_kind(kind):
            if not any(mention.start < end and start < mention.end for start, end in taken):
                taken.append((mention.start, mention.end))
    text = hearing.core
    for start, end in sorted(taken, reverse=True):
        text = f"{text[:start]} {_NAME} {text[end:]}"
    return re.sub(rf"{_NAME} ?:", _NAME, re.sub(r"[ \t]+", " ", text)).strip()
