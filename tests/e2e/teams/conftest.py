"""One bot on a copy of the founded company, in Microsoft's playground, for most tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.demo_process import DemoProcess, free_port
from tests.support.teams_stand import TeamsStand, teams_stand
from tests.support.teams_stand.company import variables


@contextmanager
def bot_in_teams(founded: Path, folder: Path) -> Iterator[tuple[DemoProcess, TeamsStand]]:
    """A running bot and the tenant around it."""
    shutil.copytree(founded, folder / "data")
    port = free_port()
    bot = DemoProcess(folder / "data", port=port, settings=variables())
    with teams_stand(f"http://127.0.0.1:{port}/api/messages", folder / "playground") as stand:
        try:
            bot.start()
            yield bot, stand
        finally:
            bot.end()


@pytest.fixture(scope="session")
def both(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DemoProcess, TeamsStand]]:
    with bot_in_teams(founded, tmp_path_factory.mktemp("teams")) as running:
        yield running


@pytest.fixture
def bot(both: tuple[DemoProcess, TeamsStand]) -> DemoProcess:
    return both[0]


@pytest.fixture
def stand(both: tuple[DemoProcess, TeamsStand]) -> TeamsStand:
    return both[1]
