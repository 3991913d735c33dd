"""The embedded company's serving, with the tiny company's models: at once, and as a cluster would do it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bizaiops_bot.domain.tried import Tried
from bizaiops_bot.embedded.life.serving import EmbeddedServing
from tests.contract.stands.stand import ServingStand
from tests.support.late_serving import LateServing
from tests.support.services import service
from tests.support.tiny_company import TinyStore, tiny_streams
from tests.support.virtual_clock import VirtualClock

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


class EmbeddedServingStand(ServingStand):
    """Its system is a file: broken, the file cannot be written."""

    name = "embedded"
    reads_outlive = "the split is in the bot's memory"
    apart = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.service = service(self.model)
        self.port: EmbeddedServing = self.again()

    def again(self) -> EmbeddedServing:
        models = [stream.info.name for stream in tiny_streams()]
        port = EmbeddedServing(self._folder, models, TinyStore(), VirtualClock(START), START - timedelta(days=60))
        port.tried_by(lambda _model, _version, n: Tried(requests=n, failed=0, latencies_ms=(20.0,) * n))
        return port

    def served(self) -> dict[str, int]:
        split = self.port.split(self.model)
        return {} if split.paused else split.weights

    def break_(self) -> None:
        (self._folder / "serving.new").mkdir()

    def mend(self) -> None:
        (self._folder / "serving.new").rmdir()


class LateServingStand(ServingStand):
    """The same, with changes that need two minutes and revisions with numbers: what a cluster must be able to tell."""

    name = "late"
    reads_outlive = EmbeddedServingStand.reads_outlive

    def __init__(self, folder: Path) -> None:
        self._inner, self._clock = EmbeddedServingStand(folder), VirtualClock(START)
        self.service = self._inner.service
        self.port = LateServing(self._inner.port, self._clock)

    def again(self) -> LateServing:
        """What is under way goes on: it is outside."""
        self._inner.port = self._inner.again()
        self.port = self.port.seen_by(self._inner.port)
        return self.port

    def served(self) -> dict[str, int]:
        return self.port.requests_go_by(self.model)

    async def pass_(self) -> None:
        await self._clock.advance(30)

    async def twice(self, version: str) -> None:
        self.port.twice.add(version)

    async def forget(self, version: str) -> None:
        self.port.nameless.add(version)

    async def spoil(self, version: str, why: str) -> None:
        self.port.problems[version] = why

    def break_(self) -> None:
        self._inner.break_()

    def mend(self) -> None:
        self._inner.mend()
