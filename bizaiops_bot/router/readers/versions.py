"""Which version is meant: to go to, to leave, or two to compare."""

from __future__ import annotations

import re

from bizaiops_bot.domain.routing import Refusal, SlotSpec
from bizaiops_bot.router.intents import SlotHint
from bizaiops_bot.router.readers.blanks import Back, Blanks, either, stands_after, together
from bizaiops_bot.router.slots import versions
from bizaiops_bot.router.target import target

_PAIR = 2


def read_version(blanks: Blanks, slot: SlotSpec) -> str | None:
    """The one version said, as the playbook means it: one of a pair, where to go back to, or the one it is about."""
    pair = [s.name for s in blanks.spec.slots if s.kind == "version"]
    if len(pair) == _PAIR:
        return _pair(blanks)[pair.index(slot.name)]
    if leaves(blanks):
        return _goal(blanks, slot)
    hint = blanks.intent.slots.get(slot.name, SlotHint())
    mentions = [
        m
        for m in blanks.hearing.of_kind("version")
        if not stands_after(blanks.hearing, m, hint.not_after)
        and m.value not in hint.ignore
        and (blanks.spec.risk == "read" or m.value not in blanks.hearing.sides.culprits)
    ]
    exact = [m for m in mentions if m.value not in versions.NAMED] or mentions
    found = list(dict.fromkeys(m.value for m in exact))
    if len(found) > 1:
        raise Back(blanks.choose(slot, f"Which version: {either(found)}?", found))
    if not found and slot.required and blanks.spec.risk != "read":
        _refuse_slips(blanks, slot)
    return known_version(blanks, slot, found[0]) if found else None


def _refuse_slips(blanks: Blanks, slot: SlotSpec) -> None:
    """A word that is nearly a version, such as the day before the one that a version is called by, is told."""
    model = str(blanks.inputs.get("model", ""))
    known = blanks.catalogue.versions.get(model, ())
    for word in re.findall(r"[\w.+-]*\d[\w.+-]*\w", blanks.hearing.core):
        if versions.near(word, known):
            raise Back(_no_version(blanks, slot, model, word))


def read_blamed(blanks: Blanks, _: SlotSpec) -> str | None:
    """What is to lose its traffic, where no goal is said; of what is open too, as the playbook looks again."""
    if blanks.inputs.get("version"):
        return None
    found = target(blanks.hearing.sides, str(blanks.inputs.get("model", "")), blanks.catalogue)
    return found.blamed or next(iter(found.open), None)


def known_version(blanks: Blanks, slot: SlotSpec, value: str, *, exact: bool = False) -> str:
    """The version by its own name. Raises Back when the model has none such, or several that may be meant.

    exact: whether the value was chosen, so that it is the very name where there is one.
    """
    model = str(blanks.inputs.get("model", ""))
    found = versions.meant(value, model, blanks.catalogue)
    if value in found and (exact or _letter_by_letter(blanks, value)):
        return value
    if len(found) > 1:
        raise Back(blanks.choose(slot, f"Which version of {model}: {either(found)}?", found))
    if not found:
        raise Back(_no_version(blanks, slot, model, value))
    return found[0]


def _letter_by_letter(blanks: Blanks, value: str) -> bool:
    """Whether the words have the name just so: "v8" is no 8 then, while 8 may be v8."""
    return re.search(rf"(?<![\w.-]){re.escape(value.lower())}(?![\w-])", blanks.hearing.lower) is not None


def _no_version(blanks: Blanks, slot: SlotSpec, model: str, value: str) -> Refusal:
    known = blanks.catalogue.versions.get(model, ())
    if not known:
        return Refusal(why=f"I know of no version of {model} now, so I cannot tell whether {value} is one.")
    near = versions.near(value, known)
    hint = f"Did you mean {either(near)}?" if near else f"Known versions: {together(list(known))}."
    what = f"{model} has no {value} version" if value in versions.NAMED else f"{model} has no version {value}"
    choices = tuple(blanks.choice(slot.name, v) for v in near or known[:-4:-1])
    return Refusal(why=f"{what}. {hint}", choices=choices)


def leaves(blanks: Blanks) -> bool:
    """Whether the request leaves a version, so that one that is named may be blamed for it."""
    return any(slot.kind == "blamed" for slot in blanks.spec.slots)


def not_meant(blanks: Blanks) -> set[str]:
    """Versions said that are not, or not for certain, where to go."""
    sides = blanks.hearing.sides
    return {*sides.culprits, *((*sides.taken_back, *sides.unclear) if leaves(blanks) else ())}


def _goal(blanks: Blanks, slot: SlotSpec) -> str | None:
    """The version to go back to. None: the one before what is blamed, or before what serves."""
    model = str(blanks.inputs.get("model", ""))
    found = target(blanks.hearing.sides, model, blanks.catalogue)
    for version in (found.goal, found.blamed):
        if version:
            known_version(blanks, slot, version)
    if found.open:
        known = list(found.open)
        raise Back(blanks.choose(slot, f"Which version shall {model} go back to: {either(known)}?", known))
    if found.nowhere:
        why = f"There is no version of {model} to go back to but those that are blamed. Nothing was started."
        raise Back(Refusal(why=why, help=f"Say `history of {model}` to see what was released."))
    return known_version(blanks, slot, found.goal) if found.goal else None


def _pair(blanks: Blanks) -> list[str | None]:
    """Two versions to compare: as said, else the one said against the stable one, else the previous one against
    it. Where a playbook can do without, those said.
    """
    model = blanks.inputs.get("model", "")
    slots = [s for s in blanks.spec.slots if s.kind == "version"]
    heard = [known_version(blanks, slots[0], m.value) for m in blanks.hearing.of_kind("version")]
    found = list(dict.fromkeys(heard))
    stable, previous = blanks.catalogue.stable.get(model), blanks.catalogue.previous.get(model)
    if len(found) >= _PAIR or not all(slot.required for slot in slots):
        return [*found, None, None][:_PAIR]
    if found:
        return [stable if found[0] != stable else previous, found[0]]
    return [previous, stable]
