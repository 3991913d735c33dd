"""A plan: exactly what a playbook will do, as canonical JSON and its SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from bizaiops_bot.domain.cards import DiffLine
from bizaiops_bot.domain.values import Value

NOT_TOLD = ("guard=", "artifact=")
"""Arguments that the plan binds and that tell people nothing: the state outside that it was made on, an address."""


class PlanStep(Value):
    """One thing the run will do, in order. `call` names the port method, `args` its arguments as text."""

    name: str
    kind: Literal["step", "gate", "judge", "wait", "undo"]
    call: str = ""
    args: tuple[str, ...] = ()
    changes: tuple[DiffLine, ...] = ()
    detail: str = ""


class GateSpec(Value):
    """Who must agree before the run goes on: `quorum` of those with `role` or among `people`, never the requester.

    expires, escalate: spans of the bot's clock since the gate opened; at each (span, role or person) of `escalate`
    those who have not decided are told again. The quorum never gets lower.
    """

    name: str
    question: str
    quorum: int = 1
    role: str = "approver"
    people: tuple[str, ...] = ()
    expires: str = "24h"
    escalate: tuple[tuple[str, str], ...] = ()
    undo: str = ""
    """How a person takes it back afterwards, in words to type."""
    foresight: str = ""
    """What the run will be able to show, in numbers as they were when the plan was made."""


class PlanLine(Value):
    """One line of a plan as people read it; `number` is None for what is done only on failure or cancel."""

    number: int | None
    name: str
    words: str
    below: tuple[str, ...] = ()


class Plan(Value):
    """What is approved is what is executed: a decision binds to `hash`."""

    playbook: str
    inputs: dict[str, Any]
    steps: tuple[PlanStep, ...]
    gates: tuple[GateSpec, ...]
    patches: tuple[str, ...] = ()
    """Changes of the playbook's code that this plan knows; see `Run.patched`."""
    quorum: int | None = None
    """How many must agree at each approval because the environment says so; 0: nobody is asked, None: as the playbook
    says.
    """

    @property
    def canonical(self) -> str:
        """The same plan gives the same text in every version of the bot: what came later is left out while empty."""
        body = self.model_dump(mode="json")
        _drop_empty(body, ("patches",))
        if self.quorum is None:
            del body["quorum"]
        if body["inputs"].get("environment", "") is None:
            del body["inputs"]["environment"]
        for gate in body["gates"]:
            _drop_empty(gate, ("people", "escalate", "foresight"))
        return canonical_json(body)

    @property
    def hash(self) -> str:
        """64 hexadecimal digits; people see the first 12."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @property
    def starts_with_a_gate(self) -> bool:
        """Whether nothing at all is done before people have agreed."""
        return bool(self.steps) and self.steps[0].kind == "gate"

    @property
    def changes(self) -> tuple[DiffLine, ...]:
        """What is different when all has gone well."""
        return tuple(line for step in self.steps if step.kind != "undo" for line in step.changes)

    def question(self, name: str, question: str, *, expires: str = "24h") -> GateSpec:
        """What is asked on the way, of those who may approve the plan: a yes needs as many of them as the plan itself
        did, and one where it needed nobody; one is enough for a no.
        """
        like = max(self.gates, key=lambda gate: gate.quorum, default=GateSpec(name=name, question=question))
        return GateSpec(
            name=name, question=question, quorum=like.quorum, role=like.role, people=like.people, expires=expires
        )

    def undone_by(self, gate: str) -> str:
        """How the plan is taken back, by itself and by a person, where it goes on after `gate`."""
        undo = [step.name for step in self.steps if step.kind == "undo"]
        ways = [f"by itself on failure or cancel: {', '.join(undo)}"] if undo else []
        ways += [f"afterwards: {spec.undo}" for spec in self.gates if spec.name == gate and spec.undo]
        return "; ".join(ways) or "nothing has to be undone"

    def lines(self) -> tuple[PlanLine, ...]:
        """What will be done, in order; undo steps stand before the first step they cover."""
        gates = {gate.name: gate for gate in self.gates}
        found: list[PlanLine] = []
        number = 0
        for step in self.steps:
            number += step.kind != "undo"
            found.append(_line(step, None if step.kind == "undo" else number, gates.get(step.name)))
        return tuple(found)

    def words(self) -> str:
        """The plan to read: numbered steps with what changes from what to what, who must agree, what is undone."""
        inputs = [f"{name}={value}" for name, value in self.inputs.items() if value is not None]
        text = [" ".join([self.playbook, *inputs])]
        for line in self.lines():
            mark = "    " if line.number is None else f"{line.number:>2}. "
            text += [f"{mark}{line.name}{f': {line.words}' if line.words else ''}", *(f"      {b}" for b in line.below)]
        return "\n".join([*text, f"plan {self.hash[:12]}"])


def gate_words(gate: GateSpec) -> str:
    """Who must agree, and by when."""
    who = " or ".join([f"with the role {gate.role}", *gate.people])
    told = "".join(f"; after {span} {whom} is told again" for span, whom in gate.escalate)
    return f"{gate.quorum} must approve: {who}, never who asked; within {gate.expires}{told}"


def _line(step: PlanStep, number: int | None, gate: GateSpec | None) -> PlanLine:
    changes = tuple(f"{line.what}: {line.before} -> {line.after}" for line in step.changes)
    if step.kind == "gate" and gate is not None:
        back = (f"taken back afterwards: {gate.undo}",) if gate.undo else ()
        seen = (f"can show: {gate.foresight}",) if gate.foresight else ()
        return PlanLine(number=number, name=step.name, words=step.detail, below=(gate_words(gate), *seen, *back))
    if step.kind == "undo":
        where = f" ({step.detail})" if step.detail else ""
        return PlanLine(number=None, name=f"on failure or cancel{where}", words=step.name, below=changes)
    told = [arg for arg in step.args if not arg.startswith(NOT_TOLD)]
    return PlanLine(number=number, name=step.name, words=step.detail or ", ".join(told), below=changes)


def _drop_empty(body: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if not body[name]:
            del body[name]


def canonical_json(value: Mapping[str, Any] | list[Any]) -> str:
    """One spelling for one value: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
