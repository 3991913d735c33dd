"""What a company's folder says now and did not say when it was read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest

from bizaiops_bot.domain.cards import DiffLine
from bizaiops_bot.domain.values import Value

NOTHING = "nothing"
GONE = "gone"
MOST_LINES = 40
"""Of one text, that are shown."""


class CompanyChanges(Value):
    """now: what a reload changes at once. later: what needs a restart of the bot. mistakes: why nothing can be
    reloaded, each with file and line. digest: of all that was read. others: workers that take it over later.
    """

    folder: str
    digest: str
    now: tuple[DiffLine, ...] = ()
    later: tuple[DiffLine, ...] = ()
    mistakes: tuple[str, ...] = ()
    others: int = 0

    def spoken(self) -> str:
        """ "churn.slo.error_rate: 0.02 -> 0.01; rule slowness_pages: 3 lines" """
        told: dict[str, list[DiffLine]] = {}
        for line in self.now:
            told.setdefault(line.what, []).append(line)
        said = (
            f"{what}: {lines[0].before} -> {lines[0].after}" if len(lines) == 1 else f"{what}: {len(lines)} lines"
            for what, lines in told.items()
        )
        return "; ".join(said) or "nothing"

    def after_a_restart(self) -> str:
        """What is not changed yet, in words; "" for nothing."""
        names = ", ".join(line.what for line in self.later)
        return f"Only a restart changes {names}." if names else ""

    def elsewhere(self) -> str:
        """Where it does not hold yet, in words; "" where there is one worker."""
        if not self.others:
            return ""
        others = "1 other takes" if self.others == 1 else f"{self.others} others take"
        return f"It holds in this worker; {others} it over within seconds, or say in home that their folder is another."


def between(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[DiffLine, ...]:
    """Each name whose value differs, as it stands in `after`, then those that are gone.

    A value that ends a line is a text, of which each line that differs is told, MOST_LINES at most.
    """
    found: list[DiffLine] = []
    for name in dict.fromkeys([*after, *before]):
        old, new = before.get(name, NOTHING), after.get(name, NOTHING)
        if old == new:
            continue
        if new == NOTHING and old.endswith("\n"):
            found.append(DiffLine(what=name, before="as it was", after=GONE))
        elif new.endswith("\n"):
            found += _lines_of(name, "" if old == NOTHING else old, new)
        else:
            found.append(DiffLine(what=name, before=old, after=new))
    return tuple(found)


def _lines_of(name: str, before: str, after: str) -> Iterator[DiffLine]:
    old, new = ([line.strip() for line in text.splitlines() if line.strip()] for text in (before, after))
    pairs = [
        pair
        for kind, i, until_i, j, until_j in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if kind != "equal"
        for pair in zip_longest(old[i:until_i], new[j:until_j])
    ]
    for was, now in pairs[:MOST_LINES]:
        yield DiffLine(what=name, before=was or NOTHING, after=now or GONE)
    if (more := len(pairs) - MOST_LINES) > 0:
        yield DiffLine(what=name, before="not shown", after=f"{more} more lines: read them in the file")


def parted(lines: Iterable[DiffLine], at_once: Iterable[str]) -> tuple[tuple[DiffLine, ...], tuple[DiffLine, ...]]:
    """(what a reload changes, what needs a restart). at_once: how the names of the former begin."""
    heads = tuple(at_once)
    now: list[DiffLine] = []
    later: list[DiffLine] = []
    for line in lines:
        (now if line.what.startswith(heads) else later).append(line)
    return tuple(now), tuple(later)
