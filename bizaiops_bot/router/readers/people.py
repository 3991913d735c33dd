"""Who is meant: one person of the company; somebody nobody knows is asked about."""

from __future__ import annotations

from collections.abc import Callable

from bizaiops_bot.domain.routing import SlotSpec
from bizaiops_bot.router.readers.blanks import Back, Blanks, either
from bizaiops_bot.router.slots import people
from bizaiops_bot.router.slots.mention import Mention


def read_person(blanks: Blanks, slot: SlotSpec) -> str | None:
    """Whom the request is about; of several those who take part in it."""
    heard = blanks.hearing.people
    meant = [m for m in heard if people.takes_part(blanks.hearing.core, m)]
    return _one(blanks, slot, meant or heard, people.unknown)


def read_reminded(blanks: Blanks, slot: SlotSpec) -> str | None:
    """Who is to be reminded."""
    return _one(blanks, slot, blanks.hearing.of_kind("reminded"), people.reminded_unknown)


def _one(blanks: Blanks, slot: SlotSpec, heard: list[Mention], unknown: Callable[[str], str]) -> str | None:
    """unknown: the name in the words that belongs to nobody."""
    found = list(dict.fromkeys(m.value for m in heard))
    if len(found) > 1:
        raise Back(blanks.choose(slot, f"One person at a time: {either(found)}?", found))
    if not found and (name := unknown(blanks.hearing.core)):
        known = list(blanks.catalogue.people)
        text = f"I know nobody called {name[:60]!r}. Whom do you mean: {either(known)}?"
        raise Back(blanks.choose(slot, text, known))
    return str(found[0]) if found else None
