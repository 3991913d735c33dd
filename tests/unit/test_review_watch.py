"""The watch when things break around it: it goes on, and every alert gets its card."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from bizaiops_bot.domain.events import Event
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.engine.news.notices import MOST_FOLLOWERS
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.watch.alerts import Watch
from tests.support.small_engine import START, SmallEngine
from tests.support.virtual_clock import VirtualClock

EVENT = Event(kind="drift_detected", model="churn", at=START, onset=START, title="churn drifts", detail={})


async def no_series(*_: Any) -> NoData:
    return NoData(query="drift_psi", window="the last hour", searched="test")


def watch_on(folder: Path, **ports: Any) -> tuple[SmallEngine, Watch]:
    engine = SmallEngine(folder, [], VirtualClock(START), metrics=SimpleNamespace(series=no_series), **ports)
    return engine, Watch(engine.core, engine.orders, [])


async def cards(engine: SmallEngine) -> list[str]:
    found = await engine.core.store.read(lambda conn: outbox.read_cards(conn, None, 0, 100))
    return [f"{card.conversation}: {card.card.title}" for card in found]


async def test_an_alert_whose_card_a_crash_kept_back_gets_it_at_the_next_look(tmp_path: Path) -> None:
    # given an alert with its run, and a process that died before it drew the card
    engine, watch = watch_on(tmp_path / "data")
    row = {"model": "churn", "kind": "drift_detected", "title": "churn drifts", "detail": "{}", "run_id": 7, "calm": 0}
    alert = sa.insert(t.alerts).values(**row, onset=t.iso(START), detected=t.iso(START))
    await engine.core.store.write(lambda conn: conn.execute(alert).rowcount)
    # when the drift is seen again, then the card is there and names the run
    await watch._open(EVENT)
    (shown,) = await engine.core.store.read(lambda conn: outbox.read_cards(conn, "ml-ops", 0, 10))
    assert "run 7" in shown.card.text
    engine.core.store.close()


async def test_who_was_told_of_an_alert_is_told_of_its_end_and_only_so_many_are_told(tmp_path: Path) -> None:
    engine, watch = watch_on(tmp_path / "data")
    row = {"model": "churn", "at": t.iso(START)}
    follows = [{**row, "conversation": f"c{n}"} for n in range(MOST_FOLLOWERS + 5)]
    await engine.core.store.write(lambda conn: conn.execute(sa.insert(t.follows), follows).rowcount)
    await watch._open(EVENT)
    told = await cards(engine)
    assert len(told) == MOST_FOLLOWERS + 1
    # when they have long spoken of other things, and the drift is over
    await engine.core.store.write(lambda conn: conn.execute(sa.delete(t.follows)).rowcount)
    over = sa.update(t.alerts).values(closed=t.iso(START))
    await engine.core.store.write(lambda conn: conn.execute(over).rowcount)
    await watch._redraw(1, "it is over")
    assert sorted(await cards(engine)) == sorted(f"{card}: over" for card in told)
    engine.core.store.close()


async def test_an_adapter_that_breaks_does_not_end_the_watch(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    looked = []

    class Models:
        async def specs(self) -> list[ModelSpec]:
            return [ModelSpec(name=n, title=n, task="forecast", owner="x") for n in ("churn", "demand")]

    class Drift:
        async def report(self, model: str, *, minutes: float) -> NoData:
            looked.append(model)
            raise ZeroDivisionError(model)

    engine, watch = watch_on(tmp_path / "data", models=Models(), drift=Drift())
    caplog.set_level(logging.CRITICAL)
    await watch.look()
    assert looked == ["churn", "demand"]
    engine.core.store.close()
