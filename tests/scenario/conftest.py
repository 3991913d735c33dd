"""Companies that are founded once a session; every test gets a copy and a bot of its own. Every end checks the audit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support import stores
from tests.support.talk import START, Talk
from tests.support.virtual_clock import VirtualClock


@dataclass(frozen=True)
class Saved:
    """A data folder as a bot left it, and the time it left."""

    folder: Path
    at: datetime

    async def open(self, folder: Path, *, language: dict[str, Any] | None = None) -> Talk:
        """A bot on a copy of it; `language` as in Talk.begin."""
        stores.copy_company(self.folder, folder)
        return await Talk.begin(folder, VirtualClock(self.at), language=language)


@pytest.fixture(scope="session")
async def founded(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Trained first versions and 60 days of past."""
    folder = tmp_path_factory.mktemp("founded") / "data"
    talk = await Talk.begin(folder, VirtualClock(START))
    await talk.settle_first()
    await talk.end()
    return Saved(folder, START)


@pytest.fixture(scope="session")
async def released(founded: Saved, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """The same company a moment after churn v2 was deployed by the engineer and approved by the lead."""
    folder = tmp_path_factory.mktemp("released") / "data"
    talk = await founded.open(folder)
    plan = await talk.starts("deploy churn v2 as a 10% canary", by="engineer")
    await plan.click("Approve", by="lead")
    record = await talk.finished(plan.run)
    assert record.status == "succeeded", record.error
    at = talk.clock.now()
    await talk.end()
    return Saved(folder, at)


@pytest.fixture
async def talk(founded: Saved, tmp_path: Path) -> AsyncIterator[Talk]:
    """A bot on its own copy of the new company."""
    bot = await founded.open(tmp_path / "data")
    yield bot
    await bot.end()
    stores.drop_company(tmp_path / "data")


@pytest.fixture
async def after_release(released: Saved, tmp_path: Path) -> AsyncIterator[Talk]:
    """A bot on its own copy of the company that has just released churn v2; run 1 was that release."""
    bot = await released.open(tmp_path / "data")
    yield bot
    await bot.end()
    stores.drop_company(tmp_path / "data")
