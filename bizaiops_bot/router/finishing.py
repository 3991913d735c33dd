"""Stage 4: a request that is known by name becomes a Command, or what is asked or told instead."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bizaiops_bot.domain.routing import Choice, Command, Decision, Question, Refusal
from bizaiops_bot.router import blame, doubts, followup, moods, shape, times_to_come
from bizaiops_bot.router.filling import Filling
from bizaiops_bot.router.formats import say
from bizaiops_bot.router.intents import Intent
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.readers.blanks import Back
from bizaiops_bot.router.turn import HELP, Turn


@dataclass(frozen=True)
class Finishing:
    """Every way through the router that ends in a request of a playbook ends here."""

    parts: Parts

    def finish(
        self,
        turn: Turn,
        intent: Intent,
        *,
        sure: bool,
        unknown: str = "",
        given: dict[str, Any] | None = None,
        order: bool = True,
    ) -> Decision:
        """sure: said so plainly that a change needs no asking back. unknown: what stands where a name belongs.

        given: values known already. order: False for what only asks ("and demand?").
        """
        turn = turn.noting(intent=intent.name)
        filling = self.filling(turn, intent, unknown=unknown, given=given)
        try:
            inputs = filling.run()
        except Back as back:
            return self.back(turn, intent, filling, back)
        if intent.risk != "read" and (not sure or turn.heard.get("doubtful")):
            held = self.hold(turn, intent, given)
            if held is not None:
                return held
        if intent.risk != "read" and not order:
            return self.confirm(turn, intent, "Did you mean…", given)
        heard = {**turn.heard, **({"recalled": filling.recalled} if filling.recalled else {})}
        return Command(playbook=intent.playbook, inputs=inputs, heard=heard)

    def back(self, turn: Turn, intent: Intent, filling: Filling, back: Back) -> Decision:
        """What is asked or told for the value that cannot be had; what is known already stays open."""
        decision, heard = back.decision, turn.heard
        if isinstance(decision, Refusal) and back.slot:
            heard = {
                **heard,
                "open": {"playbook": intent.playbook, "slot": back.slot, "inputs": filling.known(back.slot)},
            }
        if isinstance(decision, Question):
            other = (
                self.parts.intents.get(intent.slots[decision.slot].instead) if decision.slot in intent.slots else None
            )
            offer = self.offer(turn, other) if other and turn.memory and turn.hearing.points_back else None
            if offer and json.loads(offer.bind["inputs"]):
                decision = decision.model_copy(update={"choices": (*decision.choices, offer)})
        return decision.model_copy(update={"heard": heard})

    def hold(self, turn: Turn, intent: Intent, given: dict[str, Any] | None) -> Decision | None:
        """Why a change or control is asked back although its words are clear; None when it may go on."""
        spec = self.parts.specs[intent.playbook]
        mood = moods.mood(moods.without_reason(self.core(turn, intent), intent.slots.keys()))
        if mood == "order" or (self.parts.timed(intent) and mood in {"later", "conditional", "elsewhere"}):
            core = turn.hearing.core
            doubtful = (
                doubts.unsaid_who(turn.hearing, spec)
                or doubts.rambling(turn.hearing, intent)
                or not doubts.said(core, intent)
            )
            doubtful = doubtful or not shape.is_order(turn.hearing, intent, spec) or bool(turn.heard.get("doubtful"))
            return self.confirm(turn, intent, "Did you mean…", given) if doubtful else None
        if mood == "negated" and blame.negated_blame(turn.hearing.sides, turn.hearing.core):
            return self.confirm(turn, intent, "Did you mean…", given)  # "I don't trust v3. Roll back."
        if mood in {"told", "question"}:
            return self.confirm(turn, intent, f"{moods.WHY[mood]} Did you mean…", given)
        if mood == "negated" and doubts.denied(self.core(turn, intent), intent):
            return self.confirm(turn, intent, "Did you mean…", given)
        choices = (self.offer(turn, intent, given),) if mood in {"later", "conditional"} else ()
        why = moods.why(mood, turn.hearing.core)
        return Refusal(why=why, help=HELP, choices=choices, heard={**turn.heard, "mood": mood})

    def core(self, turn: Turn, intent: Intent) -> str:
        """The words by which the mood is told: where an end can be given, "until friday" is no condition."""
        hearing = turn.hearing
        asks = "?" if hearing.text.rstrip().endswith("?") else ""  # "approve run 7 because it looks fine?"
        return f"{times_to_come.without(hearing, self.parts.specs[intent.playbook])}{asks}"

    def confirm(self, turn: Turn, intent: Intent, text: str, given: dict[str, Any] | None = None) -> Question:
        """`text` with the one button that carries the request out."""
        inputs = self.filling(turn, intent, given=given).partial()
        pending = Command(playbook=intent.playbook, inputs=inputs)
        return Question(
            text=text, slot="playbook", choices=(self.offer(turn, intent, given),), pending=pending, heard=turn.heard
        )

    def offer(self, turn: Turn, intent: Intent, given: dict[str, Any] | None = None) -> Choice:
        inputs = self.filling(turn, intent, given=given).partial()
        bind = {"playbook": intent.playbook, "inputs": json.dumps(inputs)}
        if turn.heard.get("dry_run"):
            bind["dry_run"] = "true"
        return Choice(label=say(intent, inputs), command=say(intent, inputs), bind=bind)

    def filling(self, turn: Turn, intent: Intent, *, unknown: str = "", given: dict[str, Any] | None = None) -> Filling:
        spec = self.parts.specs[intent.playbook]
        kept = followup.half_said(turn.memory, intent.playbook) if given is None else {}
        return Filling(
            intent,
            spec,
            turn.hearing,
            turn.memory,
            self.parts.vocabulary,
            unknown=unknown,
            given=dict(given or {}),
            kept=kept,
        )
