"""Stage 4: the typed blanks of a playbook, filled from words, memory and catalogue; what cannot be is asked back or
refused.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bizaiops_bot.domain.routing import Catalogue, Choice, Command, Memory, PlaybookSpec, Question, SlotSpec
from bizaiops_bot.router.formats import said, say
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.intents import Intent, SlotHint
from bizaiops_bot.router.readers import kinds
from bizaiops_bot.router.readers.blanks import MOST_CHOICES, Back, either
from bizaiops_bot.router.readers.models import no_model
from bizaiops_bot.router.readers.numbers import remembered
from bizaiops_bot.router.readers.texts import read_text
from bizaiops_bot.router.readers.times import what_time
from bizaiops_bot.router.readers.versions import known_version, not_meant
from bizaiops_bot.router.slots import names
from bizaiops_bot.router.slots import versions as said_versions

_READ_FIRST = frozenset({"model", "person", "text", "run", "schedule", "alert"})
"""Words may hold a name or a number of these that nobody knows, which has to be told."""
_ORDER = {
    "model": 0,
    "version": 1,
    "blamed": 2,
    "percent": 2,
    "replicas": 2,
    "kpi": 3,
    "window": 4,
    "time_zone": 5,
    "cron": 6,
}


@dataclass
class Filling:
    """Fills the slots of one playbook from one hearing: the Blanks that its readers read for. `given` is known already
    and wins over words and memory.

    kept: what the person said of the same request a moment ago, while it is open: for slots of which these words say
    nothing. `recalled` has those that were filled so.
    """

    intent: Intent
    spec: PlaybookSpec
    hearing: Hearing
    memory: Memory | None
    vocabulary: frozenset[str]
    unknown: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    recalled: list[str] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)

    @property
    def catalogue(self) -> Catalogue:
        return self.hearing.catalogue

    def run(self) -> dict[str, Any]:
        """The inputs, JSON-able and by slot name. Raises Back."""
        self.inputs = {}
        for slot in self._in_order():
            value = self._value(slot)
            if value is not None:
                self.inputs[slot.name] = value
            elif slot.required:
                raise Back(self._ask(slot))
        return self.inputs

    def partial(self) -> dict[str, Any]:
        """As much as can be filled; never raises."""
        self.inputs = {}
        for slot in self._in_order():
            with suppress(Back):
                value = self._value(slot)
                if value is not None:
                    self.inputs[slot.name] = value
        return dict(self.inputs)

    def _in_order(self) -> list[SlotSpec]:
        return sorted(self.spec.slots, key=lambda slot: _ORDER.get(slot.kind, 9))

    def _value(self, slot: SlotSpec) -> Any:
        given = self.given.get(slot.name)
        if given is not None:
            return self._checked(slot, given)
        unsaid = slot.kind not in _READ_FIRST and not self.hearing.of_kind(slot.kind)
        value = None if unsaid and slot.name in self.kept else kinds.read(self, slot)
        return value if value is not None or slot.name not in self.kept else self._recall(slot)

    def _recall(self, slot: SlotSpec) -> Any:
        """The value that was said before, unless these words are about another model or version than that was."""
        about = {name: self.inputs[name] for name in ("model", "version") if name in self.inputs}
        if any(self.kept.get(name, value) != value for name, value in about.items()):
            return kinds.read(self, slot)
        self.recalled.append(slot.name)
        return self._checked(slot, self.kept[slot.name])

    def _checked(self, slot: SlotSpec, value: Any) -> Any:
        """A value known from before, looked up again: the catalogue may have changed, or the model with it."""
        if slot.kind == "model" and value not in {model.name for model in self.catalogue.models}:
            raise Back(no_model(self, str(value)))
        if slot.kind == "version":
            return known_version(self, slot, str(value), exact=True)
        if slot.kind == "blamed" and self.inputs.get("version"):
            return None  # where to go is said
        if slot.kind == "person" and value not in self.catalogue.people:
            return None
        if slot.kind == "cron" and "{time}" in str(value):
            raise Back(what_time(self, slot, str(value)))
        if slot.kind == "kpi" and value not in {
            name for name, _ in self.catalogue.kpis.get(self.inputs.get("model", ""), ())
        }:
            return None
        return value

    # questions

    def _ask(self, slot: SlotSpec) -> Question:
        hint = self.intent.slots.get(slot.name, SlotHint()).ask
        model = self.inputs.get("model", "")
        if slot.kind == "model":
            known = [m.name for m in self.catalogue.models]
            return self.choose(slot, f"Which model: {either(known)}?", known)
        if slot.kind == "version":
            stable = self.catalogue.stable.get(model)
            bad = {stable, *self.hearing.sides.culprits}
            known = [v for v in reversed(self.catalogue.versions.get(model, ())) if v not in bad][:4]
            return self.choose(
                slot, f"Which version of {model}: {either(known)}?" if known else f"Which version of {model}?", known
            )
        if slot.kind == "fault":
            return self.choose(slot, hint or "Which fault?", list(names.FAULTS))
        if slot.kind == "cron":
            return self.choose(slot, hint or "How often, and at what time?", ["0 9 * * 1", "30 8 * * 1-5", "0 7 * * *"])
        if slot.kind == "replicas":
            return self.choose(slot, hint or f"To how many replicas (1 to 50) shall I scale {model}?", [1, 2, 3])
        return self.choose(slot, hint or f"Which {slot.description.lower() or slot.name}?", self._other_meaning(slot))

    def _other_meaning(self, slot: SlotSpec) -> list[Any]:
        if slot.kind == "person":
            return list(self.catalogue.people)
        number = remembered(self, slot)
        return [number] if number else []

    def choose(self, slot: SlotSpec, text: str, values: list[Any]) -> Question:
        choices = tuple(self.choice(slot.name, value) for value in values[:MOST_CHOICES])
        pending = Command(playbook=self.spec.name, inputs=self.known(slot.name))
        return Question(text=text, slot=slot.name, choices=choices, pending=pending)

    def choice(self, slot: str, value: Any, *, label: str = "", rest: dict[str, Any] | None = None) -> Choice:
        inputs = {**self._others(slot), **(rest or {}), slot: value}
        if slot == "version":
            inputs.pop("blamed", None)
        bind = {"playbook": self.spec.name, "inputs": json.dumps(inputs)}
        spoken = {name: known for name, known in inputs.items() if "{" not in str(known)}
        return Choice(label=label or said(slot, value), command=say(self.intent, spoken), bind=bind)

    def known(self, wanted: str) -> dict[str, Any]:
        """What is understood so far, the slot `wanted` left out."""
        return {name: value for name, value in self._others(wanted).items() if name != wanted}

    def _others(self, wanted: str) -> dict[str, Any]:
        """What the words already say about the other slots, so that a click loses nothing."""
        inputs = {**self.given, **self.inputs}
        for slot in self.spec.slots:
            if slot.name == wanted or slot.name in inputs or slot.kind == "model":
                continue
            if slot.kind == "text":
                with suppress(Back):
                    inputs |= {slot.name: value} if (value := read_text(self, slot)) is not None else {}
                continue
            if slot.kind == "kpi":
                named = {name for _, name in (m.value for m in self.hearing.kpis)}
                inputs |= {slot.name: named.pop()} if len(named) == 1 else {}
                continue
            mentions = [m for m in self.hearing.of_kind(slot.kind) if not m.problem and m.sure]
            if slot.kind == "version":
                mentions = [m for m in mentions if m.value not in {*said_versions.NAMED, *not_meant(self)}]
            if slot.kind == "blamed":
                mentions = [m for m in mentions if m.value in not_meant(self) and "version" not in inputs]
            alike = [s.name for s in self.spec.slots if s.kind == slot.kind]
            if len(mentions) == len(alike) or 1 < len(alike) <= len(mentions):  # "compare v2 and v3" has one for each
                value = mentions[alike.index(slot.name)].value
                inputs[slot.name] = value[0] if slot.kind == "cron" else value
        return inputs
