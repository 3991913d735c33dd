"""Clocks that go wrong: the bot's jumps between its lives, and a worker's machine is minutes off."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bizaiops_bot.engine.runs import workers
from bizaiops_bot.engine.store.store import Store
from tests.e2e.faults.aftermath import check
from tests.e2e.faults.chaos import SKEW_S, run_chaos

KILLS = 60


async def test_a_clock_that_jumps_between_two_lives_opens_no_gate_and_does_no_step_twice(tmp_path: Path) -> None:
    # given a bot whose clock is wrong by up to 400 s, another way after each of many kills
    died = run_chaos(tmp_path, KILLS, seed=3, skewed=True)
    # then its runs have ended as they had to, the ones that expire too
    counts = await check(tmp_path, Store.sqlite(tmp_path / "bizaiops.sqlite"))
    assert died.kills.total() == KILLS and counts.endings["expired"] and counts.endings["succeeded"]


@pytest.mark.parametrize("skew_s", [-SKEW_S, SKEW_S])
async def test_a_worker_whose_clock_is_wrong_is_not_taken_for_dead(
    database: str, monkeypatch: pytest.MonkeyPatch, skew_s: float
) -> None:
    # given two workers, the first of which leads
    store = Store.postgres(database)
    try:
        assert (await workers.register(store, "right", "here")).leading
        assert not (await workers.register(store, "wrong", "there")).leading
        # when the clock of the other one's machine jumps
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + skew_s)
        wrong = await workers.beat(store, "wrong")
        monkeypatch.setattr(time, "time", real)
        right = await workers.beat(store, "right")
        # then each still takes the other for alive, as beats are times of the database
        assert (wrong.lost, wrong.gone, wrong.leading) == (False, False, False)
        assert (right.lost, right.gone, right.leading) == (False, False, True)
    finally:
        await store.aclose()
