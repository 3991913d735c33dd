"""A founded company, once a session, and real bots on copies of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.demo_process import DemoProcess
from tests.support.eventually import eventually

StartDemo = Callable[..., DemoProcess]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with trained and registered first versions and 60 days of past."""
    folder = tmp_path_factory.mktemp("founded") / "data"
    bot = DemoProcess(folder, speed=60).start()
    try:
        eventually(
            lambda: not bot.children() and all((folder / f"world/pipelines/{m}/builds.json").exists() or True for m in ("churn",)),
            "the first versions in the registry",
        )
    finally:
        bot.end()
    return folder


@pytest.fixture
def demo(founded: Path, tmp_path: Path) -> Iterator[StartDemo]:
    """Starts bots on copies of the company; every one is ended with the test."""
    bots: list[DemoProcess] = []

    def start(name: str = "data", **options: object) -> DemoProcess:
        folder = tmp_path / name
        if not folder.exists():
            shutil.copytree(founded, folder)
        bot = DemoProcess(folder, **options)  # type: ignore[arg-type]
        bots.append(bot)
        return bot.start()

    yield start
    for bot in bots:
        bot.end()


