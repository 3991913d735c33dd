"""The one form a routing answer can have: built from the offered playbooks, with the names that exist as enums."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from bizaiops_bot.domain.routing import Catalogue, PlaybookSpec, SlotSpec
from bizaiops_bot.router import questions
from bizaiops_bot.router.slots.names import FAULTS
from bizaiops_bot.router.slots.versions import NAMED

MOST_NAMES = 200
"""Names of one kind that are listed; beyond that the value is a plain text, and looked up as always."""
CLARIFY, NONE = "clarify", "none"
_STRICT = ConfigDict(extra="forbid")
_NUMBERS = {
    "percent": "whole percent, 1 to 100",
    "replicas": "how many copies, 1 to 50",
    "run": "number of the run",
    "schedule": "number of the schedule",
    "alert": "number of the alert",
    "reminder": "number of the reminder",
}
_QUESTION: dict[str, Any] = {
    questions.ABOUT: (
        Literal[tuple(questions.answerable())],
        Field(description="of what, what is told of it, which side"),
    ),
    "of_kind": (Literal[questions.KINDS] | None, Field(description="only these releases or alerts")),
    "in_state": (Literal[questions.STATES] | None, Field(description="only those in this state")),
}
"""Names, numbers and times of a question are read from the words alone."""


class Nothing(BaseModel):
    """None of the requests."""

    model_config = _STRICT
    kind: Literal["none"]


def route_decision(offered: tuple[PlaybookSpec, ...], catalogue: Catalogue) -> type[BaseModel]:
    """RouteDecision: one request of those offered with its values, or "clarify", or "none"; null for what is not said.

    Times, recurrences and texts have no blank: they are read from the person's words alone.
    """
    options: list[Any] = [_request(spec, catalogue) for spec in offered]
    if len(offered) > 1:
        names = tuple(spec.name for spec in offered)
        among = (list[Literal[names]], Field(description="two or three of the requests"))  # type: ignore[valid-type]
        options.append(_model("Clarify", "It may be several of the requests.", CLARIFY, {"among": among}))
    union = reduce(or_, [*options, Nothing])
    decision: Any = (Annotated[union, Field(discriminator="kind")], ...)
    return create_model("RouteDecision", __config__=_STRICT, __doc__="What a message asks for.", decision=decision)


def _request(spec: PlaybookSpec, catalogue: Catalogue) -> type[BaseModel]:
    blanks = _QUESTION if spec.name == questions.QUESTION else {s.name: _blank(s, catalogue) for s in spec.slots}
    fields = {name: blank for name, blank in blanks.items() if blank is not None}
    return _model(f"Request_{spec.name}", spec.title, spec.name, fields)


def _model(name: str, doc: str, kind: str, fields: dict[str, Any]) -> type[BaseModel]:
    tag: Any = (Literal[kind], ...)
    return create_model(name, __config__=_STRICT, __doc__=doc, kind=tag, **fields)


def _blank(slot: SlotSpec, catalogue: Catalogue) -> Any:
    """(type, field) of a blank; None for one that is not the model's to fill in."""
    if slot.kind in _NUMBERS:
        return int | None, Field(description=_NUMBERS[slot.kind])
    names = _names(slot.kind, catalogue)
    if not names:
        return None
    if len(names) > MOST_NAMES:
        return str | None, Field(description=f"{slot.description or slot.kind}, null when not said")
    return Literal[tuple(names)] | None, Field(description=slot.description or slot.kind)


def _names(kind: str, catalogue: Catalogue) -> list[str]:
    """What exists of that kind, without names that could be a text of their own."""
    found: dict[str, list[str]] = {
        "model": [model.name for model in catalogue.models],
        "version": [v for versions in catalogue.versions.values() for v in versions],
        "kpi": [name for kpis in catalogue.kpis.values() for name, _ in kpis],
        "person": list(catalogue.people),
        "fault": list(FAULTS),
    }
    plain = {name for name in found.get(kind, ()) if len(name) <= 64 and not any(char.isspace() for char in name)}
    return sorted(plain | (NAMED if kind == "version" else set()))
