"""What is measured, as numbers. Candidates take turns, so that whatever else the machine does meets all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg

from tests.support import servers
from tools.bench_engine import processes
from tools.bench_engine.processes import Numbers, Talker, talking

Words = Sequence[str | Path]
SQLITE, POSTGRES, DBOS, DBOS_WAL, TEMPORAL = "sqlite", "postgres", "dbos", "dbos wal", "temporal"
FEW_CLICKS = 10


@dataclass(frozen=True)
class Sizes:
    """rounds: of everything that takes turns. seconds: of runs one after the other, 20 at a time. clicks: in a round.
    waiting: runs that wait for people. idle_s: of doing nothing. kills: kill -9 of the process they wait in. entries:
    of the audit that is verified.
    """

    rounds: int
    seconds: float
    clicks: int
    waiting: int
    idle_s: float
    kills: int
    entries: int


FULL = Sizes(rounds=3, seconds=10, clicks=40, waiting=10_000, idle_s=20, kills=3, entries=1_000_000)
SHORT = Sizes(rounds=3, seconds=5, clicks=20, waiting=2_000, idle_s=10, kills=2, entries=100_000)
QUICK = Sizes(rounds=2, seconds=3, clicks=10, waiting=300, idle_s=5, kills=1, entries=20_000)


@dataclass
class Turns:
    """What one candidate showed, a number a round; clicks of all rounds together, in ms. load: of the machine."""

    runs_s: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    server_cpu_ms: list[float] = field(default_factory=list)
    clicks_ms: list[float] = field(default_factory=list)
    load: list[float] = field(default_factory=list)

    def add(self, found: Numbers) -> None:
        self.load.append(processes.load())
        self.runs_s.append(found["runs_s"])
        self.cpu_ms.append(found["cpu_ms"])
        self.server_cpu_ms.append(found["server_cpu_ms"])


class Grounds:
    """Fresh folders and databases, and how each candidate is started on them."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._numbers = folder, count(1)
        self._server = servers.postgres()
        self.start: dict[str, Callable[[Path], Words]] = {
            SQLITE: processes.ours,
            DBOS: lambda fresh: processes.dbos("stock", fresh),
            DBOS_WAL: lambda fresh: processes.dbos("wal", fresh),
            POSTGRES: lambda fresh: processes.ours(fresh, self._server, self._server.fresh_database()),
            TEMPORAL: lambda _fresh: processes.temporal(),
        }

    def fresh(self) -> Path:
        made = self._folder / f"engine-{next(self._numbers)}"
        made.mkdir(parents=True)
        return made

    def postgres_version(self) -> str:
        with psycopg.connect(self._server.url()) as conn:
            return conn.info.parameter_status("server_version") or "of unknown version"

    @contextmanager
    def running(self, name: str) -> Iterator[Talker]:
        fresh = self.fresh()
        with talking(self.start[name](fresh), fresh) as talker:
            yield talker


def side_by_side(grounds: Grounds, sizes: Sizes) -> dict[str, Turns]:
    """Five steps that do nothing, and clicks while nothing else waits; every candidate once a round, in turn."""
    found = {name: Turns() for name in grounds.start}
    for turn in range(sizes.rounds):
        names = list(found)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            with grounds.running(name) as talker:
                found[name].add(talker.ask("noop", sizes.seconds))
                times = sizes.clicks if name in (SQLITE, POSTGRES) else min(sizes.clicks, FEW_CLICKS)
                found[name].clicks_ms += talker.ask("clicks", times).values()
    return found


@dataclass
class Waiting:
    """Our engine while many runs wait.

    rss_kb: growth by one of them; what was freed before hides a part of it, so see whole_mb, the process. again_s: from
    the start of the new process after a kill -9 to the step after a click; launched_s: the part of it after Python has
    imported everything.
    """

    parked_s: float = 0.0
    rss_kb: float = 0.0
    whole_mb: float = 0.0
    threads: float = 0.0
    idle_percent: float = 0.0
    clicks_ms: list[float] = field(default_factory=list)
    again_s: list[float] = field(default_factory=list)
    launched_s: list[float] = field(default_factory=list)


def with_waiting(grounds: Grounds, sizes: Sizes) -> dict[str, Waiting]:
    """On SQLite and PostgreSQL at once; while one is measured the other does nothing but wait."""
    found = {SQLITE: Waiting(), POSTGRES: Waiting()}
    with ExitStack() as stack:
        places = {name: grounds.fresh() for name in found}
        words = {name: grounds.start[name](places[name]) for name in found}
        alive = {name: stack.enter_context(talking(words[name], places[name])) for name in found}
        last = {name: _fill(alive[name], found[name], sizes) for name in found}
        for _ in range(sizes.rounds):
            for name, into in found.items():
                into.clicks_ms += alive[name].ask("clicks", sizes.clicks).values()
        for talker in alive.values():
            talker.kill()
    for turn in range(sizes.kills):
        for name, into in found.items():
            _again(words[name], places[name], into, last[name] - turn)
    return found


def _fill(talker: Talker, into: Waiting, sizes: Sizes) -> int:
    """Runs that wait, and what they cost; the number of the last."""
    talker.ask("noop", sizes.seconds)  # what is loaded and kept by working at all is no cost of waiting
    before = talker.ask("idle", 1)
    parked = talker.ask("park", sizes.waiting)
    idle = talker.ask("idle", sizes.idle_s)
    if idle["waiting"] != sizes.waiting:
        raise RuntimeError(f"{idle['waiting']:g} runs wait instead of {sizes.waiting}")
    into.parked_s, into.threads, into.idle_percent = parked["runs_s"], idle["threads"], idle["idle_percent"]
    into.rss_kb = (idle["rss_kb"] - before["rss_kb"]) / sizes.waiting
    into.whole_mb = idle["rss_kb"] / 1024
    return int(parked["last"])


def _again(words: Words, place: Path, into: Waiting, number: int) -> None:
    """A new process on what the killed one left: the time till a click carries a waiting run on; then it is killed."""
    began = time.perf_counter()
    talker = Talker(words, place / "candidate.log")
    try:
        launched = talker.hear()["launch_ms"]
        talker.hear()
        click = talker.ask("wake", number)["click_ms"]
        into.again_s.append(time.perf_counter() - began)
        into.launched_s.append((launched + click) / 1000)
    finally:
        talker.kill()
