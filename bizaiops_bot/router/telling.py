"""A decision made whole: it tells the values in the words that it does not use; a change with such is asked back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bizaiops_bot.domain.routing import Choice, Command, Decision, PlaybookSpec, Question, Refusal
from bizaiops_bot.router import unused
from bizaiops_bot.router.formats import say
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import Intent


@dataclass(frozen=True)
class Telling:
    """Both by playbook."""

    intents: dict[str, Intent]
    specs: dict[str, PlaybookSpec]

    def whole(self, hearing: Hearing, decision: Decision) -> Decision:
        """`decision`, with what it leaves out of `hearing` (see `unused`): noted for the answer of what only reads."""
        if isinstance(decision, Command):
            return self._whole_command(hearing, decision)
        offered = [choice.bind for choice in decision.choices if "playbook" in choice.bind]
        told = [self._left(hearing, bind["playbook"], json.loads(bind["inputs"])) for bind in offered]
        if isinstance(decision, Question) and not offered:
            told = [self._left(hearing, decision.pending.playbook, decision.pending.inputs)]
        left = tuple(value for value in told[0] if all(value in other for other in told)) if told else ()
        if isinstance(decision, Refusal):
            left = tuple(value for value in left if not _is_answered(value, hearing, decision))
            return decision.model_copy(update={"why": f"{decision.why} {without(left)}"}) if left else decision
        return decision.model_copy(update={"text": f"{without(left)} {decision.text}"}) if left else decision

    def _whole_command(self, hearing: Hearing, command: Command) -> Decision:
        left = self._left(hearing, command.playbook, command.inputs)
        if not left:
            return command
        if self.specs[command.playbook].risk == "read":
            return command.model_copy(update={"heard": {**command.heard, "unused": left}})
        text = f"{without(left)} Did you mean…"
        pending = Command(playbook=command.playbook, inputs=command.inputs)
        choices = (self.as_choice(command),)
        return Question(text=text, slot="playbook", choices=choices, pending=pending, heard=command.heard)

    def as_choice(self, command: Command) -> Choice:
        """The button that carries the command out."""
        said = say(self.intents[command.playbook], command.inputs)
        bind = {"playbook": command.playbook, "inputs": json.dumps(command.inputs)}
        dry = {"dry_run": "true"} if command.heard.get("dry_run") else {}
        return Choice(label=said, command=said, bind=bind | dry)

    def _left(self, hearing: Hearing, playbook: str, inputs: dict[str, Any]) -> tuple[str, ...]:
        intent = self.intents.get(playbook)
        return unused.left(hearing, intent, self.specs[playbook], inputs) if intent else ()


def without(left: tuple[str, ...]) -> str:
    return f"I would leave out {unused.listed(left)}."


def _is_answered(value: str, hearing: Hearing, refusal: Refusal) -> bool:
    """Whether the refusal is about the value itself: why it cannot be then is an answer to every time."""
    return value in refusal.why or ("mood" in refusal.heard and unused.is_time(value, hearing))
