"""A company that is founded once a session; every test gets a copy and a bot of its own."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.talk import START, Talk
from tests.support.virtual_clock import VirtualClock


@pytest.fixture(scope="session")
async def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with trained first versions and 60 days of past."""
    folder = tmp_path_factory.mktemp("founded") / "data"
    talk = await Talk.begin(folder, VirtualClock(START))
    await talk.settle_first()
    await talk.end()
    return folder


@pytest.fixture
async def talk(founded: Path, tmp_path: Path) -> AsyncIterator[Talk]:
    """A bot on its own copy of the company."""
    folder = tmp_path / "data"
    shutil.copytree(founded, folder)
    bot = await Talk.begin(folder, VirtualClock(START))
    yield bot
    await bot.end()
