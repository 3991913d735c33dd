"""Orders in pictures ("open the gates", "pull the plug"): asked back with the one button that they can mean here."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from bizaiops_bot.domain.routing import Command, Decision, OpenRun, Question, Refusal
from bizaiops_bot.router import moods, short_words, undoing, utterance
from bizaiops_bot.router.at_hand.wishes import AGAINST
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.short_words import Short
from bizaiops_bot.router.turn import Turn

LET_GO, HOLD_BACK, OPEN_ALL, CLOSE_ALL = "let_go", "hold_back", "open_all", "close_all"
PICTURES = frozenset({LET_GO, HOLD_BACK, OPEN_ALL, CLOSE_ALL})
_FORWARD = frozenset({LET_GO, OPEN_ALL})
_ALIKE = {**dict.fromkeys(_FORWARD, "consent"), **dict.fromkeys(PICTURES - _FORWARD, "withdraw")}
_NEAR, _AHEAD, _OF_OPPOSITE = 0.55, 0.04, 0.03
"""Cosine from which a picture is heard, its lead over every aspect, and how much more over pictures of the opposite,
which are near: "lock" and "unlock".
"""
_MOST_WORDS = 12
_SUPPOSED = re.compile(
    r"^(?:the|a|an|my|our)\b|\b(?:if|unless|when|once|after|before|would|could|wish|should|might|maybe|perhaps)\b|\?\s*$"
)
_MOODS = frozenset({"order", "later"})
_CLAUSE = re.compile(r"[,.;!]+(?:\s+|$)")
_FREEZE = frozenset({"show_freeze", "freeze_deploys", "extend_freeze"})


@dataclass(frozen=True)
class Pictures:
    """Stands behind all stages that know plain words."""

    parts: Parts
    finishing: Finishing

    def asked_back(self, turn: Turn, decision: Decision) -> Question | None:
        """None for what is no picture, or can mean nothing here. decision: what the plain words came to."""
        if not isinstance(decision, Refusal | Question) or not self._leaves_room(turn, decision):
            return None
        drawn = self._drawn(turn)
        meant = self._meant(turn, drawn) if drawn else None
        intent = self.parts.by_playbook.get(meant[0]) if meant else None
        if meant is None or intent is None:
            return None
        if drawn != CLOSE_ALL:  # there the words may say until when
            turn = replace(turn, hearing=Hearing("", turn.hearing.catalogue))
        turn = turn.noting(stage="picture", picture=drawn)
        asked = self.finishing.confirm(turn, intent, "Did you mean…", meant[1])
        return asked.model_copy(update={"pending": Command(playbook=intent.playbook, inputs={})})

    def _leaves_room(self, turn: Turn, decision: Refusal | Question) -> bool:
        stage, text = decision.heard.get("stage"), _without_end(turn.hearing)
        if stage not in {"local", "handbook"} or decision.heard.get("emergency") or turn.hearing.models:
            return False
        statement = utterance.asks(text) or utterance.tells(text) or moods.mood(text) not in _MOODS
        return len(text.split()) <= _MOST_WORDS and not statement and not _SUPPOSED.search(turn.hearing.lower)

    def _drawn(self, turn: Turn) -> str:
        """The picture in the words, "" for none."""
        parts = [part for part in _CLAUSE.split(_without_end(turn.hearing)) if part.strip()]
        parts = [part for part in parts if not self._is_strange(part)]  # "close the curtain" is no picture of ours
        drawn = {found for part in parts if (found := self._of_clause(" ".join(part.split())))}
        return drawn.pop() if len(drawn) == 1 else ""

    def _is_strange(self, clause: str) -> bool:
        return bool(set(re.findall(r"[a-z]{4,}", clause)) - self.parts.aspects.words - self.parts.own_words)

    def _of_clause(self, text: str) -> str:
        near = self.parts.aspects.near(text)
        first = max(PICTURES, key=lambda one: near.get(one, 0.0))
        same = _FORWARD if first in _FORWARD else PICTURES - _FORWARD
        against = max((score for aspect, score in near.items() if aspect not in {*same, _ALIKE[first]}), default=1.0)
        opposite = max((near.get(aspect, 0.0) for aspect in PICTURES - same), default=1.0)
        spoken_against = first in _FORWARD and AGAINST.search(text)
        sure = (
            not spoken_against
            and near.get(first, 0.0) >= _NEAR
            and near[first] - max(against, opposite + _OF_OPPOSITE) >= _AHEAD
        )
        return first if sure and moods.mood(text) == "order" else ""

    def _meant(self, turn: Turn, drawn: str) -> tuple[str, dict[str, Any]] | None:
        runs = turn.hearing.catalogue.open_runs or ()
        return self._forward(turn, drawn, runs) if drawn in _FORWARD else self._back(turn, drawn, runs)

    def _forward(self, turn: Turn, drawn: str, runs: tuple[OpenRun, ...]) -> tuple[str, dict[str, Any]] | None:
        memory = turn.memory
        last = memory.last if memory else None
        if last and (last.playbook in _FREEZE or last.inputs.get("subject") == "freeze"):
            return "unfreeze_deploys", {}
        if memory and memory.changed and memory.changed.playbook == "pause_model":
            return undoing.inverse(memory.changed, memory)
        waiting = [run for run in runs if run.waiting]
        if len(waiting) == 1:
            return "approve_run", {"run": waiting[0].number}
        return ("unfreeze_deploys", {}) if drawn == OPEN_ALL else None

    def _back(self, turn: Turn, drawn: str, runs: tuple[OpenRun, ...]) -> tuple[str, dict[str, Any]] | None:
        if drawn == CLOSE_ALL:
            return "freeze_deploys", {}
        if len(runs) == 1:
            return short_words.playbook_for(Short("cancel", sure=False), runs[0]), {"run": runs[0].number}
        paused = turn.memory and turn.memory.changed and turn.memory.changed.playbook == "pause_model"
        if turn.memory and turn.memory.model and not paused:
            return "pause_model", {"model": turn.memory.model}
        return None if runs or paused else ("freeze_deploys", {})


def _without_end(hearing: Hearing) -> str:
    """A freeze may be said with its end."""
    end, text = hearing.until, hearing.core
    return text if end is None else f"{text[: end.start]}{text[end.end :]}"
