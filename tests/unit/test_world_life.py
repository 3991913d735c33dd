"""The world goes on: the same for the same seed, over restarts, over kills, over long sleeps; and it has a past."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bizaiops_bot.domain.errors import Permanent, Temporary
from bizaiops_bot.domain.monitoring import DriftReport
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.embedded.life.clock import saved_time
from tests.support.services import service
from tests.support.tiny_company import Shelf, TinyModel
from tests.support.tiny_world import START, TinyWorld


async def test_the_same_seed_and_ticks_give_the_same_world(tmp_path: Path) -> None:
    one, two = TinyWorld(tmp_path / "one"), TinyWorld(tmp_path / "two")
    for tiny in (one, two):
        await tiny.live(10)
    assert await one.arms() == await two.arms()
    assert one.shelf.rows == two.shelf.rows


async def test_sixty_days_of_past_are_there_and_on_the_scale_of_the_present(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(20)
    past = [sums for (at, model, _), sums in tiny.shelf.rows.items() if model == "churn" and at < START]
    live = [sums for (at, model, _), sums in tiny.shelf.rows.items() if model == "churn" and at >= START]
    assert min(at for at, _, _ in tiny.shelf.rows) == START - timedelta(days=60)
    assert len(past) == 60 * 24

    def rate(rows: list[dict[str, float]]) -> float:
        return sum(r.get("churned", 0) for r in rows) / sum(r.get("labelled", 0) for r in rows)

    assert rate(live) == pytest.approx(rate(past), abs=0.03)


async def test_a_new_world_has_lived_its_last_minutes_so_that_the_first_look_finds_something(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path, warm=10)
    assert not isinstance(await tiny.health("demand", minutes=5), NoData)
    assert isinstance(await tiny.world.drift.report("churn", minutes=10), DriftReport)


async def test_outcomes_are_booked_in_the_minute_in_which_they_become_known(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(10)
    labelled = [tiny.shelf.rows[START + timedelta(minutes=m), "churn", "v1"].get("labelled", 0.0) for m in range(9)]
    assert labelled[:4] == [0.0] * 4  # labels are four minutes late
    assert all(count > 250 for count in labelled[4:])
    answered = [tiny.shelf.rows[START + timedelta(minutes=m), "churn", "v1"]["answered"] for m in range(9)]
    assert sum(labelled) == sum(answered[:5])


async def test_labelled_rows_are_those_whose_time_has_come(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(10)
    rows = tiny.world.labelled("churn", START)
    assert list(rows.columns) == ["size", "plan", "label", "at"]
    assert set(rows["plan"].unique()) == {"basic", "plus"}
    assert rows["at"].is_monotonic_increasing
    assert rows["at"].min() >= pd.Timestamp(START)
    assert rows["at"].max() <= pd.Timestamp(START + timedelta(minutes=6))
    assert rows["size"].dtype == np.float32
    older = tiny.world.labelled("churn", START - timedelta(days=60))
    assert len(older) == len(rows) + 4000


async def test_a_restarted_world_goes_on_where_it_was(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.world.serving.set_canary(service(), "v2", 20, guard="0", key="1/1")
    await tiny.live(10)
    await tiny.world.faults.inject("churn", "missing_values")
    await tiny.world.faults.inject("demand", "bad_release")
    await tiny.live(10)
    tiny.world.close()
    now = saved_time(tmp_path)
    assert now == START + timedelta(minutes=20)
    again = TinyWorld(tmp_path, at=now, shelf=tiny.shelf)
    assert not again.world.is_new
    assert await again.arms() == await tiny.arms()
    assert await again.world.faults.active() == await tiny.world.faults.active()
    assert again.bad == {"demand": True}
    assert len(again.world.labelled("churn", START)) == len(tiny.world.labelled("churn", START))
    report = await again.world.drift.report("churn", minutes=10)
    assert isinstance(report, DriftReport)
    assert [feature.name for feature in report.missing] == ["size"]


async def test_a_restart_makes_no_difference_to_what_happens_next(tmp_path: Path) -> None:
    whole, broken = TinyWorld(tmp_path / "whole"), TinyWorld(tmp_path / "broken")
    await whole.live(20)
    await broken.live(9)
    broken.world.close()
    rest = TinyWorld(tmp_path / "broken", at=START + timedelta(minutes=9), shelf=broken.shelf)
    await rest.live(11)
    assert await whole.arms("demand") == await rest.arms("demand")
    assert whole.shelf.rows == rest.shelf.rows


async def test_what_was_lived_after_the_last_save_is_lived_again_and_counted_once(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path / "world")
    await tiny.live(10)
    tiny.world.save()
    await tiny.live(5)
    shutil.copytree(tmp_path / "world", tmp_path / "copy")  # the disk at the moment of a kill -9
    booked = dict(tiny.shelf.rows)
    now = saved_time(tmp_path / "copy")
    assert now == START + timedelta(minutes=15), "time never goes back"
    again = TinyWorld(tmp_path / "copy", at=now, shelf=tiny.shelf)
    again.world.tick(now)
    assert again.shelf.rows == booked
    assert await again.arms() == await tiny.arms()


async def test_the_past_is_on_disk_before_the_world_counts_as_begun(tmp_path: Path) -> None:
    class LostShelf(Shelf):
        def flush(self) -> None:
            raise Temporary("disk full")

    with pytest.raises(Temporary):
        TinyWorld(tmp_path, shelf=LostShelf())
    again = TinyWorld(tmp_path)
    assert again.world.is_new
    assert again.shelf.flushes == 1
    assert len(again.shelf.rows) == 2 * 60 * 24


async def test_after_a_long_sleep_the_world_samples_the_gap(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(1)
    await tiny.clock.advance(6 * 3600)
    tiny.world.tick(tiny.clock.now())
    rows = sum(sums.get("answered", 0) for (at, _, _), sums in tiny.shelf.rows.items() if at >= START)
    assert 10 * 500 < rows < 16 * 700
    await tiny.live(2)
    assert not isinstance(await tiny.health(minutes=1), NoData)


async def test_an_earlier_time_changes_nothing(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    await tiny.live(5)
    before = await tiny.arms()
    tiny.world.tick(START)
    tiny.world.tick(tiny.clock.now())
    assert await tiny.arms() == before


async def test_the_running_world_ticks_by_itself_and_saves_when_it_is_stopped(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    task = asyncio.create_task(tiny.world.run())
    await tiny.clock.advance(600)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    stepped = TinyWorld(tmp_path / "other")
    await stepped.live(10)
    assert await tiny.arms() == await stepped.arms()
    assert saved_time(tmp_path) == START + timedelta(minutes=10)


async def test_a_tick_cut_short_is_finished_before_it_is_saved(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path)
    task = asyncio.create_task(tiny.world.run())
    await tiny.clock.advance(240)
    tiny.clock._turns = 2  # the fifth minute is begun and cannot be finished before the cancel
    await tiny.clock.advance(60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    stepped = TinyWorld(tmp_path / "other")
    await stepped.live(5)
    for model in ("churn", "demand"):
        assert await tiny.arms(model) == await stepped.arms(model)


async def test_a_model_that_raises_fails_its_requests_and_the_world_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = TinyWorld(tmp_path)

    def broken(*_: object) -> None:
        raise Permanent("a column is not there")

    with monkeypatch.context() as patched:
        patched.setattr(TinyModel, "predict", broken)
        await tiny.live(2)
    found = await tiny.health(minutes=2)
    assert not isinstance(found, NoData)
    assert found[0].error_rate == 1.0
    await tiny.live(2)
    found = await tiny.health(minutes=1)
    assert not isinstance(found, NoData)
    assert found[0].error_rate < 0.02


async def test_memory_is_bounded_however_long_the_world_lives(tmp_path: Path) -> None:
    tiny = TinyWorld(tmp_path, shelf=Shelf())
    rows = tiny.world._lives["churn"].rows
    rows._capacity = 1500
    rows._columns = {}
    rows._total, rows._open = 0, np.zeros(0, np.int64)
    await tiny.live(12)
    assert len(rows._columns["at"]) == 1500
    assert sum(len(batch["at"]) for _, batch in rows._unsaved) < 2500
    labelled = tiny.world.labelled("churn", START)
    assert labelled["at"].is_monotonic_increasing
    assert len(labelled) < 1500


async def test_a_folder_that_cannot_be_used_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(Permanent, match="taken"):
        TinyWorld(tmp_path / "taken")
