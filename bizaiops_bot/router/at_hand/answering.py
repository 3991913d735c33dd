"""What answers a short sentence about what is open here."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bizaiops_bot.domain.routing import Choice, Command, Decision, Memory, OpenRun, Refusal, Remark
from bizaiops_bot.router import moods, small_talk, utterance
from bizaiops_bot.router.at_hand.aspects import CONSENT, NONE, REMARK
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.short_words import Wish
from bizaiops_bot.router.turn import Turn

QUESTION = "answer_question"
WISHES: dict[str, Wish] = {CONSENT: "approve", "veto": "reject", "withdraw": "cancel"}
_FILE = Path(__file__).with_name("answers.yaml")
_OTHERWISE = "otherwise"
_LONGEST, _WORDS = 90, 14
_SURE, _AHEAD = 0.55, 0.04
"""Cosine from which an aspect is taken, and its lead over one that has another answer."""
_SURE_OF_ANY = 0.65
"""Where nothing is open, something is named, or the handbook has an answer too."""
_NEAR = 0.4
"""Cosine from which its answer is offered."""
_WISHED = 0.5
"""Cosine from which a wish is heard: it is only asked back."""
_SHOWN = 2
_TOPICS = {
    **dict.fromkeys(
        ("deploy_model", "roll_back_model", "scale_model", "pause_model", "resume_model", "approve_run", "reject_run",
         "cancel_run", "show_run", "list_approvals", "list_runs"), "run",
    ),
    **dict.fromkeys(("list_alerts", "show_alert", "investigate_model", "mute_alerts", "snooze_alert"), "alert"),
    **dict.fromkeys(("show_status", "describe_model", "list_models", "check_safety", "show_limits"), "model"),
    **dict.fromkeys(
        ("show_kpis", "explain_effect", "export_kpis", "send_digest", "schedule_digest", "list_schedules"), "kpi"
    ),
    **dict.fromkeys(("show_freeze", "freeze_deploys", "extend_freeze", "unfreeze_deploys"), "freeze"),
    **dict.fromkeys(("compare_versions", "explain_verdict"), "verdict"),
    **dict.fromkeys(("show_history", "show_changes", "show_audit"), "history"),
    "retrain_model": "retraining",
}  # fmt: skip
_OF_SUBJECT = {
    **{"run": "run", "approval": "run", "alert": "alert", "freeze": "freeze", "kpi": "kpi", "release": "history"},
    **{"model": "model", "version": "model", "cost": "kpi"},
}
_ABOUT = re.compile(r"\bretrain", re.IGNORECASE)


@dataclass(frozen=True)
class Topic:
    """What is open: its kind (a key of answers.yaml), and what is known of it by the names of inputs."""

    kind: str
    known: dict[str, Any]


@dataclass(frozen=True)
class AtHand:
    """Stands behind the other stages, where these know nothing or are not sure."""

    parts: Parts
    finishing: Finishing

    def instead(self, turn: Turn, decision: Decision) -> Decision:
        """`decision`, or in its place what answers the sentence as one about what is open; a no gets buttons for it."""
        if not _is_open(decision) or not self._is_short(turn) or self._may_order(turn, decision):
            return decision
        near = self.near(turn)
        first = max(near, key=near.__getitem__) if near else NONE
        if first in (CONSENT, *WISHES) or (first == NONE and near):
            return decision
        topics = self.topics(turn)
        if first == REMARK and isinstance(decision, Refusal) and self._tells(turn, near[REMARK]):
            heard = {**turn.heard, "stage": "talk", "talk": "remark"}
            return Remark(text=small_talk.NOTED, choices=self._buttons(self._otherwise(topics)), heard=heard)
        answers = self._answers(turn, topics, near)
        handbook = isinstance(decision, Command) and not turn.hearing.points_back
        limit = _SURE if self._is_open_here(turn) and not handbook else _SURE_OF_ANY
        if answers and _is_sure(answers, near, limit):
            aspect, score, command = answers[0]
            noted = turn.noting(stage="at hand", aspect=aspect, near=round(score, 3))
            return self._finished(noted, command)
        if not isinstance(decision, Refusal) or decision.choices:
            return decision
        offered = [command for _, score, command in answers if score >= _NEAR] + self._otherwise(topics)
        return decision.model_copy(update={"choices": self._buttons(offered)})

    def _is_open_here(self, turn: Turn) -> bool:
        """Whether the words leave to what is open what they are about."""
        return bool(turn.memory or turn.hearing.catalogue.open_runs) and not self._named(turn)

    def _may_order(self, turn: Turn, decision: Decision) -> bool:
        """Whether a change was asked back, and the words do not ask for their part."""
        changes = any(
            self.parts.specs[name].risk != "read"
            for choice in ([] if isinstance(decision, Command) else decision.choices)
            if (name := choice.bind.get("playbook", "")) in self.parts.specs
        )
        return changes and not utterance.asks(turn.hearing.text.lower())

    def near(self, turn: Turn) -> dict[str, float]:
        """Aspect -> likeness of the words, with "it" for a model or version that they name."""
        text, hearing = turn.hearing.core, turn.hearing
        for mention in sorted([*hearing.models, *hearing.versions], key=lambda m: -m.start):
            text = f"{text[: mention.start]} it {text[mention.end :]}"
        return self.parts.aspects.near(" ".join(text.split()))

    def wishes(self, turn: Turn) -> Wish | None:
        """What a sentence in free words says to a run that waits here: "ok, I have seen enough, go on" approves."""
        waiting = [run for run in turn.hearing.catalogue.open_runs or () if run.waiting]
        if not waiting or not self._is_short(turn) or turn.hearing.text.rstrip().endswith("?"):
            return None
        near = self.near(turn)
        first = max(near, key=near.__getitem__) if near else NONE
        if first == CONSENT and moods.forbidden(turn.hearing.core):
            return None
        return WISHES.get(first) if near and near[first] >= _WISHED else None

    def _tells(self, turn: Turn, near: float) -> bool:
        """Whether the words only tell something; "what a night" is built like a question and is none."""
        text = turn.hearing.text.lower()
        if "?" in text or (utterance.begins(turn.hearing.core) and near < _SURE_OF_ANY):
            return False
        return near >= (_SURE_OF_ANY if utterance.asks(text) else _SURE)

    def _finished(self, turn: Turn, command: Command) -> Decision:
        """The command; what it lacks is asked for, with what can be chosen."""
        intent = self.parts.by_playbook.get(command.playbook)
        if intent is None or not self._lacks(command):
            return command.model_copy(update={"heard": turn.heard})
        return self.finishing.finish(turn, intent, sure=True, given=command.inputs)

    def _lacks(self, command: Command) -> bool:
        return any(
            slot.required and slot.name not in command.inputs for slot in self.parts.specs[command.playbook].slots
        )

    def topics(self, turn: Turn) -> list[Topic]:
        """What the thread is about, then the only run that is under way here."""
        memory, found = turn.memory, self._named(turn)
        known = (
            {name: value for name, value in (("model", memory.model), ("run", memory.run)) if value} if memory else {}
        )
        last = memory.last if memory else None
        if last is not None:
            inputs = {name: value for name, value in last.inputs.items() if value is not None}
            subject = _OF_SUBJECT.get(str(inputs.get("subject", "")), "")
            kind = subject if last.playbook == QUESTION else _TOPICS.get(last.playbook, "")
            if kind:
                found.append(Topic(kind, {**known, **inputs}))
        under_way = turn.hearing.catalogue.open_runs or ()
        spoken = [run for run in under_way if run.number == known.get("run")]
        if runs := spoken or (list(under_way) if len(under_way) == 1 else []):
            found.append(self._of_run(turn, runs[0]))
        found += self._offered(memory)
        if "model" in known:
            found.append(Topic("model", {"model": known["model"]}))
        return [*found, Topic("anything", {})]

    def _offered(self, memory: Memory | None) -> list[Topic]:
        """What a button was just given for."""
        open_ = memory.pending.choices[:1] if memory and memory.pending else ()
        kinds = [(_TOPICS.get(choice.bind.get("playbook", ""), ""), choice.bind) for choice in open_]
        return [Topic(kind, json.loads(bind.get("inputs", "{}"))) for kind, bind in kinds if kind]

    def _named(self, turn: Turn) -> list[Topic]:
        """The model, or its version, that the words name."""
        hearing = turn.hearing
        models, versions = {str(m.value) for m in hearing.models}, [str(m.value) for m in hearing.versions]
        if len(models) > 1 or len(versions) > 1 or not (models or versions):
            return []
        here = turn.memory.model if turn.memory else None
        model = models.pop() if models else here
        known = {
            name: value for name, value in (("model", model), ("version", versions[0] if versions else None)) if value
        }
        return [Topic("verdict" if versions else "model", known)]

    def _of_run(self, turn: Turn, run: OpenRun) -> Topic:
        words = run.title.split()
        models = [model.name for model in turn.hearing.catalogue.models if model.name in words]
        return Topic("retraining" if _ABOUT.search(run.title) else "run", {"run": run.number} | (
            {"model": models[0]} if models else {}
        ))  # fmt: skip

    def _is_short(self, turn: Turn) -> bool:
        """Whether it is a short sentence about one thing, named or not."""
        hearing = turn.hearing
        if len(hearing.core) > _LONGEST or len(hearing.core.split()) > _WORDS:
            return False
        named = {str(m.value) for m in hearing.models}
        several = len(named) > 1 or len(hearing.versions) > 1
        return not (several or hearing.percents or hearing.alerts or hearing.schedules or hearing.runs)

    def _answers(self, turn: Turn, topics: list[Topic], near: dict[str, float]) -> list[tuple[str, float, Command]]:
        """What can be told of each aspect, the nearest first. An order is no question."""
        if near and max(near, key=near.__getitem__) == NONE:
            return []
        found = []
        for aspect, score in sorted(near.items(), key=lambda item: -item[1]):
            command = next(filter(None, (self._told(turn, topic, aspect) for topic in topics)), None)
            if command is not None:
                found.append((aspect, score, command))
        return found

    def _told(self, turn: Turn, topic: Topic, aspect: str) -> Command | None:
        if aspect == "meaning":
            return self._command("help", {"topic": turn.hearing.text.strip()}) if not turn.hearing.points_back else None
        how = answers().get(topic.kind, {}).get(aspect)
        return self._command(str(how), topic.known) if how else None

    def _otherwise(self, topics: list[Topic]) -> list[Command]:
        told = answers().get(topics[0].kind, {}).get(_OTHERWISE, ())
        return [command for how in told if (command := self._command(how, topics[0].known))]

    def _command(self, how: str, known: dict[str, Any]) -> Command | None:
        """ "show_run", "approval when expiry" or "help what is ..." with what is known, None when it is too little."""
        playbook, *words = how.split()
        if playbook == "help":
            inputs: dict[str, Any] = {"topic": " ".join(words)} if words else known
        elif words:
            playbook, named = QUESTION, dict(zip(("subject", "aggregate", "measure"), how.split(), strict=False))
            narrowed = {name: known[name] for name in _narrows(named["subject"]) if name in known}
            inputs = {**named, **narrowed}
        else:
            spec = self.parts.specs.get(playbook)
            inputs = {slot.name: known[slot.name] for slot in spec.slots if slot.name in known} if spec else {}
        spec = self.parts.specs.get(playbook)
        if spec is None or (known and self._lacks(Command(playbook=playbook, inputs=inputs))):
            return None
        return Command(playbook=playbook, inputs=inputs)

    def _buttons(self, commands: list[Command]) -> tuple[Choice, ...]:
        told = {
            str((c.playbook, sorted(c.inputs.items()))): c for c in commands if c.playbook in self.parts.by_playbook
        }
        return tuple(map(self.parts.telling.as_choice, list(told.values())[:_SHOWN]))


@cache
def answers() -> dict[str, dict[str, Any]]:
    known: dict[str, dict[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return known


def _narrows(subject: str) -> tuple[str, ...]:
    return {"approval": ("run",), "run": ("run",), "alert": ("alert", "model"), "person": ()}.get(subject, ("model",))


def _is_sure(answers: list[tuple[str, float, Command]], near: dict[str, float], limit: float) -> bool:
    """Whether the nearest aspect has the answer, and is near and ahead enough of those with another one."""
    _, score, told = answers[0]
    if score < limit or max(near.values()) > score:
        return False
    others = [score for _, score, command in answers[1:] if command != told]
    return score - max([*others, near.get(NONE, 0.0)]) >= _AHEAD


def _is_open(decision: Decision) -> bool:
    """Whether it leaves room: a no to what is not known, a guess that is asked back, a passage of the handbook."""
    stage = decision.heard.get("stage")
    if isinstance(decision, Command):
        return stage == "handbook"
    if isinstance(decision, Remark):
        return False
    if isinstance(decision, Refusal):
        return stage in {"local", "handbook"} and not decision.heard.get("mood") and not decision.heard.get("closed")
    return stage == "local" and decision.slot == "playbook" and not decision.heard.get("emergency")
