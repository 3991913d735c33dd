"""Words in, one typed decision out. The router executes nothing and holds no credential."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bizaiops_bot.domain import glossary
from bizaiops_bot.domain.routing import Catalogue, Choice, Command, Decision, Memory, PlaybookSpec, Question, Refusal
from bizaiops_bot.router import blame, doubts, emergencies, followup, guards, moods, second_opinion, shape, short_words
from bizaiops_bot.router.bands import band
from bizaiops_bot.router.classifier import Classifier, Guess
from bizaiops_bot.router.filling import Back, Filling
from bizaiops_bot.router.formats import Exact, Formats, say
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import NONE, Intent
from bizaiops_bot.router.language import Language, Proposal
from bizaiops_bot.router.slots import models as model_names
from bizaiops_bot.router.slots import words
from bizaiops_bot.router.slots.kept import by_identity
from bizaiops_bot.router.spelling import Spelling
from bizaiops_bot.router.telling import Telling
from bizaiops_bot.router.training import absent, pairs, vocabulary

_HELP = "I look after the models: status, KPIs, deploys, rollbacks, retraining, schedules. Say `help` to see all of it."
_MAX_CHOICES = 3
_MAX_OPEN = 8
_NAME = re.compile(r"[a-z][a-z_-]{3,}")
_LIKELY = 0.12
_SPEAKER = re.compile(r"@?([\w.-]{1,30}(?: [\w.-]{1,30})?): ")


@dataclass(frozen=True)
class _Turn:
    """One utterance on its way; `heard` becomes part of the decision, for the audit."""

    hearing: Hearing
    memory: Memory | None
    heard: dict[str, Any]

    def noting(self, **more: Any) -> _Turn:
        return replace(self, heard={**self.heard, **more})


@dataclass(frozen=True)
class Parts:
    """What a router is made of, for those who explain it; `specs` by playbook."""

    intents: dict[str, Intent]
    specs: dict[str, PlaybookSpec]
    formats: Formats
    classifier: Classifier
    language: Language | None


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
        self._specs = {spec.name: spec for spec in playbooks}
        usable = [intent for intent in intents if intent.risk == "none" or intent.playbook in self._specs]
        self._intents = {intent.name: intent for intent in usable}
        self._by_playbook = {intent.playbook: intent for intent in reversed(usable) if intent.playbook}
        _check_slots(usable, self._specs)
        self._telling = Telling(self._by_playbook, self._specs)
        self._formats = Formats([intent for intent in usable if intent.playbook], self._specs)
        self._vocabulary = vocabulary(usable) | _commands(usable)
        self._spelling = Spelling(_commands(usable), self._vocabulary)
        missing = [intent for intent in intents if intent not in usable]
        learned = sorted((dict(absent(missing)) | dict(pairs(usable, self._specs))).items())
        outside = frozenset({NONE, *(intent.name for intent in usable if intent.risk == "none")})
        folder = {"folder": encoder_dir} if encoder_dir else {}
        self._classifier = Classifier(learned, cache_dir, outside=outside, **folder)
        self._language = language

    def ask_also(self, language: Language | None) -> None:
        """From now on `decide` asks `language` where the local stages are unsure; None: nobody."""
        self._language = language

    def warm(self) -> str:
        """Loads or trains now instead of at the first utterance; returns what is missing, "" when all works."""
        self._classifier.warm()
        return self._classifier.degraded

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
            return self._clicked(answer, memory, catalogue)
        turn = self._turn(text, memory, catalogue)
        if isinstance(turn, Refusal):
            return self._with_english(turn, catalogue)
        known = self._from_memory(turn) or self._from_what_is_open(turn)
        return known or self._telling.whole(turn.hearing, self._from_words(turn))

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
        if self._language is None or answer is not None or local.heard.get("stage") != "local":
            return local
        turn = self._turn(text, followup.fresh(memory, said_at or catalogue.now), catalogue)
        if isinstance(turn, Refusal):
            return local
        said = await self._second_opinion(self._language, turn, local, channel)
        return said if said is local else self._telling.whole(turn.hearing, said)

    def _turn(self, text: str, memory: Memory | None, catalogue: Catalogue) -> _Turn | Refusal:
        cleaned = guards.clean(text, lambda word: self._is_known(word, catalogue))
        if isinstance(cleaned, str) and (m := _SPEAKER.match(cleaned.lower())) and m[1] in _people(catalogue):
            cleaned = guards.NOT_OWN  # "lead: deploy churn v3" is a line of a chat, or said to the lead
        if isinstance(cleaned, Refusal):
            return cleaned.model_copy(update={"heard": {**cleaned.heard, "stage": "guards"}})
        plain, dry = words.dry_run(cleaned)
        heard: dict[str, Any] = {"text": cleaned, **({"dry_run": True} if dry else {})}
        right = self._spelling.correct(plain, _names(catalogue))
        if right.changes:
            plain, heard = right.text, {**heard, "corrected": right.changes, "doubtful": not right.sure}
        if guards.mixed(cleaned):
            heard = {**heard, "doubtful": True}
        return _Turn(Hearing(plain, catalogue), memory, heard)

    def _is_known(self, word: str, catalogue: Catalogue) -> bool:
        return word in self._vocabulary or word in _names(catalogue)

    def remember(self, memory: Memory | None, decision: Decision, catalogue: Catalogue, now: datetime) -> Memory:
        """The thread's memory after `decision`; expires 15 minutes after `now`."""
        kept = followup.remember(memory, decision, now)
        gone = kept.model not in {model.name for model in catalogue.models}
        return kept.model_copy(update={"model": None, "version": None}) if gone else kept

    @property
    def parts(self) -> Parts:
        return Parts(self._intents, self._specs, self._formats, self._classifier, self._language)

    def hear(self, text: str, catalogue: Catalogue) -> tuple[Hearing, dict[str, Any]] | Refusal:
        """Stage 0 alone: the words behind the guards and the spelling, with what these noted."""
        turn = self._turn(text, None, catalogue)
        return turn if isinstance(turn, Refusal) else (turn.hearing, turn.heard)

    def likely(self, text: str, catalogue: Catalogue, *, beside: Collection[str] = ()) -> tuple[Choice, ...]:
        """Up to three requests that the words may mean besides the playbooks `beside`, likeliest first."""
        turn = self._turn(text, None, catalogue)
        if isinstance(turn, Refusal):
            return ()
        mine = [self._known(g.intent) for g in self._classifier.rank(turn.hearing.canonical(), top=len(self._intents))]
        offered = [intent for intent in mine if intent.risk != "none" and intent.playbook not in beside]
        return tuple(self._offer(turn, intent) for intent in offered[:_MAX_CHOICES])

    def _with_english(self, refusal: Refusal, catalogue: Catalogue) -> Refusal:
        """With buttons for what an order in another language is in English."""
        english = refusal.heard.get("english", "")
        turn = self._turn(english, None, catalogue)
        strange = any(not self._is_known(word, catalogue) for word in re.findall(r"[^\W\d_]{3,}", english.lower()))
        if strange or isinstance(turn, Refusal):  # "deploy churn morgen": what is left is unknown, and may matter
            return refusal
        meant = self._from_what_is_open(turn) or self._telling.whole(turn.hearing, self._from_words(turn))
        choices = (self._telling.as_choice(meant),) if isinstance(meant, Command) else meant.choices
        return refusal.model_copy(update={"choices": choices[:_MAX_CHOICES]})

    # Stage 1 and 2

    def _from_words(self, turn: _Turn) -> Decision:
        term = "" if turn.hearing.models else glossary.asked(turn.hearing.lower)
        if term and (helps := self._by_playbook.get("help")):
            return self._finish(turn.noting(stage="exact"), helps, sure=True, given={"topic": f"what {term} means"})
        exact = self._formats.match(turn.hearing)
        if exact and not exact.unknown:
            mood = moods.mood(self._core(turn, exact.intent))
            plain = mood == "order" or (self._timed(exact.intent) and mood != "question")
            plain = plain and not doubts.unsaid_whose(turn.hearing, self._specs[exact.intent.playbook])
            plain = plain and not doubts.has(turn.hearing.core, exact.intent.against)
            return self._finish(turn.noting(stage="exact"), exact.intent, sure=plain)
        if (parts := moods.several(turn.hearing.core)) and not _one_way_back(parts, turn.hearing):
            why = f"That holds {len(parts)} requests; I take one at a time. Nothing was started."
            return Refusal(
                why=why, help=f"Say {parts[0]!r} first.", heard={**turn.heard, "stage": "guards", "several": True}
            )
        return self._guess(turn.noting(stage="local"), exact)

    def _guess(self, turn: _Turn, near_format: Exact | None) -> Decision:
        guesses = self._classifier.rank(turn.hearing.canonical())
        mine = [g for g in guesses if self._known(g.intent).risk != "none"]
        turn = turn.noting(guesses={g.intent: round(g.p, 3) for g in guesses[:3]})
        beside = sum(
            g.p for g in guesses if self._known(g.intent) not in (_NOTHING, *(self._known(m.intent) for m in mine))
        )
        turn = turn.noting(sure=round(mine[0].sure, 3), beside=round(beside, 3)) if mine else turn.noting(beside=1.0)
        if near_format and self._may_name(near_format, mine):
            return self._finish(turn.noting(stage="exact"), near_format.intent, sure=False, unknown=near_format.unknown)
        verdict = band(mine, self._known(mine[0].intent).risk) if mine else "refuse"
        core = turn.hearing.core
        wished = emergencies.read(turn.hearing)
        if wished and not (verdict == "act" and self._known(mine[0].intent).playbook in emergencies.SAFE):
            return self._emergency(turn, wished)
        if verdict == "act" and (moods.supposed(core) or doubts.has(core, self._known(mine[0].intent).against)):
            verdict = "clarify"
        if verdict == "act":
            turn = turn.noting(p=round(mine[0].p, 3))
            return self._finish(turn, self._known(mine[0].intent), sure=False)
        if near_format and near_format.intent.risk == "read" and " " not in near_format.unknown:
            # "status fraud": the words before it are exact, so the last one is meant as a model, whatever it is near.
            return self._finish(turn.noting(stage="exact"), near_format.intent, sure=False, unknown=near_format.unknown)
        misnamed = self._misnamed(turn)
        if misnamed is not None:
            return misnamed
        return self._clarify(turn, mine) if verdict == "clarify" else self._not_mine(turn, guesses)

    def _emergency(self, turn: _Turn, wished: emergencies.Wish) -> Decision:
        """What takes traffic away goes first: asked with the one button that it can mean."""
        turn = turn.noting(emergency=wished)
        releases = [run for run in turn.hearing.catalogue.open_runs or () if emergencies.is_of(run, turn.hearing)]
        releases = [run for run in releases if not run.waiting] or releases
        if wished == "canary" and len(releases) == 1 and (cancel := self._by_playbook.get("cancel_run")):
            return self._confirm(turn, cancel, "Did you mean…", {"run": releases[0].number})
        playbook = "pause_model" if wished == "pause" else "roll_back_model"
        if playbook not in self._by_playbook:
            return self._not_mine(turn, [])
        if not (turn.hearing.models or (turn.memory and turn.memory.model)):
            return self._finish(turn, self._by_playbook[playbook], sure=False)
        return self._confirm(turn, self._by_playbook[playbook], "Did you mean…")

    def _misnamed(self, turn: _Turn) -> Refusal | None:
        """What is asked of a model whose name has a slip ("is chrun ok"), with buttons for what it may be."""
        hearing = turn.hearing
        if hearing.models:
            return None
        for m in _NAME.finditer(hearing.lower):
            models = [] if m[0] in self._vocabulary else model_names.slips(m[0], hearing.catalogue.models)
            if len(models) != 1:
                continue
            text = f"{hearing.text[: m.start()]}{models[0]}{hearing.text[m.end() :]}"
            meant = self._from_words(replace(turn, hearing=Hearing(text, hearing.catalogue)))
            choices = (self._telling.as_choice(meant),) if isinstance(meant, Command) else meant.choices
            why = f"There is no model {m[0]!r}. Did you mean {models[0]}?"
            return Refusal(why=why, choices=choices, heard=turn.heard) if choices else None
        return None

    def _may_name(self, exact: Exact, guesses: list[Guess]) -> bool:
        """Whether what stands where a model belongs is meant as one: a strange single word, or the sentence is likely
        that request.
        """
        likely = any(g.intent == exact.intent.name and g.p >= _LIKELY for g in guesses[:2])
        return likely or (" " not in exact.unknown and exact.unknown not in self._vocabulary)

    def _known(self, name: str) -> Intent:
        return self._intents.get(name) or _NOTHING

    def _not_mine(self, turn: _Turn, guesses: list[Guess]) -> Refusal:
        out = next((self._known(g.intent) for g in guesses if self._known(g.intent).risk == "none"), _NOTHING)
        return Refusal(why=out.refuse, help=_HELP, heard={**turn.heard, "intent": out.name})

    def _clarify(self, turn: _Turn, guesses: list[Guess]) -> Decision:
        not_to = " ".join(moods.forbidden(turn.hearing.core))
        may = [g for g in guesses if not doubts.has(not_to, self._known(g.intent).cues)]
        if not may:
            return Refusal(why=moods.WHY["negated"], help=_HELP, heard={**turn.heard, "mood": "negated"})
        near = [g for g in may if g.p >= 0.25 * may[0].p and g.p >= 0.05][:_MAX_CHOICES] or may[:1]
        choices = tuple(self._offer(turn, self._known(g.intent)) for g in near)
        pending = Command(playbook=self._known(near[0].intent).playbook, inputs={})
        return Question(text="Did you mean…", slot="playbook", choices=choices, pending=pending, heard=turn.heard)

    def _offer(self, turn: _Turn, intent: Intent, given: dict[str, Any] | None = None) -> Choice:
        inputs = self._filling(turn, intent, given=given).partial()
        bind = {"playbook": intent.playbook, "inputs": json.dumps(inputs)}
        if turn.heard.get("dry_run"):
            bind["dry_run"] = "true"
        return Choice(label=say(intent, inputs), command=say(intent, inputs), bind=bind)

    # Stage 3

    async def _second_opinion(self, language: Language, turn: _Turn, local: Decision, channel: str) -> Decision:
        doubt = second_opinion.doubt(local, turn.hearing, self._intents)
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
        among = [name for name in said.among if name in names and self._may_offer(turn, name)][:_MAX_CHOICES]
        return self._waver(turn, among) if among and not wanted else _noted(local, said.heard)

    def _nearest(self, turn: _Turn, first: str) -> tuple[PlaybookSpec, ...]:
        """The playbooks nearest to the words, `first` before them."""
        ranked = self._classifier.rank(turn.hearing.canonical(), top=len(self._intents))
        mine = [self._known(guess.intent).playbook for guess in ranked]
        named = list(dict.fromkeys(name for name in [first, *mine] if name))[: second_opinion.OFFERED]
        return tuple(self._specs[name] for name in named)

    def _may_offer(self, turn: _Turn, playbook: str) -> bool:
        intent = self._by_playbook[playbook]
        timed = intent.risk == "read" or self._timed(intent)
        return timed or second_opinion.mood(self._core(turn, intent)) not in second_opinion.NO_CHANGE

    def _proposed(self, turn: _Turn, said: Proposal, local: Decision, wanted: str) -> Decision | None:
        """A read may go ahead. A change waits for a person's yes, with nothing in it that is not in the words.

        wanted: the playbook of which a value alone is missing: without that value the proposal is none.
        """
        intent, spec = self._by_playbook[said.playbook], self._specs[said.playbook]
        given = second_opinion.accepted(said, spec, turn.hearing, turn.memory, self._vocabulary)
        asked = local.slot if isinstance(local, Question) else ""
        if wanted and asked not in given:
            return None
        if not self._may_offer(turn, said.playbook):
            return None if asked else self._not_so(self._alone(turn), intent, given)
        if intent.risk == "read":
            return self._finish(turn, intent, sure=False, given=given)
        turn = self._alone(turn).noting(intent=intent.name)
        filling = self._filling(turn, intent, given=given)
        try:
            filling.run()
        except Back as back:
            if isinstance(back.decision, Refusal):
                return self._back(turn, intent, filling, back)
        return self._confirm(turn, intent, "Did you mean…", given)

    def _not_so(self, turn: _Turn, intent: Intent, given: dict[str, Any]) -> Refusal:
        """A change on a condition, for later or elsewhere: why not, and where it may help the same for now."""
        mood = second_opinion.mood(self._core(turn, intent))
        choices = (self._offer(turn, intent, given),) if mood != "elsewhere" else ()
        why = moods.why(mood, turn.hearing.core)
        return Refusal(why=why, help=_HELP, choices=choices, heard={**turn.heard, "mood": mood})

    def _alone(self, turn: _Turn) -> _Turn:
        """Without the memory where nothing points back to it."""
        return turn if turn.hearing.points_back else replace(turn, memory=None)

    def _waver(self, turn: _Turn, playbooks: list[str]) -> Question:
        alone = {name: turn if self._specs[name].risk == "read" else self._alone(turn) for name in playbooks}
        choices = tuple(self._offer(alone[name], self._by_playbook[name]) for name in playbooks)
        pending = Command(playbook=playbooks[0], inputs={})
        return Question(text="Did you mean…", slot="playbook", choices=choices, pending=pending, heard=turn.heard)

    # Stage 4

    def _finish(
        self,
        turn: _Turn,
        intent: Intent,
        *,
        sure: bool,
        unknown: str = "",
        given: dict[str, Any] | None = None,
        order: bool = True,
    ) -> Decision:
        turn = turn.noting(intent=intent.name)
        filling = self._filling(turn, intent, unknown=unknown, given=given)
        try:
            inputs = filling.run()
        except Back as back:
            return self._back(turn, intent, filling, back)
        if intent.risk != "read" and (not sure or turn.heard.get("doubtful")):
            held = self._hold(turn, intent, given)
            if held is not None:
                return held
        if intent.risk != "read" and not order:
            return self._confirm(turn, intent, "Did you mean…", given)
        heard = {**turn.heard, **({"recalled": filling.recalled} if filling.recalled else {})}
        return Command(playbook=intent.playbook, inputs=inputs, heard=heard)

    def _back(self, turn: _Turn, intent: Intent, filling: Filling, back: Back) -> Decision:
        decision, heard = back.decision, turn.heard
        if isinstance(decision, Refusal) and back.slot:
            heard = {
                **heard,
                "open": {"playbook": intent.playbook, "slot": back.slot, "inputs": filling.known(back.slot)},
            }
        if isinstance(decision, Question):
            other = self._intents.get(intent.slots[decision.slot].instead) if decision.slot in intent.slots else None
            offer = self._offer(turn, other) if other and turn.memory and turn.hearing.points_back else None
            if offer and json.loads(offer.bind["inputs"]):
                decision = decision.model_copy(update={"choices": (*decision.choices, offer)})
        return decision.model_copy(update={"heard": heard})

    def _hold(self, turn: _Turn, intent: Intent, given: dict[str, Any] | None) -> Decision | None:
        """Why a change or control is asked back although its words are clear; None when it may go on."""
        spec = self._specs[intent.playbook]
        mood = moods.mood(moods.without_reason(self._core(turn, intent), intent.slots.keys()))
        if mood == "order" or (self._timed(intent) and mood in {"later", "conditional", "elsewhere"}):
            core = turn.hearing.core
            doubtful = (
                doubts.unsaid_who(turn.hearing, spec)
                or doubts.rambling(turn.hearing, intent)
                or not doubts.said(core, intent)
            )
            doubtful = doubtful or not shape.is_order(turn.hearing, intent, spec) or bool(turn.heard.get("doubtful"))
            return self._confirm(turn, intent, "Did you mean…", given) if doubtful else None
        if mood == "negated" and blame.negated_blame(turn.hearing.sides, turn.hearing.core):
            return self._confirm(turn, intent, "Did you mean…", given)  # "I don't trust v3. Roll back."
        if mood in {"told", "question"}:
            return self._confirm(turn, intent, f"{moods.WHY[mood]} Did you mean…", given)
        if mood == "negated" and doubts.denied(self._core(turn, intent), intent):
            return self._confirm(turn, intent, "Did you mean…", given)
        choices = (self._offer(turn, intent, given),) if mood in {"later", "conditional"} else ()
        why = moods.why(mood, turn.hearing.core)
        return Refusal(why=why, help=_HELP, choices=choices, heard={**turn.heard, "mood": mood})

    def _core(self, turn: _Turn, intent: Intent) -> str:
        """The words by which the mood is told: where an end can be given, "until friday" is no condition."""
        hearing = turn.hearing
        timed = any(slot.kind == "until" for slot in self._specs[intent.playbook].slots)
        asks = "?" if hearing.text.rstrip().endswith("?") else ""  # "approve run 7 because it looks fine?"
        if not timed or hearing.until is None or hearing.until.problem:
            return f"{hearing.core}{asks}"
        return f"{hearing.core[: hearing.until.start]}{hearing.core[hearing.until.end :]}{asks}"

    def _timed(self, intent: Intent) -> bool:
        """Whether a time to come is part of the request."""
        return any(slot.kind == "cron" for slot in self._specs[intent.playbook].slots)

    def _confirm(self, turn: _Turn, intent: Intent, text: str, given: dict[str, Any] | None = None) -> Question:
        inputs = self._filling(turn, intent, given=given).partial()
        pending = Command(playbook=intent.playbook, inputs=inputs)
        return Question(
            text=text, slot="playbook", choices=(self._offer(turn, intent, given),), pending=pending, heard=turn.heard
        )

    def _filling(
        self, turn: _Turn, intent: Intent, *, unknown: str = "", given: dict[str, Any] | None = None
    ) -> Filling:
        spec = self._specs[intent.playbook]
        kept = followup.half_said(turn.memory, intent.playbook) if given is None else {}
        return Filling(
            intent,
            spec,
            turn.hearing,
            turn.memory,
            self._vocabulary,
            unknown=unknown,
            given=dict(given or {}),
            kept=kept,
        )

    # Clicks and follow-ups

    def _clicked(self, bind: dict[str, str], memory: Memory | None, catalogue: Catalogue) -> Decision:
        intent = self._by_playbook.get(bind.get("playbook", ""))
        given = _object(bind.get("inputs", "{}"))
        if intent is None or given is None:
            return Refusal(why="That button is no longer valid.", help=_HELP, heard={"stage": "click"})
        heard: dict[str, Any] = {"stage": "click", **({"dry_run": True} if bind.get("dry_run") else {})}
        return self._finish(_Turn(Hearing("", catalogue), memory, heard), intent, sure=True, given=given)

    def _from_memory(self, turn: _Turn) -> Decision | None:
        if turn.memory is None:
            return None
        if turn.memory.pending is not None:
            decision = self._answer(turn, turn.memory.pending)
            if decision is not None:
                return decision
        last = turn.memory.last
        if last is None or last.playbook not in self._by_playbook:
            return None
        undone = followup.undone(last, turn.hearing.lower)
        if undone and undone.playbook in self._by_playbook:
            return self._resume(turn, undone)
        again = followup.resumed(last, self._specs[last.playbook], turn.hearing)
        return self._resume(turn, again) if again else None

    def _from_what_is_open(self, turn: _Turn) -> Decision | None:
        """Short words about a run: done when they can mean one thing and say what, else asked."""
        known, short = turn.hearing.catalogue.open_runs, short_words.read(turn.hearing.core)
        if known is None or short is None:
            return None
        turn = turn.noting(stage="open")
        if turn.hearing.reason is None:  # "ja, mach das" has no reason behind its comma
            turn = replace(turn, hearing=Hearing("", turn.hearing.catalogue))
        found = short_words.meant(short, known, turn.memory)
        schedule = turn.memory.schedule if turn.memory and short.wish == "cancel" else None
        if not found:
            return None if schedule else _nothing_open(turn, short)
        intents = [(self._by_playbook[short_words.playbook_for(short, run)], run) for run in found]
        if short_words.plain(short, found, turn.memory) and schedule is None and not turn.heard.get("doubtful"):
            return self._finish(turn, intents[0][0], sure=True, given={"run": found[0].number})
        choices = [self._offer(turn, intent, {"run": run.number}) for intent, run in intents[-_MAX_OPEN:]]
        if schedule:
            choices.append(self._offer(turn, self._by_playbook["stop_schedule"], {"schedule": schedule}))
        named = [f"run {run.number} ({run.title})" for run in found] + ([f"schedule {schedule}"] if schedule else [])
        text = f"Do you mean {named[0]}?" if len(named) == 1 else f"Which one: {', '.join(named[:-1])} or {named[-1]}?"
        pending = Command(playbook=intents[0][0].playbook, inputs={})
        return Question(text=text, slot="playbook", choices=tuple(choices), pending=pending, heard=turn.heard)

    def _answer(self, turn: _Turn, question: Question) -> Decision | None:
        picked = followup.answered(question, turn.hearing.lower)
        if picked is False:
            return Refusal(
                why="All right, nothing was started.",
                help=_HELP,
                heard={**turn.heard, "stage": "memory", "closed": True},
            )
        if picked is True:
            return question.model_copy(update={"heard": turn.heard})
        if isinstance(picked, Choice):
            bind = {**picked.bind, **({"dry_run": "true"} if question.heard.get("dry_run") else {})}
            return self._clicked(bind, turn.memory, turn.hearing.catalogue)
        spec = self._specs.get(question.pending.playbook)
        found = followup.slot_answer(question, spec, turn.hearing) if spec else None
        if found is None and question.slot in {"playbook", ""}:
            found = followup.late_values(question, self._specs, turn.hearing)
        if isinstance(found, Question):
            return found.model_copy(update={"heard": {**turn.heard, **_dry(question), "stage": "memory"}})
        return self._resume(turn.noting(**_dry(question)), found) if found else None

    def _resume(self, turn: _Turn, found: followup.Resumed) -> Decision:
        turn = turn.noting(stage="memory", follow_up=found.how, doubtful=False)
        return self._finish(turn, self._by_playbook[found.playbook], sure=True, given=found.given, order=found.order)


