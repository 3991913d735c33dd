"""The desk under haste: one person's messages in their order, nobody's memory in another one's hands."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bizaiops_bot.adapters.clock import SystemClock
from bizaiops_bot.conversation.front_desk import FrontDesk
from bizaiops_bot.domain.errors import BadInput
from bizaiops_bot.domain.routing import Catalogue, Decision, Memory, Refusal
from bizaiops_bot.engine.posting import outbox
from tests.support.small_engine import START, SmallEngine, once_true
from tests.support.virtual_clock import VirtualClock


class CountingRouter:
    """Answers with how many messages the thread's memory knows of."""

    async def decide(self, text: str, memory: Memory | None, catalogue: Catalogue, **_: Any) -> Decision:
        return Refusal(why=f"{text} comes after {memory.run if memory and memory.run else 0}")

    def remember(self, memory: Memory | None, decision: Decision, catalogue: Catalogue, said_at: Any) -> Memory:
        return Memory(at=said_at, run=(memory.run or 0) + 1 if memory else 1)


async def nothing() -> list[Any]:
    return []


def desk_on(folder: Path) -> tuple[SmallEngine, FrontDesk]:
    empty = SimpleNamespace(specs=nothing, kpis=nothing)
    engine = SmallEngine(folder, [], VirtualClock(START), models=empty, serving=empty, warehouse=empty)
    router: Any = CountingRouter()
    return engine, FrontDesk(engine.core, engine.orders, engine.controls, router, SystemClock())


async def answers(engine: SmallEngine, count: int) -> list[str]:
    async def there() -> bool:
        return len(await engine.core.store.read(lambda conn: outbox.read_cards(conn, "ml-ops", 0, 50))) == count

    await once_true(there)
    cards = await engine.core.store.read(lambda conn: outbox.read_cards(conn, "ml-ops", 0, 50))
    return [card.card.title for card in cards]


async def test_what_someone_says_in_haste_is_answered_in_the_order_it_was_said(tmp_path: Path) -> None:
    engine, desk = desk_on(tmp_path / "data")
    for n in range(10):
        await desk.post("ml-ops", "engineer", f"message {n}")
    assert await answers(engine, 10) == [f"message {n} comes after {n}" for n in range(10)]
    await desk.stop()
    engine.core.store.close()


async def test_nobody_writes_into_what_another_person_spoke_of_last(tmp_path: Path) -> None:
    engine, desk = desk_on(tmp_path / "data")
    with pytest.raises(BadInput, match="not a thread"):
        await desk.post("ml-ops", "engineer", "a trap", thread="@lead")
    await desk.post("ml-ops", "lead", "hello")
    assert await answers(engine, 1) == ["hello comes after 0"]
    await desk.stop()
    engine.core.store.close()
