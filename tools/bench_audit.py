"""Measures the check of a long audit: `python -m tools.bench_audit [ENTRIES]`, one million if not said."""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bizaiops_bot.engine.audit import checking, signed_heads, signing_keys
from bizaiops_bot.engine.audit.chain import GENESIS, Row, digest
from bizaiops_bot.engine.audit.guard import SIGN_ENTRIES
from bizaiops_bot.engine.audit.signed_heads import Head
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import Store

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def measure(entries: int) -> dict[str, float]:
    """Builds a log on SQLite as a bot would have written it, and checks it as `bizaiops audit verify` does.

    entries, build_s, verify_s, verify_cpu_s, entries_per_s, bytes_an_entry, heads. Raises RuntimeError when the check
    does not find it whole: then its time means nothing.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store.sqlite(folder / "bizaiops.sqlite")
        try:
            began = time.perf_counter()
            heads = _build(folder, entries)
            built = time.perf_counter() - began
            size = (folder / "bizaiops.sqlite").stat().st_size
            began, cpu = time.perf_counter(), time.process_time()
            with store.database.engine.connect().execution_options(reads=True) as conn:
                report = checking.check(conn, folder, (), alone=True)
            took, spent = time.perf_counter() - began, time.process_time() - cpu
        finally:
            store.close()
    if not report.whole or report.entries != entries or report.attested is None:
        raise RuntimeError("\n".join(report.lines()))
    return {
        "entries": entries,
        "build_s": built,
        "verify_s": took,
        "verify_cpu_s": spent,
        "entries_per_s": entries / took,
        "bytes_an_entry": size / entries,
        "heads": heads,
    }


def _build(folder: Path, entries: int) -> int:
    """Straight into the file, as a million transactions would take hours; the number of heads."""
    key, heads = signing_keys.load_or_make(folder), list[Head]()
    file = sqlite3.connect(folder / "bizaiops.sqlite")
    try:
        with file:
            for row in _rows(entries):
                file.execute("INSERT INTO audit VALUES (?,?,?,?,?,?,?,?)", row)
                if row[0] % SIGN_ENTRIES == 0 or row[0] == entries:
                    heads.append(signed_heads.make(key, row[0], row[7], datetime.fromisoformat(row[1])))
            file.executemany("INSERT INTO audit_heads VALUES (?,?,?,?,?)", map(astuple, heads))
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        file.close()
    signed_heads.add_to_file(folder, heads)
    return len(heads)


def _rows(entries: int) -> Iterator[Row]:
    """Steps of runs, with the fields and the length that a real one has."""
    prev = GENESIS
    for seq in range(1, entries + 1):
        at, run = t.iso(BEGIN + timedelta(seconds=seq)), seq // 8 + 1
        detail = (
            f'{{"call":"serving.set_canary","key":"{run}/{seq % 8}","result":"{{\\"v1\\":90,\\"v2\\":10}}",'
            '"status":"done","step":"shift traffic"}'
        )
        row = (seq, at, "p-abcdefghij23", "step", f"run {run}", detail, prev)
        prev = digest(*row)
        yield (*row, prev)


def main() -> None:
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000), indent=2))


if __name__ == "__main__":
    main()