_NOTHING = Intent.model_construct(
    name="none",
    title="",
    playbook="",
    risk="none",
    refuse="That is not something I can do.",
    slots={},
    formats=(),
    examples=(),
    must_not={},
    help="",
)


def _nothing_open(turn: _Turn, short: short_words.Short) -> Refusal:
    what = "is under way here that could be stopped" if short.wish == "cancel" else "waits for an approval here"
    helps = "`runs` lists what was asked for elsewhere." if short.wish == "cancel" else "`approvals` lists what waits."
    return Refusal(why=f"Nothing {what}. Nothing was started.", help=helps, heard=turn.heard)


def _one_way_back(parts: list[str], hearing: Hearing) -> bool:
    return blame.one_way_back(parts, hearing.sides, len({m.value for m in hearing.models}))


def _commands(intents: list[Intent]) -> set[str]:
    """The words in which commands are given, without the slots."""
    return {
        word
        for intent in intents
        for text in (*intent.formats, *intent.aliases)
        for word in re.findall(r"(?<![{\w])[a-z]+(?![}\w])", text)
    }


def _names(catalogue: Catalogue) -> frozenset[str]:
    """Every word of a name in the catalogue, in lower case."""
    return _words_of(catalogue.models, catalogue.kpis, catalogue.people, catalogue.called)


