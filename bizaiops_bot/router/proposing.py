"""Stage 3: a language model's proposal for what the local stages are unsure of, and what of it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bizaiops_bot.domain.routing import Command, Decision, PlaybookSpec, Question, Refusal
from bizaiops_bot.router import moods, second_opinion
from bizaiops_bot.router.filling import Back
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.intents import Intent
from bizaiops_bot.router.language import Language, Proposal
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.turn import HELP, MAX_CHOICES, Turn


@dataclass(frozen=True)
class Proposing:
    """What a language model may add to a local decision."""

    parts: Parts
    finishing: Finishing

    async def weigh(self, language: Language, turn: Turn, local: Decision, channel: str) -> Decision:
        """The decision with the model's proposal, or `local` itself where nothing is to be asked of it."""
        doubt = second_opinion.doubt(local, turn.hearing, self.parts.intents)
        if not doubt:
            return local
        wanted = local.pending.playbook if isinstance(local, Question) and doubt == "slot" else ""
        offered = self._nearest(turn, wanted)
        patience = second_opinion.patience(local)
        said = await second_opinion.ask(language, turn.hearing, offered, turn.memory, channel, patience)
        if said is None:
            return _noted(local, {"answered": False})
        turn = turn.noting(**{**local.heard, "stage": "language", "language": said.heard})
        names = {spec.name for spec in offered}
        if said.playbook in names and wanted in {"", said.playbook}:
            return self._proposed(turn, said, local, wanted) or _noted(local, said.heard)
        among = [name for name in said.among if name in names and self._may_offer(turn, name)][:MAX_CHOICES]
        return self._waver(turn, among) if among and not wanted else _noted(local, said.heard)

    def _nearest(self, turn: Turn, first: str) -> tuple[PlaybookSpec, ...]:
        """The playbooks nearest to the words, `first` before them."""
        ranked = self.parts.classifier.rank(turn.hearing.canonical(), top=len(self.parts.intents))
        mine = [self.parts.known(guess.intent).playbook for guess in ranked]
        named = list(dict.fromkeys(name for name in [first, *mine] if name))[: second_opinion.OFFERED]
        return tuple(self.parts.specs[name] for name in named)

    def _may_offer(self, turn: Turn, playbook: str) -> bool:
        intent = self.parts.by_playbook[playbook]
        timed = intent.risk == "read" or self.parts.timed(intent)
        return timed or second_opinion.mood(self.finishing.core(turn, intent)) not in second_opinion.NO_CHANGE

    def _proposed(self, turn: Turn, said: Proposal, local: Decision, wanted: str) -> Decision | None:
        """A read may go ahead. A change waits for a person's yes, with nothing in it that is not in the words.

        wanted: the playbook of which a value alone is missing: without that value the proposal is none.
        """
        intent, spec = self.parts.by_playbook[said.playbook], self.parts.specs[said.playbook]
        given = second_opinion.accepted(said, spec, turn.hearing, turn.memory, self.parts.vocabulary)
        asked = local.slot if isinstance(local, Question) else ""
        if wanted and asked not in given:
            return None
        if not self._may_offer(turn, said.playbook):
            return None if asked else self._not_so(turn.alone(), intent, given)
        if intent.risk == "read":
            return self.finishing.finish(turn, intent, sure=False, given=given)
        turn = turn.alone().noting(intent=intent.name)
        filling = self.finishing.filling(turn, intent, given=given)
        try:
            filling.run()
        except Back as back:
            if isinstance(back.decision, Refusal):
                return self.finishing.back(turn, intent, filling, back)
        return self.finishing.confirm(turn, intent, "Did you mean…", given)

    def _not_so(self, turn: Turn, intent: Intent, given: dict[str, Any]) -> Refusal:
        """A change on a condition, for later or elsewhere: why not, and where it may help the same for now."""
        mood = second_opinion.mood(self.finishing.core(turn, intent))
        choices = (self.finishing.offer(turn, intent, given),) if mood != "elsewhere" else ()
        why = moods.why(mood, turn.hearing.core)
        return Refusal(why=why, help=HELP, choices=choices, heard={**turn.heard, "mood": mood})

    def _waver(self, turn: Turn, playbooks: list[str]) -> Question:
        alone = {name: turn if self.parts.specs[name].risk == "read" else turn.alone() for name in playbooks}
        choices = tuple(self.finishing.offer(alone[name], self.parts.by_playbook[name]) for name in playbooks)
        pending = Command(playbook=playbooks[0], inputs={})
        return Question(text="Did you mean…", slot="playbook", choices=choices, pending=pending, heard=turn.heard)


def _noted(local: Decision, language: dict[str, Any]) -> Decision:
    """The local decision, with what the language model said to it for the audit."""
    return local.model_copy(update={"heard": {**local.heard, "language": language}})
