"""A founded company, once a session, and real bots on copies of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.demo_process import DemoProcess

StartDemo = Callable[..., DemoProcess]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with trained first versions and 60 days of past."""
    folder = tmp_path_factory.mktemp("founded") / "data"
    bot = DemoProcess(folder).start()
    try:
        assert bot.says("what models do we have?", conversation="founding")["title"] == "2 models"
    finally:
        bot.end()
    return folder


@pytest.fixture
def demo(founded: Path, tmp_path: Path) -> Iterator[StartDemo]:
    """Starts bots on copies of the company; each is ended with its test."""
    bots: list[DemoProcess] = []

    def start(name: str = "data", *, speed: float = 240) -> DemoProcess:
        folder = tmp_path / name
        if not folder.exists():
            shutil.copytree(founded, folder)
        bots.append(DemoProcess(folder, speed=speed))
        return bots[-1].start()

    yield start
    for bot in bots:
        bot.end()
