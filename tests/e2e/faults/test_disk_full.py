"""A full disk: what cannot be kept is refused in words and not acted on, and all goes on when there is room again."""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from bizaiops_bot.engine.audit import trail
from bizaiops_bot.engine.store import failpoints
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.readiness import StoreProbe
from bizaiops_bot.engine.store.store import Store, StoreDown
from tests.e2e.faults.deeds import ALL_DONE, ENDINGS, Ending, effects
from tests.e2e.faults.life import Bot

FULL_S = 2.5
"""Long enough for the run to try again."""


def fill(folder: Path) -> None:
    """The database's log may not grow any more; the smaller files of the world and the chat may."""
    size = (folder / "bizaiops.sqlite-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def make_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


async def order(bot: Bot, model: str, ending: str) -> str:
    """The id of the message; the platform sends it again until it is taken."""
    text = f"release {model} {ending}"
    return (await bot.desk.post("slack:room-0", "engineer", text, platform_event=f"slack/{model}")).id


async def statuses(bot: Bot) -> dict[str, str]:
    query = sa.select(t.runs.c.model, t.runs.c.status)
    return await bot.core.store.read(lambda conn: {row.model: row.status for row in conn.execute(query)})


async def a_bot_on_a_full_disk(folder: Path) -> None:
    bot = Bot(folder, lambda: Store.sqlite(folder / "bizaiops.sqlite"), started=time.time())
    await bot.start()
    # given a disk that is full right before the first effect of a run
    full = asyncio.Event()

    def reached(name: str) -> None:
        if name == "step.before_effect" and not full.is_set():
            fill(folder)
            full.set()

    failpoints.reached = reached
    await order(bot, "first", "quick")
    await full.wait()
    # then a new order is refused, and says why
    with pytest.raises(StoreDown) as told:
        await order(bot, "second", "quick")
    assert "cannot be used now" in str(told.value) and "Nothing was kept" in str(told.value)
    # and the bot is not ready, which a balancer or a person looking at /readyz has to see
    probe = StoreProbe(bot.core.store, fresh_s=0)
    assert "full" in await probe.problem() or "I/O error" in await probe.problem()
    # and the run stays at the step that it cannot write down, however often it tries
    await asyncio.sleep(FULL_S)
    done, again = effects(folder / "effects.jsonl")
    assert done == {"first": Ending("", ("prepare",))} and again["first"] >= 1
    assert await statuses(bot) == {"first": "running"}
    # when there is room again, then everything goes on, with the order that is sent once more
    make_room()
    assert await probe.problem() == ""
    await order(bot, "second", "quick")
    await bot.at_rest()
    assert await statuses(bot) == dict.fromkeys(("first", "second"), ENDINGS["quick"].status)
    assert effects(folder / "effects.jsonl")[0] == dict.fromkeys(("first", "second"), Ending("", ALL_DONE))
    assert (await bot.core.store.read(trail.verify))[1] is None
    await bot.stop()


def in_a_process(folder: Path) -> None:
    asyncio.run(asyncio.wait_for(a_bot_on_a_full_disk(folder), 60))


def test_a_bot_on_a_full_disk_does_nothing_it_cannot_keep_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        process.submit(in_a_process, tmp_path).result(timeout=90)
