"""The embedded company's pipelines: real trainings in processes of their own, on few rows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from bizaiops_bot.domain.builds import BuildRef
from bizaiops_bot.embedded.business.streams import CALM
from bizaiops_bot.embedded.training import pipelines, trainer
from bizaiops_bot.embedded.training.pipelines import EmbeddedPipelines
from bizaiops_bot.embedded.training.recipes import Trainable
from tests.contract.stands.stand import PipelinesStand
from tests.support.late_pipelines import LatePipelines
from tests.support.tiny_company import TinyStream, tiny_streams
from tests.support.virtual_clock import VirtualClock

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
FEW = 3_000


class ShortStream(TinyStream):
    """A history that is learned from in a second."""

    def history(self, rng: np.random.Generator, start: datetime, end: datetime, rows: int) -> pd.DataFrame:
        return super().history(rng, start, end, min(rows, FEW))


class _Trained(PipelinesStand):
    """Over the embedded company's trainer."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._rows = folder, 1_000
        self._streams: dict[str, Trainable] = {s.info.name: ShortStream(s.info) for s in tiny_streams()}
        self._clock = VirtualClock(START)
        self._patch = pytest.MonkeyPatch()
        self.work = self.opened()
        self.work.initial(self.model)

    def opened(self) -> EmbeddedPipelines:
        """By another process on the same folder."""
        return EmbeddedPipelines(self._folder, self._streams, self._clock, self._live)

    def now(self) -> datetime:
        return self._clock.now()

    def labelled(self, rows: int) -> None:
        self._rows = rows

    def end(self) -> None:
        self._patch.undo()

    def _live(self, model: str, since: datetime) -> pd.DataFrame:
        rng, stream = np.random.default_rng(8), self._streams[model]
        rows = stream.draw(rng, self._rows, START, CALM)
        rows["label"] = stream.outcome(rng, rows, np.zeros(len(rows)), CALM)["label"]
        rows["at"] = START
        return rows


async def _trained_here(folder: Path, what: str, progress: Callable[[str], None]) -> None:
    """In this process, as how it is trained is none of the CI's promises."""
    await asyncio.to_thread(trainer.run_job, folder)


class EmbeddedPipelinesStand(_Trained):
    """Broken, its folder takes nothing."""

    name = "embedded"
    reads_outlive = "what can be built is read from the recipes, and rows from the bot's memory"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = self.work

    async def again(self) -> EmbeddedPipelines:
        await self.port.leave()
        self.port = self.opened()
        return self.port

    async def pass_(self) -> None:
        await asyncio.sleep(0.02)  # a trainer of another process is no matter of a clock

    async def spoil(self, build: BuildRef) -> None:
        for _ in range(2_000):
            if (self._folder / self.model / "jobs" / build.id.partition("/")[2] / "train.joblib").exists():
                break
            await self.pass_()
        (self._folder / self.model / "jobs" / build.id.partition("/")[2] / "train.joblib").write_bytes(b"no rows")

    def break_(self) -> None:
        jobs = self._folder / self.model / "jobs"
        if jobs.exists():
            jobs.rename(jobs.with_name("away"))
        jobs.write_text("in the way")

    def mend(self) -> None:
        jobs = self._folder / self.model / "jobs"
        jobs.unlink()
        if (away := jobs.with_name("away")).exists():
            away.rename(jobs)


class LatePipelinesStand(_Trained):
    """A CI that takes minutes of the clock for everything, and asks before it publishes. Broken, it answers nobody."""

    name = "late"
    asks: ClassVar = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._patch.setattr(pipelines, "run_trainer", _trained_here)
        self.port = LatePipelines(self.work, self._clock, asks=True)

    async def again(self) -> LatePipelines:
        await self.work.leave()
        self.work = self.opened()
        self.port = self.port.seen_by(self.work)
        return self.port

    async def pass_(self) -> None:
        for _ in range(3_000):
            if not self.work.at_work:
                break
            await asyncio.sleep(0.02)
        await self._clock.advance(timedelta(minutes=1).total_seconds())

    async def spoil(self, build: BuildRef) -> None:
        self.port.fails["train"] = "OSError: s3://rows/churn is not there (404)"

    def break_(self) -> None:
        self.port.away = True

    def mend(self) -> None:
        self.port.away = False
