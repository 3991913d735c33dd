"""A founded company, once a session, and real bots on copies of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.demo_process import DemoProcess

StartDemo = Callable[..., DemoProcess]
PICTURES = Path(__file__).resolve().parents[2] / "docs" / "images"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="Renew the pictures of the docs in docs/images.")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Numbers that tests have noted are told, not asserted: how long things take depends on the machine."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures go: a temporary folder, so that a test run leaves the checkout clean, unless they are asked for."""
    asked = request.config.getoption("--pictures", default=False)
    return PICTURES if asked else tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with trained first versions and 60 days of past."""
    folder = tmp_path_factory.mktemp("founded") / "data"
    bot = DemoProcess(folder)
    try:
        bot.start()
        assert bot.weights("churn") == {"v1": 100}
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
