"""One workspace for the session, and one bot over HTTP on a copy of the founded company for most tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.demo_process import DemoProcess
from tests.support.slack_stand import SlackStand, slack_stand
from tests.support.slack_stand.bot import bot_in


@pytest.fixture(scope="session")
def stand() -> Iterator[SlackStand]:
    """The workspace; its people talk in channels of the test's own."""
    with slack_stand() as workspace:
        yield workspace


@pytest.fixture(scope="module")
def bot(stand: SlackStand, founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    """A bot in the workspace, over HTTP."""
    folder = tmp_path_factory.mktemp("slack") / "data"
    shutil.copytree(founded, folder)
    process = bot_in(stand, folder).start()
    yield process
    process.end()
    stand.serves(None)
