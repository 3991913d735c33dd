"""The three side by side, as rows of docs/reference/benchmarks.md."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.bench_chat import processes
from tools.bench_engine.processes import load
from tools.bench_rows import Row

NOTES = """\
A read-only command beside Errbot 6.2.1 and Opsdroid 0.31.0, in one run, each in a process of its own and in turn,
{rounds} rounds; the median is given, and the lowest and highest round in brackets. Load average meanwhile: {load}.
No network anywhere: Errbot has its test backend, Opsdroid a connector in the same process, ours the desk that every
surface talks to. They match a pattern and say the words again. Ours understands the sentence, asks policy, reads its
tables, and keeps the message, the answer, the memory of the thread and the audit durably before it is shown: that is
where the difference comes from, and it is not made smaller by counting less. "{wide} at once" is {wide} questions
under way; wrong is an answer that was not asked for, of {many:,} (peers) and {few:,} (ours).
"""


@dataclass(frozen=True)
class Sizes:
    """Messages of ours and of the peers, questions at once, rounds."""

    few: int
    many: int
    wide: int
    rounds: int


FULL, QUICK = Sizes(300, 10_000, 100, 3), Sizes(100, 1_000, 100, 1)


def peer_rows(folder: Path, sizes: Sizes) -> tuple[list[Row], str]:
    """(rows, how they were measured)."""
    found: dict[str, list[dict[str, Any]]] = {}
    loads = [load()]
    for i in range(sizes.rounds):
        for kind in ("short", "status"):
            done = processes.ours(kind, sizes.few, sizes.wide, folder / f"ours-{kind}-{i}")
            found.setdefault(f"ours, {kind} reads", []).append(done)
        for name in processes.PINS:
            found.setdefault(name, []).append(processes.peer(name, sizes.many, sizes.wide, folder / f"{name}-{i}"))
        loads.append(load())
    limit = min(_median(found[name], "cpu_us") for name in processes.PINS)
    rows = []
    for name, rounds in found.items():
        target = limit if name.startswith("ours") else None
        rows.append(_row(f"{name}: processor time a message", rounds, "cpu_us", target))
        rows.append(_row(f"{name}: the same, {sizes.wide} at once", rounds, "wide_cpu_us"))
        wrong = sum(done["wrong"] + done["wrong_wide"] for done in rounds)
        rows.append(Row(f"{name}: wrong answers", f"{wrong}", "0", wrong == 0))
    said = f"{min(loads):.1f} to {max(loads):.1f}"
    return rows, NOTES.format(rounds=sizes.rounds, load=said, wide=sizes.wide, many=sizes.many * 2, few=sizes.few * 2)


def _median(rounds: list[dict[str, Any]], name: str) -> float:
    return statistics.median(float(done[name]) for done in rounds)


def _row(what: str, rounds: list[dict[str, Any]], name: str, limit: float | None = None) -> Row:
    values = [float(done[name]) for done in rounds]
    value = statistics.median(values)
    told = f"{value:,.0f} us ({min(values):,.0f}-{max(values):,.0f})"
    return Row(what, told, "" if limit is None else f"<= {limit:,.0f} us", None if limit is None else value <= limit)
