"""Words in, one typed decision out. The router executes nothing and holds no credential."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bizaiops_bot.domain.routing import Catalogue, Choice, Command, Decision, Memory, PlaybookSpec, Question, Refusal
from bizaiops_bot.router import followup, second_opinion
from bizaiops_bot.router.at_hand.answering import AtHand
from bizaiops_bot.router.at_hand.pictures import Pictures
from bizaiops_bot.router.ending import Ending
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.guessing import Guessing
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import Intent
from bizaiops_bot.router.language import Language
from bizaiops_bot.router.listening import Listening
from bizaiops_bot.router.only_reads import OnlyReads
from bizaiops_bot.router.parts import made_of
from bizaiops_bot.router.picking import Picking
from bizaiops_bot.router.proposing import Proposing
from bizaiops_bot.router.recalling import Recalling
from bizaiops_bot.router.several import Several
from bizaiops_bot.router.short_words import Short
from bizaiops_bot.router.somewhere import Somewhere
from bizaiops_bot.router.taking_back import TakingBack, corrects
from bizaiops_bot.router.turn import MAX_CHOICES, Turn
from bizaiops_bot.router.undoing import INVERSE
from bizaiops_bot.router.varying import Varying

_MOST_KEPT = 1_000
_FOR_ALL = frozenset({"freeze_deploys", "extend_freeze", "unfreeze_deploys"})


class Router:
    """Intents and playbooks go in once; `route` is then pure: same words, memory and catalogue, same decision.

    `decide` is `route` with a language model for what that is unsure about.

    cache_dir: where what was learned is kept between starts; None learns anew (about a second).
    language: asked when the local stages are unsure (stage 3); None leaves it at a question back.
    Intents whose playbook is not among `playbooks` are left out. Raises ValueError for slots the playbook does not
    have.
    """

    def __init__(
        self,
        intents: list[Intent],
        playbooks: list[PlaybookSpec],
        cache_dir: Path | None,
        *,
        language: Language | None = None,
        encoder_dir: Path | None = None,
    ) -> None:
        self.parts = made_of(intents, playbooks, cache_dir, language, encoder_dir)
        self._listening = Listening(self.parts)
        self._finishing = Finishing(self.parts)
        self._guessing = Guessing(self.parts, self._finishing)
        self._several = Several(self.parts, self._finishing, self._guessing)
        self._taking_back = TakingBack(self.parts, self._finishing)
        self._recalling = Recalling(
            self.parts, self._finishing, self._taking_back, Picking(self.parts, self._finishing)
        )
        self._ending = Ending(self.parts, self._finishing)
        self._proposing = Proposing(self.parts, self._finishing)
        self._only_reads = OnlyReads(self.parts, self._finishing)
        self._at_hand = AtHand(self.parts, self._finishing)
        self._pictures = Pictures(self.parts, self._finishing)
        self._varying = Varying(self.parts, self._only_reads)
        self._somewhere = Somewhere(self.parts, self._finishing)
        self._names: tuple[object, object, object] = (None, None, None)
        self._changing: dict[str, bool] = {}

    def ask_also(self, language: Language | None) -> None:
        """From now on `decide` asks `language` where the local stages are unsure; None: nobody."""
        self.parts.language = language

    def warm(self) -> str:
        """Loads or trains now instead of at the first utterance; returns what is missing, "" when all works."""
        self.parts.classifier.warm()
        self.parts.handbook.warm()
        self.parts.aspects.warm()
        return self.parts.classifier.degraded

    def route(
        self,
        text: str,
        memory: Memory | None,
        catalogue: Catalogue,
        *,
        answer: dict[str, str] | None = None,
        said_at: datetime | None = None,
    ) -> Decision:
        """Reads `text`, or finishes what a clicked choice's bind (`answer`) stands for.

        said_at: when it was said, on the clock that `remember` was given; default `catalogue.now`.
        """
        memory = followup.fresh(memory, said_at or catalogue.now)
        if answer is not None:
            return self._recalling.clicked(answer, memory, catalogue)
        turn = self._listening.turn(text, memory, catalogue)
        if isinstance(turn, Refusal):
            said = self._varying.said(memory, None, self._with_english(turn, catalogue))
            return self._somewhere.placed(Turn(Hearing("", catalogue), None, turn.heard, catalogue), said)
        only_reads = self._only_reads.through(turn, self._placed_or_meant(turn))
        return self._somewhere.placed(turn, self._varying.said(memory, turn, self._from_abroad(only_reads)))

    def _placed_or_meant(self, turn: Turn) -> Decision:
        if again := self._somewhere.again(turn):
            return self._taking_back.disowning(turn, again)
        return self._somewhere.moved(turn) or self._meant(turn)

    def _meant(self, turn: Turn) -> Decision:
        known = self._recalling.from_memory(turn) or self._recalling.small_talk(turn)
        known = known or self._ending.decide(turn) or self._recalling.from_what_is_open(turn)
        known = known or self._guessing.cry(turn)
        known = known or self._taking_back.nothing_done(turn)
        if known:
            return known
        rest = corrects(turn) if turn.memory else ""  # nothing was understood before that it could correct
        if rest:
            turn = replace(turn, hearing=Hearing(rest, turn.hearing.catalogue))
        decision = self._several.read(turn) or self.parts.telling.whole(turn.hearing, self._guessing.from_words(turn))
        if wish := self._at_hand.wishes(turn, decision):
            decision = self._recalling.from_what_is_open(turn, Short(wish, sure=False)) or decision
        decision = self._pictures.asked_back(turn, decision) or self._at_hand.instead(turn, decision)
        return self._taking_back.disowning(turn, decision) if rest and not isinstance(decision, Refusal) else decision

    async def decide(
        self,
        text: str,
        memory: Memory | None,
        catalogue: Catalogue,
        *,
        answer: dict[str, str] | None = None,
        said_at: datetime | None = None,
        channel: str = "",
    ) -> Decision:
        """As `route`, and where that is unsure a language model is asked as well, for up to 8 s (2 s for a refusal).

        channel: the conversation, for what the model costs. The model's failure leaves the local decision.
        """
        local = self.route(text, memory, catalogue, answer=answer, said_at=said_at)
        if self.parts.language is None or answer is not None or not second_opinion.may_ask(local):
            return local
        turn = self._listening.turn(text, followup.fresh(memory, said_at or catalogue.now), catalogue)
        if isinstance(turn, Refusal):
            return local
        said = await self._proposing.weigh(self.parts.language, turn, local, channel)
        if said.heard.get("stage") != "language":  # the local decision, whole already
            return said
        whole = self.parts.telling.whole(turn.hearing, said)
        varied = self._varying.said(turn.memory, turn, self._only_reads.through(turn, whole))
        return self._somewhere.placed(turn, varied)

    def remember(self, memory: Memory | None, decision: Decision, catalogue: Catalogue, now: datetime) -> Memory:
        """The thread's memory after `decision`; expires 15 minutes after `now`."""
        kept = followup.remember(memory, decision, now)
        if isinstance(decision, Command) and decision.playbook in INVERSE and not decision.heard.get("dry_run"):
            kept = kept.model_copy(update={"changed": decision})
        gone = kept.model not in {model.name for model in catalogue.models}
        return kept.model_copy(update={"model": None, "version": None}) if gone else kept

    def hear(self, text: str, catalogue: Catalogue) -> tuple[Hearing, dict[str, Any]] | Refusal:
        """Stage 0 alone: the words behind the guards and the spelling, with what these noted."""
        turn = self._listening.turn(text, None, catalogue)
        return turn if isinstance(turn, Refusal) else (turn.hearing, turn.heard)

    def changes(self, text: str, catalogue: Catalogue) -> bool:
        """Whether `text` is a request that would change something of a model or for everybody, or begins one.

        Buttons say exact wordings, which need no more than the formats to be told. They say the same with every card,
        so that it is remembered while the names are the same.
        """
        names = (catalogue.models, catalogue.versions, catalogue.kpis)
        if len(self._changing) > _MOST_KEPT or any(a is not b for a, b in zip(names, self._names, strict=True)):
            self._names, self._changing = names, {}
        if text not in self._changing:
            self._changing[text] = self._would_change(text, catalogue)
        return self._changing[text]

    def _would_change(self, text: str, catalogue: Catalogue) -> bool:
        exact = self.parts.formats.match(Hearing(text, catalogue))
        if exact is not None and not exact.unknown:
            return self._changes(exact.intent.playbook)
        meant = self.route(text, None, catalogue)
        playbook = meant.playbook if isinstance(meant, Command) else ""
        playbook = meant.pending.playbook if isinstance(meant, Question) else playbook
        return self._changes(playbook)

    def _changes(self, playbook: str) -> bool:
        return bool(playbook) and (self.parts.specs[playbook].risk == "change" or playbook in _FOR_ALL)

    def likely(self, text: str, catalogue: Catalogue, *, beside: Collection[str] = ()) -> tuple[Choice, ...]:
        """Up to three requests that the words may mean besides the playbooks `beside`, likeliest first."""
        turn = self._listening.turn(text, None, catalogue)
        if isinstance(turn, Refusal):
            return ()
        mine = [
            self.parts.known(g.intent)
            for g in self.parts.classifier.rank(turn.hearing.canonical(), top=len(self.parts.intents))
        ]
        offered = [intent for intent in mine if intent.risk != "none" and intent.playbook not in beside]
        return tuple(self._finishing.offer(turn, intent) for intent in offered[:MAX_CHOICES])

    def _with_english(self, refusal: Refusal, catalogue: Catalogue) -> Refusal:
        """With buttons for what an order in another language is in English, else for what can always be asked."""
        if "foreign" not in refusal.heard:
            return refusal
        english = refusal.heard["english"]
        turn = self._listening.turn(english, None, catalogue)
        strange = any(
            not self._listening.is_known(word, catalogue) for word in re.findall(r"[^\W\d_]{3,}", english.lower())
        )
        if strange or isinstance(turn, Refusal):  # "deploy churn morgen": what is left is unknown, and may matter
            return refusal.model_copy(update={"choices": self._always()})
        meant = self._recalling.from_what_is_open(turn) or self.parts.telling.whole(
            turn.hearing, self._guessing.from_words(turn)
        )
        choices = (self.parts.telling.as_choice(meant),) if isinstance(meant, Command) else meant.choices
        return refusal.model_copy(update={"choices": choices[:MAX_CHOICES] or self._always()})

    def _from_abroad(self, decision: Decision) -> Decision:
        """What was said in another language only reads; a no to it has something to click."""
        if "polite" not in decision.heard:
            return decision
        if isinstance(decision, Command) and self.parts.specs[decision.playbook].risk != "read":
            choices = (self.parts.telling.as_choice(decision),)
            return Refusal(why="Did you mean this? Nothing was started.", choices=choices, heard=decision.heard)
        if isinstance(decision, Refusal) and not decision.choices:
            return decision.model_copy(update={"choices": self._always()})
        return decision

    def _always(self) -> tuple[Choice, ...]:
        """Buttons for what anybody may ask at any time."""
        asked = [
            Command(playbook=name, inputs={}) for name in ("list_models", "help") if name in self.parts.by_playbook
        ]
        return tuple(map(self.parts.telling.as_choice, asked))
