"""What is meant after what was said or shown before: clicks, answers, corrections, short words about a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bizaiops_bot.domain import glossary
from bizaiops_bot.domain.routing import Catalogue, Choice, Command, Decision, Memory, Question, Refusal, Remark
from bizaiops_bot.router import emergencies, explaining, followup, nearest_read, resuming, short_words, small_talk
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.picking import Picking
from bizaiops_bot.router.short_words import Short
from bizaiops_bot.router.taking_back import TakingBack
from bizaiops_bot.router.turn import HELP, Turn, bound

_MAX_OPEN = 8
_OFFERED = {"hello": ("help", "list_models"), "anger": ("help", "list_runs")}
_NAMED = 3


@dataclass(frozen=True)
class Recalling:
    """What words mean by what they follow."""

    parts: Parts
    finishing: Finishing
    taking_back: TakingBack
    picking: Picking

    def clicked(self, bind: dict[str, str], memory: Memory | None, catalogue: Catalogue) -> Decision:
        """What a button stands for; `bind` comes from outside and may be anything."""
        intent = self.parts.by_playbook.get(bind.get("playbook", ""))
        given = bound(bind)
        if intent is None or given is None:
            return Refusal(why="That button is no longer valid.", help=HELP, heard={"stage": "click"})
        heard: dict[str, Any] = {"stage": "click", **({"dry_run": True} if bind.get("dry_run") else {})}
        return self.finishing.finish(Turn(Hearing("", catalogue), memory, heard), intent, sure=True, given=given)

    def from_memory(self, turn: Turn) -> Decision | None:
        """An answer to the open question, an undo or a change of the last request; None for something new."""
        if turn.memory is None:
            return None
        if turn.memory.pending is not None:
            decision = self._answer(turn, turn.memory.pending)
            if decision is not None:
                return decision
        undone = self.taking_back.undo(turn)
        if undone is not None:
            return undone
        if turn.memory.explained and (word := explaining.asked_also(turn.hearing)):
            return self._explained(turn, word)
        last = turn.memory.last
        return self._going_on(turn, last) if last and last.playbook in self.parts.by_playbook else None

    def _explained(self, turn: Turn, word: str) -> Decision:
        """ "And recall?" after the meaning of precision."""
        turn = turn.noting(stage="memory", follow_up="term")
        topic = f"what {word} means" if glossary.find(word) else f"what is {word}"
        return self.finishing.finish(turn, self.parts.by_playbook["help"], sure=True, given={"topic": topic})

    def _going_on(self, turn: Turn, last: Command) -> Decision | None:
        """The last request with other values, or what comes nearest to it."""
        spec = self.parts.specs[last.playbook]
        again = resuming.resumed(last, spec, turn.hearing)
        if again is None:
            return nearest_read.nearest(self.parts, self.finishing, turn, last)
        if other := resuming.other_meaning(again, spec, turn.hearing):
            return self._which(turn, last, again, other)
        decision = self._resume(turn, again)
        corrects = again.how == "correction" and again.order
        return self.taking_back.disowning(turn, decision) if corrects else decision

    def small_talk(self, turn: Turn) -> Remark | None:
        """A line to what asks for nothing; "ok" and the like may mean what waits, and then are no small talk."""
        known, core = turn.hearing.catalogue.open_runs, turn.hearing.core
        kind = small_talk.read(core)
        if kind is None or (known and short_words.read(core)):
            return None
        names = [model.name for model in turn.hearing.catalogue.models]
        text, reads = small_talk.WORDS[kind], _OFFERED.get(kind, ())
        if kind == "hello" and names:
            text = f"{text} I look after {_listed(names)}. Ask me how they are, or say `help`."
        intents = [self.parts.by_playbook[name] for name in reads if name in self.parts.by_playbook]
        choices = tuple(self.finishing.offer(turn, intent, {}) for intent in intents)
        return Remark(text=text, choices=choices, heard={**turn.heard, "stage": "talk", "talk": kind})

    def from_what_is_open(self, turn: Turn, wished: Short | None = None) -> Decision | None:
        """Short words about a run: done when they can mean one thing and say what, else asked. wished: what they are
        known to mean.
        """
        core = turn.hearing.core
        if wished is None and (picked := self.picking.decide(turn)):
            return picked
        known, short = turn.hearing.catalogue.open_runs, wished or short_words.read(core)
        if known is None or short is None:
            return None
        turn = turn.noting(stage="open")
        if turn.hearing.reason is None:  # "ja, mach das" has no reason behind its comma
            turn = replace(turn, hearing=Hearing("", turn.hearing.catalogue))
        found = short_words.meant(short, known, turn.memory)
        schedule = turn.memory.schedule if turn.memory and short.wish == "cancel" else None
        if not found:
            return None if schedule else self._nothing_open(turn, short, core)
        withdrawn = short_words.withdraws(core) and len(found) == 1 and schedule is None
        if withdrawn and found[0].mine and found[0].waiting and not found[0].aside:
            return self.finishing.finish(
                turn, self.parts.by_playbook["cancel_run"], sure=True, given={"run": found[0].number}
            )
        intents = [(self.parts.by_playbook[short_words.playbook_for(short, run)], run) for run in found]
        if short_words.plain(short, found, turn.memory) and schedule is None and not turn.heard.get("doubtful"):
            return self.finishing.finish(turn, intents[0][0], sure=True, given={"run": found[0].number})
        choices = [self.finishing.offer(turn, intent, {"run": run.number}) for intent, run in intents[-_MAX_OPEN:]]
        if schedule:
            choices.append(self.finishing.offer(turn, self.parts.by_playbook["stop_schedule"], {"schedule": schedule}))
        named = [f"run {run.number} ({run.title})" for run in found] + ([f"schedule {schedule}"] if schedule else [])
        text = f"Do you mean {named[0]}?" if len(named) == 1 else f"Which one: {', '.join(named[:-1])} or {named[-1]}?"
        pending = Command(playbook=intents[0][0].playbook, inputs={})
        return Question(text=text, slot="playbook", choices=tuple(choices), pending=pending, heard=turn.heard)

    def _nothing_open(self, turn: Turn, short: Short, core: str) -> Decision | None:
        """Nothing to withdraw or to approve; what was just done can be taken back, what is cried for is heard after."""
        if short.wish == "cancel":
            if emergencies.cries(core) and turn.memory and turn.memory.model:
                return None
            back = self.taking_back.last_done(turn, "Nothing is open here. ")
            if back is not None:
                return back
        return _nothing_open(turn, short)

    def _answer(self, turn: Turn, question: Question) -> Decision | None:
        picked = followup.answered(question, turn.hearing.lower)
        if picked is False:
            return Refusal(
                why="All right, nothing was started.",
                help=HELP,
                heard={**turn.heard, "stage": "memory", "closed": True},
            )
        if picked is True:
            return question.model_copy(update={"heard": turn.heard})
        if isinstance(picked, Choice):
            bind = {**picked.bind, **({"dry_run": "true"} if question.heard.get("dry_run") else {})}
            return self.clicked(bind, turn.memory, turn.hearing.catalogue)
        spec = self.parts.specs.get(question.pending.playbook)
        found = followup.slot_answer(question, spec, turn.hearing) if spec else None
        if found is None and question.slot in {"playbook", ""}:
            found = followup.late_values(question, self.parts.specs, turn.hearing)
        if isinstance(found, Question):
            return found.model_copy(update={"heard": {**turn.heard, **_dry(question), "stage": "memory"}})
        return self._resume(turn.noting(**_dry(question)), found) if found else None

    def _which(self, turn: Turn, last: Command, again: followup.Resumed, other: dict[str, Any]) -> Question:
        """A number alone that may be two of the values of the request before."""
        turn = replace(turn.noting(stage="memory"), hearing=Hearing("", turn.hearing.catalogue))
        intent = self.parts.by_playbook[last.playbook]
        choices = tuple(self.finishing.offer(turn, intent, given) for given in (again.given, {**last.inputs, **other}))
        pending = Command(playbook=last.playbook, inputs={})
        return Question(text="Which do you mean?", slot="playbook", choices=choices, pending=pending, heard=turn.heard)

    def _resume(self, turn: Turn, found: followup.Resumed) -> Decision:
        turn = turn.noting(stage="memory", follow_up=found.how, doubtful=False)
        return self.finishing.finish(
            turn, self.parts.by_playbook[found.playbook], sure=True, given=found.given, order=found.order
        )


def _listed(names: list[str]) -> str:
    shown = names[:_NAMED] if len(names) <= _NAMED else [*names[: _NAMED - 1], f"{len(names) - _NAMED + 1} more"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _nothing_open(turn: Turn, short: Short) -> Refusal:
    what = "is under way here that could be stopped" if short.wish == "cancel" else "waits for an approval here"
    helps = "`runs` lists what was asked for elsewhere." if short.wish == "cancel" else "`approvals` lists what waits."
    return Refusal(why=f"Nothing {what}. Nothing was started.", help=helps, heard=turn.heard)


def _dry(question: Question) -> dict[str, Any]:
    return {"dry_run": True} if question.heard.get("dry_run") else {}
