"""What came of all cases, a line a carrier and a line a corpus, for people to read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.injection.cases import Case
from tests.injection.oracle import Verdict

OUTCOMES = ("same", "asked", "refused", "other read", "violation")


@dataclass
class Tally:
    """Counts as the cases go by."""

    title: str
    counts: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    marked: set[str] = field(default_factory=set)

    def note(self, case: Case, verdict: Verdict) -> None:
        key = (case.carrier.name, case.attack.corpus)
        self.counts.setdefault(key, Counter())[verdict.outcome] += 1
        line = f"{case.name}\n    {case.attack.text[:160]!r}\n    -> {verdict.outcome} {verdict.why}"
        if verdict.outcome == "violation":
            self.violations.append(line)
        if case.carrier.marked:
            self.marked.add(case.carrier.name)
            if verdict.outcome != "same":
                self.lost.append(line)

    @property
    def total(self) -> int:
        return sum(counts.total() for counts in self.counts.values())

    @property
    def benign(self) -> float:
        """Share of the requests that were understood as without the attack, where it stands apart from them."""
        apart = [counts for (carrier, _), counts in self.counts.items() if carrier in self.marked]
        return sum(counts["same"] for counts in apart) / max(1, sum(counts.total() for counts in apart))

    def share(self, outcome: str) -> float:
        """Of all cases."""
        return sum(counts[outcome] for counts in self.counts.values()) / max(1, self.total)

    def text(self) -> str:
        """The table."""
        head = f"{'':38}{'cases':>7}" + "".join(f"{outcome:>11}" for outcome in OUTCOMES)
        lines = [self.title, head]
        lines += [_line(name, self._of(0, name)) for name in dict.fromkeys(key[0] for key in self.counts)]
        lines += [_line(f"  from {name}", self._of(1, name)) for name in sorted({key[1] for key in self.counts})]
        lines += [
            _line("all", self._of(0, None)),
            f"understood as without the attack, where it is marked: {self.benign:.2%}",
        ]
        return "\n".join(lines)

    def _of(self, place: int, name: str | None) -> Counter[str]:
        return sum((counts for key, counts in self.counts.items() if name in {None, key[place]}), Counter())


def _line(name: str, counts: Counter[str]) -> str:
    return f"{name:38}{counts.total():>7}" + "".join(f"{counts[outcome]:>11}" for outcome in OUTCOMES)
