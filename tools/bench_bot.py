"""Measures the bot as a person or a program would notice it: from outside, on real processes, over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from tests.support.demo_process import DemoProcess
from tests.support.eventually import eventually
from tools.bench_rows import Row, percentile, row

ROOT = Path(__file__).resolve().parents[1]
READ_ONLY = ("what models do we have?", "status churn", "help")
SETTLE_S = 20.0
WIDE = 20
NOTES = """\
How it is measured: real processes, over HTTP, from outside. A start is timed until GET /readyz answers 200 and
to the first card; the median of several. Message -> card is the time from `POST /api/conversations/ID/messages` to the
card on the event stream, the measuring program on the same machine included. Idle is the processor time of the process
while nobody is connected; processor time a message has the idle share taken off. Memory is the resident size after all.
"""


# -- one process -------------------------------------------------------------------------------------------------------


@contextmanager
def running(folder: Path, speed: float) -> Iterator[DemoProcess]:
    """A bot that is ended with the block."""
    bot = DemoProcess(folder, speed=speed)
    try:
        yield bot
    finally:
        bot.end()


def cpu_s(bot: DemoProcess) -> float:
    """Processor seconds the bot and its subprocesses have used."""
    spent = psutil.Process(bot.pid).cpu_times()
    return float(spent.user + spent.system + spent.children_user + spent.children_system)


def cores_used(bot: DemoProcess, seconds: float) -> float:
    """Share of one core that it uses while nothing but time happens."""
    before, began = cpu_s(bot), time.perf_counter()
    time.sleep(seconds)
    return (cpu_s(bot) - before) / (time.perf_counter() - began)


def start_times(folder: Path) -> tuple[float, float]:
    """Seconds from the command to readiness and to the first answer."""
    with running(folder, 60) as bot:
        began = time.perf_counter()
        bot.start(wait=False)
        eventually(bot.is_ready, "readiness", patience_s=120, every_s=0.01)
        ready = time.perf_counter() - began
        message = bot.post("status churn")
        eventually(lambda: bot.answers(message), "the first answer", every_s=0.01)
        return ready, time.perf_counter() - began


# -- messages ----------------------------------------------------------------------------------------------------------


class Listener:
    """Follows one conversation's events and notes when each message's first card came."""

    def __init__(self, http: httpx.AsyncClient, conversation: str) -> None:
        self._http, self._conversation = http, conversation
        self._came: dict[str, asyncio.Future[float]] = {}
        self.connected = asyncio.Event()

    def card_of(self, message: str) -> asyncio.Future[float]:
        """When (perf_counter) the first card that answers the message came."""
        return self._came.setdefault(message, asyncio.get_running_loop().create_future())

    async def follow(self) -> None:
        """Reads the stream until cancelled."""
        async with self._http.stream("GET", f"/api/conversations/{self._conversation}/events", timeout=None) as stream:
            self.connected.set()
            async for line in stream.aiter_lines():
                if line.startswith("data: ") and '"reply_to":"' in line:
                    came = self.card_of(json.loads(line[6:])["reply_to"])
                    if not came.done():
                        came.set_result(time.perf_counter())


async def ask(http: httpx.AsyncClient, listener: Listener, conversation: str, text: str) -> float:
    """Says it; milliseconds from the request to the first card."""
    began = time.perf_counter()
    answer = await http.post(f"/api/conversations/{conversation}/messages", json={"actor": "engineer", "text": text})
    answer.raise_for_status()
    came = await asyncio.wait_for(asyncio.shield(listener.card_of(answer.json()["message_id"])), 30)
    return (came - began) * 1000


async def converse(url: str, conversation: str, texts: list[str], wide: int) -> tuple[list[float], float]:
    """(milliseconds of each message, seconds for all), `wide` people at a time."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as http:
        listener = Listener(http, conversation)
        following = asyncio.create_task(listener.follow())
        await listener.connected.wait()
        todo = iter(texts)

        async def person() -> list[float]:
            return [await ask(http, listener, conversation, text) for text in todo]

        began = time.perf_counter()
        try:
            spent = await asyncio.gather(*(person() for _ in range(wide)))
            return [ms for mine in spent for ms in mine], time.perf_counter() - began
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


