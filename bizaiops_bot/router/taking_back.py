"""What is taken back: a plan that the speaker withdraws or disowns, and the last thing that was done in the thread."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bizaiops_bot.domain.routing import Command, Decision, OpenRun, Question, Remark
from bizaiops_bot.router import followup, undoing
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.formats import say
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.turn import Turn

DISOWNS = "disowns"
"""In what was heard: the number of the waiting run that these words disown."""


_NOT = re.compile(r"(?:no,? |oh no,? |sorry,? |wait,? )*(?:not|but not|don'?t)(?: for| the| of| on)* ")


@dataclass(frozen=True)
class TakingBack:
    """Everything here is about what the speaker did or asked for, never about somebody else's run."""

    parts: Parts
    finishing: Finishing

    def undo(self, turn: Turn) -> Decision | None:
        """ "Undo that": the own plan is withdrawn, a run at work is stopped, what is done is offered the other way."""
        if turn.memory is None or not (undoing.wished(turn.hearing.core) or self._denies_its_model(turn)):
            return None
        turn = replace(turn, hearing=Hearing("", turn.hearing.catalogue)).noting(stage="memory", follow_up="undo")
        run = self._asked_for(turn)
        cancel = self.parts.by_playbook.get("cancel_run")
        if run is not None and cancel is not None:
            if run.waiting:
                return self.finishing.finish(turn, cancel, sure=True, given={"run": run.number})
            text = f"Run {run.number} ({run.title}) is at work. Stop it and undo what it changed?"
            return self.finishing.confirm(turn, cancel, text, {"run": run.number})
        return self.last_done(turn, "")

    def _denies_its_model(self, turn: Turn) -> bool:
        """Whether "not churn" alone is said to the plan for churn."""
        said, run, last = turn.hearing, self._asked_for(turn), turn.memory.last if turn.memory else None
        named = [str(m.value) for m in said.models]
        about = last is not None and named == [last.inputs.get("model")]
        return run is not None and about and bool(_NOT.fullmatch(said.core[: said.models[0].start]))

    def last_done(self, turn: Turn, lead: str) -> Decision | None:
        """The opposite of what was done last in this thread, with its one button; None where nothing is known.

        lead: what is said before it.
        """
        memory = turn.memory
        found = undoing.inverse(memory.changed, memory) if memory is not None and memory.changed is not None else None
        if memory is None or memory.changed is None or found is None or found[0] not in self.parts.by_playbook:
            return None
        intent, done = self.parts.by_playbook[found[0]], memory.changed
        turn = replace(turn, hearing=Hearing("", turn.hearing.catalogue))
        if done.playbook in {"roll_back_model", "scale_model"}:  # what was before is for the person to say
            return self.finishing.finish(turn, intent, sure=True, given=found[1])
        said = say(self.parts.by_playbook[done.playbook], done.inputs)
        return self.finishing.confirm(
            turn, intent, f"{lead}The last thing done here was `{said}`. Take it back?", found[1]
        )

    def nothing_done(self, turn: Turn) -> Remark | None:
        """Said to "undo that" where nothing is known that could be."""
        if not undoing.wished(turn.hearing.core) or not turn.hearing.core.startswith(("undo", "revert", "reverse")):
            return None
        runs = self.parts.by_playbook.get("list_runs")
        choices = (self.finishing.offer(turn, runs, {}),) if runs else ()
        text = "Nothing was done in this thread that I could take back."
        return Remark(text=text, choices=choices, heard={**turn.heard, "stage": "memory"})

    def disowning(self, turn: Turn, decision: Decision) -> Decision:
        """`decision` of a correction, with the plan that it disowns. The same request with another value is an edit of
        that plan and disowns nothing; what is at work already is asked about.
        """
        run, last = self._asked_for(turn), turn.memory.last if turn.memory else None
        if run is None or last is None or self.parts.specs[last.playbook].risk != "change":
            return decision
        if isinstance(decision, Command) and _is_edit(last, decision):
            return decision
        if run.waiting:
            return decision.model_copy(update={"heard": {**decision.heard, DISOWNS: run.number}})
        return self._at_work(turn, run, decision)

    def _at_work(self, turn: Turn, run: OpenRun, decision: Decision) -> Decision:
        cancel = self.parts.by_playbook.get("cancel_run")
        if cancel is None or not isinstance(decision, Command):
            return decision
        choices = (
            self.finishing.offer(turn, cancel, {"run": run.number}),
            self.parts.telling.as_choice(decision),
        )
        text = f"Run {run.number} ({run.title}) is at work already. Stop it, and then the other?"
        pending = Command(playbook=cancel.playbook, inputs={})
        return Question(text=text, slot="playbook", choices=choices, pending=pending, heard=decision.heard)

    def _asked_for(self, turn: Turn) -> OpenRun | None:
        """The speaker's own run that the thread speaks of, while it is open."""
        memory, known = turn.memory, turn.hearing.catalogue.open_runs or ()
        number = memory.run if memory else None
        return next((run for run in known if run.mine and run.number == number), None)


def _is_edit(last: Command, new: Command) -> bool:
    same = new.playbook == last.playbook and new.inputs.get("model") == last.inputs.get("model")
    return same and new.inputs.get("version") in {None, last.inputs.get("version")}


def corrects(turn: Turn) -> str:
    """What is left of words that begin by disowning ("no, I meant pause churn"); "" for all others."""
    return followup.behind_no(turn.hearing.text)
