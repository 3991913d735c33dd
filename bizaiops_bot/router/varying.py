"""The same no is never given twice in a row: the second time it is short, and offers what is nearest."""

from __future__ import annotations

from dataclasses import dataclass

from bizaiops_bot.domain.routing import Choice, Command, Decision, Memory, Refusal
from bizaiops_bot.router.intents import NONE
from bizaiops_bot.router.only_reads import OnlyReads
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.turn import Turn

AGAIN = "My answer is still the same. What I can do:"
_READS = ("help", "list_models")


@dataclass(frozen=True)
class Varying:
    """Holds a refusal against the words of the one before it."""

    parts: Parts
    only_reads: OnlyReads

    def said(self, memory: Memory | None, turn: Turn | None, decision: Decision) -> Decision:
        """`decision`; a refusal without what the refusal just before it said already. turn: None for words that the
        guards let nothing of through.
        """
        if memory is None or not isinstance(decision, Refusal) or decision.heard.get("closed"):
            return decision
        again = decision.why == memory.refused
        if again and self._says_something(decision):
            return decision.model_copy(update={"why": f"As said: {decision.why}", "help": ""})
        why = AGAIN if again else decision.why
        helps = "" if again or decision.help == memory.helped else decision.help
        choices = decision.choices or (self._nearest(turn, decision) if again else ())
        return decision.model_copy(update={"why": why, "help": helps, "choices": choices})

    def _says_something(self, decision: Refusal) -> bool:
        """Whether it tells what is wrong with these very words ("There is no model 'fraud'")."""
        intent = self.parts.intents.get(str(decision.heard.get("intent", NONE)))
        return not decision.heard.get("asked") and intent is not None and intent.risk != "none"

    def _nearest(self, turn: Turn | None, decision: Refusal) -> tuple[Choice, ...]:
        near = self.only_reads.near(turn, decision) if turn else ()
        known = [self.parts.by_playbook[name] for name in _READS if name in self.parts.by_playbook]
        return near or tuple(self.parts.telling.as_choice(Command(playbook=i.playbook, inputs={})) for i in known)
