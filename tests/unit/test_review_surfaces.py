"""Numbers nobody could mean, and a loop that died unseen, are told as what they are."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from bizaiops_bot.app.bootstrap import Bot
from bizaiops_bot.settings import Settings
from tests.support.fake_desk import FakeDesk
from tests.support.site import local_client

HUGE = "9" * 30


@pytest.mark.parametrize("path", [f"/api/runs/{HUGE}", f"/api/audit?before={HUGE}", f"/audit?before={HUGE}"])
async def test_a_number_beyond_every_store_is_a_bad_request_and_no_defect(path: str) -> None:
    async with local_client(FakeDesk()) as client:
        assert (await client.get(path)).status_code == 422


async def test_a_loop_that_ended_makes_the_bot_not_ready() -> None:
    async def ends() -> None:
        return

    async def lives() -> None:
        await asyncio.Event().wait()

    async def kept() -> str:
        return ""

    loops = [asyncio.create_task(ends(), name="watch"), asyncio.create_task(lives(), name="world")]
    loops.append(asyncio.create_task(ends()))  # something that is done once
    await asyncio.sleep(0)
    surfaces, probe = SimpleNamespace(problems=dict), SimpleNamespace(problem=kept)
    checkup = SimpleNamespace(latest=dict)
    bot: Any = SimpleNamespace(
        loops=loops,
        surfaces=surfaces,
        probe=probe,
        checkup=checkup,
        settings=Settings(),
        runner=SimpleNamespace(ended=[]),
        attached=[SimpleNamespace(name="world")],
    )
    assert list((await Bot.report(bot)).problems) == ["watch"]
    loops[1].cancel()
