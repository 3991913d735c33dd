"""The fields of a form, drawn from a playbook's inputs and the names that exist right now."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from bizaiops_bot.domain.forms import FieldKind, FormField
from bizaiops_bot.domain.routing import Catalogue, SlotSpec
from bizaiops_bot.playbook import Playbook
from bizaiops_bot.router.slots import names

NUMBERS = frozenset({"percent", "replicas", "run", "schedule", "alert", "reminder"})
TIMES = frozenset({"cron", "until", "window", "period", "later", "moment"})
MOST_CHOICES = 100
"""More than platforms show in a list: then the name is written."""
MOST_LABEL = 45


def fields_of(playbook: Playbook, given: Mapping[str, str], catalogue: Catalogue) -> tuple[FormField, ...]:
    """One for each input, in the order they are declared."""
    infos, several = playbook.inputs.model_fields, len(catalogue.environments) > 1
    slots = [slot for slot in playbook.spec().slots if several or slot.kind != "environment"]
    return tuple(_field(slot, infos[slot.name], given, catalogue) for slot in slots)


def _field(slot: SlotSpec, info: FieldInfo, given: Mapping[str, str], catalogue: Catalogue) -> FormField:
    label, hint = _words(slot)
    choices = _choices(slot, given, catalogue)
    low, high = _bounds(info)
    kind: FieldKind = "choice" if choices else "number" if slot.kind in NUMBERS else _free(slot)
    # What is usual for a share is the company's to say, place by place.
    before = None if info.is_required() or slot.kind == "percent" else info.default
    value = given.get(slot.name, "" if before is None else str(before))
    if kind == "choice" and value not in {choice for choice, _ in choices}:
        value = ""
    return FormField(
        name=slot.name,
        label=label,
        kind=kind,
        required=slot.required,
        hint=hint,
        value=value,
        choices=choices,
        low=low if kind == "number" else None,
        high=high if kind == "number" else None,
    )


def _free(slot: SlotSpec) -> FieldKind:
    return "time" if slot.kind in TIMES or slot.name == "since" else "text"


def _words(slot: SlotSpec) -> tuple[str, str]:
    """(label, hint) of "the version to deploy, such as v2": "Version to deploy" and "Such as v2"."""
    label, _, hint = re.sub(r"^(?:the|a|an) ", "", slot.description).partition(next(_breaks(slot.description), ";"))
    if not label or len(label) > MOST_LABEL:
        label, hint = slot.name.replace("_", " "), slot.description
    return _sentence(label), _sentence(hint)


def _breaks(text: str) -> Any:
    return (m[0] for m in re.finditer(r"[;,(]", text))


def _sentence(text: str) -> str:
    plain = text.strip().removesuffix(")") if "(" not in text else text.strip()
    return plain[:1].upper() + plain[1:]


def _choices(slot: SlotSpec, given: Mapping[str, str], catalogue: Catalogue) -> tuple[tuple[str, str], ...]:
    """(value, label); empty where there is nothing to choose from, or too much."""
    model = given.get("model", "")
    found: list[tuple[str, str]] = []
    if slot.kind == "model":
        found = [(m.name, m.name if m.title in ("", m.name) else f"{m.name}: {m.title}") for m in catalogue.models]
    elif slot.kind in {"version", "blamed"}:
        stable = catalogue.stable.get(model)
        newest = catalogue.versions.get(model, ())[::-1]
        found = [(v, f"{v}, serving now" if v == stable else v) for v in newest]
    elif slot.kind == "kpi":
        owners = [model] if model in catalogue.kpis else list(catalogue.kpis)
        found = [(kpi, words[0] if words else kpi) for owner in owners for kpi, words in catalogue.kpis[owner]]
    elif slot.kind in {"person", "reminded"}:
        found = [(person, person) for person in catalogue.people]
    elif slot.kind == "environment":
        found = [(name, name) for name, _ in catalogue.environments]
    elif slot.kind == "fault":
        found = [(fault, fault.replace("_", " ")) for fault in names.FAULTS]
    unique = dict(found)
    return tuple((value, label[:75]) for value, label in unique.items()) if len(unique) <= MOST_CHOICES else ()


def _bounds(info: FieldInfo) -> tuple[float | None, float | None]:
    low = high = None
    for mark in _marks(info):
        low = mark.ge if isinstance(mark, annotated_types.Ge) else low
        high = mark.le if isinstance(mark, annotated_types.Le) else high
    return low, high  # type: ignore[return-value]


def _marks(info: FieldInfo) -> list[Any]:
    """Of `Percent`, and of `ScheduleNumber | None`, whose bounds stand within the union."""
    found = list(info.metadata)
    for part in get_args(info.annotation):
        if get_origin(part) is Annotated:
            for mark in part.__metadata__:
                found += mark.metadata if isinstance(mark, FieldInfo) else [mark]
    return found
