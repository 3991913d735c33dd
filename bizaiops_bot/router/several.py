"""Several things in one message: reads are all answered, changes are asked apart, what nobody understood is named."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bizaiops_bot.domain.routing import Choice, Command, Decision, Memory, Question, Refusal
from bizaiops_bot.router import blame, emergencies, followup, moods, small_talk, utterance
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.guessing import Guessing
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.turn import Turn

LEFT_OUT = "left_out"
"""In what was heard: the parts of the message that nobody understood."""
_MOST = 5
_JOINT = re.compile(
    r"(?P<end>[;\n]+\s*|(?<=[.!?])\s+)|,?\s+(?:and then|and also|and|then|plus|also|afterwards|&&?|\+)\s+"
    r"(?:then |also |please |after that )*|,\s+(?:then |also |and )?"
)
_TAIL = re.compile(r",?\s+(?:and then|and also|and|then|plus|also|afterwards)\s+|[;\n]+\s*")
_ABOUT = re.compile(
    r"(?:(?:it|we|i|they|he|she|this|that|these|there|all|everything|nothing|the|our|my|its|not|no|only|just|with|to|"
    r"for|on|at|"
    r"in|as|from|by|because|since|please|thanks|looks?|sounds?|be|a|an|so|until|every|let me know|keep me|ask|"
    r"call)(?![\w])|"
    r"(?:i|we|it|that|there)'(?:m|ve|s|re|d|ll)\b)"
)
_VALUES = (
    "model",
    "version",
    "percent",
    "strategy",
    "replicas",
    "run",
    "schedule",
    "alert",
    "kpi",
    "person",
    "window",
    "cron",
    "until",
)
_NO_PART = re.compile(r"(?:\w+[, ]+){0,2}go (?:ahead|on)|(?:\w+ )?(?:when|why|how|where|who|what)[?. ]*")
_MOODS = frozenset({"order", "question"})


@dataclass(frozen=True)
class _Part:
    text: str
    decision: Decision


@dataclass(frozen=True)
class Several:
    """Reads a message in parts, each as if it were said alone after the ones before it."""

    parts: Parts
    finishing: Finishing
    guessing: Guessing

    def read(self, turn: Turn) -> Decision | None:
        """The decision on all parts; None for a message that is one request."""
        hearing = turn.hearing
        exact = self.parts.formats.match(hearing)
        if (
            hearing.reason
            or emergencies.read(hearing)
            or (exact and not exact.unknown and len({m.value for m in hearing.models}) < 2)
        ):
            return None
        texts = self._split(hearing)
        if len(texts) < 2:
            return self._of_each_model(turn) or self._with_a_tail(turn)
        one_way = blame.one_way_back(texts, hearing.sides, len({m.value for m in hearing.models}))
        if one_way or moods.mood(hearing.core) not in _MOODS or len(texts) > _MOST:
            return None
        return self._composed(turn, self._understood(turn, texts))

    def _split(self, hearing: Hearing) -> list[str]:
        """The parts that begin a request of their own, each with what follows it up to the next."""
        found, start = [], 0
        for joint in _JOINT.finditer(hearing.text):
            before, after = hearing.text[start : joint.start()].strip(), hearing.text[joint.end() :]
            if before and self._begins(before, hearing) and self._begins(after, hearing):
                found.append(before)
                start = joint.end()
        return [*found, hearing.text[start:].strip()]

    def _begins(self, text: str, hearing: Hearing) -> bool:
        first = _JOINT.split(text.lower(), maxsplit=1)[0].strip()
        if _NO_PART.fullmatch(first):
            return False
        if " " in first and utterance.begins(first):
            return True
        match = self.parts.formats.match(Hearing(first, hearing.catalogue))
        return match is not None and not match.unknown

    def _understood(self, turn: Turn, texts: list[str]) -> list[_Part]:
        memory, named = turn.memory, {str(m.value) for m in turn.hearing.models}
        if len(named) == 1:
            memory = (memory or Memory(at=turn.hearing.catalogue.now)).model_copy(update={"model": next(iter(named))})
        found = []
        for text in texts:
            part = Turn(Hearing(text, turn.hearing.catalogue), memory, turn.heard)
            each = self._of_each_model(part)
            decision = each or self.parts.telling.whole(part.hearing, self.guessing.from_words(part))
            found.append(_Part(text, decision))
            if isinstance(decision, Command):
                memory = followup.remember(memory, decision, turn.hearing.catalogue.now)
        return found

    def _of_each_model(self, turn: Turn) -> Command | None:
        """ "Status churn and demand": a read of one model asked of several."""
        named = list(dict.fromkeys(str(m.value) for m in turn.hearing.models))
        apart = len({m.start for m in turn.hearing.models})  # "status fraud" may be one of two models
        if len(named) < 2 or apart < len(named) or moods.mood(turn.hearing.core) not in _MOODS:
            return None
        asked = self.guessing.from_words(turn)
        if not isinstance(asked, Question) or asked.slot != "model":
            return None
        intent = self.parts.by_playbook.get(asked.pending.playbook)
        if intent is None or intent.risk != "read":
            return None
        noted = turn.noting(**asked.heard)
        each = [
            self.finishing.finish(noted, intent, sure=True, given={**asked.pending.inputs, "model": m}) for m in named
        ]
        commands = [one for one in each if isinstance(one, Command)]
        return _together(commands) if len(commands) == len(named) <= _MOST else None

    def _with_a_tail(self, turn: Turn) -> Decision | None:
        """An exact request with something behind it that is none of the bot's: "status churn and order a pizza"."""
        hearing = turn.hearing
        if moods.mood(hearing.core) not in _MOODS:
            return None
        for joint in _TAIL.finditer(hearing.text):
            head, tail = hearing.text[: joint.start()].strip(), hearing.text[joint.end() :].strip(" .!")
            exact = self.parts.formats.match(Hearing(head, hearing.catalogue))
            if exact is None or exact.unknown or not self._is_strange(tail, hearing):
                continue
            part = Turn(Hearing(head, hearing.catalogue), turn.memory, turn.heard)
            decision = self.parts.telling.whole(part.hearing, self.guessing.from_words(part))
            none = Refusal(why="")
            return self._composed(turn, [_Part(head, decision), _Part(tail, none)])
        return None

    def _is_strange(self, tail: str, hearing: Hearing) -> bool:
        """Whether a tail asks for something of its own: no value, no reason, no word about how things are."""
        said = tail.lower()
        if len(said.split()) < 2 or _ABOUT.match(said) or small_talk.read(said) or moods.bare(said) == "":
            return False
        return not any(Hearing(tail, hearing.catalogue).of_kind(kind) for kind in _VALUES)

    def _composed(self, turn: Turn, found: list[_Part]) -> Decision | None:
        known = [part for part in found if not isinstance(part.decision, Refusal) or part.decision.choices]
        left = tuple(part.text for part in found if part not in known)
        if not known or (len(known) == 1 and not left):
            return None
        heard = {**turn.heard, "stage": "exact", "several": True, **({LEFT_OUT: left} if left else {})}
        commands = [part.decision for part in known if isinstance(part.decision, Command)]
        if len(commands) == len(known) and all(self._only_reads(command) for command in commands):
            return _together([command.model_copy(update={"heard": {**command.heard, **heard}}) for command in commands])
        choices = tuple(choice for part in known for choice in self._choices(part))
        told = f"I would leave out {_quoted(left)}, which I did not understand. " if left else ""
        lead = "Did you mean…" if len(known) == 1 else f"That is {len(known)} things. One at a time, in this order:"
        pending = Command(playbook=choices[0].bind.get("playbook", ""), inputs={})
        return Question(text=f"{told}{lead}", slot="playbook", choices=choices, pending=pending, heard=heard)

    def _choices(self, part: _Part) -> tuple[Choice, ...]:
        """One button a command; a composed question, and what still lacks a value, are said in their own words."""
        if isinstance(part.decision, Command) and part.decision.playbook in self.parts.by_playbook:
            return tuple(map(self.parts.telling.as_choice, (part.decision, *part.decision.beside)))
        if isinstance(part.decision, Question) and part.decision.slot == "playbook":
            return part.decision.choices[:1]
        return (Choice(label=part.text, command=part.text),)

    def _only_reads(self, command: Command) -> bool:
        return self.parts.specs[command.playbook].risk == "read" or bool(command.heard.get("dry_run"))


def _together(commands: list[Command]) -> Command:
    """The first with all others, each once, beside it."""
    flat = [one for command in commands for one in (command.model_copy(update={"beside": ()}), *command.beside)]
    unique = [one for i, one in enumerate(flat) if not any(_same(one, other) for other in flat[:i])]
    return unique[0].model_copy(update={"beside": tuple(unique[1:])})


def _same(one: Command, other: Command) -> bool:
    return (one.playbook, one.inputs) == (other.playbook, other.inputs)


def _quoted(parts: tuple[str, ...]) -> str:
    return " and ".join(repr(part) for part in parts)


def left_out(command: Command) -> str:
    """What is told of the parts that nobody understood; "" when there are none."""
    parts = command.heard.get(LEFT_OUT)
    return f"I left out {_quoted(tuple(parts))}, which I did not understand." if parts else ""