def message_rows(bot: DemoProcess, idle: float, count: int) -> list[Row]:
    """Latency and processor time per read-only message; the world's own share, `idle` cores, is taken off."""
    rows = []
    asyncio.run(converse(bot.url, "warm-up", list(READ_ONLY) * 5, 1))
    everything: list[float] = []
    for text in READ_ONLY:
        before = cpu_s(bot)
        spent, seconds = asyncio.run(converse(bot.url, f"bench-{READ_ONLY.index(text)}", [text] * count, 1))
        each = (cpu_s(bot) - before - idle * seconds) / count * 1000
        everything += spent
        rows.append(row(f"`{text}`: message -> card, p50", statistics.median(spent), "ms", 50))
        rows.append(row(f"`{text}`: message -> card, p95", percentile(spent, 0.95), "ms"))
        rows.append(row(f"`{text}`: processor time a message", each, "ms"))
    rows.append(row("all read-only messages: p50", statistics.median(everything), "ms", 50))
    rows.append(row("all read-only messages: p95", percentile(everything, 0.95), "ms"))
    texts = [READ_ONLY[i % len(READ_ONLY)] for i in range(count * 2)]
    spent, seconds = asyncio.run(converse(bot.url, "wide", texts, WIDE))
    rows.append(Row(f"{WIDE} people at once: answered", f"{len(texts) / seconds:,.0f} messages/s"))
    rows.append(row(f"{WIDE} people at once: p95", percentile(spent, 0.95), "ms"))
    return rows


# -- the whole ---------------------------------------------------------------------------------------------------------


def start_rows(folder: Path, runs: int) -> list[Row]:
    """First starts in fresh folders, then restarts; the median of each."""
    first = [start_times(folder / f"first-{i}") for i in range(runs)]
    again = [start_times(folder / "first-0") for _ in range(runs)]
    return [
        row("first start: ready", statistics.median(r for r, _ in first), "s"),
        row("first start: first answer", statistics.median(a for _, a in first), "s", 10),
        row("restart: ready", statistics.median(r for r, _ in again), "s"),
        row("restart: first answer", statistics.median(a for _, a in again), "s", 10),
    ]


def life_rows(folder: Path, seconds: float, count: int) -> list[Row]:
    """Idle and message numbers of a bot that has settled."""
    with running(folder, 1) as bot:
        bot.start()
        time.sleep(SETTLE_S)
        slow = cores_used(bot, seconds)
        rows = [row("idle, world at speed 1", slow * 100, "% of a core", 5)]
        rows += message_rows(bot, slow, count)
        memory = psutil.Process(bot.pid).memory_info().rss / 1e6
    with running(folder, 60) as bot:
        bot.start()
        time.sleep(SETTLE_S)
        rows.insert(1, row("idle, world at speed 60", cores_used(bot, seconds) * 100, "% of a core"))
        memory = max(memory, psutil.Process(bot.pid).memory_info().rss / 1e6)
    return [*rows, row("memory (RSS)", memory, "MB", 600, digits=0)]


def install_row(folder: Path) -> Row:
    """`make install` in a copy of the tree; the package index and its cache are as they are on this machine."""
    target = folder / "checkout"
    ignored = shutil.ignore_patterns(".git", ".venv", ".data", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, target, ignore=ignored)
    ours = ("BIZAIOPS_", "PYTHON", "VIRTUAL_ENV", "MAKE", "MFLAGS")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    began = time.perf_counter()
    subprocess.run(["make", "install"], cwd=target, env=env, check=True, stdout=subprocess.DEVNULL, timeout=900)
    return row("`make install`", time.perf_counter() - began, "s", 60)
