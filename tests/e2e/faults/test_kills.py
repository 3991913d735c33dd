"""kill -9 at every place where it could hurt, hundreds of times, while runs with approvals, waits and undo go on.

`make chaos KILLS=10000` does as many as one likes; BIZAIOPS_KILLS is how many there are here.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from bizaiops_bot.engine.store import failpoints
from bizaiops_bot.engine.store.store import Store
from tests.e2e.faults.aftermath import Counts, check
from tests.e2e.faults.chaos import ANY_MOMENT, Deaths, run_chaos

KILLS = int(os.environ.get("BIZAIOPS_KILLS", "300"))
AN_EPOCH = 300
"""Kills after which a new bot is founded: its data would make every start slower."""
ON_POSTGRES = max(40, KILLS // 10)


async def test_a_bot_killed_everywhere_loses_nothing_and_does_nothing_twice(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    found = []
    for epoch, kills in enumerate(_epochs(KILLS)):
        folder = tmp_path / str(epoch)
        folder.mkdir()
        died = run_chaos(folder, kills, seed=epoch)
        found.append((died, await check(folder, Store.sqlite(folder / "bizaiops.sqlite"))))
    record_property("kill -9", _told("SQLite", found))
    killed = sum((died.kills for died, _ in found), Counter[str]())
    assert killed.total() == KILLS
    assert KILLS < AN_EPOCH or set(killed) == {*failpoints.ALL, ANY_MOMENT}, "a place was never reached"
    assert sum(counts.absorbed for _, counts in found) > 0, "no key came twice: nothing was put to the test"


async def test_a_bot_on_postgres_killed_everywhere_loses_nothing_and_does_nothing_twice(
    database: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    died = run_chaos(tmp_path, ON_POSTGRES, seed=1, url=database)
    counts = await check(tmp_path, Store.postgres(database))
    record_property("kill -9", _told("PostgreSQL", [(died, counts)]))
    assert died.kills.total() == ON_POSTGRES


def _epochs(kills: int) -> list[int]:
    whole, rest = divmod(kills, AN_EPOCH)
    return [AN_EPOCH] * whole + ([rest] if rest else [])


def _told(where: str, found: list[tuple[Deaths, Counts]]) -> str:
    """The table: where the bot was killed and how often, and what it had done by then."""
    killed = sum((died.kills for died, _ in found), Counter[str]())
    seconds = sum(died.seconds for died, _ in found)
    endings = sum((counts.endings for _, counts in found), Counter[str]())
    met = sum((counts.kills_a_run for _, counts in found), Counter[int]())
    starts = sorted(s for _, counts in found for s in counts.recovery_s)
    hit = sum(n for kills, n in met.items() if kills)
    mean = sum(kills * n for kills, n in met.items()) / met.total()
    lines = [f"{where}: {killed.total()} kills in {seconds:.0f} s, {killed.total() / seconds:.1f} a second"]
    lines += [f"  {place:<22} {killed[place]:>5}" for place in (*failpoints.ALL, ANY_MOMENT)]
    lines.append(f"  runs: {met.total()}, {hit} of them killed, {mean:.1f} times at the mean, {max(met)} at most")
    lines.append(f"  ended: {', '.join(f'{n} {status}' for status, n in sorted(endings.items()))}")
    lines.append(f"  repeated calls absorbed by key: {sum(counts.absorbed for _, counts in found)}")
    posts, edits = (sum(getattr(counts, name) for _, counts in found) for name in ("posts", "edits"))
    lines.append(f"  posts: {posts}, none lost, none twice; edits: {edits}")
    lines.append(
        f"  from opening the data to all runs carried on: median {_at(starts, 0.5)}, slowest {_at(starts, 1.0)}"
    )
    return "\n".join([*lines, ""])


def _at(ordered: list[float], share: float) -> str:
    return f"{ordered[round((len(ordered) - 1) * share)] * 1000:.0f} ms" if ordered else "-"
