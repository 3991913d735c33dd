"""The two side by side, as rows of docs/reference/benchmarks.md."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.bench_engine.processes import load
from tools.bench_router import processes
from tools.bench_router.data import Split, splits
from tools.bench_router.processes import OURS, PEER
from tools.bench_rows import Row

NAMES = {OURS: "ours", PEER: "semantic-router"}
NOTES = """\
Both in one run, each in processes of its own, in turn, {rounds} rounds; the median is given, and the lowest and highest
round in brackets. Load average meanwhile: {load}. Versions: {versions}; both use our encoder's weights, session and
tokenizer on one thread. Processor time is that of the process; "after encoding" is a whole answer less the encoder
alone on the same sentences. Learning includes encoding the examples; a cold start is a new process up to its first
answer: ours reads what it has learned, semantic-router's local index keeps nothing and encodes its examples again.

Every fifth intent of a public set is known to neither; half of those and half of the other set's sentences, beside a
tenth of the train rows, are kept aside to choose thresholds by, the others are the near and the far misses ({sizes}).
"In scope" is the share of known requests that are understood rightly and not refused. Ours refuses where it is as
likely none of the intents as one (its own rule); semantic-router has no threshold by default, and once more with
`fit()` and the threshold that is best on the rows kept aside.
"""


@dataclass(frozen=True)
class Sizes:
    """rounds: how often each is measured. most: sentences of each kind."""

    rounds: int
    most: int


FULL, QUICK = Sizes(3, 800), Sizes(1, 100)


def router_rows(folder: Path, sizes: Sizes, data: Path | None) -> tuple[list[Row], str]:
    """(rows, how they were measured). data: folder with banking77 and hwu64; None takes the bot's own intents."""
    folder.mkdir(parents=True, exist_ok=True)
    processes.peer_python()
    rows: list[Row] = []
    loads, told = [load()], []
    for split in splits(data, sizes.most):
        found = _rounds(split, folder, sizes)
        rows += _rows(split.name, found)
        told.append(
            f"{split.name}: {len(split.train):,} to learn, {len(split.test)} in scope, {len(split.near)} near,"
            f" {len(split.far)} far"
        )
        loads.append(load())
    said = f"{min(loads):.1f} to {max(loads):.1f}"
    notes = NOTES.format(rounds=sizes.rounds, load=said, versions=processes.versions(), sizes="; ".join(told))
    return rows, notes


def _rounds(split: Split, folder: Path, sizes: Sizes) -> dict[str, list[dict[str, Any]]]:
    path = split.write(folder)
    found: dict[str, list[dict[str, Any]]] = {OURS: [], PEER: []}
    for number in range(sizes.rounds):
        for who in (OURS, PEER) if number % 2 == 0 else (PEER, OURS):
            whole = processes.run(who, "full", path, folder)
            found[who].append({**whole, **processes.run(who, "cold", path, folder)})
    return found


def _rows(name: str, found: dict[str, list[dict[str, Any]]]) -> list[Row]:
    rows = []
    for rounds in found.values():  # what is understood is the same in every round
        for kind, scores in rounds[0]["kinds"].items():
            value = f"{scores['in_scope']:.1f} / {scores['near']:.1f} / {scores['far']:.1f}"
            rows.append(Row(f"{name}, % in scope / near misses refused / far ones refused: {kind}", value))
    for what, key, unit, limit in (
        ("processor time an utterance after encoding", "after_ms", "ms", 1.5),
        ("processor time an utterance", "route_ms", "ms", None),
        ("processor time to learn", "train_s", "s", None),
        ("cold start to the first answer", "cold_ms", "ms", 1000.0),
        ("memory (RSS) after it", "rss_mb", "MB", 200.0),
    ):
        for who, rounds in found.items():
            values = [one[key] for one in rounds]
            target = f"<= {limit:g} {unit}" if limit is not None and who == OURS else ""
            met = statistics.median(values) <= limit if target and limit is not None else None
            rows.append(Row(f"{name}, {what}: {NAMES[who]}", _spread(values, unit), target, met))
    return rows


def _spread(values: Sequence[float], unit: str) -> str:
    """ "2.3 (2.1 to 2.4) ms" """
    middle = statistics.median(values)
    digits = 0 if middle >= 100 else 2
    many = f" ({min(values):,.{digits}f} to {max(values):,.{digits}f})" if len(values) > 1 else ""
    return f"{middle:,.{digits}f}{many} {unit}"
