"""What answers a short sentence about what is open here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bizaiops_bot.domain.routing import Choice, Command, Decision, Refusal, Remark
from bizaiops_bot.domain.yaml_loader import LOADER
from bizaiops_bot.router import small_talk, utterance
from bizaiops_bot.router.at_hand.aspects import NONE, REMARK
from bizaiops_bot.router.at_hand.pictures import PICTURES
from bizaiops_bot.router.at_hand.topics import QUESTION, Topic, named, topics
from bizaiops_bot.router.at_hand.wishes import WISHES, wished
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.short_words import Wish
from bizaiops_bot.router.turn import Turn

_FILE = Path(__file__).with_name("answers.yaml")
_OTHERWISE = "otherwise"
_ANYTHING_ELSE = "small_world"
"""The intent of all that no model has to do with."""
_LONGEST, _MOST_WORDS = 90, 14
"""Characters and words: a longer sentence is about something of its own."""
_SURE, _AHEAD = 0.55, 0.04
"""Cosine from which an aspect is taken, and its lead over one that has another answer."""
_SURE_OF_ANY = 0.65
"""The cosine where nothing is open, something is named, the words do not ask, or the handbook has an answer too."""
_VERBATIM = 0.75
"""Cosine from which words that are not built like a question ("more details") are taken for one."""
_NEAR = 0.4
"""Cosine from which an answer is offered with a button."""
_SHOWN = 2
"""Buttons with a no."""
_OF_SOMETHING = re.compile(
    r"\b(?:on|of|for|with|about|to|by)(?: the| our| my| your| this| that)? ([a-z][a-z-]{2,})|"
    r"^(?:and )?(?:did|does|is|was|has|are|were|have|will|can)(?: the| our| my| your)? ([a-z][a-z-]{3,})"
)
"""What a sentence is about, where it says so."""


@dataclass(frozen=True)
class _Answer:
    """What would answer an aspect, and how near (cosine) the words are to it."""

    aspect: str
    near: float
    command: Command


@dataclass(frozen=True)
class AtHand:
    """Stands behind the other stages, where these know nothing or are not sure."""

    parts: Parts
    finishing: Finishing

    def instead(self, turn: Turn, decision: Decision) -> Decision:
        """`decision`, or in its place what answers the sentence as one about what is open; a no gets buttons for it."""
        if not _leaves_room(decision) or not self._is_short(turn) or self._may_order(turn, decision):
            return decision
        near = self._near(turn)
        first = max(near, key=near.__getitem__) if near else ""
        if first in WISHES:
            return decision
        if isinstance(decision, Refusal) and (self._states(turn, decision) or self._tells(turn, near)):
            heard = {**turn.heard, "stage": "talk", "talk": "remark"}
            return Remark(text=small_talk.NOTED, choices=self._buttons(self._otherwise(topics(turn))), heard=heard)
        return decision if first == NONE else self._answered(turn, decision, near)

    def _answered(self, turn: Turn, decision: Decision, near: dict[str, float]) -> Decision:
        """What tells the nearest aspect, else `decision`, a no with buttons."""
        open_ = topics(turn)
        found = self._answers(turn, open_, near)
        if found and self._is_meant(turn, found, near, handbook=isinstance(decision, Command)):
            best = found[0]
            return self._finished(
                turn.noting(stage="at hand", aspect=best.aspect, near=round(best.near, 3)), best.command
            )
        if not isinstance(decision, Refusal) or decision.choices:
            return decision
        offered = [answer.command for answer in found if answer.near >= _NEAR] + self._otherwise(open_)
        return decision.model_copy(update={"choices": self._buttons(offered)})

    def wishes(self, turn: Turn, decision: Decision) -> Wish | None:
        """What a sentence in free words says to a run that waits here, where `decision` heard no change in it."""
        waiting = [run for run in turn.hearing.catalogue.open_runs or () if run.waiting]
        if not waiting or isinstance(decision, Command) or not self._is_short(turn):
            return None
        return wished(self.parts, turn, self._near(turn), decision)

    def _near(self, turn: Turn) -> dict[str, float]:
        """Aspect -> likeness of the words, with "it" for a model or version that they name."""
        text, hearing = turn.hearing.core, turn.hearing
        for mention in sorted([*hearing.models, *hearing.versions], key=lambda m: -m.start):
            text = f"{text[: mention.start]} it {text[mention.end :]}"
        near = self.parts.aspects.near(" ".join(text.split()))
        return {aspect: score for aspect, score in near.items() if aspect not in PICTURES}

    def _is_short(self, turn: Turn) -> bool:
        """Whether it is a short sentence about one thing, named or not."""
        hearing = turn.hearing
        if len(hearing.core) > _LONGEST or len(hearing.core.split()) > _MOST_WORDS:
            return False
        several = len({str(m.value) for m in hearing.models}) > 1 or len(hearing.versions) > 1
        return not (several or hearing.percents or hearing.alerts or hearing.schedules or hearing.runs)

    def _may_order(self, turn: Turn, decision: Decision) -> bool:
        """Whether a change was asked back, and the words do not ask for their part."""
        names = [choice.bind.get("playbook", "") for choice in getattr(decision, "choices", ())]
        changes = any(self.parts.specs[name].risk != "read" for name in names if name in self.parts.specs)
        return changes and not utterance.asks(turn.hearing.text.lower())

    def _states(self, turn: Turn, decision: Refusal) -> bool:
        """Whether it is a statement in the middle of a conversation, about nothing that the bot has a name for."""
        hearing = turn.hearing
        known_not = decision.heard.get("intent") not in {None, NONE, _ANYTHING_ELSE}
        return bool(turn.memory and not (known_not or hearing.models or hearing.kpis)) and utterance.tells(hearing.core)

    def _tells(self, turn: Turn, likeness: dict[str, float]) -> bool:
        """Whether the words only tell something; "what a night" is built like a question and is none."""
        text, near = turn.hearing.text.lower(), likeness.get(REMARK, 0.0)
        if near < max(likeness.values(), default=1.0):
            return False
        if "?" in text or (utterance.begins(turn.hearing.core) and near < _SURE_OF_ANY):
            return False
        return near >= (_SURE_OF_ANY if utterance.asks(text) else _SURE)

    def _is_meant(self, turn: Turn, found: list[_Answer], near: dict[str, float], *, handbook: bool) -> bool:
        """Whether the nearest aspect has the answer, near and ahead enough of those with another one, and the words ask
        about nothing else.
        """
        best, text = found[0], turn.hearing.text.lower()
        if max(near.values()) > best.near or self._is_of_another(turn):
            return False
        open_here = bool(turn.memory or turn.hearing.catalogue.open_runs) and named(turn) is None
        limit = _SURE if open_here and (not handbook or turn.hearing.points_back) else _SURE_OF_ANY
        if not utterance.asks(text):
            limit = 1.0 if utterance.begins(turn.hearing.core) else _VERBATIM
        others = [answer.near for answer in found[1:] if answer.command != best.command]
        return best.near >= limit and best.near - max([*others, near.get(NONE, 0.0)]) >= _AHEAD

    def _is_of_another(self, turn: Turn) -> bool:
        """Whether it says what it is about, and that is nothing that the bot has a word for: "on the website"."""
        hearing = turn.hearing
        if hearing.versions and named(turn) is None:
            return True
        known = self.parts.own_words | self.parts.aspects.words | {str(m.value) for m in hearing.models}
        said = {word for m in _OF_SOMETHING.finditer(hearing.core) for word in m.groups() if word}
        names = {hearing.core[m.start : m.end] for m in (*hearing.models, *hearing.versions, *hearing.people)}
        return bool(said - known - names)

    def _answers(self, turn: Turn, open_: list[Topic], near: dict[str, float]) -> list[_Answer]:
        """What can be told of each aspect, the nearest first."""
        found = []
        for aspect, score in sorted(near.items(), key=lambda item: -item[1]):
            command = next(filter(None, (self._told(turn, topic, aspect) for topic in open_)), None)
            if command is not None:
                found.append(_Answer(aspect, score, command))
        return found

    def _told(self, turn: Turn, topic: Topic, aspect: str) -> Command | None:
        if aspect == "meaning":
            return None if turn.hearing.points_back else self._command("help", {"topic": turn.hearing.text.strip()})
        how = answers().get(topic.kind, {}).get(aspect)
        return self._command(str(how), topic.known) if how else None

    def _otherwise(self, open_: list[Topic]) -> list[Command]:
        told = answers().get(open_[0].kind, {}).get(_OTHERWISE, ())
        return [command for how in told if (command := self._command(how, open_[0].known))]

    def _command(self, how: str, known: dict[str, Any]) -> Command | None:
        """ "show_run", "approval when expiry" or "help what is ..." with what is known, None when it is too little."""
        playbook, *words = how.split()
        if playbook == "help":
            inputs: dict[str, Any] = {"topic": " ".join(words)} if words else known
        elif words:
            playbook, asks = QUESTION, dict(zip(("subject", "aggregate", "measure"), how.split(), strict=False))
            inputs = {**asks, **{name: known[name] for name in _narrows(asks["subject"]) if name in known}}
        else:
            spec = self.parts.specs.get(playbook)
            inputs = {slot.name: known[slot.name] for slot in spec.slots if slot.name in known} if spec else {}
        command = Command(playbook=playbook, inputs=inputs)
        return None if playbook not in self.parts.specs or (known and self._lacks(command)) else command

    def _lacks(self, command: Command) -> bool:
        slots = self.parts.specs[command.playbook].slots
        return any(slot.required and slot.name not in command.inputs for slot in slots)

    def _finished(self, turn: Turn, command: Command) -> Decision:
        """The command; what it lacks is asked for, with what can be chosen."""
        intent = self.parts.by_playbook.get(command.playbook)
        if intent is None or not self._lacks(command):
            return command.model_copy(update={"heard": turn.heard})
        return self.finishing.finish(turn, intent, sure=True, given=command.inputs)

    def _buttons(self, commands: list[Command]) -> tuple[Choice, ...]:
        told = {
            str((c.playbook, sorted(c.inputs.items()))): c for c in commands if c.playbook in self.parts.by_playbook
        }
        return tuple(map(self.parts.telling.as_choice, list(told.values())[:_SHOWN]))


@cache
def answers() -> dict[str, dict[str, Any]]:
    """What answers.yaml says: kind of topic -> aspect -> how it is answered."""
    known: dict[str, dict[str, Any]] = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=LOADER)
    return known


def _narrows(subject: str) -> tuple[str, ...]:
    return {"approval": ("run",), "run": ("run",), "alert": ("alert", "model"), "person": ()}.get(subject, ("model",))


def _leaves_room(decision: Decision) -> bool:
    """Whether it is a no to what is not known, a guess that is asked back, or a passage of the handbook."""
    stage = decision.heard.get("stage")
    if isinstance(decision, Command):
        return stage == "handbook"
    if isinstance(decision, Remark):
        return False
    if isinstance(decision, Refusal):
        said_why = {"mood", "closed", "open"} & {name for name, value in decision.heard.items() if value}
        return stage in {"local", "handbook"} and not said_why
    return stage == "local" and decision.slot == "playbook" and not decision.heard.get("emergency")
