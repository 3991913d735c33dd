"""A typed function becomes a playbook."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_type_hints

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.routing import PlaybookSpec, SlotSpec
from bizaiops_bot.domain.values import SlotKind
from bizaiops_bot.playbook.inputs import Inputs, Outputs
from bizaiops_bot.playbook.run import Run

Risk = Literal["read", "control", "change"]
PlaybookBody = Callable[[Run, Any], Awaitable[Card | Outputs]]


@dataclass(frozen=True)
class Playbook:
    """A registered playbook. `body(run, inputs)` returns the card that says how it ended, within `output` if that is
    not None.
    """

    name: str
    title: str
    risk: Risk
    inputs: type[Inputs]
    body: PlaybookBody
    help: str
    output: type[Outputs] | None = None
    safety: bool = False

    def spec(self) -> PlaybookSpec:
        """Typed blanks for the router, forms and docs."""
        slots = tuple(_slots(self.inputs))
        return PlaybookSpec(name=self.name, title=self.title, risk=self.risk, slots=slots, safety=self.safety)


def playbook(*, title: str, risk: Risk, safety: bool = False) -> Callable[[PlaybookBody], Playbook]:
    """Makes `async def name(run: Run, ask: SomeInputs) -> Card` a playbook named like the function.

    It may return a subclass of Outputs instead of the Card. risk: "read" answers at once; "control" changes only the
    bot's own state (cancel, freeze, schedules), at once; "change" touches the world: it gets a plan, approvals and a
    durable run, one at a time per model. safety: it makes things safe again and goes first: it takes the place of what
    only waits for its model, stops what is at work on it, and by the shipped policy no freeze or budget holds it back.
    """

    def register(body: PlaybookBody) -> Playbook:
        hints = get_type_hints(body)
        output = hints.pop("return", None)
        inputs = next(reversed(hints.values()), None)
        if not (inspect.isclass(inputs) and issubclass(inputs, Inputs)):
            raise TypeError(f"{body.__name__}: the second argument must be annotated with a subclass of Inputs")
        if not (inspect.isclass(output) and issubclass(output, Card | Outputs)):
            raise TypeError(f"{body.__name__}: the result must be annotated with Card or a subclass of Outputs")
        typed = output if issubclass(output, Outputs) else None
        return Playbook(body.__name__, title, risk, inputs, body, inspect.getdoc(inputs) or title, typed, safety)

    return register


def card_and_output(result: Card | Outputs) -> tuple[Card, dict[str, Any] | None]:
    """What a body returned as the card for people and the JSON for programs, None when it has no typed fields."""
    if isinstance(result, Outputs):
        return result.card, result.model_dump(mode="json", exclude={"card"})
    return result, None


def _slots(inputs: type[Inputs]) -> Iterable[SlotSpec]:
    for name, field in inputs.model_fields.items():
        kind = next((m.name for m in field.metadata if isinstance(m, SlotKind)), None)
        if kind is None:
            kind = next((m.name for m in _nested_metadata(field.annotation) if isinstance(m, SlotKind)), "text")
        yield SlotSpec(name=name, kind=kind, required=field.is_required(), description=field.description or "")


def _nested_metadata(annotation: Any) -> Iterable[Any]:
    for arg in getattr(annotation, "__args__", ()):
        yield from getattr(arg, "__metadata__", ())
