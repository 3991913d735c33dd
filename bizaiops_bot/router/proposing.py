"""Stage 3: a language model's proposal for what the local stages are unsure of, and what of it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bizaiops_bot.domain.routing import Command, Decision, PlaybookSpec, Question, Refusal
from bizaiops_bot.router import moods, questions, second_opinion, utterance
from bizaiops_bot.router.classifier import Guess
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.intents import Intent
from bizaiops_bot.router.language import Language, Proposal
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.questions import QUESTION
from bizaiops_bot.router.readers.blanks import Back
from bizaiops_bot.router.turn import HELP, MAX_CHOICES, Turn

HUNCH = 0.05
"""The local chance from which on a request that a model wavers about is offered in place of a no: two weak hints."""


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
        guessed = local.playbook if isinstance(local, Command) else ""
        offered = self._offered(turn, wanted or guessed)
        patience = second_opinion.patience(local)
        said = await second_opinion.ask(language, turn.hearing, offered, turn.memory, channel, patience)
        if said is None:
            return _noted(local, {"answered": False})
        turn = turn.noting(**{**local.heard, "stage": "language", "language": said.heard})
        better = self._said(turn, said, local, {spec.name for spec in offered}, wanted)
        if better is None or (guessed and not _answers(better, guessed)):
            return _noted(local, said.heard)
        return better

    def _said(self, turn: Turn, said: Proposal, local: Decision, names: set[str], wanted: str) -> Decision | None:
        if said.playbook in names and wanted in {"", said.playbook}:
            return self._proposed(turn, said, local, wanted)
        if not isinstance(local, Refusal):  # what wavers does not take the place of buttons or of an answer
            return None
        likely = {self.parts.known(guess.intent).playbook for guess in self._ranked(turn) if guess.p >= HUNCH}
        among = [name for name in said.among if name in names & likely and self._may_offer(turn, name)]
        return self._waver(turn, among[:MAX_CHOICES]) if among else None

    def _ranked(self, turn: Turn) -> list[Guess]:
        return self.parts.classifier.rank(turn.hearing.canonical(), top=len(self.parts.intents))

    def _offered(self, turn: Turn, first: str) -> tuple[PlaybookSpec, ...]:
        """The playbooks nearest to the words, `first` before them, and behind them the typed questions for words that
        ask.
        """
        asks = QUESTION in self.parts.specs and (first == QUESTION or utterance.asks(turn.hearing.text.lower()))
        mine = [self.parts.known(guess.intent).playbook for guess in self._ranked(turn)]
        named = list(dict.fromkeys(name for name in [first, *mine] if name and name != QUESTION))
        return tuple(
            self.parts.specs[name] for name in [*named[: second_opinion.OFFERED], *([QUESTION] if asks else [])]
        )

    def _may_offer(self, turn: Turn, playbook: str) -> bool:
        intent = self.parts.by_playbook.get(playbook)
        if intent is None:
            return False
        timed = intent.risk == "read" or self.parts.timed(intent)
        return timed or second_opinion.mood(self.finishing.core(turn, intent)) not in second_opinion.NO_CHANGE

    def _proposed(self, turn: Turn, said: Proposal, local: Decision, wanted: str) -> Decision | None:
        """A read may go ahead. A change waits for a person's yes, with nothing in it that is not in the words.

        wanted: the playbook of which a value alone is missing: without that value the proposal is none.
        """
        if said.playbook == QUESTION:
            found = questions.proposed(said.inputs, turn.hearing, turn.memory)
            return Command(playbook=found.playbook, inputs=found.inputs, heard=turn.heard) if found else None
        intent, spec = self.parts.by_playbook[said.playbook], self.parts.specs[said.playbook]
        given = second_opinion.accepted(said, spec, turn.hearing, turn.memory, self.parts.vocabulary)
        asked = local.slot if isinstance(local, Question) else ""
        if wanted and asked not in given:
            return None
        if not self._may_offer(turn, said.playbook):
            return None if asked else self._not_so(turn.alone(), intent, given)
        if intent.risk == "read":
            return self.finishing.finish(turn, intent, sure=False, given=given | self._looked_up(turn, spec))
        turn = turn.alone().noting(intent=intent.name)
        filling = self.finishing.filling(turn, intent, given=given)
        try:
            filling.run()
        except Back as back:
            if isinstance(back.decision, Refusal):
                return self.finishing.back(turn, intent, filling, back)
        return self.finishing.confirm(turn, intent, "Did you mean…", given)

    def _looked_up(self, turn: Turn, spec: PlaybookSpec) -> dict[str, Any]:
        """What is asked of help is looked up in the handbook, instead of a list of everything."""
        asks = spec.name == "help" and utterance.asks(turn.hearing.text.lower())
        return {"topic": turn.hearing.text.strip()} if asks else {}

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


def _answers(better: Decision, guessed: str) -> bool:
    """Whether it is worth more than an answer of the playbook `guessed`: another answer, or one button."""
    if isinstance(better, Command):
        return better.playbook == QUESTION or better.playbook not in {guessed, "help"}
    return isinstance(better, Question) and better.slot == "playbook" and len(better.choices) == 1


def _noted(local: Decision, language: dict[str, Any]) -> Decision:
    """The local decision, with what the language model said to it for the audit."""
    return local.model_copy(update={"heard": {**local.heard, "language": language}})
