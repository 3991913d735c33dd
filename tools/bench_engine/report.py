"""The measured numbers as rows, with the targets beside them."""

from __future__ import annotations

import sqlite3
import statistics
from collections.abc import Sequence
from pathlib import Path

from tests.support import servers
from tools import bench_audit
from tools.bench_engine import processes
from tools.bench_engine.measures import (
    DBOS,
    DBOS_WAL,
    POSTGRES,
    SQLITE,
    TEMPORAL,
    Grounds,
    Sizes,
    Turns,
    Waiting,
    side_by_side,
    with_waiting,
)
from tools.bench_rows import Row, percentile, row

NAMES = {
    SQLITE: "ours, SQLite",
    POSTGRES: "ours, PostgreSQL",
    DBOS: "DBOS as shipped, SQLite",
    DBOS_WAL: "DBOS with our WAL settings, SQLite",
    TEMPORAL: "Temporal dev server, in memory",
}
FIVE = "5-step playbook, 20 at once"
NOTES = """\
Ours against others: all in one run, each candidate in a process of its own, in turn, {rounds} rounds; the median is
given, and the lowest and highest round in brackets; ratios are of the same round. Load average meanwhile: {load}.
Versions: {versions}.

A run of ours is an order as a person's message makes it: policy and budgets (none has a limit here) are asked and the
answer audited, the plan is made and stored with its hash, five steps follow, each one transaction that is on the disk
before the next begins (synchronous=FULL; PostgreSQL with fsync) with its journal row, its line of the run's card and
its audit entry, and the run ends with its card in the outbox; the message's way through the router and the post to a
chat platform are not in it. A run of DBOS is a workflow of five `@DBOS.step`s; a run of Temporal a workflow of
five activities. Processor time is that of the process and of the server it uses (PostgreSQL, Temporal's dev server),
divided by the runs.

A click is a person's decision, from the call to the entry of the next step's function: `deciding.click`, `DBOS.send`,
or a signal. With runs waiting, both of our stores hold them at the same time. After kill -9 the time runs from the
start of the new process, Python's imports included, till a click has carried a waiting run on to its next step.
"""


def engine_rows(folder: Path, sizes: Sizes) -> tuple[list[Row], str]:
    """(rows, how they were measured)."""
    grounds = Grounds(folder)
    try:
        turns = side_by_side(grounds, sizes)
        waiting = with_waiting(grounds, sizes)
        used = f"{processes.versions()}, SQLite {sqlite3.sqlite_version}, PostgreSQL {grounds.postgres_version()}"
    finally:
        servers.end_servers()
    rows = [*_throughput_rows(turns), *_click_rows(turns, waiting, sizes), *_waiting_rows(waiting, sizes)]
    loads = [load for turn in turns.values() for load in turn.load]
    said = f"{min(loads):.1f} to {max(loads):.1f}"
    notes = NOTES.format(rounds=sizes.rounds, versions=used, load=said)
    return [*rows, *_audit_rows(sizes)], notes


def _spread(values: Sequence[float], unit: str, digits: int = 1) -> str:
    """ "51.2 (48.0 to 53.1) runs/s" """
    low, high = min(values), max(values)
    return f"{statistics.median(values):,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f}) {unit}".rstrip()


def _throughput_rows(turns: dict[str, Turns]) -> list[Row]:
    rows = [Row(f"{FIVE}: {NAMES[name]}", _spread(turn.runs_s, "runs/s")) for name, turn in turns.items()]
    for name, turn in turns.items():
        server = statistics.median(turn.server_cpu_ms)
        more = f", {server:.1f} of it the server's" if server else ""
        rows.append(Row(f"{FIVE}, processor time: {NAMES[name]}", _spread(turn.cpu_ms, f"ms a run{more}")))
    for ours, other, least in (
        (SQLITE, DBOS, 4.0),
        (SQLITE, TEMPORAL, 3.0),
        (SQLITE, DBOS_WAL, None),
        (POSTGRES, TEMPORAL, None),
    ):
        rows.append(_ratio_row(turns, ours, other, least))
    return rows


def _ratio_row(turns: dict[str, Turns], ours: str, other: str, least: float | None) -> Row:
    ratios = [a / b for a, b in zip(turns[ours].runs_s, turns[other].runs_s, strict=True)]
    target = "" if least is None else f">= {least:g} times"
    met = None if least is None else statistics.median(ratios) >= least
    return Row(f"{FIVE}, runs/s: {NAMES[ours]} / {NAMES[other]}", _spread(ratios, "times"), target, met)


def _click_rows(turns: dict[str, Turns], waiting: dict[str, Waiting], sizes: Sizes) -> list[Row]:
    limits = {SQLITE: 100.0, POSTGRES: 50.0}
    rows = []
    for name, turn in turns.items():
        rows += _latency(f"click -> next step, nothing else waits: {NAMES[name]}", turn.clicks_ms, limits.get(name))
    for name, found in waiting.items():
        what = f"click -> next step, {sizes.waiting:,} runs wait: {NAMES[name]}"
        rows += _latency(what, found.clicks_ms, limits[name])
    return rows


def _latency(what: str, values: list[float], limit: float | None) -> list[Row]:
    return [
        row(f"{what}, p50", statistics.median(values), "ms", limit),
        row(f"{what}, p95", percentile(values, 0.95), "ms"),
    ]


def _waiting_rows(waiting: dict[str, Waiting], sizes: Sizes) -> list[Row]:
    rows = []
    for name, found in waiting.items():
        what = f"{sizes.waiting:,} runs wait, {NAMES[name]}"
        rows += [
            Row(f"{what}: begun", f"{found.parked_s:,.0f} runs/s"),
            row(f"{what}: memory (RSS) of one", found.rss_kb, "KB", 20, digits=2),
            Row(f"{what}: memory (RSS) of the whole process", f"{found.whole_mb:,.0f} MB"),
            row(f"{what}: threads", found.threads, "threads", 64, digits=0),
            row(f"{what}: idle, server included", found.idle_percent, "% of a core", 5),
            row(f"{what}: kill -9 -> a click goes on", statistics.median(found.again_s), "s", 5),
            row(f"{what}: of that after the imports", statistics.median(found.launched_s), "s", digits=2),
        ]
    return rows


def _audit_rows(sizes: Sizes) -> list[Row]:
    found = bench_audit.measure(sizes.entries)
    what = f"audit verify, {sizes.entries:,} entries"
    return [
        row(what, found["verify_s"], "s"),
        Row(f"{what}: a second", f"{found['entries_per_s']:,.0f} entries"),
    ]
