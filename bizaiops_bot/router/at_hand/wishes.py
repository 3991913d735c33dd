"""What a sentence in free words says to a plan that waits: "ok, I have seen enough, go on" is a consent."""

from __future__ import annotations

import re

from bizaiops_bot.domain.routing import Command, Decision, OpenRun, Question
from bizaiops_bot.router import moods
from bizaiops_bot.router.at_hand.aspects import CONSENT
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.short_words import Wish
from bizaiops_bot.router.turn import Turn

WISHES: dict[str, Wish] = {CONSENT: "approve", "veto": "reject", "withdraw": "cancel"}
_NEAR, _AHEAD = 0.5, 0.04
"""Cosine from which a wish is heard, and its lead over every other aspect. It is only asked back."""
_MOODS = frozenset({"order", "told", "negated"})
_SAID_OTHERWISE = re.compile(
    r"\b(?:if|unless|until|till|when|once|after|before|as (?:long|soon) as|provided|tomorrow|later|tonight|monday|"
    r"tuesday|wednesday|thursday|friday|would|could|wish|should|might|maybe|perhaps|admin|mode)\b|'d\b"
)
"""A condition, a time or a supposition: nothing that can be done now."""
_ANOTHER = re.compile(
    r"\b(?:roll(?:ed|ing)?|rollback|revert\w*|pause\w*|resume\w*|stop\w*|retrain\w*|scale\w*|freeze|unfreeze|deploy\w*|"
    r"promote|mute\w*|kill\w*|abort\w*|digest|schedule\w*|alert\w*|reminder|delegat\w*|restart\w*|delete\w*)\b"
)
"""Another request, or another thing than a plan."""
AGAINST = re.compile(
    r"\b(?:no|not|never|nobody|no ?one|none|nothing|neither|cannot|without|withdr\w+|tak\w+|dis\w+|down|object\w*|"
    r"against|anything but|keep|old|current|burn|break|anyway|lead now)\b|"
    r"n't\b|\b(?:cant|wont|dont|didnt|isnt|aint)\b"
)
"""In a consent: it may be none."""
_FOR = re.compile(
    r"\bstill (?:need|want|like)|\bno (?:mistake|veto|objection)|\bkeep it\b|\b(?:don'?t|do not|dont) need to\b|"
    r"\b(?:not|never|don'?t|dont) (?:to )?(?:withdraw|drop|pull|reject|cancel|take|send|forget|leave)"
)
"""In a veto or a withdrawal: the opposite."""


def wished(parts: Parts, turn: Turn, near: dict[str, float], decision: Decision) -> Wish | None:
    """What the words wish for a run that waits here, None where they may say anything else.

    near: their likeness to each aspect. decision: what the other stages made of them; a change that these heard goes
    before.
    """
    text = turn.hearing.lower
    wish = nearest_wish(near, text)
    if wish is None or text.rstrip().endswith("?") or _changes(parts, decision) or _ANOTHER.search(text):
        return None
    return wish if any(_is_of(turn, run) for run in turn.hearing.catalogue.open_runs or () if run.waiting) else None


def nearest_wish(near: dict[str, float], text: str) -> Wish | None:
    """The wish that lower-case `text` is nearest to and that none of its words speaks against."""
    first = max(near, key=near.__getitem__) if near else ""
    wish = WISHES.get(first)
    if wish is None or near[first] < _NEAR or moods.mood(text) not in _MOODS or _SAID_OTHERWISE.search(text):
        return None
    if near[first] - max(score for aspect, score in near.items() if aspect != first) < _AHEAD:
        return None
    return None if (AGAINST if wish == "approve" else _FOR).search(text) else wish


def _is_of(turn: Turn, run: OpenRun) -> bool:
    """Whether the run is of all that the words name."""
    words = set(run.title.split())
    return {str(m.value) for m in (*turn.hearing.models, *turn.hearing.versions)} <= words


def _changes(parts: Parts, decision: Decision) -> bool:
    """Whether a change was heard, or a cry."""
    if isinstance(decision, Command) or decision.heard.get("emergency") or decision.heard.get("open"):
        return True
    names = {choice.bind.get("playbook", "") for choice in decision.choices}
    if isinstance(decision, Question):
        names.add(decision.pending.playbook)
    return any(parts.specs[name].risk == "change" for name in names if name in parts.specs)
