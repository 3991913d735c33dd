"""Real servers of the optional suite: each is built once, started for the session, and skipped with its reason."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bizaiops_bot.adapters.openai.client import LanguageClient
from bizaiops_bot.adapters.openai.meter import MemoryBook
from bizaiops_bot.adapters.openai.settings import OpenAiSettings
from bizaiops_bot.router import second_opinion
from tests.scenario.conftest import Saved, founded
from tests.servers.kept import CannotBuild, missing
from tests.servers.llama import LlamaServer
from tests.servers.mlflow import MlflowServer, running
from tests.support import stores
from tests.support.talk import Talk

__all__ = ["founded"]

PATIENCE_S = 60.0
"""A busy machine is no reason to leave the model unheard; the bot itself waits 8 s."""


@pytest.fixture(scope="session")
def llama_session() -> Iterator[LlamaServer]:
    try:
        server = LlamaServer()
    except CannotBuild as why:
        missing("llama.cpp", why)
        raise
    yield server
    server.end()


@pytest.fixture(scope="session")
def mlflow_session() -> Iterator[MlflowServer]:
    try:
        yield from running()
    except CannotBuild as why:
        missing("the MLflow server", why)


@pytest.fixture
def llama(llama_session: LlamaServer) -> LlamaServer:
    """It runs; a test may kill it."""
    if not llama_session.runs:
        llama_session.start()
    return llama_session


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("READY_S", "LIMIT_S"):
        monkeypatch.setattr(second_opinion, limit, PATIENCE_S)


@pytest.fixture
async def client(llama: LlamaServer) -> AsyncIterator[LanguageClient]:
    """The bot's client of it, that has found out how it has to be asked."""
    settings = OpenAiSettings(base_url=llama.url, model="smollm2").model_copy(update={"timeout_s": PATIENCE_S})
    made = LanguageClient(settings, MemoryBook(), None)
    made._guard.limit_s = PATIENCE_S
    made.start()
    await made.probe.tried.wait()
    yield made
    await made.stop()


@pytest.fixture
async def talk(founded: Saved, llama: LlamaServer, tmp_path: Path) -> AsyncIterator[Talk]:
    """A whole bot with the real model."""
    bot = await founded.open(tmp_path / "data", language={"kind": "openai", "base_url": llama.url, "model": "smollm2"})
    assert bot.bot.language is not None
    await bot.bot.language.probe.tried.wait()
    yield bot
    await bot.end()
    stores.drop_company(tmp_path / "data")
