"""In which environment something is meant: said in the words, remembered of the thread, or asked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from bizaiops_bot.domain.environments import spoken_service
from bizaiops_bot.domain.routing import Choice, Command, Decision, PlaybookSpec, Question, Refusal, Remark
from bizaiops_bot.router.finishing import Finishing
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.parts import Parts
from bizaiops_bot.router.slots import environments
from bizaiops_bot.router.turn import Turn
from bizaiops_bot.router.undoing import DEFAULT

PLACE, SOURCE = "environment", "source"
_ANYWHERE = frozenset({"help"})
"""What is answered alike wherever it is asked about."""
_ASKS = re.compile(r"(?:and|now|then|also|what about|how about)\b")
_NUMBERED = frozenset({"run", "alert", "schedule", "reminder"})
"""Kinds of blanks that say by themselves what is meant, wherever that is: numbers are given once for all."""
_DEPLOYS = "deploy_model"


@dataclass(frozen=True)
class Somewhere:
    """Every decision goes through here last, so that no way through the router can lose an environment."""

    parts: Parts
    finishing: Finishing

    def moved(self, turn: Turn) -> Decision | None:
        """ "Promote churn from staging to production": a deployment of the version that is stable there."""
        if SOURCE not in turn.heard or _DEPLOYS not in self.parts.by_playbook:
            return None
        source, target = str(turn.heard[SOURCE]), str(turn.heard[PLACE])
        named = list(dict.fromkeys(str(m.value) for m in turn.hearing.models))
        remembered = turn.memory.model if turn.memory and not named else None
        model = named[0] if len(named) == 1 else remembered
        if model is None:
            return Refusal(
                why="That names no model, or more than one.",
                help=f"Say for example: promote churn from {source} to {target}.",
                heard=turn.heard,
            )
        given: dict[str, Any] = {"model": model, SOURCE: source}
        if not turn.hearing.versions:
            default = turn.hearing.catalogue.environments[0][0]
            stable = self._everywhere(turn).get(spoken_service(model, None if source == default else source))
            if stable is None:
                why = f"Nobody knows which version of {model} is stable in {source}."
                return Refusal(why=why, help=f"Name it: deploy {model} v2 to {target}.", heard=turn.heard)
            given["version"] = stable
        return self.finishing.finish(turn, self.parts.by_playbook[_DEPLOYS], sure=False, given=given)

    def again(self, turn: Turn) -> Decision | None:
        """ "No, production", "same in staging": what was asked for last, there; None for anything else."""
        memory, said = turn.memory, turn.heard.get(PLACE)
        if memory is None or not said or SOURCE in turn.heard:
            return None
        known = turn.hearing.catalogue.environments
        rest = environments.again(str(turn.heard["text"]), known)
        if rest is None:
            return None
        if memory.pending is not None:
            binds = [c.bind for c in memory.pending.choices if c.label.lower() == f"in {said}"]
            return self._ordered(turn, binds[0]["playbook"], json.loads(binds[0]["inputs"])) if binds else None
        last = memory.last
        if last is None or not last.inputs.get("model") or PLACE not in _slots(self.parts.specs[last.playbook]):
            return None
        inputs = _with(last.inputs, str(said), known[0][0])
        if _ASKS.match(rest) and self.parts.specs[last.playbook].risk != "read":
            nothing = replace(turn, hearing=Hearing("", turn.hearing.catalogue), memory=None)
            return self.finishing.confirm(nothing, self.parts.by_playbook[last.playbook], "Did you mean…", inputs)
        return self._ordered(turn, last.playbook, inputs)

    def _ordered(self, turn: Turn, playbook: str, inputs: dict[str, Any]) -> Command:
        return Command(playbook=playbook, inputs=inputs, heard={**turn.heard, "stage": "memory"})

    def _everywhere(self, turn: Turn) -> dict[str, str]:
        return dict(turn.everywhere.stable) if turn.everywhere is not None else turn.hearing.catalogue.stable

    def placed(self, turn: Turn, decision: Decision) -> Decision:
        """The decision in the environment that is meant. One that has no environments is asked about without it."""
        known = turn.hearing.catalogue.environments
        if len(known) < 2 or (isinstance(decision, Refusal) and not decision.choices and "open" not in decision.heard):
            return self._nowhere_else(turn, decision)
        default, said = known[0][0], str(turn.heard.get(PLACE, ""))
        unsure = self._unsure(turn, decision, [name for name, _ in known])
        if unsure is not None:
            return unsure
        said = said or str(turn.heard.get("beside", "")) * (not self._changes(decision))
        remembered = (turn.memory.environment or "") if turn.memory else ""
        loose = not said
        if not said and remembered and not turn.hearing.models:
            said = remembered
        if isinstance(decision, Command):
            if not said and remembered and self._changes_what_is_spoken_of(turn, decision):
                return self._asked(decision, (remembered, default))
            return self._of_command(decision, said, default, loose=loose)
        if not said:
            about = remembered and turn.memory is not None and _speaks_of(decision, turn.memory.model)
            return self._both(decision, (remembered, default)) if about and self._changes(decision) else decision
        return self._of_others(turn, decision, said, default, loose=loose)

    def _unsure(self, turn: Turn, decision: Decision, places: list[str]) -> Decision | None:
        """What is said of a change whose place was said in a way that leaves it open; None where it was not."""
        if not self._changes(decision):
            return None
        if strange := str(turn.heard.get("strange", "")):
            if isinstance(decision, Command) and self.parts.specs[decision.playbook].safety:
                # It may have been no place at all, and what brings safety stays one click away.
                return self._asked(decision, (*places[1:], places[0]), f"{strange} ")
            return Refusal(why=strange, heard=turn.heard)
        many, beside = turn.heard.get("many"), turn.heard.get("beside")
        if not (many or beside) or (many and isinstance(decision, Command) and not decision.inputs.get("model")):
            return None
        if isinstance(decision, Command):
            lead = "I act in one environment at a time. " if many else ""
            return self._asked(decision, (*places[1:], places[0]), lead)
        return self._both(decision, (*places[1:], places[0]))

    def _changes(self, decision: Decision) -> bool:
        """Whether it does something in an environment, or would with a click."""
        if isinstance(decision, Command):
            wanted = [decision.playbook]
        else:
            wanted = [choice.bind.get("playbook", "") for choice in decision.choices]
            wanted += [decision.pending.playbook] if isinstance(decision, Question) else []
        specs = [self.parts.specs[name] for name in wanted if name in self.parts.specs]
        return any(spec.risk != "read" and PLACE in _slots(spec) for spec in specs)

    def _both(self, decision: Question | Refusal | Remark, places: tuple[str, ...]) -> Decision:
        """Each button of a change once for each place; a question for a value asks for the place first."""
        if isinstance(decision, Question) and decision.slot not in {"playbook", ""}:
            return self._asked(decision.pending, places)
        choices: list[Choice] = []
        for choice in decision.choices:
            spec = self.parts.specs.get(choice.bind.get("playbook", ""))
            if spec is None or spec.risk == "read" or PLACE not in _slots(spec):
                choices.append(choice)
                continue
            for place in places:
                inputs = _with(json.loads(choice.bind.get("inputs", "{}")), place, places[-1])
                bind = {**choice.bind, "inputs": json.dumps(inputs)}
                there = f" in {place}"
                choices.append(Choice(label=f"{choice.label}{there}", command=f"{choice.command}{there}", bind=bind))
        return decision.model_copy(update={"choices": tuple(choices)})

    def _nowhere_else(self, turn: Turn, decision: Decision) -> Decision:
        names = [name for name, _ in turn.hearing.catalogue.environments]
        if isinstance(decision, Refusal) and decision.heard.get("mood") == "elsewhere" and len(names) > 1:
            why = f"I know {' and '.join(names)}, no other place, region or cluster. Nothing was started."
            return decision.model_copy(update={"why": why})
        return decision

    def _changes_what_is_spoken_of(self, turn: Turn, command: Command) -> bool:
        """A change of the model by its name, in a thread about another environment, might be meant there."""
        spec, memory = self.parts.specs[command.playbook], turn.memory
        if PLACE not in _slots(spec) or spec.risk == "read" or PLACE in command.inputs:
            return False
        return memory is not None and memory.model == command.inputs.get("model")

    def _asked(self, command: Command, places: tuple[str, ...], lead: str = "") -> Question:
        default = places[-1]
        choices = []
        for place in places:
            inputs = _with(command.inputs, place, default, everywhere=not command.inputs.get("model"))
            words = " ".join(str(v) for v in (command.inputs.get("model"), command.inputs.get("version")) if v)
            bind = {"playbook": command.playbook, "inputs": json.dumps(inputs)}
            verb = command.playbook.removesuffix("_model").replace("_", " ")
            choices.append(Choice(label=f"In {place}", command=f"{verb} {words} in {place}", bind=bind))
        text = f"{lead}In {' or in '.join(places)}?"
        pending = Command(playbook=command.playbook, inputs=command.inputs)
        return Question(text=text, slot="playbook", choices=tuple(choices), pending=pending, heard=command.heard)

    def _of_command(self, command: Command, said: str, default: str, *, loose: bool = False) -> Decision:
        """loose: remembered, so that it is nothing to what has no environments, nor to what names its own."""
        own = command.inputs.get(PLACE)
        if own == DEFAULT:
            return command.model_copy(update={"inputs": _with(command.inputs, default, default)})
        if not said or (loose and own):
            return command
        spec = self.parts.specs[command.playbook]
        if PLACE in _slots(spec) and not (loose and not command.inputs.get("model")):
            more = (self._of_command(one, said, default, loose=loose) for one in command.beside)
            beside = tuple(one for one in more if isinstance(one, Command))
            inputs = _with(command.inputs, said, default, everywhere=not command.inputs.get("model"))
            return command.model_copy(update={"inputs": inputs, "beside": beside})
        if loose or said == default or _anywhere(spec, command.inputs):
            return command
        why = f"{spec.title}: that is known of {default} alone, not of {said}."
        return Refusal(why=why, help=f"Ask it without {said!r} to hear of {default}.", heard=command.heard)

    def _of_others(
        self, turn: Turn, decision: Question | Refusal | Remark, said: str, default: str, *, loose: bool
    ) -> Decision:
        """Buttons, open blanks and what is pending keep the environment as well."""
        offered = (self._choice(choice, said, default, loose=loose) for choice in decision.choices)
        choices = tuple(choice for choice in offered if choice is not None)
        if isinstance(decision, Question):
            if decision.choices and not choices:
                return self._of_command(decision.pending, said, default)
            pending = decision.pending
            if PLACE in _slots(self.parts.specs[pending.playbook]):
                pending = pending.model_copy(update={"inputs": _with(pending.inputs, said, default)})
            return decision.model_copy(update={"choices": choices, "pending": pending})
        heard = decision.heard
        if "open" in heard and PLACE in _slots(self.parts.specs[heard["open"]["playbook"]]):
            heard = {**heard, "open": {**heard["open"], "inputs": _with(heard["open"]["inputs"], said, default)}}
        return self._nowhere_else(turn, decision.model_copy(update={"choices": choices, "heard": heard}))

    def _choice(self, choice: Choice, said: str, default: str, *, loose: bool) -> Choice | None:
        """None for a request that has no environments, where another than the default one is meant."""
        spec = self.parts.specs.get(choice.bind.get("playbook", ""))
        if spec is None or (said == default and not loose):
            return choice
        known = json.loads(choice.bind.get("inputs", "{}"))
        if loose and known.get(PLACE) == DEFAULT:
            plain = json.dumps(_with(known, default, default))
            return choice.model_copy(update={"bind": {**choice.bind, "inputs": plain}})
        if PLACE not in _slots(spec) or (loose and not known.get("model")):
            return choice if loose or _anywhere(spec, known) else None
        inputs = _with(known, said, default)
        there = f" in {said}"
        label = f"{choice.label}{there}" if " " in choice.label and not choice.label.endswith(there) else choice.label
        bind = {**choice.bind, "inputs": json.dumps(inputs)}
        return Choice(label=label, command=f"{choice.command.removesuffix(there)}{there}", bind=bind)


def _speaks_of(decision: Question | Refusal | Remark, model: str | None) -> bool:
    """Whether a button or what is asked for is about `model` in no environment that it names."""
    binds = [json.loads(choice.bind.get("inputs", "{}")) for choice in decision.choices]
    binds += [decision.pending.inputs] if isinstance(decision, Question) else []
    return any(inputs.get("model") == model and PLACE not in inputs for inputs in binds)


def _anywhere(spec: PlaybookSpec, inputs: dict[str, Any]) -> bool:
    """Whether a request is the same wherever it is asked for: it goes by a number, or could by nothing else."""
    numbered = [slot for slot in spec.slots if slot.kind in _NUMBERED]
    alone = bool(numbered) and all(slot.kind != "model" for slot in spec.slots)
    return spec.name in _ANYWHERE or alone or any(slot.name in inputs for slot in numbered)


def _slots(spec: PlaybookSpec) -> set[str]:
    return {slot.name for slot in spec.slots}


def _with(inputs: dict[str, Any], said: str, default: str, *, everywhere: bool = False) -> dict[str, Any]:
    """everywhere: left out it means all environments, so that the default one has to be said too."""
    rest = {name: value for name, value in inputs.items() if name != PLACE}
    return rest if said == default and not everywhere else {**rest, PLACE: said}
