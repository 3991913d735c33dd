"""Which model is meant: by its name, by its KPI, or as the thread is about it; a strange name is told."""

from __future__ import annotations

import re

from bizaiops_bot.domain.routing import Refusal, SlotSpec
from bizaiops_bot.router.readers.blanks import Back, Blanks, either, together
from bizaiops_bot.router.slots import names

_UNKNOWN_MODEL = re.compile(
    r"\b(?:the |our |my )?([a-z][\w-]{2,}) models?\b|\bmodel (?:called |named )?([a-z][\w-]{2,})\b"
)
_WORD = re.compile(r"[a-z][a-z_-]{3,}")
_CLAIMED = ("version", "percent", "replicas", "kpi", "fault", "window", "cron", "time_zone")


def read_model(blanks: Blanks, slot: SlotSpec) -> str | None:
    """The one model said, else that of the KPI said, the thread's, or the only one there is."""
    found = _named(blanks)
    if len(found) > 1:
        alike = len({(m.start, m.end) for m in blanks.hearing.models if m.value in found}) == 1
        ask = "Which model do you mean" if alike else "One model at a time"
        raise Back(blanks.choose(slot, f"{ask}: {either(found)}?", found))
    if found:
        return str(found[0])
    _refuse_unknown(blanks)
    by_kpi = list(dict.fromkeys(model for model, _ in (m.value for m in blanks.hearing.kpis)))
    if by_kpi and any(s.kind == "kpi" for s in blanks.spec.slots):
        return _owner(blanks, slot, by_kpi)
    if blanks.memory and blanks.memory.model and _may_remember(blanks, slot):
        return blanks.memory.model
    only = [model.name for model in blanks.catalogue.models]
    return only[0] if slot.required and len(only) == 1 and not _strange(blanks) else None


def no_model(blanks: Blanks, name: str, near: list[str] | None = None) -> Refusal:
    """There is no model of this name; the names that are near it, or all that there are."""
    known = [model.name for model in blanks.catalogue.models]
    if not known:
        why = f"I know of no model now, so I cannot tell whether {name[:60]!r} is one."
        return Refusal(why=why, help="Say `models` to see what we have.")
    close = near if near is not None else names.near_models(name.lower(), blanks.catalogue)
    rest = {slot: value for slot, value in blanks.given.items() if slot != "model"}
    choices = tuple(
        blanks.choice("model", model, label=f"Yes, {model}" if len(close) == 1 else model, rest=rest)
        for model in close[:3]
    )
    hint = f"Did you mean {either(close[:3])}?" if close else f"I know {together(known)}."
    return Refusal(
        why=f"There is no model {name[:60]!r}. {hint}", help="Say `models` to see what we have.", choices=choices
    )


def _named(blanks: Blanks) -> list[str]:
    """The models said; those whose name is part of a KPI's only when there are no others."""
    hearing = blanks.hearing
    inside = [
        m
        for m in hearing.models
        if any(k.start <= m.start and m.end <= k.end and k.end - k.start > m.end - m.start for k in hearing.kpis)
    ]
    outside = dict.fromkeys(m.value for m in hearing.models if m not in inside)
    return list(outside or dict.fromkeys(m.value for m in inside))


def _owner(blanks: Blanks, slot: SlotSpec, owners: list[str]) -> str:
    """The one model that has the KPI; of several the one the thread is about, else the question which."""
    if len(owners) == 1:
        return owners[0]
    if blanks.memory and blanks.memory.model in owners:
        return str(blanks.memory.model)
    raise Back(blanks.choose(slot, f"Several models have that KPI. Which one: {either(owners)}?", owners))


def _may_remember(blanks: Blanks, slot: SlotSpec) -> bool:
    numbered = [s.kind for s in blanks.spec.slots if s.kind in {"run", "schedule"}]
    if blanks.hearing.points_back:
        # "send it now" is about the schedule, when there is one, not about the model.
        return slot.required or not any(getattr(blanks.memory, kind) for kind in numbered)
    return slot.required and blanks.intent.risk == "read" and not _strange(blanks)


def _strange(blanks: Blanks) -> list[str]:
    """Words that no example uses and no extractor claims: perhaps a name."""
    claimed = [m for kind in _CLAIMED for m in blanks.hearing.of_kind(kind)]
    found = [
        m
        for m in _WORD.finditer(blanks.hearing.core)
        if m[0].removesuffix("s") not in blanks.vocabulary and m[0] not in blanks.vocabulary
    ]
    return [m[0] for m in found if not any(m.start() < c.end and c.start < m.end() for c in claimed)]


def _refuse_unknown(blanks: Blanks) -> None:
    strange = _strange(blanks)
    for word in strange:
        if near := names.near_models(word, blanks.catalogue):
            raise Back(no_model(blanks, word, near))
    m = _UNKNOWN_MODEL.search(blanks.hearing.core)
    name = next((g for g in m.groups() if g in strange), "") if m else ""
    if blanks.unknown or name:
        raise Back(no_model(blanks, blanks.unknown or name))
