"""Kills a bot again and again: `python -m tests.e2e.faults.chaos FOLDER KILLS SEED [--url URL] [--skewed]`.

Imports everything once and forks a process per life, so that a life costs milliseconds. Writes FOLDER/deaths.json.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bizaiops_bot.engine.store import failpoints
from bizaiops_bot.engine.store.store import Store
from tests.e2e.faults.life import Death, live

LIFE_S = 0.25
"""A life whose place is not reached ends by then, wherever it is; four times as late on PostgreSQL, which starts slower."""
ANY_MOMENT = "any moment"
ANYWHERE = 0.08  # of the lives end at any moment, not at a named place
SKEW_S = 400.0
ROOT = Path(__file__).parents[3]
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Deaths:
    """kills: at which place, how often."""

    kills: Counter[str]
    seconds: float


def deaths(dice: random.Random, life_s: float) -> Iterator[Death]:
    """Each named place as often as the others; early, in the midst of the recovery, and late."""
    for place in itertools.cycle(dice.sample(failpoints.ALL, len(failpoints.ALL))):
        while dice.random() < ANYWHERE:
            yield Death(after_s=dice.uniform(0.001, life_s / 2))
        family = place.partition(".")[0]
        nth = 1 + int(dice.random() ** 2 * {"store": 30, "run": 1, "poster": 3}.get(family, 5))
        yield Death(place, nth, life_s * {"run": 4, "poster": 2}.get(family, 1))


def fork(folder: Path, url: str | None, death: Death, **more: Any) -> int:
    """Runs one life in a process of its own; how it ended as `os.waitpid` says it."""
    assert threading.active_count() == 1, "a fork would tear a thread apart"

    def open_store() -> Store:
        return Store.sqlite(folder / "bizaiops.sqlite") if url is None else Store.postgres(url)

    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        live(folder, open_store, death, **more)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def chaos(folder: Path, kills: int, seed: int, *, url: str | None = None, skewed: bool = False) -> dict[str, Any]:
    """Many lives that end by a kill, and one that is left alone until all is at rest; what there was to count."""
    dice, started = random.Random(seed), time.time()
    died: Counter[str] = Counter()
    killed = deaths(dice, LIFE_S if url is None else 4 * LIFE_S)
    ways = itertools.chain(itertools.islice(killed, kills), [Death()])
    for number, death in enumerate(ways):
        skew_s = dice.uniform(-SKEW_S, SKEW_S) if skewed else 0.0
        status = fork(folder, url, death, number=number, started=started, skew_s=skew_s)
        by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        if by not in (signal.SIGKILL, signal.SIGALRM):  # it ended by itself, or crashed
            break
        died[str(death.place) if by == signal.SIGKILL else ANY_MOMENT] += 1
    return {"kills": died, "seconds": time.time() - started, "ended_well": status == 0 and death == Death()}


def run_chaos(folder: Path, kills: int, *, seed: int, url: str | None = None, skewed: bool = False) -> Deaths:
    """Does it in a process without threads, as forks need it. Raises AssertionError with what a life said at the end."""
    words: list[str | Path] = [sys.executable, "-m", __name__, folder, str(kills), str(seed)]
    words += (["--url", url] if url else []) + (["--skewed"] if skewed else [])
    ran = subprocess.run(
        words,
        cwd=ROOT,
        env={**os.environ, **ONE_THREAD},
        capture_output=True,
        text=True,
        check=False,
        timeout=60 + 3 * kills,
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    report = json.loads((folder / "deaths.json").read_text())
    assert report["ended_well"], ran.stderr[-4000:]
    return Deaths(Counter(report["kills"]), report["seconds"])


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("folder", type=Path)
    words.add_argument("kills", type=int)
    words.add_argument("seed", type=int)
    words.add_argument("--url")
    words.add_argument("--skewed", action="store_true")
    asked = words.parse_args()
    gc.freeze()
    report = chaos(asked.folder, asked.kills, asked.seed, url=asked.url, skewed=asked.skewed)
    (asked.folder / "deaths.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main()
