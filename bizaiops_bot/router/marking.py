"""A sentence as an example for an intent file: its values marked by kind, then named as the intent's slots."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from bizaiops_bot.domain.routing import PlaybookSpec
from bizaiops_bot.router.hearing import Hearing
from bizaiops_bot.router.slots.mention import Mention

_MARK = re.compile(r"\{(\w+):([^{}]*)\}")
ANYWHERE = frozenset({"model", "version", "kpi", "run", "schedule", "alert", "window", "percent", "person"})
"""Values that every example may have, whatever its playbook takes; see `training`."""
_LEADING = re.compile(r"(?:(?:to|at|by|with) )?")
_BRACES = str.maketrans("{}\n", "() ")


def marked(hearing: Hearing) -> str:
    """The words in lower case with each value as `{kind:value}`, without the reason given; a person's name is left out
    of the mark.
    """
    text = hearing.core.translate(_BRACES)
    for mention in sorted(_mentions(hearing), key=lambda m: -m.start):
        start = mention.start + len(_LEADING.match(text[mention.start : mention.end])[0])  # type: ignore[index]
        said = "" if mention.kind == "person" else text[start : mention.end]
        text = f"{text[:start]}{{{mention.kind}:{said}}}{text[mention.end :]}"
    return " ".join(text.split()).rstrip(" ,.!")


def as_example(shape: str, spec: PlaybookSpec | None) -> str:
    """The marked words as an example of an intent: `{slot}` for what its playbook has a blank for, or that every
    example may have, else the words as they were said. None: of an intent without a playbook.
    """
    slots: dict[str, list[str]] = defaultdict(list)
    for slot in spec.slots if spec else ():
        slots[slot.kind].append(slot.name)

    def named(m: re.Match[str]) -> str:
        kind, said = m[1], m[2]
        names = slots[kind]
        if names:
            return f"{{{names.pop(0) if len(names) > 1 else names[0]}}}"
        return f"{{{kind}}}" if kind in ANYWHERE else said or "somebody"

    return _MARK.sub(named, shape)


def plain(shape: str) -> str:
    """The marked words as they were said."""
    return _MARK.sub(lambda m: m[2] or "somebody", shape)


def _mentions(hearing: Hearing) -> list[Mention]:
    """All values, none within another; the longer readings first, as `Hearing.canonical` has them."""
    kept: list[Mention] = []
    for mention in _found(hearing):
        inside = 0 <= mention.start < mention.end <= len(hearing.core)
        if inside and mention.value is not None and not any(mention.overlaps(other) for other in kept):
            kept.append(mention)
    return kept


def _found(hearing: Hearing) -> Iterable[Mention]:
    if hearing.cron and not hearing.around_name(hearing.cron):
        yield hearing.cron
    for one in (hearing.until, hearing.window, hearing.zone):
        if one:
            yield one
    yield from hearing.kpis
    yield from hearing.models
    yield from (m for m in hearing.versions if any(c.isdigit() for c in hearing.core[m.start : m.end]))
    yield from hearing.alerts
    for found in (hearing.percents, hearing.runs, hearing.schedules, hearing.replicas, hearing.faults, hearing.people):
        yield from found
