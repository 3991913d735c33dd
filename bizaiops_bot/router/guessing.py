"""Stages 1 and 2: what is asked for, by its exact form or by what it is most like."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bizaiops_bot.domain import glossary
from bizaiops_bot.domain.routing import Command, Decision, Question, Refusal
from bizaiops_bot.router import blame, doubts, emergencies, ending, looking_up, moods, questions, utterance
from bizaiops_bot.router.bands import band
from bizaiops_bot.router.classifier import Guess
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.formats import Exact
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import Intent
from bizaiops_bot.router.parts import NOTHING, Parts
from bizaiops_bot.router.slots import models as model_names
from bizaiops_bot.router.turn import HELP, MAX_CHOICES, Turn

_NAME = re.compile(r"[a-z][a-z_-]{3,}")
_LIKELY = 0.12
_VALUES = {"model", "version", "percent", "replicas", "window"}


@dataclass(frozen=True)
class Guessing:
    """What words mean that need nothing said before them."""

    parts: Parts
    finishing: Finishing

    def from_words(self, turn: Turn) -> Decision:
        """Exact forms first, then questions; several requests are refused; the rest is weighed by what was learned."""
        term = "" if turn.hearing.models else glossary.asked(turn.hearing.lower)
        if term and (helps := self.parts.by_playbook.get("help")):
            return self.finishing.finish(
                turn.noting(stage="exact"), helps, sure=True, given={"topic": f"what {term} means"}
            )
        exact = self.parts.formats.match(turn.hearing)
        if exact and not exact.unknown:
            mood = moods.mood(self.finishing.core(turn, exact.intent))
            plain = mood == "order" or (self.parts.timed(exact.intent) and mood != "question")
            plain = plain and not doubts.unsaid_whose(turn.hearing, self.parts.specs[exact.intent.playbook])
            plain = plain and not doubts.has(turn.hearing.core, exact.intent.against)
            if _of_a_number_alone(turn, exact.intent):
                return self.finishing.confirm(turn.noting(stage="exact"), exact.intent, "Did you mean…")
            meant = self.finishing.finish(turn.noting(stage="exact"), exact.intent, sure=plain)
            return meant if self._whole(turn, meant) else self._asked(turn) or meant
        if asked := self._asked(turn):
            return asked
        if (parts := moods.several(turn.hearing.core)) and not _one_way_back(parts, turn.hearing):
            why = f"That holds {len(parts)} requests; I take one at a time. Nothing was started."
            return Refusal(
                why=why, help=f"Say {parts[0]!r} first.", heard={**turn.heard, "stage": "guards", "several": True}
            )
        return self._guess(turn.noting(stage="local"), exact)

    def _asked(self, turn: Turn) -> Command | None:
        asked = questions.read(turn.hearing, turn.memory)
        if asked is None or asked.playbook not in self.parts.specs:
            return None
        return Command(playbook=asked.playbook, inputs=asked.inputs, heard=turn.noting(stage="asked").heard)

    def _whole(self, turn: Turn, meant: Decision) -> bool:
        """Whether it is a command that uses all that was said: "list alerts of churn since yesterday" is none."""
        told = self.parts.telling.whole(turn.hearing, meant)
        return isinstance(told, Command) and "unused" not in told.heard

    def _guess(self, turn: Turn, near_format: Exact | None) -> Decision:
        guesses = self.parts.classifier.rank(turn.hearing.canonical())
        mine = [g for g in guesses if self.parts.known(g.intent).risk != "none"]
        turn = turn.noting(guesses={g.intent: round(g.p, 3) for g in guesses[:3]})
        beside = sum(
            g.p
            for g in guesses
            if self.parts.known(g.intent) not in (NOTHING, *(self.parts.known(m.intent) for m in mine))
        )
        turn = turn.noting(sure=round(mine[0].sure, 3), beside=round(beside, 3)) if mine else turn.noting(beside=1.0)
        wished = emergencies.read(turn.hearing)
        # A model is paused, a version is rolled back from.
        version = bool(near_format and near_format.intent.playbook == "pause_model" and turn.hearing.versions)
        away = bool(wished) and version
        if near_format and not away and self._may_name(near_format, mine):
            return self.finishing.finish(
                turn.noting(stage="exact"), near_format.intent, sure=False, unknown=near_format.unknown
            )
        verdict = band(mine, self.parts.known(mine[0].intent).risk) if mine else "refuse"
        core = turn.hearing.core
        if wished and (
            away or not (verdict == "act" and self.parts.known(mine[0].intent).playbook in emergencies.SAFE)
        ):
            return self._emergency(turn, wished)
        if verdict == "act" and self._is_doubtful(core, self.parts.known(mine[0].intent)):
            verdict = "clarify"
        if (looked := looking_up.answer(self.parts, self.finishing, turn, mine, verdict)) is not None:
            return looked
        reads = near_format if near_format and _reads(near_format, turn.hearing) else None
        if verdict == "act" and not (reads and self.parts.known(mine[0].intent).risk != "read"):
            turn = turn.noting(p=round(mine[0].p, 3))
            return self.finishing.finish(turn, self.parts.known(mine[0].intent), sure=False)
        if reads:
            return self.finishing.finish(turn.noting(stage="exact"), reads.intent, sure=False, unknown=reads.unknown)
        return self._misnamed(turn) or (
            self._clarify(turn, mine) if verdict == "clarify" else self._not_mine(turn, guesses)
        )

    def _is_doubtful(self, core: str, intent: Intent) -> bool:
        thing = intent.risk != "read" and doubts.is_thing(core, intent)
        return thing or moods.supposed(core) or doubts.has(core, intent.against)

    def cry(self, turn: Turn) -> Decision | None:
        """ "Turn it off now" is about the release under way, else about the model that the thread speaks of."""
        hearing, about = turn.hearing, turn.memory.model if turn.memory else None
        if hearing.models or not emergencies.cries(hearing.core) or _means_another(turn):
            return None
        releases = [run for run in hearing.catalogue.open_runs or () if emergencies.is_of(run, hearing)]
        ours = [run for run in releases if about and about in run.title.split()] or ([] if about else releases)
        turn = turn.noting(stage="local", emergency="stop")
        cancel, pause = self.parts.by_playbook.get("cancel_run"), self.parts.by_playbook.get("pause_model")
        if len(ours) == 1 and cancel:
            return self.finishing.confirm(turn, cancel, "Did you mean…", {"run": ours[0].number})
        if pause is None or not (about or (hearing.points_back and not ending.ends(hearing.core))):
            return None
        if about is None:
            return self.finishing.finish(turn, pause, sure=False)
        return self.finishing.confirm(turn, pause, "Did you mean…", {"model": about})

    def _emergency(self, turn: Turn, wished: emergencies.Wish) -> Decision:
        """What takes traffic away goes first: asked with the one button that it can mean."""
        turn = turn.noting(emergency=wished)
        releases = [run for run in turn.hearing.catalogue.open_runs or () if emergencies.is_of(run, turn.hearing)]
        releases = [run for run in releases if not run.waiting] or releases
        if wished == "canary" and len(releases) == 1 and (cancel := self.parts.by_playbook.get("cancel_run")):
            return self.finishing.confirm(turn, cancel, "Did you mean…", {"run": releases[0].number})
        playbook = "pause_model" if wished == "pause" else "roll_back_model"
        if playbook not in self.parts.by_playbook:
            return self._not_mine(turn, [])
        if not (turn.hearing.models or (turn.memory and turn.memory.model)):
            return self.finishing.finish(turn, self.parts.by_playbook[playbook], sure=False)
        return self.finishing.confirm(turn, self.parts.by_playbook[playbook], "Did you mean…")

    def _misnamed(self, turn: Turn) -> Refusal | None:
        """What is asked of a model whose name has a slip ("is chrun ok"), with buttons for what it may be."""
        hearing = turn.hearing
        if hearing.models:
            return None
        for m in _NAME.finditer(hearing.lower):
            models = [] if m[0] in self.parts.vocabulary else model_names.slips(m[0], hearing.catalogue.models)
            if len(models) != 1:
                continue
            text = f"{hearing.text[: m.start()]}{models[0]}{hearing.text[m.end() :]}"
            meant = self.from_words(replace(turn, hearing=Hearing(text, hearing.catalogue)))
            choices = (self.parts.telling.as_choice(meant),) if isinstance(meant, Command) else meant.choices
            why = f"There is no model {m[0]!r}. Did you mean {models[0]}?"
            return Refusal(why=why, choices=choices, heard=turn.heard) if choices else None
        return None

    def _may_name(self, exact: Exact, guesses: list[Guess]) -> bool:
        """Whether what stands where a model belongs is meant as one: a strange single word, or the sentence is likely
        that request.
        """
        likely = any(g.intent == exact.intent.name and g.p >= _LIKELY for g in guesses[:2])
        return likely or (" " not in exact.unknown and exact.unknown not in self.parts.vocabulary)

    def _not_mine(self, turn: Turn, guesses: list[Guess]) -> Refusal:
        out = next((self.parts.known(g.intent) for g in guesses if self.parts.known(g.intent).risk == "none"), NOTHING)
        return Refusal(why=out.refuse, help=HELP, heard={**turn.heard, "intent": out.name})

    def _clarify(self, turn: Turn, guesses: list[Guess]) -> Decision:
        not_to = " ".join(moods.forbidden(turn.hearing.core))
        may = [g for g in guesses if not doubts.has(not_to, self.parts.known(g.intent).cues)]
        if may and self.parts.known(may[0].intent).playbook == "roll_back_model":  # no release of what is to go
            may = [g for g in may if self.parts.known(g.intent).playbook != "deploy_model"]
        if not may:
            return Refusal(why=moods.WHY["negated"], help=HELP, heard={**turn.heard, "mood": "negated"})
        offered = [g for g in may if not self._of_a_thing(turn, g)]
        if not offered:  # a noun alone orders nothing
            return self._not_mine(turn, [])
        if self.parts.known(offered[0].intent).risk == "read":
            offered = [g for g in offered if self._stands_beside_a_read(turn.hearing.core, g)]
        near = [g for g in offered if g.p >= 0.25 * offered[0].p and g.p >= 0.05][:MAX_CHOICES] or offered[:1]
        choices = tuple(self.finishing.offer(turn, self.parts.known(g.intent)) for g in near)
        pending = Command(playbook=self.parts.known(near[0].intent).playbook, inputs={})
        return Question(text="Did you mean…", slot="playbook", choices=choices, pending=pending, heard=turn.heard)

    def _stands_beside_a_read(self, core: str, guess: Guess) -> bool:
        """Where a question is likelier, a change is offered only in words of its own, or in those of an order."""
        intent = self.parts.known(guess.intent)
        ordered = utterance.begins(core) or (doubts.said(core, intent) and not utterance.asks(core))
        return intent.risk == "read" or ordered

    def _of_a_thing(self, turn: Turn, guess: Guess) -> bool:
        """Whether a change is guessed where only a thing is named."""
        intent = self.parts.known(guess.intent)
        return intent.risk != "read" and doubts.is_thing(turn.hearing.core, intent)


def _of_a_number_alone(turn: Turn, intent: Intent) -> bool:
    """ "Give it 4" in a thread about numbers may count anything, of anything."""
    counts = [m for kind in ("percent", "replicas") for m in turn.hearing.of_kind(kind)]
    return intent.risk == "change" and not turn.hearing.models and bool(counts) and not any(m.sure for m in counts)


def _means_another(turn: Turn) -> bool:
    """Whether "it" may be a schedule, or a run that nobody has looked up."""
    memory = turn.memory
    return bool(memory and (memory.schedule or (memory.run and turn.hearing.catalogue.open_runs is None)))


def _reads(near: Exact, hearing: Hearing) -> bool:
    """Whether it asks to read, exact but for a name ("status fraud") or a value too many ("status churn v3")."""
    if near.intent.risk != "read":
        return False
    said = Hearing(near.unknown, hearing.catalogue)
    return " " not in near.unknown or (bool(said.models) and not said.residue(_VALUES))


def _one_way_back(parts: list[str], hearing: Hearing) -> bool:
    return blame.one_way_back(parts, hearing.sides, len({m.value for m in hearing.models}))
