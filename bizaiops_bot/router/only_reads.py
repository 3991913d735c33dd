"""The last gate: who asks gets an answer or the nearest that can be read, never a command or button that changes
something.

It stands behind every stage and behind a language model's proposals, and looks at the words anew: whatever the stages
before took them for, a question stays one.
"""

from __future__ import annotations

from dataclasses import dataclass

from bizaiops_bot.domain.routing import Choice, Command, Decision, Question, Refusal
from bizaiops_bot.router import moods, utterance
from bizaiops_bot.router.classifier import Guess
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.intents import NONE, Intent
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.turn import Turn

WHY = "That is a question, so nothing was changed. I have no answer to just that; the nearest I can show:"
NO_ANSWER = "I have no answer to that. The nearest I can show:"
ASKED_FOR = "asked"
"""In what was heard: the words ask."""
ASKED = f"{moods.WHY['question']} Did you mean…"
_LIKELY, _NEAR, _SHOWN = 0.5, 0.04, 2


@dataclass(frozen=True)
class OnlyReads:
    """What goes out to somebody who asked."""

    parts: Parts
    finishing: Finishing

    def through(self, turn: Turn, decision: Decision) -> Decision:
        """`decision`, or what only reads in its place."""
        if isinstance(decision, Command) and not self._changes(decision):
            return self._answer(turn, decision)
        if not (self._changes(decision) or _says_no_more(decision)) or not self._asked(turn, decision):
            return decision
        turn = turn.noting(**{**decision.heard, ASKED_FOR: True})
        if isinstance(decision, Command) and self._is_order_in_doubt(turn):
            return self.finishing.confirm(turn, self.parts.by_playbook[decision.playbook], ASKED, decision.inputs)
        reads = tuple(choice for choice in _choices(decision) if self._reads(choice))
        if isinstance(decision, Refusal) and not decision.heard.get("mood"):
            reads = reads or self.near(turn, decision)
            why = NO_ANSWER if reads and not decision.choices else decision.why
            return decision.model_copy(update={"why": why, "choices": reads, "heard": turn.heard})
        if isinstance(decision, Question) and reads:
            pending = Command(playbook=reads[0].bind.get("playbook", ""), inputs={})
            return decision.model_copy(update={"choices": reads, "pending": pending, "heard": turn.heard})
        return self._nearest(turn, decision)

    def _answer(self, turn: Turn, read: Command) -> Command:
        """The read, marked when it was asked, or said in free words ("churn ok"): no button of its card then changes
        something.
        """
        asked = read.heard.get("stage") in {"local", "language"} or utterance.asks(turn.hearing.text.lower())
        asked = asked or str(read.heard.get("said", "")).rstrip().endswith("?")  # in another language
        return read.model_copy(update={"heard": {**read.heard, ASKED_FOR: True}}) if asked else read

    def _asked(self, turn: Turn, decision: Decision) -> bool:
        """ "And demand?" goes on with the request before it; an order in doubt ("roll back churn?") is asked back."""
        text = turn.hearing.text.rstrip()
        if not utterance.asks(f"{turn.hearing.core}{'?' if text.endswith('?') else ''}"):
            return False
        if isinstance(decision, Command):
            return True
        if decision.heard.get("stage") == "memory" and decision.heard.get("follow_up"):
            return False
        return not self._is_order_in_doubt(turn)

    def _is_order_in_doubt(self, turn: Turn) -> bool:
        found = self.parts.formats.match(turn.hearing)
        return bool(found and not found.unknown and found.intent.risk != "read") and not utterance.is_state(
            turn.hearing.core
        )

    def _changes(self, decision: Decision) -> bool:
        if decision.heard.get("dry_run") and not self._is_at_once(decision):
            return False
        if isinstance(decision, Command):
            return self._risk(decision.playbook) != "read"
        asked = isinstance(decision, Question) and decision.slot != "playbook" and decision.pending.playbook
        return bool(asked and self._risk(str(asked)) != "read") or not all(map(self._reads, decision.choices))

    def _is_at_once(self, decision: Decision) -> bool:
        """Whether it is a control: these have no plan that a dry run could show."""
        return isinstance(decision, Command) and self._risk(decision.playbook) == "control"

    def _reads(self, choice: Choice) -> bool:
        playbook = choice.bind.get("playbook", "")
        return bool(choice.bind.get("dry_run")) or not playbook or self._risk(playbook) == "read"

    def _risk(self, playbook: str) -> str:
        spec = self.parts.specs.get(playbook)
        return spec.risk if spec else "read"

    def _nearest(self, turn: Turn, decision: Decision) -> Decision:
        read = self._reads_by_likeness(turn)[:1]
        if read and read[0].p >= _LIKELY:
            return self.finishing.finish(turn, self.parts.known(read[0].intent), sure=False)
        return Refusal(why=WHY, choices=self.near(turn, decision), heard=turn.heard)

    def near(self, turn: Turn, decision: Decision) -> tuple[Choice, ...]:
        """What reads and is nearest to the words, or tells how that stands which `decision` would change."""
        near = [self.parts.known(guess.intent) for guess in self._reads_by_likeness(turn) if guess.p >= _NEAR]
        about = [intent for intent in (self._twin(decision),) if intent]
        offered = list({intent.name: intent for intent in (*near[:1], *about, *near[1:])}.values())[:_SHOWN]
        return tuple(self.finishing.offer(turn, intent) for intent in offered)

    def _reads_by_likeness(self, turn: Turn) -> list[Guess]:
        guesses = self.parts.classifier.rank(turn.hearing.canonical(), top=len(self.parts.intents))
        return [guess for guess in guesses if self.parts.known(guess.intent).risk == "read"]

    def _twin(self, decision: Decision) -> Intent | None:
        """The read that tells how what the decision would change stands."""
        playbook = decision.playbook if isinstance(decision, Command) else ""
        if isinstance(decision, Question):
            playbook = decision.pending.playbook
        intent = self.parts.by_playbook.get(playbook) or self.parts.intents.get(decision.heard.get("intent", ""))
        return self.parts.intents.get(intent.asked) if intent and intent.asked else None


def _says_no_more(decision: Decision) -> bool:
    """Whether it is a no that offers nothing, to something that is not known for what the bot does not do."""
    known_not = decision.heard.get("intent") not in {None, NONE} and not decision.heard.get("mood")
    return isinstance(decision, Refusal) and decision.heard.get("stage") == "local" and not known_not


def _choices(decision: Decision) -> tuple[Choice, ...]:
    return () if isinstance(decision, Command) else decision.choices
