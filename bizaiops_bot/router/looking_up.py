"""Questions of how and what and when that the handbook answers: heard after the exact wordings, beside the classifier.

The classifier knows kinds of requests, not what is written: "can I approve my own change?" is near who may do what, and
"how is drift found?" near the alerts. What the handbook is sure of goes before what the classifier is not sure of.
"""

from __future__ import annotations

import re
from typing import Literal

from bizaiops_bot.domain.routing import Decision, Refusal
from bizaiops_bot.router.classifier import Guess
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.turn import HELP, MAX_CHOICES, Turn

Band = Literal["act", "clarify", "refuse"]
_LEAD = r"(?:(?:and|so|but|hey|hi|hello|ok|okay|please|sorry|um|btw|quick question),? )*"
_HOW = "|".join(
    (
        r"how (?:do|does|did|can|could|should|would|will|may) ",
        r"how (?:is|are) .+(?:ed|found|made|built|kept|done|sent|told)\b",
        r"what happens|what if|what would happen|(?:what is |what's )?the difference between",
        r"what does .+ (?:do|mean|stand for)|why would|why (?:can't|cannot)",
        r"(?:can|could|may|might|must|should|does|do|will|would) \w+",
        r"explain|define|describe|(?:the )?(?:meaning|definition) of|i (?:don't|do not) understand",
        r"(?:tell me|do you know) (?:about|more|what|how|why|when)|when (?:do|does|would|will|can|should|is|are) ",
    )
)
_WHAT = "|".join(
    (
        r"what(?:'s|s)? |when |why |which |where |(?:is|are|was|were) ",
        r"how (?:long|often|reliable|fast|safe|is|are) |who (?:may|can|decides|gets) ",
    )
)
_ASKED = re.compile(f"{_LEAD}(?:{_HOW}|{_WHAT})")
_OF_HOW_IT_IS = re.compile(f"{_LEAD}(?:{_HOW})")
_OF_NOW = re.compile(
    r"\b(?:do we (?:get|have)(?! you)|have we|we have|who (?:is|are|was)|now|currently|at the moment|today|so far|"
    r"yet|is running|recently|lately|last|latest|open|waiting|there any)\b"
)
"""Words of how things stand, which are looked up in the records and not in the handbook."""
_NAMING = ("model", "version", "run", "alert", "schedule", "percent", "window")
SURE: dict[Band, float] = {"act": 0.8, "clarify": 0.45, "refuse": 0.45}
"""How sure the handbook has to be, by what the classifier would do without it."""
STRANGER = 0.25
"""And how much more when the classifier takes the sentence for nothing of the bot's."""
SURE_OF_HELP = 0.35
"""Where the classifier hears a call for help: the passage instead of the general card."""
_LOOSE = frozenset({"stable", "latest", "previous", "newest"})
"""Words that may stand for a version, and for much else: "before it goes live"."""
NOTHING = "The handbook has nothing on that, as far as I can find."
NEAR = 0.25
"""From here on the nearest passages are offered to a question that is refused."""


def answer(parts: Parts, finishing: Finishing, turn: Turn, mine: list[Guess], verdict: Band) -> Decision | None:
    """A request of the handbook's answer, or a refusal with the passages that are near; None when it is no question
    for the handbook, or another request is as good an answer. What a KPI means is told by its own definition.

    mine, verdict: what the classifier takes the sentence for, and would do.
    """
    helps = parts.by_playbook.get("help")
    first = bool(mine) and parts.known(mine[0].intent) is helps
    shape = _OF_HOW_IT_IS if verdict == "act" and not first else _ASKED
    if helps is None or (first and turn.hearing.kpis) or not _is_asked(turn.hearing, shape):
        return None
    found = parts.handbook.ask(turn.hearing.text)
    outside = 1.0 - sum(guess.p for guess in mine)
    wanted = SURE_OF_HELP if first and verdict != "refuse" else SURE[verdict]
    if found.sure >= wanted + (STRANGER * outside if verdict == "refuse" else 0.0):
        turn = turn.noting(stage="handbook", passage=round(found.sure, 3))
        return finishing.finish(turn, helps, sure=True, given={"topic": turn.hearing.text.strip()})
    if verdict != "refuse" or found.sure < NEAR:
        return None
    choices = tuple(finishing.offer(turn, helps, {"topic": passage.name}) for passage in found.passages[:MAX_CHOICES])
    return Refusal(why=NOTHING, help=HELP, choices=choices, heard=turn.heard)


def _is_asked(hearing: Hearing, shape: re.Pattern[str]) -> bool:
    """Whether it is a question of `shape` about how things are, and none about one model, version, run or time."""
    if not shape.match(hearing.core) or _OF_NOW.search(hearing.core):
        return False
    named = [m for kind in _NAMING for m in hearing.of_kind(kind)]
    return not any(m for m in named if str(m.value) not in _LOOSE)