def _people(catalogue: Catalogue) -> frozenset[str]:
    return frozenset(name.lower() for names in (catalogue.people, *catalogue.called.values()) for name in names)


@by_identity
def _words_of(models: Any, kpis: Any, people: Any, called: Any) -> frozenset[str]:
    said = [phrase for model in models for phrase in (model.name, model.title, *model.aliases)]
    said += [phrase for known in kpis.values() for name, more in known for phrase in (name, *more)]
    said += [*people, *(name for names in called.values() for name in names)]
    return frozenset(word for phrase in said for word in re.findall(r"[a-z]+", phrase.lower()))


def _dry(question: Question) -> dict[str, Any]:
    return {"dry_run": True} if question.heard.get("dry_run") else {}


def _noted(local: Decision, language: dict[str, Any]) -> Decision:
    """The local decision, with what the language model said to it for the audit."""
    return local.model_copy(update={"heard": {**local.heard, "language": language}})


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _check_slots(intents: list[Intent], specs: dict[str, PlaybookSpec]) -> None:
    for intent in intents:
        if not intent.playbook:
            continue
        spec = specs[intent.playbook]
        strange = set(intent.slots) - {slot.name for slot in spec.slots}
        if strange:
            raise ValueError(
                f"intent {intent.name}: slots {sorted(strange)} are not inputs of the playbook {spec.name}"
            )
        if intent.risk != spec.risk:
            raise ValueError(f"intent {intent.name} says risk {intent.risk}, the playbook {spec.name} says {spec.risk}")
